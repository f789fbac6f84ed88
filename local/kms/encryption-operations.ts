import { z } from 'zod';
import { CHINA_ONLY, ENCRYPTION_ALGORITHMS, maxPlaintextBytes } from './algorithms';
import { associatedData, type Ciphertext, packCiphertext, unpackCiphertext } from './ciphertext';
import type { Cipher } from './cryptography/material';
import { kmsError } from './errors';
import { stopDryRun } from './grants';
import type { KmsKey } from './key';
import type { KeysInUse } from './key-uses';
import { ability } from './abilities';
import type { Rooms } from './rooms';
import { blob, choice, dryRun, encryptionContext, grantTokens, keyIdText, operation, type Operations, refused } from './wire';

const MAX_PLAINTEXT_BYTES = 4096;
const MAX_CIPHERTEXT_BYTES = 6144;
const SYMMETRIC = 'SYMMETRIC_DEFAULT';
const DATA_KEY_BYTES = { AES_128: 16, AES_256: 32 } as const;

const algorithm = choice(ENCRYPTION_ALGORITHMS, [CHINA_ONLY.encryption]).optional();
const ciphertextBlob = blob({ min: 1, max: MAX_CIPHERTEXT_BYTES });
const recipient = refused('attested enclaves as recipients');
const dryRunModifiers = refused('DryRunModifiers');

const dataKeyInput = z.object({
  KeyId: keyIdText,
  EncryptionContext: encryptionContext,
  NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  KeySpec: z.enum(['AES_128', 'AES_256']).optional(),
  GrantTokens: grantTokens,
  DryRun: dryRun,
  Recipient: recipient,
});

/** A call on one key: the algorithm and the context that the ciphertext is bound to. */
interface Terms {
  readonly algorithm: string;
  readonly encryptionContext: Readonly<Record<string, string>> | undefined;
}

export function encryptionOperations({ cryptography, uses }: Rooms): Operations {
  const makeDataKey = (keys: KeysInUse, input: z.output<typeof dataKeyInput>) => {
    if ((input.NumberOfBytes === undefined) === (input.KeySpec === undefined)) {
      throw kmsError('ValidationException', 'Please specify either number of bytes or key spec.');
    }
    const key = keys.named(input.KeyId, 'ENCRYPT_DECRYPT', SYMMETRIC);
    stopDryRun(input.DryRun);
    const length = input.KeySpec === undefined ? (input.NumberOfBytes ?? 0) : DATA_KEY_BYTES[input.KeySpec];
    const plaintext = cryptography.randomBytes(length);
    const sealed = encrypt(key, { algorithm: SYMMETRIC, encryptionContext: input.EncryptionContext }, plaintext);
    return { plaintext, answer: { KeyId: key.arn, CiphertextBlob: sealed.toString('base64'), ...materialMember('KeyMaterialId', key) } };
  };

  return {
    Encrypt: operation(
      z.object({
        KeyId: keyIdText,
        Plaintext: blob({ min: 1, max: MAX_PLAINTEXT_BYTES }),
        EncryptionAlgorithm: algorithm,
        EncryptionContext: encryptionContext,
        GrantTokens: grantTokens,
        DryRun: dryRun,
      }),
      ({ KeyId, Plaintext, EncryptionAlgorithm = SYMMETRIC, EncryptionContext, DryRun }, caller) =>
        uses.during('Encrypt', caller, (keys) => {
          const terms = { algorithm: EncryptionAlgorithm, encryptionContext: EncryptionContext };
          const key = keys.named(KeyId, 'ENCRYPT_DECRYPT', EncryptionAlgorithm);
          assertFits(key, EncryptionAlgorithm, Plaintext);
          stopDryRun(DryRun);
          return { KeyId: key.arn, CiphertextBlob: encrypt(key, terms, Plaintext).toString('base64'), EncryptionAlgorithm };
        }),
    ),

    Decrypt: operation(
      z.object({
        KeyId: keyIdText.optional(),
        CiphertextBlob: ciphertextBlob,
        EncryptionAlgorithm: algorithm,
        EncryptionContext: encryptionContext,
        GrantTokens: grantTokens,
        DryRun: dryRun,
        DryRunModifiers: dryRunModifiers,
        Recipient: recipient,
      }),
      ({ KeyId, CiphertextBlob, EncryptionAlgorithm = SYMMETRIC, EncryptionContext, DryRun }, caller) =>
        uses.during('Decrypt', caller, (keys) => {
          const terms = { algorithm: EncryptionAlgorithm, encryptionContext: EncryptionContext };
          const { key, body } = locate(keys, KeyId, EncryptionAlgorithm, CiphertextBlob);
          const plaintext = decrypt(key, terms, body);
          stopDryRun(DryRun);
          return { KeyId: key.arn, Plaintext: plaintext.toString('base64'), EncryptionAlgorithm, ...materialMember('KeyMaterialId', key) };
        }),
    ),

    ReEncrypt: operation(
      z.object({
        CiphertextBlob: ciphertextBlob,
        SourceKeyId: keyIdText.optional(),
        SourceEncryptionAlgorithm: algorithm,
        SourceEncryptionContext: encryptionContext,
        DestinationKeyId: keyIdText,
        DestinationEncryptionAlgorithm: algorithm,
        DestinationEncryptionContext: encryptionContext,
        GrantTokens: grantTokens,
        DryRun: dryRun,
        DryRunModifiers: dryRunModifiers,
      }),
      ({ SourceEncryptionAlgorithm = SYMMETRIC, DestinationEncryptionAlgorithm = SYMMETRIC, ...input }, caller) =>
        uses.during('ReEncrypt', caller, (keys) => {
          const source = locate(keys, input.SourceKeyId, SourceEncryptionAlgorithm, input.CiphertextBlob);
          const destination = keys.named(input.DestinationKeyId, 'ENCRYPT_DECRYPT', DestinationEncryptionAlgorithm);
          const sourceTerms = { algorithm: SourceEncryptionAlgorithm, encryptionContext: input.SourceEncryptionContext };
          const destinationTerms = { algorithm: DestinationEncryptionAlgorithm, encryptionContext: input.DestinationEncryptionContext };
          const plaintext = decrypt(source.key, sourceTerms, source.body);
          assertFits(destination, DestinationEncryptionAlgorithm, plaintext);
          stopDryRun(input.DryRun);
          return {
            CiphertextBlob: encrypt(destination, destinationTerms, plaintext).toString('base64'),
            SourceKeyId: source.key.arn,
            KeyId: destination.arn,
            SourceEncryptionAlgorithm,
            DestinationEncryptionAlgorithm,
            ...materialMember('SourceKeyMaterialId', source.key),
            ...materialMember('DestinationKeyMaterialId', destination),
          };
        }),
    ),

    GenerateDataKey: operation(dataKeyInput, (input, caller) =>
      uses.during('GenerateDataKey', caller, (keys) => {
        const { plaintext, answer } = makeDataKey(keys, input);
        return { ...answer, Plaintext: plaintext.toString('base64') };
      }),
    ),

    GenerateDataKeyWithoutPlaintext: operation(dataKeyInput, (input, caller) =>
      uses.during('GenerateDataKeyWithoutPlaintext', caller, (keys) => makeDataKey(keys, input).answer),
    ),
  };
}

/** The key of a ciphertext: the one that a symmetric ciphertext names, which must be the named one if one is named. */
function locate(keys: KeysInUse, keyId: string | undefined, encryptionAlgorithm: string, blobOfCall: Buffer): { key: KmsKey; body: Buffer } {
  if (encryptionAlgorithm !== SYMMETRIC) {
    if (keyId === undefined) throw kmsError('ValidationException', 'KeyId is required to decrypt with an asymmetric KMS key.');
    return { key: keys.named(keyId, 'ENCRYPT_DECRYPT', encryptionAlgorithm), body: blobOfCall };
  }
  const named = keyId === undefined ? undefined : keys.named(keyId, 'ENCRYPT_DECRYPT', SYMMETRIC);
  const ciphertext: Ciphertext | undefined = unpackCiphertext(blobOfCall);
  if (ciphertext === undefined) throw kmsError('InvalidCiphertextException');
  if (named !== undefined && named.id !== ciphertext.keyId) {
    throw kmsError('IncorrectKeyException', 'The key ID in the request does not identify a CMK that can perform this operation.');
  }
  return { key: named ?? keys.ofCiphertext(ciphertext.keyId, 'ENCRYPT_DECRYPT', SYMMETRIC), body: ciphertext.body };
}

function encrypt(key: KmsKey, terms: Terms, plaintext: Buffer): Buffer {
  const body = cipherFor(key, terms).encrypt(terms.algorithm, plaintext, associatedData(terms.encryptionContext));
  return terms.algorithm === SYMMETRIC ? packCiphertext({ keyId: key.id, body }) : body;
}

function decrypt(key: KmsKey, terms: Terms, body: Buffer): Buffer {
  const plaintext = cipherFor(key, terms).decrypt(terms.algorithm, body, associatedData(terms.encryptionContext));
  if (plaintext === undefined) throw kmsError('InvalidCiphertextException');
  return plaintext;
}

/** Asymmetric ciphertexts have no place for an encryption context, so KMS refuses one. */
function cipherFor(key: KmsKey, { algorithm: name, encryptionContext: context }: Terms): Cipher {
  if (name !== SYMMETRIC && context !== undefined && Object.keys(context).length > 0) {
    throw kmsError('ValidationException', `Encryption context is not supported with algorithm ${name}.`);
  }
  return ability(key, 'cipher');
}

function assertFits(key: KmsKey, encryptionAlgorithm: string, plaintext: Buffer): void {
  const maxBytes = maxPlaintextBytes(key.spec, encryptionAlgorithm);
  if (maxBytes === undefined || plaintext.length <= maxBytes) return;
  throw kmsError(
    'ValidationException',
    `Algorithm ${encryptionAlgorithm} and key spec ${key.spec} cannot encrypt data larger than ${String(maxBytes)} bytes.`,
  );
}

function materialMember(name: string, { materialId }: KmsKey): Readonly<Record<string, string>> {
  return materialId === undefined ? {} : { [name]: materialId };
}
