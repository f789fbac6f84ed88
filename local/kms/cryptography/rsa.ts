import { constants, createPublicKey, generateKeyPairSync, type KeyObject, privateDecrypt, privateEncrypt, publicDecrypt, publicEncrypt } from 'node:crypto';
import { encodePss, isPssOf } from './emsa-pss';
import { digestOf, hashOfAlgorithm, type HashName } from './hashes';
import type { KeyFamily, KeyMaterial, RandomBytes } from './material';
import { privateKeyOf } from './pkcs8';

/** DER of DigestInfo up to the digest: RFC 8017, section 9.2, note 1. */
const DIGEST_INFO: Readonly<Record<HashName, Buffer>> = {
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  sha384: Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  sha512: Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

function oaepHash(algorithm: string): string {
  return algorithm === 'RSAES_OAEP_SHA_1' ? 'sha1' : 'sha256';
}

function signingHash(algorithm: string): HashName {
  const name = hashOfAlgorithm(algorithm);
  if (name === undefined) throw new Error(`${algorithm} is no RSA signing algorithm`);
  return name;
}

/** RSAES-OAEP, RSASSA-PKCS1-v1_5 and RSASSA-PSS (RFC 8017), public exponent 65537. */
export function rsaKeys(modulusBits: 2048 | 3072 | 4096): KeyFamily {
  return {
    generate: () =>
      generateKeyPairSync('rsa', {
        modulusLength: modulusBits,
        publicKeyEncoding: { type: 'spki', format: 'der' },
        privateKeyEncoding: { type: 'pkcs8', format: 'der' },
      }).privateKey,
    open(secret, randomBytes) {
      const key = privateKeyOf(secret);
      return key?.asymmetricKeyDetails?.modulusLength === modulusBits && key.asymmetricKeyType === 'rsa' ? rsaMaterial(modulusBits, key, randomBytes) : undefined;
    },
  };
}

function rsaMaterial(modulusBits: number, privateKey: KeyObject, randomBytes: RandomBytes): KeyMaterial {
  const publicKey = createPublicKey(privateKey);
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const isPss = (algorithm: string): boolean => algorithm.startsWith('RSASSA_PSS_');
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    cipher: {
      encrypt: (algorithm, plaintext) => publicEncrypt({ key: publicKey, padding, oaepHash: oaepHash(algorithm) }, plaintext),
      decrypt(algorithm, ciphertext) {
        try {
          return privateDecrypt({ key: privateKey, padding, oaepHash: oaepHash(algorithm) }, ciphertext);
        } catch {
          return undefined;
        }
      },
    },
    signer: {
      sign(algorithm, message, messageType) {
        const name = signingHash(algorithm);
        const digest = digestOf(name, message, messageType);
        if (isPss(algorithm)) {
          const encoded = encodePss(name, digest, modulusBits / 8, randomBytes);
          return privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, encoded);
        }
        return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([DIGEST_INFO[name], digest]));
      },
      verify(algorithm, message, messageType, signature) {
        const name = signingHash(algorithm);
        const digest = digestOf(name, message, messageType);
        try {
          if (isPss(algorithm)) {
            return isPssOf(name, digest, publicDecrypt({ key: publicKey, padding: constants.RSA_NO_PADDING }, signature));
          }
          const recovered = publicDecrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, signature);
          return recovered.equals(Buffer.concat([DIGEST_INFO[name], digest]));
        } catch {
          // Of another length, or with another padding: no signature of this key.
          return false;
        }
      },
    },
  };
}
