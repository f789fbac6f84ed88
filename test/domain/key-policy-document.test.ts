import fc from 'fast-check';
import { carriedPolicy, defaultPolicy, isSamePolicy, lockedOutAction } from '../../lambdas/domain/key-policy-document';

const ROLES = 'arn:aws:iam::111122223333:role/keyturn/*';
const ALLOW = { Sid: 'Admins', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' };
const document = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const deny = (change: object = {}) => ({ Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt', Resource: '*', ...change });

interface Statement {
  readonly Sid: string;
  readonly Action: string[];
}
const statementsOf = (policy: string) => (JSON.parse(policy) as { Statement: Statement[] }).Statement;

test('the default policy lets IAM decide', () => {
  expect(JSON.parse(defaultPolicy('aws-cn', '111122223333'))).toEqual({
    Version: '2012-10-17',
    Statement: [{ Sid: 'AccountAdministersByIam', Effect: 'Allow', Principal: { AWS: 'arn:aws-cn:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' }],
  });
});

describe('a carried policy', () => {
  test('keeps every statement and adds the one of keyturn, for its roles only', () => {
    const [first, own, ...none] = statementsOf(carriedPolicy(document(ALLOW), ROLES));
    expect(first).toEqual(ALLOW);
    expect(own).toMatchObject({
      Sid: 'KeyturnRotatesThisKey',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:root' },
      Resource: '*',
      Condition: { ArnLike: { 'aws:PrincipalArn': ROLES } },
    });
    expect(none).toEqual([]);
  });

  test('grants what keyturn does with a key and nothing else', () => {
    const actions = statementsOf(carriedPolicy(document(ALLOW), ROLES))[1]!.Action;
    expect(actions.map((action) => action.replace('kms:', '')).join(' ')).toBe(
      'CreateAlias CreateGrant Decapsulate Decrypt DeriveSharedSecret DescribeKey DisableKey Encapsulate Encrypt GenerateMac GetKeyLastUsage GetKeyPolicy ' +
        'GetPublicKey ListGrants ListResourceTags PutKeyPolicy ScheduleKeyDeletion Sign TagResource UpdateAlias Verify VerifyMac',
    );
    expect(actions.every((action) => action.startsWith('kms:'))).toBe(true);
  });

  test('is carried again without a change, and replaces an older form of the own statement', () => {
    const once = carriedPolicy(document(ALLOW), ROLES);
    expect(carriedPolicy(once, ROLES)).toBe(once);
    expect(statementsOf(carriedPolicy(once, 'arn:aws:iam::111122223333:role/renamed/*'))).toHaveLength(2);
  });

  test('takes a single statement that stands without its list', () => {
    expect(statementsOf(carriedPolicy(JSON.stringify({ Version: '2012-10-17', Statement: ALLOW }), ROLES))).toHaveLength(2);
  });

  test('of a document without statements is the one of keyturn', () => {
    expect(statementsOf(carriedPolicy('{"Version":"2012-10-17"}', ROLES)).map(({ Sid }) => Sid)).toEqual(['KeyturnRotatesThisKey']);
  });

  test('of what is no JSON is refused', () => expect(() => carriedPolicy('{', ROLES)).toThrow(SyntaxError));
});

test('policies are the same in whatever order their members stand, and not when anything differs', () => {
  const statement = fc.record({ Sid: fc.string(), Effect: fc.constantFrom('Allow', 'Deny'), Action: fc.array(fc.string(), { maxLength: 3 }) });
  fc.assert(
    fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), (statements) => {
      const shuffled = statements.map((one) => Object.fromEntries(Object.entries(one).reverse()));
      expect(isSamePolicy(document(...statements), document(...shuffled))).toBe(true);
      expect(isSamePolicy(document(...statements), document(...statements, ALLOW))).toBe(false);
    }),
  );
});

test.each<[string, unknown, unknown, boolean]>([
  ['a list in another order', { Action: ['a', 'b', 'c'] }, { Action: ['c', 'a', 'b'] }, true],
  ['a list that names a member twice', { Action: ['a', 'b', 'a'] }, { Action: ['b', 'a'] }, true],
  ['a list of one as its member', { Action: ['a'] }, { Action: 'a' }, true],
  ['a list deep inside in another order', [{ Principal: { AWS: ['x', 'y'] } }, 1], [1, { Principal: { AWS: ['y', 'x'] } }], true],
  ['nothing', { Id: null }, { Id: null }, true],
  ['a list without one of its members', { Action: ['a', 'b'] }, { Action: ['a'] }, false],
  ['a list with another member', { Action: ['a', 'b'] }, { Action: ['a', 'c'] }, false],
  ['other lists of one', { Action: ['a'] }, { Action: ['b'] }, false],
  ['nothing and something', { Id: null }, { Id: {} }, false],
  ['texts that differ', { Id: 'a' }, { Id: 'b' }, false],
])('%s: compared as KMS may give it back', (_, left, right, isSame) => expect(isSamePolicy(JSON.stringify(left), JSON.stringify(right))).toBe(isSame));

describe('a lock-out', () => {
  test.each<[string, object, string]>([
    ['of everybody', deny(), 'kms:Decrypt'],
    ['of every AWS principal', deny({ Principal: { AWS: '*' } }), 'kms:Decrypt'],
    ['of the account', deny({ Principal: { AWS: ['arn:aws:iam::111122223333:root'] } }), 'kms:Decrypt'],
    ['by a pattern', deny({ Action: ['kms:List*', 'kms:Update*'] }), 'kms:ListGrants'],
    ['of everything', deny({ Action: 'kms:*' }), 'kms:CreateAlias'],
    ['in any case', deny({ Action: 'KMS:DISABLEKEY' }), 'kms:DisableKey'],
  ])('%s is found', (_, statement, action) => expect(lockedOutAction(document(ALLOW, statement))).toBe(action));

  test.each<[string, object]>([
    ['an Allow', ALLOW],
    ['a Deny with a condition, which cannot be judged here', deny({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
    ['a Deny of one role', deny({ Principal: { AWS: 'arn:aws:iam::111122223333:role/other' } })],
    ['a Deny of a service', deny({ Principal: { Service: 'rds.amazonaws.com' } })],
    ['a Deny of what keyturn does not need', deny({ Action: ['kms:EnableKeyRotation', 'kms:ImportKeyMaterial'] })],
    ['a Deny without actions', deny({ Action: undefined })],
    ['a Deny whose dot is no wildcard', deny({ Action: 'kms.Decrypt' })],
    ['a Deny whose plus stands for itself', deny({ Action: 'kms:Decrypt+' })],
    ['a Deny of everybody but some', deny({ Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::111122223333:role/x' } })],
  ])('%s is none', (_, statement) => expect(lockedOutAction(document(statement))).toBeUndefined());
});
