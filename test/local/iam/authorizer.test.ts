import { Authorizer } from '../../../local/iam/authorizer';
import { IdentityDirectory } from '../../../local/iam/identities';
import type { AuthorizationSources } from '../../../local/iam/required-access';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/rotator`;
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1`;
const KEY_POLICY = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'kms:*', Resource: '*' }] });

const SOURCES: AuthorizationSources = {
  accountId: ACCOUNT,
  region: 'eu-central-1',
  kms: {
    authorizationOf: (operation) =>
      operation === 'CreateKey' ? { resourceArns: ['*'], keys: [] } : { resourceArns: [KEY], keys: [{ arn: KEY, policy: KEY_POLICY, tags: { team: 'pay' }, aliases: ['alias/orders'], permissions: [operation] }] },
  },
  dynamodb: { authorizationOf: () => [{ action: 'dynamodb:PutItem', resourceArns: ['arn:aws:dynamodb:eu-central-1:1:table/t'], leadingKeys: ['KEY#a', 'ACK#b'] }] },
  stateMachineOfToken: (token) => (token === 'known' ? 'arn:aws:states:eu-central-1:1:stateMachine:m' : undefined),
};

/** The message of the refusal, or 'allowed'. */
function attempt(statement: Record<string, unknown>, service: string, operation: string, input: unknown = {}): string {
  const identities = new IdentityDirectory();
  identities.putPolicy(ROLE, 'p', { Statement: { Effect: 'Allow', Resource: '*', ...statement } });
  const { caller } = identities.credentialsFor(ROLE, 'f');
  try {
    new Authorizer(identities, SOURCES).authorize({ service, operation, input, caller });
    return 'allowed';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

test.each<[string, Record<string, unknown>, string, string, unknown, string]>([
  ['a key by its tag', { Action: 'kms:DisableKey', Condition: { StringEquals: { 'aws:ResourceTag/team': 'pay' } } }, 'kms', 'DisableKey', { KeyId: KEY }, 'allowed'],
  ['not a key with another tag', { Action: 'kms:DisableKey', Condition: { StringEquals: { 'aws:ResourceTag/team': 'x' } } }, 'kms', 'DisableKey', { KeyId: KEY }, 'kms:DisableKey'],
  ['a key by the alias of the request', { Action: 'kms:Decrypt', Condition: { StringEquals: { 'kms:RequestAlias': 'alias/orders' } } }, 'kms', 'Decrypt', { KeyId: 'arn:aws:kms:r:1:alias/orders' }, 'allowed'],
  ['a key by its aliases', { Action: 'kms:Decrypt', Condition: { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/o*' } } }, 'kms', 'Decrypt', {}, 'allowed'],
  ['a short pending window only', { Action: 'kms:ScheduleKeyDeletion', Condition: { NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '14' } } }, 'kms', 'ScheduleKeyDeletion', { PendingWindowInDays: 7 }, 'kms:ScheduleKeyDeletion'],
  ['the default pending window is 30 days', { Action: 'kms:ScheduleKeyDeletion', Condition: { NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '30' } } }, 'kms', 'ScheduleKeyDeletion', {}, 'allowed'],
  ['tags at creation need their own permission', { Action: 'kms:CreateKey' }, 'kms', 'CreateKey', { Tags: [{ TagKey: 'a', TagValue: 'b' }] }, 'kms:TagResource'],
  ['tags at creation are request tags', { Action: ['kms:CreateKey', 'kms:TagResource'], Condition: { StringEquals: { 'aws:RequestTag/a': 'b' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a'] } } }, 'kms', 'CreateKey', { Tags: [{ TagKey: 'a', TagValue: 'b' }] }, 'allowed'],
  ['partitions of a table', { Action: 'dynamodb:*', Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'KEY#*' } } }, 'dynamodb', 'PutItem', {}, 'dynamodb:PutItem'],
  ['one version of a function', { Action: 'lambda:InvokeFunction', Resource: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:f:3` }, 'lambda', 'Invoke', { FunctionName: 'f', Qualifier: '3' }, 'allowed'],
  ['not another version of it', { Action: 'lambda:InvokeFunction', Resource: `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:f:3` }, 'lambda', 'Invoke', { FunctionName: 'f' }, 'AccessDeniedException'],
  ['the state machine behind a token', { Action: 'states:SendTaskSuccess', Resource: 'arn:aws:states:eu-central-1:1:stateMachine:m' }, 'states', 'SendTaskSuccess', { taskToken: 'known' }, 'allowed'],
  ['a topic, in SNS\'s own words', { Action: 'sns:Publish', Resource: 'other' }, 'sns', 'Publish', { TopicArn: 'arn:topic' }, 'AuthorizationError'],
  ['the default bus', { Action: 'events:PutEvents', Resource: `arn:aws:events:eu-central-1:${ACCOUNT}:event-bus/default` }, 'events', 'PutEvents', { Entries: [{}] }, 'allowed'],
  ['a stack by its name', { Action: 'cloudformation:DescribeStacks', Resource: `arn:aws:cloudformation:eu-central-1:${ACCOUNT}:stack/s/*` }, 'cloudformation', 'DescribeStacks', { StackName: 's' }, 'allowed'],
])('IAM knows %s', (_case, statement, service, operation, input, expected) => {
  expect(attempt(statement, service, operation, input)).toContain(expected);
});

test('a service whose permissions are not known is refused by name', () => {
  expect(attempt({ Action: '*' }, 's3', 'GetObject')).toContain('s3:GetObject');
});

describe('credentials', () => {
  test('of a role are sessions with a token, of a user they are not', () => {
    const identities = new IdentityDirectory();
    identities.put(ROLE);
    identities.put(`arn:aws:iam::${ACCOUNT}:user/ops`);
    expect(identities.credentialsFor(ROLE, 'cli')).toMatchObject({
      accessKeyId: expect.stringMatching(/^ASIA[0-9A-F]{16}$/) as string,
      sessionToken: expect.any(String) as string,
      caller: { accountId: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/rotator/cli`, userId: expect.stringMatching(/^AROA\w{17}:cli$/) as string },
    });
    const user = identities.credentialsFor(`arn:aws:iam::${ACCOUNT}:user/ops`);
    expect(user.sessionToken).toBeUndefined();
    expect(user.caller.arn).toBe(`arn:aws:iam::${ACCOUNT}:user/ops`);
  });

  test('are the same for the same session, and found by their id', () => {
    const identities = new IdentityDirectory();
    identities.put(ROLE);
    const first = identities.credentialsFor(ROLE, 'a');
    expect(identities.credentialsFor(ROLE, 'a')).toEqual(first);
    expect(identities.credentialsFor(ROLE, 'b').accessKeyId).not.toBe(first.accessKeyId);
    expect(identities.find(first.accessKeyId)).toEqual(first);
    expect(identities.find('AKIAOTHER')).toBeUndefined();
  });

  test('refuse a role that does not exist', () => {
    expect(() => new IdentityDirectory().credentialsFor(ROLE)).toThrow(ROLE);
  });

  test('a policy attached later counts at once', () => {
    const identities = new IdentityDirectory();
    identities.put(ROLE);
    const { caller } = identities.credentialsFor(ROLE);
    const authorizer = new Authorizer(identities, SOURCES);
    const access = { action: 'a:b', resource: '*' };
    expect(() => { authorizer.assertAccess(caller, access); }).toThrow('not authorized');
    identities.putPolicy(ROLE, 'p', { Statement: { Effect: 'Allow', Action: 'a:*', Resource: '*' } });
    expect(() => { authorizer.assertAccess(caller, access); }).not.toThrow();
  });
});
