import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { KeyFamily, RandomBytes, Secret } from './material';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM; a ciphertext is nonce, tag, encrypted text. */
export const symmetricKeys: KeyFamily = {
  generate: (randomBytes) => randomBytes(KEY_BYTES),
  open: (secret, randomBytes) => (secret.length === KEY_BYTES ? { cipher: cipherOf(secret, randomBytes) } : undefined),
};

function cipherOf(key: Secret, randomBytes: RandomBytes) {
  return {
    encrypt(_algorithm: string, plaintext: Buffer, associatedData: Buffer): Buffer {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associatedData);
      const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
    },
    decrypt(_algorithm: string, ciphertext: Buffer, associatedData: Buffer): Buffer | undefined {
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
  };
}
