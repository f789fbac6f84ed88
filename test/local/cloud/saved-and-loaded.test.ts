import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { copyFileSync, existsSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { check } from '../../../lambdas/domain/checker';
import { STACK_OUTPUTS } from '../../../lambdas/contract/names';
import { readStateFile, StateFileError, writeStateFile } from '../../../local/cloud/state-file';
import { RunningCloud, type RunningCloudOptions } from '../../../local/cloud/running-cloud';
import { synthesize } from '../../../local/demo/synthesize';
import type { Fixture } from './fixture';
import { waitingStack } from './waiting-stack';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let folder: string;
let stateFile: string;
let open: RunningCloud[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'saved-'));
  stateFile = path.join(folder, 'state.json');
  open = [];
});
afterEach(async () => {
  for (const running of open) await running.stop().catch(() => undefined);
  rmSync(folder, { recursive: true });
});

async function start(assembly: string, options: Partial<RunningCloudOptions> = {}): Promise<RunningCloud> {
  const running = await RunningCloud.start(assembly, { speed: 0, stateFile, ...options });
  open.push(running);
  return running;
}

/** Saves, and goes on with a copy in another cloud at another port, while the first one still has its own. */
async function goOnElsewhere(before: RunningCloud, assembly: string): Promise<RunningCloud> {
  const copy = path.join(folder, 'copy.json');
  copyFileSync(await before.save(), copy);
  const after = await start(assembly, { stateFile: copy });
  expect(after.cloud.endpoint).not.toBe(before.cloud.endpoint);
  return after;
}

describe('a small stack', () => {
  let fixture: Fixture;
  beforeEach(() => { fixture = waitingStack(); });
  afterEach(() => { fixture.remove(); });

  const states = (running: RunningCloud) =>
    new SFNClient({ region: running.cloud.region, endpoint: running.cloud.endpoint, credentials: running.administrator(), maxAttempts: 1 });

  test('goes on where it was: time, trace, ids, what runs; functions find each other at the new address', async () => {
    const before = await start(fixture.directory);
    const { executionArn } = await states(before).send(new StartExecutionCommand({ stateMachineArn: before.cloud.outputs['Machine'], name: 'one', input: '{"n":1}' }));
    await before.pace.advance(HOUR / 2);
    const after = await goOnElsewhere(before, fixture.directory);
    expect(after.cloud.timeline.nowMs()).toBe(before.cloud.timeline.nowMs());
    expect(after.cloud.trace.events()).toEqual(before.cloud.trace.events());
    expect(after.cloud.services.nextId()).toBe(before.cloud.services.nextId());
    const someone = 'arn:aws:iam::111122223333:user/someone';
    expect(after.cloud.credentialsFor(someone)).toEqual(before.cloud.credentialsFor(someone));
    expect(after.cloud.outputs).toMatchObject({ Machine: before.cloud.outputs['Machine'], Url: expect.stringContaining(`${after.cloud.endpoint}/_function-url/`) });

    await after.pace.advance(HOUR / 2);
    const { status, output } = await states(after).send(new DescribeExecutionCommand({ executionArn }));
    expect({ status, output: JSON.parse(output ?? 'null') as unknown }).toEqual({ status: 'SUCCEEDED', output: { got: { n: 1 }, url: after.cloud.outputs['Url'] } });
    expect(before.cloud.services.states.running()).toHaveLength(1);
  });

  test('is one cloud at a time: the file of another that runs is refused by name, and is free when that one ends', async () => {
    const first = await start(fixture.directory);
    await expect(start(fixture.directory)).rejects.toThrow(`${stateFile} is in use by process ${process.pid}`);
    await first.stop();
    await start(fixture.directory);
  });

  test('leaves no claim to its file when it cannot start', async () => {
    await expect(start(path.join(folder, 'nothing'))).rejects.toThrow('npx cdk synth');
    expect(existsSync(`${stateFile}.lock`)).toBe(false);
  });

  test('does not write over what another has written since its claim was taken away', async () => {
    const first = await start(fixture.directory);
    rmSync(`${stateFile}.lock`);
    const second = await start(fixture.directory);
    await second.pace.advance(HOUR);
    await second.save();
    const saved = readFileSync(stateFile, 'utf8');
    await expect(first.stop()).rejects.toThrow(/was not written: its lock .+ was taken away/);
    expect(readFileSync(stateFile, 'utf8')).toBe(saved);
    expect(existsSync(`${stateFile}.lock`)).toBe(true);
  });

  test('is refused by name of file and service when a part has another shape', async () => {
    await (await start(fixture.directory)).stop();
    const state = readStateFile(stateFile)!;
    writeStateFile(stateFile, { ...state, services: { ...state.services, sqs: { shape: 'another' } } });
    const refused = await start(fixture.directory).catch((error: unknown) => error as Error);
    expect(refused).toBeInstanceOf(StateFileError);
    expect((refused as Error).message).toMatch(/^\S+state\.json cannot be loaded: the part of sqs is none that this keyturn has saved \(.*\)\. .*name another file to begin anew; this one was left as it is\.$/s);
    expect((refused as Error).message).not.toContain('"code"');
  });

  test('has an administrator whose keys no other account has', async () => {
    const [one, other] = [await start(fixture.directory, { stateFile: path.join(folder, 'one') }), await start(fixture.directory, { stateFile: path.join(folder, 'other') })];
    expect(one.administrator().accessKeyId).not.toBe(other.administrator().accessKeyId);
    expect(one.administrator().secretAccessKey).not.toBe(other.administrator().secretAccessKey);
  });

  test('is saved at the end, and not when the emulation has failed', async () => {
    const first = await start(fixture.directory);
    await first.pace.advance(HOUR);
    await first.stop();
    const saved = readFileSync(stateFile, 'utf8');
    const second = await start(fixture.directory);
    expect(second.cloud.timeline.nowMs()).toBe(first.cloud.timeline.nowMs());
    second.cloud.timeline.after(HOUR, 'fails', () => { throw new Error('a bug'); });
    await expect(second.pace.advance(2 * HOUR)).rejects.toThrow('a bug');
    await expect(second.stop()).rejects.toThrow('a bug');
    expect(readFileSync(stateFile, 'utf8')).toBe(saved);
  });

  test('changes with its template, as an update does', async () => {
    const before = await start(fixture.directory);
    await before.stop();
    const file = path.join(fixture.directory, 'tiny.template.json');
    const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, unknown> };
    writeFileSync(file, JSON.stringify({ ...template, Resources: { ...template.Resources, Another: { Type: 'AWS::SNS::Topic', Properties: {} } } }));
    const after = await start(fixture.directory);
    expect(after.cloud.physicalId('Another')).toMatch(/^arn:aws:sns:/);
    expect(after.cloud.physicalId('Topic')).toBe(before.cloud.physicalId('Topic'));
  });

  test('is refused by name when the code of what runs is gone, and the file stays as it is', async () => {
    const before = await start(fixture.directory);
    await states(before).send(new StartExecutionCommand({ stateMachineArn: before.cloud.outputs['Machine'], name: 'one' }));
    await before.stop();
    const saved = readFileSync(stateFile, 'utf8');
    const code = path.join(fixture.directory, 'asset.echo', 'index.js');
    writeFileSync(code, 'exports.handler = async () => "another";');
    await expect(start(fixture.directory)).rejects.toThrow(/the code of tiny-Asked-\w+, version 1, is not in .+index\.js any more, and one runs with it/);
    expect(readFileSync(stateFile, 'utf8')).toBe(saved);
  });

  test('goes on without the code of versions that nothing waits for', async () => {
    const before = await start(fixture.directory);
    await before.stop();
    writeFileSync(path.join(fixture.directory, 'asset.echo', 'index.js'), 'exports.handler = async () => "another";');
    const after = await start(fixture.directory);
    expect(await after.cloud.invokeFunction('AskedVersion', {})).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
  });
});

test('a rotation that was saved while it drained is completed by another cloud, and every invariant holds over both traces', async () => {
  const configuration = path.join(folder, 'keyturn.config.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      startEvery: '12h',
      keys: [{ name: 'orders', owner: 'team', rotateEvery: '6d', anchor: '2027-01-01T00:00:00Z', drain: '2d', bake: '1d', retirement: 'delete', autoDelete: true }],
    }),
  );
  const assembly = await synthesize({ directory: path.join(folder, 'cdk.out'), configuration });
  const before = await start(assembly);
  // Four looks a day are enough here, and so is their time.
  before.cloud.reschedule('ReconcileSchedule', 'rate(6 hours)');
  await before.pace.advance(7 * DAY);
  expect(before.cloud.services.states.running()).toEqual([expect.objectContaining({ name: 'orders-20270107T0000Z-a1', state: 'Drain' })]);
  const registrations = (running: RunningCloud): number =>
    running.cloud.trace.events().filter((event) => event.type === 'lambda.invoked' && event.function.includes('RegisterKeys')).length;
  expect(registrations(before)).toBe(1);

  const after = await goOnElsewhere(before, assembly);
  expect(registrations(after)).toBe(1);
  expect(after.cloud.outputs[STACK_OUTPUTS.acknowledgeUrl]).toContain(after.cloud.endpoint);
  await after.pace.advance(5 * DAY);
  const trace = after.cloud.trace.events();
  expect(trace).toContainEqual(expect.objectContaining({ type: 'states.execution-ended', execution: 'orders-20270107T0000Z-a1', status: 'SUCCEEDED', output: expect.objectContaining({ outcome: 'completed' }) }));
  expect(trace.slice(0, before.cloud.trace.events().length)).toEqual(before.cloud.trace.events());
  const verdicts = check(trace, { untilMs: after.cloud.timeline.nowMs() });
  expect(verdicts.flatMap(({ violations }) => violations)).toEqual([]);
  expect(verdicts.filter(({ status }) => status !== 'not-checkable').length).toBeGreaterThan(10);

  // Windows after it are rotated by the schedule that was loaded.
  await after.pace.advance(5 * DAY);
  expect(after.cloud.trace.events()).toContainEqual(expect.objectContaining({ type: 'states.execution-ended', execution: 'orders-20270113T0000Z-a1', status: 'SUCCEEDED' }));
}, 90_000);
