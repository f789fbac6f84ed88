import { createPublicKey } from 'node:crypto';
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js';
import type { KeyFamily, KeyMaterial } from './material';
import { privateJwkOf, secretOfJwk } from './pkcs8';

const SECRET_KEY_BYTES = 32;
const CURVE = { kty: 'OKP', crv: 'Ed25519' } as const;

/**
 * Ed25519 and Ed25519ph (RFC 8032). KMS takes a digest for Ed25519ph and hashes it once more.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType
 */
export const edwardsKeys: KeyFamily = {
  generate(randomBytes) {
    const secretKey = randomBytes(SECRET_KEY_BYTES);
    return secretOfJwk({ ...CURVE, d: secretKey.toString('base64url'), x: publicCoordinate(secretKey) });
  },
  open(secret) {
    const { crv, d } = privateJwkOf(secret) ?? {};
    return crv === CURVE.crv && d !== undefined ? edwardsMaterial(Buffer.from(d, 'base64url')) : undefined;
  },
};

function publicCoordinate(secretKey: Buffer): string {
  return Buffer.from(ed25519.getPublicKey(secretKey)).toString('base64url');
}

function edwardsMaterial(secretKey: Buffer): KeyMaterial {
  const publicKey = ed25519.getPublicKey(secretKey);
  const variant = (algorithm: string): typeof ed25519 => (algorithm === 'ED25519_PH_SHA_512' ? ed25519ph : ed25519);
  return {
    publicKey: createPublicKey({ key: { ...CURVE, x: publicCoordinate(secretKey) }, format: 'jwk' }).export({ type: 'spki', format: 'der' }),
    signer: {
      sign: (algorithm, message) => Buffer.from(variant(algorithm).sign(message, secretKey)),
      verify(algorithm, message, _messageType, signature) {
        if (signature.length !== ed25519.lengths.signature) return false;
        return variant(algorithm).verify(signature, message, publicKey, { zip215: false });
      },
    },
  };
}
