import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EmulationFailure, RunningCloud } from '../../../local/cloud/running-cloud';
import { LocalCloud } from '../../../local/cloud/local-cloud';
import type { Speed } from '../../../local/cloud/pace';
import { readStateFile } from '../../../local/cloud/state-file';
import { FakeWall, quiet } from './fake-wall';
import type { Fixture } from './fixture';
import { waitingStack } from './waiting-stack';

const START_MS = Date.UTC(2030, 0, 1);
const HOUR = 3_600_000;

let fixture: Fixture;
let wall: FakeWall;
let running: RunningCloud;

beforeAll(() => { fixture = waitingStack(); });
afterAll(() => { fixture.remove(); });
let stop: () => Promise<void> = () => Promise.resolve();
afterEach(async () => { await stop(); });

async function start(speed: Speed): Promise<void> {
  wall = new FakeWall();
  running = await RunningCloud.start(fixture.directory, { speed, startMs: START_MS, wall });
  stop = () => running.stop().catch(() => undefined);
}

const client = () => ({ region: running.cloud.region, endpoint: running.cloud.endpoint, credentials: running.administrator(), maxAttempts: 1 });
const startOne = (name: string) => new SFNClient(client()).send(new StartExecutionCommand({ stateMachineArn: running.cloud.outputs['Machine'], name, input: '{}' }));

/** Asks the control endpoint, with any headers. */
function ask(method: string, name: string, body = '', headers: Record<string, string> = {}): Promise<{ status: number; answer: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(`/_local/${name}`, running.cloud.endpoint), { method, headers }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => { resolve({ status: incoming.statusCode ?? 0, answer: JSON.parse(text) as unknown }); });
    });
    outgoing.on('error', reject).end(body);
  });
}

describe('standing still', () => {
  beforeEach(() => start(0));

  test('what a client starts runs at once, and waits for an advance', async () => {
    const { executionArn } = await startOne('one');
    expect(await ask('GET', 'status')).toEqual({
      status: 200,
      answer: {
        virtualTime: '2030-01-01T00:00:00.000Z',
        speed: 0,
        advancingUntil: null,
        running: [{ name: 'one', state: 'Drain', since: '2030-01-01T00:00:00.000Z' }],
        next: { at: '2030-01-01T01:00:00.000Z', what: expect.any(String) },
        endpoint: running.cloud.endpoint,
        outputs: running.cloud.outputs,
      },
    });
    expect(await ask('POST', 'advance', JSON.stringify({ milliseconds: HOUR }))).toEqual({ status: 200, answer: { virtualTime: '2030-01-01T01:00:00.000Z' } });
    expect(await new SFNClient(client()).send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'SUCCEEDED' });
    expect((await ask('GET', 'status')).answer).toMatchObject({ running: [], next: null });
  });

  test('advances of several clients queue, and requests in between are answered', async () => {
    await startOne('one');
    const answers = await Promise.all([
      ask('POST', 'advance', JSON.stringify({ milliseconds: 2 * HOUR })),
      ask('POST', 'advance', JSON.stringify({ milliseconds: 3 * HOUR })),
      startOne('two'),
    ]);
    expect(new Set(answers.slice(0, 2).map((answer) => (answer as { answer: { virtualTime: string } }).answer.virtualTime)).has('2030-01-01T05:00:00.000Z')).toBe(true);
    expect(running.cloud.timeline.nowMs()).toBe(START_MS + 5 * HOUR);
  });

  test('an advance ends when its client goes, and status is answered meanwhile', async () => {
    const { cloud } = running;
    const tick = (): void => void cloud.timeline.after(HOUR, 'tick', tick);
    tick();
    const client = request(new URL('/_local/advance', cloud.endpoint), { method: 'POST' }).on('error', () => undefined);
    client.end(JSON.stringify({ milliseconds: 36_500 * 24 * HOUR }));
    for (;;) {
      const { answer } = await ask('GET', 'status');
      if ((answer as { advancingUntil: string | null }).advancingUntil !== null) break;
    }
    client.destroy();
    const reached = await running.pace.advance(0);
    expect(reached).toBeLessThan(START_MS + 36_500 * 24 * HOUR);
    expect((reached - START_MS) % HOUR).toBe(0);
  });

  test('messages can be read', async () => {
    await new SNSClient(client()).send(new PublishCommand({ TopicArn: running.cloud.outputs['Topic'], Subject: 'look', Message: 'here' }));
    expect((await ask('GET', 'messages')).answer).toEqual({
      messages: [{ at: '2030-01-01T00:00:00.000Z', topic: running.cloud.outputs['Topic'], subject: 'look', message: 'here', attributes: {} }],
      deliveries: [],
    });
  });

  test('switches of KMS can be seen and changed, and mistakes change nothing', async () => {
    const { answer: before } = await ask('GET', 'kms');
    expect(before).toMatchObject({ requestQuotas: 'off', visibilityDelayMs: { alias: 0 } });
    expect(await ask('POST', 'kms', '{"visibilityDelayMs":{"alias":90000}}')).toMatchObject({ status: 200, answer: { visibilityDelayMs: { alias: 90_000 } } });
    expect(await ask('POST', 'kms', '{"visibilityDelayMs":{"everything":1}}')).toEqual({ status: 400, answer: { error: expect.stringContaining('everything') } });
    expect((await ask('GET', 'kms')).answer).toMatchObject({ visibilityDelayMs: { alias: 90_000 } });
  });

  test('credentials of another principal are given out: one that IAM refuses', async () => {
    const arn = `arn:aws:iam::${running.cloud.accountId}:role/nobody`;
    expect(await ask('POST', 'credentials', JSON.stringify({ arn }))).toEqual({ status: 404, answer: { error: expect.stringMatching(/There is no arn:\S+role\/nobody\. .*--create/) } });
    expect(running.cloud.services.identities.has(arn)).toBe(false);
    const { answer } = await ask('POST', 'credentials', JSON.stringify({ arn, sessionName: 'me', create: true }));
    expect(answer).toMatchObject({ isNew: true, region: 'eu-central-1' });
    const credentials = answer as { accessKeyId: string; secretAccessKey: string; sessionToken: string };
    const refused = new SNSClient({ ...client(), credentials }).send(new PublishCommand({ TopicArn: running.cloud.outputs['Topic'], Message: 'here' }));
    await expect(refused).rejects.toThrow(/assumed-role\/nobody\/me is not authorized/);
    expect((await ask('POST', 'credentials', JSON.stringify({ arn }))).answer).toMatchObject({ isNew: false });
  });

  test('credentials of one that is made with permissions, by the end of its ARN; without an ARN the administrator', async () => {
    const made = (await ask('POST', 'credentials', JSON.stringify({ arn: 'user/bob', create: true, actions: ['sns:Publish'] }))).answer as { accessKeyId: string; secretAccessKey: string };
    const publish = (credentials: { accessKeyId: string; secretAccessKey: string }) => new SNSClient({ ...client(), credentials }).send(new PublishCommand({ TopicArn: running.cloud.outputs['Topic'], Message: 'here' }));
    await expect(publish(made)).resolves.toBeDefined();
    // What exists keeps the permissions that it has.
    await ask('POST', 'credentials', JSON.stringify({ arn: 'user/carol', create: true }));
    const carol = (await ask('POST', 'credentials', JSON.stringify({ arn: 'user/carol', create: true, actions: ['*'] }))).answer as typeof made;
    await expect(publish(carol)).rejects.toThrow(/user\/carol is not authorized/);
    await expect(publish((await ask('POST', 'credentials')).answer as typeof made)).resolves.toBeDefined();
  });

  test.each<[string, string, string, string, Record<string, string>, number, RegExp]>([
    ['an unknown question', 'GET', 'weather', '', {}, 404, /There are: GET status/],
    ['a question of the wrong kind', 'GET', 'advance', '', {}, 404, /POST advance/],
    ['a body that is not JSON', 'POST', 'advance', '7d', {}, 400, /not JSON/],
    ['time that runs backwards', 'POST', 'advance', '{"milliseconds":-1}', {}, 400, /milliseconds/],
    ['an unknown member', 'POST', 'advance', '{"milliseconds":1,"until":2}', {}, 400, /until/],
    ['an advance beyond all dates', 'POST', 'advance', '{"milliseconds":1e15}', {}, 400, /milliseconds/],
    ['credentials of a service', 'POST', 'credentials', '{"arn":"kms.amazonaws.com"}', {}, 400, /ARN of a role or user/],
    ['credentials of a name that IAM would not take', 'POST', 'credentials', '{"arn":"arn:aws:iam::111122223333:role/x;touch pwn","create":true}', {}, 400, /ARN of a role or user/],
    ['credentials of a name that is too long', 'POST', 'credentials', `{"arn":"arn:aws:iam::111122223333:role/${'x'.repeat(65)}","create":true}`, {}, 400, /ARN of a role or user/],
    ['permissions that are no actions', 'POST', 'credentials', '{"arn":"user/x","create":true,"actions":["everything"]}', {}, 400, /must be an action/],
    ['credentials of another account', 'POST', 'credentials', '{"arn":"arn:aws:iam::999999999999:role/x"}', {}, 404, /the local account is 111122223333/],
    ['saving without a file', 'POST', 'save', '', {}, 500, /--state <file>/],
  ])('refuses %s', async (_case, method, name, body, headers, status, message) => {
    const refused = await ask(method, name, body, headers);
    expect(refused).toEqual({ status, answer: { error: expect.stringMatching(message) } });
    expect(running.cloud.timeline.nowMs()).toBe(START_MS);
  });
});

test.each([
  ['a page of a browser', { origin: 'http://evil.example' }],
  ['a name that was made to point here', { host: 'evil.example:4599' }],
])('%s controls nothing', async (_case, headers) => {
  await start(0);
  expect(await ask('POST', 'advance', '{"milliseconds":1}', headers)).toMatchObject({ status: 403 });
  expect(running.cloud.timeline.nowMs()).toBe(START_MS);
});

test('jumping, an execution comes to its end by itself', async () => {
  await start('jump');
  await startOne('one');
  await quiet();
  await wall.pass(50);
  await running.pace.whenQuiet(() => undefined);
  expect(running.cloud.trace.events()).toContainEqual(expect.objectContaining({ type: 'states.execution-ended', execution: 'one', status: 'SUCCEEDED', atMs: START_MS + HOUR }));
});

test('over HTTP, the clock stands still while a request is under way', async () => {
  let answer: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const underWay = new Promise<void>((resolve) => (arrived = resolve));
  const cloud = await LocalCloud.start({
    startMs: START_MS,
    intercept: async (_call, next) => {
      arrived();
      await new Promise<void>((resolve) => (answer = resolve));
      return next();
    },
  });
  try {
    const credentials = cloud.credentialsFor('arn:aws:iam::111122223333:user/admin', 'admin');
    cloud.services.sns.createTopic('arn:aws:sns:eu-central-1:111122223333:t');
    const published = new SNSClient({ region: cloud.region, endpoint: cloud.endpoint, credentials }).send(new PublishCommand({ TopicArn: 'arn:aws:sns:eu-central-1:111122223333:t', Message: 'm' }));
    await underWay;
    const advanced = cloud.advanceTo(START_MS + HOUR);
    await quiet();
    expect(cloud.timeline.nowMs()).toBe(START_MS);
    answer();
    await Promise.all([published, advanced]);
    expect(cloud.trace.events()).toContainEqual(expect.objectContaining({ type: 'sns.published', atMs: START_MS }));
    expect(cloud.timeline.nowMs()).toBe(START_MS + HOUR);
  } finally {
    await cloud.close();
  }
});

test('a failure of the emulation is told to whoever waits, and to whoever stops', async () => {
  await start(0);
  running.cloud.timeline.after(HOUR, 'fails', () => { throw new Error('a bug'); });
  expect(await ask('POST', 'advance', JSON.stringify({ milliseconds: 2 * HOUR }))).toEqual({ status: 500, answer: { error: 'a bug' } });
  await expect(running.stop()).rejects.toThrow(EmulationFailure);
});

test('of a failure of the emulation, what is left is written beside the good state', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'state-'));
  const stateFile = path.join(folder, 'state');
  try {
    running = await RunningCloud.start(fixture.directory, { speed: 0, startMs: START_MS, stateFile, wall: new FakeWall() });
    stop = () => Promise.resolve();
    await running.save();
    const good = readFileSync(stateFile, 'utf8');
    running.cloud.timeline.after(HOUR, 'fails', () => { throw new Error('a bug'); });
    await expect(running.pace.advance(2 * HOUR)).rejects.toThrow('a bug');
    await expect(running.stop()).rejects.toMatchObject({ name: 'EmulationFailure', savedTo: `${stateFile}.failed` });
    expect(readFileSync(stateFile, 'utf8')).toBe(good);
    expect(readStateFile(`${stateFile}.failed`)).toMatchObject({ nowMs: START_MS + HOUR });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('whoever is told of failures inside keeps a cloud that goes on', async () => {
  const told: unknown[] = [];
  running = await RunningCloud.start(fixture.directory, { speed: 0, startMs: START_MS, wall: new FakeWall(), onInternalError: (error, what) => told.push([error, what]) });
  stop = () => running.stop().catch(() => undefined);
  const bug = new Error('a bug');
  running.cloud.timeline.after(HOUR, 'fails', () => { throw bug; });
  expect(await ask('POST', 'advance', JSON.stringify({ milliseconds: 2 * HOUR }))).toMatchObject({ status: 200 });
  expect(told).toEqual([[bug, 'fails']]);
});

test('what fails inside while a request is answered is told, and the client sees no answer of AWS', async () => {
  const failures: unknown[] = [];
  const bug = new Error('a bug');
  const cloud = await LocalCloud.start({ onFailure: (error) => failures.push(error), intercept: () => Promise.reject(bug) });
  try {
    const credentials = cloud.credentialsFor('arn:aws:iam::111122223333:user/admin', 'admin');
    const published = new SNSClient({ region: cloud.region, endpoint: cloud.endpoint, credentials, maxAttempts: 1 }).send(new PublishCommand({ TopicArn: 't', Message: 'm' }));
    await expect(published).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
    expect(failures).toEqual([bug]);
  } finally {
    await cloud.close();
  }
});

test('after a stop nothing is served', async () => {
  await start(0);
  const { endpoint } = running.cloud;
  await running.stop();
  await expect(fetch(endpoint)).rejects.toThrow();
});
