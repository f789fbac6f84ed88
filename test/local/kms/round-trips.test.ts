import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { KEY_SPECS } from '../../../lambdas/contract/key-specs';
import { algorithmsOf } from '../../../local/kms/algorithms';
import { base64, cryptography, Kit, keyArn, outcome, refusal } from './kit';

const MESSAGE = base64('a message');
const combinations = (Object.keys(KEY_SPECS) as (keyof typeof KEY_SPECS)[]).flatMap((spec) => KEY_SPECS[spec].map((usage) => ({ spec, usage })));
const withAlgorithms = combinations.flatMap(({ spec, usage }) => algorithmsOf(spec, usage).map((algorithm) => ({ spec, usage, algorithm })));
const of = (usage: string) => withAlgorithms.filter((combination) => combination.usage === usage);

describe('every spec and usage', () => {
  test.each(combinations)('$spec is made for $usage and described so', ({ spec, usage }) => {
    const kit = new Kit();
    const { KeyMetadata } = kit.call('CreateKey', { KeySpec: spec, KeyUsage: usage });
    expect(KeyMetadata).toMatchObject({ KeySpec: spec, KeyUsage: usage, KeyState: 'Enabled', Enabled: true, Origin: 'AWS_KMS' });
    expect(kit.call('DescribeKey', { KeyId: KeyMetadata.KeyId })).toEqual({ KeyMetadata });
  });

  test.each(of('ENCRYPT_DECRYPT'))('$spec encrypts and decrypts with $algorithm', ({ spec, usage, algorithm }) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: usage });
    const sealed = kit.call('Encrypt', { KeyId, Plaintext: MESSAGE, EncryptionAlgorithm: algorithm });
    expect(sealed).toMatchObject({ KeyId: keyArn(KeyId), EncryptionAlgorithm: algorithm });
    const opened = kit.call('Decrypt', { KeyId, CiphertextBlob: sealed.CiphertextBlob, EncryptionAlgorithm: algorithm });
    expect(opened).toMatchObject({ KeyId: keyArn(KeyId), Plaintext: MESSAGE, EncryptionAlgorithm: algorithm });
  });

  test.each(of('SIGN_VERIFY'))('$spec signs and verifies with $algorithm', ({ spec, usage, algorithm }) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: usage });
    const isPrehashed = algorithm === 'ED25519_PH_SHA_512';
    const common = {
      KeyId,
      SigningAlgorithm: algorithm,
      ...(isPrehashed ? { MessageType: 'DIGEST', Message: createHash('sha512').update('a message').digest('base64') } : { Message: MESSAGE }),
    };
    const { Signature } = kit.call('Sign', common);
    expect(kit.call('Verify', { ...common, Signature })).toEqual({ KeyId: keyArn(KeyId), SignatureValid: true, SigningAlgorithm: algorithm });
    const other = isPrehashed ? createHash('sha512').update('other').digest('base64') : base64('other');
    expect(refusal(() => kit.call('Verify', { ...common, Message: other, Signature }))).toEqual({ name: 'KMSInvalidSignatureException', message: '' });
    expect(outcome(() => kit.call('Verify', { ...common, Signature: base64('nonsense') }))).toBe('KMSInvalidSignatureException');
  });

  test.each(of('SIGN_VERIFY').filter(({ algorithm }) => /^(RSA|ECDSA)/.test(algorithm)))('$spec signs a digest as it signs its message with $algorithm', ({ spec, usage, algorithm }) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: usage });
    const digest = createHash(`sha${algorithm.slice(-3)}`).update('a message').digest('base64');
    const { Signature } = kit.call('Sign', { KeyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm: algorithm });
    expect(kit.call('Verify', { KeyId, Message: MESSAGE, Signature, SigningAlgorithm: algorithm }).SignatureValid).toBe(true);
  });

  test.each(of('GENERATE_VERIFY_MAC'))('$spec makes and checks a MAC with $algorithm', ({ spec, usage, algorithm }) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: usage });
    const { Mac } = kit.call('GenerateMac', { KeyId, Message: MESSAGE, MacAlgorithm: algorithm });
    expect(kit.call('VerifyMac', { KeyId, Message: MESSAGE, Mac, MacAlgorithm: algorithm })).toEqual({ KeyId: keyArn(KeyId), MacValid: true, MacAlgorithm: algorithm });
    expect(outcome(() => kit.call('VerifyMac', { KeyId, Message: base64('other'), Mac, MacAlgorithm: algorithm }))).toBe('KMSInvalidMacException');
  });

  test.each(of('KEY_AGREEMENT'))('two keys of $spec derive the same secret', ({ spec, usage }) => {
    const kit = new Kit();
    const [one, two] = [kit.createKey({ KeySpec: spec, KeyUsage: usage }), kit.createKey({ KeySpec: spec, KeyUsage: usage })];
    const derive = (KeyId: string, other: string) =>
      kit.call('DeriveSharedSecret', { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey: kit.call('GetPublicKey', { KeyId: other }).PublicKey }).SharedSecret;
    expect(derive(one, two)).toBe(derive(two, one));
  });

  test.each(of('ENCAPSULATE_DECAPSULATE'))('$spec opens the secret that it closed', ({ spec, usage, algorithm }) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: usage });
    const { SharedSecret, SharedSecretCiphertextBlob } = kit.call('Encapsulate', { KeyId, EncapsulationAlgorithm: algorithm });
    expect(kit.call('Decapsulate', { KeyId, EncapsulationAlgorithm: algorithm, SharedSecretCiphertextBlob }).SharedSecret).toBe(SharedSecret);
    expect(outcome(() => kit.call('Decapsulate', { KeyId, EncapsulationAlgorithm: algorithm, SharedSecretCiphertextBlob: MESSAGE }))).toBe('InvalidCiphertextException');
  });
});

describe('usage and algorithm', () => {
  test('a key of another usage refuses the operation', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    expect(refusal(() => kit.call('Sign', { KeyId, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256' }))).toEqual({
      name: 'InvalidKeyUsageException',
      message: `${keyArn(KeyId)} key usage is ENCRYPT_DECRYPT which is not valid for Sign.`,
    });
  });

  test.each([
    ['ED25519_SHA_512', 'DIGEST'],
    ['ED25519_PH_SHA_512', 'RAW'],
  ])('%s refuses the message type %s', (SigningAlgorithm, MessageType) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' });
    expect(outcome(() => kit.call('Sign', { KeyId, Message: MESSAGE, MessageType, SigningAlgorithm }))).toBe('ValidationException');
  });

  test('ML-DSA signs the representative of a message that was hashed elsewhere', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: 'ML_DSA_44', KeyUsage: 'SIGN_VERIFY' });
    const publicKey = Buffer.from(kit.call('GetPublicKey', { KeyId }).PublicKey, 'base64').subarray(-1312);
    const keyHash = createHash('shake256', { outputLength: 64 }).update(publicKey).digest();
    const mu = createHash('shake256', { outputLength: 64 }).update(keyHash).update(Buffer.from([0, 0])).update('a message').digest('base64');
    const common = { KeyId, SigningAlgorithm: 'ML_DSA_SHAKE_256' };
    const { Signature } = kit.call('Sign', { ...common, Message: mu, MessageType: 'EXTERNAL_MU' });
    expect(kit.call('Verify', { ...common, Message: MESSAGE, Signature }).SignatureValid).toBe(true);
    expect(kit.call('Verify', { ...common, Message: mu, MessageType: 'EXTERNAL_MU', Signature }).SignatureValid).toBe(true);
  });

  test('a public key of another curve is refused', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' });
    const PublicKey = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    expect(outcome(() => kit.call('DeriveSharedSecret', { KeyId, KeyAgreementAlgorithm: 'ECDH', PublicKey }))).toBe('ValidationException');
  });

  test('a symmetric key has no public key', () => {
    const kit = new Kit();
    expect(outcome(() => kit.call('GetPublicKey', { KeyId: kit.createKey() }))).toBe('UnsupportedOperationException');
  });

  test.each(combinations.filter(({ spec }) => /^(RSA_2048|ECC)/.test(spec)))('the public key of $spec for $usage is one that others can read', ({ spec, usage }) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: usage });
    const key = Buffer.from(kit.call('GetPublicKey', { KeyId }).PublicKey, 'base64');
    expect(createPublicKey({ key, type: 'spki', format: 'der' }).type).toBe('public');
  });
});

describe('symmetric ciphertext', () => {
  const context = { EncryptionContext: { tenant: 'a', purpose: 'b' } };

  test('Decrypt finds the key by the ciphertext, also after the alias moved', () => {
    const kit = new Kit();
    const [first, second] = [kit.createKey(), kit.createKey()];
    kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: first });
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: 'alias/orders', Plaintext: MESSAGE });
    kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: second });
    expect(kit.call('Decrypt', { CiphertextBlob })).toMatchObject({ KeyId: keyArn(first), Plaintext: MESSAGE });
    expect(outcome(() => kit.call('Decrypt', { KeyId: 'alias/orders', CiphertextBlob }))).toBe('IncorrectKeyException');
  });

  test('the encryption context is bound, in any order of its pairs', () => {
    const kit = new Kit();
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: kit.createKey(), Plaintext: MESSAGE, ...context });
    expect(kit.call('Decrypt', { CiphertextBlob, EncryptionContext: { purpose: 'b', tenant: 'a' } }).Plaintext).toBe(MESSAGE);
    expect(outcome(() => kit.call('Decrypt', { CiphertextBlob }))).toBe('InvalidCiphertextException');
    expect(outcome(() => kit.call('Decrypt', { CiphertextBlob, EncryptionContext: { tenant: 'a', purpose: 'c' } }))).toBe('InvalidCiphertextException');
  });

  test('a changed bit is noticed', () => {
    const kit = new Kit();
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: kit.createKey(), Plaintext: MESSAGE });
    const bytes = Buffer.from(CiphertextBlob, 'base64');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    expect(outcome(() => kit.call('Decrypt', { CiphertextBlob: bytes.toString('base64') }))).toBe('InvalidCiphertextException');
  });

  test('a data key comes in the clear and sealed, and unseals to the same bytes', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const dataKey = kit.call('GenerateDataKey', { KeyId, KeySpec: 'AES_256', ...context });
    expect(Buffer.from(dataKey.Plaintext, 'base64')).toHaveLength(32);
    expect(kit.call('Decrypt', { CiphertextBlob: dataKey.CiphertextBlob, ...context }).Plaintext).toBe(dataKey.Plaintext);
    expect(kit.call('GenerateDataKeyWithoutPlaintext', { KeyId, NumberOfBytes: 5 })).not.toHaveProperty('Plaintext');
    expect(outcome(() => kit.call('GenerateDataKey', { KeyId }))).toBe('ValidationException');
  });

  test('ReEncrypt moves a ciphertext from one key to another', () => {
    const kit = new Kit();
    const [from, to] = [kit.createKey(), kit.createKey()];
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: from, Plaintext: MESSAGE, ...context });
    const moved = kit.call('ReEncrypt', { CiphertextBlob, SourceEncryptionContext: context.EncryptionContext, DestinationKeyId: to });
    expect(moved).toMatchObject({ SourceKeyId: keyArn(from), KeyId: keyArn(to) });
    expect(kit.call('Decrypt', { CiphertextBlob: moved.CiphertextBlob })).toMatchObject({ KeyId: keyArn(to), Plaintext: MESSAGE });
  });

  test('an asymmetric key refuses an encryption context', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    expect(outcome(() => kit.call('Encrypt', { KeyId, Plaintext: MESSAGE, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256', ...context }))).toBe('ValidationException');
  });
});

test('key material is made at the first use', () => {
  const generated: string[] = [];
  const kit = new Kit({ cryptography: { ...cryptography, generate: (spec) => (generated.push(spec), cryptography.generate(spec)) } });
  const KeyId = kit.createKey();
  expect(generated).toEqual([]);
  kit.call('Encrypt', { KeyId, Plaintext: MESSAGE });
  kit.call('Encrypt', { KeyId, Plaintext: MESSAGE });
  expect(generated).toEqual(['SYMMETRIC_DEFAULT']);
});

test('a dry run is refused as such, and only where the call would succeed', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  const input = { KeyId, Plaintext: MESSAGE, DryRun: true };
  expect(refusal(() => kit.call('Encrypt', input))).toEqual({ name: 'DryRunOperationException', message: 'The request would have succeeded, but the DryRun option is set.' });
  kit.call('DisableKey', { KeyId });
  expect(outcome(() => kit.call('Encrypt', input))).toBe('DisabledException');
});
