import fc from 'fast-check';
import { NO_EFFECT_SERVICE_ERRORS, SERVICE_ERRORS, TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS, type ErrorClass } from '../../lambdas/contract/errors';
import { abortRun, classify, raiseRun, recordFailure, responseTo } from '../../lambdas/domain/failure';
import { plusSeconds } from '../../lambdas/domain/instant';
import { TaskError } from '../../lambdas/domain/task-error';
import { declaredErrors } from '../adapters/call-sites/declared-errors';
import { edges } from '../statemachine/definition';
import { AT, attempt, bootstrapped, claimed, NEXT_WINDOW, registered, WINDOW, error } from './living-key';

const CLASSES: readonly ErrorClass[] = ['retry', 'look-again', 'superseded', 'uncertain', 'recoverable', 'non-recoverable', 'security-critical'];
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
