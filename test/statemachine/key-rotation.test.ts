import validateAsl from 'asl-validator';
import { z } from 'zod';
import { NO_EFFECT_SERVICE_ERRORS, TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS } from '../../lambdas/contract/errors';
import { WORKFLOW_FUNCTIONS } from '../../lambdas/contract/functions';
import {
  CREATE_LOOKUP_SECONDS,
  FUNCTION_TIMEOUT_SECONDS,
  KMS_CONSISTENCY_SECONDS,
  MAX_STATE_SECONDS,
  MAX_TOTAL_WAIT_SECONDS,
  QUIESCENCE_SECONDS,
  TAKEOVER_SECONDS,
  TASK_TIMEOUT_SECONDS,
} from '../../lambdas/contract/timing';
import { abortSafelyInput } from '../../lambdas/tasks/abort-safely';
import { claimRotationInput } from '../../lambdas/tasks/claim-rotation';
import { classifyFailureInput } from '../../lambdas/tasks/classify-failure';
import { approvableInput, ownedInput, retirementInput, rotationInput } from '../../lambdas/tasks/input';
import { notifyDependentInput } from '../../lambdas/tasks/notify-dependent';
import { readApprovalInput } from '../../lambdas/tasks/read-approval';
import { releaseRotationInput } from '../../lambdas/tasks/release-rotation';
import { requestApprovalInput } from '../../lambdas/tasks/request-approval';
import { GRANTS, type GrantScope } from '../../lib/constructs/grants';
import { definition, edges, longestWait, states, tasks, stateOf } from './definition';

/** These change nothing in KMS, and what they write is on condition: they may be repeated whatever their outcome was. All others settle first. */
const REPEATABLE = ['Release Rotation', 'Classify Failure', 'Settle', 'Abort Safely', 'Notify Dependent', 'Await Approval', 'Read Approval'];
const settling = tasks.filter(([name]) => !REPEATABLE.includes(name));

/** They wait for somebody's answer with a time-out of their own. */
const WAITING = { 'Notify Dependent': 'acknowledgeWithinSeconds', 'Await Approval': 'question.expiresAt' };

/** Where what nobody foresaw leads. The failure side cannot be classified by itself: it must end. */
const CAUGHT_BY: Readonly<Record<string, string>> = {
  'Classify Failure': 'Settle',
  Settle: 'Left Unresolved',
  'Await Approval': 'Left Unresolved',
  'Read Approval': 'Left Unresolved',
  'Abort Safely': 'Left Unresolved',
};

const UNCERTAIN: readonly string[] = [...UNCERTAIN_SERVICE_ERRORS, ...Object.entries(TASK_ERRORS).flatMap(([name, errorClass]) => (errorClass === 'uncertain' ? [name] : [])), 'States.ALL'];

const retriedBy = (name: string): readonly string[] => (stateOf(name).Retry ?? []).flatMap((retrier) => retrier.ErrorEquals);

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

test.each<[state: string, input: z.ZodObject]>([
  ['Claim Rotation', claimRotationInput],
  ['Create Key Version', ownedInput],
  ['Prove Key Version', ownedInput],
  ['Notify Dependent', notifyDependentInput],
  ['Promote Key Version', ownedInput],
  ['Confirm Promotion', ownedInput],
  ['Check Drain', retirementInput],
  ['Disable Previous Version', approvableInput],
  ['Check Bake', retirementInput],
  ['Revoke Previous Version', approvableInput],
  ['Release Rotation', releaseRotationInput],
  ['Classify Failure', classifyFailureInput],
  ['Await Approval', requestApprovalInput],
  ['Read Approval', readApprovalInput],
  ['Settle', rotationInput],
  ['Abort Safely', abortSafelyInput],
])('%s hands its function exactly the fields that it takes', (name, input) => {
  expect(Object.keys(stateOf(name).Arguments?.Payload ?? {}).sort()).toEqual(Object.keys(input.shape).sort());
});

test('every task is among those whose fields were compared', () => {
  expect(tasks).toHaveLength(16);
});

test.each(tasks)('%s has a time-out that exceeds its function, bounded retries, and a catch for everything', (name, state) => {
  if (name in WAITING) expect(state.TimeoutSeconds).toContain(WAITING[name as keyof typeof WAITING]);
  else expect(state.TimeoutSeconds).toBe(TASK_TIMEOUT_SECONDS);
  expect(TASK_TIMEOUT_SECONDS).toBeGreaterThan(FUNCTION_TIMEOUT_SECONDS);
  expect(state.Retry?.length).toBeGreaterThan(0);
  for (const retrier of state.Retry ?? []) {
    // Reading again until KMS is consistent is no contention, and jitter would halve the 5 minutes on average.
    expect(retrier.JitterStrategy).toBe(retrier.ErrorEquals.includes('KmsNotConsistentYet') ? 'NONE' : 'FULL');
    expect(retrier.MaxAttempts).toBeLessThanOrEqual(10);
    expect(retrier.MaxDelaySeconds).toBeLessThanOrEqual(60);
  }
  // Inside of a Map the Map catches.
  const catching = name === 'Notify Dependent' ? stateOf('Notify Dependents') : state;
  expect(catching.Catch?.at(-1)).toMatchObject({ ErrorEquals: ['States.ALL'], Next: CAUGHT_BY[name] ?? 'Classify Failure' });
});

test.each([...states].flatMap(([name, state]) => (state.Catch ?? []).filter(({ Next }) => Next === 'Classify Failure').map((catcher) => [name, catcher] as const)))(
  '%s says to Classify Failure where it happened',
  (name, catcher) => {
    expect(catcher.Assign).toEqual({
      failure: {
        state: name,
        error: '{% $states.errorOutput.Error %}',
        cause: "{% $exists($states.errorOutput.Cause) ? $substring($states.errorOutput.Cause, 0, 8000) : '' %}",
      },
    });
  },
);

test('a function whose role may change KMS is never retried after an outcome that may still take effect', () => {
  const anything = new Proxy({}, { get: () => ['*'] }) as unknown as GrantScope;
  const isChange = (action: string) => /^kms:(Create|Put|Update|Delete|Disable|Enable|Schedule|Cancel|Tag|Untag|Revoke|Retire|Rotate|Import)/.test(action);
  const changing = WORKFLOW_FUNCTIONS.filter(([name]) => GRANTS[name](anything).some(({ actions }) => actions.some(isChange))).map(([, { state }]) => state);
  expect(changing).toEqual(['Create Key Version', 'Promote Key Version', 'Confirm Promotion', 'Disable Previous Version', 'Revoke Previous Version']);
  expect(changing.flatMap((name) => retriedBy(name).filter((error) => UNCERTAIN.includes(error)))).toEqual([]);
  expect(REPEATABLE.filter((name) => changing.includes(name))).toEqual([]);
});

test.each(settling)('%s is never retried after an outcome that may still take effect', (name) => {
  expect(retriedBy(name).filter((error) => UNCERTAIN.includes(error))).toEqual([]);
});

test.each(settling)('%s retries everything that surely had no effect', (name) => {
  const harmless = Object.entries(TASK_ERRORS).flatMap(([error, errorClass]) => (errorClass === 'retry' ? [error] : []));
  expect([...retriedBy(name)].sort()).toEqual([...harmless, ...NO_EFFECT_SERVICE_ERRORS].sort());
});

test.each(REPEATABLE)('%s is repeated after an answer that was lost, and after no time-out that somebody else sets', (name) => {
  expect(retriedBy(name)).toEqual(expect.arrayContaining(['Throttled', 'RegistryBusy', 'RegistryOutcomeUnknown', 'Lambda.Unknown', 'Sandbox.Timedout']));
  expect(retriedBy(name).includes('States.Timeout')).toBe(!(name in WAITING));
});

test('every error name in the definition is known to the contract or to Step Functions', () => {
  const known = new Set<string>([...Object.keys(TASK_ERRORS), ...UNCERTAIN_SERVICE_ERRORS, ...NO_EFFECT_SERVICE_ERRORS, 'States.ALL']);
  const named = tasks.flatMap(([, state]) => [...(state.Retry ?? []), ...(state.Catch ?? [])].flatMap((clause) => clause.ErrorEquals));
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test.each(settling)('%s takes no longer with all its retries than the time that other constants allow a state', (_name, { Retry: retriers = [] }) => {
  const waits = retriers.reduce((sum, retrier) => sum + longestWait(retrier), 0);
  const runs = (1 + retriers.reduce((sum, retrier) => sum + retrier.MaxAttempts, 0)) * FUNCTION_TIMEOUT_SECONDS;
  expect(waits + runs).toBeLessThanOrEqual(MAX_STATE_SECONDS);
  expect(CREATE_LOOKUP_SECONDS).toBeGreaterThanOrEqual(600 + MAX_STATE_SECONDS);
});

test('an execution outlives all waits that synth accepts by 30 days, and ends before Step Functions ends it after a year', () => {
  expect(definition.TimeoutSeconds).toBe(MAX_TOTAL_WAIT_SECONDS + 30 * 86_400);
  expect(definition.TimeoutSeconds).toBeLessThan(365 * 86_400);
});

test('an abort reads KMS after Q and the time in which KMS catches up', () => {
  expect(stateOf('Wait For True Readings')).toMatchObject({ Type: 'Wait', Seconds: KMS_CONSISTENCY_SECONDS, Next: 'Abort Safely' });
});

test('Q is waited from the end of Settle, whenever its write landed', () => {
  expect(stateOf('Settle').Next).toBe('Quiesce');
  expect(stateOf('Quiesce')).toMatchObject({ Type: 'Wait', Seconds: QUIESCENCE_SECONDS });
  expect(edges.filter(({ to }) => to === 'Quiesce').map(({ from }) => from)).toEqual(['Settle']);
});

test('a claim waits for a former owner a few times only', () => {
  expect(stateOf('Claim Rotation').Catch?.[0]).toMatchObject({ ErrorEquals: ['OwnerNotSettled'], Next: 'Wait For Former Owner' });
  const { Seconds: seconds, Next: next } = stateOf('Wait For Former Owner') as unknown as { Seconds: number; Next: string };
  expect(next).toBe('Claim Rotation');
  expect(Math.ceil(TAKEOVER_SECONDS / seconds)).toBeLessThanOrEqual(3);
});

test('a read that KMS has not caught up with is repeated for 5 minutes', () => {
  const retrier = stateOf('Claim Rotation').Retry?.find((candidate) => candidate.ErrorEquals.includes('KmsNotConsistentYet'));
  expect(retrier && longestWait(retrier)).toBeGreaterThanOrEqual(KMS_CONSISTENCY_SECONDS);
});

test.each(tasks)('%s gets its time from the execution context and nothing volatile else', (_name, state) => {
  expect(state.Arguments?.Payload).toMatchObject({
    enteredAt: '{% $states.context.State.EnteredTime %}',
    rotationId: '{% $states.context.Execution.Name %}',
    key: '{% $states.context.Execution.Input.key %}',
    run: '{% $run %}',
  });
  expect(JSON.stringify(state)).not.toMatch(/\$now\(|\$millis\(|\$random\(|\$uuid\(/);
});

/** A question to recover comes from Classify Failure, the others from the checks of a retirement: what is asked says what was assigned. */
const KNOWN_BY_PURPOSE: Readonly<Record<string, readonly string[]>> = {
  Settle: ['failure'],
  Frozen: ['failure'],
  'Disable Previous Version': ['retirement'],
  'Revoke Previous Version': ['retirement'],
  'Release Rotation': ['retirement'],
};

test('every variable is assigned on each way to where it is read', () => {
  const all = new Set(edges.flatMap(({ assigns }) => assigns));
  // Assigned for sure before a state: what all ways to it have in common. Narrowed down until nothing changes.
  const before = new Map([...states.keys()].map((name) => [name, name === definition.StartAt ? new Set<string>() : all]));
  for (let isStable = false; !isStable; ) {
    isStable = true;
    for (const { from, to, assigns } of edges) {
      const known = from === 'Choose Answer' ? (KNOWN_BY_PURPOSE[to] ?? []) : [];
      const after = new Set([...(before.get(from) ?? []), ...assigns, ...known]);
      const narrowed = new Set([...(before.get(to) ?? [])].filter((name) => after.has(name)));
      if (narrowed.size === before.get(to)?.size) continue;
      before.set(to, narrowed);
      isStable = false;
    }
  }
  const unassigned = [...states].flatMap(([name, { ItemProcessor: _inner, ...state }]) => {
    const read = [...JSON.stringify(state).matchAll(/\$(?!states\b)([A-Za-z]\w*)\b(?!\s*\()/g)].map(([, variable]) => variable ?? '');
    return read.filter((variable) => !before.get(name)?.has(variable)).map((variable) => `${name}: $${variable}`);
  });
  expect(unassigned).toEqual([]);
  expect(all.size).toBeGreaterThan(10);
});
