import { createHmac } from 'node:crypto';
import type { KeyMaterial, RandomBytes } from './material';

/** KMS makes HMAC keys as long as the digest. */
const VARIANTS = {
  HMAC_224: { hash: 'sha224', keyBytes: 28 },
  HMAC_256: { hash: 'sha256', keyBytes: 32 },
  HMAC_384: { hash: 'sha384', keyBytes: 48 },
  HMAC_512: { hash: 'sha512', keyBytes: 64 },
} as const;

export function hmacMaterial(spec: keyof typeof VARIANTS, randomBytes: RandomBytes): KeyMaterial {
  const { hash, keyBytes } = VARIANTS[spec];
  const key = randomBytes(keyBytes);
  return { mac: { mac: (message) => createHmac(hash, key).update(message).digest() } };
}
