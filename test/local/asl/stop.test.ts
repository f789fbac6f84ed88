import type { Json } from '../../../lambdas/domain/trace';
import type { Execution, ExecutionObserver } from '../../../local/asl/execution';
import { CALLBACK, InterpreterKit, machine, never, TASK, typesOf } from './kit';

const inner = (state: Json, name = 'I'): Json => ({ StartAt: name, States: { [name]: state } });

/** A state that takes time, of each type that can. */
const SLOW: { readonly [what: string]: Json } = {
  'a Wait': { Type: 'Wait', Seconds: 100, Next: 'After' },
  'a Task': { Type: 'Task', Resource: TASK, Next: 'After' },
  'a Task between retries': { Type: 'Task', Resource: TASK, TimeoutSeconds: 1, Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 100 }], Next: 'After' },
  'a callback Task': { Type: 'Task', Resource: CALLBACK, Next: 'After' },
  'a Parallel': { Type: 'Parallel', Branches: [inner({ Type: 'Wait', Seconds: 100, End: true }), inner({ Type: 'Task', Resource: TASK, End: true }, 'J')], Next: 'After' },
  'a Map': { Type: 'Map', Items: [1, 2], ItemProcessor: inner({ Type: 'Task', Resource: TASK, End: true }), Next: 'After' },
};

test.each(Object.entries(SLOW))('stopped in %s, it leaves no trace afterwards', async (_, state) => {
  const told: string[] = [];
  const observer: ExecutionObserver = {
    stateEntered: (_execution, name) => told.push(`entered ${name}`),
    stateExited: (_execution, name) => told.push(`exited ${name}`),
    ended: (execution) => told.push(execution.status),
  };
  const answers: ((value: Json) => void)[] = [];
  const kit = new InterpreterKit({ observer, task: () => new Promise((resolve) => answers.push(resolve)) });
  const execution = kit.start(machine({ Slow: state, After: { Type: 'Pass', End: true } }));
  await kit.pass(10);
  execution.stop('Stopped', 'by hand');
  const [historyThen, toldThen] = [typesOf(execution), [...told]];
  for (const answer of answers) answer('late');
  await kit.pass(1000);
  expect([execution.status, execution.error, execution.cause]).toEqual(['ABORTED', 'Stopped', 'by hand']);
  expect([typesOf(execution), told]).toEqual([historyThen, toldThen]);
  expect(historyThen.at(-1)).toBe('ExecutionAborted');
  expect(told.at(-1)).toBe('ABORTED');
  expect(kit.timeline.nextAtMs()).toBeUndefined();
});

test('stopped by its own task, it leaves no timer behind', async () => {
  const started: Execution[] = [];
  const kit = new InterpreterKit({ task: () => (started[0]?.stop(), never()) });
  const execution = kit.start(machine({ T: { Type: 'Task', Resource: TASK, TimeoutSeconds: 50, End: true } }));
  started.push(execution);
  await kit.pass(1);
  expect([execution.status, kit.timeline.nextAtMs()]).toEqual(['ABORTED', undefined]);
});

test('stopped while an expression is evaluated, it ends there', async () => {
  const kit = new InterpreterKit();
  const execution = kit.start(machine({ P: { Type: 'Pass', Output: '{% $sum([1..1000]) %}', Next: 'Q' }, Q: { Type: 'Pass', End: true } }));
  kit.timeline.after(0, 'stop', () => execution.stop());
  await kit.pass(1);
  expect(typesOf(execution)).toEqual(['ExecutionStarted', 'PassStateEntered', 'ExecutionAborted']);
});

test('stopped before its first state, it enters none', async () => {
  const kit = new InterpreterKit();
  const execution = kit.start(machine({ P: { Type: 'Pass', End: true } }));
  execution.stop();
  await kit.pass(1);
  expect(typesOf(execution)).toEqual(['ExecutionStarted', 'ExecutionAborted']);
});

test('once it has ended, a stop changes nothing', async () => {
  const execution = await new InterpreterKit().run(machine({ P: { Type: 'Pass', End: true } }));
  execution.stop('Late');
  expect([execution.status, execution.error]).toEqual(['SUCCEEDED', undefined]);
});
