import { createPublicKey } from 'node:crypto';
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js';
import type { KeyMaterial, RandomBytes } from './material';

const SECRET_KEY_BYTES = 32;

/**
 * Ed25519 and Ed25519ph (RFC 8032). KMS takes a digest for Ed25519ph and hashes it once more.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType
 */
export function edwardsMaterial(randomBytes: RandomBytes): KeyMaterial {
  const secretKey = randomBytes(SECRET_KEY_BYTES);
  const publicKey = ed25519.getPublicKey(secretKey);
  const variant = (algorithm: string): typeof ed25519 => (algorithm === 'ED25519_PH_SHA_512' ? ed25519ph : ed25519);
  const x = Buffer.from(publicKey).toString('base64url');
  return {
    publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }).export({ type: 'spki', format: 'der' }),
    signer: {
      sign: (algorithm, message) => Buffer.from(variant(algorithm).sign(message, secretKey)),
      verify(algorithm, message, _messageType, signature) {
        if (signature.length !== ed25519.lengths.signature) return false;
        return variant(algorithm).verify(signature, message, publicKey, { zip215: false });
      },
    },
  };
}
