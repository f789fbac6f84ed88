import { ml_dsa44, ml_dsa65, ml_dsa87 } from '@noble/post-quantum/ml-dsa.js';
import type { KeyFamily, KeyMaterial, RandomBytes, Secret } from './material';
import { subjectPublicKeyInfo } from './spki';

const VARIANTS = { ML_DSA_44: ml_dsa44, ML_DSA_65: ml_dsa65, ML_DSA_87: ml_dsa87 } as const;
const SEED_BYTES = 32;

/** FIPS 204, hedged: every signature takes fresh randomness. */
export function mlDsaKeys(spec: keyof typeof VARIANTS): KeyFamily {
  return {
    generate: (randomBytes) => randomBytes(SEED_BYTES),
    open: (secret, randomBytes) => (secret.length === SEED_BYTES ? mlDsaMaterial(spec, secret, randomBytes) : undefined),
  };
}

function mlDsaMaterial(spec: keyof typeof VARIANTS, seed: Secret, randomBytes: RandomBytes): KeyMaterial {
  const algorithm = VARIANTS[spec];
  const { publicKey, secretKey } = algorithm.keygen(seed);
  return {
    publicKey: subjectPublicKeyInfo(spec, publicKey),
    signer: {
      sign(_algorithm, message, messageType) {
        const extraEntropy = randomBytes(SEED_BYTES);
        return Buffer.from(
          messageType === 'EXTERNAL_MU'
            ? algorithm.internal.sign(message, secretKey, { externalMu: true, extraEntropy })
            : algorithm.sign(message, secretKey, { extraEntropy }),
        );
      },
      verify(_algorithm, message, messageType, signature) {
        if (signature.length !== algorithm.lengths.signature) return false;
        return messageType === 'EXTERNAL_MU'
          ? algorithm.internal.verify(signature, message, publicKey, { externalMu: true })
          : algorithm.verify(signature, message, publicKey);
      },
    },
  };
}
