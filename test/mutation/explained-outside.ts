import type { Explained } from './judge';

export const OUTSIDE: readonly Explained[] = [];
