import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import validateAsl from 'asl-validator';
import { NO_EFFECT_SERVICE_ERRORS, TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS } from '../../lambdas/contract/errors';
import { WORKFLOW_FUNCTIONS } from '../../lambdas/contract/functions';
import { CREATE_LOOKUP_SECONDS, FUNCTION_TIMEOUT_SECONDS, KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS, QUIESCENCE_SECONDS, TASK_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
  readonly JitterStrategy: string;
}
interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number | string;
  readonly Arguments?: { readonly FunctionName: string; readonly Payload: Readonly<Record<string, unknown>> };
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly { readonly ErrorEquals: readonly string[]; readonly Next: string }[];
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, State>> };
}

const text = readFileSync(join(__dirname, '../../statemachine/key-rotation.asl.json'), 'utf8');
const definition = JSON.parse(text) as { readonly TimeoutSeconds: number; readonly States: Readonly<Record<string, State>> };
const states = new Map(Object.entries(definition.States).flatMap(([name, state]) => [[name, state] as const, ...Object.entries(state.ItemProcessor?.States ?? {})]));
const tasks = [...states].filter(([, state]) => state.Type === 'Task');
/** These write to the registry only, on condition: they may be repeated whatever their outcome was. All others settle first. */
const REPEATABLE = ['Release Rotation', 'Classify Failure', 'Settle', 'Abort Safely', 'Notify Dependent'];
const mutating = tasks.filter(([name]) => !REPEATABLE.includes(name));

/** The longest that a retrier can make a state wait, in seconds. */
function longestWait({ IntervalSeconds, BackoffRate, MaxDelaySeconds, MaxAttempts }: Retrier): number {
  return Array.from({ length: MaxAttempts }, (_, retry) => Math.min(IntervalSeconds * BackoffRate ** retry, MaxDelaySeconds)).reduce((sum, wait) => sum + wait, 0);
}

test('the definition is valid ASL without dangling states', () => {
  expect(validateAsl(definition)).toMatchObject({ isValid: true, errors: [] });
});

test('the main path has the states of the design in their order', () => {
  const order = [
    'Claim Rotation', 'Create Key Version', 'Prove Key Version', 'Notify Dependents', 'Promote Key Version', 'Confirm Promotion',
    'Drain', 'Check Drain', 'Disable Previous Version', 'Bake', 'Check Bake', 'Revoke Previous Version', 'Release Rotation',
  ];
  const names = Object.keys(definition.States);
  expect(names.filter((name) => order.includes(name))).toEqual(order);
});

test('every function of the contract stands behind its state, and every task state is in the contract', () => {
  const inDefinition = tasks.map(([name, state]) => [name, /^\$\{(.+)\}$/.exec(state.Arguments?.FunctionName ?? '')?.[1]]);
  const inContract = WORKFLOW_FUNCTIONS.map(([, { state, substitution }]) => [state, substitution]);
  expect(new Map(inDefinition as [string, string][])).toEqual(new Map(inContract as [string, string][]));
});

test.each(tasks)('%s has a time-out that exceeds its function, bounded retries, and a catch for everything', (name, state) => {
  if (name === 'Notify Dependent') expect(state.TimeoutSeconds).toContain('acknowledgeWithinSeconds');
  else expect(state.TimeoutSeconds).toBe(TASK_TIMEOUT_SECONDS);
  expect(TASK_TIMEOUT_SECONDS).toBeGreaterThan(FUNCTION_TIMEOUT_SECONDS);
  expect(state.Retry?.length).toBeGreaterThan(0);
  for (const retrier of state.Retry ?? []) {
    // Reading again until KMS is consistent is no contention, and jitter would halve the 5 minutes on average.
    expect(retrier.JitterStrategy).toBe(retrier.ErrorEquals.includes('KmsNotConsistentYet') ? 'NONE' : 'FULL');
    expect(retrier.MaxAttempts).toBeLessThanOrEqual(10);
    expect(retrier.MaxDelaySeconds).toBeLessThanOrEqual(60);
  }
  if (name !== 'Notify Dependent') expect(state.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
});

test.each(mutating)('%s is never retried after an outcome that may still take effect', (_name, state) => {
  const retried = (state.Retry ?? []).flatMap((retrier) => retrier.ErrorEquals);
  const uncertain = [...UNCERTAIN_SERVICE_ERRORS, ...Object.entries(TASK_ERRORS).flatMap(([name, errorClass]) => (errorClass === 'uncertain' ? [name] : []))];
  expect(retried.filter((name) => [...uncertain, 'States.ALL'].includes(name))).toEqual([]);
});

test.each(mutating)('%s retries everything that surely had no effect', (_name, state) => {
  const retried = (state.Retry ?? []).flatMap((retrier) => retrier.ErrorEquals);
  const harmless = Object.entries(TASK_ERRORS).flatMap(([name, errorClass]) => (errorClass === 'retry' ? [name] : []));
  expect([...retried].sort()).toEqual([...harmless, ...NO_EFFECT_SERVICE_ERRORS].sort());
});

test('every error name in the definition is known to the contract or to Step Functions', () => {
  const known = new Set<string>([...Object.keys(TASK_ERRORS), ...UNCERTAIN_SERVICE_ERRORS, ...NO_EFFECT_SERVICE_ERRORS, 'States.ALL']);
  const named = tasks.flatMap(([, state]) => [...(state.Retry ?? []), ...(state.Catch ?? [])].flatMap((clause) => clause.ErrorEquals));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test.each(mutating)('%s takes no longer with all its retries than the time that other constants allow a state', (_name, { Retry: retriers = [] }) => {
  const waits = retriers.reduce((sum, retrier) => sum + longestWait(retrier), 0);
  const runs = (1 + retriers.reduce((sum, retrier) => sum + retrier.MaxAttempts, 0)) * FUNCTION_TIMEOUT_SECONDS;
  expect(waits + runs).toBeLessThanOrEqual(MAX_STATE_SECONDS);
  expect(CREATE_LOOKUP_SECONDS).toBeGreaterThanOrEqual(600 + MAX_STATE_SECONDS);
});

test('an abort reads KMS after Q and the time in which KMS catches up', () => {
  expect(definition.States['Wait For True Readings']).toMatchObject({ Type: 'Wait', Seconds: KMS_CONSISTENCY_SECONDS, Next: 'Abort Safely' });
});

test('Q is waited from the end of Settle, whenever its write landed', () => {
  expect(definition.States['Settle']?.Next).toBe('Quiesce');
  expect(definition.States['Quiesce']).toMatchObject({ Type: 'Wait', Seconds: QUIESCENCE_SECONDS });
});

test('a read that KMS has not caught up with is repeated for 5 minutes', () => {
  const retrier = definition.States['Claim Rotation']?.Retry?.find((candidate) => candidate.ErrorEquals.includes('KmsNotConsistentYet'));
  expect(retrier && longestWait(retrier)).toBeGreaterThanOrEqual(KMS_CONSISTENCY_SECONDS);
});

test.each(tasks)('%s gets its time from the execution context and nothing volatile else', (_name, state) => {
  expect(state.Arguments?.Payload).toMatchObject({
    enteredAt: '{% $states.context.State.EnteredTime %}',
    rotationId: '{% $states.context.Execution.Name %}',
    key: '{% $states.context.Execution.Input.key %}',
  });
  expect(JSON.stringify(state)).not.toMatch(/\$now\(|\$millis\(|\$random\(|\$uuid\(/);
});
