import { claim, completeRun, isPaused, requireOwner, settle, subjectOf } from '../../lambdas/domain/lease';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { AT, attempt, bootstrapped, claimed, draining, NEXT_AT, NEXT_WINDOW, prepare, registered, request, WINDOW, error } from './living-key';

const note = { by: 'a person', at: AT, reason: 'audit' };
const lease = { rotationId: 'orders-20260401T0000Z-a9', executionArn: 'arn', grantedAt: AT };

describe('claim', () => {
  test('grants the lease, raises the fence, pins the policy and sets the next due time', () => {
    const living = claimed({ startSpreadSeconds: 0 });
    expect(living.key).toMatchObject({
      fence: 1,
      lease: { rotationId: 'orders-20260401T0000Z-a1', executionArn: 'arn:20260401T0000Z-a1', grantedAt: AT, policy: living.key.policy },
      window: { id: WINDOW, attempt: 1 },
      dueAt: '2026-06-30T00:00:00.000Z',
    });
  });

  test('finds itself granted already and writes nothing', () => {
    const living = claimed();
    expect(claim(living.key, request())).toEqual({ kind: 'done' });
  });

  test.each<[string, Partial<ManagedKey>, ReturnType<typeof request>, string, RegExp]>([
    ['a completed window', { completedWindow: WINDOW }, request(), 'RotationSuperseded', /window 20260401T0000Z is completed/],
    ['a window before a completed one', { completedWindow: NEXT_WINDOW }, request(), 'RotationSuperseded', /is completed/],
    ['a window before the current one', { window: { id: NEXT_WINDOW, attempt: 1 } }, request(), 'RotationSuperseded', /window 20260630T0000Z has begun/],
    ['an older attempt', { window: { id: WINDOW, attempt: 2 } }, request(), 'RotationSuperseded', /attempt 2 is current/],
    ['a key of another owner', { lease: { ...lease, policy: registered().key.policy } }, request(), 'RotationSuperseded', /-a9 holds the lease/],
    ['a removed key', { removed: true }, request(), 'RotationNotAllowed', /removed from the configuration/],
    ['a quarantined key', { quarantine: note }, request(), 'RotationNotAllowed', /quarantined since .* by a person: audit/],
    ['a paused key', { pause: { ...note, until: '2026-04-02T00:00:00.000Z' } }, request(), 'RotationNotAllowed', /paused by a person until 2026-04-02/],
    ['a window of another schedule', {}, request('20260402T0000Z', 1, '2026-04-03T00:00:00.000Z'), 'RotationNotAllowed', /is no window of its policy; the one that holds now is 20260401T0000Z/],
    ['a window that has not begun', {}, request(NEXT_WINDOW), 'RotationNotAllowed', /has not begun/],
    ['an attempt too far', { window: { id: WINDOW, attempt: 2 } }, request(WINDOW, 4), 'RotationNotAllowed', /the next attempt of 20260401T0000Z is 2/],
    ['a first attempt that is not the first', {}, request(WINDOW, 2), 'RotationNotAllowed', /the next attempt of 20260401T0000Z is 1/],
    ['a second attempt of a new window', { window: { id: '20260101T0000Z', attempt: 3 } }, request(WINDOW, 3), 'RotationNotAllowed', /is 1/],
  ])('refuses %s', (_, change, wanted, name, message) => {
    const key = { ...registered().key, ...change };
    expect(() => claim(key, wanted)).toThrow(error({ name, message: expect.stringMatching(message) }));
  });

  test('goes on once a pause is over', () => {
    const key: ManagedKey = { ...registered().key, pause: { ...note, until: AT } };
    expect(isPaused(key, AT)).toBe(false);
    expect(claim(key, request()).kind).toBe('write');
  });

  test('abandons what another window began, and keeps what its own did', () => {
    const living = prepare(claimed(), 1);
    const free = { ...living.key, lease: null };
    const other = claim(free, request(NEXT_WINDOW, 1, NEXT_AT));
    expect(other).toMatchObject({ next: { versions: { v1: { status: 'ABANDONED' } } } });
    const own = claim({ ...free, window: { id: WINDOW, attempt: 2 } }, request(WINDOW, 2));
    expect(own).toMatchObject({ next: { versions: { v1: { status: 'PENDING' } } } });
  });

  test('closes the create intent of a version that it abandons', () => {
    const living = prepare(claimed(), 1);
    const free: ManagedKey = { ...living.key, lease: null, intent: { kind: 'create', version: 1, at: AT } };
    expect(claim(free, request(NEXT_WINDOW, 1, NEXT_AT))).toMatchObject({ next: { intent: null } });
  });
});

describe('the owner', () => {
  const { key } = claimed();
  test('is the execution with the current token', () => {
    expect(() => requireOwner(key, { rotationId: 'orders-20260401T0000Z-a1', fence: 1 })).not.toThrow();
  });

  test.each([
    ['with an old token', 'orders-20260401T0000Z-a1', 0],
    ['with a token of the future', 'orders-20260401T0000Z-a1', 2],
    ['of another attempt', 'orders-20260401T0000Z-a2', 1],
  ])('is not one %s', (_, rotationId, fence) => {
    expect(() => requireOwner(key, { rotationId, fence })).toThrow(error({ name: 'StaleOwner' }));
  });

  test('is nobody once the lease is given back', () => {
    expect(() => requireOwner({ ...key, lease: null }, { rotationId: 'orders-20260401T0000Z-a1', fence: 1 })).toThrow(/the owner is nobody/);
  });
});

describe('the subject of a rotation', () => {
  test('of a new key is version 1, which replaces nothing', () => {
    expect(subjectOf(claimed().key, attempt(1))).toEqual({ version: 1, previous: null, retirement: null, isRetirementOnly: false });
  });

  test('of a new window is the next version, which replaces the ACTIVE one', () => {
    expect(subjectOf(bootstrapped().key, attempt(1, NEXT_WINDOW))).toMatchObject({ version: 2, previous: { number: 1 }, retirement: 'delete' });
  });

  test('of a later attempt is the version that the window began', () => {
    const living = bootstrapped();
    living.apply(claim(living.key, request(NEXT_WINDOW, 1, NEXT_AT)));
    prepare(living, 2, NEXT_AT);
    expect(subjectOf(living.key, attempt(1, NEXT_WINDOW))).toMatchObject({ version: 2, previous: { number: 1 } });
  });

  test('of a later attempt after the promotion still ends the one before', () => {
    expect(subjectOf(draining().key, attempt(1, NEXT_WINDOW))).toMatchObject({ version: 2, previous: { number: 1, status: 'DEPRECATED' }, retirement: 'delete' });
  });

  test('is never a number that was used before', () => {
    expect(subjectOf({ ...bootstrapped().key, lastVersion: 7 }, attempt(1, NEXT_WINDOW)).version).toBe(8);
  });

  test('of an adopted key keeps it', () => {
    const { key } = bootstrapped();
    const adopted = { ...key, versions: { v1: { ...key.versions['v1']!, retirement: 'keep' as const } } };
    expect(subjectOf(adopted, attempt(1, NEXT_WINDOW)).retirement).toBe('keep');
  });

  test('is refused when a key that had an ACTIVE version has none', () => {
    const { key } = bootstrapped();
    const broken = { ...key, versions: { v1: { ...key.versions['v1']!, status: 'DEPRECATED' as const } } };
    expect(() => subjectOf(broken, attempt(1, NEXT_WINDOW))).toThrow(error({ name: 'ObservedMismatch' }));
  });
});

describe('the end', () => {
  test('gives the lease back and sets window and due time; again, it is done', () => {
    const living = claimed({ startSpreadSeconds: 0 });
    const owner = living.owner();
    living.apply(completeRun(living.key, owner, attempt(1), AT, null));
    expect(living.key).toMatchObject({ lease: null, completedWindow: WINDOW, dueAt: '2026-06-30T00:00:00.000Z', retirementPending: [] });
    expect(completeRun(living.key, owner, attempt(1), AT, null)).toEqual({ kind: 'done' });
  });

  test('remembers a retirement that is left for later, once', () => {
    const living = draining();
    const pending = { version: 1, reason: 'held' };
    const left = { ...living.key, retirementPending: [1] };
    expect(completeRun(left, living.owner(), attempt(1, NEXT_WINDOW), NEXT_AT, pending)).toMatchObject({ next: { retirementPending: [1] }, note: { facts: { retirementPending: 1, reason: 'held' } } });
  });

  test.each(['create', 'disable', 'revoke'] as const)('is refused while a %s is in doubt', (kind) => {
    const living = draining();
    const inDoubt: ManagedKey = { ...living.key, intent: { kind, version: 1, at: NEXT_AT } };
    expect(() => completeRun(inDoubt, living.owner(), attempt(1, NEXT_WINDOW), NEXT_AT, null)).toThrow(error({ name: 'RotationNotAllowed' }));
  });

  test('is refused to a stale owner', () => {
    const living = claimed();
    const stale = living.owner();
    living.apply(settle(living.key, stale.rotationId, AT));
    expect(() => completeRun(living.key, stale, attempt(1), AT, null)).toThrow(error({ name: 'StaleOwner' }));
  });
});

describe('settling', () => {
  test('raises the token of the own lease only', () => {
    const living = claimed();
    expect(settle(living.key, 'orders-20260401T0000Z-a2', AT)).toEqual({ kind: 'done' });
    living.apply(settle(living.key, 'orders-20260401T0000Z-a1', AT));
    expect(living.key).toMatchObject({ fence: 2, lease: { rotationId: 'orders-20260401T0000Z-a1' } });
  });
});

test("what an earlier window's rotation left unretired is pending once another window is claimed, and kept versions are not", () => {
  const pendingAfter = (key: ManagedKey) => {
    const decision = claim({ ...key, lease: null }, request('20260928T0000Z', 1, '2026-09-29T00:00:00.000Z'));
    return decision.kind === 'write' ? decision.next.retirementPending : undefined;
  };
  expect(pendingAfter(draining().key)).toEqual([1]);
  expect(pendingAfter(draining({ retirement: 'keep' }).key)).toEqual([]);
});
