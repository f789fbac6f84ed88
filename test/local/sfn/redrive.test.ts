import type { Json } from '../../../lambdas/domain/trace';
import type { LambdaResult } from '../../../local/asl/lambda-integration';
import { INVOKE, INVOKE_AND_WAIT, lambdaOf, START_MS, StepFunctionsKit, refusal } from './kit';

const DAY_SECONDS = 86_400;
const GONE_WRONG: LambdaResult = { ok: false, error: 'Broken', cause: 'c' };

/** A Lambda that does as it is told at the time: `fails` names the payloads at which it fails. */
class Functions {
  readonly fails = new Set<Json>();
  readonly called: Json[] = [];

  readonly lambda = lambdaOf((payload) => {
    this.called.push(payload);
    return this.fails.has(payload) ? GONE_WRONG : { ok: true, payload };
  });
}

const task = (Payload: Json, more: { readonly [field: string]: Json } = { End: true }): { readonly [field: string]: Json } => ({ Type: 'Task', Resource: INVOKE, Arguments: { FunctionName: 'f', Payload }, ...more });
const machine = (States: { readonly [name: string]: Json }, more: { readonly [field: string]: Json } = {}): Json => ({ QueryLanguage: 'JSONata', StartAt: Object.keys(States)[0] ?? '', States, ...more });
const branch = (States: { readonly [name: string]: Json }): Json => ({ StartAt: Object.keys(States)[0] ?? '', States });

/** Starts the machine and plays until it has gone wrong. */
async function failing(functions: Functions, definition: Json, input: Json = {}): Promise<{ readonly kit: StepFunctionsKit; readonly executionArn: string }> {
  const kit = new StepFunctionsKit({ lambda: functions.lambda });
  const executionArn = kit.start(kit.create(definition), input, 'n');
  await kit.pass(100);
  expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ redriveStatus: 'REDRIVABLE', redriveCount: 0 });
  return { kit, executionArn };
}

/** The events since the last redrive: type and the event that it follows. */
function afterRedrive(kit: StepFunctionsKit, executionArn: string): readonly Json[] {
  const history = kit.history(executionArn);
  const from = history.findLastIndex(({ type }) => type === 'ExecutionRedriven');
  return history.slice(from).map(({ id, type, previousEventId }) => [id, type, previousEventId]);
}

describe('RedriveExecution', () => {
  test('goes on with the task that failed, on its input and the variables of then', async () => {
    const functions = new Functions();
    const definition = machine({
      A: task('a', { Assign: { x: '{% $states.result.Payload %}' }, Output: { from: 'A' }, Next: 'B' }),
      B: task('b', { Output: ['{% $x %}', '{% $states.input.from %}', '{% $states.context.Execution.RedriveCount %}', '{% $states.context.Execution.RedriveTime %}'], End: true }),
    });
    functions.fails.add('b');
    const { kit, executionArn } = await failing(functions, definition);
    functions.fails.clear();
    expect(kit.call('RedriveExecution', { executionArn })).toEqual({ redriveDate: START_MS / 1000 + 100 });
    const running = kit.call('DescribeExecution', { executionArn });
    expect(running).toMatchObject({ status: 'RUNNING', redriveCount: 1, redriveDate: START_MS / 1000 + 100, redriveStatusReason: 'Execution is RUNNING and cannot be redriven' });
    expect(Object.keys(running)).not.toEqual(expect.arrayContaining(['stopDate']));
    expect(Object.keys(running)).not.toEqual(expect.arrayContaining(['error']));
    await kit.pass(1);
    expect(functions.called).toEqual(['a', 'b', 'b']);
    expect(afterRedrive(kit, executionArn)).toEqual([
      [12, 'ExecutionRedriven', 0],
      [13, 'TaskScheduled', 7],
      [14, 'TaskStarted', 13],
      [15, 'TaskSucceeded', 14],
      [16, 'TaskStateExited', 15],
      [17, 'ExecutionSucceeded', 16],
    ]);
    expect(kit.history(executionArn)[11]).toMatchObject({ executionRedrivenEventDetails: { redriveCount: 1 } });
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
      output: JSON.stringify(['a', 'A', 1, '2026-04-01T00:01:40.000Z']),
      startDate: START_MS / 1000,
      stopDate: START_MS / 1000 + 100,
    });
  });

  test('runs again only the branches and iterations that failed or were cut off, nested ones too', async () => {
    const functions = new Functions();
    const iteration = branch({ W: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'T' }, T: task('{% $states.input %}') });
    const definition = machine({
      P: {
        Type: 'Parallel',
        Branches: [
          branch({ Done: task('done', { End: true }) }),
          branch({ Before: task('before', { Next: 'M' }), M: { Type: 'Map', Items: [5, 1, 2, 1], MaxConcurrency: 2, ItemProcessor: iteration, Output: '{% $states.result.Payload %}', End: true } }),
          branch({ Slow: { Type: 'Wait', Seconds: 50, Next: 'AfterSlow' }, AfterSlow: task('slow') }),
        ],
        Output: ['{% $states.result[0].Payload %}', '{% $states.result[1] %}', '{% $states.result[2].Payload %}'],
        End: true,
      },
    });
    functions.fails.add(2);
    const { kit, executionArn } = await failing(functions, definition);
    expect(functions.called).toEqual(['done', 'before', 1, 2]);
    functions.called.length = 0;
    functions.fails.clear();
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(60);
    expect(functions.called).toEqual([2, 1, 5, 'slow']);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: JSON.stringify(['done', [5, 1, 2, 1], 'slow']) });
    const types = afterRedrive(kit, executionArn).map((event) => (event as readonly Json[])[1]);
    // Of four iterations one had not begun.
    expect(types.filter((type) => type === 'MapIterationStarted')).toHaveLength(1);
    expect(types.filter((type) => type === 'MapIterationSucceeded')).toHaveLength(3);
    expect(types).not.toContain('MapStateStarted');
    expect(types).not.toContain('ParallelStateStarted');
  });

  test('runs a Parallel again as a whole when too much data came out of it', async () => {
    const functions = new Functions();
    const half = 'x'.repeat(140_000);
    const { kit, executionArn } = await failing(functions, machine({ P: { Type: 'Parallel', Branches: [branch({ A: task(half) }), branch({ B: task(half) })], End: true } }));
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ error: 'States.DataLimitExceeded' });
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(1);
    expect(functions.called).toHaveLength(4);
  });

  test('keeps the results of all branches when only the Output failed', async () => {
    const functions = new Functions();
    const Output = '{% $states.context.Execution.RedriveCount = 0 ? $error("no") : $states.result[1].Payload %}';
    const { kit, executionArn } = await failing(functions, machine({ P: { Type: 'Parallel', Branches: [branch({ A: task('a') }), branch({ B: task('b') })], Output, End: true } }));
    const last = kit.history(executionArn).findLast(({ type }) => type === 'TaskStateExited')?.id;
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(1);
    expect(functions.called).toEqual(['a', 'b']);
    expect(afterRedrive(kit, executionArn).slice(1, 3)).toEqual([
      [expect.any(Number), 'ParallelStateSucceeded', last],
      [expect.any(Number), 'ParallelStateExited', last],
    ]);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: '"b"' });
  });

  test('gives retries and their count anew', async () => {
    const functions = new Functions();
    functions.fails.add(0).add(1);
    const retry = { Retry: [{ ErrorEquals: ['Broken'], IntervalSeconds: 1, MaxAttempts: 1 }], End: true };
    const { kit, executionArn } = await failing(functions, machine({ T: task('{% $states.context.State.RetryCount %}', retry) }));
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(10);
    expect(functions.called).toEqual([0, 1, 0, 1]);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'FAILED', redriveStatus: 'REDRIVABLE', redriveCount: 1 });
    functions.fails.delete(0);
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(10);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', redriveCount: 2 });
  });

  test('begins the time-outs of execution and task anew, with a token of its own', async () => {
    const tokens: string[] = [];
    const kit = new StepFunctionsKit({ lambda: lambdaOf((token) => (tokens.push(token as string), { ok: true, payload: null })) });
    const wait = { Type: 'Task', Resource: INVOKE_AND_WAIT, Arguments: { FunctionName: 'f', Payload: '{% $states.context.Task.Token %}' }, TimeoutSeconds: 90, End: true };
    const executionArn = kit.start(kit.create(machine({ T: wait }, { TimeoutSeconds: 60 })));
    await kit.pass(100);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'TIMED_OUT', stopDate: START_MS / 1000 + 60 });
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(59);
    const [old, taskToken] = tokens;
    expect(refusal(() => kit.call('SendTaskSuccess', { taskToken: old ?? '', output: '1' }))).toEqual(['TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'"]);
    kit.call('SendTaskSuccess', { taskToken: taskToken ?? '', output: '"yes"' });
    await kit.pass(0);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', output: '"yes"' });
  });

  test.each<readonly [what: string, state: Json, seconds: number]>([
    ['a Wait for seconds waits again', { Type: 'Wait', Seconds: 30, End: true }, 30],
    ['a Wait until a time that is past is left at once', { Type: 'Wait', Timestamp: '2026-04-01T00:00:30Z', End: true }, 0],
  ])('%s', async (_, state, seconds) => {
    const kit = new StepFunctionsKit();
    const executionArn = kit.start(kit.create(machine({ W: state })));
    await kit.pass(10);
    kit.call('StopExecution', { executionArn });
    await kit.pass(50);
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(100);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', stopDate: START_MS / 1000 + 60 + seconds });
    expect(afterRedrive(kit, executionArn).slice(1)).toEqual([
      [5, 'WaitStateExited', 2],
      [6, 'ExecutionSucceeded', 5],
    ]);
  });

  test('a Fail state fails again', async () => {
    const { kit, executionArn } = await failing(new Functions(), machine({ F: { Type: 'Fail', Error: 'E' } }));
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(1);
    expect(afterRedrive(kit, executionArn)).toEqual([
      [4, 'ExecutionRedriven', 0],
      [5, 'ExecutionFailed', 2],
    ]);
  });

  test('a state that was left when the execution was stopped is not run again', async () => {
    const functions = new Functions();
    const kit = new StepFunctionsKit({ lambda: functions.lambda });
    const executionArn = kit.start(kit.create(machine({ A: task('a', { Next: 'B' }), B: task('b') })));
    kit.trace.onEvent((event) => {
      if (event.type === 'states.state-exited' && event.state === 'A') kit.call('StopExecution', { executionArn });
    });
    await kit.pass(1);
    expect(kit.call('DescribeExecution', { executionArn })['status']).toBe('ABORTED');
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(1);
    expect([functions.called, kit.call('DescribeExecution', { executionArn })['status']]).toEqual([['a', 'b'], 'SUCCEEDED']);
    const [left] = kit.history(executionArn).filter(({ type }) => type === 'TaskStateExited');
    expect(afterRedrive(kit, executionArn)[1]).toEqual([expect.any(Number), 'TaskStateEntered', left?.id]);
  });

  test('tells EventBridge and the trace', async () => {
    const functions = new Functions();
    functions.fails.add('a');
    const { kit, executionArn } = await failing(functions, machine({ A: task('a') }));
    kit.call('RedriveExecution', { executionArn });
    const told = kit.statusChanges.slice(-2).map(({ detail }) => ({ ...detail }));
    expect(told).toMatchObject([
      { status: 'FAILED', redriveCount: 0, redriveDate: null, redriveStatus: 'REDRIVABLE', redriveStatusReason: null },
      { status: 'RUNNING', stopDate: null, error: null, redriveCount: 1, redriveDate: START_MS + 100_000, redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: 'Execution is RUNNING and cannot be redriven' },
    ]);
    expect(kit.trace.events().at(-1)).toMatchObject({ type: 'states.execution-redriven', execution: 'n', redriveCount: 1 });
    expect(kit.page('ListExecutions', { stateMachineArn: kit.text('DescribeExecution', { executionArn }, 'stateMachineArn') }, 'executions', 'redriveCount')).toEqual([[1], undefined]);
  });

  test('answers a client token that it knows as before, for a quarter of an hour', async () => {
    const functions = new Functions();
    functions.fails.add('a');
    const { kit, executionArn } = await failing(functions, machine({ A: task('a') }));
    const request = { executionArn, clientToken: 'once' };
    const first = kit.call('RedriveExecution', request);
    await kit.pass(15 * 60);
    expect(kit.call('RedriveExecution', request)).toEqual(first);
    expect(kit.reloaded().call('RedriveExecution', request)).toEqual(first);
    expect(functions.called).toHaveLength(2);
    await kit.pass(1);
    expect(kit.call('RedriveExecution', request)).not.toEqual(first);
  });

  test('remembers the last ten client tokens', async () => {
    const functions = new Functions();
    functions.fails.add('a');
    const { kit, executionArn } = await failing(functions, machine({ A: task('a') }));
    const redrive = async (clientToken: string): Promise<Json> => {
      const answer = kit.call('RedriveExecution', { executionArn, clientToken });
      await kit.pass(1);
      return answer;
    };
    for (let token = 0; token <= 10; token++) await redrive(`token ${token}`);
    expect(await redrive('token 1')).toEqual({ redriveDate: START_MS / 1000 + 101 });
    expect(await redrive('token 0')).toEqual({ redriveDate: START_MS / 1000 + 112 });
  });

  test('restarts the time for which the name stays taken', async () => {
    const functions = new Functions();
    functions.fails.add('a');
    const { kit, executionArn } = await failing(functions, machine({ A: task('a') }));
    await kit.pass(13 * DAY_SECONDS);
    kit.call('RedriveExecution', { executionArn });
    await kit.pass(80 * DAY_SECONDS);
    expect(kit.call('DescribeExecution', { executionArn })['status']).toBe('FAILED');
    await kit.pass(10 * DAY_SECONDS);
    expect(refusal(() => kit.call('DescribeExecution', { executionArn }))).toEqual(['ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`]);
  });

  test('does not keep executions that ended later from being forgotten', async () => {
    const kit = new StepFunctionsKit();
    const machineArn = kit.create(machine({ W: { Type: 'Wait', Seconds: 20_000_000, End: true } }));
    const [first, second] = [kit.start(machineArn), kit.start(machineArn)];
    for (const executionArn of [first, second]) kit.call('StopExecution', { executionArn });
    kit.call('RedriveExecution', { executionArn: first });
    await kit.pass(91 * DAY_SECONDS);
    expect(kit.call('DescribeExecution', { executionArn: first })['status']).toBe('RUNNING');
    expect(refusal(() => kit.call('DescribeExecution', { executionArn: second }))).toEqual(['ExecutionDoesNotExist', `Execution Does Not Exist: '${second}'`]);
  });
});

describe('RedriveExecution refuses', () => {
  const BROKEN = machine({ A: task('a') });

  async function broken(): Promise<{ readonly kit: StepFunctionsKit; readonly executionArn: string }> {
    const functions = new Functions();
    functions.fails.add('a');
    return failing(functions, BROKEN);
  }

  function refuses(kit: StepFunctionsKit, executionArn: string, reason: string): void {
    expect(refusal(() => kit.call('RedriveExecution', { executionArn }))).toEqual(['ExecutionNotRedrivable', reason]);
    expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: reason });
  }

  test('an execution that runs, and one that succeeded', async () => {
    const kit = new StepFunctionsKit();
    const executionArn = kit.start(kit.create(BROKEN));
    refuses(kit, executionArn, 'Execution is RUNNING and cannot be redriven');
    await kit.pass(1);
    refuses(kit, executionArn, 'Execution is SUCCEEDED and cannot be redriven');
  });

  test('an execution that ended more than 14 days ago', async () => {
    const { kit, executionArn } = await broken();
    await kit.pass(14 * DAY_SECONDS - 100);
    expect(kit.call('DescribeExecution', { executionArn })['redriveStatus']).toBe('REDRIVABLE');
    await kit.pass(1);
    refuses(kit, executionArn, 'Execution redrivable period exceeded');
  });

  test('an execution that began a year ago', async () => {
    const kit = new StepFunctionsKit();
    const executionArn = kit.start(kit.create(machine({ W: { Type: 'Wait', Seconds: 40_000_000, End: true } })));
    await kit.pass(365 * DAY_SECONDS);
    expect(kit.call('DescribeExecution', { executionArn })['status']).toBe('TIMED_OUT');
    refuses(kit, executionArn, 'Execution has exceeded the max execution time');
  });

  test('an execution without room in its history', async () => {
    const kit = new StepFunctionsKit();
    const loop = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Choice', Choices: [{ Condition: false, Next: 'E' }], Default: 'A' }, E: { Type: 'Succeed' } };
    const executionArn = kit.start(kit.create(machine(loop)));
    await kit.pass(1);
    expect(kit.call('DescribeExecution', { executionArn })['status']).toBe('FAILED');
    refuses(kit, executionArn, 'Execution history event limit exceeded');
  });

  test('a second redrive before the first has ended', async () => {
    const { kit, executionArn } = await broken();
    kit.call('RedriveExecution', { executionArn });
    refuses(kit, executionArn, 'Execution is RUNNING and cannot be redriven');
  });
});

test('a redriven execution lasts a year at most from its first start', async () => {
  const kit = new StepFunctionsKit();
  const executionArn = kit.start(kit.create(machine({ W: { Type: 'Wait', Seconds: 40_000_000, End: true } })));
  await kit.pass(300 * DAY_SECONDS);
  kit.call('StopExecution', { executionArn });
  kit.call('RedriveExecution', { executionArn });
  await kit.pass(80 * DAY_SECONDS);
  expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'TIMED_OUT', stopDate: START_MS / 1000 + 365 * DAY_SECONDS });
});

test('stopped in the moment of its redrive, it runs nothing, and can be redriven again', async () => {
  const functions = new Functions();
  functions.fails.add('a');
  const { kit, executionArn } = await failing(functions, machine({ A: task('a') }));
  functions.fails.clear();
  kit.call('RedriveExecution', { executionArn });
  kit.call('StopExecution', { executionArn });
  kit.call('RedriveExecution', { executionArn });
  await kit.pass(1);
  expect(functions.called).toEqual(['a', 'a']);
  expect(kit.call('DescribeExecution', { executionArn })).toMatchObject({ status: 'SUCCEEDED', redriveCount: 2 });
});
