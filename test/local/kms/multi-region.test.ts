import { ACCOUNT_ID, base64, Kit, keyArn, outcome, refusal, REGION } from './kit';

test('a multi-Region primary key has an id of its own kind, and works as every key', () => {
  const kit = new Kit();
  const { KeyMetadata } = kit.call('CreateKey', { MultiRegion: true, KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
  expect(KeyMetadata.KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
  expect(KeyMetadata.MultiRegionConfiguration).toEqual({ MultiRegionKeyType: 'PRIMARY', PrimaryKey: { Arn: KeyMetadata.Arn, Region: REGION }, ReplicaKeys: [] });
  const { KeyId } = KeyMetadata;
  kit.call('CreateAlias', { AliasName: 'alias/mrk', TargetKeyId: KeyId });
  expect(kit.call('GenerateMac', { KeyId: 'alias/mrk', Message: base64('m'), MacAlgorithm: 'HMAC_SHA_256' }).KeyId).toBe(keyArn(KeyId));
});

test('its replicas and another primary Region are refused by name', () => {
  const kit = new Kit();
  const KeyId = kit.createKey({ MultiRegion: true });
  expect(refusal(() => kit.call('ReplicateKey', { KeyId, ReplicaRegion: 'us-west-2' })).message).toContain('ReplicateKey');
  expect(refusal(() => kit.call('UpdatePrimaryRegion', { KeyId, PrimaryRegion: 'us-west-2' })).message).toContain('UpdatePrimaryRegion');
});

test.each([
  ['ReplicateKey', 'ReplicaRegion'],
  ['UpdatePrimaryRegion', 'PrimaryRegion'],
])('%s is for multi-Region primary keys that are Enabled, and for Regions', (operation, member) => {
  const kit = new Kit();
  const single = kit.createKey();
  expect(refusal(() => kit.call(operation, { KeyId: single, [member]: 'us-west-2' }))).toEqual({ name: 'UnsupportedOperationException', message: `${keyArn(single)} is not a multi-region primary key.` });
  const KeyId = kit.createKey({ MultiRegion: true });
  expect(outcome(() => kit.call(operation, { KeyId, [member]: 'nowhere' }))).toBe('ValidationException');
  kit.call('DisableKey', { KeyId });
  expect(outcome(() => kit.call(operation, { KeyId, [member]: 'us-west-2' }))).toBe('DisabledException');
});

test('a key store holds none', async () => {
  const kit = new Kit();
  const CustomKeyStoreId = await kit.connectedKeyStore();
  expect(outcome(() => kit.createKey({ MultiRegion: true, Origin: 'AWS_CLOUDHSM', CustomKeyStoreId }))).toBe('UnsupportedOperationException');
});

test.each([
  ['another account', `arn:aws:kms:${REGION}:222222222222:key/00000000-0000-4000-8000-000000000000`, "Key 'arn:aws:kms:eu-central-1:222222222222:key/00000000-0000-4000-8000-000000000000' does not exist"],
  ['another account by alias', `arn:aws:kms:${REGION}:222222222222:alias/a`, 'Alias arn:aws:kms:eu-central-1:222222222222:alias/a is not found.'],
  ['another Region', `arn:aws:kms:us-west-2:${ACCOUNT_ID}:key/00000000-0000-4000-8000-000000000000`, 'Invalid arn us-west-2'],
])('a key of %s is not found', (_case, KeyId, message) => {
  expect(refusal(() => new Kit().call('DescribeKey', { KeyId }))).toEqual({ name: 'NotFoundException', message });
});
