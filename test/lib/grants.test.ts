import { FUNCTIONS, type FunctionName } from '../../lambdas/contract/functions';
import { pascalCase } from '../../lib/constructs/keyturn-function';
import { parseConfig } from '../../lib/config/load';
import { ADOPTED, CONFIG, PROBE, listOf, rendered, resourcesOf, statementsOf, synthesize, type Statement } from './synthesized';

const template = synthesize();

const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const REGISTRY = ['dynamodb:ConditionCheckItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
const ROUND_TRIP = ['Decapsulate', 'Decrypt', 'DeriveSharedSecret', 'Encapsulate', 'Encrypt', 'GenerateMac', 'GetPublicKey', 'Sign', 'Verify', 'VerifyMac'].map(
  (action) => `kms:${action}`,
);

/** What each function calls, without its log and the registry: written down apart from the code, so that a new grant must be meant. */
const CALLS: Record<FunctionName, readonly string[]> = {
  'claim-rotation': ['kms:DescribeKey'],
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
  'notify-dependent': ['events:PutEvents', 'kms:GetPublicKey', 'lambda:InvokeFunction', 'states:SendTaskSuccess'],
  'promote-key-version': ['kms:CreateAlias', 'kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants', 'kms:UpdateAlias'],
  'confirm-promotion': ['events:PutEvents', 'kms:DescribeKey', 'kms:TagResource', ...ROUND_TRIP],
  'check-drain': ['kms:DescribeKey', 'kms:GetKeyLastUsage', 'lambda:InvokeFunction'],
  'disable-previous-version': ['kms:DeleteAlias', 'kms:DescribeKey', 'kms:DisableKey', 'kms:ListGrants'],
  'check-bake': ['kms:DescribeKey', 'kms:GetKeyLastUsage'],
  'revoke-previous-version': ['kms:DescribeKey', 'kms:ScheduleKeyDeletion'],
  'release-rotation': [],
  'classify-failure': ['sns:Publish'],
  settle: [],
  'abort-safely': ['kms:DescribeKey'],
  'start-due-rotations': ['dynamodb:Query', 'states:DescribeExecution', 'states:StartExecution'],
  acknowledge: ['states:SendTaskSuccess'],
  'register-keys': ['dynamodb:Query', 'kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListResourceTags'],
  'record-key-deletion': [],
};

/** Calls that change something, which the registry's tag must limit wherever the resource is a key. */
const KEY_MUTATIONS = /^kms:(PutKeyPolicy|CreateGrant|UpdateAlias|DisableKey|ScheduleKeyDeletion|TagResource|CreateAlias|DeleteAlias)$/;

const names = Object.keys(FUNCTIONS) as FunctionName[];
const statements = (name: FunctionName): readonly Statement[] => statementsOf(template, pascalCase(name));
const partitionsOf = (name: FunctionName, action: string) =>
  statements(name)
    .filter(({ actions }) => actions.includes(action))
    .map(({ conditions }) => conditions.match(/(KEY|ACK|KMS)#/)?.[0]);

describe('the roles', () => {
  test.each(names)('of %s may call exactly what the function calls', (name) => {
    const dynamo = name === 'acknowledge' ? ['dynamodb:GetItem', 'dynamodb:UpdateItem'] : REGISTRY;
    const actions = new Set(statements(name).flatMap((statement) => statement.actions));
    expect([...actions].sort()).toEqual([...LOGS, ...dynamo, ...CALLS[name]].sort());
  });

  test('are one per function, below one path', () => {
    const roles = Object.values(resourcesOf(template, 'AWS::Lambda::Function')).map(({ Properties }) => rendered(Properties['Role']));
    expect(new Set(roles).size).toBe(names.length);
    const paths = Object.entries(resourcesOf(template, 'AWS::IAM::Role')).filter(([id]) => roles.includes(`<${id}.Arn>`)).map(([, role]) => role.Properties['Path']);
    expect(paths).toEqual(names.map(() => '/keyturn/keyturn/'));
  });

  test('hold no managed policy', () => {
    for (const { Properties } of Object.values(resourcesOf(template, 'AWS::IAM::Role'))) expect(Properties['ManagedPolicyArns']).toBeUndefined();
  });

  test('reach every resource only for calls that know no narrower one', () => {
    const unlimited = names.flatMap((name) => statements(name).filter(({ resources }) => resources.includes('*')).map(({ actions }) => [name, ...actions]));
    expect(unlimited).toEqual([
      ['create-key-version', 'kms:CreateKey'],
      ['create-key-version', 'kms:DescribeCustomKeyStores'],
      ['create-key-version', 'tag:GetResources'],
    ]);
  });

  test('change only keys with the tag of this registry, or the adopted one', () => {
    const mutations = names.flatMap(statements).filter(({ effect, actions }) => effect === 'Allow' && actions.some((action) => KEY_MUTATIONS.test(action)));
    expect(mutations.length).toBeGreaterThan(5);
    for (const { resources, conditions } of mutations) {
      const isLimited = /"aws:(Resource|Request)Tag\/keyturn:registry":"<AWS::AccountId>:<AWS::Region>:keyturn"/.test(conditions);
      const isNamed = resources.every((resource) => /:alias\/(orders|mac)(\/v\*)?$/.test(resource) || resource === ADOPTED);
      expect(isLimited || isNamed).toBe(true);
    }
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

  test('move the configured aliases, and make and delete only their version aliases', () => {
    const aliases = (name: FunctionName, action: string) =>
      statements(name).filter(({ actions }) => actions.includes(action)).flatMap(({ resources }) => resources).filter((arn) => arn.includes(':alias/')).map((arn) => arn.split(':').at(-1));
    expect(aliases('promote-key-version', 'kms:UpdateAlias')).toEqual(['alias/orders', 'alias/mac']);
    expect(aliases('create-key-version', 'kms:CreateAlias')).toEqual(['alias/orders/v*', 'alias/mac/v*']);
    expect(aliases('disable-previous-version', 'kms:DeleteAlias')).toEqual(['alias/orders/v*', 'alias/mac/v*']);
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

  test('of the acknowledge function reach no partition but the acknowledgements', () => {
    expect(partitionsOf('acknowledge', 'dynamodb:UpdateItem')).toEqual(['ACK#']);
    expect(partitionsOf('acknowledge', 'dynamodb:GetItem')).toEqual(['ACK#']);
  });

  test.each<[FunctionName, string, string[]]>([
    ['promote-key-version', 'dynamodb:GetItem', ['KEY#', 'ACK#']],
    ['check-drain', 'dynamodb:GetItem', ['KEY#', 'ACK#']],
    ['notify-dependent', 'dynamodb:UpdateItem', ['KEY#', 'ACK#']],
    ['confirm-promotion', 'dynamodb:UpdateItem', ['KEY#', 'ACK#']],
    ['create-key-version', 'dynamodb:PutItem', ['KEY#', 'KMS#']],
    ['record-key-deletion', 'dynamodb:GetItem', ['KEY#', 'KMS#']],
    ['claim-rotation', 'dynamodb:GetItem', ['KEY#']],
  ])('of %s may use %s in its partitions only', (name, action, partitions) => {
    expect(partitionsOf(name, action)).toEqual(partitions);
  });

  test('stay within the limits of IAM for a fleet of 200 keys', () => {
    const keys = Array.from({ length: 200 }, (_, index) => ({ name: `team-with-a-long-name/service-${index}` }));
    const fleet = synthesize({ config: { ...CONFIG, keys }, env: { account: '111122223333', region: 'eu-west-1' } });
    expect(parseConfig({ ...CONFIG, keys }).policies).toHaveLength(200);
    for (const type of ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']) {
      for (const { Properties } of Object.values(resourcesOf(fleet, type))) {
        const limit = type === 'AWS::IAM::Policy' ? 10_240 : 6_144;
        const text = listOf(Properties['PolicyDocument'].Statement).map((statement: any) => JSON.stringify({ ...statement, Resource: listOf(statement.Resource).map(rendered) })).join('');
        expect(text.length).toBeLessThanOrEqual(limit);
      }
    }
    const managed = Object.values(resourcesOf(fleet, 'AWS::IAM::ManagedPolicy')).flatMap(({ Properties }) => listOf(Properties['Roles']).map(rendered));
    for (const role of new Set(managed)) expect(managed.filter((one) => one === role).length).toBeLessThanOrEqual(10);
  });
});
