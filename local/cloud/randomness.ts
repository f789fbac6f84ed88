import { createHash } from 'node:crypto';
import { type Supply, supplyOf } from './supply';

/** Uniform numbers in [0, 1) that are a function of their seed. @param from how many were taken already */
export function randomSupply(seed: string, from?: number): Supply<number> {
  return supplyOf((count) => createHash('sha256').update(`${seed}/random/${String(count)}`).digest().readUInt32BE(0) / 2 ** 32, from);
}
