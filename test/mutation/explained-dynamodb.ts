import type { Explained } from './judge';

export const DYNAMODB: readonly Explained[] = [];
