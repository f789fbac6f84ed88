import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import validateAsl from 'asl-validator';
import { NO_EFFECT_SERVICE_ERRORS, TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS } from '../../lambdas/contract/errors';
import { functionsOf } from '../../lambdas/contract/functions';
import { KMS_CONSISTENCY_SECONDS, QUIESCENCE_SECONDS, TASK_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Seconds?: number;
  readonly TimeoutSeconds?: number;
  readonly Arguments?: { readonly FunctionName: string; readonly Payload: Readonly<Record<string, unknown>> };
  readonly Retry?: readonly { readonly ErrorEquals: readonly string[]; readonly MaxAttempts: number; readonly MaxDelaySeconds: number }[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
}

const definition = JSON.parse(readFileSync(join(__dirname, '../../statemachine/key-repair.asl.json'), 'utf8')) as { readonly States: Readonly<Record<string, State>> };
const tasks = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');

test('the definition is valid ASL without dangling states', () => {
  expect(validateAsl(definition)).toMatchObject({ isValid: true, errors: [] });
});

test('every function of the contract stands behind its state, and every task state is in the contract', () => {
  const inDefinition = tasks.map(([name, state]) => [name, /^\$\{(.+)\}$/.exec(state.Arguments?.FunctionName ?? '')?.[1]]);
  expect(inDefinition).toEqual(functionsOf('key-repair').map(([, { state, substitution }]) => [state, substitution]));
});

test('nothing is repaired before Q has passed and KMS shows what it let through, nothing confirmed before KMS shows the repair', () => {
  const path: string[] = [];
  for (let state: string | undefined = 'Begin Repair'; state !== undefined; state = definition.States[state]?.Next) path.push(state);
  expect(path).toEqual(['Begin Repair', 'Quiesce', 'Wait For True Readings', 'Apply Repair', 'Wait For Consistency', 'Confirm Repair', 'Choose Outcome']);
  expect(['Quiesce', 'Wait For True Readings', 'Wait For Consistency'].map((name) => definition.States[name]?.Seconds)).toEqual([QUIESCENCE_SECONDS, KMS_CONSISTENCY_SECONDS, KMS_CONSISTENCY_SECONDS]);
});

test.each(tasks)('%s has a time-out that exceeds its function, bounded retries of all that may be repeated, and a catch for everything', (_name, state) => {
  expect(state.TimeoutSeconds).toBe(TASK_TIMEOUT_SECONDS);
  for (const { MaxAttempts, MaxDelaySeconds } of state.Retry ?? []) {
    expect(MaxAttempts).toBeLessThanOrEqual(10);
    expect(MaxDelaySeconds).toBeLessThanOrEqual(60);
  }
  const repeatable = Object.entries(TASK_ERRORS).flatMap(([name, errorClass]) => (errorClass === 'retry' || errorClass === 'uncertain' ? [name] : []));
  const outages = UNCERTAIN_SERVICE_ERRORS.filter((name) => name !== 'States.TaskFailed' && name !== 'States.HeartbeatTimeout');
  expect((state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals).sort()).toEqual([...repeatable, ...NO_EFFECT_SERVICE_ERRORS, ...outages].sort());
  expect(state.Catch).toEqual([expect.objectContaining({ ErrorEquals: ['States.ALL'], Next: 'Repair Failed' })]);
});

test.each(tasks)('%s gets its time from the execution context and what to do from nobody but the approval', (name, state) => {
  expect(state.Arguments?.Payload).toEqual({
    key: '{% $states.context.Execution.Input.key %}',
    approval: '{% $states.context.Execution.Input.approval %}',
    repairId: '{% $states.context.Execution.Name %}',
    enteredAt: '{% $states.context.State.EnteredTime %}',
    ...(name === 'Begin Repair' ? {} : { fence: '{% $fence %}' }),
  });
});
