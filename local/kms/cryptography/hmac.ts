import { createHmac } from 'node:crypto';
import type { KeyFamily } from './material';

/**
 * KMS makes HMAC keys as long as the digest, and takes longer ones when they are imported.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys-conceptual.html
 */
const VARIANTS = {
  HMAC_224: { hash: 'sha224', keyBytes: 28, maxKeyBytes: 64 },
  HMAC_256: { hash: 'sha256', keyBytes: 32, maxKeyBytes: 64 },
  HMAC_384: { hash: 'sha384', keyBytes: 48, maxKeyBytes: 128 },
  HMAC_512: { hash: 'sha512', keyBytes: 64, maxKeyBytes: 128 },
} as const;

export function hmacKeys(spec: keyof typeof VARIANTS): KeyFamily {
  const { hash, keyBytes, maxKeyBytes } = VARIANTS[spec];
  return {
    generate: (randomBytes) => randomBytes(keyBytes),
    open: (secret) =>
      secret.length < keyBytes || secret.length > maxKeyBytes ? undefined : { mac: { mac: (message) => createHmac(hash, secret).update(message).digest() } },
  };
}
