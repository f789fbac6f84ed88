import { createHash } from 'node:crypto';
import { type Supply, supplyOf } from './supply';

/** UUIDs that are a function of their seed. @param from how many were taken already */
export function idSupply(seed: string, from?: number): Supply<string> {
  return supplyOf((count) => {
    const hex = createHash('sha256').update(`${seed}/${String(count)}`).digest('hex');
    // Version 4, variant 1: what a UUID made of random bits looks like.
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }, from);
}
