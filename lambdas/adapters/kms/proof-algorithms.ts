import type { MacAlgorithmSpec, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import type { KeySpec } from '../../contract/key-specs';
import { TaskError } from '../../domain/task-error';

/** How KMS names a signature algorithm, and how Node verifies it. */
export interface SigningAlgorithm {
  readonly name: SigningAlgorithmSpec;
  /** `none`: the Node 20 that we support has no ML-DSA, so KMS's own verification has to do. */
  readonly scheme: 'rsa-pss' | 'ecdsa' | 'eddsa' | 'none';
  /** The digest that the message goes through first; EdDSA has its own inside. */
  readonly digest?: 'sha256' | 'sha384' | 'sha512';
}

const RSA_PSS: SigningAlgorithm = { name: 'RSASSA_PSS_SHA_256', scheme: 'rsa-pss', digest: 'sha256' };
const ML_DSA: SigningAlgorithm = { name: 'ML_DSA_SHAKE_256', scheme: 'none' };

/** One algorithm per spec: ECC specs have only one, and each RSA algorithm would prove the same private key. */
export const SIGNING_ALGORITHMS: Readonly<Partial<Record<KeySpec, SigningAlgorithm>>> = {
  RSA_2048: RSA_PSS,
  RSA_3072: RSA_PSS,
  RSA_4096: RSA_PSS,
  ECC_NIST_P256: { name: 'ECDSA_SHA_256', scheme: 'ecdsa', digest: 'sha256' },
  ECC_NIST_P384: { name: 'ECDSA_SHA_384', scheme: 'ecdsa', digest: 'sha384' },
  ECC_NIST_P521: { name: 'ECDSA_SHA_512', scheme: 'ecdsa', digest: 'sha512' },
  ECC_SECG_P256K1: { name: 'ECDSA_SHA_256', scheme: 'ecdsa', digest: 'sha256' },
  ECC_NIST_EDWARDS25519: { name: 'ED25519_SHA_512', scheme: 'eddsa' },
  ML_DSA_44: ML_DSA,
  ML_DSA_65: ML_DSA,
  ML_DSA_87: ML_DSA,
};

export const MAC_ALGORITHMS: Readonly<Partial<Record<KeySpec, MacAlgorithmSpec>>> = {
  HMAC_224: 'HMAC_SHA_224',
  HMAC_256: 'HMAC_SHA_256',
  HMAC_384: 'HMAC_SHA_384',
  HMAC_512: 'HMAC_SHA_512',
};

/** A curve as OpenSSL and JSON Web Keys name it. */
export interface Curve {
  readonly openSslName: 'prime256v1' | 'secp384r1' | 'secp521r1';
  readonly jwkName: 'P-256' | 'P-384' | 'P-521';
  /** Length of a coordinate, of a scalar, and of the shared secret. */
  readonly bytes: number;
}

export const CURVES: Readonly<Partial<Record<KeySpec, Curve>>> = {
  ECC_NIST_P256: { openSslName: 'prime256v1', jwkName: 'P-256', bytes: 32 },
  ECC_NIST_P384: { openSslName: 'secp384r1', jwkName: 'P-384', bytes: 48 },
  ECC_NIST_P521: { openSslName: 'secp521r1', jwkName: 'P-521', bytes: 66 },
};

/** @throws {TaskError} `UnsupportedKey` when the table has no algorithm for the spec. */
export function algorithmFor<T>(table: Readonly<Partial<Record<KeySpec, T>>>, spec: KeySpec): T {
  const algorithm = table[spec];
  if (algorithm === undefined) throw new TaskError('UnsupportedKey', `No round trip is known for this usage of ${spec}`);
  return algorithm;
}
