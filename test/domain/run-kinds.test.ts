import { RETIREMENT_RETRY_SECONDS, STABILISATION_SECONDS } from '../../lambdas/contract/timing';
import { abortRun, raiseRun } from '../../lambdas/domain/failure';
import { plusSeconds } from '../../lambdas/domain/instant';
import { claim, completeRun, retirementsLeft, subjectOf } from '../../lambdas/domain/lease';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { nextRun } from '../../lambdas/domain/next-run';
import { requestAbort } from '../../lambdas/domain/operations';
import { commitPromotion, confirmPromotion, intendPromote } from '../../lambdas/domain/promotion';
import type { Run } from '../../lambdas/domain/rotation-id';
import { AT, attempt, bootstrapped, claimed, draining, error, LATE, NEXT_AT, NEXT_WINDOW, prepare, WINDOW, type LivingKey } from './living-key';
import { endangered, inEmergency, IN_DRAIN, leftPending, requestFor, runOf } from './runs';

const note = { by: 'a person', at: AT, reason: 'audit' };
const RECOVERABLE = { error: 'DependentsNotReady', errorClass: 'recoverable' } as const;
const ASKED = { error: 'AbortRequested', errorClass: 'recoverable' } as const;
const RETRY_AT = plusSeconds(IN_DRAIN, RETIREMENT_RETRY_SECONDS);
const START = { startSpreadSeconds: 0 };

describe('what starts next', () => {
  const wait = (key: ManagedKey, at: string) => nextRun(key, at) as { reason: string };

  test('is the due window, under the number that is next', () => {
    const { key } = bootstrapped(START);
    expect(nextRun(key, NEXT_AT)).toEqual({ kind: 'start', run: attempt(1, NEXT_WINDOW) });
    expect(nextRun({ ...key, window: { id: NEXT_WINDOW, attempt: 3 } }, NEXT_AT)).toEqual({ kind: 'start', run: attempt(3, NEXT_WINDOW) });
  });

  test('is nothing before anything is due', () => {
    expect(wait(bootstrapped(START).key, AT).reason).toBe('not due before 2026-06-30T00:00:00.000Z');
  });

  test('is an emergency before a due window, and a due window before a retirement', () => {
    const living = leftPending(START);
    const late = LATE;
    expect(nextRun(living.key, late)).toMatchObject({ run: { kind: 'rotation' } });
    const { emergency } = endangered(late).key;
    expect(nextRun({ ...living.key, emergency }, late)).toEqual({ kind: 'start', run: { kind: 'emergency', window: emergency?.window, number: 1 } });
  });

  test('is a retirement a day after it was left, under its own number', () => {
    const { key } = leftPending(START);
    expect(wait(key, plusSeconds(RETRY_AT, -1)).reason).toContain(`the retirement of v1 is tried again from ${RETRY_AT} on`);
    expect(nextRun(key, RETRY_AT)).toEqual({ kind: 'start', run: runOf('retirement', 1) });
    expect(nextRun({ ...key, retirementRuns: 4 }, RETRY_AT)).toMatchObject({ run: { number: 5 } });
  });

  test('is no retirement of a version that something else has ended meanwhile', () => {
    const { key } = leftPending(START);
    const ended = (change: object): ManagedKey => ({ ...key, versions: { ...key.versions, v1: { ...key.versions['v1']!, ...change } } });
    expect(retirementsLeft(ended({ status: 'REVOKED' }))).toEqual([]);
    expect(nextRun(ended({ status: 'REVOKED' }), RETRY_AT).kind).toBe('wait');
    const { v1: _gone, ...versions } = key.versions;
    expect(nextRun({ ...key, versions }, RETRY_AT).kind).toBe('wait');
  });

  test.each<[string, Partial<ManagedKey>, RegExp]>([
    ['quarantined', { quarantine: note }, /quarantined since .* by a person: audit/],
    ['removed', { removed: true }, /removed from the configuration/],
  ])('is nothing at all for a key that is %s', (_, change, reason) => {
    const living = endangered(NEXT_AT);
    expect(wait({ ...living.key, ...change }, NEXT_AT).reason).toMatch(reason);
  });

  test.each<[string, Partial<ManagedKey>]>([
    ['held', { hold: note }],
    ['paused', { pause: { ...note, until: LATE } }],
  ])('is an emergency only for a key that is %s', (_, change) => {
    const pending = { ...leftPending(START).key, ...change };
    expect(nextRun(pending, RETRY_AT).kind).toBe('wait');
    const due = { ...bootstrapped(START).key, ...change };
    expect(nextRun(due, NEXT_AT).kind).toBe('wait');
    expect(nextRun({ ...due, emergency: endangered().key.emergency }, NEXT_AT)).toMatchObject({ run: { kind: 'emergency' } });
  });

  test('waits for the owner as long as it runs, and for nobody who has ended', () => {
    const { key } = claimed(START);
    const due: ManagedKey = { ...key, rotationDueAt: AT, window: { id: WINDOW, attempt: 2 } };
    const holder = (closedAt: string | null) => ({ rotationId: key.lease!.rotationId, closedAt });
    expect(wait(due, AT).reason).toBe(`owned by ${key.lease?.rotationId}`);
    expect(nextRun(due, AT, holder(null)).kind).toBe('wait');
    expect(nextRun(due, AT, { rotationId: 'another', closedAt: AT }).kind).toBe('wait');
    expect(nextRun(due, AT, holder(AT))).toEqual({ kind: 'start', run: attempt(2) });
  });

  test('is no emergency that is done, or not due yet', () => {
    const { key } = endangered();
    expect(nextRun({ ...key, emergency: { ...key.emergency!, isDone: true } }, NEXT_AT)).toMatchObject({ run: { kind: 'rotation' } });
    expect(wait({ ...key, emergency: { ...key.emergency!, dueAt: LATE }, rotationDueAt: LATE }, NEXT_AT).reason).toContain(`emergency 1 is not due before ${LATE}`);
  });
});

describe('a retirement run', () => {
  function retiring(): LivingKey {
    const living = leftPending(START);
    living.apply(claim(living.key, requestFor(runOf('retirement'), RETRY_AT)));
    return living;
  }

  test('owns the key for the version that was left, and makes none', () => {
    const living = retiring();
    expect(living.key).toMatchObject({ lease: { work: 'retirement', subject: 1 }, retirementRuns: 1, window: { id: NEXT_WINDOW, attempt: 1 }, lastVersion: 2 });
    expect(subjectOf(living.key, runOf('retirement'))).toMatchObject({ version: 2, previous: { number: 1 }, retirement: 'delete', isRetirementOnly: true });
  });

  test('whose version has been deleted meanwhile has nothing left to do, and completes', () => {
    const living = retiring();
    const { v1: _gone, ...versions } = living.key.versions;
    const subject = subjectOf({ ...living.key, versions }, runOf('retirement'));
    expect(subject).toEqual({ version: 2, previous: null, retirement: null, isRetirementOnly: true });
  });

  test('that owns the key for no version makes none', () => {
    const { key } = retiring();
    const { subject: _subject, ...lease } = key.lease!;
    expect(() => subjectOf({ ...key, lease }, runOf('retirement'))).toThrow(error({ name: 'LedgerMismatch', message: expect.stringContaining('makes none') }));
  });

  test.each<[string, Partial<ManagedKey>, Run, string, RegExp]>([
    ['that has begun before', { retirementRuns: 1 }, runOf('retirement', 1), 'RotationSuperseded', /retirement run 1 has begun/],
    ['without anything left', { retirementPending: [] }, runOf('retirement'), 'RotationSuperseded', /no retirement is pending/],
    ['of a version that something else has ended', { versions: {} }, runOf('retirement'), 'RotationSuperseded', /no retirement is pending/],
    ['whose number is not next', {}, runOf('retirement', 3), 'RotationNotAllowed', /the next retirement run is 1/],
    ['of a held key', { hold: note }, runOf('retirement'), 'RotationNotAllowed', /held by a person/],
    ['of a paused key', { pause: { ...note, until: LATE } }, runOf('retirement'), 'RotationNotAllowed', /paused/],
  ])('%s is refused', (_, change, run, name, message) => {
    const key = { ...leftPending(START).key, ...change };
    expect(() => claim(key, requestFor(run, RETRY_AT))).toThrow(error({ name, message: expect.stringMatching(message) }));
  });

  test('completes without touching window and due time; what is still left waits a day more', () => {
    const living = retiring();
    const { completedWindow, rotationDueAt, window } = living.key;
    const owner = living.owner();
    const again = completeRun(living.key, owner, runOf('retirement'), LATE, { version: 1, reason: 'in use' });
    expect(again).toMatchObject({ next: { lease: null, completedWindow, rotationDueAt, window, retirementPending: [1], retirementDueAt: plusSeconds(LATE, RETIREMENT_RETRY_SECONDS) } });
    living.apply(completeRun(living.key, owner, runOf('retirement'), LATE, null));
    expect(living.key).toMatchObject({ lease: null, completedWindow, rotationDueAt, window, retirementPending: [], retirementDueAt: null, dueAt: rotationDueAt });
    expect(completeRun(living.key, owner, runOf('retirement'), LATE, null)).toEqual({ kind: 'done' });
  });

  test('that fails is tried again a day later, however often, and quarantines nothing that can be recovered', () => {
    const living = retiring();
    living.apply(abortRun(living.key, living.owner(), runOf('retirement'), LATE, RECOVERABLE));
    expect(living.key).toMatchObject({ lease: null, quarantine: null, retirementPending: [1], retirementRuns: 1, retirementDueAt: plusSeconds(LATE, RETIREMENT_RETRY_SECONDS) });
    expect(nextRun(living.key, plusSeconds(LATE, RETIREMENT_RETRY_SECONDS)).kind).toBe('start');
  });

  test('that was closed before it began leaves its number behind', () => {
    const { key } = leftPending(START);
    expect(raiseRun(key, runOf('retirement'), RETRY_AT, 'starter')).toMatchObject({ next: { retirementRuns: 1, retirementPending: [1], quarantine: null }, note: { type: 'RunRaised' } });
    expect(raiseRun({ ...key, retirementRuns: 1 }, runOf('retirement'), RETRY_AT, 'starter')).toEqual({ kind: 'done' });
    expect(raiseRun({ ...key, retirementPending: [] }, runOf('retirement'), RETRY_AT, 'starter')).toEqual({ kind: 'done' });
  });
});

describe('an emergency run', () => {
  const run = runOf('emergency');
  /** v2 has replaced the compromised v1. */
  function replaced(policy?: object): LivingKey {
    const living = prepare(inEmergency(NEXT_AT, policy), 2, NEXT_AT);
    living.apply(intendPromote(living.key, living.owner(), 2, NEXT_AT));
    living.apply(commitPromotion(living.key, living.owner(), 2, NEXT_AT));
    living.apply(confirmPromotion(living.key, living.owner(), 2, NEXT_AT));
    return living;
  }

  test('marks the compromised version, makes one of its own lineage, and drains the old one for as long as an emergency says', () => {
    const living = replaced({ emergencyDrainSeconds: 7200 });
    expect(living.key).toMatchObject({
      lease: { work: 'emergency' },
      versions: { v1: { status: 'DEPRECATED', compromisedAt: NEXT_AT, disableNotBefore: plusSeconds(NEXT_AT, 7200) }, v2: { status: 'ACTIVE', window: NEXT_WINDOW, emergency: 1 } },
    });
    expect(subjectOf(living.key, run)).toMatchObject({ version: 2, previous: { number: 1 }, isRetirementOnly: false });
  });

  test('counts as its window, which is not rotated once more', () => {
    const living = replaced();
    living.apply(completeRun(living.key, living.owner(), run, LATE, null));
    expect(living.key).toMatchObject({ lease: null, completedWindow: NEXT_WINDOW, emergency: { isDone: true } });
    expect(living.key.dueAt).toBe(living.key.rotationDueAt);
    expect(nextRun(living.key, plusSeconds(NEXT_AT, 5)).kind).toBe('wait');
    expect(() => claim(living.key, requestFor(attempt(1, NEXT_WINDOW), LATE))).toThrow(error({ name: 'RotationSuperseded' }));
    expect(() => claim(living.key, requestFor(run, LATE))).toThrow(error({ name: 'RotationSuperseded', message: expect.stringContaining('emergency 1 is done') }));
  });

  test('never takes a completed window back', () => {
    const living = replaced();
    const later: ManagedKey = { ...living.key, completedWindow: '20260928T0000Z' };
    expect(completeRun(later, living.owner(), run, LATE, null)).toMatchObject({ next: { completedWindow: '20260928T0000Z' } });
  });

  test('of a version that was replaced before only retires it, sooner', () => {
    const living = leftPending({ ...START, emergencyDrainSeconds: 3600 });
    living.state = { ...living.key, emergency: { ...endangered(IN_DRAIN).key.emergency!, version: 1, window: NEXT_WINDOW } };
    const { disableNotBefore } = living.key.versions['v1']!;
    living.apply(claim(living.key, requestFor(run, IN_DRAIN)));
    expect(living.key.versions['v1']).toMatchObject({ compromisedAt: IN_DRAIN, disableNotBefore: plusSeconds(IN_DRAIN, 3600) });
    expect(plusSeconds(IN_DRAIN, 3600) < disableNotBefore!).toBe(true);
    expect(subjectOf(living.key, run)).toMatchObject({ version: 2, previous: { number: 1 }, isRetirementOnly: true });
  });

  test('goes on under the next number, in the same lineage, soon after it failed', () => {
    const living = prepare(inEmergency(), 2, NEXT_AT);
    living.apply(abortRun(living.key, living.owner(), run, NEXT_AT, RECOVERABLE));
    const dueAt = plusSeconds(NEXT_AT, STABILISATION_SECONDS);
    expect(living.key).toMatchObject({ lease: null, quarantine: null, emergency: { number: 2, firstNumber: 1, isDone: false, dueAt } });
    // The window is due meanwhile, and waits.
    expect(nextRun(living.key, plusSeconds(dueAt, -1))).toEqual({ kind: 'wait', reason: `emergency 2 is not due before ${dueAt}; emergency 2 comes first` });
    expect(() => claim(living.key, requestFor(attempt(1, NEXT_WINDOW), NEXT_AT))).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringContaining('emergency 2 comes first') }));
    expect(nextRun(living.key, dueAt)).toMatchObject({ run: { kind: 'emergency', number: 2 } });
    living.apply(claim(living.key, requestFor(runOf('emergency', 2), dueAt)));
    expect(living.key.versions['v2']).toMatchObject({ status: 'PENDING', emergency: 1 });
    expect(subjectOf(living.key, runOf('emergency', 2))).toMatchObject({ version: 2 });
  });

  test('that failed for the last time quarantines the key', () => {
    const living = inEmergency(NEXT_AT, { maxAttempts: 1 });
    living.apply(abortRun(living.key, living.owner(), run, NEXT_AT, RECOVERABLE));
    expect(living.key).toMatchObject({ lease: null, quarantine: { reason: expect.stringContaining('-e1 was the last attempt that is allowed') } });
  });

  test('that an operator aborted is over', () => {
    const living = inEmergency();
    living.apply(abortRun(living.key, living.owner(), run, NEXT_AT, ASKED));
    expect(living.key).toMatchObject({ lease: null, quarantine: null, emergency: { isDone: true } });
    expect(living.key.dueAt).toBe(living.key.rotationDueAt);
  });

  test('that was closed leaves its number behind, up to the last', () => {
    const living = endangered();
    living.apply(raiseRun(living.key, run, NEXT_AT, 'starter'));
    expect(living.key).toMatchObject({ emergency: { number: 2, firstNumber: 1 } });
    expect(raiseRun(living.key, run, NEXT_AT, 'starter')).toEqual({ kind: 'done' });
    living.apply(raiseRun(living.key, runOf('emergency', 2), NEXT_AT, 'starter'));
    living.apply(raiseRun(living.key, runOf('emergency', 3), NEXT_AT, 'starter'));
    expect(living.key.quarantine?.reason).toMatch(/emergency 3 .* was the last attempt/);
  });

  test.each<[string, Partial<ManagedKey>, Run, string, RegExp]>([
    ['that nobody approved', { emergency: null }, run, 'RotationNotAllowed', /emergency 1 of .* was not approved/],
    ['of another window', {}, runOf('emergency', 1, WINDOW), 'RotationNotAllowed', /was not approved/],
    ['of a number that is not next', {}, runOf('emergency', 2), 'RotationNotAllowed', /was not approved/],
    ['of a quarantined key', { quarantine: note }, run, 'RotationNotAllowed', /quarantined/],
  ])('%s is refused', (_, change, wanted, name, message) => {
    expect(() => claim({ ...endangered().key, ...change }, requestFor(wanted, NEXT_AT))).toThrow(error({ name, message: expect.stringMatching(message) }));
  });

  test('starts though the key is held or paused: what is compromised must be replaced', () => {
    const { key } = endangered();
    expect(claim({ ...key, hold: note, pause: { ...note, until: LATE } }, requestFor(run, NEXT_AT)).kind).toBe('write');
  });
});

describe('a rotation', () => {
  test('that an operator aborted does not start again by itself; what it left unretired does', () => {
    const living = draining(START);
    living.apply(abortRun(living.key, living.owner(), attempt(1, NEXT_WINDOW), IN_DRAIN, ASKED));
    expect(living.key).toMatchObject({ lease: null, abortRequest: null, quarantine: null, retirementPending: [1], retirementDueAt: RETRY_AT, dueAt: RETRY_AT });
    expect(living.key.rotationDueAt > NEXT_AT).toBe(true);
    expect(nextRun(living.key, RETRY_AT)).toMatchObject({ run: { kind: 'retirement' } });
  });

  test('that an operator aborted at its last attempt quarantines nothing', () => {
    const living = claimed({ maxAttempts: 1 });
    living.apply(abortRun(living.key, living.owner(), attempt(1), AT, ASKED));
    expect(living.key.quarantine).toBeNull();
  });

  test('that an operator asked to abort has been aborted for that, whatever came first', () => {
    const living = claimed({ maxAttempts: 1 });
    living.apply(requestAbort(living.key, { by: 'alice', at: AT, reason: 'release freeze' }));
    living.apply(abortRun(living.key, living.owner(), attempt(1), AT, RECOVERABLE));
    expect(living.key).toMatchObject({ quarantine: null, abortRequest: null });
    expect(living.key.rotationDueAt > plusSeconds(AT, STABILISATION_SECONDS)).toBe(true);
  });

  test('that completes forgets what something else has ended meanwhile', () => {
    const living = draining(START);
    const stale: ManagedKey = { ...living.key, retirementPending: [1, 7] };
    expect(completeRun(stale, living.owner(), attempt(1, NEXT_WINDOW), LATE, null)).toMatchObject({ next: { retirementPending: [1] } });
  });
});
