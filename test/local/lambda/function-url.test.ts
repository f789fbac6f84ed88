import { Authorizer } from '../../../local/iam/authorizer';
import { IdentityDirectory } from '../../../local/iam/identities';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { FUNCTION_URL_PREFIX, functionUrls } from '../../../local/lambda/function-url';
import { LambdaService } from '../../../local/lambda/lambda-service';
import type { WireRequest } from '../../../local/wire/message';
import { signed } from '../wire/harness';

const HOME = { region: 'eu-central-1', accountId: '111122223333' };
const USER = 'arn:aws:iam::111122223333:user/alice';

function urls() {
  const timeline = new Timeline(0);
  const identities = new IdentityDirectory();
  identities.putPolicy(USER, 'p', { Statement: { Effect: 'Allow', Action: 'lambda:*', Resource: '*' } });
  const lambda = new LambdaService({ ...HOME, timeline, trace: new Trace(timeline), nextId: () => 'id', endpoint: () => '', credentialsFor: () => identities.credentialsFor(USER) });
  lambda.putFunction({ name: 'f', roleArn: 'r', handler: 'index.handler', environment: {}, timeoutSeconds: 3, memoryMb: 128, bundle: { filename: '/f.js', source: 'exports.handler = async (event) => event.body.length;' } });
  const sources = { ...HOME, kms: { authorizationOf: () => ({ resourceArns: [], keys: [] }) }, dynamodb: { authorizationOf: () => [] }, stateMachineOfToken: () => undefined };
  const handle = functionUrls({ ...HOME, clock: timeline, nextId: () => 'id', lambda, credentials: identities, authorizer: new Authorizer(identities, sources), hasUrl: (name) => name === 'f' });
  const ask = async (request: Partial<WireRequest> = {}, service = 'lambda') => {
    const { statusCode, body } = await handle(await signed({ path: `${FUNCTION_URL_PREFIX}f/`, body: Buffer.from('12345'), ...request }, { service, identity: identities.credentialsFor(USER) }));
    return [statusCode, JSON.parse(Buffer.from(body).toString())] as const;
  };
  return { ask, handle };
}

test('a request that is signed for Lambda reaches the function', async () => {
  expect(await urls().ask()).toEqual([200, 5]);
});

test('a request that is signed for another service is refused', async () => {
  expect(await urls().ask({}, 'kms')).toEqual([403, { Message: "Credential should be scoped to correct service: 'lambda'." }]);
});

test('a request that nobody signed is refused', async () => {
  const { handle } = urls();
  expect((await handle({ method: 'POST', path: `${FUNCTION_URL_PREFIX}f/`, query: {}, headers: {}, body: new Uint8Array() })).statusCode).toBe(403);
});

test('what the local AWS does not model keeps its status', async () => {
  expect(await urls().ask({ headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } })).toEqual([501, { Message: expect.stringContaining('UNSIGNED-PAYLOAD') }]);
});

test('a body over 6 MB is too large', async () => {
  expect((await urls().ask({ body: Buffer.alloc(6_291_457, 'x') }))[0]).toBe(413);
});
