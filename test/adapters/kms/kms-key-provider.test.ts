import type { KmsKeyProvider } from '../../../lambdas/adapters/kms/kms-key-provider';
import { carriedGrantName } from '../../../lambdas/adapters/kms/grants';
import {
  KEY_ARN,
  KEY_ID,
  OTHER_KEY_ARN,
  OTHER_KEY_ID,
  answers,
  breaks,
  fails,
  garbles,
  metadata,
  stubKms,
  type Reply,
} from './stub-kms';

const NEW_KEY = {
  spec: 'SYMMETRIC_DEFAULT',
  usage: 'ENCRYPT_DECRYPT',
  origin: 'AWS_KMS',
  description: 'orders v2',
  policy: '{"Statement":[]}',
  tags: { 'keyturn:key': 'orders', team: 'shop' },
} as const;

const OBSERVED = {
  keyId: KEY_ID,
  keyArn: KEY_ARN,
  keyState: 'Enabled',
  description: '',
  spec: 'SYMMETRIC_DEFAULT',
  usage: 'ENCRYPT_DECRYPT',
  origin: 'AWS_KMS',
  isMultiRegion: false,
  isCustomerManaged: true,
  createdAt: '2026-04-01T00:00:00.000Z',
};

/** Every change of the port, with the operation that it sends and what its errors say that it was for. */
const CHANGES: readonly (readonly [string, string, (keys: KmsKeyProvider) => Promise<unknown>])[] = [
  ['CreateKey', 'a SYMMETRIC_DEFAULT key for ENCRYPT_DECRYPT', (keys) => keys.createKey(NEW_KEY)],
  ['CreateAlias', `alias/orders/v2 to ${KEY_ID}`, (keys) => keys.ensureAlias('alias/orders/v2', KEY_ID)],
  ['UpdateAlias', `alias/orders to ${KEY_ID}`, (keys) => keys.moveAlias('alias/orders', KEY_ID)],
  ['PutKeyPolicy', KEY_ID, (keys) => keys.putKeyPolicy(KEY_ID, '{}')],
  ['TagResource', KEY_ID, (keys) => keys.addTags(KEY_ID, { team: 'shop' })],
  ['CreateGrant', `${KEY_ID} from a grant on ${OTHER_KEY_ID}`, (keys) => keys.carryGrants(OTHER_KEY_ID, KEY_ID)],
  ['DisableKey', KEY_ID, (keys) => keys.disable(KEY_ID)],
  ['ScheduleKeyDeletion', KEY_ID, (keys) => keys.scheduleDeletion(KEY_ID, 7)],
  ['CancelKeyDeletion', KEY_ID, (keys) => keys.cancelDeletion(KEY_ID)],
  ['EnableKey', KEY_ID, (keys) => keys.enable(KEY_ID)],
];

const GRANT = {
  GrantId: 'grant-1',
  GranteePrincipal: 'arn:aws:iam::111122223333:role/orders',
  RetiringPrincipal: 'arn:aws:iam::111122223333:role/admin',
  Operations: ['Decrypt', 'DescribeKey'],
  Constraints: { EncryptionContextSubset: { tenant: 'a' } },
};

describe('a change', () => {
  test.each(CHANGES)('%s is sent once when its answer is lost, and its outcome is unknown', async (operation, _subject, change) => {
    const { keys, calls } = stubKms({ ListGrants: answers({ Grants: [GRANT] }), [operation]: breaks('ECONNRESET') });
    await expect(change(keys)).rejects.toMatchObject({ name: operation === 'CreateKey' ? 'CreateOutcomeUnknown' : 'KmsOutcomeUnknown' });
    expect(calls.filter(([called]) => called === operation)).toHaveLength(1);
  });

  test.each(CHANGES)('%s is sent once when KMS fails inside, and its outcome is unknown', async (operation, _subject, change) => {
    const { keys, calls } = stubKms({ ListGrants: answers({ Grants: [GRANT] }), [operation]: fails('KMSInternalException', 500) });
    await expect(change(keys)).rejects.toMatchObject({ name: operation === 'CreateKey' ? 'CreateOutcomeUnknown' : 'KmsOutcomeUnknown' });
    expect(calls.filter(([called]) => called === operation)).toHaveLength(1);
  });

  test.each(CHANGES)('%s that is throttled had no effect', async (operation, _subject, change) => {
    const { keys } = stubKms({ ListGrants: answers({ Grants: [GRANT] }), [operation]: fails('ThrottlingException') });
    await expect(change(keys)).rejects.toMatchObject({ name: 'Throttled' });
  });

  test.each(CHANGES)('%s that is denied says so', async (operation, subject, change) => {
    const { keys } = stubKms({ ListGrants: answers({ Grants: [GRANT] }), [operation]: fails('AccessDeniedException') });
    await expect(change(keys)).rejects.toMatchObject({ name: 'PermissionDenied', message: `${operation} for ${subject}: AccessDeniedException: what AWS says` });
  });

  test.each(CHANGES.filter(([operation]) => ['DisableKey', 'CancelKeyDeletion', 'EnableKey'].includes(operation)))('%s names its key and nothing else', async (operation, _subject, change) => {
    const { keys, calls } = stubKms({ [operation]: answers({}) });
    await change(keys);
    expect(calls).toEqual([[operation, { KeyId: KEY_ID }]]);
  });
});

describe('createKey', () => {
  test('sends policy, description and tags inside the call', async () => {
    const { keys, calls } = stubKms({ CreateKey: answers(metadata()) });
    await expect(keys.createKey(NEW_KEY)).resolves.toEqual(OBSERVED);
    expect(calls).toEqual([
      [
        'CreateKey',
        {
          KeySpec: 'SYMMETRIC_DEFAULT',
          KeyUsage: 'ENCRYPT_DECRYPT',
          Origin: 'AWS_KMS',
          Description: 'orders v2',
          Policy: '{"Statement":[]}',
          Tags: [
            { TagKey: 'keyturn:key', TagValue: 'orders' },
            { TagKey: 'team', TagValue: 'shop' },
          ],
        },
      ],
    ]);
  });

  test('names the custom key store', async () => {
    const { keys, calls } = stubKms({ CreateKey: answers(metadata({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-1' })) });
    await expect(keys.createKey({ ...NEW_KEY, origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1' })).resolves.toMatchObject({ keyStoreId: 'cks-1' });
    expect(calls[0]?.[1]).toMatchObject({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: 'cks-1' });
  });

  test.each<[string, Reply]>([
    ['cannot be parsed', garbles(200, '{"KeyMetadata":{')],
    ['is an error page', garbles(502, '<html>')],
    ['has no key', answers({})],
    ['has no key ARN', answers(metadata({ Arn: undefined }))],
  ])('leaves its outcome unknown when the answer %s', async (_what, reply) => {
    await expect(stubKms({ CreateKey: reply }).keys.createKey(NEW_KEY)).rejects.toMatchObject({ name: 'CreateOutcomeUnknown' });
  });

  test('refuses a usage that KMS does not have for the spec, before it calls', async () => {
    const { keys, calls } = stubKms({});
    await expect(keys.createKey({ ...NEW_KEY, usage: 'SIGN_VERIFY' })).rejects.toMatchObject({
      name: 'UnsupportedKey',
      message: 'There is no key with spec SYMMETRIC_DEFAULT and usage SIGN_VERIFY; lambdas/contract/key-specs.ts lists them all',
    });
    await expect(keys.createKey({ ...NEW_KEY, spec: 'SM2' })).rejects.toMatchObject({ name: 'UnsupportedKey' });
    expect(calls).toEqual([]);
  });
});

describe('ensureAlias', () => {
  const exists = fails('AlreadyExistsException');

  test('is content with an alias that points to the key already', async () => {
    const { keys, calls } = stubKms({ CreateAlias: exists, DescribeKey: answers(metadata()) });
    await keys.ensureAlias('alias/orders/v2', KEY_ID);
    expect(calls).toEqual([
      ['CreateAlias', { AliasName: 'alias/orders/v2', TargetKeyId: KEY_ID }],
      ['DescribeKey', { KeyId: 'alias/orders/v2' }],
    ]);
  });

  test('refuses an alias that points to another key', async () => {
    const { keys } = stubKms({ CreateAlias: exists, DescribeKey: answers(metadata({ KeyId: OTHER_KEY_ID, Arn: OTHER_KEY_ARN })) });
    await expect(keys.ensureAlias('alias/orders/v2', KEY_ID)).rejects.toMatchObject({
      name: 'ObservedMismatch',
      message: `alias/orders/v2 should point to ${KEY_ID}, and points to ${OTHER_KEY_ID}`,
    });
  });

  test('waits while KMS does not show the target of an alias that exists', async () => {
    const { keys } = stubKms({ CreateAlias: exists, DescribeKey: fails('NotFoundException') });
    await expect(keys.ensureAlias('alias/orders/v2', KEY_ID)).rejects.toMatchObject({
      name: 'KmsNotConsistentYet',
      message: 'alias/orders/v2 exists, but KMS does not show yet which key it points to',
    });
  });

  test('waits while KMS does not know the fresh key everywhere', async () => {
    const { keys } = stubKms({ CreateAlias: fails('NotFoundException') });
    await expect(keys.ensureAlias('alias/orders/v2', KEY_ID)).rejects.toMatchObject({ name: 'KmsNotConsistentYet' });
  });
});

/** KMS does not take the call in the key's state. */
const refused = fails('KMSInvalidStateException');

describe('scheduleDeletion', () => {
  test('says when KMS will delete the key', async () => {
    const { keys, calls } = stubKms({ ScheduleKeyDeletion: answers({ KeyId: KEY_ARN, DeletionDate: 1_775_606_400 }) });
    await expect(keys.scheduleDeletion(KEY_ID, 7)).resolves.toBe('2026-04-08T00:00:00.000Z');
    expect(calls).toEqual([['ScheduleKeyDeletion', { KeyId: KEY_ID, PendingWindowInDays: 7 }]]);
  });

  test('takes a key that is pending deletion already as success, with its own date', async () => {
    const pending = answers(metadata({ KeyState: 'PendingDeletion', DeletionDate: 1_775_606_400 }));
    const { keys } = stubKms({ ScheduleKeyDeletion: refused, DescribeKey: pending });
    await expect(keys.scheduleDeletion(KEY_ID, 30)).resolves.toBe('2026-04-08T00:00:00.000Z');
  });

  const notScheduled = `KMS does not schedule the deletion of ${KEY_ID}, and shows it as`;
  const notPending = `${KEY_ID} should be pending deletion, and is`;
  test.each<[string, Reply, string, string]>([
    ['Disabled, as before our own call', answers(metadata({ KeyState: 'Disabled' })), 'KmsNotConsistentYet', `${notScheduled} Disabled`],
    ['Updating', answers(metadata({ KeyState: 'Updating' })), 'KmsNotConsistentYet', `${notScheduled} Updating`],
    ['Unavailable', answers(metadata({ KeyState: 'Unavailable' })), 'KmsNotConsistentYet', `${notScheduled} Unavailable`],
    ['not there', fails('NotFoundException'), 'KmsNotConsistentYet', `${notScheduled} unknown`],
    ['Enabled', answers(metadata()), 'ObservedMismatch', `${notPending} Enabled`],
    ['PendingReplicaDeletion', answers(metadata({ KeyState: 'PendingReplicaDeletion' })), 'ObservedMismatch', `${notPending} PendingReplicaDeletion`],
    ['PendingDeletion without a date', answers(metadata({ KeyState: 'PendingDeletion' })), 'ObservedMismatch', `${notPending} PendingDeletion`],
  ])('refused by KMS, of a key that it shows as %s, fails', async (_state, shown, name, message) => {
    const { keys } = stubKms({ ScheduleKeyDeletion: refused, DescribeKey: shown });
    await expect(keys.scheduleDeletion(KEY_ID, 7)).rejects.toMatchObject({ name, message });
  });

  test('whose answer has no date may have been made', async () => {
    await expect(stubKms({ ScheduleKeyDeletion: answers({ KeyId: KEY_ARN }) }).keys.scheduleDeletion(KEY_ID, 7)).rejects.toMatchObject({
      name: 'KmsOutcomeUnknown',
      message: `ScheduleKeyDeletion for ${KEY_ID}: the answer has no DeletionDate`,
    });
  });
});

describe('cancelDeletion', () => {
  test.each(['Disabled', 'Enabled'])('refused by KMS, of a key that it shows as %s, has nothing to cancel', async (KeyState) => {
    const { keys } = stubKms({ CancelKeyDeletion: refused, DescribeKey: answers(metadata({ KeyState })) });
    await expect(keys.cancelDeletion(KEY_ID)).resolves.toBeUndefined();
  });

  test.each<[string, Reply, string, string]>([
    ['PendingDeletion', answers(metadata({ KeyState: 'PendingDeletion' })), 'KmsNotConsistentYet', `KMS does not cancel the deletion of ${KEY_ID}, and shows it as PendingDeletion`],
    ['not there', fails('NotFoundException'), 'ObservedMismatch', `${KEY_ID} is gone: its deletion cannot be cancelled any more`],
  ])('refused by KMS, of a key that it shows as %s, fails', async (_state, shown, name, message) => {
    const { keys } = stubKms({ CancelKeyDeletion: refused, DescribeKey: shown });
    await expect(keys.cancelDeletion(KEY_ID)).rejects.toMatchObject({ name, message });
  });
});

describe('tryDisabled', () => {
  const tryDisabled = (encrypt: Reply): Promise<void> => stubKms({ Encrypt: encrypt }).keys.tryDisabled(KEY_ID, 'SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'context');

  test.each(['DisabledException', 'KMSInvalidStateException'])('is content when KMS refuses the use of the key with %s', async (exception) => {
    await expect(tryDisabled(fails(exception))).resolves.toBeUndefined();
  });

  test.each<[string, Reply, string, string]>([
    ['lets the key be used', answers({ KeyId: KEY_ARN, CiphertextBlob: 'eA==' }), 'KmsNotConsistentYet', `KMS lets ${KEY_ID} be used, which it shows as Disabled`],
    ['refuses for another reason', fails('AccessDeniedException'), 'PermissionDenied', `Encrypt for ${KEY_ID}: AccessDeniedException: what AWS says`],
    ['does not answer', breaks('ECONNRESET'), 'Throttled', `Encrypt for ${KEY_ID}: no usable answer, Error, ECONNRESET`],
  ])('has shown nothing when KMS %s', async (_what, reply, name, message) => {
    await expect(tryDisabled(reply)).rejects.toMatchObject({ name, message });
  });
});

describe('carryGrants', () => {
  test('makes each grant with its own operations, constraints and retiring principal, under a name of its source', async () => {
    const { keys, calls } = stubKms({ ListGrants: answers({ Grants: [GRANT] }), CreateGrant: answers({ GrantId: 'grant-9', GrantToken: 'token' }) });
    await keys.carryGrants(OTHER_KEY_ID, KEY_ID);
    await keys.carryGrants(OTHER_KEY_ID, KEY_ID);
    const { GrantId, ...grant } = GRANT;
    const made = ['CreateGrant', { KeyId: KEY_ID, Name: carriedGrantName(GrantId), ...grant }];
    expect(calls.filter(([operation]) => operation === 'CreateGrant')).toEqual([made, made]);
    expect(carriedGrantName(GrantId)).toMatch(/^keyturn-[0-9a-f]{64}$/);
  });

  test('follows the pages', async () => {
    const { keys, calls } = stubKms({
      ListGrants: [
        answers({ Grants: [GRANT], Truncated: true, NextMarker: 'next' }),
        answers({ Grants: [{ ...GRANT, GrantId: 'grant-2' }], Truncated: false }),
      ],
      CreateGrant: answers({}),
    });
    await keys.carryGrants(OTHER_KEY_ID, KEY_ID);
    expect(calls.map(([operation, input]) => [operation, input['Marker'] ?? input['Name']])).toEqual([
      ['ListGrants', undefined],
      ['ListGrants', 'next'],
      ['CreateGrant', carriedGrantName('grant-1')],
      ['CreateGrant', carriedGrantName('grant-2')],
    ]);
  });

  test.each([
    ['its grantee is a service', { GranteePrincipal: 'dynamodb.eu-central-1.amazonaws.com' }],
    ['a service may retire it', { RetiringPrincipal: 'dynamodb.eu-central-1.amazonaws.com' }],
    ['its grantee is a service principal', { GranteePrincipal: undefined, GranteeServicePrincipal: 'rds.amazonaws.com' }],
    ['a service principal may retire it', { RetiringPrincipal: undefined, RetiringServicePrincipal: 'rds.amazonaws.com' }],
  ])('leaves a grant out when %s', async (_why, changes) => {
    const { keys, calls } = stubKms({ ListGrants: answers({ Grants: [{ ...GRANT, ...changes }] }) });
    await expect(keys.grants(OTHER_KEY_ID)).resolves.toMatchObject([{ grantId: 'grant-1', isMadeByService: true }]);
    await keys.carryGrants(OTHER_KEY_ID, KEY_ID);
    expect(calls.map(([operation]) => operation)).toEqual(['ListGrants', 'ListGrants']);
  });

  test.each([
    ['whose grantee was deleted from IAM, and is shown as its bare id', 'AROAEXAMPLE'],
    ['without a grantee', undefined],
  ])('leaves a grant out %s, and does not miss it either', async (_what, GranteePrincipal) => {
    const { keys, calls } = stubKms({ ListGrants: [answers({ Grants: [{ ...GRANT, GranteePrincipal }] }), answers({}), answers({ Grants: [{ ...GRANT, GranteePrincipal }] })] });
    await keys.carryGrants(OTHER_KEY_ID, KEY_ID);
    await expect(keys.uncarriedGrants(OTHER_KEY_ID, KEY_ID)).resolves.toEqual([]);
    expect(calls.map(([operation]) => operation)).toEqual(['ListGrants', 'ListGrants', 'ListGrants']);
  });

  test('takes a role with dots in its name for no service', async () => {
    const GranteePrincipal = 'arn:aws:iam::111122223333:role/orders.api';
    const { keys, calls } = stubKms({ ListGrants: answers({ Grants: [{ ...GRANT, GranteePrincipal }] }), CreateGrant: answers({}) });
    await expect(keys.grants(OTHER_KEY_ID)).resolves.toMatchObject([{ granteePrincipal: GranteePrincipal, isMadeByService: false }]);
    await keys.carryGrants(OTHER_KEY_ID, KEY_ID);
    expect(calls.at(-1)).toMatchObject(['CreateGrant', { GranteePrincipal }]);
  });
});

describe('a read', () => {
  test('of an alias that KMS does not know finds nothing', async () => {
    const { keys } = stubKms({ DescribeKey: fails('NotFoundException') });
    await expect(keys.aliasTarget('alias/orders')).resolves.toBeUndefined();
    await expect(keys.describe(KEY_ID)).resolves.toBeUndefined();
  });

  test('of an alias gives the bare id of its key', async () => {
    const { keys, calls } = stubKms({ DescribeKey: answers(metadata()) });
    await expect(keys.aliasTarget('alias/orders')).resolves.toBe(KEY_ID);
    expect(calls).toEqual([['DescribeKey', { KeyId: 'alias/orders' }]]);
  });

  test('of keys by tags asks for all tags, follows the pages, and describes each key that KMS still knows', async () => {
    const third = `${KEY_ARN.slice(0, -1)}6`;
    const { keys, calls } = stubKms({
      GetResources: [
        answers({ ResourceTagMappingList: [{ ResourceARN: KEY_ARN }, { ResourceARN: third }], PaginationToken: 'next' }),
        answers({ ResourceTagMappingList: [{ ResourceARN: OTHER_KEY_ARN }], PaginationToken: '' }),
      ],
      DescribeKey: [
        answers(metadata()),
        fails('NotFoundException'),
        answers(metadata({ KeyId: OTHER_KEY_ID, Arn: OTHER_KEY_ARN, KeyState: 'PendingDeletion', DeletionDate: 1_775_606_400 })),
      ],
    });
    await expect(keys.findByTags({ 'keyturn:key': 'orders', 'keyturn:version': '2' })).resolves.toEqual([
      OBSERVED,
      { ...OBSERVED, keyId: OTHER_KEY_ID, keyArn: OTHER_KEY_ARN, keyState: 'PendingDeletion', deletionAt: '2026-04-08T00:00:00.000Z' },
    ]);
    expect(calls[0]).toEqual([
      'GetResources',
      {
        ResourceTypeFilters: ['kms:key'],
        TagFilters: [
          { Key: 'keyturn:key', Values: ['orders'] },
          { Key: 'keyturn:version', Values: ['2'] },
        ],
      },
    ]);
    expect(calls.map(([operation, input]) => input['PaginationToken'] ?? operation)).toEqual(['GetResources', 'next', 'DescribeKey', 'DescribeKey', 'DescribeKey']);
  });

  test('of tagged keys gives each with its id and its tags', async () => {
    const { keys } = stubKms({
      GetResources: answers({
        ResourceTagMappingList: [
          { ResourceARN: KEY_ARN, Tags: [{ Key: 'team', Value: 'shop' }, { Key: 'no value' }, { Value: 'no key' }] },
          { ResourceARN: OTHER_KEY_ARN },
        ],
      }),
    });
    await expect(keys.taggedKeys({ team: 'shop' })).resolves.toEqual([
      { keyArn: KEY_ARN, keyId: KEY_ID, tags: { team: 'shop', 'no value': '', '': 'no key' } },
      { keyArn: OTHER_KEY_ARN, keyId: OTHER_KEY_ID, tags: {} },
    ]);
  });

  test('of a list that the answer does not have finds nothing', async () => {
    const { keys } = stubKms({ GetResources: answers({}), ListResourceTags: answers({}), ListGrants: answers({}) });
    await expect(keys.taggedKeys({ team: 'shop' })).resolves.toEqual([]);
    await expect(keys.tags(KEY_ID)).resolves.toEqual({});
    await expect(keys.grants(KEY_ID)).resolves.toEqual([]);
  });

  test('of a key has no member for what KMS does not say', async () => {
    const { keys } = stubKms({ DescribeKey: answers(metadata()) });
    await expect(keys.describe(KEY_ID)).resolves.toStrictEqual(OBSERVED);
  });

  test('of a key that AWS manages says so', async () => {
    const { keys } = stubKms({ DescribeKey: answers(metadata({ KeyManager: 'AWS' })) });
    await expect(keys.describe(KEY_ID)).resolves.toEqual({ ...OBSERVED, isCustomerManaged: false });
  });

  test('of grants gives the name that a grant has', async () => {
    const { keys } = stubKms({ ListGrants: answers({ Grants: [GRANT, { ...GRANT, GrantId: 'grant-2', Name: 'by hand' }] }) });
    const observed = { granteePrincipal: GRANT.GranteePrincipal, isMadeByService: false };
    await expect(keys.grants(KEY_ID)).resolves.toStrictEqual([
      { grantId: 'grant-1', ...observed },
      { grantId: 'grant-2', name: 'by hand', ...observed },
    ]);
  });

  test('of the grants that were carried, and of those that should be, says which of them was refused', async () => {
    const { keys } = stubKms({ ListGrants: [answers({ Grants: [] }), fails('AccessDeniedException')] });
    await expect(keys.uncarriedGrants(OTHER_KEY_ID, KEY_ID)).rejects.toMatchObject({
      name: 'PermissionDenied',
      message: `ListGrants for ${OTHER_KEY_ID}: AccessDeniedException: what AWS says`,
    });
  });

  test('of the tags follows the pages', async () => {
    const { keys } = stubKms({
      ListResourceTags: [
        answers({ Tags: [{ TagKey: 'team', TagValue: 'shop' }], Truncated: true, NextMarker: 'next' }),
        answers({ Tags: [{ TagKey: 'empty', TagValue: '' }], Truncated: false }),
      ],
    });
    await expect(keys.tags(KEY_ID)).resolves.toEqual({ team: 'shop', empty: '' });
  });

  test('of a public key gives its DER, and nothing for a key that has none', async () => {
    const spki = Buffer.from('a public key').toString('base64');
    await expect(stubKms({ GetPublicKey: answers({ KeyId: KEY_ARN, PublicKey: spki }) }).keys.publicKey(KEY_ID)).resolves.toBe(spki);
    await expect(stubKms({ GetPublicKey: fails('UnsupportedOperationException') }).keys.publicKey(KEY_ID)).resolves.toBeUndefined();
  });

  test('of the last usage tells no use from a use', async () => {
    const TrackingStartDate = 1_775_001_600;
    for (const unused of [{}, { KeyLastUsage: {} }]) {
      await expect(stubKms({ GetKeyLastUsage: answers({ ...unused, TrackingStartDate }) }).keys.lastUsage(KEY_ID)).resolves.toEqual({
        lastUsedAt: null,
        trackedSince: '2026-04-01T00:00:00.000Z',
      });
    }
    const used = answers({ KeyLastUsage: { Operation: 'Decrypt', Timestamp: 1_775_606_400 }, TrackingStartDate });
    await expect(stubKms({ GetKeyLastUsage: used }).keys.lastUsage(KEY_ID)).resolves.toEqual({
      lastUsedAt: '2026-04-08T00:00:00.000Z',
      trackedSince: '2026-04-01T00:00:00.000Z',
    });
  });

  test('of a key store gives its connection state', async () => {
    const { keys, calls } = stubKms({ DescribeCustomKeyStores: answers({ CustomKeyStores: [{ CustomKeyStoreId: 'cks-1', ConnectionState: 'DISCONNECTED' }] }) });
    await expect(keys.keyStoreState('cks-1')).resolves.toBe('DISCONNECTED');
    expect(calls).toEqual([['DescribeCustomKeyStores', { CustomKeyStoreId: 'cks-1' }]]);
  });

  test('of a key store that is not there refuses it', async () => {
    const { keys } = stubKms({ DescribeCustomKeyStores: fails('CustomKeyStoreNotFoundException') });
    await expect(keys.keyStoreState('cks-1')).rejects.toMatchObject({ name: 'UnsupportedKey' });
  });

  test('of the policy names the only policy there is', async () => {
    const { keys, calls } = stubKms({ GetKeyPolicy: answers({ Policy: '{}' }) });
    await expect(keys.keyPolicy(KEY_ID)).resolves.toBe('{}');
    expect(calls).toEqual([['GetKeyPolicy', { KeyId: KEY_ID, PolicyName: 'default' }]]);
  });

  test('that fails inside KMS had no effect and is tried again', async () => {
    const { keys } = stubKms({ DescribeKey: fails('KMSInternalException', 500) });
    await expect(keys.describe(KEY_ID)).rejects.toMatchObject({ name: 'Throttled' });
  });

  type Read = (keys: KmsKeyProvider) => Promise<unknown>;
  const describeKey: Read = (keys) => keys.describe(KEY_ID);
  const tags: Read = (keys) => keys.tags(KEY_ID);
  const grants: Read = (keys) => keys.grants(KEY_ID);
  const carried: Read = (keys) => keys.carryGrants(KEY_ID, OTHER_KEY_ID);
  const keyStore: Read = (keys) => keys.keyStoreState('cks-1');
  test.each<readonly [string, string, string, object, Read]>([
    ['DescribeKey', KEY_ID, 'KeyMetadata', {}, describeKey],
    ...Object.keys(metadata().KeyMetadata).map((member) => ['DescribeKey', KEY_ID, member, metadata({ [member]: undefined }), describeKey] as const),
    ['GetResources', 'keys with the tags {"team":"shop"}', 'ResourceARN', { ResourceTagMappingList: [{}] }, (keys) => keys.taggedKeys({ team: 'shop' })],
    ['GetKeyPolicy', KEY_ID, 'Policy', {}, (keys) => keys.keyPolicy(KEY_ID)],
    ['ListResourceTags', KEY_ID, 'TagKey', { Tags: [{ TagValue: 'shop' }] }, tags],
    ['ListResourceTags', KEY_ID, 'TagValue', { Tags: [{ TagKey: 'team' }] }, tags],
    ['ListGrants', KEY_ID, 'GrantId', { Grants: [{ ...GRANT, GrantId: undefined }] }, grants],
    ['ListGrants', KEY_ID, 'GranteePrincipal', { Grants: [{ ...GRANT, GranteePrincipal: undefined }] }, grants],
    ['ListGrants', KEY_ID, 'GrantId', { Grants: [{ ...GRANT, GrantId: undefined }] }, carried],
    ['ListGrants', KEY_ID, 'Operations', { Grants: [{ ...GRANT, Operations: undefined }] }, carried],
    ['GetPublicKey', KEY_ID, 'PublicKey', {}, (keys) => keys.publicKey(KEY_ID)],
    ['GetKeyLastUsage', KEY_ID, 'TrackingStartDate', {}, (keys) => keys.lastUsage(KEY_ID)],
    ['DescribeCustomKeyStores', 'cks-1', 'ConnectionState', {}, keyStore],
    ['DescribeCustomKeyStores', 'cks-1', 'ConnectionState', { CustomKeyStores: [] }, keyStore],
    ['DescribeCustomKeyStores', 'cks-1', 'ConnectionState', { CustomKeyStores: [{}] }, keyStore],
  ])('by %s for %s whose answer has no %s says so, and is tried again (%#)', async (operation, subject, member, answer, read) => {
    const { keys } = stubKms({ [operation]: answers(answer) });
    await expect(read(keys)).rejects.toMatchObject({ name: 'Throttled', message: `${operation} for ${subject}: the answer has no ${member}` });
  });
});
