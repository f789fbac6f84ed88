import { base64, DAY_MS, HOUR_MS, Kit, keyArn, outcome, refusal, START_MS } from './kit';

const Plaintext = base64('text');
const MINUTE_MS = 60_000;

function currentMaterial(kit: Kit, KeyId: string): string {
  return kit.call('DescribeKey', { KeyId }).KeyMetadata.CurrentKeyMaterialId;
}

function rotations(kit: Kit, KeyId: string) {
  return kit.call('ListKeyRotations', { KeyId }).Rotations.map(({ RotationDate, RotationType }) => [RotationDate * 1000, RotationType]);
}

describe('automatic rotation', () => {
  test('gives the key new material every period; what the old one made still decrypts and says so', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const first = currentMaterial(kit, KeyId);
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext });
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    expect(kit.call('GetKeyRotationStatus', { KeyId })).toEqual({
      KeyId: keyArn(KeyId),
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate: (START_MS + 90 * DAY_MS) / 1000,
    });
    await kit.pass(90 * DAY_MS - 1);
    expect(currentMaterial(kit, KeyId)).toBe(first);
    await kit.pass(90 * DAY_MS + 1);
    expect(rotations(kit, KeyId)).toEqual([
      [START_MS + 90 * DAY_MS, 'AUTOMATIC'],
      [START_MS + 180 * DAY_MS, 'AUTOMATIC'],
    ]);
    const current = currentMaterial(kit, KeyId);
    expect(current).not.toBe(first);
    expect(kit.call('Decrypt', { CiphertextBlob })).toMatchObject({ Plaintext, KeyMaterialId: first });
    const renewed = kit.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: KeyId });
    expect(renewed).toMatchObject({ SourceKeyMaterialId: first, DestinationKeyMaterialId: current });
    expect(kit.call('Decrypt', { CiphertextBlob: renewed.CiphertextBlob })).toMatchObject({ Plaintext, KeyMaterialId: current });
    expect(kit.call('GenerateDataKey', { KeyId, KeySpec: 'AES_256' }).KeyMaterialId).toBe(current);
  });

  test('is told to EventBridge', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const previous = currentMaterial(kit, KeyId);
    kit.call('EnableKeyRotation', { KeyId });
    await kit.pass(365 * DAY_MS);
    expect(kit.events).toEqual([
      {
        source: 'aws.kms',
        detailType: 'KMS CMK Rotation',
        detail: { 'key-id': KeyId, 'key-origin': 'AWS_KMS', 'rotation-type': 'AUTOMATIC', 'previous-key-material-id': previous, 'current-key-material-id': currentMaterial(kit, KeyId) },
        resources: [keyArn(KeyId)],
      },
    ]);
  });

  test('ends when it is disabled, and keeps its period until it is given another', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 100 });
    kit.call('EnableKeyRotation', { KeyId });
    expect(kit.call('GetKeyRotationStatus', { KeyId }).RotationPeriodInDays).toBe(100);
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 2560 });
    expect(kit.call('GetKeyRotationStatus', { KeyId }).RotationPeriodInDays).toBe(2560);
    kit.call('DisableKeyRotation', { KeyId });
    expect(kit.call('GetKeyRotationStatus', { KeyId })).toEqual({ KeyId: keyArn(KeyId), KeyRotationEnabled: false });
    await kit.pass(3000 * DAY_MS);
    expect(rotations(kit, KeyId)).toEqual([]);
  });

  test('waits while the key is disabled, and happens at once when it is overdue then', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    kit.call('DisableKey', { KeyId });
    await kit.pass(200 * DAY_MS);
    expect(rotations(kit, KeyId)).toEqual([]);
    kit.call('EnableKey', { KeyId });
    await kit.timeline.settle();
    expect(rotations(kit, KeyId)).toEqual([[START_MS + 200 * DAY_MS, 'AUTOMATIC']]);
    expect(kit.call('GetKeyRotationStatus', { KeyId }).NextRotationDate * 1000).toBe(START_MS + 290 * DAY_MS);
  });

  test('keeps its schedule over a short time as disabled', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    kit.call('DisableKey', { KeyId });
    await kit.pass(30 * DAY_MS);
    kit.call('EnableKey', { KeyId });
    await kit.pass(60 * DAY_MS);
    expect(rotations(kit, KeyId)).toEqual([[START_MS + 90 * DAY_MS, 'AUTOMATIC']]);
  });

  test('is off while the deletion of the key is pending, and as before when that is cancelled', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('EnableKeyRotation', { KeyId });
    kit.call('ScheduleKeyDeletion', { KeyId });
    expect(kit.call('GetKeyRotationStatus', { KeyId })).toEqual({ KeyId: keyArn(KeyId), KeyRotationEnabled: false });
    kit.call('CancelKeyDeletion', { KeyId });
    expect(kit.call('GetKeyRotationStatus', { KeyId }).KeyRotationEnabled).toBe(true);
    kit.call('ScheduleKeyDeletion', { KeyId });
    await kit.pass(400 * DAY_MS);
    expect(kit.events.map(({ detailType }) => detailType)).toEqual(['KMS CMK Deletion']);
  });
});

describe('rotation on demand', () => {
  test('keeps every earlier material for decryption', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const sealed = [0, 1, 2].map((n) => {
      const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext: base64(String(n)) });
      kit.call('RotateKeyOnDemand', { KeyId });
      return CiphertextBlob;
    });
    expect(sealed.map((CiphertextBlob) => kit.call('Decrypt', { CiphertextBlob }).Plaintext)).toEqual(['0', '1', '2'].map(base64));
    const all = kit.call('ListKeyRotations', { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }).Rotations;
    expect(all.map(({ KeyMaterialState }) => KeyMaterialState)).toEqual(['NON_CURRENT', 'NON_CURRENT', 'NON_CURRENT', 'CURRENT']);
    expect(all[0]).not.toHaveProperty('RotationDate');
    expect(new Set(all.map(({ KeyMaterialId }) => KeyMaterialId)).size).toBe(4);
    expect(all.at(-1)?.KeyMaterialId).toBe(currentMaterial(kit, KeyId));
  });

  test('is listed in pages', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    for (let n = 0; n < 3; n++) kit.call('RotateKeyOnDemand', { KeyId });
    const first = kit.call('ListKeyRotations', { KeyId, Limit: 2 });
    const second = kit.call('ListKeyRotations', { KeyId, Limit: 2, Marker: first.NextMarker });
    expect([first.Rotations.length, first.Truncated, second.Rotations.length, second.Truncated]).toEqual([2, true, 1, false]);
  });

  test('happens 25 times in the life of a key', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    for (let n = 0; n < 25; n++) kit.call('RotateKeyOnDemand', { KeyId });
    expect(outcome(() => kit.call('RotateKeyOnDemand', { KeyId }))).toBe('LimitExceededException');
    expect(rotations(kit, KeyId)).toHaveLength(25);
  });

  test('takes its time, and is seen as going on meanwhile', async () => {
    const kit = new Kit({ onDemandRotationMs: MINUTE_MS });
    const KeyId = kit.createKey();
    const before = currentMaterial(kit, KeyId);
    kit.call('RotateKeyOnDemand', { KeyId });
    expect(kit.call('GetKeyRotationStatus', { KeyId })).toEqual({ KeyId: keyArn(KeyId), KeyRotationEnabled: false, OnDemandRotationStartDate: START_MS / 1000 });
    expect(outcome(() => kit.call('RotateKeyOnDemand', { KeyId }))).toBe('ConflictException');
    expect(currentMaterial(kit, KeyId)).toBe(before);
    await kit.pass(MINUTE_MS);
    expect(kit.call('GetKeyRotationStatus', { KeyId })).toEqual({ KeyId: keyArn(KeyId), KeyRotationEnabled: false });
    expect(currentMaterial(kit, KeyId)).not.toBe(before);
  });

  test('is refused within 20 minutes of an automatic one, and does not move it', async () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    await kit.pass(90 * DAY_MS - 20 * MINUTE_MS - 1);
    kit.call('RotateKeyOnDemand', { KeyId });
    await kit.pass(1);
    expect(outcome(() => kit.call('RotateKeyOnDemand', { KeyId }))).toBe('ConflictException');
    await kit.pass(HOUR_MS);
    expect(rotations(kit, KeyId)).toEqual([
      [START_MS + 90 * DAY_MS - 20 * MINUTE_MS - 1, 'ON_DEMAND'],
      [START_MS + 90 * DAY_MS, 'AUTOMATIC'],
    ]);
  });
});

describe('keys that do not rotate', () => {
  const operations = ['EnableKeyRotation', 'DisableKeyRotation', 'RotateKeyOnDemand'];

  test.each(operations)('%s refuses an asymmetric key, an HMAC key and a key in a key store', async (operation) => {
    const kit = new Kit();
    for (const [KeySpec, KeyUsage] of [
      ['ECC_NIST_P256', 'SIGN_VERIFY'],
      ['HMAC_256', 'GENERATE_VERIFY_MAC'],
    ]) {
      const KeyId = kit.createKey({ KeySpec, KeyUsage });
      expect(refusal(() => kit.call(operation, { KeyId }))).toEqual({ name: 'UnsupportedOperationException', message: '' });
      expect(kit.call('GetKeyRotationStatus', { KeyId }).KeyRotationEnabled).toBe(false);
      expect(kit.call('ListKeyRotations', { KeyId }).Rotations).toEqual([]);
      expect(outcome(() => kit.call('ListKeyRotations', { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }))).toBe('UnsupportedOperationException');
    }
    const KeyId = kit.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: await kit.connectedKeyStore() });
    expect(refusal(() => kit.call(operation, { KeyId }))).toEqual({
      name: 'UnsupportedOperationException',
      message: `${keyArn(KeyId)} origin is AWS_CLOUDHSM which is not valid for this operation.`,
    });
  });

  test('a key for imported material is not rotated automatically', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ Origin: 'EXTERNAL' });
    expect(refusal(() => kit.call('EnableKeyRotation', { KeyId }))).toEqual({
      name: 'UnsupportedOperationException',
      message: `${keyArn(KeyId)} origin is EXTERNAL which is not valid for this operation.`,
    });
  });

  test('a disabled key and one that is pending deletion', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('DisableKey', { KeyId });
    expect(operations.map((operation) => outcome(() => kit.call(operation, { KeyId })))).toEqual(operations.map(() => 'DisabledException'));
    kit.call('ScheduleKeyDeletion', { KeyId });
    expect(operations.map((operation) => outcome(() => kit.call(operation, { KeyId })))).toEqual(operations.map(() => 'KMSInvalidStateException'));
  });

  test.each([89, 2561])('no period of %d days', (RotationPeriodInDays) => {
    const kit = new Kit();
    expect(outcome(() => kit.call('EnableKeyRotation', { KeyId: kit.createKey(), RotationPeriodInDays }))).toBe('ValidationException');
  });
});
