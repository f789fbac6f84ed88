import fc from 'fast-check';
import type { Json } from '../../../lambdas/domain/trace';
import type { Retrier } from '../../../local/asl/definition';
import { heartbeatMissed, StateFailure, taskTimedOut } from '../../../local/asl/failure';
import { retryDelaySeconds } from '../../../local/asl/retry-and-catch';
import { fail, InterpreterKit, machine, TASK, typesOf } from './kit';

function task(fields: { readonly [field: string]: Json }): Json {
  return machine({ T: { Type: 'Task', Resource: TASK, ...fields, End: true }, C: { Type: 'Pass', End: true } });
}

/** The catcher's target must be reachable for every definition above. */
const CATCH_ALL = [{ ErrorEquals: ['States.ALL'], Next: 'C' }];

describe('which failures a handler matches', () => {
  const runtime = new StateFailure('States.Runtime', '');
  const dataLimit = new StateFailure('States.DataLimitExceeded', '');
  const query = new StateFailure('States.QueryEvaluationError', '');
  const own = new StateFailure('Mine', '');
  const nameless = new StateFailure(undefined);
  test.each([
    ['States.ALL', [own, query, taskTimedOut(), heartbeatMissed(), nameless], [runtime, dataLimit]],
    ['States.TaskFailed', [own, query], [taskTimedOut(), heartbeatMissed(), runtime, dataLimit]],
    ['States.Timeout', [taskTimedOut(), heartbeatMissed()], [own, runtime]],
    ['States.HeartbeatTimeout', [heartbeatMissed()], [taskTimedOut(), own]],
    ['States.Runtime', [], [runtime]],
    ['States.DataLimitExceeded', [dataLimit], [own]],
    ['Mine', [own], [query, nameless]],
  ] as const)('%s', (name, matched, unmatched) => {
    expect(matched.map((failure) => failure.matches([name]))).toEqual(matched.map(() => true));
    expect(unmatched.map((failure) => failure.matches([name]))).toEqual(unmatched.map(() => false));
  });
});

describe('back-off', () => {
  test.each<readonly [what: string, retrier: { readonly [field: string]: Json }, calledAtSeconds: readonly number[]]>([
    ['defaults: after 1, 2 and 4 seconds', {}, [0, 1, 3, 7]],
    ['grows by its rate', { IntervalSeconds: 10, BackoffRate: 1.5, MaxAttempts: 3 }, [0, 10, 25, 47.5]],
    ['grows no further than MaxDelaySeconds', { IntervalSeconds: 10, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 40 }, [0, 10, 40, 80]],
    ['is drawn from 0 to itself with full jitter', { IntervalSeconds: 10, MaxAttempts: 2, JitterStrategy: 'FULL' }, [0, 2.5, 7.5]],
    ['never, with MaxAttempts 0', { MaxAttempts: 0 }, [0]],
  ])('%s', async (_, retrier, calledAtSeconds) => {
    const kit = new InterpreterKit({ task: () => fail('Busy'), random: () => 0.25 });
    const execution = await kit.run(task({ Retry: [{ ErrorEquals: ['Busy'], ...retrier }], Catch: CATCH_ALL }));
    expect(kit.calledAtSeconds).toEqual(calledAtSeconds);
    expect(execution.output).toEqual({ Error: 'Busy', Cause: '' });
  });

  test('never exceeds its bounds', () => {
    const retriers = fc.record({
      ErrorEquals: fc.array(fc.string()),
      IntervalSeconds: fc.integer({ min: 1, max: 1000 }),
      MaxAttempts: fc.nat(),
      BackoffRate: fc.double({ min: 1, max: 10, noNaN: true }),
      MaxDelaySeconds: fc.integer({ min: 1, max: 10_000 }),
      JitterStrategy: fc.constantFrom('FULL' as const, 'NONE' as const),
    });
    fc.assert(
      fc.property(retriers, fc.nat(50), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (retrier: Retrier, retries, draw) => {
        const delaySeconds = retryDelaySeconds(retrier, retries, () => draw);
        expect(delaySeconds).toBeGreaterThanOrEqual(0);
        expect(delaySeconds).toBeLessThanOrEqual(retrier.MaxDelaySeconds ?? Infinity);
      }),
    );
  });
});

test('every retrier counts for itself, and the first that matches is used', async () => {
  const errors = ['A', 'B', 'A', 'B', 'C'];
  const kit = new InterpreterKit({ task: () => fail(errors.shift() ?? 'none') });
  const Retry = [
    { ErrorEquals: ['A'], IntervalSeconds: 1, BackoffRate: 1, MaxAttempts: 2 },
    { ErrorEquals: ['A', 'B'], IntervalSeconds: 10, BackoffRate: 1, MaxAttempts: 2 },
  ];
  const execution = await kit.run(task({ Retry, Catch: CATCH_ALL }));
  expect(kit.calledAtSeconds).toEqual([0, 1, 11, 12, 22]);
  expect(execution.output).toEqual({ Error: 'C', Cause: '' });
});

test('a retried task keeps its entered time, and counts its retries', async () => {
  const seen: Json[] = [];
  const kit = new InterpreterKit({ task: (parameters) => (seen.push(parameters), seen.length < 3 ? fail('Busy') : null) });
  const Arguments = { at: '{% $states.context.State.EnteredTime %}', retries: '{% $states.context.State.RetryCount %}' };
  await kit.run(task({ Arguments, Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 60 }], Catch: CATCH_ALL }));
  expect(seen).toEqual([0, 1, 2].map((retries) => ({ at: '2026-04-01T00:00:00.000Z', retries })));
});

test('the first catcher that matches leads on, with its own Output and Assign', async () => {
  const states = {
    T: {
      Type: 'Task',
      Resource: TASK,
      Catch: [
        { ErrorEquals: ['Other'], Next: 'C' },
        { ErrorEquals: ['States.TaskFailed'], Assign: { why: '{% $states.errorOutput.Error %}' }, Output: '{% $states.input & $states.errorOutput.Cause %}', Next: 'C' },
        { ErrorEquals: ['States.ALL'], Next: 'C' },
      ],
      Next: 'C',
    },
    C: { Type: 'Pass', Output: ['{% $why %}', '{% $states.input %}'], End: true },
  };
  const execution = await new InterpreterKit({ task: () => fail('Mine', 'cause') }).run(machine(states), 'in-');
  expect(execution.output).toEqual(['Mine', 'in-cause']);
});

test('a failed evaluation inside a task is caught like an error of the task', async () => {
  const kit = new InterpreterKit();
  const execution = await kit.run(task({ Arguments: '{% $states.input.absent %}', Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Next: 'C' }] }));
  expect(typesOf(execution)).toEqual(['ExecutionStarted', 'TaskStateEntered', 'EvaluationFailed', 'TaskStateExited', 'PassStateEntered', 'PassStateExited', 'ExecutionSucceeded']);
  expect(kit.calledAtSeconds).toEqual([]);
});
