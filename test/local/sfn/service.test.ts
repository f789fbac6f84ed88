import type { Json } from '../../../lambdas/domain/trace';
import { lambdaOf, INVOKE, INVOKE_AND_WAIT, START_MS, StepFunctionsKit } from './kit';

const PASS = { QueryLanguage: 'JSONata', StartAt: 'P', States: { P: { Type: 'Pass', End: true } } };
const WAIT = { QueryLanguage: 'JSONata', StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 100, End: true } } };
const ROLE = 'arn:aws:iam::111111111111:role/r';
const DAY_SECONDS = 86_400;
const NO_MACHINE = 'arn:aws:states:us-east-1:111111111111:stateMachine:none';
const NO_EXECUTION = 'arn:aws:states:us-east-1:111111111111:execution:none:none';

function thrownBy(run: () => unknown): { readonly code: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('Nothing was thrown');
}

describe('CreateStateMachine', () => {
  test('describes what it created, with the defaults of AWS', () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(PASS);
    expect(kit.call('DescribeStateMachine', { stateMachineArn })).toEqual({
      stateMachineArn: 'arn:aws:states:us-east-1:111111111111:stateMachine:machine-1',
      name: 'machine-1',
      status: 'ACTIVE',
      type: 'STANDARD',
      definition: JSON.stringify(PASS),
      roleArn: ROLE,
      creationDate: START_MS / 1000,
      loggingConfiguration: { level: 'OFF', includeExecutionData: false },
      tracingConfiguration: { enabled: false },
    });
  });

  test('is idempotent for the same definition, and refuses another', () => {
    const kit = new StepFunctionsKit();
    const request = { name: 'm', definition: JSON.stringify(PASS), roleArn: ROLE };
    expect(kit.call('CreateStateMachine', request)).toEqual(kit.call('CreateStateMachine', request));
    expect(thrownBy(() => kit.call('CreateStateMachine', { ...request, definition: JSON.stringify(WAIT) }))).toMatchObject({
      code: 'StateMachineAlreadyExists',
      message: "State Machine Already Exists: 'arn:aws:states:us-east-1:111111111111:stateMachine:m'",
    });
  });

  test.each<readonly [what: string, more: { readonly [member: string]: Json }, code: string, message: RegExp]>([
    ['a name with a colon', { name: 'a:b' }, 'InvalidName', /^Invalid Name: 'a:b'$/],
    ['a role that is no ARN', { roleArn: 'foo' }, 'InvalidArn', /^Invalid Role Arn: 'foo'$/],
    ['a role that is an ARN of something else', { roleArn: 'arn:aws:iam::111111111111:user/u' }, 'InvalidArn', /^Invalid Role Arn: 'arn:aws:iam::111111111111:user\/u'$/],
    ['an Express workflow', { type: 'EXPRESS' }, 'NotModelledLocally', /type EXPRESS/],
    ['publishing a version', { publish: true }, 'NotModelledLocally', /'publish'/],
    ['a resource that nothing stands behind', { definition: JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'T', States: { T: { Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true } } }) }, 'NotModelledLocally', /arn:aws:states:::sns:publish \(state 'T'\)/],
  ])('refuses %s', (_, more, code, message) => {
    const request = { name: 'm', definition: JSON.stringify(PASS), roleArn: ROLE, ...more };
    expect(thrownBy(() => new StepFunctionsKit().call('CreateStateMachine', request))).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

describe('StartExecution', () => {
  test.each(['a b', 'a:b', 'a/b', 'a{', 'a\u0007', 'a\ud800', '2026-04-01T00:00Z?'])('refuses the name %j', (name) => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(PASS);
    expect(thrownBy(() => kit.start(stateMachineArn, {}, name))).toMatchObject({ code: 'InvalidName', message: `Invalid Name: '${name}'` });
  });

  test('refuses a name of more than 80 characters', () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(PASS);
    expect(() => kit.start(stateMachineArn, {}, 'x'.repeat(80))).not.toThrow();
    expect(thrownBy(() => kit.start(stateMachineArn, {}, 'x'.repeat(81)))).toMatchObject({
      code: 'ValidationException',
      message: expect.stringMatching(/at 'name' failed to satisfy constraint: Member must have length less than or equal to 80$/) as string,
    });
  });

  test('is idempotent while the execution runs on the same input', async () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(WAIT);
    const request = { stateMachineArn, name: 'n', input: '{"x":1}' };
    const first = kit.call('StartExecution', request);
    await kit.pass(50);
    expect(kit.call('StartExecution', request)).toEqual(first);
    expect(kit.call('ListExecutions', { stateMachineArn })['executions']).toHaveLength(1);
  });

  test.each<readonly [what: string, afterSeconds: number, input: string]>([
    ['another input while it runs', 50, '{"x":2}'],
    ['the same input once it ended', 150, '{"x":1}'],
    ['the same input 89 days after its end', 100 + 89 * DAY_SECONDS, '{"x":1}'],
  ])('refuses a name with %s', async (_, afterSeconds, input) => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(WAIT);
    const executionArn = kit.start(stateMachineArn, { x: 1 }, 'n');
    await kit.pass(afterSeconds);
    expect(thrownBy(() => kit.call('StartExecution', { stateMachineArn, name: 'n', input }))).toMatchObject({
      code: 'ExecutionAlreadyExists',
      message: `Execution Already Exists: '${executionArn}'`,
    });
  });

  test('frees a name 90 days after the execution ended, and forgets it', async () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(WAIT);
    const executionArn = kit.start(stateMachineArn, {}, 'n');
    await kit.pass(100 + 90 * DAY_SECONDS);
    expect(thrownBy(() => kit.call('DescribeExecution', { executionArn })).code).toBe('ExecutionDoesNotExist');
    expect(kit.start(stateMachineArn, { another: true }, 'n')).toBe(executionArn);
  });

  test.each([
    ['', "Invalid State Machine Execution Input: 'Invalid execution input.'"],
    ['not json', expect.stringMatching(/^Invalid State Machine Execution Input: '/) as string],
  ])('refuses the input %j', (input, message) => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(PASS);
    expect(thrownBy(() => kit.call('StartExecution', { stateMachineArn, input }))).toMatchObject({ code: 'InvalidExecutionInput', message });
  });

  test('keeps the input as it was written', async () => {
    const kit = new StepFunctionsKit();
    const executionArn = kit.text('StartExecution', { stateMachineArn: kit.create(PASS), input: '[1,  2]' }, 'executionArn');
    await kit.pass(1);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ input: '[1,  2]', output: '[1,2]' });
  });
});

describe('reading executions', () => {
  test('DescribeExecution answers as AWS does', async () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(WAIT);
    const executionArn = kit.start(stateMachineArn, { x: 1 }, 'n');
    const running = {
      executionArn,
      stateMachineArn,
      name: 'n',
      status: 'RUNNING',
      startDate: START_MS / 1000,
      input: '{"x":1}',
      inputDetails: { included: true },
      redriveCount: 0,
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is RUNNING and cannot be redriven',
    };
    expect(kit.call('DescribeExecution', { executionArn })).toEqual(running);
    await kit.pass(100);
    expect(kit.call('DescribeExecution', { executionArn })).toEqual({
      ...running,
      status: 'SUCCEEDED',
      stopDate: START_MS / 1000 + 100,
      output: '{"x":1}',
      outputDetails: { included: true },
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
  });

  test('ListExecutions shows the latest start first, by status and by page', async () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(WAIT);
    const list = (request: { readonly [member: string]: Json }) => kit.page('ListExecutions', { stateMachineArn, ...request }, 'executions', 'name');
    for (const name of ['a', 'b', 'c', 'd']) {
      kit.start(stateMachineArn, {}, name);
      await kit.pass(30);
    }
    expect(list({})).toEqual([['d', 'c', 'b', 'a'], undefined]);
    expect(list({ statusFilter: 'SUCCEEDED' })).toEqual([['a'], undefined]);
    const [names, nextToken] = list({ maxResults: 1, statusFilter: 'RUNNING' });
    kit.start(stateMachineArn, {}, 'e');
    await kit.pass(100);
    expect([names, list({ maxResults: 3, nextToken })]).toEqual([['d'], [['c', 'b', 'a'], undefined]]);
  });

  test('GetExecutionHistory goes by page, in either order, with or without data', async () => {
    const kit = new StepFunctionsKit();
    const executionArn = kit.start(kit.create(PASS), { secret: 1 });
    await kit.pass(1);
    const ids = (request: { readonly [member: string]: Json }) => kit.page('GetExecutionHistory', { executionArn, ...request }, 'events', 'id');
    expect(ids({})).toEqual([[1, 2, 3, 4], undefined]);
    expect(ids({ reverseOrder: true })).toEqual([[4, 3, 2, 1], undefined]);
    const [first, nextToken] = ids({ reverseOrder: true, maxResults: 3 });
    expect([first, ids({ reverseOrder: true, maxResults: 3, nextToken })]).toEqual([[4, 3, 2], [[1], undefined]]);
    expect(JSON.stringify(kit.call('GetExecutionHistory', { executionArn, includeExecutionData: false }))).not.toContain('secret');
  });

  test.each<readonly [operation: string, request: { readonly [member: string]: Json }, code: string, message: string]>([
    ['DescribeExecution', { executionArn: NO_EXECUTION }, 'ExecutionDoesNotExist', `Execution Does Not Exist: '${NO_EXECUTION}'`],
    ['StopExecution', { executionArn: NO_EXECUTION }, 'ExecutionDoesNotExist', `Execution Does Not Exist: '${NO_EXECUTION}'`],
    ['StartExecution', { stateMachineArn: 'arn:foo' }, 'InvalidArn', "Invalid Arn: 'Not an ARN of Step Functions: arn:foo'"],
    ['StartExecution', { stateMachineArn: NO_EXECUTION }, 'InvalidArn', "Invalid Arn: 'Resource type not valid in this context: execution'"],
    ['DescribeStateMachine', { stateMachineArn: ROLE }, 'InvalidArn', `Invalid Arn: 'Not an ARN of Step Functions: ${ROLE}'`],
    ['DescribeExecution', { executionArn: NO_MACHINE }, 'InvalidArn', "Invalid Arn: 'Resource type not valid in this context: stateMachine'"],
    ['StopExecution', { executionArn: NO_EXECUTION.replace(':none:none', ':none') }, 'InvalidArn', "Invalid Arn: 'Not an ARN of an execution: arn:aws:states:us-east-1:111111111111:execution:none'"],
    ['TagResource', { resourceArn: NO_EXECUTION, tags: [] }, 'InvalidArn', "Invalid Arn: 'Resource type not valid in this context: execution'"],
    ['GetExecutionHistory', { executionArn: 'x' }, 'InvalidArn', "Invalid Arn: 'Invalid ARN prefix: x'"],
    ['StartExecution', { stateMachineArn: NO_MACHINE }, 'StateMachineDoesNotExist', `State Machine Does Not Exist: '${NO_MACHINE}'`],
    ['ListExecutions', { stateMachineArn: NO_MACHINE, statusFilter: 'succeeded' }, 'ValidationException', "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"],
    ['ListExecutions', { stateMachineArn: NO_MACHINE, maxResults: 1001 }, 'ValidationException', "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000"],
    ['DescribeExecution', {}, 'ValidationException', "1 validation error detected: Value null at 'executionArn' failed to satisfy constraint: Member must not be null"],
    ['SendTaskSuccess', { taskToken: 'never', output: '{}' }, 'InvalidToken', "Invalid Token: 'Invalid token'"],
    ['SendTaskHeartbeat', { taskToken: 'never' }, 'InvalidToken', "Invalid Token: 'Invalid token'"],
    ['RedriveExecution', { executionArn: NO_EXECUTION }, 'ExecutionDoesNotExist', `Execution Does Not Exist: '${NO_EXECUTION}'`],
    ['RedriveExecution', { executionArn: 'x' }, 'InvalidArn', "Invalid Arn: 'Invalid ARN prefix: x'"],
    ['ListExecutions', { stateMachineArn: NO_MACHINE, statusFilter: 'PENDING_REDRIVE' }, 'ValidationException', 'The statusFilter PENDING_REDRIVE needs a mapRunArn, not a stateMachineArn'],
    ['ListExecutions', { stateMachineArn: NO_MACHINE, redriveFilter: 'REDRIVEN' }, 'ValidationException', 'redriveFilter needs a mapRunArn, not a stateMachineArn'],
    ['ListExecutions', { mapRunArn: 'arn:x', stateMachineArn: NO_MACHINE }, 'NotModelledLocally', "The local AWS does not model the member 'mapRunArn' of ListExecutions. See local/SUPPORTED.md."],
    ['DescribeExecution', { executionArn: NO_EXECUTION, includedData: 'METADATA_ONLY' }, 'NotModelledLocally', "The local AWS does not model METADATA_ONLY as the 'includedData' of DescribeExecution. See local/SUPPORTED.md."],
    ['PublishStateMachineVersion', { stateMachineArn: NO_MACHINE }, 'NotModelledLocally', 'The local AWS does not model the operation PublishStateMachineVersion of Step Functions. See local/SUPPORTED.md.'],
    ['StartExecution', { stateMachineArn: NO_MACHINE, traceHeader: 't' }, 'NotModelledLocally', "The local AWS does not model the member 'traceHeader' of StartExecution. See local/SUPPORTED.md."],
  ])('%s refuses %j', (operation, request, code, message) => {
    expect(thrownBy(() => new StepFunctionsKit().call(operation, request))).toMatchObject({ code, message });
  });

  test('a token of no page is refused', () => {
    const kit = new StepFunctionsKit();
    expect(thrownBy(() => kit.call('ListExecutions', { stateMachineArn: kit.create(PASS), nextToken: 'x' })).code).toBe('InvalidToken');
  });
});

describe('what is too long', () => {
  const kit = new StepFunctionsKit();
  const stateMachineArn = kit.create(WAIT);
  const executionArn = kit.start(stateMachineArn);
  const SECRET = 'secret'.repeat(6_000);

  test.each<readonly [operation: string, request: { readonly [member: string]: Json }, member: string, constraint: string]>([
    ['StartExecution', { stateMachineArn, input: `"${'é'.repeat(131_072)}"` }, 'input', 'less than or equal to 262144'],
    ['SendTaskSuccess', { taskToken: 't', output: `"${'é'.repeat(131_072)}"` }, 'output', 'less than or equal to 262144'],
    ['SendTaskFailure', { taskToken: 't', error: '😀'.repeat(257) }, 'error', 'less than or equal to 256'],
    ['StopExecution', { executionArn, cause: SECRET }, 'cause', 'less than or equal to 32768'],
    ['CreateStateMachine', { name: 'm', definition: '{'.repeat(1_048_577), roleArn: ROLE }, 'definition', 'less than or equal to 1048576'],
    ['SendTaskHeartbeat', { taskToken: SECRET }, 'taskToken', 'less than or equal to 2048'],
  ])('%s refuses it without repeating it: %#', (operation, request, member, constraint) => {
    expect(thrownBy(() => kit.call(operation, request))).toMatchObject({
      code: 'ValidationException',
      message: `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length ${constraint}`,
    });
  });

  test('is repeated only in part where AWS does not hide it', () => {
    const { message } = thrownBy(() => kit.call('StartExecution', { stateMachineArn, name: SECRET }));
    expect(message).toMatch(/^1 validation error detected: Value 'secretsecret/);
    expect(message.length).toBeLessThan(1_200);
  });

  test('is measured in bytes for payloads, in characters for errors and causes', () => {
    const inputOfAllBytes = `"${'é'.repeat(131_071)}"`;
    expect(() => kit.call('StartExecution', { stateMachineArn, input: inputOfAllBytes })).not.toThrow();
    const [error, cause] = ['😀'.repeat(256), '😀'.repeat(32_768)];
    kit.call('StopExecution', { executionArn, error, cause });
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'ABORTED', error, cause });
  });
});

describe('UpdateStateMachine', () => {
  test('counts for later executions; running ones keep the definition that they started with', async () => {
    const kit = new StepFunctionsKit();
    const stateMachineArn = kit.create(WAIT);
    const before = kit.start(stateMachineArn, {}, 'before');
    await kit.pass(10);
    expect(kit.call('UpdateStateMachine', { stateMachineArn, definition: JSON.stringify(PASS) })).toEqual({ updateDate: START_MS / 1000 + 10, revisionId: 'id-1' });
    const after = kit.start(stateMachineArn, {}, 'after');
    await kit.pass(10);
    expect(kit.call('DescribeExecution', { executionArn: before })).toMatchObject({ status: 'RUNNING' });
    expect(kit.call('DescribeExecution', { executionArn: after })).toMatchObject({ status: 'SUCCEEDED' });
    expect(kit.call('DescribeStateMachine', { stateMachineArn })).toMatchObject({ definition: JSON.stringify(PASS), roleArn: ROLE });
  });
});

describe('a definition with deeply nested data', () => {
  const nested = (levels: number): string => JSON.stringify({ ...PASS, States: { P: { Type: 'Pass', Output: 0, End: true } } }).replace('0', `${'['.repeat(levels)}${']'.repeat(levels)}`);

  test.each([1_000, 100_000, 500_000])('is refused: %d levels', (levels) => {
    const request = { name: 'm', definition: nested(levels), roleArn: ROLE };
    expect(thrownBy(() => new StepFunctionsKit().call('CreateStateMachine', request))).toMatchObject({ code: 'InvalidDefinition', message: expect.stringContaining('INVALID_JSON_DESCRIPTION') as string });
  });

  test('is run with as many levels as JSON of clients may have', async () => {
    const kit = new StepFunctionsKit();
    // The state is the third level.
    const stateMachineArn = kit.text('CreateStateMachine', { name: 'm', definition: nested(997), roleArn: ROLE }, 'stateMachineArn');
    const executionArn = kit.start(stateMachineArn);
    await kit.pass(1);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: `${'['.repeat(997)}${']'.repeat(997)}` });
  });
});

test('UpdateStateMachine refuses a role that is no ARN, and keeps what was', () => {
  const kit = new StepFunctionsKit();
  const stateMachineArn = kit.create(PASS);
  expect(thrownBy(() => kit.call('UpdateStateMachine', { stateMachineArn, roleArn: 'foo' }))).toMatchObject({ code: 'InvalidArn', message: "Invalid Role Arn: 'foo'" });
  expect(kit.call('DescribeStateMachine', { stateMachineArn })).toMatchObject({ roleArn: ROLE });
});

describe('StopExecution', () => {
  test('ends the execution now, with its words, and once', async () => {
    const kit = new StepFunctionsKit();
    const executionArn = kit.start(kit.create(WAIT));
    await kit.pass(10);
    const stopped = kit.call('StopExecution', { executionArn, error: 'E', cause: 'c' });
    await kit.pass(10);
    expect(kit.call('StopExecution', { executionArn, error: 'Later' })).toEqual(stopped);
    expect(stopped).toEqual({ stopDate: START_MS / 1000 + 10 });
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'ABORTED', error: 'E', cause: 'c', redriveStatus: 'REDRIVABLE' });
    expect(kit.history(executionArn).at(-1)).toMatchObject({ type: 'ExecutionAborted', previousEventId: 0, executionAbortedEventDetails: { error: 'E', cause: 'c' } });
  });
});

describe('task tokens', () => {
  const CALLBACK = {
    QueryLanguage: 'JSONata',
    StartAt: 'T',
    States: { T: { Type: 'Task', Resource: INVOKE_AND_WAIT, Arguments: { FunctionName: 'f', Payload: { token: '{% $states.context.Task.Token %}' } }, TimeoutSeconds: 100, HeartbeatSeconds: 60, End: true } },
  };

  async function waiting(): Promise<{ readonly kit: StepFunctionsKit; readonly executionArn: string; readonly taskToken: string }> {
    let taskToken = '';
    const kit = new StepFunctionsKit({ lambda: lambdaOf((payload) => ((taskToken = (payload as { token: string }).token), { ok: true, payload: null })) });
    const executionArn = kit.start(kit.create(CALLBACK), {}, 'n');
    await kit.pass(50);
    return { kit, executionArn, taskToken };
  }

  test('one answer completes the task; a second one comes too late', async () => {
    const { kit, executionArn, taskToken } = await waiting();
    expect(kit.call('SendTaskSuccess', { taskToken, output: '{"approved":true}' })).toEqual({});
    await kit.pass(0);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: '{"approved":true}' });
    for (const late of [() => kit.call('SendTaskSuccess', { taskToken, output: '1' }), () => kit.call('SendTaskFailure', { taskToken }), () => kit.call('SendTaskHeartbeat', { taskToken })]) {
      expect(thrownBy(late)).toMatchObject({ code: 'TaskTimedOut', message: "Task Timed Out: 'Provided task does not exist anymore'" });
    }
  });

  test('a failure fails the task by name', async () => {
    const { kit, executionArn, taskToken } = await waiting();
    kit.call('SendTaskFailure', { taskToken, error: 'Denied', cause: 'no' });
    await kit.pass(0);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'FAILED', error: 'Denied', cause: 'no' });
  });

  test('a heartbeat keeps the task waiting, but not past its time-out', async () => {
    const { kit, executionArn, taskToken } = await waiting();
    kit.call('SendTaskHeartbeat', { taskToken });
    await kit.pass(49);
    expect(kit.call('DescribeExecution', { executionArn })['status']).toBe('RUNNING');
    await kit.pass(1);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(thrownBy(() => kit.call('SendTaskHeartbeat', { taskToken })).code).toBe('TaskTimedOut');
  });

  test('an answer that is no JSON is refused, and the task goes on waiting', async () => {
    const { kit, executionArn, taskToken } = await waiting();
    expect(thrownBy(() => kit.call('SendTaskSuccess', { taskToken, output: 'yes' })).code).toBe('InvalidOutput');
    expect(kit.call('DescribeExecution', { executionArn })['status']).toBe('RUNNING');
  });

  test('a token of a stopped execution is worthless', async () => {
    const { kit, executionArn, taskToken } = await waiting();
    kit.call('StopExecution', { executionArn });
    expect(thrownBy(() => kit.call('SendTaskSuccess', { taskToken, output: '1' })).code).toBe('TaskTimedOut');
  });

  test('never stand in the trace', async () => {
    const { kit, taskToken } = await waiting();
    kit.call('SendTaskSuccess', { taskToken, output: '1' });
    await kit.pass(0);
    expect(taskToken).not.toBe('');
    expect(JSON.stringify(kit.trace.events())).not.toContain(`"${taskToken}"`);
  });
});

describe('what others are told', () => {
  const TASK = {
    QueryLanguage: 'JSONata',
    StartAt: 'T',
    States: {
      T: { Type: 'Task', Resource: INVOKE, Arguments: { FunctionName: 'f' }, Output: 1, Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 5 }], Catch: [{ ErrorEquals: ['Bad'], Next: 'F' }], Next: 'P' },
      P: { Type: 'Pass', End: true },
      F: { Type: 'Fail', Error: 'Gone', Cause: 'bad' },
    },
  };

  async function run(errors: string[]): Promise<StepFunctionsKit> {
    const lambda = lambdaOf(() => {
      const error = errors.shift();
      return error === undefined ? { ok: true, payload: null } : { ok: false, error, cause: 'c' };
    });
    const kit = new StepFunctionsKit({ lambda });
    kit.start(kit.create(TASK), { in: 1 }, 'n');
    await kit.pass(60);
    return kit;
  }

  const common = { actor: 'arn:aws:states:us-east-1:111111111111:stateMachine:machine-1', execution: 'n' };

  test('the trace: every billed transition, a retry among them', async () => {
    const kit = await run(['Busy']);
    expect(kit.trace.events().map(({ seq: _seq, atMs, ...event }) => ({ ...event, atSeconds: (atMs - START_MS) / 1000 }))).toEqual([
      { type: 'states.execution-started', ...common, input: { in: 1 }, atSeconds: 0 },
      { type: 'states.state-entered', ...common, state: 'T', atSeconds: 0 },
      { type: 'states.task-retried', ...common, state: 'T', error: 'Busy', delaySeconds: 5, atSeconds: 0 },
      { type: 'states.state-exited', ...common, state: 'T', next: 'T', atSeconds: 0 },
      { type: 'states.state-exited', ...common, state: 'T', next: 'P', atSeconds: 5 },
      { type: 'states.state-entered', ...common, state: 'P', atSeconds: 5 },
      { type: 'states.state-exited', ...common, state: 'P', next: null, atSeconds: 5 },
      { type: 'states.execution-ended', ...common, status: 'SUCCEEDED', output: 1, atSeconds: 5 },
    ]);
  });

  test('the trace of a failure', async () => {
    const kit = await run(['Bad']);
    expect(kit.trace.events().slice(2)).toMatchObject([
      { type: 'states.state-exited', state: 'T', next: 'F' },
      { type: 'states.state-entered', state: 'F' },
      { type: 'states.state-exited', state: 'F', next: null },
      { type: 'states.execution-ended', status: 'FAILED', output: null, error: 'Gone', cause: 'bad' },
    ]);
  });

  test('EventBridge: one event per status', async () => {
    const kit = await run(['Bad']);
    const [started, ended] = kit.statusChanges;
    expect(kit.statusChanges).toHaveLength(2);
    expect(started).toMatchObject({ source: 'aws.states', detailType: 'Step Functions Execution Status Change', detail: { status: 'RUNNING', name: 'n', startDate: START_MS, stopDate: null, input: '{"in":1}', output: null } });
    expect(ended).toMatchObject({
      resources: ['arn:aws:states:us-east-1:111111111111:execution:machine-1:n'],
      detail: { status: 'FAILED', stopDate: START_MS, error: 'Gone', cause: 'bad', inputDetails: { included: true }, outputDetails: null },
    });
  });

  test('EventBridge: an input above 248 KiB is left out', () => {
    const kit = new StepFunctionsKit();
    kit.start(kit.create(PASS), 'x'.repeat(248 * 1024));
    expect(kit.statusChanges[0]?.detail).toMatchObject({ input: null, inputDetails: { included: false } });
  });
});
