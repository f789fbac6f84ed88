import fc from 'fast-check';
import { identityOf, isAccountable, isSamePrincipal } from '../../lambdas/domain/identity';

const ACCOUNT = '111122223333';
const session = (role: string, name: string, account = ACCOUNT, partition = 'aws') => `arn:${partition}:sts::${account}:assumed-role/${role}/${name}`;
const VOUCHED = { vouchedRoles: ['AWSReservedSSO_*', 'break.glass'] };
const NONE = { vouchedRoles: [] };

const words = fc.stringMatching(/^[\w+=,.@-]{1,20}$/);

describe('an identity', () => {
  test.each<[string, string, string]>([
    ['a user', `arn:aws:iam::${ACCOUNT}:user/alice`, `arn:aws:iam::${ACCOUNT}:user/alice`],
    ['the root', `arn:aws:iam::${ACCOUNT}:root`, `arn:aws:iam::${ACCOUNT}:root`],
    ['a session of a role', session('deployer', 'alice'), `arn:aws:iam::${ACCOUNT}:role/deployer`],
    ['a session of a role in another partition', session('deployer', 'alice', ACCOUNT, 'aws-cn'), `arn:aws-cn:iam::${ACCOUNT}:role/deployer`],
    ['a session that an identity provider names', session('AWSReservedSSO_Keys_0123456789abcdef', 'alice@example.com'), `arn:aws:iam::${ACCOUNT}:role/AWSReservedSSO_Keys_0123456789abcdef/alice@example.com`],
    ['a session of a role whose name only begins like one that is vouched for', session('breakXglass', 'alice'), `arn:aws:iam::${ACCOUNT}:role/breakXglass`],
    ['a session of a role whose name only ends like one', session('my-AWSReservedSSO_Keys', 'alice'), `arn:aws:iam::${ACCOUNT}:role/my-AWSReservedSSO_Keys`],
    ['something that only ends like the ARN of a session', `x${session('deployer', 'alice')}`, `x${session('deployer', 'alice')}`],
    ['something that only begins like the ARN of a session', `${session('deployer', 'alice')}/more`, `${session('deployer', 'alice')}/more`],
    ['something that is no ARN', 'orders-20260401T0000Z-a1', 'orders-20260401T0000Z-a1'],
  ])('of %s', (_, arn, identity) => expect(identityOf(arn, VOUCHED)).toBe(identity));

  test('cannot be chosen by naming a session', () => {
    fc.assert(fc.property(words, words, words, (role, one, other) => expect(identityOf(session(role, one), NONE)).toBe(identityOf(session(role, other), NONE))));
  });

  test('is different for different roles, accounts and partitions', () => {
    const arns = [session('a', 'x'), session('b', 'x'), session('a', 'x', '222222222222'), session('a', 'x', ACCOUNT, 'aws-us-gov')];
    expect(new Set(arns.map((arn) => identityOf(arn, NONE))).size).toBe(arns.length);
  });

  test('tells people apart exactly where session names are vouched for', () => {
    const [alice, bob] = [session('AWSReservedSSO_Keys', 'alice'), session('AWSReservedSSO_Keys', 'bob')];
    expect(identityOf(alice, VOUCHED)).not.toBe(identityOf(bob, VOUCHED));
    expect(identityOf(alice, NONE)).toBe(identityOf(bob, NONE));
  });

  test('takes a pattern literally but for its star', () => {
    fc.assert(
      fc.property(words, words, (role, name) => {
        const isNamed = identityOf(session(role, name), { vouchedRoles: [role] }).endsWith(`/${name}`);
        expect(isNamed).toBe(true);
        expect(identityOf(session(`${role}x`, name), { vouchedRoles: [role] })).toBe(`arn:aws:iam::${ACCOUNT}:role/${role}x`);
      }),
    );
  });
});

describe('a principal', () => {
  const role = `arn:aws:iam::${ACCOUNT}:role/apps/eu/orders-api`;
  test.each<[string, string, string, boolean]>([
    ['a user is itself', `arn:aws:iam::${ACCOUNT}:user/x`, `arn:aws:iam::${ACCOUNT}:user/x`, true],
    ['a role is its sessions, whatever its path', role, session('orders-api', 'i-0'), true],
    ['a role without a path is its sessions', `arn:aws:iam::${ACCOUNT}:role/orders-api`, session('orders-api', 'i-0'), true],
    ['what only ends like a role is none', `x${role}`, session('orders-api', 'i-0'), false],
    ['a path is no role', `arn:aws:iam::${ACCOUNT}:role/orders-api/`, session('orders-api', 'i-0'), false],
    ['a role is no session of another', role, session('orders', 'i-0'), false],
    ['a role is no session whose name is that of the role', role, session('other', 'orders-api'), false],
    ['a role is no session in another account', role, session('orders-api', 'i-0', '222222222222'), false],
    ['a role is no session in another partition', role, session('orders-api', 'i-0', ACCOUNT, 'aws-cn'), false],
    ['a role is no user of that name', role, `arn:aws:iam::${ACCOUNT}:user/orders-api`, false],
    ['a user is no role of that name', `arn:aws:iam::${ACCOUNT}:user/orders-api`, session('orders-api', 'i-0'), false],
  ])('%s', (_, policyArn, callerArn, expected) => expect(isSamePrincipal(policyArn, callerArn)).toBe(expected));
});

test.each([
  ['arn:aws:iam::111122223333:user/people/alice', true],
  ['arn:aws:sts::111122223333:assumed-role/oncall/alice', true],
  ['arn:aws-cn:sts::111122223333:assumed-role/oncall/alice', true],
  ['arn:aws:sts::111122223333:federated-user/not-alice', false],
  ['arn:aws:iam::111122223333:root', false],
  ['arn:aws:iam::111122223333:role/oncall', false],
  ['xarn:aws:iam::111122223333:user/alice', false],
  ['arn:aws:iam::111122223333:user/alice\nbob', false],
  ['lambda.amazonaws.com', false],
])('%s answers for what it asks: %s', (arn, isOne) => {
  expect(isAccountable(arn)).toBe(isOne);
});
