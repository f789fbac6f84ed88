import { randomBytes as secureRandomBytes } from 'node:crypto';
import type { KeySpec } from '../../../lambdas/contract/key-specs';
import { ellipticMaterial } from './elliptic';
import { edwardsMaterial } from './edwards';
import { hmacMaterial } from './hmac';
import type { Cryptography, KeyMaterial, RandomBytes } from './material';
import { mlDsaMaterial } from './ml-dsa';
import { mlKemMaterial } from './ml-kem';
import { rsaMaterial } from './rsa';
import { symmetricMaterial } from './symmetric';

const GENERATORS: Readonly<Record<KeySpec, (randomBytes: RandomBytes) => KeyMaterial>> = {
  SYMMETRIC_DEFAULT: symmetricMaterial,
  RSA_2048: (randomBytes) => rsaMaterial(2048, randomBytes),
  RSA_3072: (randomBytes) => rsaMaterial(3072, randomBytes),
  RSA_4096: (randomBytes) => rsaMaterial(4096, randomBytes),
  ECC_NIST_P256: (randomBytes) => ellipticMaterial('P-256', randomBytes),
  ECC_NIST_P384: (randomBytes) => ellipticMaterial('P-384', randomBytes),
  ECC_NIST_P521: (randomBytes) => ellipticMaterial('P-521', randomBytes),
  ECC_SECG_P256K1: (randomBytes) => ellipticMaterial('secp256k1', randomBytes),
  ECC_NIST_EDWARDS25519: edwardsMaterial,
  HMAC_224: (randomBytes) => hmacMaterial('HMAC_224', randomBytes),
  HMAC_256: (randomBytes) => hmacMaterial('HMAC_256', randomBytes),
  HMAC_384: (randomBytes) => hmacMaterial('HMAC_384', randomBytes),
  HMAC_512: (randomBytes) => hmacMaterial('HMAC_512', randomBytes),
  ML_DSA_44: (randomBytes) => mlDsaMaterial('ML_DSA_44', randomBytes),
  ML_DSA_65: (randomBytes) => mlDsaMaterial('ML_DSA_65', randomBytes),
  ML_DSA_87: (randomBytes) => mlDsaMaterial('ML_DSA_87', randomBytes),
  ML_KEM_512: (randomBytes) => mlKemMaterial('ML_KEM_512', randomBytes),
  ML_KEM_768: (randomBytes) => mlKemMaterial('ML_KEM_768', randomBytes),
  ML_KEM_1024: (randomBytes) => mlKemMaterial('ML_KEM_1024', randomBytes),
};

/**
 * The real algorithms. With a seeded `randomBytes` everything is a function of the seed except RSA: node generates its
 * keys, and pads what it encrypts, from its own randomness. None of those bytes reach the trace.
 */
export function realCryptography(randomBytes: RandomBytes = secureRandomBytes): Cryptography {
  return { randomBytes, generate: (spec) => GENERATORS[spec](randomBytes) };
}
