import { LocalCloud } from '../../../local/cloud/local-cloud';
import type { SigningIdentity } from '../../../local/wire/authentication';
import { signed } from '../wire/harness';

const VERSIONS: Readonly<Record<string, string>> = { iam: '2010-05-08', sts: '2011-06-15', sns: '2010-03-31' };
const ROLE = 'arn:aws:iam::111122223333:role/app';

let cloud: LocalCloud;
let wallMs: number;

beforeEach(async () => {
  wallMs = Date.UTC(2026, 0, 1);
  cloud = await LocalCloud.start({ wallNowMs: () => wallMs });
});

afterEach(() => cloud.close());

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A call of a query service as any client makes it. */
async function call(identity: SigningIdentity, service: string, parameters: Readonly<Record<string, string>>): Promise<Answer> {
  const body = Buffer.from(new URLSearchParams({ Version: VERSIONS[service] ?? '', ...parameters }).toString());
  const answer = await cloud.dispatch(await signed({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body }, { service, identity }));
  return { status: answer.statusCode, text: Buffer.from(answer.body).toString() };
}

async function listKeys(identity: SigningIdentity): Promise<Answer> {
  const answer = await cloud.dispatch(await signed({ headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.ListKeys' } }, { identity }));
  return { status: answer.statusCode, text: Buffer.from(answer.body).toString() };
}

const valueOf = (name: string, { text }: Answer): string => new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1] ?? '';

function identityIn(answer: Answer, sessionToken?: string): SigningIdentity {
  return {
    accessKeyId: valueOf('AccessKeyId', answer),
    secretAccessKey: valueOf('SecretAccessKey', answer),
    ...(sessionToken !== undefined && { sessionToken }),
    caller: { accountId: '', arn: '', userId: '' },
  };
}

test('a client makes a weak user, sees it refused, lets it assume a role, and sees that session end', async () => {
  const admin = cloud.credentialsFor('arn:aws:iam::111122223333:user/admin', 'admin');
  expect((await call(admin, 'iam', { Action: 'CreateUser', UserName: 'weak' })).status).toBe(200);
  const weak = identityIn(await call(admin, 'iam', { Action: 'CreateAccessKey', UserName: 'weak' }));
  expect(await call(weak, 'sts', { Action: 'GetCallerIdentity' })).toMatchObject({ status: 200, text: expect.stringContaining('<Arn>arn:aws:iam::111122223333:user/weak</Arn>') });

  const refused = await listKeys(weak);
  expect([refused.status, JSON.parse(refused.text)]).toEqual([400, expect.objectContaining({ __type: 'AccessDeniedException', message: expect.stringContaining('User: arn:aws:iam::111122223333:user/weak is not authorized to perform: kms:ListKeys') })]);
  expect(valueOf('Code', await call(weak, 'sns', { Action: 'ListTopics' }))).toBe('AuthorizationError');
  expect(valueOf('Code', await call(weak, 'iam', { Action: 'CreateAccessKey', UserName: 'admin' }))).toBe('AccessDenied');

  const trust = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: 'arn:aws:iam::111122223333:user/weak' } }] });
  const mayList = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 'kms:ListKeys', Resource: '*' }] });
  expect((await call(admin, 'iam', { Action: 'CreateRole', RoleName: 'app', AssumeRolePolicyDocument: trust })).status).toBe(200);
  expect((await call(admin, 'iam', { Action: 'PutRolePolicy', RoleName: 'app', PolicyName: 'p', PolicyDocument: mayList })).status).toBe(200);
  const assumed = await call(weak, 'sts', { Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'me', DurationSeconds: '900' });
  const session = identityIn(assumed, valueOf('SessionToken', assumed));
  expect((await listKeys(session)).status).toBe(200);

  wallMs += 900_000;
  const expired = await listKeys(session);
  expect([expired.status, JSON.parse(expired.text)]).toEqual([400, { __type: 'com.amazon.coral.service#ExpiredTokenException', message: 'The security token included in the request is expired' }]);
  expect(valueOf('Code', await call(session, 'sts', { Action: 'GetCallerIdentity' }))).toBe('ExpiredToken');
});

test('an access key that is deleted is nobody\'s any more', async () => {
  const admin = cloud.credentialsFor('arn:aws:iam::111122223333:user/admin', 'admin');
  await call(admin, 'iam', { Action: 'CreateUser', UserName: 'weak' });
  const weak = identityIn(await call(admin, 'iam', { Action: 'CreateAccessKey', UserName: 'weak' }));
  await call(admin, 'iam', { Action: 'DeleteAccessKey', UserName: 'weak', AccessKeyId: weak.accessKeyId });
  expect(valueOf('Code', await call(weak, 'sts', { Action: 'GetCallerIdentity' }))).toBe('InvalidClientTokenId');
});
