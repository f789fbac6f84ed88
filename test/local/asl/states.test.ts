import type { Json } from '../../../lambdas/domain/trace';
import { CALLBACK, fail, InterpreterKit, machine, secondsOf, TASK } from './kit';

const DONE = { Type: 'Succeed' };

type Row = readonly [what: string, states: { readonly [name: string]: Json }, input: Json, output: Json];

describe('outputs', () => {
  test.each<Row>([
    ['a Pass hands its input on', { A: { Type: 'Pass', End: true } }, { x: 1 }, { x: 1 }],
    ['a Pass evaluates its Output', { A: { Type: 'Pass', Output: { y: '{% $states.input.x + 1 %}', z: [1, '{% "t" %}'] }, End: true } }, { x: 1 }, { y: 2, z: [1, 't'] }],
    ['a Pass may give null', { A: { Type: 'Pass', Output: null, End: true } }, { x: 1 }, null],
    ['text around an expression makes it a literal', { A: { Type: 'Pass', Output: 'is {% 1 %}!', End: true } }, {}, 'is {% 1 %}!'],
    ['a number that JSON does not have becomes text', { A: { Type: 'Pass', Output: ['{% 1/0 %}', '{% {"k": -1/0} %}', '{% 1e308 * 10 %}'], End: true } }, {}, ['Infinity', { k: '-Infinity' }, 'Infinity']],
    ['a comment is never evaluated', { A: { Type: 'Pass', Comment: '{% 1 + %}', End: true } }, 'in', 'in'],
    ['a Map evaluates expressions among literal Items', { A: { Type: 'Map', Items: [1, '{% $states.input %}'], ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }, End: true } }, 2, [1, 2]],
    ['a Map takes Iterator for ItemProcessor', { A: { Type: 'Map', Iterator: { StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }, End: true } }, [1, 2], [1, 2]],
    ['a Succeed ends with its Output', { A: { Type: 'Succeed', Output: '{% $states.input.x %}' } }, { x: 'out' }, 'out'],
    ['a Task gives its result', { A: { Type: 'Task', Resource: TASK, Arguments: { n: '{% $states.input.x %}' }, End: true } }, { x: 7 }, { n: 7 }],
    ['a Task without Arguments gets the input', { A: { Type: 'Task', Resource: TASK, End: true } }, { x: 7 }, { x: 7 }],
    ['a Task shapes its result', { A: { Type: 'Task', Resource: TASK, Output: '{% $states.result.x * 2 %}', End: true } }, { x: 7 }, 14],
    [
      'a Choice takes the first rule that holds',
      {
        A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }, { Condition: '{% $states.input.x > 1 %}', Output: 'second', Next: 'B' }], Default: 'B' },
        B: DONE,
      },
      { x: 2 },
      'second',
    ],
    [
      'a Choice that nothing matches takes its Default and own Output',
      { A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Output: 'rule', Next: 'B' }], Default: 'B', Output: 'default' }, B: DONE },
      {},
      'default',
    ],
    ['a Wait hands its input on', { A: { Type: 'Wait', Seconds: 1, End: true } }, { x: 1 }, { x: 1 }],
    [
      'a Parallel gathers the outputs of its branches in their order',
      {
        A: {
          Type: 'Parallel',
          Branches: [
            { StartAt: 'L', States: { L: { Type: 'Wait', Seconds: 5, End: true } } },
            { StartAt: 'R', States: { R: { Type: 'Pass', Output: 'right', End: true } } },
          ],
          End: true,
        },
      },
      'left',
      ['left', 'right'],
    ],
    [
      'a Parallel hands its Arguments to the branches',
      { A: { Type: 'Parallel', Arguments: { a: '{% $states.input %}' }, Branches: [{ StartAt: 'P', States: { P: { Type: 'Pass', End: true } } }], Output: '{% $states.result[0].a %}', End: true } },
      3,
      3,
    ],
    [
      'a Map gathers its outputs in the order of its items',
      {
        A: {
          Type: 'Map',
          Items: '{% $states.input.seconds %}',
          ItemProcessor: { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } } },
          End: true,
        },
      },
      { seconds: [3, 1, 2] },
      [3, 1, 2],
    ],
    [
      'a Map selects what an iteration gets',
      {
        A: {
          Type: 'Map',
          ItemSelector: { i: '{% $states.context.Map.Item.Index %}', v: '{% $states.context.Map.Item.Value %}' },
          ItemProcessor: { StartAt: 'P', States: { P: { Type: 'Pass', Output: '{% $string($states.input.i) & $states.context.Map.Item.Value %}', End: true } } },
          End: true,
        },
      },
      ['a', 'b'],
      ['0a', '1b'],
    ],
  ])('%s', async (_, states, input, output) => {
    const execution = await new InterpreterKit({ task: (parameters: Json) => parameters }).run(machine(states), input);
    expect([execution.status, execution.output]).toEqual(['SUCCEEDED', output]);
  });
});

describe('failures', () => {
  test.each<readonly [what: string, states: { readonly [name: string]: Json }, error: string | undefined, cause: RegExp]>([
    ['a Fail ends with its words', { A: { Type: 'Fail', Error: 'Mine', Cause: '{% "because " & $states.input.x %}' } }, 'Mine', /^because 1$/],
    ['a Choice without a match or Default', { A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'B' }] }, B: DONE }, 'States.Runtime', /does not point to a next state/],
    ['a Choice whose condition is no boolean', { A: { Type: 'Choice', Choices: [{ Condition: '{% 1 %}', Next: 'B' }] }, B: DONE }, 'States.QueryEvaluationError', /'Choices\[0\]\/Condition' returned .* Expected 'boolean', but was 'number' for value: 1/],
    ['an expression that gives nothing', { A: { Type: 'Pass', Output: { x: ['{% $states.input.y %}'] }, End: true } }, 'States.QueryEvaluationError', /expression '\$states.input.y' specified for the field 'Output\/x\[0\]' returned nothing \(undefined\)/],
    ['an expression that throws', { A: { Type: 'Pass', Output: '{% 1 + "a" %}', End: true } }, 'States.QueryEvaluationError', /threw an error during evaluation. T2002/],
    ['an expression that gives a function', { A: { Type: 'Pass', Output: '{% {"f": $sum} %}', End: true } }, 'States.QueryEvaluationError', /unsupported result type/],
    ['$eval does not exist', { A: { Type: 'Pass', Output: '{% $eval("1") %}', End: true } }, 'States.QueryEvaluationError', /T1006/],
    ['a Wait for a fraction', { A: { Type: 'Wait', Seconds: '{% 1.5 %}', End: true } }, 'States.QueryEvaluationError', /Seconds/],
    ['a Wait until a day that does not exist', { A: { Type: 'Wait', Timestamp: '{% "2026-02-30T00:00:00Z" %}', End: true } }, 'States.QueryEvaluationError', /cannot be parsed/],
    ['a task that fails unhandled', { A: { Type: 'Task', Resource: TASK, End: true } }, 'TaskError', /task cause/],
    ['a payload above 256 KiB', { A: { Type: 'Pass', Output: '{% $pad("", 262145, "x") %}', End: true } }, 'States.DataLimitExceeded', /'A' returned a result with a size exceeding/],
  ])('%s', async (_, states, error, cause) => {
    const execution = await new InterpreterKit({ task: () => fail('TaskError', 'task cause') }).run(machine(states), { x: 1 });
    expect([execution.status, execution.error]).toEqual(['FAILED', error]);
    expect(execution.cause).toMatch(cause);
  });
});

describe('a Wait', () => {
  test.each<readonly [what: string, wait: { readonly [field: string]: Json }, seconds: number]>([
    ['for seconds', { Seconds: 90 }, 90],
    ['for evaluated seconds', { Seconds: '{% 2 * 45 %}' }, 90],
    ['until a time', { Timestamp: '2026-04-01T01:00:00Z' }, 3600],
    ['until a time in another zone, without its fraction', { Timestamp: '{% "2026-04-01T03:00:00.999+02:00" %}' }, 3600],
    ['until a time that is past: not at all', { Timestamp: '2020-01-01T00:00:00Z' }, 0],
    ['for nearly a year', { Seconds: 31_535_999 }, 31_535_999],
  ])('%s', async (_, wait, seconds) => {
    const execution = await new InterpreterKit().run(machine({ W: { Type: 'Wait', ...wait, End: true } }), {}, 40_000_000);
    expect([execution.status, secondsOf(execution, 'WaitStateExited')]).toEqual(['SUCCEEDED', [seconds]]);
  });
});

test('the context object tells the execution, the state and the machine', async () => {
  const context = '{% $states.context %}';
  const states = { W: { Type: 'Wait', Seconds: 10, Next: 'P' }, P: { Type: 'Pass', Output: context, End: true } };
  const execution = await new InterpreterKit().run(machine(states), { in: 1 });
  expect(execution.output).toEqual({
    Execution: {
      Id: 'arn:aws:states:us-east-1:111111111111:execution:machine:run',
      Input: { in: 1 },
      Name: 'run',
      RoleArn: 'arn:aws:iam::111111111111:role/machine',
      StartTime: '2026-04-01T00:00:00.000Z',
      RedriveCount: 0,
    },
    State: { EnteredTime: '2026-04-01T00:00:10.000Z', Name: 'P', RetryCount: 0 },
    StateMachine: { Id: 'arn:aws:states:us-east-1:111111111111:stateMachine:machine', Name: 'machine' },
  });
});

test('only a callback task sees a token', async () => {
  const token = '{% $exists($states.context.Task.Token) %}';
  const seen: Json[] = [];
  const states = {
    A: { Type: 'Task', Resource: TASK, Arguments: { token }, Next: 'B' },
    B: { Type: 'Task', Resource: CALLBACK, Arguments: { token }, TimeoutSeconds: 1, End: true },
  };
  await new InterpreterKit({ task: (parameters) => (seen.push(parameters), null) }).run(machine(states));
  expect(seen).toEqual([{ token: false }, { token: true }]);
});

describe('variables', () => {
  test('are assigned from the values at the entry of the state, and seen from the next state on', async () => {
    const states = {
      A: { Type: 'Pass', Assign: { x: 1, y: 10 }, Next: 'B' },
      B: { Type: 'Pass', Assign: { x: '{% $y %}', y: '{% $x %}' }, Output: '{% $x %}', Next: 'C' },
      C: { Type: 'Pass', Output: { before: '{% $states.input %}', x: '{% $x %}', y: '{% $y %}' }, End: true },
    };
    const execution = await new InterpreterKit().run(machine(states));
    expect(execution.output).toEqual({ before: 1, x: 10, y: 1 });
  });

  test('of the outer scope are seen inside, and inner ones end with their branch', async () => {
    const inner = { StartAt: 'I', States: { I: { Type: 'Pass', Assign: { inside: 1 }, Next: 'J' }, J: { Type: 'Pass', Output: '{% $outside + $inside %}', End: true } } };
    const states = {
      A: { Type: 'Pass', Assign: { outside: 41 }, Next: 'P' },
      P: { Type: 'Parallel', Branches: [inner], Output: { result: '{% $states.result[0] %}', inside: '{% $exists($inside) %}' }, End: true },
    };
    const execution = await new InterpreterKit().run(machine(states));
    expect(execution.output).toEqual({ result: 42, inside: false });
  });

  test('are not assigned when the Output fails', async () => {
    const states = {
      A: { Type: 'Task', Resource: TASK, Assign: { x: 'new' }, Output: '{% $states.result.absent %}', Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'C' }], End: true },
      C: { Type: 'Pass', Output: '{% $exists($x) %}', End: true },
    };
    const execution = await new InterpreterKit().run(machine(states));
    expect(execution.output).toBe(false);
  });
});
