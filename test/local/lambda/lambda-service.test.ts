import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Json } from '../../../lambdas/domain/trace';
import { AwsError } from '../../../local/kernel/aws-error';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import type { FunctionConfig } from '../../../local/lambda/function';
import { type DeadLetter, LambdaService, type LambdaServiceOptions } from '../../../local/lambda/lambda-service';

const HOME = { region: 'eu-central-1', accountId: '111122223333' };
const START_MS = Date.UTC(2031, 4, 5, 6, 7, 8);
const ORIGIN = { actor: 'test' };
const CALLER = { accountId: '1', arn: 'arn:aws:iam::1:user/a', userId: 'u' };

function lambda(source: string, overrides: Partial<FunctionConfig & LambdaServiceOptions> = {}) {
  const timeline = new Timeline(START_MS);
  const trace = new Trace(timeline);
  let ids = 0;
  const service = new LambdaService({
    ...HOME,
    timeline,
    trace,
    nextId: () => `00000000-0000-0000-0000-${String(++ids).padStart(12, '0')}`,
    endpoint: () => 'http://127.0.0.1:1',
    credentialsFor: (roleArn, session) => ({ accessKeyId: 'ASIA1', secretAccessKey: 's', sessionToken: roleArn, caller: { accountId: '1', arn: session, userId: 'u' } }),
    ...overrides,
  });
  const config: FunctionConfig = {
    name: 'f',
    roleArn: 'arn:aws:iam::111122223333:role/f',
    handler: 'index.handler',
    environment: { COLOR: 'blue' },
    timeoutSeconds: 3,
    memoryMb: 128,
    bundle: { source, filename: '/bundles/f/index.js' },
    ...overrides,
  };
  service.putFunction(config);
  const invoke = async (payload: unknown = {}, target = 'f') => {
    const { payload: answer, ...rest } = await service.invoke(target, JSON.stringify(payload), ORIGIN);
    return { ...rest, answer: JSON.parse(answer) as unknown };
  };
  return { service, config, timeline, trace, invoke };
}

describe('a function', () => {
  test('gets its event and answers', async () => {
    const { invoke } = lambda('exports.handler = async (event) => ({ doubled: event.n * 2 });');
    expect(await invoke({ n: 21 })).toMatchObject({ answer: { doubled: 42 }, version: '$LATEST' });
  });

  test('answers null when it returns nothing', async () => {
    expect((await lambda('exports.handler = async () => {};').invoke()).answer).toBeNull();
  });

  test('sees its own environment, role and endpoint, and not ours', async () => {
    const { invoke } = lambda('exports.handler = async () => ({ ...process.env, global: globalThis.process.env.COLOR, required: require("node:process").env.COLOR });');
    const { answer } = await invoke();
    expect(answer).toMatchObject({
      COLOR: 'blue', global: 'blue', required: 'blue', AWS_REGION: 'eu-central-1', AWS_LAMBDA_FUNCTION_NAME: 'f', AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128', AWS_ACCESS_KEY_ID: 'ASIA1', AWS_SESSION_TOKEN: 'arn:aws:iam::111122223333:role/f', AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};/) as string,
    });
    expect(answer).not.toHaveProperty('PATH');
  });

  test('reads the virtual clock, however it asks', async () => {
    const { invoke, timeline } = lambda(
      'exports.handler = async (event, context) => [Date.now(), new Date().getTime(), new globalThis.Date().getTime(), new Date(5).getTime(), new Date(2020, 0) instanceof Date, context.getRemainingTimeInMillis()];',
    );
    await timeline.runUntil(START_MS + 500);
    expect((await invoke()).answer).toEqual([START_MS + 500, START_MS + 500, START_MS + 500, 5, true, 3000]);
  });

  test('shares no global with another function, but keeps its own between invocations', async () => {
    const source = 'globalThis.count = (globalThis.count ?? 0) + 1; let n = 0; exports.handler = async () => [globalThis.count, ++n];';
    const first = lambda(source);
    expect((await first.invoke()).answer).toEqual([1, 1]);
    expect((await first.invoke()).answer).toEqual([1, 2]);
    expect((await lambda(source).invoke()).answer).toEqual([1, 1]);
    expect(globalThis).not.toHaveProperty('count');
  });

  test('serves one invocation per environment at a time', async () => {
    const { invoke } = lambda('let busy = 0; exports.handler = async () => { busy++; await new Promise(setImmediate); return busy--; };');
    const threeAtOnce = async () => (await Promise.all([invoke(), invoke(), invoke()])).map(({ answer }) => answer);
    expect(await threeAtOnce()).toEqual([1, 1, 1]);
    expect(await threeAtOnce()).toEqual([1, 1, 1]);
  });

  test('writes its console and its standard output to its log', async () => {
    const { invoke, service } = lambda('exports.handler = async () => { console.log("a", 1); process.stdout.write("b\\n"); console.error("c"); };');
    expect((await invoke()).log).toEqual(['a 1\n', 'b\n', 'c\n']);
    await invoke();
    expect(service.logOf('f')).toHaveLength(6);
  });

  test('cannot load what is not in its bundle', async () => {
    const { invoke } = lambda('exports.handler = async () => require("left-pad");');
    expect((await invoke()).answer).toMatchObject({ errorType: 'Error', errorMessage: expect.stringContaining("Cannot find module 'left-pad'") as string });
  });

  test('stops time while it runs', async () => {
    const { service, timeline } = lambda('exports.handler = async () => { await new Promise(setImmediate); return Date.now(); };');
    const results: string[] = [];
    timeline.after(1000, 'invoke', () => service.invoke('f', '{}', ORIGIN).then(({ payload }) => void results.push(payload)));
    timeline.after(1001, 'later', () => void results.push('later'));
    await timeline.runUntil(START_MS + 5000);
    expect(results).toEqual([String(START_MS + 1000), 'later']);
  });
});

describe('a function that fails', () => {
  test.each([
    ['throws an error with a name', 'const e = new Error("boom"); e.name = "KeyFrozen"; throw e;', { errorType: 'KeyFrozen', errorMessage: 'boom' }],
    ['throws no error', 'throw "text";', { errorType: 'string', errorMessage: 'text' }],
    ['answers too much', 'return "x".repeat(6291456);', { errorType: 'Function.ResponseSizeTooLarge' }],
    ['exits', 'process.exit(1);', { errorType: 'Error', errorMessage: 'The function called process.exit(1)' }],
  ])('because it %s', async (_case, body, expected) => {
    const { invoke, trace } = lambda(`exports.handler = async () => { ${body} };`);
    const result = await invoke();
    expect(result.answer).toMatchObject(expected);
    expect(result.errorType).toBe(expected.errorType);
    expect(trace.events()).toMatchObject([{ type: 'lambda.invoked', function: 'f', execution: null, error: expected.errorType }]);
  });

  test('because its handler is missing', async () => {
    expect((await lambda('exports.other = 1;').invoke()).errorType).toBe('Runtime.HandlerNotFound');
  });

  test('because it does not load, tries to load again', async () => {
    const { invoke } = lambda('throw new SyntaxError("bad");');
    expect((await invoke()).errorType).toBe('SyntaxError');
    expect((await invoke()).errorType).toBe('SyntaxError');
  });

  test('because it runs too long, loses its environment', async () => {
    let isLate = true;
    const guard = () => ({ expired: isLate ? Promise.resolve() : new Promise<void>(() => undefined), cancel: () => undefined });
    const { invoke } = lambda('let n = 0; exports.handler = async (event) => { n++; if (event.hang) await new Promise(() => {}); return n; };', { guard });
    expect(await invoke({ hang: true })).toMatchObject({ errorType: 'Sandbox.Timedout', errorMessage: expect.stringContaining('Task timed out after 3.00 seconds') as string });
    isLate = false;
    expect((await invoke()).answer).toBe(1);
  });

  test('because its process dies in the middle of it, ends with Runtime.ExitError and loses its environment', async () => {
    const { service, invoke } = lambda('let n = 0; exports.handler = async (event) => { n++; if (event.dies) { globalThis.die(process.env._X_AMZN_TRACE_ID); await new Promise(() => {}); } return n; };');
    Object.assign(globalThis, { die: (traceHeader: string) => { service.crash(traceHeader); } });
    expect((await invoke()).answer).toBe(1);
    expect(await invoke({ dies: true })).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('Runtime exited') as string });
    expect((await invoke()).answer).toBe(1);
  });
});

describe('versions', () => {
  test('stay as they were published', async () => {
    const { service, config, invoke } = lambda('exports.handler = async () => "old " + process.env.AWS_LAMBDA_FUNCTION_VERSION;');
    expect(service.publishVersion('f')).toBe('1');
    service.putFunction({ ...config, bundle: { ...config.bundle, source: 'exports.handler = async () => "new";' } });
    expect(service.publishVersion('f')).toBe('2');
    expect((await invoke({}, 'f:1')).answer).toBe('old 1');
    expect((await invoke({}, 'arn:aws:lambda:eu-central-1:111122223333:function:f:2')).answer).toBe('new');
    expect((await invoke({}, 'arn:aws:lambda:eu-central-1:111122223333:function:f')).answer).toBe('new');
  });

  test.each(['f:9', 'g', 'arn:aws:lambda:eu-central-1:111122223333:function:g:1'])('that do not exist are not found: %s', (target) => {
    expect(() => lambda('').service.invoke(target, '{}', ORIGIN)).toThrow(expect.objectContaining({ code: 'ResourceNotFoundException' }) as Error);
  });
});

describe('an invocation is refused', () => {
  test.each([
    ['with a payload over 6 MB', () => JSON.stringify('x'.repeat(6_291_456)), 'RequestTooLargeException'],
    ['with a payload that is no JSON', () => '{', 'InvalidRequestContentException'],
  ])('%s', (_case, payload, code) => {
    expect(() => lambda('').service.invoke('f', payload(), ORIGIN)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe('an asynchronous invocation', () => {
  const SOURCE = 'exports.handler = async (event, context) => { console.log(Date.now(), context.awsRequestId); if (event.fail) throw new Error("no"); };';

  test('of a function that fails is tried again after 1 and 2 minutes, with the same request id, and then dropped', async () => {
    const { service, timeline } = lambda(SOURCE);
    service.invokeLater('f', '{"fail":true}', ORIGIN);
    await timeline.runUntil(START_MS + 3_600_000);
    const runs = service.logOf('f').map((line) => line.trim().split(' '));
    expect(runs.map(([at]) => (Number(at) - START_MS) / 1000)).toEqual([0, 60, 180]);
    expect(new Set(runs.map(([, id]) => id)).size).toBe(1);
  });

  test('of one that has a dead-letter queue is sent there, by its role, once it has failed at every try', async () => {
    const letters: DeadLetter[] = [];
    const { service, timeline, trace } = lambda(SOURCE, { deadLetterArn: 'arn:aws:sqs:eu-central-1:111122223333:q', sendDeadLetter: (letter) => void letters.push(letter) });
    service.invokeLater('f', '{"fail":true}', ORIGIN);
    service.invokeLater('f', '{}', ORIGIN);
    await timeline.runUntil(START_MS + 179_000);
    expect(letters).toEqual([]);
    await timeline.runUntil(START_MS + 3_600_000);
    const [, requestId = ''] = service.logOf('f')[0]?.trim().split(' ') ?? [];
    expect(letters).toEqual([
      { queueArn: 'arn:aws:sqs:eu-central-1:111122223333:q', roleArn: 'arn:aws:iam::111122223333:role/f', functionName: 'f', payload: '{"fail":true}', requestId, message: 'no' },
    ]);
    expect(trace.events().filter(({ type }) => type === 'lambda.dead-letter-sent')).toMatchObject([{ function: 'f', payload: '{"fail":true}', error: 'Error' }]);
  });

  test('that the dead-letter queue does not take is dropped', async () => {
    const { service, timeline, trace } = lambda(SOURCE, { deadLetterArn: 'arn:aws:sqs:eu-central-1:111122223333:q', sendDeadLetter: () => { throw new AwsError('QueueDoesNotExist', 'no'); } });
    service.invokeLater('f', '{"fail":true}', ORIGIN);
    await timeline.runUntil(START_MS + 3_600_000);
    expect(service.logOf('f')).toHaveLength(3);
    expect(trace.events().filter(({ type }) => type === 'lambda.dead-letter-sent')).toEqual([]);
  });

  test('of a function that works runs once', async () => {
    const { service, timeline } = lambda(SOURCE);
    service.invokeLater('f', '{}', ORIGIN);
    await timeline.runUntil(START_MS + 3_600_000);
    expect(service.logOf('f')).toHaveLength(1);
  });
});

describe('the Lambda API', () => {
  const input = (more: object = {}) => ({ FunctionName: 'f', InvocationType: 'RequestResponse', LogType: 'None', Payload: Buffer.from('{"a":1}').toString('base64'), ...more });

  test('answers payload and version, and the log on request', async () => {
    const { service } = lambda('exports.handler = async (event) => { console.log("hello"); return event; };');
    expect(await service.call('Invoke', input({ LogType: 'Tail' }), CALLER)).toEqual({
      StatusCode: 200, ExecutedVersion: '$LATEST', Payload: Buffer.from('{"a":1}').toString('base64'), LogResult: Buffer.from('hello\n').toString('base64'),
    });
  });

  test('marks a function error', async () => {
    const { service } = lambda('exports.handler = async () => { throw new Error("x"); };');
    expect(await service.call('Invoke', input(), CALLER)).toMatchObject({ FunctionError: 'Unhandled' });
  });

  test('accepts an event at once', () => {
    expect(lambda('exports.handler = async () => 1;').service.call('Invoke', input({ InvocationType: 'Event' }), CALLER)).toEqual({ StatusCode: 202 });
  });

  test('a dry run checks that the function is there, and runs nothing', () => {
    const { service, trace } = lambda('throw new Error("loaded");');
    expect(service.call('Invoke', input({ InvocationType: 'DryRun' }), CALLER)).toEqual({ StatusCode: 204 });
    expect(() => service.call('Invoke', input({ InvocationType: 'DryRun', FunctionName: 'none' }), CALLER)).toThrow(expect.objectContaining({ code: 'ResourceNotFoundException' }) as Error);
    expect(trace.events()).toEqual([]);
  });

  test('functions are described and listed, with their versions', () => {
    const { service } = lambda('exports.handler = () => 1;', { urlOf: (name) => `http://127.0.0.1:1/${name}/` });
    service.publishVersion('f');
    const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:f';
    const configuration = { FunctionName: 'f', FunctionArn: arn, Version: '$LATEST', Handler: 'index.handler', Timeout: 3, Environment: { Variables: { COLOR: 'blue' } }, LastModified: '2031-05-05T06:07:08.000+0000' };
    expect(service.call('GetFunctionConfiguration', { FunctionName: 'f' }, CALLER)).toMatchObject(configuration);
    expect(service.call('GetFunction', { FunctionName: 'f', Qualifier: '1' }, CALLER)).toMatchObject({ Configuration: { FunctionArn: `${arn}:1`, Version: '1' }, Code: { Location: 'file:///bundles/f/index.js' } });
    expect(service.call('ListFunctions', {}, CALLER)).toMatchObject({ Functions: [configuration] });
    expect(service.call('ListVersionsByFunction', { FunctionName: 'f', MaxItems: 1 }, CALLER)).toMatchObject({ Versions: [{ Version: '$LATEST' }], NextMarker: expect.any(String) as string });
    expect(service.call('GetFunctionUrlConfig', { FunctionName: 'f' }, CALLER)).toMatchObject({ FunctionUrl: 'http://127.0.0.1:1/f/', AuthType: 'AWS_IAM' });
  });

  test('the policy of a function is what was permitted on it', () => {
    const { service } = lambda('');
    expect(() => service.call('GetPolicy', { FunctionName: 'f' }, CALLER)).toThrow(expect.objectContaining({ code: 'ResourceNotFoundException' }) as Error);
    const statement = { Sid: 's', Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'lambda:InvokeFunction', Resource: 'arn:aws:lambda:eu-central-1:111122223333:function:f' } as const;
    service.putPermission('f', statement);
    const { Policy } = service.call('GetPolicy', { FunctionName: 'f' }, CALLER) as { Policy: string };
    expect(JSON.parse(Policy)).toMatchObject({ Statement: [statement] });
  });

  test.each([['DeleteFunction', { FunctionName: 'f' }], ['Invoke', input({ ClientContext: 'e30=' })]])('refuses what is not modelled: %s', (operation, body) => {
    expect(() => lambda('').service.call(operation, body, CALLER)).toThrow('does not model');
  });
});

describe('after saving and loading', () => {
  const FAILING = 'exports.handler = async (event, context) => { console.log(context.awsRequestId); throw new Error("no"); };';
  const reloaded = (service: LambdaService, startMs = START_MS, overrides: Partial<LambdaServiceOptions> = {}) => {
    const timeline = new Timeline(startMs);
    const after = lambda('', { ...overrides, timeline });
    after.service.deleteFunction('f');
    after.service.load(JSON.parse(JSON.stringify(service.save())) as Json);
    return { ...after, timeline };
  };

  let directory: string;
  beforeEach(() => { directory = mkdtempSync(path.join(tmpdir(), 'bundle-')); });
  afterEach(() => { rmSync(directory, { recursive: true }); });

  function fromFile(source: string, overrides: Partial<FunctionConfig> = {}) {
    const filename = path.join(directory, 'index.js');
    writeFileSync(filename, source);
    return lambda('', { ...overrides, bundle: { filename, source } });
  }

  test('a function has its versions, permissions and log', async () => {
    const { service, invoke } = fromFile('exports.handler = async () => { console.log("ran"); return process.env.COLOR; };');
    service.publishVersion('f');
    service.putPermission('f', { Sid: 's', Effect: 'Allow', Principal: '*', Action: 'lambda:*', Resource: 'r' });
    await invoke();
    const after = reloaded(service);
    expect(after.service.logOf('f')).toEqual(['ran\n']);
    expect(after.service.resourcePolicyOf('f')).toHaveLength(1);
    expect(await after.invoke({}, 'f:1')).toMatchObject({ answer: 'blue', version: '1' });
    expect(after.service.publishVersion('f')).toBe('2');
    expect(after.service.call('GetFunction', { FunctionName: 'f' }, CALLER)).toEqual(service.call('GetFunction', { FunctionName: 'f' }, CALLER));
  });

  test('a retry comes at its time, with the same request id', async () => {
    const { service, timeline } = fromFile(FAILING);
    service.invokeLater('f', '{}', ORIGIN);
    await timeline.runUntil(START_MS + 30_000);
    const after = reloaded(service, START_MS + 30_000);
    await after.timeline.runUntil(START_MS + 60_000);
    expect(after.trace.events()).toHaveLength(1);
    await after.timeline.runUntil(START_MS + 3_600_000);
    const [first, second, third, ...more] = after.service.logOf('f');
    expect([second, third, more]).toEqual([first, first, []]);
  });

  test('what fails at every try goes to the queue that the function had', async () => {
    const letters: DeadLetter[] = [];
    const { service, timeline } = fromFile(FAILING, { deadLetterArn: 'arn:aws:sqs:eu-central-1:111122223333:q' });
    service.invokeLater('f', '{}', ORIGIN);
    await timeline.runUntil(START_MS + 30_000);
    const after = reloaded(service, START_MS + 30_000, { sendDeadLetter: (letter) => void letters.push(letter) });
    await after.timeline.runUntil(START_MS + 3_600_000);
    expect(letters).toMatchObject([{ queueArn: 'arn:aws:sqs:eu-central-1:111122223333:q', payload: '{}' }]);
  });

  test.each([
    ['was changed', (filename: string) => { writeFileSync(filename, 'exports.handler = () => 2;'); }, 'the file was changed since'],
    ['is gone', (filename: string) => { rmSync(filename); }, 'ENOENT'],
  ])('a function whose code %s fails, and says why', async (_case, harm, reason) => {
    const { service, config } = fromFile('exports.handler = () => 1;');
    harm(config.bundle.filename);
    const { errorType, errorMessage } = await reloaded(service).service.invoke('f', '{}', ORIGIN);
    expect([errorType, errorMessage]).toEqual(['Runtime.ImportModuleError', expect.stringContaining(reason)]);
  });
});
