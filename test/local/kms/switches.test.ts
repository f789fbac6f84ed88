import { base64, HOUR_MS, Kit, outcome, refusal } from './kit';

const Plaintext = base64('text');
const MINUTE_MS = 60_000;

test('says how everything is switched', async () => {
  const kit = new Kit({ deletionDelayMs: HOUR_MS, visibilityDelayMs: (what) => (what === 'alias' ? 7 : 0) });
  const store = await kit.connectedKeyStore();
  expect(kit.kms.switches()).toEqual({
    visibilityDelayMs: { key: 0, 'key-state': 0, alias: 7, grant: 0 },
    requestQuotas: 'off',
    deletionDelayMs: HOUR_MS,
    keyStoreConnectMs: 0,
    keyStoreDisconnectMs: 0,
    onDemandRotationMs: 0,
    keyStores: { [store]: { connectionState: 'CONNECTED', failsToConnectWith: null } },
  });
});

test('what is not named stays as it was', () => {
  const kit = new Kit();
  kit.kms.configure({ visibilityDelayMs: { key: 1 }, keyStoreConnectMs: 2, requestQuotas: { ListKeys: 3 } });
  kit.kms.configure({ visibilityDelayMs: { alias: 4 } });
  kit.kms.configure({});
  expect(kit.kms.switches()).toMatchObject({ visibilityDelayMs: { key: 1, 'key-state': 0, alias: 4, grant: 0 }, keyStoreConnectMs: 2, requestQuotas: { ListKeys: 3 } });
});

test('readers lag from the switch on, and no more from the next', async () => {
  const kit = new Kit();
  kit.kms.configure({ visibilityDelayMs: { key: MINUTE_MS } });
  const late = kit.createKey();
  kit.kms.configure({ visibilityDelayMs: { key: 0 } });
  const early = kit.createKey();
  expect([late, early].map((KeyId) => outcome(() => kit.call('DescribeKey', { KeyId })))).toEqual(['NotFoundException', 'ok']);
  await kit.pass(MINUTE_MS);
  expect(kit.stateOf(late)).toBe('Enabled');
});

test('request quotas are switched on, to other values, and off', () => {
  const kit = new Kit();
  kit.kms.configure({ requestQuotas: 'default' });
  for (let n = 0; n < 5; n++) kit.createKey();
  expect(outcome(() => kit.createKey())).toBe('ThrottlingException');
  kit.kms.configure({ requestQuotas: { CreateKey: 6 } });
  expect(outcome(() => kit.createKey())).toBe('ok');
  expect(outcome(() => kit.createKey())).toBe('ThrottlingException');
  kit.kms.configure({ requestQuotas: 'off' });
  expect(outcome(() => kit.createKey())).toBe('ok');
});

describe('the connection of a key store', () => {
  test('fails and comes back, with its keys', async () => {
    const kit = new Kit();
    const store = await kit.connectedKeyStore();
    const KeyId = kit.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: store });
    const described = () => kit.call('DescribeCustomKeyStores').CustomKeyStores[0];
    kit.kms.configure({ keyStores: { [store]: { connectionState: 'FAILED', connectionErrorCode: 'NETWORK_ERRORS' } } });
    expect(described()).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode: 'NETWORK_ERRORS' });
    expect(outcome(() => kit.call('Encrypt', { KeyId, Plaintext }))).toBe('KMSInvalidStateException');
    kit.kms.configure({ keyStores: { [store]: { connectionState: 'CONNECTED' } } });
    expect(described()).not.toHaveProperty('ConnectionErrorCode');
    expect(outcome(() => kit.call('Encrypt', { KeyId, Plaintext }))).toBe('ok');
  });

  test('can be made to fail whenever it is asked for', async () => {
    const kit = new Kit();
    const CustomKeyStoreId = await kit.connectedKeyStore();
    const reconnect = async () => {
      kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId });
      kit.call('ConnectCustomKeyStore', { CustomKeyStoreId });
      await kit.timeline.settle();
      return kit.call('DescribeCustomKeyStores').CustomKeyStores[0];
    };
    kit.kms.configure({ keyStores: { [CustomKeyStoreId]: { failsToConnectWith: 'INVALID_CREDENTIALS' } } });
    expect(await reconnect()).toMatchObject({ ConnectionState: 'FAILED', ConnectionErrorCode: 'INVALID_CREDENTIALS' });
    expect(await reconnect()).toMatchObject({ ConnectionState: 'FAILED' });
    kit.kms.configure({ keyStores: { [CustomKeyStoreId]: { failsToConnectWith: null } } });
    expect(await reconnect()).toMatchObject({ ConnectionState: 'CONNECTED' });
  });

  test('takes its time both ways', async () => {
    const kit = new Kit();
    const CustomKeyStoreId = await kit.connectedKeyStore();
    const state = () => kit.call('DescribeCustomKeyStores').CustomKeyStores[0]?.ConnectionState;
    kit.kms.configure({ keyStoreConnectMs: 20 * MINUTE_MS, keyStoreDisconnectMs: MINUTE_MS });
    kit.call('DisconnectCustomKeyStore', { CustomKeyStoreId });
    expect(state()).toBe('DISCONNECTING');
    for (const operation of ['ConnectCustomKeyStore', 'DisconnectCustomKeyStore', 'DeleteCustomKeyStore', 'UpdateCustomKeyStore']) {
      expect(outcome(() => kit.call(operation, { CustomKeyStoreId }))).toBe('CustomKeyStoreInvalidStateException');
    }
    await kit.pass(MINUTE_MS);
    expect(state()).toBe('DISCONNECTED');
    kit.call('ConnectCustomKeyStore', { CustomKeyStoreId });
    await kit.pass(20 * MINUTE_MS - 1);
    expect(state()).toBe('CONNECTING');
    await kit.pass(1);
    expect(state()).toBe('CONNECTED');
  });
});

describe('refuses', () => {
  test.each<[string, unknown, string]>([
    ['a switch that there is not', { visibilityDelay: 1 }, 'visibilityDelay'],
    ['a delay of something that has none', { visibilityDelayMs: { policy: 1 } }, 'policy'],
    ['a negative delay', { visibilityDelayMs: { key: -1 } }, 'visibilityDelayMs.key'],
    ['a delay of more than a day', { keyStoreConnectMs: 86_400_001 }, 'keyStoreConnectMs'],
    ['quotas in words of its own', { requestQuotas: 'many' }, 'requestQuotas'],
    ['half a request', { requestQuotas: { CreateKey: 0.5 } }, 'requestQuotas'],
    ['a connection state that AWS does not know', { keyStores: { 'cks-1': { connectionState: 'LOST' } } }, 'connectionState'],
    ['an error code without a failure', { keyStores: { 'cks-1': { connectionState: 'CONNECTED', connectionErrorCode: 'NETWORK_ERRORS' } } }, 'connectionErrorCode'],
    ['what is no object', 'off', 'expected object'],
  ])('%s', (_case, switches, named) => {
    const { name, message } = refusal(() => new Kit().kms.configure(switches));
    expect([name, message]).toEqual(['ValidationException', expect.stringContaining(named)]);
  });

  test('a key store that there is not, and applies nothing', () => {
    const kit = new Kit();
    const before = kit.kms.switches();
    expect(outcome(() => kit.kms.configure({ requestQuotas: 'default', keyStores: { 'cks-1': { connectionState: 'FAILED' } } }))).toBe('CustomKeyStoreNotFoundException');
    expect(kit.kms.switches()).toEqual(before);
  });
});
