import { z } from 'zod';
import { CHINA_ONLY, DATA_KEY_PAIR_SPECS, KEY_SPEC_NAMES } from './algorithms';
import { kmsError, unsupportedOrigin } from './errors';
import { grantTokens } from './grant-token';
import { stopDryRun } from './grants';
import type { KeysInUse } from './key-uses';
import type { Rooms } from './rooms';
import { encrypt, materialMember, SYMMETRIC } from './sealing';
import { choice, dryRun, encryptionContext, keyIdText, operation, type Operations, refused } from './wire';

const DATA_KEY_BYTES = { AES_256: 32, AES_128: 16 } as const;

const recipient = refused('attested enclaves as recipients');

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

/** Keys and key pairs for use outside of KMS, which keeps none of them. */
export function dataKeyOperations({ cryptography, uses }: Rooms): Operations {
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
