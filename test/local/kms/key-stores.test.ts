import { ALICE, base64, HOUR_MS, Kit, outcome } from './kit';

const Plaintext = base64('text');
const STORE = { CustomKeyStoreName: 'other', CloudHsmClusterId: 'cluster-2a23b4cdefg', TrustAnchorCertificate: 'certificate', KeyStorePassword: 'kmsPswd' };
const inStore = (CustomKeyStoreId: string) => ({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId });

test('a key store connects after its time', async () => {
  const kit = new Kit({ keyStoreConnectMs: HOUR_MS });
  const { CustomKeyStoreId } = kit.call('CreateCustomKeyStore', STORE);
  const state = () => kit.call('DescribeCustomKeyStores', { CustomKeyStoreId }).CustomKeyStores[0]?.ConnectionState;
  expect(state()).toBe('DISCONNECTED');
  expect(outcome(() => kit.createKey(inStore(CustomKeyStoreId)))).toBe('CustomKeyStoreInvalidStateException');
  kit.call('ConnectCustomKeyStore', { CustomKeyStoreId });
  expect(state()).toBe('CONNECTING');
  await kit.pass(HOUR_MS / 2);
  expect(outcome(() => kit.call('ConnectCustomKeyStore', { CustomKeyStoreId }))).toBe('ok');
  await kit.pass(HOUR_MS / 2);
  expect(state()).toBe('CONNECTED');
});

test('a key store that fails while it connects stays failed', async () => {
  const kit = new Kit({ keyStoreConnectMs: HOUR_MS });
  const { CustomKeyStoreId } = kit.call('CreateCustomKeyStore', STORE);
  kit.call('ConnectCustomKeyStore', { CustomKeyStoreId });
  kit.kms.setKeyStoreState(CustomKeyStoreId, 'FAILED');
  await kit.pass(HOUR_MS);
  expect(kit.call('DescribeCustomKeyStores').CustomKeyStores[0]?.ConnectionState).toBe('FAILED');
});

test('a key store that failed must be disconnected before it connects', async () => {
  const kit = new Kit();
  const CustomKeyStoreId = await kit.connectedKeyStore();
  kit.kms.setKeyStoreState(CustomKeyStoreId, 'FAILED');
  expect(outcome(() => kit.call('ConnectCustomKeyStore', { CustomKeyStoreId }))).toBe('CustomKeyStoreInvalidStateException');
  kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId });
  expect(outcome(() => kit.call('ConnectCustomKeyStore', { CustomKeyStoreId }))).toBe('ok');
});

test('its keys are symmetric and say where they are', async () => {
  const kit = new Kit();
  const id = await kit.connectedKeyStore();
  const { KeyMetadata } = kit.call('CreateKey', inStore(id));
  expect(KeyMetadata).toMatchObject({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: id, CloudHsmClusterId: 'cluster-3a23b4cdefg' });
  expect(KeyMetadata).not.toHaveProperty('CurrentKeyMaterialId');
  expect(outcome(() => kit.createKey({ ...inStore(id), KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }))).toBe('UnsupportedOperationException');
  expect(outcome(() => kit.createKey(inStore('cks-none')))).toBe('CustomKeyStoreNotFoundException');
});

test('disconnecting makes its keys Unavailable, and what is switched meanwhile shows once it is back', async () => {
  const kit = new Kit();
  const id = await kit.connectedKeyStore();
  const [used, disabled, pending] = [kit.createKey(inStore(id)), kit.createKey(inStore(id)), kit.createKey(inStore(id))];
  const outside = kit.createKey();
  kit.call('ScheduleKeyDeletion', { KeyId: pending });
  kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId: id });
  expect([used, disabled, pending, outside].map((key) => kit.stateOf(key))).toEqual(['Unavailable', 'Unavailable', 'PendingDeletion', 'Enabled']);
  expect(outcome(() => kit.call('Encrypt', { KeyId: used, Plaintext }))).toBe('KMSInvalidStateException');
  kit.call('DisableKey', { KeyId: disabled });
  kit.kms.setKeyStoreState(id, 'CONNECTED');
  expect([used, disabled].map((key) => kit.stateOf(key))).toEqual(['Enabled', 'Disabled']);

  const changes = kit.traced('kms.key-state-changed').filter(({ keyId }) => keyId === disabled);
  expect(changes).toEqual([
    { type: 'kms.key-state-changed', actor: ALICE.arn, traceId: ALICE.traceId, keyId: disabled, from: 'Enabled', to: 'Unavailable' },
    { type: 'kms.key-state-changed', actor: 'kms.amazonaws.com', keyId: disabled, from: 'Unavailable', to: 'Disabled' },
  ]);
});

test('names and clusters belong to one key store each', async () => {
  const kit = new Kit();
  await kit.connectedKeyStore();
  expect(outcome(() => kit.call('CreateCustomKeyStore', { ...STORE, CustomKeyStoreName: 'store' }))).toBe('CustomKeyStoreNameInUseException');
  expect(outcome(() => kit.call('CreateCustomKeyStore', { ...STORE, CloudHsmClusterId: 'cluster-3a23b4cdefg' }))).toBe('CloudHsmClusterInUseException');
  expect(kit.call('DescribeCustomKeyStores', { CustomKeyStoreName: 'store' }).CustomKeyStores).toHaveLength(1);
  expect(outcome(() => kit.call('DescribeCustomKeyStores', { CustomKeyStoreName: 'none' }))).toBe('CustomKeyStoreNotFoundException');
});

describe('a key store', () => {
  test('is renamed while it is connected, and changed otherwise while it is not', async () => {
    const kit = new Kit();
    const CustomKeyStoreId = await kit.connectedKeyStore();
    kit.call('UpdateCustomKeyStore', { CustomKeyStoreId, NewCustomKeyStoreName: 'renamed' });
    const change = { CustomKeyStoreId, CloudHsmClusterId: 'cluster-4a23b4cdefg', KeyStorePassword: 'kmsPswd2' };
    expect(outcome(() => kit.call('UpdateCustomKeyStore', change))).toBe('CustomKeyStoreInvalidStateException');
    kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId });
    expect(kit.call('UpdateCustomKeyStore', change)).toEqual({});
    expect(kit.call('DescribeCustomKeyStores').CustomKeyStores).toMatchObject([{ CustomKeyStoreName: 'renamed', CloudHsmClusterId: 'cluster-4a23b4cdefg', ConnectionState: 'DISCONNECTED', TrustAnchorCertificate: 'certificate' }]);
    kit.call('CreateCustomKeyStore', STORE);
    expect(outcome(() => kit.call('UpdateCustomKeyStore', { CustomKeyStoreId, NewCustomKeyStoreName: 'other' }))).toBe('CustomKeyStoreNameInUseException');
  });

  test('is deleted when it is disconnected and holds no key', async () => {
    const kit = new Kit();
    const CustomKeyStoreId = await kit.connectedKeyStore();
    const KeyId = kit.createKey(inStore(CustomKeyStoreId));
    const attempt = () => outcome(() => kit.call('DeleteCustomKeyStore', { CustomKeyStoreId }));
    expect(attempt()).toBe('CustomKeyStoreInvalidStateException');
    kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId });
    expect(attempt()).toBe('CustomKeyStoreHasCMKsException');
    kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
    await kit.pass(7 * 24 * HOUR_MS);
    expect(attempt()).toBe('ok');
    expect(outcome(() => kit.call('ConnectCustomKeyStore', { CustomKeyStoreId }))).toBe('CustomKeyStoreNotFoundException');
  });

  test('is one of ten at most', () => {
    const kit = new Kit();
    const create = (n: number) => outcome(() => kit.call('CreateCustomKeyStore', { ...STORE, CustomKeyStoreName: `store ${n}`, CloudHsmClusterId: `cluster-aaaaaaaaaa${'abcdefghijk'[n]}` }));
    for (let n = 0; n < 10; n++) expect(create(n)).toBe('ok');
    expect(create(10)).toBe('LimitExceededException');
  });
});
