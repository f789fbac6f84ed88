import { ml_kem1024, ml_kem512, ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import type { KeyFamily, KeyMaterial, RandomBytes, Secret } from './material';
import { subjectPublicKeyInfo } from './spki';

/** Ciphertext lengths: FIPS 203, table 3. */
const VARIANTS = {
  ML_KEM_512: { algorithm: ml_kem512, ciphertextLength: 768 },
  ML_KEM_768: { algorithm: ml_kem768, ciphertextLength: 1088 },
  ML_KEM_1024: { algorithm: ml_kem1024, ciphertextLength: 1568 },
} as const;
const SEED_BYTES = 64;
const MESSAGE_BYTES = 32;

export function mlKemKeys(spec: keyof typeof VARIANTS): KeyFamily {
  return {
    generate: (randomBytes) => randomBytes(SEED_BYTES),
    open: (secret, randomBytes) => (secret.length === SEED_BYTES ? mlKemMaterial(spec, secret, randomBytes) : undefined),
  };
}

function mlKemMaterial(spec: keyof typeof VARIANTS, seed: Secret, randomBytes: RandomBytes): KeyMaterial {
  const { algorithm, ciphertextLength } = VARIANTS[spec];
  const { publicKey, secretKey } = algorithm.keygen(seed);
  return {
    publicKey: subjectPublicKeyInfo(spec, publicKey),
    encapsulation: {
      ciphertextLength,
      encapsulate() {
        const { cipherText, sharedSecret } = algorithm.encapsulate(publicKey, randomBytes(MESSAGE_BYTES));
        return { ciphertext: Buffer.from(cipherText), sharedSecret: Buffer.from(sharedSecret) };
      },
      decapsulate: (ciphertext) => Buffer.from(algorithm.decapsulate(ciphertext, secretKey)),
    },
  };
}
