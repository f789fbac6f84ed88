import { ALICE, aliasArn, base64, HOUR_MS, Kit, keyArn, outcome, START_MS, UNKNOWN_KEY_ID } from './kit';

const Plaintext = base64('text');

describe('the trace of cryptographic operations', () => {
  const used = { type: 'kms.key-used', actor: ALICE.arn, traceId: ALICE.traceId };

  test.each([
    ['its id', (id: string) => id, null],
    ['its ARN', keyArn, null],
    ['an alias', () => 'alias/orders', 'alias/orders'],
    ['an alias ARN', () => aliasArn('alias/orders'), 'alias/orders'],
  ])('names the key that was addressed by %s', (_how, name, alias) => {
    const kit = new Kit();
    const keyId = kit.createKey();
    kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: keyId });
    kit.call('Encrypt', { KeyId: name(keyId), Plaintext });
    expect(kit.traced('kms.key-used')).toEqual([{ ...used, operation: 'Encrypt', keyId, alias, error: null }]);
  });

  test('names the key of a ciphertext, and the error of a use that was refused', () => {
    const kit = new Kit();
    const keyId = kit.createKey();
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: keyId, Plaintext });
    kit.call('DisableKey', { KeyId: keyId });
    outcome(() => kit.call('Decrypt', { CiphertextBlob }));
    expect(kit.traced('kms.key-used').at(-1)).toEqual({ ...used, operation: 'Decrypt', keyId, alias: null, error: 'DisabledException' });
  });

  test.each([
    ['Encrypt', { KeyId: UNKNOWN_KEY_ID, Plaintext }, null, 'NotFoundException'],
    ['Encrypt', { KeyId: 'alias/none', Plaintext }, 'alias/none', 'NotFoundException'],
    ['Decrypt', { CiphertextBlob: base64('nonsense') }, null, 'InvalidCiphertextException'],
  ])('%s without a key names none', (operation, input, alias, error) => {
    const kit = new Kit();
    outcome(() => kit.call(operation, input));
    expect(kit.traced('kms.key-used')).toEqual([{ ...used, operation, keyId: null, alias, error }]);
  });

  test('tells both keys of a ReEncrypt', () => {
    const kit = new Kit();
    const [from, to] = [kit.createKey(), kit.createKey()];
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: from, Plaintext });
    kit.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: to });
    expect(kit.traced('kms.key-used').slice(1)).toEqual([from, to].map((keyId) => ({ ...used, operation: 'ReEncrypt', keyId, alias: null, error: null })));
  });

  test('says nothing of operations that use no key', () => {
    const kit = new Kit();
    kit.call('GenerateRandom', { NumberOfBytes: 8 });
    kit.call('DescribeKey', { KeyId: kit.createKey() });
    expect(kit.traced('kms.key-used')).toEqual([]);
  });
});

describe('GetKeyLastUsage', () => {
  const common = (KeyId: string) => ({ KeyId: keyArn(KeyId), TrackingStartDate: START_MS / 1000, KeyCreationDate: START_MS / 1000 });

  test('knows a use one hour later, and not before', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('Encrypt', { KeyId, Plaintext });
    await kit.pass(HOUR_MS - 1);
    expect(kit.call('GetKeyLastUsage', { KeyId })).toEqual({ ...common(KeyId), KeyLastUsage: {} });
    await kit.pass(1);
    expect(kit.call('GetKeyLastUsage', { KeyId })).toEqual({
      ...common(KeyId),
      KeyLastUsage: { Operation: 'Encrypt', Timestamp: START_MS / 1000, CloudTrailEventId: expect.any(String) as unknown, KmsRequestId: expect.any(String) as unknown },
    });
  });

  test('tells the latest use that it knows', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('Encrypt', { KeyId, Plaintext });
    await kit.pass(HOUR_MS / 2);
    kit.call('GenerateDataKey', { KeyId, KeySpec: 'AES_128' });
    await kit.pass(HOUR_MS / 2);
    expect(kit.call('GetKeyLastUsage', { KeyId }).KeyLastUsage.Operation).toBe('Encrypt');
    await kit.pass(HOUR_MS / 2);
    expect(kit.call('GetKeyLastUsage', { KeyId }).KeyLastUsage.Operation).toBe('GenerateDataKey');
  });

  test('counts successful cryptographic operations only', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    outcome(() => kit.call('Encrypt', { KeyId, Plaintext }));
    kit.call('GetPublicKey', { KeyId });
    await kit.pass(2 * HOUR_MS);
    expect(kit.call('GetKeyLastUsage', { KeyId }).KeyLastUsage).toEqual({});
  });

  test('tracks a key that is older than the tracking from the day that it began', () => {
    const createdAtMs = Date.UTC(2025, 0, 1);
    const kit = new Kit({ startMs: createdAtMs });
    expect(kit.call('GetKeyLastUsage', { KeyId: kit.createKey() })).toMatchObject({
      KeyLastUsage: {},
      KeyCreationDate: createdAtMs / 1000,
      TrackingStartDate: Date.UTC(2026, 3, 23) / 1000,
    });
  });
});
