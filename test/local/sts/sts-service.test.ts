import { Authorizer } from '../../../local/iam/authorizer';
import type { PolicyStatement } from '../../../local/iam/documents';
import { IdentityDirectory } from '../../../local/iam/identities';
import { StsService } from '../../../local/sts/sts-service';

const ROLE = 'arn:aws:iam::111122223333:role/app';
const USER = 'arn:aws:iam::111122223333:user/alice';
const WALL_MS = Date.UTC(2026, 0, 1);

function sts(trusted: Partial<PolicyStatement> | undefined, userMay: readonly string[] = []) {
  let ids = 0;
  const identities = new IdentityDirectory({ wallNowMs: () => WALL_MS });
  identities.put(ROLE, trusted === undefined ? undefined : { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', ...trusted } });
  identities.put(USER);
  if (userMay.length > 0) identities.putPolicy(USER, 'p', { Statement: { Effect: 'Allow', Action: userMay, Resource: '*' } });
  const authorizer = new Authorizer(identities, {
    accountId: '111122223333',
    region: 'eu-central-1',
    kms: { authorizationOf: () => ({ resourceArns: [], keys: [] }) },
    dynamodb: { authorizationOf: () => [] },
    stateMachineOfToken: () => undefined,
  });
  const service = new StsService({ identities, authorizer, nextId: () => String(++ids), wallNowMs: () => WALL_MS });
  const { caller } = identities.credentialsFor(USER);
  const assume = (more: object = {}, as = caller) => service.call('AssumeRole', { RoleArn: ROLE, RoleSessionName: 'me', ...more }, as) as { Credentials: Record<string, string>; AssumedRoleUser: Record<string, string> };
  return { service, identities, caller, assume };
}

test('everyone may ask who they are', () => {
  const { service, caller } = sts(undefined);
  expect(service.call('GetCallerIdentity', {}, caller)).toEqual({ Account: '111122223333', Arn: USER, UserId: caller.userId });
});

test('a session of a role has credentials of its own, until its time by the wall clock', () => {
  const { assume, identities } = sts({ Principal: { AWS: USER } });
  const { Credentials, AssumedRoleUser } = assume({ DurationSeconds: '900' });
  expect(AssumedRoleUser['Arn']).toBe('arn:aws:sts::111122223333:assumed-role/app/me');
  expect(Credentials['Expiration']).toBe('2026-01-01T00:15:00Z');
  expect(identities.find(Credentials['AccessKeyId']!)).toMatchObject({ secretAccessKey: Credentials['SecretAccessKey'], sessionToken: Credentials['SessionToken'], caller: { arn: AssumedRoleUser['Arn'] } });
  expect(assume().Credentials['AccessKeyId']).not.toBe(Credentials['AccessKeyId']);
});

describe('the trust policy of the role decides who may assume it', () => {
  test.each<[string, Partial<PolicyStatement> | undefined, readonly string[], object, boolean]>([
    ['whom it names', { Principal: { AWS: USER } }, [], {}, true],
    ['not whom it does not name', { Principal: { AWS: `${USER}2` } }, ['sts:AssumeRole'], {}, false],
    ['whom IAM lets, if it names the account', { Principal: { AWS: 'arn:aws:iam::111122223333:root' } }, ['sts:AssumeRole'], {}, true],
    ['not whom IAM does not let, if it names the account', { Principal: { AWS: '111122223333' } }, [], {}, false],
    ['not a user, if it names a service', { Principal: { Service: 'lambda.amazonaws.com' } }, ['*'], {}, false],
    ['nobody, without one', undefined, ['*'], {}, false],
    ['whom knows the external id', { Principal: { AWS: USER }, Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } }, [], { ExternalId: 'secret' }, true],
    ['not whom does not', { Principal: { AWS: USER }, Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } }, [], { ExternalId: 'guess' }, false],
    ['not a session of another name', { Principal: { AWS: USER }, Condition: { StringLike: { 'sts:RoleSessionName': 'you*' } } }, [], {}, false],
  ])('%s', (_case, trusted, userMay, more, isAllowed) => {
    const { assume } = sts(trusted, userMay);
    if (isAllowed) expect(assume(more).Credentials).toHaveProperty('SessionToken');
    else expect(() => assume(more)).toThrow(expect.objectContaining({ code: 'AccessDenied', httpStatus: 403, message: expect.stringContaining(`User: ${USER} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`) as string }) as Error);
  });
});

test('a role that does not exist is refused as one that may not be assumed', () => {
  const { assume } = sts({ Principal: { AWS: USER } }, ['*']);
  expect(() => assume({ RoleArn: `${ROLE}2` })).toThrow(expect.objectContaining({ code: 'AccessDenied' }) as Error);
});

test.each<[string, object, string]>([
  ['a session name of one letter', { RoleSessionName: 'x' }, 'ValidationError'],
  ['a session name with a slash', { RoleSessionName: 'a/b' }, 'ValidationError'],
  ['a session of a minute', { DurationSeconds: '60' }, 'ValidationError'],
  ['a session longer than the role allows', { DurationSeconds: '7200' }, 'ValidationError'],
  ['what is no role', { RoleArn: USER }, 'ValidationError'],
  ['a session policy', { Policy: '{}' }, 'NotModelledLocally'],
])('refuses %s', (_case, more, code) => {
  expect(() => sts({ Principal: { AWS: USER } }).assume(more)).toThrow(expect.objectContaining({ code }) as Error);
});

test('refuses a session token of a user by name', () => {
  const { service, caller } = sts(undefined);
  expect(() => service.call('GetSessionToken', {}, caller)).toThrow('does not model STS GetSessionToken');
});
