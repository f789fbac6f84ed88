import { conditionContext } from '../../../local/iam/conditions';
import type { PolicyStatement } from '../../../local/iam/documents';
import { assertAllowed } from '../../../local/iam/evaluate';
import { compilePolicy, type Principal } from '../../../local/iam/policy';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/keyturn-promote`;
const SESSION = `arn:aws:sts::${ACCOUNT}:assumed-role/keyturn-promote/f`;
const PROMOTE: Principal = { accountId: ACCOUNT, arn: ROLE, sessionArn: SESSION, kind: 'identity' };
const EVENTS: Principal = { accountId: ACCOUNT, arn: 'events.amazonaws.com', kind: 'service' };
const KEY = `arn:aws:kms:eu-central-1:${ACCOUNT}:key/1`;

interface Situation {
  readonly identity?: readonly PolicyStatement[];
  readonly keyPolicy?: readonly PolicyStatement[];
  readonly resourcePolicy?: readonly PolicyStatement[];
  readonly principal?: Principal;
  readonly action?: string;
  readonly resource?: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** 'allowed', or the end of AWS's message. */
function outcome({ identity = [], keyPolicy, resourcePolicy, principal = PROMOTE, action = 'kms:Decrypt', resource = KEY, context = {} }: Situation): string {
  const statements = keyPolicy ?? resourcePolicy;
  try {
    assertAllowed(
      { principal, action, resource, context: conditionContext(context) },
      {
        identity: [compilePolicy({ Statement: identity })],
        identityNeedsResourcePolicy: keyPolicy !== undefined,
        ...(statements !== undefined && { resource: compilePolicy({ Statement: statements }) }),
      },
    );
    return 'allowed';
  } catch (error) {
    return (error as Error).message;
  }
}

const NO_IDENTITY = /because no identity-based policy allows the \S+ action$/;
const NO_RESOURCE = /because no resource-based policy allows the \S+ action$/;
const DENIED = /with an explicit deny in an? (identity|resource)-based policy$/;
const ALLOWED = /^allowed$/;

const allow = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({ Effect: 'Allow', Action: '*', Resource: '*', ...more });
const deny = (more: Partial<PolicyStatement> = {}): PolicyStatement => ({ ...allow(more), Effect: 'Deny' });
const root = (more: Partial<PolicyStatement> = {}): PolicyStatement => allow({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, ...more });

describe('identity policies', () => {
  test.each<[string, Situation, RegExp]>([
    ['nothing is allowed by itself', {}, NO_IDENTITY],
    ['an exact action is allowed', { identity: [allow({ Action: 'kms:Decrypt' })] }, ALLOWED],
    ['actions do not mind case', { identity: [allow({ Action: 'KMS:dec*' })] }, ALLOWED],
    ['another action is not', { identity: [allow({ Action: ['kms:Encrypt', 'kms:Decrypt?'] })] }, NO_IDENTITY],
    ['NotAction allows all others', { identity: [{ Effect: 'Allow', NotAction: 'kms:Encrypt', Resource: '*' }] }, ALLOWED],
    ['NotResource excepts', { identity: [{ Effect: 'Allow', Action: '*', NotResource: `${KEY}*` }] }, NO_IDENTITY],
    ['a resource pattern matches', { identity: [allow({ Resource: 'arn:aws:kms:*:*:key/?' })] }, ALLOWED],
    ['resources mind case', { identity: [allow({ Resource: KEY.toUpperCase() })] }, NO_IDENTITY],
    ['a dot is no wildcard', { identity: [allow({ Action: 'kms.Decrypt' })] }, NO_IDENTITY],
    ['an explicit deny wins', { identity: [allow(), deny({ Action: 'kms:*' })] }, DENIED],
    ['a deny for something else does not', { identity: [allow(), deny({ Action: 'kms:Encrypt' })] }, ALLOWED],
  ])('%s', (_name, situation, expected) => {
    expect(outcome(situation)).toMatch(expected);
  });

  test('a refusal is worded as AWS words it', () => {
    expect(outcome({})).toBe(`User: ${SESSION} is not authorized to perform: kms:Decrypt on resource: ${KEY} because no identity-based policy allows the kms:Decrypt action`);
  });
});

describe('key policies', () => {
  const identity = [allow({ Action: 'kms:*' })];
  test.each<[string, Situation, RegExp]>([
    ['an identity policy alone does not open a key', { identity, keyPolicy: [] }, NO_RESOURCE],
    ['delegation to the account needs an identity policy', { keyPolicy: [root()] }, NO_IDENTITY],
    ['delegation and identity policy together open it', { identity, keyPolicy: [root()] }, ALLOWED],
    ['the account may be named by its id', { identity, keyPolicy: [root({ Principal: { AWS: ACCOUNT } })] }, ALLOWED],
    ['delegation to another account does not count', { identity, keyPolicy: [root({ Principal: { AWS: 'arn:aws:iam::999999999999:root' } })] }, NO_RESOURCE],
    ['the role named directly needs nothing else', { keyPolicy: [allow({ Principal: { AWS: [ROLE] } })] }, ALLOWED],
    ['so does its session', { keyPolicy: [allow({ Principal: { AWS: SESSION } })] }, ALLOWED],
    ['so does everyone', { keyPolicy: [allow({ Principal: '*' })] }, ALLOWED],
    ['conditions of a delegation count', { identity, keyPolicy: [root({ Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/other-*' } } })] }, NO_RESOURCE],
    ['a deny in the key policy wins over a direct allow', { keyPolicy: [allow({ Principal: '*' }), deny({ Principal: '*' })] }, DENIED],
    ['a deny of the account covers its roles', { identity, keyPolicy: [root(), deny({ Principal: { AWS: ACCOUNT } })] }, DENIED],
    ['a deny in the identity policy wins over a direct allow', { identity: [deny()], keyPolicy: [allow({ Principal: '*' })] }, DENIED],
  ])('%s', (_name, situation, expected) => {
    expect(outcome({ context: { 'aws:PrincipalArn': ROLE }, ...situation })).toMatch(expected);
  });
});

describe('resource policies of other services', () => {
  const fromRule = allow({ Principal: { Service: 'events.amazonaws.com' }, Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:*:rule/mine' } } });
  const invocation = { action: 'lambda:InvokeFunction', resource: 'arn:aws:lambda:eu-central-1:1:function:f', principal: EVENTS, resourcePolicy: [fromRule] };
  test.each<[string, Situation, RegExp]>([
    ['a service is allowed from its source', { ...invocation, context: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:1:rule/mine' } }, ALLOWED],
    ['not from another source', { ...invocation, context: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:1:rule/other' } }, NO_IDENTITY],
    ['not as another service', { ...invocation, principal: { ...EVENTS, arn: 'sns.amazonaws.com' }, context: { 'aws:SourceArn': 'arn:aws:events:eu-central-1:1:rule/mine' } }, NO_IDENTITY],
    ['an identity policy suffices within the account', { ...invocation, principal: PROMOTE, identity: [allow()], resourcePolicy: [] }, ALLOWED],
  ])('%s', (_name, situation, expected) => {
    expect(outcome(situation)).toMatch(expected);
  });
});

describe('conditions', () => {
  test.each<[string, Record<string, Record<string, unknown>>, Record<string, string | string[]>, boolean]>([
    ['StringEquals one of several values', { StringEquals: { 'aws:RequestTag/a': ['x', 'y'] } }, { 'aws:RequestTag/a': 'y' }, true],
    ['StringEquals with a missing key', { StringEquals: { 'aws:RequestTag/a': 'x' } }, {}, false],
    ['StringEquals takes a wildcard literally', { StringEquals: { 'aws:RequestTag/a': 'x*' } }, { 'aws:RequestTag/a': 'xy' }, false],
    ['StringEqualsIfExists with a missing key', { StringEqualsIfExists: { 'aws:RequestTag/a': 'x' } }, {}, true],
    ['StringNotEquals with a missing key', { StringNotEquals: { 'aws:ResourceTag/a': 'x' } }, {}, true],
    ['StringNotEquals one of several values', { StringNotEquals: { 'aws:ResourceTag/a': ['x', 'y'] } }, { 'aws:ResourceTag/a': 'y' }, false],
    ['StringLike', { StringLike: { 'kms:RequestAlias': 'alias/ord*' } }, { 'kms:RequestAlias': 'alias/orders' }, true],
    ['StringNotLike', { StringNotLike: { 'kms:RequestAlias': 'alias/ord*' } }, { 'kms:RequestAlias': 'alias/orders' }, false],
    ['keys do not mind case', { StringEquals: { 'AWS:principalarn': 'a' } }, { 'aws:PrincipalArn': 'a' }, true],
    ['all operators and keys must hold', { StringEquals: { 'aws:PrincipalArn': 'a', 'aws:SourceArn': 'b' } }, { 'aws:PrincipalArn': 'a' }, false],
    ['ArnLike', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/k-*' } }, { 'aws:PrincipalArn': 'arn:aws:iam::1:role/k-x' }, true],
    ['ArnLike does not reach over a colon', { ArnLike: { 'aws:PrincipalArn': 'arn:*:role/k' } }, { 'aws:PrincipalArn': 'arn:aws:iam::1:role/k' }, false],
    ['ArnLike with fewer parts', { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam' } }, { 'aws:PrincipalArn': 'arn:aws:iam::1:role/k' }, false],
    ['ArnEquals has wildcards too', { ArnEquals: { 'aws:SourceArn': 'arn:aws:x:*:1:y' } }, { 'aws:SourceArn': 'arn:aws:x:r:1:y' }, true],
    ['Bool', { Bool: { 'lambda:InvokedViaFunctionUrl': true } }, { 'lambda:InvokedViaFunctionUrl': 'true' }, true],
    ['Null true: the key is missing', { Null: { 'aws:ResourceTag/a': 'true' } }, {}, true],
    ['Null false: the key is there', { Null: { 'aws:ResourceTag/a': false } }, {}, false],
    ['NumericLessThan', { NumericLessThan: { 'kms:ScheduleKeyDeletionPendingWindowInDays': '30' } }, { 'kms:ScheduleKeyDeletionPendingWindowInDays': '7' }, true],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': 30 } }, { 'kms:ScheduleKeyDeletionPendingWindowInDays': '7' }, false],
    ['ForAllValues:StringLike, all', { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['KEY#*'] } }, { 'dynamodb:LeadingKeys': ['KEY#a', 'KEY#b'] }, true],
    ['ForAllValues:StringLike, not all', { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['KEY#*'] } }, { 'dynamodb:LeadingKeys': ['KEY#a', 'ACK#b'] }, false],
    ['ForAllValues with a missing key', { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'a' } }, {}, true],
    ['ForAnyValue:StringEquals', { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/b' } }, { 'kms:ResourceAliases': ['alias/a', 'alias/b'] }, true],
    ['ForAnyValue with a missing key', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'a' } }, {}, false],
  ])('%s', (_name, condition, context, expected) => {
    expect(outcome({ identity: [allow({ Condition: condition })], context }) === 'allowed').toBe(expected);
  });
});

describe('what the evaluator would have to ignore it refuses by name', () => {
  test.each<[string, object]>([
    ['operator DateLessThan', allow({ Condition: { DateLessThan: { 'aws:PrincipalArn': 'x' } } })],
    ['key aws:SourceIp', allow({ Condition: { StringLike: { 'aws:SourceIp': '10.*' } } })],
    ['variable in table/${aws:username}', allow({ Resource: 'table/${aws:username}' })],
    ['variable in ${aws:username}', allow({ Condition: { StringEquals: { 'aws:PrincipalArn': '${aws:username}' } } })],
    ['element NotPrincipal', { ...allow(), NotPrincipal: '*' }],
    ['principal type Federated', allow({ Principal: { Federated: 'x' } })],
  ])('%s', (what, statement) => {
    expect(() => compilePolicy({ Statement: statement as PolicyStatement })).toThrow(what);
  });
});
