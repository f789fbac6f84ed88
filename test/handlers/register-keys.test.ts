import { createHash } from 'node:crypto';
import { create } from '../../lambdas/handlers/register-keys';
import type { Telemetry } from '../../lambdas/runtime/telemetry';
import { AwsError } from '../../local/kernel/aws-error';
import { World } from '../../local/simulator/world';
import { policyOf } from '../support/policies';

const mockText = JSON.stringify([policyOf()]);
const configHash = createHash('sha256').update(mockText).digest('hex');

/** The configuration file stands next to the bundle only. */
jest.mock('node:fs', () => {
  const actual = jest.requireActual<typeof import('node:fs')>('node:fs');
  return { ...actual, readFileSync: (path: string, encoding: 'utf8') => (path.endsWith('keyturn.keys.json') ? mockText : actual.readFileSync(path, encoding)) };
});

const silent: Telemetry = { info: () => undefined, warn: () => undefined, countFailure: () => undefined, gauge: () => undefined };
const STACK_ID = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/keyturn/1';
const request = {
  RequestType: 'Create',
  ResponseURL: 'https://cloudformation.invalid/answer',
  StackId: STACK_ID,
  RequestId: 'r1',
  LogicalResourceId: 'Keys',
  ResourceProperties: { configHash },
};

let answers: { readonly url: unknown; readonly method: unknown; readonly body: Record<string, unknown> }[];
let status: number;
const realFetch = globalThis.fetch;

beforeEach(() => {
  answers = [];
  status = 200;
  globalThis.fetch = async (url, init) => {
    answers.push({ url, method: init?.method, body: JSON.parse(init?.body as string) as Record<string, unknown> });
    return new Response('', { status });
  };
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

async function deploy(world: World, changes: object = {}): Promise<void> {
  await create(world.composition('register-keys'), silent)({ ...request, ...changes }, { awsRequestId: 'request' });
}

test('registers the keys of its bundle and answers SUCCESS under the fixed id', async () => {
  const world = new World();
  await deploy(world);
  expect(await world.composition('register-keys').registry().allNames()).toEqual(['orders']);
  const body = { Status: 'SUCCESS', Reason: '', PhysicalResourceId: 'keyturn-keys', StackId: STACK_ID, RequestId: 'r1', LogicalResourceId: 'Keys' };
  expect(answers).toEqual([{ url: 'https://cloudformation.invalid/answer', method: 'PUT', body }]);
});

test('keeps the id in an update, so that nothing is ever replaced', async () => {
  const world = new World();
  await deploy(world);
  await deploy(world, { RequestType: 'Update', RequestId: 'r2', PhysicalResourceId: 'something-else' });
  expect(answers.map(({ body }) => body['PhysicalResourceId'])).toEqual(['keyturn-keys', 'keyturn-keys']);
});

test('does nothing on Delete, whatever the configuration says', async () => {
  const world = new World();
  await deploy(world);
  const before = world.trace.events().length;
  await deploy(world, { RequestType: 'Delete', ResourceProperties: { configHash: 'another' } });
  expect(answers.at(-1)?.body).toMatchObject({ Status: 'SUCCESS' });
  expect(world.trace.events()).toHaveLength(before);
});

test.each(['f'.repeat(64), undefined])('refuses a deployment of a configuration that it does not hold: %s', async (hash) => {
  const world = new World();
  await deploy(world, { ResourceProperties: { configHash: hash } });
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^the function holds configuration [0-9a-f]{64}, the deployment is about/) });
  expect(world.trace.events()).toEqual([]);
});

test('answers FAILED with the findings when the keys cannot be registered', async () => {
  const world = new World();
  const caller = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/x', userId: 'x' };
  const { KeyMetadata } = world.kms.call('CreateKey', {}, caller) as { KeyMetadata: { KeyId: string } };
  world.kms.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: KeyMetadata.KeyId }, caller);
  await deploy(world);
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('alias/orders exists already') });
  expect(await world.composition('register-keys').registry().allNames()).toEqual([]);
});

test('cuts a reason so that the answer stays below what CloudFormation takes', async () => {
  const world = new World();
  world.interceptAll = async () => {
    throw new AwsError('SurpriseException', 'x'.repeat(9000));
  };
  await deploy(world);
  expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/x{1000}/) });
  expect(JSON.stringify(answers[0]?.body).length).toBeLessThan(4096);
});

test('fails itself when CloudFormation does not take the answer, so that Lambda invokes it again', async () => {
  status = 403;
  await expect(deploy(new World())).rejects.toThrow('CloudFormation did not take the answer: HTTP 403');
});

test('refuses an event that CloudFormation never sends, without an answer', async () => {
  await expect(deploy(new World(), { ResponseURL: 'not a URL' })).rejects.toMatchObject({ name: 'InvalidTaskInput' });
  expect(answers).toEqual([]);
});
