import type { Json } from '../../../lambdas/domain/trace';
import { CALLBACK, fail, InterpreterKit, machine, never, secondsOf, TASK, typesOf } from './kit';

function map(fields: { readonly [field: string]: Json }, inner: { readonly [name: string]: Json }): Json {
  return machine({
    M: { Type: 'Map', ItemProcessor: { StartAt: Object.keys(inner)[0] ?? '', States: inner }, Catch: [{ ErrorEquals: ['Caught'], Next: 'C' }], ...fields, Next: 'C' },
    C: { Type: 'Pass', End: true },
  });
}

const items = (count: number): Json => Array.from({ length: count }, (_, index) => index);

describe('an inline Map', () => {
  test.each<readonly [what: string, fields: { readonly [field: string]: Json }, count: number, seconds: number]>([
    ['runs 40 iterations at a time', {}, 81, 30],
    ['runs no more than 40 at a time', { MaxConcurrency: 100 }, 81, 30],
    ['takes 0 for as many as it may', { MaxConcurrency: 0 }, 40, 10],
    ['runs MaxConcurrency at a time', { MaxConcurrency: 2 }, 5, 30],
    ['evaluates MaxConcurrency', { MaxConcurrency: '{% $count($states.input) %}' }, 3, 10],
  ])('%s', async (_, fields, count, seconds) => {
    const execution = await new InterpreterKit().run(map(fields, { W: { Type: 'Wait', Seconds: 10, End: true } }), items(count));
    expect([execution.output, secondsOf(execution, 'MapStateExited')]).toEqual([items(count), [seconds]]);
  });

  test('starts the next iteration as soon as one succeeds', async () => {
    const kit = new InterpreterKit();
    const execution = await kit.run(map({ MaxConcurrency: 2 }, { W: { Type: 'Wait', Seconds: '{% $states.input %}', End: true } }), [10, 1, 1, 1, 1]);
    expect(secondsOf(execution, 'MapIterationStarted')).toEqual([0, 0, 1, 2, 3]);
  });

  test('fails with the first iteration that fails, and aborts the others', async () => {
    const inner = {
      W: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'T' },
      T: { Type: 'Task', Resource: TASK, End: true },
    };
    const kit = new InterpreterKit({ task: () => fail('Caught', 'first') });
    const execution = await kit.run(map({}, inner), [5, 3, 4]);
    expect([execution.output, kit.calledAtSeconds]).toEqual([{ Error: 'Caught', Cause: 'first' }, [3]]);
    expect(typesOf(execution)).toEqual(expect.arrayContaining(['MapIterationFailed', 'TaskStateAborted', 'MapIterationAborted', 'WaitStateAborted', 'MapStateFailed']));
    expect(secondsOf(execution, 'WaitStateAborted')).toEqual([3, 3]);
  });

  test('ties what a failure aborts to the failure', async () => {
    const kit = new InterpreterKit({ task: (item: number) => (item === 1 ? fail('Caught') : never()) });
    const execution = await kit.run(map({}, { T: { Type: 'Task', Resource: TASK, End: true } }), [0, 1]);
    const failed = execution.history.events().find((event) => event.type === 'TaskFailed');
    const tied = execution.history.events().filter((event) => /Aborted$|IterationFailed$|MapStateFailed/.test(event.type));
    expect(tied.map((event) => event.previousEventId)).toEqual(tied.map(() => failed?.id));
    expect(tied.map((event) => event.type)).toEqual(['MapIterationFailed', 'TaskStateAborted', 'MapIterationAborted', 'TaskStateAborted', 'MapStateFailed']);
  });

  test('fails once, with the first, when several iterations fail at the same time', async () => {
    const execution = await new InterpreterKit({ task: () => fail('Caught') }).run(map({}, { T: { Type: 'Task', Resource: TASK, End: true } }), items(3));
    const events = execution.history.events();
    const [first] = events.filter((event) => event.type === 'TaskFailed');
    const ends = events.filter((event) => /IterationFailed$|MapStateFailed$/.test(event.type));
    expect(ends.map((event) => [event.type, event.previousEventId])).toEqual([
      ['MapIterationFailed', first?.id],
      ['MapStateFailed', first?.id],
    ]);
  });

  test('is retried as a whole', async () => {
    let failures = 1;
    const kit = new InterpreterKit({ task: (item: number) => (item === 1 && failures-- > 0 ? fail('Busy') : item) });
    const execution = await kit.run(map({ Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 5 }] }, { T: { Type: 'Task', Resource: TASK, End: true } }), [0, 1]);
    expect([execution.output, kit.calledAtSeconds]).toEqual([[0, 1], [0, 0, 5, 5]]);
  });

  test('gives every iteration its own token, and closes those of aborted ones', async () => {
    const kit = new InterpreterKit();
    kit.start(map({}, { T: { Type: 'Task', Resource: CALLBACK, End: true } }), items(3));
    await kit.pass(1);
    const [first, second] = [kit.tokens.find('id-1'), kit.tokens.find('id-2')];
    if (typeof first !== 'object' || typeof second !== 'object') throw new Error('The tokens are not open');
    first.succeed('ok');
    second.fail('Caught', undefined);
    await kit.pass(0);
    expect(['id-1', 'id-2', 'id-3'].map((token) => kit.tokens.find(token))).toEqual(['closed', 'closed', 'closed']);
  });
});

describe('a Parallel', () => {
  const branch = (state: Json, name = 'S'): Json => ({ StartAt: name, States: { [name]: state } });

  test('fails with the branch that fails first, and drops the others', async () => {
    const observed: string[] = [];
    const kit = new InterpreterKit({ observer: { stateEntered: (_, state) => observed.push(state) } });
    const definition = machine({
      P: {
        Type: 'Parallel',
        Branches: [branch({ Type: 'Fail', Error: 'Broken' }), { StartAt: 'W', States: { W: { Type: 'Wait', Seconds: 1, Next: 'Late' }, Late: { Type: 'Pass', End: true } } }],
        End: true,
      },
    });
    const execution = await kit.run(definition);
    expect([execution.status, execution.error, observed]).toEqual(['FAILED', 'Broken', ['P', 'S', 'W']]);
  });

  test('ties what a failed task aborts to its failure', async () => {
    const kit = new InterpreterKit({ task: () => fail('Broken') });
    const task: Json = { Type: 'Task', Resource: TASK, End: true };
    const execution = await kit.run(machine({ P: { Type: 'Parallel', Branches: [branch(task), branch({ Type: 'Wait', Seconds: 9, End: true }, 'W')], End: true } }));
    const events = execution.history.events();
    const failed = events.find((event) => event.type === 'TaskFailed');
    expect(events.slice(-4).map((event) => [event.type, event.previousEventId])).toEqual([
      ['TaskStateAborted', failed?.id],
      ['WaitStateAborted', failed?.id],
      ['ParallelStateFailed', failed?.id],
      ['ExecutionFailed', events.at(-2)?.id],
    ]);
  });

  test('leaves no event when a failure inside ends the execution', async () => {
    const choice: Json = { Type: 'Choice', Choices: [{ Condition: false, Next: 'D' }] };
    const inner = { StartAt: 'C', States: { C: choice, D: { Type: 'Succeed' } } };
    const catchers = [{ ErrorEquals: ['States.ALL'], Next: 'Z' }];
    const execution = await new InterpreterKit().run(
      machine({ P: { Type: 'Parallel', Branches: [inner, branch({ Type: 'Wait', Seconds: 9, End: true }, 'W')], Catch: catchers, Next: 'Z' }, Z: { Type: 'Succeed' } }),
    );
    const events = execution.history.events();
    expect(typesOf(execution)).toEqual(['ExecutionStarted', 'ParallelStateEntered', 'ParallelStateStarted', 'ChoiceStateEntered', 'WaitStateEntered', 'ExecutionFailed']);
    expect(events.at(-1)).toMatchObject({ previousEventId: 4, executionFailedEventDetails: { error: 'States.Runtime' } });
  });

  test('succeeds when its last branch does', async () => {
    const execution = await new InterpreterKit().run(
      machine({ P: { Type: 'Parallel', Branches: [branch({ Type: 'Wait', Seconds: 3, End: true }), branch({ Type: 'Wait', Seconds: 8, End: true }, 'W')], End: true } }),
    );
    expect(secondsOf(execution, 'ParallelStateExited')).toEqual([8]);
  });
});
