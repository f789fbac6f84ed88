import { FORGOTTEN_AFTER_SECONDS, RETIREMENT_RETRY_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { claim, completeRun, holderOfLease, isRetiring, lineageOf, refuseQuarantined, requireOwner, settle, settleHolder, subjectOf, withRetirementsLeft, type Holder } from '../../lambdas/domain/lease';
import type { Intent, KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import { dueAt, nextWindow } from '../../lambdas/domain/windows';
import { AT, attempt, bootstrapped, claimed, disabled, draining, error, LATE, NEXT_AT, NEXT_WINDOW, prepare, registered, request, WINDOW } from './living-key';
import { endangered, inEmergency, leftPending, requestFor, runOf } from './runs';

const note = { by: 'a person', at: AT, reason: 'audit' };
const A1 = 'orders-20260401T0000Z-a1';
const E1 = 'orders-20260630T0000Z-e1';
const version = (key: ManagedKey, number: number, change: Partial<KeyVersion>): ManagedKey => ({
  ...key,
  versions: { ...key.versions, [`v${number}`]: { ...(key.versions[`v${number}`] ?? { ...key.versions['v1']!, number }), ...change } },
});
const written = (decision: ReturnType<typeof claim>): ManagedKey => {
  if (decision.kind === 'done') throw new Error('nothing was written');
  return decision.next;
};

describe('who holds a lease', () => {
  const lease = { rotationId: A1, executionArn: 'arn', grantedAt: AT, policy: registered().key.policy };
  const later = (seconds: number): string => plusSeconds(AT, seconds);

  test.each<[string, string | null | undefined, number, Holder['closedAt']]>([
    ['has ended when Step Functions says so', later(60), 90, later(60)],
    ['runs when Step Functions says so, however long', null, FORGOTTEN_AFTER_SECONDS * 9, null],
    ['may only just have been started when Step Functions does not know it', undefined, FORGOTTEN_AFTER_SECONDS - 1, null],
    ['ended at some time since the grant when Step Functions has forgotten it', undefined, FORGOTTEN_AFTER_SECONDS, AT],
  ])('%s', (_, closedAt, seconds, expected) => {
    expect(holderOfLease(lease, closedAt, later(seconds))).toEqual({ rotationId: A1, closedAt: expected });
  });
});

test('a stale owner is told who owns the key, and that nothing was changed', () => {
  expect(() => requireOwner(claimed().key, { rotationId: 'x', fence: 7 })).toThrow(`orders: x with fencing token 7 is not the owner; the owner is ${A1} with token 1. Nothing was changed.`);
});

test('nothing begins on a quarantined key, and on any other everything may', () => {
  expect(() => refuseQuarantined({ ...claimed().key, quarantine: note })).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringMatching(/is quarantined since .* by a person: audit. Lift the quarantine/) }));
  expect(() => refuseQuarantined(claimed().key)).not.toThrow();
});

describe('a claim', () => {
  test('of a key that nobody owns may find an intent, and the end of an execution that has gone', () => {
    const intent: Intent = { kind: 'promote', version: 1, fromKeyId: null, toKeyId: 'k1', at: AT };
    expect(written(claim({ ...registered().key, intent }, { ...request(), holder: { rotationId: 'x', closedAt: AT } }))).toMatchObject({ intent, fence: 1 });
  });

  test('of the same window keeps what a person allowed for it; of another it does not', () => {
    const window = { id: WINDOW, attempt: 4, lastAttempt: 6 };
    expect(written(claim({ ...registered().key, window }, request(WINDOW, 4))).window).toEqual(window);
    expect(written(claim({ ...registered().key, window }, request(NEXT_WINDOW, 1, NEXT_AT))).window).toEqual({ id: NEXT_WINDOW, attempt: 1 });
  });

  test('is in time at the very beginning of its window', () => {
    expect(claim(registered().key, request(WINDOW, 1, '2026-04-01T00:00:00.000Z')).kind).toBe('write');
  });

  test.each<[string, number, string, RegExp]>([
    ['an earlier emergency', 1, 'RotationSuperseded', /emergency 2 is current/],
    ['an emergency that is done', 2, 'RotationSuperseded', /emergency 2 is done/],
    ['an emergency that nobody approved', 3, 'RotationNotAllowed', /emergency 3 of 20260630T0000Z was not approved/],
  ])('of %s is refused', (_, number, name, message) => {
    const { key } = endangered();
    const emergency = { ...key.emergency!, number: 2, isDone: number !== 1 };
    expect(() => claim({ ...key, emergency }, requestFor(runOf('emergency', number), NEXT_AT))).toThrow(error({ name, message: expect.stringMatching(message) }));
  });

  test('again, of the window whose promotion was done, leaves the drain to its own run', () => {
    const { key } = draining();
    expect(written(claim({ ...key, lease: null, window: { id: NEXT_WINDOW, attempt: 2 } }, request(NEXT_WINDOW, 2, plusSeconds(NEXT_AT, 60)))).retirementPending).toEqual([]);
  });

  test('that abandons a version leaves the intent of another one open', () => {
    const free: ManagedKey = { ...prepare(claimed(), 1).key, lease: null, intent: { kind: 'create', version: 9, at: AT } };
    expect(written(claim(free, request(NEXT_WINDOW, 1, NEXT_AT)))).toMatchObject({ intent: { version: 9 }, versions: { v1: { status: 'ABANDONED' } } });
  });

  test('of a retirement run takes the oldest version that is left', () => {
    const { key } = leftPending();
    expect(written(claim(version({ ...key, retirementPending: [1, 9] }, 9, { status: 'DISABLED' }), requestFor(runOf('retirement'), LATE)))).toMatchObject({ lease: { subject: 1, work: 'retirement' }, retirementRuns: 1 });
  });
});

describe('whether an owner only retires', () => {
  const { key } = draining();
  test.each<[string, ManagedKey, boolean]>([
    ['nobody', { ...key, lease: null }, false],
    ['one with a mutation in doubt', { ...key, intent: { kind: 'disable', version: 1, at: AT } }, false],
    ['a retirement run', { ...claimed().key, lease: { ...claimed().key.lease!, work: 'retirement' } }, true],
    ['a rotation of a key without versions', claimed().key, false],
    ['a rotation whose promotion is confirmed', key, true],
    ['a rotation whose promotion is not confirmed', version(key, 1, { drainFrom: undefined } as never), false],
    ['a rotation of a later window', { ...key, window: { id: '20260928T0000Z', attempt: 1 } }, false],
    ['a rotation of a key without a window', { ...key, window: null }, false],
    ['a rotation that has made its next version', version(key, 3, { status: 'PENDING' }), false],
    ['a rotation of a key without an ACTIVE version', version(key, 2, { status: 'DEPRECATED' }), false],
    ['a bootstrap that is promoted', { ...bootstrapped().key, lease: claimed().key.lease }, false],
    ['a rotation whose version replaces another than the one that drains', version(key, 1, { supersededBy: 9 }), false],
  ])('%s: %#', (_, state, expected) => expect(isRetiring(state)).toBe(expected));
});

describe('what is left to retire', () => {
  const left = (key: ManagedKey): readonly number[] => withRetirementsLeft(key, LATE).retirementPending;
  const policy = (key: ManagedKey, retirement: 'keep' | 'disable' | 'delete'): ManagedKey => ({ ...key, policy: { ...key.policy, retirement } });

  test.each<[string, ManagedKey, readonly number[]]>([
    ['a version that drains', draining().key, [1]],
    ['a version that bakes', disabled().key, [1]],
    ['no version that bakes when the policy disables only', policy(disabled().key, 'disable'), []],
    ['a version that drains when the policy disables only', policy(draining().key, 'disable'), [1]],
    ['no version when the policy keeps', policy(draining().key, 'keep'), []],
    ['no version that was adopted', version(draining().key, 1, { retirement: 'keep' }), []],
    ['no version that was replaced while versions were kept', version(draining().key, 1, { disableNotBefore: undefined } as never), []],
    ['no ACTIVE version', version(bootstrapped().key, 1, { disableNotBefore: AT }), []],
    ['all of them in the order of their numbers, once each', version(version({ ...draining().key, retirementPending: [10, 1] }, 9, {}), 10, {}), [1, 9, 10]],
  ])('is %s', (_, key, expected) => expect(left(key)).toEqual(expected));

  test('waits a day, or as long as it did', () => {
    expect(withRetirementsLeft(draining().key, LATE).retirementDueAt).toBe(plusSeconds(LATE, RETIREMENT_RETRY_SECONDS));
    expect(withRetirementsLeft({ ...draining().key, retirementDueAt: NEXT_AT }, LATE).retirementDueAt).toBe(NEXT_AT);
    expect(withRetirementsLeft({ ...bootstrapped().key, retirementDueAt: NEXT_AT }, LATE).retirementDueAt).toBeNull();
  });
});

test('the lineage of an emergency that nobody approved is its own', () => {
  expect(lineageOf(bootstrapped().key, runOf('emergency', 4))).toBe(`${NEXT_WINDOW}-e4`);
});

describe('the subject', () => {
  test('of a retirement run that does not own the key, or without an ACTIVE version, is refused', () => {
    const retiring: ManagedKey = { ...draining().key, lease: { ...draining().key.lease!, work: 'retirement', subject: 1 } };
    const refusal = error({ name: 'LedgerMismatch', message: expect.stringMatching(/retirement run 1 has no version to retire/) });
    expect(() => subjectOf({ ...retiring, lease: null }, runOf('retirement'))).toThrow(refusal);
    expect(() => subjectOf(version(retiring, 2, { status: 'DEPRECATED' }), runOf('retirement'))).toThrow(refusal);
    expect(subjectOf(retiring, runOf('retirement'))).toMatchObject({ version: 2, previous: { number: 1 }, isRetirementOnly: true });
    expect(subjectOf({ ...retiring, versions: { v2: retiring.versions['v2']! } }, runOf('retirement'))).toEqual({ version: 2, previous: null, retirement: null, isRetirementOnly: true });
  });

  test('of a rotation is never what a lease says of a retirement', () => {
    const { key } = draining();
    expect(subjectOf({ ...key, lease: { ...key.lease!, subject: 9 } }, attempt(1, NEXT_WINDOW))).toMatchObject({ version: 2, previous: { number: 1 }, isRetirementOnly: false });
  });

  test("of a window whose version was replaced since is a new version", () => {
    expect(subjectOf(draining().key, attempt(1))).toMatchObject({ version: 3, previous: { number: 2 } });
  });

  test('of a window whose version is ACTIVE ends the one before, not one before that; at bootstrap none', () => {
    const key = version(version(draining().key, 1, { status: 'DISABLED', supersededBy: 9 }), 7, { status: 'DEPRECATED', supersededBy: 2 });
    expect(subjectOf(key, attempt(1, NEXT_WINDOW)).previous?.number).toBe(7);
    expect(subjectOf(bootstrapped().key, attempt(1))).toEqual({ version: 1, previous: null, retirement: null, isRetirementOnly: false });
    expect(subjectOf(prepare(claimed(), 1).key, attempt(1))).toMatchObject({ version: 1, previous: null });
  });

  test('of an emergency is what it replaces, or what was replaced before it', () => {
    const own = inEmergency().key;
    expect(subjectOf(own, runOf('emergency'))).toMatchObject({ version: 2, previous: { number: 1 }, isRetirementOnly: false });
    expect(subjectOf({ ...own, emergency: null }, runOf('emergency'))).toMatchObject({ version: 2, isRetirementOnly: false });
    expect(subjectOf({ ...own, emergency: { ...own.emergency!, version: 9 } }, runOf('emergency'))).toMatchObject({ version: 2, isRetirementOnly: false });
    const late: ManagedKey = { ...draining().key, emergency: { ...own.emergency!, version: 1 } };
    expect(subjectOf(late, runOf('emergency'))).toMatchObject({ version: 2, previous: { number: 1 }, isRetirementOnly: true });
    expect(subjectOf(late, attempt(1, '20260928T0000Z'))).toMatchObject({ version: 3, isRetirementOnly: false });
  });

  test('is refused with what happened when there is none to replace any more', () => {
    expect(() => subjectOf(version(bootstrapped().key, 1, { status: 'DISABLED' }), attempt(1, NEXT_WINDOW))).toThrow(/orders has no ACTIVE version but had one: the registry was changed by someone else/);
  });
});

describe('the end of a run', () => {
  test('says what is in doubt', () => {
    const living = draining();
    expect(() => completeRun({ ...living.key, intent: { kind: 'disable', version: 1, at: AT } }, living.owner(), attempt(1, NEXT_WINDOW), LATE, null)).toThrow(/may not end: its disable of v1 is in doubt/);
  });

  test('of a retirement takes its subject from what is left, and nothing else; it completes no window', () => {
    const living = leftPending();
    living.state = version({ ...living.key, retirementPending: [1, 9] }, 9, { status: 'DISABLED' });
    living.apply(claim(living.key, requestFor(runOf('retirement'), LATE)));
    const before = living.key;
    const next = written(completeRun(before, living.owner(), runOf('retirement', 1, '20260928T0000Z'), LATE, null));
    expect(next).toMatchObject({ retirementPending: [9], completedWindow: before.completedWindow, rotationDueAt: before.rotationDueAt });
  });

  test('of a rotation takes nothing from what is left, and adds its own in order', () => {
    const living = draining();
    const key = version(version({ ...living.key, retirementPending: [10, 9] }, 9, { status: 'DISABLED' }), 10, { status: 'DISABLED' });
    expect(written(completeRun(key, living.owner(), attempt(1, NEXT_WINDOW), LATE, null)).retirementPending).toEqual([10, 9]);
    expect(written(completeRun(key, living.owner(), attempt(1, NEXT_WINDOW), LATE, { version: 1, reason: 'held' })).retirementPending).toEqual([1, 9, 10]);
  });

  test('of a rotation leaves an emergency open, of an emergency it does not; both complete the window', () => {
    const living = claimed();
    const { emergency } = endangered().key;
    expect(written(completeRun({ ...living.key, emergency }, living.owner(), attempt(1), AT, null))).toMatchObject({ emergency: { isDone: false }, completedWindow: WINDOW });
    const own = inEmergency();
    expect(written(completeRun(own.key, own.owner(), runOf('emergency'), NEXT_AT, null))).toMatchObject({
      emergency: { isDone: true },
      completedWindow: NEXT_WINDOW,
      rotationDueAt: dueAt(own.key.policy, nextWindow(own.key.policy, NEXT_WINDOW)),
    });
  });

  test('of a rotation leaves what a retirement run would have taken', () => {
    const living = draining();
    const key: ManagedKey = { ...living.key, retirementPending: [1], lease: { ...living.key.lease!, subject: 1 } };
    expect(written(completeRun(key, living.owner(), attempt(1, NEXT_WINDOW), LATE, null)).retirementPending).toEqual([1]);
  });

  test('of an emergency that nobody approved makes none', () => {
    const living = inEmergency();
    expect(written(completeRun({ ...living.key, emergency: null }, living.owner(), runOf('emergency'), NEXT_AT, null)).emergency).toBeNull();
  });

  test('never takes a later window back', () => {
    const living = claimed();
    expect(written(completeRun({ ...living.key, completedWindow: NEXT_WINDOW }, living.owner(), attempt(1), AT, null)).completedWindow).toBe(NEXT_WINDOW);
  });

  const emergency = (change: object): Partial<ManagedKey> => ({ emergency: { ...endangered().key.emergency!, ...change } });
  test.each<[string, Partial<ManagedKey>, ReturnType<typeof runOf>, boolean]>([
    ['a window that was completed', { completedWindow: WINDOW }, attempt(1), true],
    ['a window before it', { completedWindow: NEXT_WINDOW }, attempt(1), true],
    ['a window after it', { completedWindow: WINDOW }, attempt(1, NEXT_WINDOW), false],
    ['a window while none was', { completedWindow: null }, attempt(1), false],
    ['an emergency that is done', emergency({ isDone: true }), runOf('emergency'), true],
    ['an emergency that is not', emergency({}), runOf('emergency'), false],
    ['an emergency before the current one', emergency({ number: 2 }), runOf('emergency'), true],
    ['an emergency that nobody approved', { emergency: null }, runOf('emergency'), false],
    ['a retirement run that has begun', { retirementRuns: 3 }, runOf('retirement', 3), true],
    ['a retirement run that has not', { retirementRuns: 2 }, runOf('retirement', 3), false],
  ])('of %s, said again without the lease, is a repetition: %4$s', (_, change, run, isRepetition) => {
    const key: ManagedKey = { ...bootstrapped().key, ...change };
    const end = () => completeRun(key, { rotationId: E1, fence: key.fence }, run, LATE, null);
    if (isRepetition) expect(end()).toEqual({ kind: 'done' });
    else expect(end).toThrow(error({ name: 'StaleOwner' }));
  });

  test('of a window that an owner has, is no repetition', () => {
    const living = claimed();
    expect(completeRun({ ...living.key, completedWindow: WINDOW }, living.owner(), attempt(1), AT, null).kind).toBe('write');
  });
});

test('nobody settles a lease that was given back', () => {
  expect(settle(bootstrapped().key, A1, AT)).toEqual({ kind: 'done' });
  expect(settleHolder(bootstrapped().key, { rotationId: A1, closedAt: AT }, LATE, 'x')).toEqual({ kind: 'done' });
});
