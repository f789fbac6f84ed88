import { FUNCTIONS, type FunctionName } from '../../lambdas/contract/functions';
import { pascalCase } from '../../lib/constructs/keyturn-function';
import { ConfigError } from '../../lib/config/problem';
import type { Template } from 'aws-cdk-lib/assertions';
import { ADOPTED, CONFIG, PROBE, listOf, rendered, resourcesOf, statementsOf, synthesize, type Statement } from './synthesized';

const template = synthesize();

const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const REGISTRY = ['dynamodb:ConditionCheckItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
const ROUND_TRIP = ['Decapsulate', 'Decrypt', 'DeriveSharedSecret', 'Encapsulate', 'Encrypt', 'GenerateMac', 'GetPublicKey', 'Sign', 'Verify', 'VerifyMac'].map(
  (action) => `kms:${action}`,
);

const KEEPS_EVENTS = 'sqs:SendMessage';
const ALERTS = ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'sns:Publish'];

/** What each function calls, without its log and the registry: written down apart from the code, so that a new grant must be meant. */
const CALLS: Record<FunctionName, readonly string[]> = {
  'claim-rotation': ['kms:DescribeKey', 'states:DescribeExecution'],
  'create-key-version': [
    'kms:CreateAlias',
    'kms:CreateGrant',
    'kms:CreateKey',
    'kms:DescribeCustomKeyStores',
    'kms:DescribeKey',
    'kms:GetKeyPolicy',
    'kms:ListGrants',
    'kms:ListResourceTags',
    'kms:PutKeyPolicy',
    'kms:TagResource',
    'tag:GetResources',
  ],
  'prove-key-version': ['kms:DescribeKey', ...ROUND_TRIP],
  'notify-dependent': ['events:PutEvents', 'kms:DescribeKey', 'kms:GetPublicKey', 'lambda:InvokeFunction', 'states:SendTaskSuccess'],
  'promote-key-version': ['kms:CreateAlias', 'kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants', 'kms:UpdateAlias'],
  'confirm-promotion': ['events:PutEvents', 'kms:DescribeKey', 'kms:TagResource', ...ROUND_TRIP],
  'check-drain': ['kms:DescribeKey', 'kms:GetKeyLastUsage', 'lambda:InvokeFunction'],
  'disable-previous-version': ['kms:DescribeKey', 'kms:DisableKey', 'kms:ListGrants', 'kms:Encrypt', 'kms:Sign', 'kms:GenerateMac', 'kms:DeriveSharedSecret', 'kms:Encapsulate'],
  'check-bake': ['kms:DescribeKey', 'kms:GetKeyLastUsage'],
  'revoke-previous-version': ['kms:CancelKeyDeletion', 'kms:DescribeKey', 'kms:ScheduleKeyDeletion'],
  'release-rotation': ['kms:DescribeKey'],
  'classify-failure': ALERTS,
  'request-approval': [...ALERTS, 'states:SendTaskSuccess'],
  'read-approval': [],
  settle: [],
  'abort-safely': ['kms:DescribeKey'],
  'start-due-rotations': ['dynamodb:Query', 'states:DescribeExecution', 'states:StartExecution'],
  'handle-ended-execution': [KEEPS_EVENTS, ...ALERTS],
  'begin-repair': ['dynamodb:Query'],
  'apply-repair': ['kms:CancelKeyDeletion', 'kms:CreateAlias', 'kms:DescribeKey', 'kms:EnableKey', 'kms:ListResourceTags', 'kms:TagResource', 'kms:UpdateAlias'],
  'confirm-repair': ['dynamodb:Query', 'kms:DescribeKey', 'states:SendTaskSuccess', ...ALERTS],
  acknowledge: ['states:SendTaskSuccess'],
  'request-rotation': ['states:DescribeExecution', 'states:StartExecution', ...ALERTS],
  operate: ['lambda:InvokeFunction'],
  decide: ['states:SendTaskSuccess', 'states:StartExecution', 'states:StopExecution', ...ALERTS],
  'rescue-version': ['kms:CancelKeyDeletion', 'kms:DescribeKey', 'kms:EnableKey', KEEPS_EVENTS, ...ALERTS],
  reconcile: [
    'dynamodb:Query',
    'kms:DescribeKey',
    'kms:GetKeyLastUsage',
    'kms:ScheduleKeyDeletion',
    'lambda:InvokeFunction',
    'states:DescribeExecution',
    'states:SendTaskSuccess',
    'states:StartExecution',
    'states:StopExecution',
    'tag:GetResources',
    ...ALERTS,
  ],
  'register-keys': ['dynamodb:Query', 'kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListResourceTags'],
  'record-key-deletion': [KEEPS_EVENTS],
};

/** Calls that change something, which the registry's tag must limit wherever the resource is a key. */
const KEY_MUTATIONS = /^kms:(PutKeyPolicy|CreateGrant|UpdateAlias|DisableKey|EnableKey|ScheduleKeyDeletion|CancelKeyDeletion|TagResource|CreateAlias|DeleteAlias)$/;

const names = Object.keys(FUNCTIONS) as FunctionName[];
const statements = (name: FunctionName): readonly Statement[] => statementsOf(template, pascalCase(name));
const partitionsOf = (name: FunctionName, action: string) =>
  statements(name)
    .filter(({ actions }) => actions.includes(action))
    .map(({ conditions }) => conditions.match(/"dynamodb:LeadingKeys":\["([A-Z]+#)\*"\]/)?.[1]);

/** How each function uses the registry, when not in full. */
const REGISTRY_USE: Partial<Record<FunctionName, readonly string[]>> = {
  acknowledge: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
};

/** The partitions that each call of DynamoDB reaches, apart from `KEY#`, whose rows all functions but the public one have. */
const PARTITIONS_BESIDE_KEY: Partial<Record<FunctionName, Readonly<Record<string, readonly string[]>>>> = {
  'create-key-version': { 'dynamodb:PutItem': ['KMS#'] },
  'notify-dependent': { 'dynamodb:GetItem': ['ACK#'], 'dynamodb:UpdateItem': ['ACK#'] },
  'promote-key-version': { 'dynamodb:GetItem': ['ACK#'] },
  'confirm-promotion': { 'dynamodb:GetItem': ['ACK#'], 'dynamodb:UpdateItem': ['ACK#'] },
  'check-drain': { 'dynamodb:GetItem': ['ACK#'] },
  'revoke-previous-version': { 'dynamodb:GetItem': ['APPROVAL#'] },
  'classify-failure': { 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  'abort-safely': { 'dynamodb:PutItem': ['ALERT#'] },
  'request-approval': { 'dynamodb:GetItem': ['APPROVAL#'], 'dynamodb:UpdateItem': ['APPROVAL#'], 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  'read-approval': { 'dynamodb:GetItem': ['APPROVAL#'] },
  'handle-ended-execution': { 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  'begin-repair': { 'dynamodb:GetItem': ['APPROVAL#'] },
  'apply-repair': { 'dynamodb:GetItem': ['APPROVAL#'], 'dynamodb:PutItem': ['KMS#'] },
  'confirm-repair': { 'dynamodb:GetItem': ['APPROVAL#'], 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  'request-rotation': { 'dynamodb:GetItem': ['APPROVAL#'], 'dynamodb:UpdateItem': ['APPROVAL#'], 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  decide: { 'dynamodb:GetItem': ['APPROVAL#'], 'dynamodb:UpdateItem': ['APPROVAL#'], 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  'rescue-version': { 'dynamodb:GetItem': ['KMS#'], 'dynamodb:PutItem': ['ALERT#'], 'dynamodb:DeleteItem': ['ALERT#'] },
  reconcile: {
    'dynamodb:GetItem': ['KMS#', 'RECONCILE#', 'APPROVAL#'],
    'dynamodb:Query': ['ALERT#'],
    'dynamodb:UpdateItem': ['APPROVAL#'],
    'dynamodb:PutItem': ['RECONCILE#', 'ALERT#'],
    'dynamodb:DeleteItem': ['ALERT#'],
  },
  acknowledge: { 'dynamodb:GetItem': ['ACK#'], 'dynamodb:UpdateItem': ['ACK#'] },
  'register-keys': { 'dynamodb:PutItem': ['KMS#'] },
  'record-key-deletion': { 'dynamodb:GetItem': ['KMS#'] },
};

describe('the roles', () => {
  test.each(names)('of %s may call exactly what the function calls', (name) => {
    const actions = new Set(statements(name).flatMap((statement) => statement.actions));
    expect([...actions].sort()).toEqual([...new Set([...LOGS, ...(REGISTRY_USE[name] ?? REGISTRY), ...CALLS[name]])].sort());
  });

  test('are one per function, below one path', () => {
    const roles = Object.values(resourcesOf(template, 'AWS::Lambda::Function')).map(({ Properties }) => rendered(Properties['Role']));
    expect(new Set(roles).size).toBe(names.length);
    const paths = Object.entries(resourcesOf(template, 'AWS::IAM::Role')).filter(([id]) => roles.includes(`<${id}.Arn>`)).map(([, role]) => role.Properties['Path']);
    expect(paths).toEqual(names.map(() => '/keyturn/keyturn/'));
  });

  test('hold no managed policy', () => {
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::IAM::Role'))) expect(Properties['ManagedPolicyArns']).toBeUndefined();
    expect(resourcesOf(template, 'AWS::IAM::ManagedPolicy')).toEqual({});
  });

  test('reach every resource only for calls that know no narrower one', () => {
    const unlimited = names.flatMap((name) => statements(name).filter(({ resources }) => resources.includes('*')).map(({ actions }) => [name, ...actions]));
    expect(unlimited).toEqual([
      ['create-key-version', 'kms:CreateKey'],
      ['create-key-version', 'kms:DescribeCustomKeyStores'],
      ['create-key-version', 'tag:GetResources'],
      ['reconcile', 'tag:GetResources'],
    ]);
  });

  test('change only keys with the tag of this registry, or the adopted one', () => {
    const mutations = names.flatMap(statements).filter(({ effect, actions }) => effect === 'Allow' && actions.some((action) => KEY_MUTATIONS.test(action)));
    expect(mutations.length).toBeGreaterThan(5);
    let [unlimited, isMovedAway] = [0, 0];
    for (const { resources, conditions } of mutations) {
      const isLimited = /"aws:(Resource|Request)Tag\/keyturn:registry":"<AWS::AccountId>:<AWS::Region>:keyturn"/.test(conditions);
      // A key that somebody pointed a configured alias to carries no tag of ours; the alias is moved away from it.
      isMovedAway += Number(/^\{"ForAnyValue:StringEquals":\{"kms:ResourceAliases":\["alias\/orders","alias\/mac"\]\}\}$/.test(conditions));
      const isNamed = resources.every((resource) => /:alias\/(orders|mac)(\/v\*)?$/.test(resource) || resource === ADOPTED);
      unlimited += Number(!isLimited && !isNamed);
    }
    expect({ unlimited, isMovedAway }).toEqual({ unlimited: 1, isMovedAway: 1 });
  });

  test('retire no adopted key', () => {
    for (const name of ['disable-previous-version', 'revoke-previous-version'] as const) {
      expect(JSON.stringify(statements(name))).not.toContain(ADOPTED);
    }
  });

  test('create keys only with the tag of this registry', () => {
    const [create] = statements('create-key-version').filter(({ actions }) => actions.includes('kms:CreateKey'));
    expect(create?.conditions).toBe('{"StringEquals":{"aws:RequestTag/keyturn:registry":"<AWS::AccountId>:<AWS::Region>:keyturn"}}');
  });

  test('may not move an alias to a superseded key', () => {
    const denied = names.flatMap((name) => statements(name).filter(({ effect }) => effect === 'Deny').map((statement) => ({ name, ...statement })));
    expect(denied).toEqual([
      expect.objectContaining({ name: 'promote-key-version', actions: ['kms:UpdateAlias'], conditions: '{"StringEquals":{"aws:ResourceTag/keyturn:superseded":"true"}}' }),
    ]);
    expect(denied[0]?.resources).toEqual(['arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*']);
  });

  test('move the configured aliases, and make only their version aliases, and delete none', () => {
    const aliases = (name: FunctionName, action: string) =>
      statements(name).filter(({ actions }) => actions.includes(action)).flatMap(({ resources }) => resources).filter((arn) => arn.includes(':alias/')).map((arn) => arn.split(':').at(-1));
    expect(aliases('promote-key-version', 'kms:UpdateAlias')).toEqual(['alias/orders', 'alias/mac']);
    expect(aliases('create-key-version', 'kms:CreateAlias')).toEqual(['alias/orders/v*', 'alias/mac/v*']);
    expect(names.filter((name) => statements(name).some(({ actions }) => actions.includes('kms:DeleteAlias')))).toEqual([]);
  });

  test('mark keys as superseded, and nothing else', () => {
    const marking = statements('confirm-promotion').filter(({ actions }) => actions.includes('kms:TagResource'));
    expect(marking).toHaveLength(2);
    for (const { conditions } of marking) expect(conditions).toContain('"aws:TagKeys":["keyturn:superseded"]');
  });

  test('ask exactly the configured probes', () => {
    for (const name of ['notify-dependent', 'check-drain'] as const) {
      expect(statements(name).filter(({ actions }) => actions.includes('lambda:InvokeFunction')).flatMap(({ resources }) => resources)).toEqual([PROBE]);
    }
  });

  test.each(names)('of %s reach the rows of its partitions only, and each by its own calls', (name) => {
    const isOnTable = (action: string) => action.startsWith('dynamodb:') && action !== 'dynamodb:Query';
    const calls = new Set(statements(name).flatMap(({ actions }) => actions.filter(isOnTable)));
    const onKeys: readonly string[] = name === 'acknowledge' ? [] : REGISTRY;
    const expected = [...calls].map((action) => [action, [...(onKeys.includes(action) ? ['KEY#'] : []), ...(PARTITIONS_BESIDE_KEY[name]?.[action] ?? [])].sort()]);
    expect([...calls].map((action) => [action, [...partitionsOf(name, action)].sort()])).toEqual(expected);
  });

  test('query the index that finds candidates, ledgers and waiting alerts, and nothing else', () => {
    const queries = names.flatMap((name) =>
      statements(name)
        .filter(({ actions }) => actions.includes('dynamodb:Query'))
        .map(({ resources, conditions }) => [name, conditions.match(/"dynamodb:LeadingKeys":\["([A-Z]+#)\*"\]/)?.[1] ?? resources[0]?.split('/').slice(1).join('/')]),
    );
    expect(queries).toEqual([
      ['start-due-rotations', 'index/due'],
      ['begin-repair', 'KEY#'],
      ['confirm-repair', 'KEY#'],
      ['reconcile', 'KEY#'],
      ['reconcile', 'index/due'],
      ['reconcile', 'ALERT#'],
      ['register-keys', 'index/due'],
    ]);
  });

  test('let nobody who acts on an approval in KMS write one, but the reconciliation, which may only schedule deletions of keys with our tag', () => {
    const writers = names.filter((name) => ['PutItem', 'UpdateItem', 'DeleteItem'].some((action) => partitionsOf(name, `dynamodb:${action}`).includes('APPROVAL#')));
    expect(writers).toEqual(['request-approval', 'request-rotation', 'decide', 'reconcile']);
    const mutations = writers.flatMap((name) => statements(name).flatMap(({ actions }) => actions.filter((action) => KEY_MUTATIONS.test(action))));
    expect(mutations).toEqual(['kms:ScheduleKeyDeletion']);
    const [deletion] = statements('reconcile').filter(({ actions }) => actions.includes('kms:ScheduleKeyDeletion'));
    expect(deletion?.conditions).toContain('"kms:ScheduleKeyDeletionPendingWindowInDays":"30"');
    expect(deletion?.conditions).toContain('"Null":{"aws:ResourceTag/keyturn:superseded":"true"}');
  });

  test('see the executions of this machine only', () => {
    for (const name of ['claim-rotation', 'start-due-rotations'] as const) {
      const [describe] = statements(name).filter(({ actions }) => actions.includes('states:DescribeExecution'));
      expect(describe?.resources).toEqual(['arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:keyturn-key-rotation:*']);
    }
  });
});

/** Found by synthesizing: keys with aliases of about 45 characters, all with the same dependents. */
const LIMIT = 459;
/** Found by synthesizing: IAM roles with short names. */
const PRINCIPALS = 23;

describe('a large fleet', () => {
  const ENV = { account: '111122223333', region: 'eu-west-1' };
  const fleetOf = (count: number, nameOf = (index: number) => `team-with-a-long-name/service-${index}`) => ({
    ...CONFIG,
    keys: Array.from({ length: count }, (_, index) => ({ name: nameOf(index) })),
  });
  const refusalOf = (config: unknown): string => {
    try {
      synthesize({ config, env: ENV });
      return 'accepted';
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.message;
    }
  };

  /** In characters, as IAM counts them. */
  function expectWithinIam(fleet: Template): void {
    for (const type of ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']) {
      const limit = type === 'AWS::IAM::Policy' ? 10_240 : 6_144;
      for (const { Properties } of Object.values(resourcesOf(fleet, type))) {
        const statements = listOf(Properties['PolicyDocument'].Statement).map((statement: any) => ({ ...statement, Resource: listOf(statement.Resource).map((arn) => rendered(arn).replace('<AWS::Partition>', 'aws-us-gov')) }));
        expect(JSON.stringify({ ...Properties['PolicyDocument'], Statement: statements }).length).toBeLessThanOrEqual(limit);
      }
    }
    const managed = Object.values(resourcesOf(fleet, 'AWS::IAM::ManagedPolicy')).flatMap(({ Properties }) => listOf(Properties['Roles']).map(rendered));
    for (const role of new Set(managed)) expect(managed.filter((one) => one === role).length).toBeLessThanOrEqual(10);
  }

  test('stays within the limits of IAM up to what one role can hold, and is refused beyond with the number that fits', () => {
    expect(refusalOf(fleetOf(LIMIT + 1))).toMatch(new RegExp(`keys: got "${LIMIT + 1} keys"; .* the first ${LIMIT} fit, .*second stack`));
    const fleet = synthesize({ config: fleetOf(LIMIT), env: ENV });
    expectWithinIam(fleet);
    expect(Object.keys(resourcesOf(fleet, 'AWS::IAM::ManagedPolicy')).length).toBeGreaterThan(10);
  });

  test('with the longest aliases stays within them, too', () => {
    expectWithinIam(synthesize({ config: fleetOf(100, (index) => `${'x'.repeat(120)}-${index}`), env: ENV }));
  });

  test('with more principals than the policy of the acknowledge function holds is refused with the number that fits', () => {
    const dependents = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `d${index}`, principal: `arn:aws:iam::111122223333:role/service-${index}` }));
    const keys = (count: number) => ({ ...CONFIG, keys: [{ name: 'orders', dependents: dependents(1) }, { name: 'mac', spec: 'HMAC_256', dependents: dependents(count) }] });
    const path = `keys\\[1\\]\\.dependents\\[${PRINCIPALS}\\]\\.principal`;
    expect(refusalOf(keys(PRINCIPALS + 1))).toMatch(new RegExp(`${path}: got "${PRINCIPALS + 1} principals"; .* the first ${PRINCIPALS} fit`));
    expect(refusalOf(keys(PRINCIPALS))).toBe('accepted');
  });
});
