import { constants, createECDH, createPrivateKey, createPublicKey, diffieHellman, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import type { Curve, SigningAlgorithm } from './proof-algorithms';

/** Our own half of the proofs: checks with the public key alone, made without KMS. */

/** @returns `true` also for an algorithm that Node cannot verify. */
export function hasValidSignature(algorithm: SigningAlgorithm, publicKeyDer: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (algorithm.scheme === 'none') return true;
  const publicKey = publicKeyOf(publicKeyDer);
  if (publicKey === undefined) return false;
  return verify(algorithm.digest, message, verificationKey(algorithm, publicKey), signature);
}

function verificationKey({ scheme }: SigningAlgorithm, key: KeyObject): KeyObject | VerifyKeyObjectInput {
  // KMS salts with as many bytes as the digest has.
  return scheme === 'rsa-pss' ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : key;
}

/** The other side of a key agreement. */
export interface AgreementPartner {
  /** DER, as `DeriveSharedSecret` takes it. */
  readonly publicKey: Uint8Array;
  /** `undefined` when the other side's public key is none of this curve. */
  secretWith(publicKeyDer: Uint8Array): Uint8Array | undefined;
}

/**
 * A key pair whose private scalar is the seed. It protects nothing: that everybody can compute it does no harm.
 * @param seed - 32 bytes. Its top bit is cleared, so that the scalar is below the order of each curve.
 */
export function agreementPartner(curve: Curve, seed: Uint8Array): AgreementPartner {
  const scalar = Buffer.alloc(curve.bytes);
  scalar.set(seed, curve.bytes - seed.length);
  scalar.writeUInt8(scalar.readUInt8(0) & 0x7f, 0);
  const ecdh = createECDH(curve.openSslName);
  ecdh.setPrivateKey(scalar);
  // An uncompressed point: one byte for its form, then both coordinates.
  const point = ecdh.getPublicKey();
  const jwk = {
    kty: 'EC',
    crv: curve.jwkName,
    x: point.subarray(1, 1 + curve.bytes).toString('base64url'),
    y: point.subarray(1 + curve.bytes).toString('base64url'),
  };
  const privateKey = createPrivateKey({ format: 'jwk', key: { ...jwk, d: scalar.toString('base64url') } });
  return {
    publicKey: createPublicKey({ format: 'jwk', key: jwk }).export({ format: 'der', type: 'spki' }),
    secretWith(publicKeyDer) {
      const publicKey = publicKeyOf(publicKeyDer);
      if (publicKey?.asymmetricKeyDetails?.namedCurve !== curve.openSslName) return undefined;
      return diffieHellman({ privateKey, publicKey });
    },
  };
}

/** `undefined` when it is not the DER of a public key. */
function publicKeyOf(der: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}
