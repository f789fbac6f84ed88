import { createHash } from 'node:crypto';
import type { MessageType } from './material';

export type HashName = 'sha256' | 'sha384' | 'sha512';

export const HASH_BYTES: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** The hash that a signing algorithm's name ends with, or `undefined` for one that takes no digest (ML-DSA). */
export function hashOfAlgorithm(algorithm: string): HashName | undefined {
  const bits = /_SHA_(256|384|512)$/.exec(algorithm)?.[1];
  if (bits === '256') return 'sha256';
  if (bits === '384') return 'sha384';
  return bits === '512' ? 'sha512' : undefined;
}

export function hash(name: HashName, data: Uint8Array): Buffer {
  return createHash(name).update(data).digest();
}

/** The digest to sign: KMS hashes a RAW message itself and takes a DIGEST as it is. */
export function digestOf(name: HashName, message: Buffer, messageType: MessageType): Buffer {
  return messageType === 'RAW' ? hash(name, message) : message;
}
