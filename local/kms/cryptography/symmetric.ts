import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyMaterial, RandomBytes } from './material';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM; a ciphertext is nonce, tag, encrypted text. */
export function symmetricMaterial(randomBytes: RandomBytes): KeyMaterial {
  const key = randomBytes(KEY_BYTES);
  return {
    cipher: {
      encrypt(_algorithm, plaintext, associatedData) {
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData);
        const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
        return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
      },
      decrypt(_algorithm, ciphertext, associatedData) {
        if (ciphertext.length < NONCE_BYTES + TAG_BYTES) return undefined;
        const nonce = ciphertext.subarray(0, NONCE_BYTES);
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
          .setAAD(associatedData)
          .setAuthTag(ciphertext.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const plaintext = decipher.update(ciphertext.subarray(NONCE_BYTES + TAG_BYTES));
        try {
          return Buffer.concat([plaintext, decipher.final()]);
        } catch {
          return undefined;
        }
      },
    },
  };
}
