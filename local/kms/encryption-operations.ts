import { z } from 'zod';
import { CHINA_ONLY, DATA_KEY_PAIR_SPECS, ENCRYPTION_ALGORITHMS, KEY_SPEC_NAMES, maxPlaintextBytes } from './algorithms';
import { associatedData, packCiphertext, unpackCiphertext } from './ciphertext';
import { kmsError, unsupportedOrigin } from './errors';
import { grantTokens } from './grant-token';
import { stopDryRun } from './grants';
import type { KmsKey } from './key';
import type { KeysInUse } from './key-uses';
import { abilityOf } from './abilities';
import type { Rooms } from './rooms';
import { blob, choice, dryRun, encryptionContext, enumList, keyIdText, operation, type Operations, refused } from './wire';

const MAX_PLAINTEXT_BYTES = 4096;
const MAX_CIPHERTEXT_BYTES = 6144;
const SYMMETRIC = 'SYMMETRIC_DEFAULT';
const DATA_KEY_BYTES = { AES_256: 32, AES_128: 16 } as const;

const algorithm = choice(ENCRYPTION_ALGORITHMS, [CHINA_ONLY.encryption]).optional();
const ciphertextBlob = blob({ min: 1, max: MAX_CIPHERTEXT_BYTES });
const recipient = refused('attested enclaves as recipients');
const dryRunModifiers = enumList(['IGNORE_CIPHERTEXT']).optional();

/** Of a value that is no key spec at all AWS says which key specs there are, although a data key has none of them. */
const dataKeySpec = z.string().transform((value, context): keyof typeof DATA_KEY_BYTES | undefined => {
  if (value === 'AES_256' || value === 'AES_128') return value;
  const values = (KEY_SPEC_NAMES as readonly string[]).includes(value) ? Object.keys(DATA_KEY_BYTES) : [...KEY_SPEC_NAMES];
  context.issues.push({ code: 'invalid_value', values, input: value });
  return undefined;
});

const dataKeyInput = z.object({
  KeyId: keyIdText,
  EncryptionContext: encryptionContext,
  NumberOfBytes: z.number().int().min(1).max(1024).optional(),
  KeySpec: dataKeySpec.optional(),
  GrantTokens: grantTokens,
  DryRun: dryRun,
  Recipient: recipient,
});
const dataKeyPairInput = z.object({
  KeyId: keyIdText,
  EncryptionContext: encryptionContext,
  KeyPairSpec: choice(DATA_KEY_PAIR_SPECS, [CHINA_ONLY.keySpec]),
  GrantTokens: grantTokens,
  DryRun: dryRun,
  Recipient: recipient,
});

/** A call on one key: the algorithm and the context that the ciphertext is bound to. */
interface Terms {
  readonly algorithm: string;
  readonly encryptionContext: Readonly<Record<string, string>> | undefined;
}

/** A ciphertext, and the key that it was made with. */
interface Located {
  readonly key: KmsKey;
  /** Of a symmetric key; others have one material. */
  readonly materialId: string | undefined;
  readonly body: Buffer;
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

  const makeDataKeyPair = (keys: KeysInUse, { KeyId, KeyPairSpec, EncryptionContext, DryRun }: z.output<typeof dataKeyPairInput>) => {
    const key = keys.named(KeyId, 'ENCRYPT_DECRYPT', SYMMETRIC);
    if (key.origin === 'AWS_CLOUDHSM') throw unsupportedOrigin(key);
    stopDryRun(DryRun);
    const privateKey = cryptography.generate(KeyPairSpec);
    const publicKey = cryptography.open(KeyPairSpec, privateKey)?.publicKey;
    if (publicKey === undefined) throw new Error(`A key pair of ${KeyPairSpec} has no public key`);
    const sealed = encrypt(key, { algorithm: SYMMETRIC, encryptionContext: EncryptionContext }, privateKey);
    return {
      privateKey,
      answer: {
        KeyId: key.arn,
        KeyPairSpec,
        PublicKey: publicKey.toString('base64'),
        PrivateKeyCiphertextBlob: sealed.toString('base64'),
        ...materialMember('KeyMaterialId', key),
      },
    };
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
          assertContext(terms);
          stopDryRun(DryRun);
          return { KeyId: key.arn, CiphertextBlob: encrypt(key, terms, Plaintext).toString('base64'), EncryptionAlgorithm };
        }),
    ),

    Decrypt: operation(
      z.object({
        KeyId: keyIdText.optional(),
        CiphertextBlob: ciphertextBlob.optional(),
        EncryptionAlgorithm: algorithm,
        EncryptionContext: encryptionContext,
        GrantTokens: grantTokens,
        DryRun: dryRun,
        DryRunModifiers: dryRunModifiers,
        Recipient: recipient,
      }),
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
      z.object({
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
      }),
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

    GenerateDataKey: operation(dataKeyInput, (input, caller) =>
      uses.during('GenerateDataKey', caller, (keys) => {
        const { plaintext, answer } = makeDataKey(keys, input);
        return { ...answer, Plaintext: plaintext.toString('base64') };
      }),
    ),

    GenerateDataKeyWithoutPlaintext: operation(dataKeyInput, (input, caller) =>
      uses.during('GenerateDataKeyWithoutPlaintext', caller, (keys) => makeDataKey(keys, input).answer),
    ),

    GenerateDataKeyPair: operation(dataKeyPairInput, (input, caller) =>
      uses.during('GenerateDataKeyPair', caller, (keys) => {
        const { privateKey, answer } = makeDataKeyPair(keys, input);
        return { ...answer, PrivateKeyPlaintext: privateKey.toString('base64') };
      }),
    ),

    GenerateDataKeyPairWithoutPlaintext: operation(dataKeyPairInput, (input, caller) =>
      uses.during('GenerateDataKeyPairWithoutPlaintext', caller, (keys) => makeDataKeyPair(keys, input).answer),
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

function encrypt(key: KmsKey, terms: Terms, plaintext: Buffer): Buffer {
  assertContext(terms);
  const { id, material } = key.materials.open();
  const body = abilityOf(material, 'cipher').encrypt(terms.algorithm, plaintext, associatedData(terms.encryptionContext));
  return terms.algorithm === SYMMETRIC ? packCiphertext({ keyId: key.id, materialId: id, body }) : body;
}

function decrypt({ key, materialId, body }: Located, terms: Terms): Buffer {
  assertContext(terms);
  const open = materialId === undefined ? key.materials.open() : key.materials.openById(materialId);
  const plaintext = open && abilityOf(open.material, 'cipher').decrypt(terms.algorithm, body, associatedData(terms.encryptionContext));
  if (plaintext === undefined) throw kmsError('InvalidCiphertextException');
  return plaintext;
}

/** Asymmetric ciphertexts have no place for an encryption context, so KMS refuses one. */
function assertContext({ algorithm: name, encryptionContext: context }: Terms): void {
  if (name !== SYMMETRIC && context !== undefined && Object.keys(context).length > 0) {
    throw kmsError('ValidationException', `Encryption context is not supported with algorithm ${name}.`);
  }
}

function assertFits(key: KmsKey, encryptionAlgorithm: string, plaintext: Buffer): void {
  const maxBytes = maxPlaintextBytes(key.spec, encryptionAlgorithm);
  if (maxBytes === undefined || plaintext.length <= maxBytes) return;
  throw kmsError(
    'ValidationException',
    `Algorithm ${encryptionAlgorithm} and key spec ${key.spec} cannot encrypt data larger than ${String(maxBytes)} bytes.`,
  );
}

/** @param id of the material that was used; @default the current one */
function materialMember(name: string, { spec, materials }: KmsKey, id = materials.current?.id): Readonly<Record<string, string>> {
  return spec !== 'SYMMETRIC_DEFAULT' || id === undefined || id === '' ? {} : { [name]: id };
}
