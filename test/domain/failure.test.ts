import fc from 'fast-check';
import { NO_EFFECT_SERVICE_ERRORS, SERVICE_ERRORS, TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS, type ErrorClass } from '../../lambdas/contract/errors';
import { abortRun, classify, isLastAttempt, raiseRun, recordFailure, responseTo } from '../../lambdas/domain/failure';
import { plusSeconds } from '../../lambdas/domain/instant';
import type { Holder } from '../../lambdas/domain/lease';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import type { Run } from '../../lambdas/domain/rotation-id';
import { TaskError } from '../../lambdas/domain/task-error';
import { declaredErrors } from '../adapters/call-sites/declared-errors';
import { edges } from '../statemachine/definition';
import { AT, attempt, bootstrapped, claimed, NEXT_WINDOW, registered, WINDOW, error } from './living-key';
import { endangered, leftPending, runOf } from './runs';

const CLASSES: readonly ErrorClass[] = ['retry', 'look-again', 'superseded', 'uncertain', 'recoverable', 'non-recoverable', 'security-critical'];
const A1 = 'orders-20260401T0000Z-a1';
const A2 = 'orders-20260401T0000Z-a2';
const RECOVERABLE = { error: 'DependentsNotReady', errorClass: 'recoverable' } as const;
const FATAL = { error: 'QuotaExceeded', errorClass: 'non-recoverable' } as const;

/** Error names of Step Functions, as its documentation lists them. */
const STATES_ERRORS = [
  'States.ALL', 'States.BranchFailed', 'States.DataLimitExceeded', 'States.ExceedToleratedFailureThreshold', 'States.HeartbeatTimeout', 'States.Http.Socket', 'States.IntrinsicFailure',
  'States.ItemReaderFailed', 'States.NoChoiceMatched', 'States.ParameterPathFailure', 'States.Permissions', 'States.QueryEvaluationError', 'States.ResultPathMatchFailure',
  'States.ResultWriterFailed', 'States.Runtime', 'States.TaskFailed', 'States.Timeout',
];

/** What an invocation may fail with at Step Functions, by what happened to the function. */
const LAMBDA_ERRORS: Readonly<Record<string, ErrorClass>> = {
  ServiceException: 'uncertain',
  TooManyRequestsException: 'retry',
  ResourceNotReadyException: 'recoverable',
  ResourceConflictException: 'recoverable',
};

const STATES = [...new Set(edges.filter(({ to }) => to === 'Classify Failure').map(({ from }) => from))];
const anyState = fc.oneof(fc.constantFrom(...STATES), fc.string(), fc.constantFrom('constructor', '__proto__'));

describe('the classification', () => {
  test('is asked by these states', () => {
    expect([...STATES].sort()).toEqual([
      'Abort Safely', 'Check Bake', 'Check Drain', 'Claim Rotation', 'Confirm Promotion', 'Create Key Version', 'Disable Previous Version', 'Notify Dependents', 'Promote Key Version', 'Prove Key Version', 'Release Rotation', 'Revoke Previous Version',
    ]);
  });

  test.each(Object.entries(TASK_ERRORS))('of %s is %s in every state, as the contract and the error itself say, but where a state says otherwise', (name, errorClass) => {
    for (const state of STATES) {
      const isCritical = state === 'Confirm Promotion' && ['ProofFailed', 'KmsNotConsistentYet'].includes(name);
      expect([state, classify(state, name)]).toEqual([state, isCritical ? 'security-critical' : errorClass]);
    }
    expect(new TaskError(name as keyof typeof TASK_ERRORS, '').errorClass).toBe(errorClass);
  });

  test('knows every error name of Step Functions', () => {
    expect(Object.keys(SERVICE_ERRORS).filter((name) => name.startsWith('States.')).sort()).toEqual(STATES_ERRORS);
    for (const state of STATES) {
      for (const name of STATES_ERRORS) {
        const mayHaveRun = ['States.HeartbeatTimeout', 'States.TaskFailed', 'States.Timeout'].includes(name);
        expect([state, name, classify(state, name)]).toEqual([state, name, mayHaveRun ? 'uncertain' : 'non-recoverable']);
      }
    }
  });

  test('of every error that Lambda declares for an invocation is deliberate', () => {
    const declared = declaredErrors({ client: '@aws-sdk/client-lambda', operation: 'Invoke' }).map(({ name }) => name);
    expect(declared).toEqual(expect.arrayContaining(Object.keys(LAMBDA_ERRORS)));
    for (const state of STATES) for (const name of declared) expect([state, name, classify(state, `Lambda.${name}`)]).toEqual([state, name, LAMBDA_ERRORS[name] ?? 'non-recoverable']);
  });

  test.each(UNCERTAIN_SERVICE_ERRORS)('of %s is uncertain: the function may have run', (name) => expect(classify('Claim Rotation', name)).toBe('uncertain'));
  test.each(NO_EFFECT_SERVICE_ERRORS)('of %s is retry: the function did not run', (name) => expect(classify('Claim Rotation', name)).toBe('retry'));
  test.each(['', 'States.New', 'TypeError', 'toString', 'constructor', '__proto__', 'hasOwnProperty'])('of %j, which nobody has named, is non-recoverable', (name) => {
    fc.assert(fc.property(anyState, (state) => expect(classify(state, name)).toBe('non-recoverable')));
  });

  test('is total', () => {
    fc.assert(fc.property(anyState, fc.string(), (state, name) => expect(CLASSES).toContain(classify(state, name))));
  });
});

describe('the response', () => {
  test.each<[ErrorClass, number, string]>([
    ['superseded', 0, 'superseded'],
    ['security-critical', 0, 'ask'],
    ['uncertain', 0, 'settle-and-resume'],
    ['uncertain', 2, 'settle-and-resume'],
    ['uncertain', 3, 'settle-and-abort'],
    ['retry', 0, 'settle-and-abort'],
    ['look-again', 0, 'settle-and-abort'],
    ['recoverable', 0, 'settle-and-abort'],
    ['non-recoverable', 0, 'settle-and-ask'],
  ])('to %s after %i settlements is %s', (errorClass, settlements, response) => expect(responseTo(errorClass, settlements)).toBe(response));

  test('to whatever fails ends after finitely many settlements', () => {
    for (const errorClass of CLASSES) expect(responseTo(errorClass, 3)).not.toBe('settle-and-resume');
  });
});

describe('a failure', () => {
  const failure = { rotationId: 'orders-20260401T0000Z-a1', state: 'Claim Rotation', error: 'Throttled', errorClass: 'retry' as const, at: AT };

  test('is recorded once per state and time, also without a lease', () => {
    const living = registered();
    expect(living.apply(recordFailure(living.key, failure))).toBe(true);
    expect(living.apply(recordFailure(living.key, failure))).toBe(false);
    expect(living.apply(recordFailure(living.key, { ...failure, at: plusSeconds(AT, 1) }))).toBe(true);
    expect(living.ledger.at(-1)).toMatchObject({ type: 'FailureRecorded', facts: { state: 'Claim Rotation', error: 'Throttled', class: 'retry' } });
  });
});

describe('an abort', () => {
  test('gives the lease back and makes the next attempt due after the stabilisation delay', () => {
    const living = claimed();
    living.apply(abortRun(living.key, living.owner(), attempt(1), AT, RECOVERABLE));
    expect(living.key).toMatchObject({ lease: null, quarantine: null, window: { id: WINDOW, attempt: 2 }, dueAt: plusSeconds(AT, 3600) });
  });

  test('after a non-recoverable failure puts the key into quarantine', () => {
    const living = claimed();
    living.apply(abortRun(living.key, living.owner(), attempt(1), AT, FATAL));
    expect(living.key).toMatchObject({ lease: null, window: { attempt: 2 }, quarantine: { at: AT, reason: expect.stringContaining('QuotaExceeded') } });
  });

  test('of the last attempt puts the key into quarantine', () => {
    const living = claimed({ maxAttempts: 1 });
    living.apply(abortRun(living.key, living.owner(), attempt(1), AT, RECOVERABLE));
    expect(living.key).toMatchObject({ lease: null, quarantine: { reason: expect.stringContaining('was the last attempt that is allowed') } });
  });

  test('touches no version and no intent', () => {
    const living = claimed();
    const { key } = living;
    const decision = abortRun({ ...key, intent: { kind: 'create', version: 1, at: AT } }, living.owner(), attempt(1), AT, RECOVERABLE);
    expect(decision).toMatchObject({ next: { versions: key.versions, intent: { kind: 'create' } } });
  });

  test('of a key that another execution owns does nothing, and with an old token is refused', () => {
    const living = claimed();
    expect(abortRun(living.key, { rotationId: 'orders-20260401T0000Z-a2', fence: 1 }, attempt(2), AT, FATAL)).toEqual({ kind: 'done' });
    expect(() => abortRun(living.key, { ...living.owner(), fence: 0 }, attempt(1), AT, FATAL)).toThrow(error({ name: 'StaleOwner' }));
  });
});

describe('a raised attempt', () => {
  const raise = (key: Parameters<typeof raiseRun>[0], window: string, closed: number) => raiseRun(key, attempt(closed, window), AT, 'starter');

  test('follows a closed one, up to the last', () => {
    const living = registered();
    for (const closed of [1, 2]) living.apply(raise(living.key, WINDOW, closed));
    expect(living.key.window).toEqual({ id: WINDOW, attempt: 3 });
    living.apply(raise(living.key, WINDOW, 3));
    expect(living.key.quarantine?.reason).toMatch(/rotation 3 of 20260401T0000Z was the last attempt that is allowed/);
    expect(raise(living.key, WINDOW, 3)).toEqual({ kind: 'done' });
  });

  test('is not raised while another run owns the key, nor twice for one closed attempt', () => {
    const { key } = claimed();
    expect(raise({ ...key, lease: { ...key.lease!, rotationId: 'orders-20260401T0000Z-e1' } }, WINDOW, 1)).toEqual({ kind: 'done' });
    expect(raise(key, WINDOW, 1)).toMatchObject({ next: { lease: key.lease, window: { attempt: 2 } } });
    const living = registered();
    living.apply(raise(living.key, WINDOW, 1));
    expect(raise(living.key, WINDOW, 1)).toEqual({ kind: 'done' });
  });

  test('follows one that closed before it could take over the lease of an owner that has ended', () => {
    const { key } = claimed();
    const owner = 'orders-20260401T0000Z-e1';
    const owned = { ...key, lease: { ...key.lease!, rotationId: owner } };
    const raiseUnder = (rotationId: string, closedAt: string | null) => raiseRun(owned, attempt(1, WINDOW), AT, 'starter', { rotationId, closedAt });
    expect(raiseUnder(owner, AT)).toMatchObject({ next: { lease: owned.lease, window: { attempt: 2 } }, note: { type: 'RunRaised' } });
    expect(raiseUnder(owner, null)).toEqual({ kind: 'done' });
    expect(raiseUnder('orders-20260401T0000Z-e2', AT)).toEqual({ kind: 'done' });
  });

  test('never leads back to a window that is past or done', () => {
    const begun = { ...registered().key, window: { id: NEXT_WINDOW, attempt: 2 } };
    expect(raise(begun, WINDOW, 1)).toEqual({ kind: 'done' });
    expect(raise(bootstrapped().key, WINDOW, 1)).toEqual({ kind: 'done' });
  });
});

describe('a failure that needs a person', () => {
  const fatal = { rotationId: A1, state: 'Create Key Version', error: 'QuotaExceeded', errorClass: 'non-recoverable' as const, at: AT };
  const note = { by: 'alice', at: AT, reason: 'first' };

  test('quarantines the key in the same write, if its owner failed and nothing else did so before', () => {
    const { key } = claimed();
    expect(recordFailure(key, fatal)).toMatchObject({ next: { quarantine: { by: A1, at: AT, reason: 'QuotaExceeded in Create Key Version needs a person' } } });
    expect(recordFailure({ ...key, quarantine: note }, fatal)).toMatchObject({ next: { quarantine: note } });
    expect(recordFailure(key, { ...fatal, errorClass: 'recoverable' })).toMatchObject({ next: { quarantine: null } });
    expect(recordFailure(key, { ...fatal, rotationId: A2 })).toMatchObject({ next: { quarantine: null } });
    expect(recordFailure({ ...key, lease: null }, fatal)).toMatchObject({ next: { quarantine: null } });
  });

  test('is another one in another state, at the same time', () => {
    const living = claimed();
    living.apply(recordFailure(living.key, fatal));
    expect(living.apply(recordFailure(living.key, { ...fatal, state: 'Prove Key Version' }))).toBe(true);
  });

  test('or that is security-critical ends in quarantine, and keeps an earlier one', () => {
    const living = claimed();
    const critical = { error: 'ProofFailed', errorClass: 'security-critical' } as const;
    expect(abortRun(living.key, living.owner(), attempt(1), AT, critical)).toMatchObject({ next: { quarantine: { by: A1, reason: `ProofFailed in ${A1} needs a person` } } });
    expect(abortRun({ ...living.key, quarantine: note }, living.owner(), attempt(1), AT, critical)).toMatchObject({ next: { quarantine: note } });
  });
});

describe('the last attempt', () => {
  const last = (key: ManagedKey, run: Run) => isLastAttempt(key, A1, run, 'DependentsNotReady');
  const extended: ManagedKey = { ...claimed().key, window: { id: WINDOW, attempt: 3, lastAttempt: 5 } };

  test('is the policy\'s, or a later one that a person allowed for the window', () => {
    expect([2, 3].map((number) => last(claimed().key, attempt(number)))).toEqual([false, true]);
    expect([3, 4, 5].map((number) => last(extended, attempt(number)))).toEqual([false, false, true]);
    expect(last(extended, attempt(3, NEXT_WINDOW))).toBe(true);
  });

  test("of an emergency is its own, and a retirement has none", () => {
    const { key } = endangered();
    expect([2, 3].map((number) => last({ ...key, policy: { ...key.policy, maxAttempts: 1 } }, runOf('emergency', number)))).toEqual([false, true]);
    expect(last({ ...key, emergency: null }, runOf('emergency', 1))).toBe(true);
    expect(last(key, runOf('retirement', 9))).toBe(false);
  });
});

describe('an abort of what is not there', () => {
  test('does nothing once the lease is given back', () => {
    expect(abortRun({ ...claimed().key, lease: null }, { rotationId: A1, fence: 1 }, attempt(1), AT, RECOVERABLE)).toEqual({ kind: 'done' });
  });

  test('makes no window and no emergency', () => {
    const living = claimed();
    expect(abortRun({ ...living.key, window: null }, living.owner(), attempt(1), AT, RECOVERABLE)).toMatchObject({ next: { window: null } });
    expect(abortRun(living.key, living.owner(), runOf('emergency'), AT, RECOVERABLE)).toMatchObject({ next: { emergency: null } });
  });
});

describe('a run is raised', () => {
  const raise = (key: ManagedKey, run: Run, holder?: Holder) => raiseRun(key, run, AT, 'starter', holder);

  test('never on a quarantined key', () => {
    expect(raise({ ...registered().key, quarantine: { by: 'a', at: AT, reason: 'b' } }, attempt(1))).toEqual({ kind: 'done' });
  });

  test('whatever is known of an execution that does not hold the lease any more', () => {
    expect(raise(registered().key, attempt(1), { rotationId: A1, closedAt: AT })).toMatchObject({ kind: 'write' });
  });

  test.each<[string, string]>([
    ['of another attempt', A2],
    ['of another window', 'orders-20260630T0000Z-a1'],
    ['of another kind', 'orders-20260401T0000Z-r1'],
    ['with a strange name', 'somebody'],
  ])('not beside an owner %s', (_, rotationId) => {
    const { key } = claimed();
    expect(raise({ ...key, lease: { ...key.lease!, rotationId } }, attempt(1))).toEqual({ kind: 'done' });
  });

  test('with the attempts that a person allowed for the same window, and no other', () => {
    const { key } = registered();
    const allowed = { ...key, window: { id: WINDOW, attempt: 3, lastAttempt: 9 } };
    expect(raise(allowed, attempt(3))).toMatchObject({ next: { window: { id: WINDOW, attempt: 4, lastAttempt: 9 }, quarantine: null } });
    const next = raise(allowed, attempt(1, NEXT_WINDOW));
    expect(next.kind === 'write' ? next.next.window : undefined).toEqual({ id: NEXT_WINDOW, attempt: 2 });
  });

  test('for an emergency that is not done, and only the current one', () => {
    const { key } = endangered();
    expect(raise(key, runOf('emergency'))).toMatchObject({ next: { emergency: { number: 2, firstNumber: 1 } }, note: { type: 'RunRaised' } });
    expect(raise(key, runOf('emergency', 2))).toEqual({ kind: 'done' });
    expect(raise({ ...key, emergency: { ...key.emergency!, isDone: true } }, runOf('emergency'))).toEqual({ kind: 'done' });
    expect(raise({ ...key, emergency: null }, runOf('emergency'))).toEqual({ kind: 'done' });
  });

  test('for a retirement as often as it takes', () => {
    const key: ManagedKey = { ...leftPending().key, retirementRuns: 8 };
    expect(raise(key, runOf('retirement', 9))).toMatchObject({ next: { retirementRuns: 9, quarantine: null }, note: { type: 'RunRaised' } });
  });
});
