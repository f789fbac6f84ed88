import type { Explained } from './judge';
import { FOR_THE_TYPE } from './reasons';

const outside = 'lambdas/adapters/outside.ts';

export const OUTSIDE: readonly Explained[] = [
  { file: outside, code: "const name = error instanceof Error ? error.name : '';", change: `'' => "Stryker was here!"`, verdict: 'equivalent', why: 'neither is the name of an error' },
  { file: outside, change: 'status !== undefined => true', verdict: 'equivalent', why: `${FOR_THE_TYPE}no number is above what is undefined` },
];
