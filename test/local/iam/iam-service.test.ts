import { IamService } from '../../../local/iam/iam-service';
import { IdentityDirectory } from '../../../local/iam/identities';

const ADMIN = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/admin', userId: 'u' };
const TRUST = '{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"111122223333"}}]}';
const POLICY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:ListKeys","Resource":"*"}}';

function iam() {
  let ids = 0;
  const identities = new IdentityDirectory();
  const service = new IamService({ accountId: '111122223333', identities, nextId: () => String(++ids) });
  const call = (operation: string, input: object = {}, caller = ADMIN) => service.call(operation, input, caller) as Record<string, Record<string, string> & Record<string, string>[]>;
  return { identities, service, call };
}

test('a user is made with keys that are its own, and with policies', () => {
  const { call, identities } = iam();
  expect(call('CreateUser', { UserName: 'weak', Path: '/team/' })).toMatchObject({ User: { UserName: 'weak', Path: '/team/', Arn: 'arn:aws:iam::111122223333:user/team/weak', UserId: expect.stringMatching(/^AIDA/) } });
  const { AccessKey } = call('CreateAccessKey', { UserName: 'weak' });
  expect(identities.find(AccessKey!['AccessKeyId']!)).toMatchObject({ secretAccessKey: AccessKey!['SecretAccessKey'], caller: { arn: 'arn:aws:iam::111122223333:user/team/weak' } });
  call('PutUserPolicy', { UserName: 'weak', PolicyName: 'p', PolicyDocument: POLICY });
  expect(decodeURIComponent((call('GetUserPolicy', { UserName: 'weak', PolicyName: 'p' }) as unknown as { PolicyDocument: string }).PolicyDocument)).toBe(POLICY);
  expect(call('ListUserPolicies', { UserName: 'weak' })).toEqual({ PolicyNames: ['p'], IsTruncated: false });
  expect(call('GetUser', {}, { ...ADMIN, arn: 'arn:aws:iam::111122223333:user/team/weak' })).toMatchObject({ User: { UserName: 'weak' } });

  expect(() => call('DeleteUser', { UserName: 'weak' })).toThrow('must delete access keys first');
  call('DeleteAccessKey', { UserName: 'weak', AccessKeyId: AccessKey!['AccessKeyId'] });
  expect(identities.find(AccessKey!['AccessKeyId']!)).toBeUndefined();
  expect(() => call('DeleteUser', { UserName: 'weak' })).toThrow('must delete policies first');
  call('DeleteUserPolicy', { UserName: 'weak', PolicyName: 'p' });
  call('DeleteUser', { UserName: 'weak' });
  expect(call('ListUsers')).toEqual({ Users: [], IsTruncated: false });
});

test('a role is made, described, trusted by others and listed in pages', () => {
  const { call } = iam();
  call('CreateRole', { RoleName: 'a', AssumeRolePolicyDocument: TRUST, MaxSessionDuration: '7200' });
  call('CreateRole', { RoleName: 'b', AssumeRolePolicyDocument: TRUST, Path: '/x/' });
  expect(call('GetRole', { RoleName: 'a' })).toMatchObject({ Role: { RoleName: 'a', MaxSessionDuration: 7200, AssumeRolePolicyDocument: encodeURIComponent(TRUST) } });
  call('UpdateAssumeRolePolicy', { RoleName: 'a', PolicyDocument: POLICY });
  expect(call('GetRole', { RoleName: 'a' })).toMatchObject({ Role: { AssumeRolePolicyDocument: encodeURIComponent(POLICY) } });
  const first = call('ListRoles', { MaxItems: '1' });
  expect(first).toMatchObject({ Roles: [{ RoleName: 'a' }], IsTruncated: true });
  expect(call('ListRoles', { MaxItems: '1', Marker: first['Marker'] })).toMatchObject({ Roles: [{ RoleName: 'b', Path: '/x/' }], IsTruncated: false });
  expect(call('ListRoles', { PathPrefix: '/x/' })).toMatchObject({ Roles: [{ RoleName: 'b' }] });
  call('PutRolePolicy', { RoleName: 'a', PolicyName: 'p', PolicyDocument: POLICY });
  expect(call('ListRolePolicies', { RoleName: 'a' })).toMatchObject({ PolicyNames: ['p'] });
  expect(call('ListAttachedRolePolicies', { RoleName: 'a' })).toEqual({ AttachedPolicies: [], IsTruncated: false });
});

test.each<[string, string, object, string, number]>([
  ['a user that is not there', 'GetUser', { UserName: 'none' }, 'NoSuchEntity', 404],
  ['a policy that is not there', 'GetUserPolicy', { UserName: 'a', PolicyName: 'none' }, 'NoSuchEntity', 404],
  ['an access key that is not there', 'DeleteAccessKey', { UserName: 'a', AccessKeyId: 'AKIA' }, 'NoSuchEntity', 404],
  ['a user that is there', 'CreateUser', { UserName: 'a' }, 'EntityAlreadyExists', 409],
  ['a policy that is no JSON', 'PutUserPolicy', { UserName: 'a', PolicyName: 'p', PolicyDocument: '{' }, 'MalformedPolicyDocument', 400],
  ['a policy without statements', 'PutUserPolicy', { UserName: 'a', PolicyName: 'p', PolicyDocument: '{}' }, 'MalformedPolicyDocument', 400],
  ['a policy with an unknown condition operator', 'PutUserPolicy', { UserName: 'a', PolicyName: 'p', PolicyDocument: '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:PrincipalArn":"x"}}}}' }, 'NotModelledLocally', 501],
  ['a name with a space', 'CreateUser', { UserName: 'a b' }, 'ValidationError', 400],
  ['a boundary', 'CreateUser', { UserName: 'b', PermissionsBoundary: 'arn' }, 'NotModelledLocally', 501],
  ['a managed policy', 'AttachUserPolicy', { UserName: 'a', PolicyArn: 'arn' }, 'NotModelledLocally', 501],
])('refuses %s', (_case, operation, input, code, httpStatus) => {
  const { call } = iam();
  call('CreateUser', { UserName: 'a' });
  expect(() => call(operation, input)).toThrow(expect.objectContaining({ code, httpStatus }) as Error);
});

test('refuses a third access key', () => {
  const { call } = iam();
  call('CreateUser', { UserName: 'a' });
  call('CreateAccessKey', { UserName: 'a' });
  call('CreateAccessKey', { UserName: 'a' });
  expect(call('ListAccessKeys', { UserName: 'a' })['AccessKeyMetadata']).toHaveLength(2);
  expect(() => call('CreateAccessKey', { UserName: 'a' })).toThrow(expect.objectContaining({ code: 'LimitExceeded' }) as Error);
});
