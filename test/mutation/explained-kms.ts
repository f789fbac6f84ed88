import type { Explained } from './judge';

export const KMS: readonly Explained[] = [];
