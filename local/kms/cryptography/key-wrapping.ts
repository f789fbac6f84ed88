import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import type { KeySpec } from '../../../lambdas/contract/key-specs';
import type { Secret } from './material';
import { privateKeyOf } from './pkcs8';

export const WRAPPING_ALGORITHMS = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1', 'RSA_AES_KEY_WRAP_SHA_256'] as const;
export type WrappingAlgorithm = (typeof WRAPPING_ALGORITHMS)[number];

/** Specs of the keys that material is wrapped with on its way to KMS. */
export const WRAPPING_KEY_SPECS = ['RSA_2048', 'RSA_3072', 'RSA_4096'] as const satisfies readonly KeySpec[];
export type WrappingKeySpec = (typeof WRAPPING_KEY_SPECS)[number];

/** The alternative initial value of AES key wrap with padding: RFC 5649, section 3. */
const KEY_WRAP_IV = Buffer.from('a65959a6', 'hex');

/**
 * Takes key material out of its wrapping: RSAES-OAEP of the material itself, or of an AES-256 key that wraps it (CKM_RSA_AES_KEY_WRAP
 * of PKCS #11).
 * @returns `undefined` when it was not wrapped with this key and algorithm.
 */
export function unwrap(wrapped: Buffer, algorithm: WrappingAlgorithm, wrappingKey: Secret): Secret | undefined {
  const key = privateKeyOf(wrappingKey);
  const modulusBytes = (key?.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  if (key === undefined) return undefined;
  const oaepHash = algorithm.endsWith('_SHA_1') ? 'sha1' : 'sha256';
  const decrypt = (ciphertext: Buffer): Buffer => privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, ciphertext);
  try {
    if (algorithm.startsWith('RSAES_')) return decrypt(wrapped);
    const aesKey = decrypt(wrapped.subarray(0, modulusBytes));
    const decipher = createDecipheriv('id-aes256-wrap-pad', aesKey, KEY_WRAP_IV);
    return Buffer.concat([decipher.update(wrapped.subarray(modulusBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
