import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { Secret } from './material';

/** A private key as PKCS#8 (DER). */
export function secretOfJwk(jwk: JsonWebKey): Secret {
  return createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'der' });
}

/** `undefined` for bytes that are no PKCS#8 (DER). */
export function privateKeyOf(secret: Secret): KeyObject | undefined {
  try {
    return createPrivateKey({ key: secret, type: 'pkcs8', format: 'der' });
  } catch {
    return undefined;
  }
}

/** `undefined` for bytes that are no PKCS#8 (DER) of a key that JSON Web Key knows. */
export function privateJwkOf(secret: Secret): JsonWebKey | undefined {
  try {
    return privateKeyOf(secret)?.export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}
