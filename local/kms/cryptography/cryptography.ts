import { randomBytes as secureRandomBytes } from 'node:crypto';
import type { KeySpec } from '../../../lambdas/contract/key-specs';
import { edwardsKeys } from './edwards';
import { ellipticKeys } from './elliptic';
import { hmacKeys } from './hmac';
import type { Cryptography, KeyFamily, RandomBytes } from './material';
import { mlDsaKeys } from './ml-dsa';
import { mlKemKeys } from './ml-kem';
import { rsaKeys } from './rsa';
import { symmetricKeys } from './symmetric';

const FAMILIES: Readonly<Record<KeySpec, KeyFamily>> = {
  SYMMETRIC_DEFAULT: symmetricKeys,
  RSA_2048: rsaKeys(2048),
  RSA_3072: rsaKeys(3072),
  RSA_4096: rsaKeys(4096),
  ECC_NIST_P256: ellipticKeys('P-256'),
  ECC_NIST_P384: ellipticKeys('P-384'),
  ECC_NIST_P521: ellipticKeys('P-521'),
  ECC_SECG_P256K1: ellipticKeys('secp256k1'),
  ECC_NIST_EDWARDS25519: edwardsKeys,
  HMAC_224: hmacKeys('HMAC_224'),
  HMAC_256: hmacKeys('HMAC_256'),
  HMAC_384: hmacKeys('HMAC_384'),
  HMAC_512: hmacKeys('HMAC_512'),
  ML_DSA_44: mlDsaKeys('ML_DSA_44'),
  ML_DSA_65: mlDsaKeys('ML_DSA_65'),
  ML_DSA_87: mlDsaKeys('ML_DSA_87'),
  ML_KEM_512: mlKemKeys('ML_KEM_512'),
  ML_KEM_768: mlKemKeys('ML_KEM_768'),
  ML_KEM_1024: mlKemKeys('ML_KEM_1024'),
};

/**
 * The real algorithms. With a seeded `randomBytes` everything is a function of the seed except RSA: node generates its
 * keys, and pads what it encrypts, from its own randomness. None of those bytes reach the trace.
 */
export function realCryptography(randomBytes: RandomBytes = secureRandomBytes): Cryptography {
  return {
    randomBytes,
    generate: (spec) => FAMILIES[spec].generate(randomBytes),
    open: (spec, secret) => FAMILIES[spec].open(secret, randomBytes),
  };
}
