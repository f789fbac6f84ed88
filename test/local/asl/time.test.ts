import type { Json } from '../../../lambdas/domain/trace';
import { TaskFailure } from '../../../local/asl/integrations';
import { CALLBACK, fail, InterpreterKit, machine, never, secondsOf, TASK, typesOf } from './kit';

const CAUGHT = { C: { Type: 'Pass', End: true } };

function taskWith(fields: { readonly [field: string]: Json }): Json {
  return machine({ T: { Type: 'Task', Resource: TASK, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }], ...fields, Next: 'C' }, ...CAUGHT });
}

describe('time-outs', () => {
  test.each([
    ['a number', 5],
    ['an expression', '{% $states.input.limit + 2 %}'],
  ])('end a task after TimeoutSeconds: %s', async (_, TimeoutSeconds) => {
    const execution = await new InterpreterKit({ task: never }).run(taskWith({ TimeoutSeconds }), { limit: 3 });
    expect(secondsOf(execution, 'TaskTimedOut')).toEqual([5]);
    expect(execution.output).toEqual({ Error: 'States.Timeout' });
  });

  test('apply to every attempt anew', async () => {
    const kit = new InterpreterKit({ task: never });
    await kit.run(taskWith({ TimeoutSeconds: 5, Retry: [{ ErrorEquals: ['States.Timeout'], IntervalSeconds: 10, MaxAttempts: 1 }] }));
    expect(kit.calledAtSeconds).toEqual([0, 15]);
  });

  test('drop what a superseded task still answers', async () => {
    const answers: ((value: Json) => void)[] = [];
    const kit = new InterpreterKit({ task: () => new Promise<Json>((resolve) => answers.push(resolve)) });
    const execution = kit.start(taskWith({ TimeoutSeconds: 5, Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }] }));
    await kit.pass(7);
    answers[0]?.('first');
    await kit.pass(1);
    expect(execution.status).toBe('RUNNING');
    answers[1]?.('second');
    await kit.pass(1);
    expect([execution.status, execution.output]).toEqual(['SUCCEEDED', 'second']);
  });

  test('drop a late error of a superseded task too: the attempt after it keeps waiting and its time-out', async () => {
    const failures: (() => void)[] = [];
    const kit = new InterpreterKit({ task: () => new Promise<Json>((_, reject) => failures.push(() => reject(new TaskFailure('Late', '')))) });
    const execution = kit.start(taskWith({ TimeoutSeconds: 5, Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }] }));
    await kit.pass(7);
    failures[0]?.();
    await kit.pass(10);
    expect(secondsOf(execution, 'TaskTimedOut')).toEqual([5, 11]);
    expect(execution.output).toEqual({ Error: 'States.Timeout' });
  });

  test('of the state machine end the execution as TIMED_OUT, which nothing catches', async () => {
    const states = { T: { Type: 'Task', Resource: TASK, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'C' }], Next: 'C' }, ...CAUGHT };
    const execution = await new InterpreterKit({ task: never }).run(machine(states, { TimeoutSeconds: 100 }));
    expect([execution.status, execution.error, execution.endedAtMs]).toEqual(['TIMED_OUT', undefined, execution.startedAtMs + 100_000]);
    expect(execution.history.events().at(-1)).toMatchObject({ type: 'ExecutionTimedOut', previousEventId: 0, executionTimedOutEventDetails: { error: 'States.Timeout' } });
  });

  test('end an execution after a year', async () => {
    const execution = await new InterpreterKit().run(machine({ W: { Type: 'Wait', Seconds: 99_999_999, End: true } }), {}, 40_000_000);
    expect([execution.status, execution.endedAtMs]).toEqual(['TIMED_OUT', execution.startedAtMs + 31_536_000_000]);
  });
});

describe('heartbeats', () => {
  const definition = machine({
    T: { Type: 'Task', Resource: CALLBACK, HeartbeatSeconds: 10, Catch: [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'C' }], Next: 'C' },
    ...CAUGHT,
  });

  test('a missed one ends the task, by the name that AWS records', async () => {
    const execution = await new InterpreterKit().run(definition);
    expect(secondsOf(execution, 'TaskTimedOut')).toEqual([10]);
    expect(execution.output).toEqual({ Error: 'States.Timeout' });
  });

  test('each one gives another interval', async () => {
    const kit = new InterpreterKit();
    const execution = kit.start(definition);
    for (const pause of [9, 9, 9]) {
      await kit.pass(pause);
      const task = kit.tokens.find('id-1');
      if (typeof task !== 'object') throw new Error('The token is closed');
      task.heartbeat();
    }
    await kit.pass(11);
    expect(secondsOf(execution, 'TaskTimedOut')).toEqual([37]);
  });

  test('none is awaited any more once the task is over', async () => {
    const kit = new InterpreterKit();
    const execution = kit.start(definition);
    await kit.pass(1);
    const task = kit.tokens.find('id-1');
    if (typeof task === 'object') task.succeed(null);
    await kit.pass(0);
    expect([execution.status, kit.timeline.nextAtMs()]).toEqual(['SUCCEEDED', undefined]);
  });
});

describe('callbacks', () => {
  const definition = machine({ T: { Type: 'Task', Resource: CALLBACK, Arguments: '{% $states.context.Task.Token %}', TimeoutSeconds: 60, Catch: [{ ErrorEquals: ['No'], Next: 'C' }], Next: 'C' }, ...CAUGHT });

  function answer(kit: InterpreterKit, token: string, value: Json): void {
    const task = kit.tokens.find(token);
    if (typeof task === 'object') task.succeed(value);
  }

  test('the task waits for its token, although its call returned', async () => {
    const kit = new InterpreterKit();
    const execution = kit.start(definition);
    await kit.pass(30);
    answer(kit, 'id-1', 'yes');
    await kit.pass(0);
    expect([execution.output, secondsOf(execution, 'TaskSucceeded')]).toEqual(['yes', [30]]);
    expect(typesOf(execution).slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
  });

  test('an answer from within the call completes the task, whatever the call does then', async () => {
    const kit = new InterpreterKit({
      task: (token: string, { tokens }) => {
        const task = tokens.find(token);
        if (typeof task === 'object') task.succeed('early');
        return fail('Crashed');
      },
    });
    const execution = await kit.run(definition);
    expect(execution.output).toBe('early');
    expect(kit.tokens.find('id-1')).toBe('closed');
  });

  test('a failure of the call fails the task and closes the token', async () => {
    const kit = new InterpreterKit({ task: () => fail('No') });
    const execution = await kit.run(definition);
    expect([execution.output, kit.tokens.find('id-1')]).toEqual([{ Error: 'No', Cause: '' }, 'closed']);
  });

  test('an answer fails the task by name', async () => {
    const kit = new InterpreterKit();
    const execution = kit.start(definition);
    await kit.pass(1);
    const task = kit.tokens.find('id-1');
    if (typeof task === 'object') task.fail('No', 'denied');
    await kit.pass(0);
    expect(execution.output).toEqual({ Error: 'No', Cause: 'denied' });
  });

  test('a retry has a new token, and the old one is closed', async () => {
    const kit = new InterpreterKit();
    const states = { T: { Type: 'Task', Resource: CALLBACK, TimeoutSeconds: 60, Retry: [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 }], End: true } };
    const execution = kit.start(machine(states));
    await kit.pass(62);
    expect([kit.tokens.find('id-1'), typeof kit.tokens.find('id-2')]).toEqual(['closed', 'object']);
    answer(kit, 'id-2', 'done');
    await kit.pass(0);
    expect(execution.output).toBe('done');
  });
});

test('virtual time stands still while a step is evaluated', async () => {
  const steps = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [
      `P${index}`,
      { Type: 'Pass', Output: '{% $sum($map([1..50], function($n) { $n * 2 })) %}', ...(index < 49 ? { Next: `P${index + 1}` } : { End: true }) },
    ]),
  );
  const kit = new InterpreterKit();
  kit.timeline.after(1, 'something else', () => undefined);
  const execution = await kit.run(machine(steps));
  expect([execution.endedAtMs, execution.output]).toEqual([execution.startedAtMs, 2550]);
});
