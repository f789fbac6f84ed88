import { z } from 'zod';
import { CHINA_ONLY, ENCRYPTION_ALGORITHMS, maxPlaintextBytes } from './algorithms';
import { unpackCiphertext } from './ciphertext';
import { kmsError } from './errors';
import { grantTokens } from './grant-token';
import { stopDryRun } from './grants';
import type { KmsKey } from './key';
import type { KeysInUse } from './key-uses';
import type { Rooms } from './rooms';
import { assertContext, decrypt, encrypt, type Located, materialMember, SYMMETRIC } from './sealing';
import { blob, choice, dryRun, encryptionContext, enumList, keyIdText, operation, type Operations, refused } from './wire';

const MAX_PLAINTEXT_BYTES = 4096;
const MAX_CIPHERTEXT_BYTES = 6144;

const algorithm = choice(ENCRYPTION_ALGORITHMS, [CHINA_ONLY.encryption]).optional();
const ciphertextBlob = blob({ min: 1, max: MAX_CIPHERTEXT_BYTES });
const recipient = refused('attested enclaves as recipients');
const dryRunModifiers = enumList(['IGNORE_CIPHERTEXT']).optional();

const encryptRequest = z.object({
  KeyId: keyIdText,
  Plaintext: blob({ min: 1, max: MAX_PLAINTEXT_BYTES }),
  EncryptionAlgorithm: algorithm,
  EncryptionContext: encryptionContext,
  GrantTokens: grantTokens,
  DryRun: dryRun,
});
const decryptRequest = z.object({
  KeyId: keyIdText.optional(),
  CiphertextBlob: ciphertextBlob.optional(),
  EncryptionAlgorithm: algorithm,
  EncryptionContext: encryptionContext,
  GrantTokens: grantTokens,
  DryRun: dryRun,
  DryRunModifiers: dryRunModifiers,
  Recipient: recipient,
});
const reEncryptRequest = z.object({
  CiphertextBlob: ciphertextBlob.optional(),
  SourceKeyId: keyIdText.optional(),
  SourceEncryptionAlgorithm: algorithm,
  SourceEncryptionContext: encryptionContext,
  DestinationKeyId: keyIdText,
  DestinationEncryptionAlgorithm: algorithm,
  DestinationEncryptionContext: encryptionContext,
  GrantTokens: grantTokens,
  DryRun: dryRun,
  DryRunModifiers: dryRunModifiers,
});

export function encryptionOperations({ uses }: Rooms): Operations {
  return {
    Encrypt: operation(
      encryptRequest,
      ({ KeyId, Plaintext, EncryptionAlgorithm = SYMMETRIC, EncryptionContext, DryRun }, caller) =>
        uses.during('Encrypt', caller, (keys) => {
          const terms = { algorithm: EncryptionAlgorithm, encryptionContext: EncryptionContext };
          const key = keys.named(KeyId, 'ENCRYPT_DECRYPT', EncryptionAlgorithm);
          assertFits(key, EncryptionAlgorithm, Plaintext);
          assertContext(terms);
          stopDryRun(DryRun);
          return { KeyId: key.arn, CiphertextBlob: encrypt(key, terms, Plaintext).toString('base64'), EncryptionAlgorithm };
        }),
    ),

    Decrypt: operation(
      decryptRequest,
      ({ KeyId, CiphertextBlob, EncryptionAlgorithm = SYMMETRIC, EncryptionContext, DryRun, DryRunModifiers }, caller) =>
        uses.during('Decrypt', caller, (keys) => {
          if (ignoresCiphertext(DryRun, DryRunModifiers)) {
            assertWithoutCiphertext(keys, KeyId, EncryptionAlgorithm);
            stopDryRun(DryRun);
          }
          const terms = { algorithm: EncryptionAlgorithm, encryptionContext: EncryptionContext };
          const located = locate(keys, KeyId, EncryptionAlgorithm, given(CiphertextBlob));
          const plaintext = decrypt(located, terms);
          stopDryRun(DryRun);
          return { KeyId: located.key.arn, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm, ...materialMember('KeyMaterialId', located.key, located.materialId) };
        }),
    ),

    ReEncrypt: operation(
      reEncryptRequest,
      ({ SourceEncryptionAlgorithm = SYMMETRIC, DestinationEncryptionAlgorithm = SYMMETRIC, ...input }, caller) =>
        uses.during('ReEncrypt', caller, (keys) => {
          const isBlind = ignoresCiphertext(input.DryRun, input.DryRunModifiers);
          if (isBlind) assertWithoutCiphertext(keys, input.SourceKeyId, SourceEncryptionAlgorithm);
          const source = isBlind ? undefined : locate(keys, input.SourceKeyId, SourceEncryptionAlgorithm, given(input.CiphertextBlob));
          const destination = keys.named(input.DestinationKeyId, 'ENCRYPT_DECRYPT', DestinationEncryptionAlgorithm);
          const sourceTerms = { algorithm: SourceEncryptionAlgorithm, encryptionContext: input.SourceEncryptionContext };
          const destinationTerms = { algorithm: DestinationEncryptionAlgorithm, encryptionContext: input.DestinationEncryptionContext };
          assertContext(destinationTerms);
          const plaintext = source === undefined ? Buffer.alloc(0) : decrypt(source, sourceTerms);
          assertFits(destination, DestinationEncryptionAlgorithm, plaintext);
          stopDryRun(input.DryRun);
          return {
            CiphertextBlob: encrypt(destination, destinationTerms, plaintext).toString('base64'),
            SourceKeyId: source?.key.arn,
            KeyId: destination.arn,
            SourceEncryptionAlgorithm,
            DestinationEncryptionAlgorithm,
            ...(source !== undefined && materialMember('SourceKeyMaterialId', source.key, source.materialId)),
            ...materialMember('DestinationKeyMaterialId', destination),
          };
        }),
    ),
  };
}

/** @throws {ValidationException} for the modifier without a dry run, which it modifies. */
function ignoresCiphertext(isDryRun: boolean | undefined, modifiers: readonly string[] = []): boolean {
  if (modifiers.length > 0 && isDryRun !== true) throw kmsError('ValidationException', 'DryRunModifiers can only be specified with DryRun.');
  return modifiers.length > 0;
}

/** Without a ciphertext only the request can say which key is meant. */
function assertWithoutCiphertext(keys: KeysInUse, keyId: string | undefined, encryptionAlgorithm: string): void {
  if (keyId === undefined) throw kmsError('ValidationException', 'A key must be specified when the ciphertext is ignored.');
  keys.named(keyId, 'ENCRYPT_DECRYPT', encryptionAlgorithm);
}

/** @throws {ValidationException} for a ciphertext that is not there. */
function given(ciphertext: Buffer | undefined): Buffer {
  if (ciphertext !== undefined) return ciphertext;
  throw kmsError('ValidationException', "1 validation error detected: Value null at 'ciphertextBlob' failed to satisfy constraint: Member must not be null");
}

/**
 * The key of a ciphertext: the one that a symmetric ciphertext names, which must be the named one if one is named.
 * @throws {IncorrectKeyException} when it is another; {InvalidCiphertextException} for bytes that are no ciphertext.
 */
function locate(keys: KeysInUse, keyId: string | undefined, encryptionAlgorithm: string, blob: Buffer): Located {
  if (encryptionAlgorithm !== SYMMETRIC) {
    if (keyId === undefined) throw kmsError('ValidationException', 'KeyId is required to decrypt with an asymmetric KMS key.');
    return { key: keys.named(keyId, 'ENCRYPT_DECRYPT', encryptionAlgorithm), materialId: undefined, body: blob };
  }
  const named = keyId === undefined ? undefined : keys.named(keyId, 'ENCRYPT_DECRYPT', SYMMETRIC);
  const ciphertext = unpackCiphertext(blob);
  if (ciphertext === undefined) throw kmsError('InvalidCiphertextException');
  if (named !== undefined && named.id !== ciphertext.keyId) {
    throw kmsError('IncorrectKeyException', 'The key ID in the request does not identify a CMK that can perform this operation.');
  }
  return { key: named ?? keys.ofCiphertext(ciphertext.keyId, 'ENCRYPT_DECRYPT', SYMMETRIC), materialId: ciphertext.materialId, body: ciphertext.body };
}

function assertFits(key: KmsKey, encryptionAlgorithm: string, plaintext: Buffer): void {
  const maxBytes = maxPlaintextBytes(key.spec, encryptionAlgorithm);
  if (maxBytes === undefined || plaintext.length <= maxBytes) return;
  throw kmsError(
    'ValidationException',
    `Algorithm ${encryptionAlgorithm} and key spec ${key.spec} cannot encrypt data larger than ${String(maxBytes)} bytes.`,
  );
}
