import { createPrivateKey, createPublicKey } from 'node:crypto';
import { DATA_KEY_PAIR_SPECS } from '../../../local/kms/algorithms';
import { base64, Kit, keyArn, outcome, refusal } from './kit';

const context = { EncryptionContext: { a: 'b' } };

describe.each(DATA_KEY_PAIR_SPECS)('a data key pair of %s', (KeyPairSpec) => {
  test('is a key pair, whose private key only the KMS key opens', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const pair = kit.call('GenerateDataKeyPair', { KeyId, KeyPairSpec, ...context });
    const { CurrentKeyMaterialId } = kit.call('DescribeKey', { KeyId }).KeyMetadata;
    expect(pair).toMatchObject({ KeyId: keyArn(KeyId), KeyPairSpec, KeyMaterialId: CurrentKeyMaterialId });
    const privateKey = createPrivateKey({ key: Buffer.from(pair.PrivateKeyPlaintext, 'base64'), type: 'pkcs8', format: 'der' });
    expect(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64')).toBe(pair.PublicKey);
    expect(kit.call('Decrypt', { CiphertextBlob: pair.PrivateKeyCiphertextBlob, ...context }).Plaintext).toBe(pair.PrivateKeyPlaintext);
    expect(kit.call('GenerateDataKeyPairWithoutPlaintext', { KeyId, KeyPairSpec })).not.toHaveProperty('PrivateKeyPlaintext');
  });
});

test('every pair is another one', () => {
  const kit = new Kit();
  const input = { KeyId: kit.createKey(), KeyPairSpec: 'ECC_NIST_P256' };
  expect(kit.call('GenerateDataKeyPair', input).PublicKey).not.toBe(kit.call('GenerateDataKeyPair', input).PublicKey);
});

test('pairs are sealed by symmetric keys outside of key stores only', async () => {
  const kit = new Kit();
  const rsa = kit.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  expect(outcome(() => kit.call('GenerateDataKeyPair', { KeyId: rsa, KeyPairSpec: 'ECC_NIST_P256' }))).toBe('InvalidKeyUsageException');
  const KeyId = kit.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: await kit.connectedKeyStore() });
  expect(outcome(() => kit.call('GenerateDataKeyPair', { KeyId, KeyPairSpec: 'ECC_NIST_P256' }))).toBe('UnsupportedOperationException');
});

test('pairs of SM2 are refused by name', () => {
  expect(refusal(() => new Kit().call('GenerateDataKeyPair', { KeyId: 'k', KeyPairSpec: 'SM2' })).name).toBe('NotModelledLocally');
});

describe('a dry run that ignores the ciphertext', () => {
  const blind = { DryRun: true, DryRunModifiers: ['IGNORE_CIPHERTEXT'] };

  test('says whether Decrypt and ReEncrypt would be possible with the key', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    expect(outcome(() => kit.call('Decrypt', { KeyId, ...blind }))).toBe('DryRunOperationException');
    expect(outcome(() => kit.call('ReEncrypt', { SourceKeyId: KeyId, DestinationKeyId: KeyId, ...blind }))).toBe('DryRunOperationException');
    kit.call('DisableKey', { KeyId });
    expect(outcome(() => kit.call('Decrypt', { KeyId, ...blind }))).toBe('DisabledException');
  });

  test('needs the key, and is a dry run', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    expect(outcome(() => kit.call('Decrypt', blind))).toBe('ValidationException');
    expect(outcome(() => kit.call('Decrypt', { KeyId, CiphertextBlob: base64('c'), DryRunModifiers: ['IGNORE_CIPHERTEXT'] }))).toBe('ValidationException');
    expect(outcome(() => kit.call('Decrypt', { KeyId }))).toBe('ValidationException');
  });
});

test('randomness comes from a key store while it is connected', async () => {
  const kit = new Kit();
  const CustomKeyStoreId = await kit.connectedKeyStore();
  expect(outcome(() => kit.call('GenerateRandom', { NumberOfBytes: 8, CustomKeyStoreId }))).toBe('ok');
  kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId });
  expect(outcome(() => kit.call('GenerateRandom', { NumberOfBytes: 8, CustomKeyStoreId }))).toBe('CustomKeyStoreInvalidStateException');
  expect(outcome(() => kit.call('GenerateRandom', { NumberOfBytes: 8, CustomKeyStoreId: 'cks-none' }))).toBe('CustomKeyStoreNotFoundException');
});
