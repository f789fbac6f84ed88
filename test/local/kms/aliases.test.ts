import { aliasArn, ALICE, HOUR_MS, Kit, keyArn, outcome, refusal, START_MS, UNKNOWN_KEY_ID } from './kit';

test('an alias stands for its key in every way to name one', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: keyArn(KeyId) });
  for (const name of [KeyId, keyArn(KeyId), 'alias/orders', aliasArn('alias/orders')]) {
    expect(kit.call('DescribeKey', { KeyId: name }).KeyMetadata.KeyId).toBe(KeyId);
  }
});

test('every effect on an alias is traced, also the move to the key that it had', () => {
  const kit = new Kit();
  const [one, two] = [kit.createKey(), kit.createKey()];
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one });
  kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: two });
  kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: two });
  kit.call('DeleteAlias', { AliasName: 'alias/orders' });
  const common = { type: 'kms.alias-changed', actor: ALICE.arn, traceId: ALICE.traceId, alias: 'alias/orders' };
  expect(kit.traced('kms.alias-changed')).toEqual([
    { ...common, from: null, to: one },
    { ...common, from: one, to: two },
    { ...common, from: two, to: two },
    { ...common, from: two, to: null },
  ]);
});

test('a refused move changes and traces nothing', () => {
  const kit = new Kit();
  const one = kit.createKey();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one });
  expect(outcome(() => kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: UNKNOWN_KEY_ID }))).toBe('NotFoundException');
  expect(kit.kms.snapshot().aliases).toEqual([{ name: 'alias/orders', targetKeyId: one }]);
  expect(kit.traced('kms.alias-changed')).toHaveLength(1);
});

test.each([
  ['alias/aws/orders', 'InvalidAliasNameException'],
  ['alias/or:ders', 'InvalidAliasNameException'],
  ['orders', 'ValidationException'],
  ['alias/', 'ValidationException'],
  ['alias/or ders', 'ValidationException'],
  [`alias/${'a'.repeat(251)}`, 'ValidationException'],
])('refuses the alias name %s', (AliasName, name) => {
  const kit = new Kit();
  expect(outcome(() => kit.call('CreateAlias', { AliasName, TargetKeyId: kit.createKey() }))).toBe(name);
});

test('refuses a second alias of the same name, and knows small letters from capitals', () => {
  const kit = new Kit();
  const TargetKeyId = kit.createKey();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId });
  kit.call('CreateAlias', { AliasName: 'alias/Orders', TargetKeyId });
  expect(refusal(() => kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId }))).toEqual({
    name: 'AlreadyExistsException',
    message: `An alias with the name ${aliasArn('alias/orders')} already exists`,
  });
});

test.each(['UpdateAlias', 'DeleteAlias'])('%s refuses an alias that is not there', (operation) => {
  const kit = new Kit();
  expect(refusal(() => kit.call(operation, { AliasName: 'alias/none', TargetKeyId: kit.createKey() }))).toEqual({
    name: 'NotFoundException',
    message: `Alias ${aliasArn('alias/none')} is not found.`,
  });
});

test.each([
  ['another usage', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }, 'ValidationException'],
  ['another type', {}, { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }, 'ValidationException'],
  ['an HMAC key', {}, { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }, 'ValidationException'],
  ['another asymmetric family', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' }, { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }, 'ok'],
])('moving an alias to a key of %s', (_what, from, to, expected) => {
  const kit = new Kit();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: kit.createKey(from) });
  expect(outcome(() => kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: kit.createKey(to) }))).toBe(expected);
});

test('an alias moves to a Disabled key, and away from a key that is pending deletion, but not to one', () => {
  const kit = new Kit();
  const [disabled, pending] = [kit.createKey(), kit.createKey()];
  kit.call('DisableKey', { KeyId: disabled });
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: pending });
  kit.call('ScheduleKeyDeletion', { KeyId: pending });
  kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: disabled });
  expect(refusal(() => kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: pending }))).toEqual({
    name: 'KMSInvalidStateException',
    message: `${keyArn(pending)} is pending deletion.`,
  });
});

test('the aliases of a key end with it, by the hand of KMS, and not before', async () => {
  const kit = new Kit();
  const [one, other] = [kit.createKey(), kit.createKey()];
  kit.call('CreateAlias', { AliasName: 'alias/one', TargetKeyId: one });
  kit.call('CreateAlias', { AliasName: 'alias/one/v1', TargetKeyId: one });
  kit.call('CreateAlias', { AliasName: 'alias/other', TargetKeyId: other });
  kit.call('ScheduleKeyDeletion', { KeyId: one, PendingWindowInDays: 7 });
  await kit.pass(7 * 24 * HOUR_MS - 1);
  expect(kit.kms.snapshot().aliases).toHaveLength(3);
  await kit.pass(1);
  expect(kit.kms.snapshot().aliases).toEqual([{ name: 'alias/other', targetKeyId: other }]);
  expect(kit.traced('kms.alias-changed').slice(3)).toMatchObject(['alias/one', 'alias/one/v1'].map((alias) => ({ actor: 'kms.amazonaws.com', alias, from: one, to: null })));
});

test('a key holds 50 aliases', () => {
  const kit = new Kit();
  const TargetKeyId = kit.createKey();
  for (let n = 0; n < 50; n++) kit.call('CreateAlias', { AliasName: `alias/${n}`, TargetKeyId });
  expect(outcome(() => kit.call('CreateAlias', { AliasName: 'alias/one-more', TargetKeyId }))).toBe('LimitExceededException');
  kit.call('CreateAlias', { AliasName: 'alias/one-more', TargetKeyId: kit.createKey() });
  expect(outcome(() => kit.call('UpdateAlias', { AliasName: 'alias/one-more', TargetKeyId }))).toBe('LimitExceededException');
  kit.call('UpdateAlias', { AliasName: 'alias/0', TargetKeyId });
});

test('ListAliases tells when an alias was made and moved, and can ask for one key', async () => {
  const kit = new Kit();
  const [one, two] = [kit.createKey(), kit.createKey()];
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one });
  await kit.pass(HOUR_MS);
  kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: two });
  expect(kit.call('ListAliases', { KeyId: one }).Aliases).toEqual([]);
  expect(kit.call('ListAliases', { KeyId: two })).toEqual({
    Aliases: [
      {
        AliasName: 'alias/orders',
        AliasArn: aliasArn('alias/orders'),
        TargetKeyId: two,
        CreationDate: START_MS / 1000,
        LastUpdatedDate: (START_MS + HOUR_MS) / 1000,
      },
    ],
    Truncated: false,
  });
});

test('pages of a list hold every item once, also when one is added meanwhile', () => {
  const kit = new Kit();
  const TargetKeyId = kit.createKey();
  for (const name of ['a', 'b', 'd', 'e', 'f']) kit.call('CreateAlias', { AliasName: `alias/${name}`, TargetKeyId });
  const first = kit.call('ListAliases', { Limit: 2 });
  expect(first.Truncated).toBe(true);
  kit.call('CreateAlias', { AliasName: 'alias/c', TargetKeyId });
  const second = kit.call('ListAliases', { Limit: 100, Marker: first.NextMarker });
  const names = [...first.Aliases, ...second.Aliases].map(({ AliasName }: { AliasName: string }) => AliasName);
  expect(names).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `alias/${name}`));
  expect(outcome(() => kit.call('ListAliases', { Marker: 'nonsense' }))).toBe('InvalidMarkerException');
});

test.each(['EnableKey', 'DisableKey', 'ScheduleKeyDeletion', 'GetKeyPolicy', 'ListResourceTags'])('%s takes no alias', (operation) => {
  const kit = new Kit();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: kit.createKey() });
  expect(outcome(() => kit.call(operation, { KeyId: 'alias/orders' }))).toBe('NotFoundException');
});
