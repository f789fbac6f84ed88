import { ALICE, base64, DAY_MS, HOUR_MS, Kit, keyArn, outcome, refusal, START_MS } from './kit';

describe('CreateKey', () => {
  test('traces the key with the tags that it was made with', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ Tags: [{ TagKey: 'keyturn:key', TagValue: 'orders' }] });
    expect(kit.traced('kms.key-created')).toEqual([
      {
        type: 'kms.key-created',
        actor: ALICE.arn,
        traceId: ALICE.traceId,
        keyId: KeyId,
        keyArn: keyArn(KeyId),
        spec: 'SYMMETRIC_DEFAULT',
        usage: 'ENCRYPT_DECRYPT',
        origin: 'AWS_KMS',
        tags: { 'keyturn:key': 'orders' },
      },
    ]);
  });

  test.each([
    [{ KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }, 'SM2'],
    [{ Origin: 'EXTERNAL', KeySpec: 'ML_KEM_768', KeyUsage: 'ENCAPSULATE_DECAPSULATE' }, 'imported key material of ML_KEM_768'],
    [{ Origin: 'EXTERNAL_KEY_STORE' }, 'EXTERNAL_KEY_STORE'],
    [{ XksKeyId: 'x' }, 'external key stores'],
  ])('refuses %j by name, and makes no key', (input, named) => {
    const kit = new Kit();
    const { name, message } = refusal(() => kit.call('CreateKey', input));
    expect(name).toBe('NotModelledLocally');
    expect(message).toContain(named);
    expect(kit.kms.snapshot().keys).toEqual([]);
  });

  test.each([
    [{ KeySpec: 'RSA_2048' }, 'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.'],
    [{ KeySpec: 'HMAC_256', KeyUsage: 'SIGN_VERIFY' }, 'KeyUsage SIGN_VERIFY is not compatible with KeySpec HMAC_256'],
    [{ CustomKeyStoreId: 'cks-1' }, 'The origin AWS_CLOUDHSM and a CustomKeyStoreId go together.'],
  ])('refuses %j', (input, message) => {
    expect(refusal(() => new Kit().call('CreateKey', input))).toEqual({ name: 'ValidationException', message });
  });

  test('refuses more keys than the quota, whatever their state', () => {
    const kit = new Kit({ maxKeys: 1 });
    kit.call('ScheduleKeyDeletion', { KeyId: kit.createKey() });
    expect(outcome(() => kit.createKey())).toBe('LimitExceededException');
  });
});

describe('the shape of a request', () => {
  test('names every constraint that fails', () => {
    expect(refusal(() => new Kit().call('CreateGrant', { GranteePrincipal: '', Operations: ['Fly'] })).message).toMatch(
      /^4 validation errors detected: Value '' at 'granteePrincipal' .* greater than or equal to 1; Value '' at 'granteePrincipal' .* pattern: \^.*\$; Value '\[Fly\]' at 'operations' failed to satisfy constraint: Member must satisfy constraint: \[Member must satisfy enum value set: \[.*\]\]; Value null at 'keyId' failed to satisfy constraint: Member must not be null$/,
    );
  });

  test('calls a wrong JSON type a SerializationException', () => {
    expect(outcome(() => new Kit().call('DescribeKey', { KeyId: 5 }))).toBe('SerializationException');
    expect(outcome(() => new Kit().kms.call('DescribeKey', null, ALICE))).toBe('SerializationException');
  });

  test('measures a blob in bytes, not in characters', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    expect(outcome(() => kit.call('Encrypt', { KeyId, Plaintext: Buffer.alloc(4096).toString('base64') }))).toBe('ok');
    expect(refusal(() => kit.call('Encrypt', { KeyId, Plaintext: Buffer.alloc(4097).toString('base64') })).message).toBe(
      "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=4097 cap=4097]' at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
    );
  });

  test.each(['EncryptEverything', 'constructor'])('refuses the operation %s by name', (operation) => {
    const { name, message } = refusal(() => new Kit().call(operation));
    expect(name).toBe('NotModelledLocally');
    expect(message).toContain(operation);
  });
});

describe('enable and disable', () => {
  test('trace a change once, and nothing when nothing changes', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    for (const operation of ['EnableKey', 'DisableKey', 'DisableKey', 'EnableKey', 'EnableKey']) kit.call(operation, { KeyId });
    const common = { type: 'kms.key-state-changed', actor: ALICE.arn, traceId: ALICE.traceId, keyId: KeyId };
    expect(kit.traced('kms.key-state-changed')).toEqual([
      { ...common, from: 'Enabled', to: 'Disabled' },
      { ...common, from: 'Disabled', to: 'Enabled' },
    ]);
  });

  test('what was encrypted before decrypts again after the key is enabled', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext: base64('text') });
    kit.call('DisableKey', { KeyId });
    expect(outcome(() => kit.call('Decrypt', { CiphertextBlob }))).toBe('DisabledException');
    kit.call('EnableKey', { KeyId });
    expect(kit.call('Decrypt', { CiphertextBlob }).Plaintext).toBe(base64('text'));
  });
});

describe('deletion', () => {
  test.each([
    [undefined, 30],
    [7, 7],
  ])('a window of %p days ends after %p days, with the aliases, and EventBridge is told', async (PendingWindowInDays, days) => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: KeyId });
    const deletionAtMs = START_MS + days * DAY_MS;
    expect(kit.call('ScheduleKeyDeletion', { KeyId, ...(PendingWindowInDays !== undefined && { PendingWindowInDays }) })).toEqual({
      KeyId: keyArn(KeyId),
      DeletionDate: deletionAtMs / 1000,
      KeyState: 'PendingDeletion',
      PendingWindowInDays: days,
    });
    expect(kit.call('DescribeKey', { KeyId }).KeyMetadata).toMatchObject({ KeyState: 'PendingDeletion', Enabled: false, DeletionDate: deletionAtMs / 1000 });

    await kit.pass(days * DAY_MS - 1);
    expect(kit.stateOf(KeyId)).toBe('PendingDeletion');
    await kit.pass(1);
    expect(refusal(() => kit.stateOf(KeyId))).toEqual({ name: 'NotFoundException', message: `Key '${keyArn(KeyId)}' does not exist` });
    expect(kit.kms.snapshot()).toEqual({ keys: [], aliases: [] });
    expect(kit.events).toEqual([{ source: 'aws.kms', detailType: 'KMS CMK Deletion', detail: { 'key-id': KeyId }, resources: [keyArn(KeyId)] }]);
    expect(kit.traced('kms.key-state-changed')).toEqual([
      { type: 'kms.key-state-changed', actor: ALICE.arn, traceId: ALICE.traceId, keyId: KeyId, from: 'Enabled', to: 'PendingDeletion', deletionAtMs },
      { type: 'kms.key-state-changed', actor: 'kms.amazonaws.com', keyId: KeyId, from: 'PendingDeletion', to: 'Deleted' },
    ]);
    expect(kit.traced('kms.alias-changed').at(-1)).toMatchObject({ actor: 'kms.amazonaws.com', alias: 'alias/orders', to: null });
  });

  test('may come later than its date', async () => {
    const kit = new Kit({ deletionDelayMs: HOUR_MS });
    const KeyId = kit.createKey();
    kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await kit.pass(7 * DAY_MS);
    expect(kit.stateOf(KeyId)).toBe('PendingDeletion');
    await kit.pass(HOUR_MS);
    expect(kit.kms.snapshot().keys).toEqual([]);
  });

  test('is called off by CancelKeyDeletion, which leaves the key Disabled', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('ScheduleKeyDeletion', { KeyId });
    expect(kit.call('CancelKeyDeletion', { KeyId })).toEqual({ KeyId: keyArn(KeyId) });
    await kit.pass(40 * DAY_MS);
    expect(kit.stateOf(KeyId)).toBe('Disabled');
    expect(kit.call('DescribeKey', { KeyId }).KeyMetadata).not.toHaveProperty('DeletionDate');
    expect(kit.events).toEqual([]);
  });

  test('starts its window anew when it is scheduled again', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    kit.call('CancelKeyDeletion', { KeyId });
    await kit.pass(5 * DAY_MS);
    kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await kit.pass(5 * DAY_MS);
    expect(kit.stateOf(KeyId)).toBe('PendingDeletion');
  });

  test.each([6, 31])('refuses a window of %p days', (PendingWindowInDays) => {
    const kit = new Kit();
    expect(outcome(() => kit.call('ScheduleKeyDeletion', { KeyId: kit.createKey(), PendingWindowInDays }))).toBe('ValidationException');
  });
});

test('ListKeys tells every key, and UpdateKeyDescription its description', () => {
  const kit = new Kit();
  const ids = [kit.createKey(), kit.createKey()].sort();
  expect(kit.call('ListKeys')).toEqual({ Keys: ids.map((KeyId) => ({ KeyId, KeyArn: keyArn(KeyId) })), Truncated: false });
  kit.call('UpdateKeyDescription', { KeyId: ids[0], Description: 'new' });
  expect(kit.call('DescribeKey', { KeyId: ids[0] }).KeyMetadata.Description).toBe('new');
});

test('no key rotates by itself here', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  expect(kit.call('GetKeyRotationStatus', { KeyId })).toEqual({ KeyId: keyArn(KeyId), KeyRotationEnabled: false });
});
