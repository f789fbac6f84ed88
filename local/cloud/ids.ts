import { createHash } from 'node:crypto';

/** An endless supply of UUIDs that is a function of its seed. */
export function idSupply(seed: string): () => string {
  let count = 0;
  return () => {
    const hex = createHash('sha256').update(`${seed}/${String(count++)}`).digest('hex');
    // Version 4, variant 1: what a UUID made of random bits looks like.
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
}
