import { createHash } from 'node:crypto';

/** Uniform numbers in [0, 1) that are a function of their seed. */
export function randomSupply(seed: string): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed}/random/${String(count++)}`).digest().readUInt32BE(0) / 2 ** 32;
}
