import type { Json } from '../../../lambdas/domain/trace';
import { fail, InterpreterKit, machine, TASK, typesOf } from './kit';

const CATCH = [{ ErrorEquals: ['States.ALL'], Next: 'C' }];
const CAUGHT = { C: { Type: 'Pass', End: true } };

test('a result above 256 KiB fails the task, and States.ALL does not catch it', async () => {
  const states = { T: { Type: 'Task', Resource: TASK, Catch: CATCH, Next: 'C' }, ...CAUGHT };
  const execution = await new InterpreterKit({ task: () => 'x'.repeat(262_143) }).run(machine(states));
  expect([execution.status, execution.error]).toEqual(['FAILED', 'States.DataLimitExceeded']);
  expect(execution.cause).toBe(`The state/task 'test' returned a result with a size exceeding the maximum number of bytes service limit.`);
});

test('arguments above 256 KiB fail the task before it is called, and States.ALL does not catch it', async () => {
  const Arguments = ['{% $pad("", 200000, "x") %}', '{% $pad("", 200000, "y") %}'];
  const states = { T: { Type: 'Task', Resource: TASK, Arguments, Catch: CATCH, Next: 'C' }, ...CAUGHT };
  const kit = new InterpreterKit();
  const execution = await kit.run(machine(states));
  expect([execution.status, execution.error, kit.calledAtSeconds]).toEqual(['FAILED', 'States.DataLimitExceeded', []]);
});

describe('variables', () => {
  /** A variable of 262,137 bytes in each iteration, 40 of them at a time: 10,485,480 of 10,485,760 bytes. */
  const iterations = (count: number, before: { readonly [name: string]: Json } = {}): Json =>
    machine({
      ...before,
      M: {
        Type: 'Map',
        Items: `{% [1..${count}] %}`,
        ItemProcessor: {
          StartAt: 'A',
          States: { A: { Type: 'Pass', Assign: { v: '{% $pad("", 262135, "x") %}' }, Next: 'W' }, W: { Type: 'Wait', Seconds: 1, Output: 0, End: true } },
        },
        End: true,
      },
    });

  test('above 256 KiB in one Assign fail the state', async () => {
    const Assign = { a: '{% $pad("", 200000, "x") %}', b: '{% $pad("", 200000, "x") %}' };
    const execution = await new InterpreterKit().run(machine({ A: { Type: 'Pass', Assign, End: true } }));
    expect([execution.status, execution.error]).toEqual(['FAILED', 'States.DataLimitExceeded']);
  });

  test('fill 10 MiB at most, in all iterations together', async () => {
    const before = { O: { Type: 'Pass', Assign: { outer: '{% $pad("", 300, "x") %}' }, Next: 'M' } };
    const execution = await new InterpreterKit().run(iterations(40, before));
    expect([execution.status, execution.error]).toEqual(['FAILED', 'States.DataLimitExceeded']);
  });

  test('of iterations that are over count no more', async () => {
    expect((await new InterpreterKit().run(iterations(80))).status).toBe('SUCCEEDED');
  });
});

test('an error name of 256 and a cause of 32,768 characters are all that an event carries', async () => {
  const states = { F: { Type: 'Fail', Error: '{% $pad("", 300, "e") %}', Cause: '{% $pad("", 40000, "c") %}' } };
  const execution = await new InterpreterKit().run(machine(states));
  expect([execution.error?.length, execution.cause?.length]).toEqual([256, 32_768]);
});

test('a cause is not cut inside of a character', async () => {
  const execution = await new InterpreterKit().run(machine({ F: { Type: 'Fail', Error: 'E', Cause: `x${'😀'.repeat(40_000)}` } }));
  expect(execution.cause).toBe(`x${'😀'.repeat(32_767)}`);
});

test('a result of 256 KiB is handed on', async () => {
  const states = { T: { Type: 'Task', Resource: TASK, End: true } };
  const execution = await new InterpreterKit({ task: () => 'x'.repeat(262_142) }).run(machine(states));
  expect(execution.status).toBe('SUCCEEDED');
});

describe('25,000 events', () => {
  /** Two events per round, and two around them. */
  const loop = (rounds: number): Json =>
    machine({
      A: { Type: 'Choice', Assign: { n: '{% $exists($n) ? $n + 1 : 1 %}' }, Choices: [{ Condition: `{% $exists($n) and $n >= ${rounds} %}`, Next: 'Z' }], Default: 'A' },
      Z: { Type: 'Succeed' },
    });

  test('are reached by an execution that goes on', async () => {
    const execution = await new InterpreterKit().run(loop(13_000));
    expect([execution.status, execution.error, execution.cause]).toEqual(['FAILED', 'States.Runtime', 'The execution reached the maximum number of history events (25000).']);
    expect(execution.history.events().at(-1)).toMatchObject({ id: 25_000, type: 'ExecutionFailed' });
  });

  test('suffice for one that succeeds with the last of them', async () => {
    // ExecutionStarted, 12,498 visits of A at 2 events each, the 2 of Z: 24,999.
    const execution = await new InterpreterKit().run(loop(12_497));
    expect([execution.status, execution.history.events().length]).toEqual(['SUCCEEDED', 25_000]);
  });

  test('end an execution inside a Map too', async () => {
    const inner = { StartAt: 'A', States: { A: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'Z' }], Default: 'A' }, Z: { Type: 'Succeed' } } };
    const execution = await new InterpreterKit().run(machine({ M: { Type: 'Map', Items: [1, 2], ItemProcessor: inner, Catch: CATCH, Next: 'C' }, ...CAUGHT }));
    expect([execution.status, execution.error, execution.history.events().length]).toEqual(['FAILED', 'States.Runtime', 25_000]);
  });
});

test('an error of the interpreter or of an emulation is never a result: the timeline throws it', async () => {
  const kit = new InterpreterKit({ task: () => Promise.reject(new Error('a bug')) });
  await expect(kit.run(machine({ T: { Type: 'Task', Resource: TASK, Catch: CATCH, Next: 'C' }, ...CAUGHT }))).rejects.toThrow('a bug');
});

test('an execution that failed tells it in its last event', async () => {
  const execution = await new InterpreterKit({ task: () => fail('E', 'c') }).run(machine({ T: { Type: 'Task', Resource: TASK, End: true } }));
  expect(typesOf(execution).at(-1)).toBe('ExecutionFailed');
  expect(execution.history.events().at(-1)).toMatchObject({ executionFailedEventDetails: { error: 'E', cause: 'c' } });
});
