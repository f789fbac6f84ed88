import { create } from '../../lambdas/handlers/acknowledge';
import type { Acknowledgement, TaskToken } from '../../lambdas/ports/acknowledgements';
import type { Telemetry } from '../../lambdas/runtime/telemetry';
import { AwsError } from '../../local/kernel/aws-error';
import { World } from '../../local/simulator/world';
import { CONSUMER, CONSUMER_SESSION, functionUrlEvent } from '../support/scenario';

const ID = 'a'.repeat(40);
const OTHER_ID = 'b'.repeat(40);
const AT_MS = Date.UTC(2026, 5, 10);
const TOKEN = 'secret-task-token' as TaskToken;
const MALLORY = 'arn:aws:iam::111122223333:user/mallory';
const question: Omit<Acknowledgement, 'answer'> = { id: ID, key: 'orders', version: 2, dependent: 'orders-api', phase: 'ready', principal: CONSUMER };
const answer = { acknowledgementId: ID, verdict: 'yes', version: 2 };
const silent: Telemetry = { info: () => undefined, warn: () => undefined, countFailure: () => undefined, gauge: () => undefined };

async function asked(): Promise<World> {
  const world = new World();
  await world.composition('notify-dependent').acknowledgements().open(question, { token: TOKEN, since: 1 });
  return world;
}

const recorded = async (world: World) => (await world.composition('acknowledge').acknowledgements().read(ID))?.answer ?? null;

function from(arn: string, body: object = answer): { readonly body: string; readonly requestContext: object } {
  return functionUrlEvent(body, arn, AT_MS) as unknown as ReturnType<typeof from>;
}

async function post(world: World, event: unknown, telemetry = silent): Promise<{ statusCode: number; body: Record<string, unknown> }> {
  const handle = create(world.composition('acknowledge'), telemetry);
  const { statusCode, headers, body } = (await handle(event, { awsRequestId: 'request' })) as { statusCode: number; headers: Record<string, string>; body: string };
  expect(headers).toEqual({ 'content-type': 'application/json' });
  return { statusCode, body: JSON.parse(body) as Record<string, unknown> };
}

test('records the answer with the identity and the time that the Function URL vouches for', async () => {
  const world = await asked();
  expect(await post(world, from(CONSUMER_SESSION))).toEqual({ statusCode: 200, body: { status: 'recorded', verdict: 'yes', by: CONSUMER_SESSION } });
  expect(await recorded(world)).toEqual({ verdict: 'yes', version: 2, by: CONSUMER_SESSION, at: '2026-06-10T00:00:00.000Z' });
});

test('reads a body that came in base64', async () => {
  const world = await asked();
  const event = from(CONSUMER_SESSION);
  expect((await post(world, { ...event, body: Buffer.from(event.body).toString('base64'), isBase64Encoded: true })).statusCode).toBe(200);
  expect(await recorded(world)).toMatchObject({ verdict: 'yes' });
});

test('lets a yes replace a no, and nothing replace a yes', async () => {
  const world = await asked();
  const say = async (verdict: string, atMs: number) => (await post(world, functionUrlEvent({ ...answer, verdict }, CONSUMER_SESSION, atMs))).body;
  expect(await say('no', AT_MS)).toMatchObject({ status: 'recorded', verdict: 'no' });
  expect(await say('yes', AT_MS + 1)).toMatchObject({ status: 'recorded', verdict: 'yes' });
  expect(await say('yes', AT_MS + 2)).toMatchObject({ status: 'already-answered', verdict: 'yes' });
  expect(await say('no', AT_MS + 3)).toMatchObject({ status: 'already-answered', verdict: 'yes' });
  expect(await recorded(world)).toMatchObject({ verdict: 'yes', at: '2026-06-10T00:00:00.001Z' });
});

test.each<[string, unknown, number, RegExp]>([
  ['another principal', from(MALLORY), 403, /no acknowledgement a{40} is open for .*mallory/],
  ['the role of that name in another account', from('arn:aws:sts::222222222222:assumed-role/orders-api/i-0'), 403, /is open for/],
  ['the role of that name in another partition', from('arn:aws-cn:sts::111122223333:assumed-role/orders-api/i-0'), 403, /is open for/],
  ['a role whose session has the name of the right one', from('arn:aws:sts::111122223333:assumed-role/other/orders-api'), 403, /is open for/],
  ['a question that was never asked', from(CONSUMER_SESSION, { ...answer, acknowledgementId: OTHER_ID }), 403, /no acknowledgement b{40} is open for/],
  ['another version', from(CONSUMER_SESSION, { ...answer, version: 3 }), 403, /is about version 2 of orders, the answer about version 3/],
  ['a verdict that is none', from(CONSUMER_SESSION, { ...answer, verdict: 'maybe' }), 400, /verdict/],
  ['an id that is none', from(CONSUMER_SESSION, { ...answer, acknowledgementId: 'ACK#1' }), 400, /acknowledgementId/],
  ['a version as text', from(CONSUMER_SESSION, { ...answer, version: '2' }), 400, /version/],
  ['a field too many', from(CONSUMER_SESSION, { ...answer, by: CONSUMER }), 400, /by/],
  ['a reason that is too long', from(CONSUMER_SESSION, { ...answer, reason: 'x'.repeat(501) }), 400, /reason/],
  ['bad JSON', { ...from(CONSUMER_SESSION), body: '{' }, 400, /the body is not JSON/],
  ['no body', { ...from(CONSUMER_SESSION), body: undefined }, 400, /the body is not JSON/],
  ['no identity', { body: JSON.stringify(answer), requestContext: { timeEpoch: AT_MS, http: { method: 'POST' } } }, 400, /authorizer/],
  ['another event', { Records: [] }, 400, /requestContext/],
])('refuses %s and records nothing', async (_, event, statusCode, reason) => {
  const world = await asked();
  const response = await post(world, event);
  expect(response.statusCode).toBe(statusCode);
  expect(JSON.stringify(response.body)).toMatch(reason);
  expect(await recorded(world)).toBeNull();
});

test('refuses GET, by which nobody should answer', async () => {
  const world = await asked();
  const event = from(CONSUMER_SESSION);
  expect(await post(world, { ...event, requestContext: { ...event.requestContext, http: { method: 'GET' } } })).toEqual({ statusCode: 405, body: { error: 'ask with POST' } });
  expect(await recorded(world)).toBeNull();
});

test('gives the same words for a question to others as for none', async () => {
  const world = await asked();
  const theirs = await post(world, from(MALLORY));
  const none = await post(world, from(MALLORY, { ...answer, acknowledgementId: OTHER_ID }));
  expect(JSON.stringify(theirs).replaceAll(ID, '*')).toBe(JSON.stringify(none).replaceAll(OTHER_ID, '*'));
});

test('asks to come back while the registry is busy, and wakes nobody before the answer is recorded', async () => {
  const world = await asked();
  const operations: string[] = [];
  world.interceptAll = async (call, next) => {
    operations.push(call.operation);
    if (call.operation === 'UpdateItem') throw new AwsError('ThrottlingException', 'slow down', 400);
    return next();
  };
  expect(await post(world, from(CONSUMER_SESSION))).toMatchObject({ statusCode: 503, body: { error: 'RegistryBusy' } });
  expect(operations).toEqual(['GetItem', 'UpdateItem']);
});

test('says nothing of the task token, in its answer or on a log line', async () => {
  const lines: unknown[] = [];
  const spy: Telemetry = { info: (...line) => lines.push(line), warn: (...line) => lines.push(line), countFailure: () => undefined, gauge: () => undefined };
  const world = await asked();
  const responses = [await post(world, from(CONSUMER_SESSION), spy), await post(world, from(MALLORY), spy), await post(world, { body: '{' }, spy)];
  expect(lines).toHaveLength(3);
  expect(JSON.stringify([lines, responses])).not.toContain(TOKEN);
});
