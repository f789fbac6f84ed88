import type { Json } from '../../../lambdas/domain/trace';
import { IdentityDirectory } from '../../../local/iam/identities';

const ROLE = 'arn:aws:iam::111122223333:role/team/app';
const USER = 'arn:aws:iam::111122223333:user/alice';
const ALLOW = { Statement: { Effect: 'Allow', Action: 'kms:Decrypt', Resource: '*' } } as const;

test('credentials of the same session are the same ones; of a new one they are not', () => {
  const directory = new IdentityDirectory();
  directory.put(ROLE);
  expect(directory.credentialsFor(ROLE, 's')).toEqual(directory.credentialsFor(ROLE, 's'));
  expect(directory.newCredentials(ROLE, 's', '1').accessKeyId).not.toBe(directory.newCredentials(ROLE, 's', '2').accessKeyId);
  expect(() => directory.credentialsFor(USER)).toThrow('There is no role or user');
});

test('credentials cannot be derived without the seed of the account', () => {
  const [one, other, same] = ['a', 'b', 'a'].map((credentialSeed) => new IdentityDirectory({ credentialSeed })).map((directory) => (directory.put(USER), directory.credentialsFor(USER)));
  expect(same).toEqual(one);
  expect(other?.accessKeyId).not.toBe(one?.accessKeyId);
  expect(other?.secretAccessKey).not.toBe(one?.secretAccessKey);
});

test('putting an identity again keeps what is not given', () => {
  const directory = new IdentityDirectory();
  directory.put(ROLE, undefined, 7_200);
  expect(directory.put(ROLE).maxSessionSeconds).toBe(7_200);
});

test('a session expires by the wall clock', () => {
  let wallMs = 1_000;
  const directory = new IdentityDirectory({ wallNowMs: () => wallMs });
  directory.put(ROLE);
  const session = directory.newCredentials(ROLE, 's', 'x', 2_000);
  expect(directory.hasExpired(session)).toBe(false);
  wallMs = 2_000;
  expect(directory.hasExpired(session)).toBe(true);
  expect(directory.hasExpired(directory.credentialsFor(ROLE))).toBe(false);
});

test('an identity that is deleted takes its credentials with it', () => {
  const directory = new IdentityDirectory();
  directory.put(USER);
  const { accessKeyId, caller } = directory.credentialsFor(USER);
  directory.delete(USER);
  expect(directory.find(accessKeyId)).toBeUndefined();
  expect(directory.identityOf(caller).policies).toEqual([]);
});

test('after saving and loading, identities have their policies and credentials', () => {
  const before = new IdentityDirectory({ wallNowMs: () => 0 });
  before.put(ROLE, { Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: USER } } }, 7_200);
  before.putPolicy(USER, 'p', ALLOW);
  const user = before.credentialsFor(USER);
  const session = before.newCredentials(ROLE, 's', 'x', 5);

  const after = new IdentityDirectory({ wallNowMs: () => 10 });
  after.load(JSON.parse(JSON.stringify(before.save())) as Json);
  expect(after.save()).toEqual(before.save());
  expect(after.find(user.accessKeyId)).toEqual(before.find(user.accessKeyId));
  expect(after.find(session.accessKeyId)?.caller).toEqual(session.caller);
  expect(after.hasExpired(session)).toBe(true);
  expect(after.identityOf(user.caller)).toMatchObject({ principal: { arn: USER }, policies: [[{ effect: 'Allow' }]] });
  expect(after.get(ROLE)).toMatchObject({ trust: before.get(ROLE)?.trust, maxSessionSeconds: 7_200 });
});
