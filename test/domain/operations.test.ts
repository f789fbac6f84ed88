import type { Decision } from '../../lambdas/domain/ledger';
import { plusSeconds } from '../../lambdas/domain/instant';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { endPause, liftQuarantine, quarantine, quarantineForDeadOwner, releaseHold, requestAbort, setHold, setPause } from '../../lambdas/domain/operations';
import { abortRun } from '../../lambdas/domain/failure';
import { AT, attempt, bootstrapped, claimed, error, NEXT_AT, NEXT_WINDOW, WINDOW, type LivingKey } from './living-key';
import { inEmergency } from './runs';

const note = { by: 'arn:alice', at: NEXT_AT, reason: 'audit' };
const other = { by: 'arn:bob', at: plusSeconds(NEXT_AT, 60), reason: 'another' };
const UNTIL = plusSeconds(NEXT_AT, 86_400);

/** What undoes what; and what is written of each. */
const PAIRS: readonly (readonly [string, (key: ManagedKey) => Decision, (key: ManagedKey) => Decision, Partial<ManagedKey>, string, string])[] = [
  ['a hold', (key) => setHold(key, note), (key) => releaseHold(key, other), { hold: note }, 'HoldSet', 'HoldReleased'],
  ['a pause', (key) => setPause(key, note, UNTIL), (key) => endPause(key, other), { pause: { ...note, until: UNTIL } }, 'PauseSet', 'PauseEnded'],
  ['a quarantine', (key) => quarantine(key, note), (key) => liftQuarantine(key, other), { quarantine: note }, 'KeyQuarantined', 'QuarantineLifted'],
];

describe.each(PAIRS)('%s', (_, begin, end, expected, began, ended) => {
  test('is set once, with who, when and why, and ended once', () => {
    const living = bootstrapped();
    const { key } = living;
    expect(end(key)).toEqual({ kind: 'done' });
    living.apply(begin(living.key));
    expect(living.key).toMatchObject(expected);
    expect(living.ledger.at(-1)).toMatchObject({ type: began, by: note.by, at: note.at, facts: { reason: 'audit' } });
    expect(begin(living.key)).toEqual({ kind: 'done' });
    living.apply(end(living.key));
    expect(living.ledger.at(-1)).toMatchObject({ type: ended, by: other.by, facts: { reason: 'another' } });
    expect({ ...living.key, seq: 0, head: '', rev: 0 }).toEqual({ ...key, seq: 0, head: '', rev: 0, window: living.key.window });
    expect(end(living.key)).toEqual({ kind: 'done' });
  });
});

test('a first hold and a first quarantine stay, with the reason of whoever set them', () => {
  const { key } = bootstrapped();
  expect(setHold({ ...key, hold: note }, other)).toEqual({ kind: 'done' });
  expect(quarantine({ ...key, quarantine: note }, other)).toEqual({ kind: 'done' });
});

test('a hold makes approvals void, a pause and a quarantine do not', () => {
  const revised = (decide: (key: ManagedKey) => Decision): number => {
    const living = bootstrapped();
    const { rev } = living.key;
    living.apply(decide(living.key));
    return living.key.rev - rev;
  };
  expect(PAIRS.map(([, begin]) => revised(begin))).toEqual([1, 0, 0]);
});

test('a pause ends in the future, and may be made longer', () => {
  const { key } = bootstrapped();
  for (const until of [NEXT_AT, AT]) expect(() => setPause(key, note, until)).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringContaining('ends in the future') }));
  expect(setPause({ ...key, pause: { ...note, until: UNTIL } }, note, plusSeconds(UNTIL, 1))).toMatchObject({ next: { pause: { until: plusSeconds(UNTIL, 1) } } });
});

describe('a request to abort', () => {
  test('names the owner of now, once', () => {
    const living = claimed();
    living.apply(requestAbort(living.key, note));
    expect(living.key.abortRequest).toEqual({ ...note, rotationId: living.key.lease!.rotationId });
    expect(requestAbort(living.key, other)).toEqual({ kind: 'done' });
  });

  test('is refused when nobody owns the key', () => {
    expect(() => requestAbort(bootstrapped().key, note)).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringContaining('nothing to abort') }));
  });

  test('of a former owner does not stand in the way of the next, and ends with its owner', () => {
    const living = claimed();
    const former: ManagedKey = { ...living.key, abortRequest: { ...note, rotationId: 'orders-20260401T0000Z-a0' } };
    expect(requestAbort(former, other)).toMatchObject({ next: { abortRequest: { rotationId: living.key.lease?.rotationId, reason: 'another' } } });
    living.apply(requestAbort(living.key, note));
    living.apply(abortRun(living.key, living.owner(), attempt(1), NEXT_AT, { error: 'AbortRequested', errorClass: 'recoverable' }));
    expect(living.key.abortRequest).toBeNull();
  });
});

describe('the quarantine for a dead owner', () => {
  test('is only for the one that the lease names', () => {
    const { key } = claimed();
    expect(quarantineForDeadOwner(key, 'orders-20260401T0000Z-a9', note)).toEqual({ kind: 'done' });
    expect(quarantineForDeadOwner({ ...key, lease: null }, key.lease!.rotationId, note)).toEqual({ kind: 'done' });
    expect(quarantineForDeadOwner(key, key.lease!.rotationId, note)).toMatchObject({ next: { quarantine: note, lease: key.lease }, note: { type: 'KeyQuarantined' } });
  });
});

describe('a lifted quarantine', () => {
  function orphaned(): LivingKey {
    const living = claimed({ startSpreadSeconds: 0 });
    living.apply(quarantineForDeadOwner(living.key, living.key.lease!.rotationId, note));
    return living;
  }

  test('makes the window of a dead owner due at once, with all its attempts', () => {
    const living = orphaned();
    expect(living.key.dueAt > other.at || living.key.dueAt === '2026-06-30T00:00:00.000Z').toBe(true);
    const early = plusSeconds(AT, 3600);
    living.apply(liftQuarantine(living.key, { ...other, at: early }));
    expect(living.key).toMatchObject({ quarantine: null, rotationDueAt: early, dueAt: early, window: { id: WINDOW, attempt: 1, lastAttempt: 3 }, lease: { rotationId: 'orders-20260401T0000Z-a1' } });
  });

  test('makes the window due that is newer than the last completed one, and nothing of a key without a window', () => {
    const { key } = orphaned();
    const at = plusSeconds(AT, 3600);
    expect(liftQuarantine({ ...key, completedWindow: '20260101T0000Z' }, { ...other, at })).toMatchObject({ next: { rotationDueAt: at } });
    expect(liftQuarantine({ ...key, window: null }, { ...other, at })).toMatchObject({ next: { window: null, rotationDueAt: key.rotationDueAt } });
  });

  test('leaves the due time of a window whose owner goes on by itself', () => {
    const living = orphaned();
    const { rotationDueAt } = living.key;
    living.apply(liftQuarantine(living.key, { ...other, by: living.key.lease!.rotationId, at: plusSeconds(AT, 3600) }));
    expect(living.key).toMatchObject({ quarantine: null, rotationDueAt, window: { lastAttempt: 3 } });
  });

  test('leaves the due time of a window that is done, or that nobody owns', () => {
    const { key } = orphaned();
    const done: ManagedKey = { ...key, completedWindow: WINDOW };
    const free: ManagedKey = { ...key, lease: null };
    for (const state of [done, free]) expect(liftQuarantine(state, { ...other, at: plusSeconds(AT, 3600) })).toMatchObject({ next: { rotationDueAt: key.rotationDueAt } });
  });

  test('gives the attempts of the window and of the emergency anew, from where they are', () => {
    const { key } = inEmergency();
    const late: ManagedKey = { ...key, quarantine: note, window: { id: NEXT_WINDOW, attempt: 4, lastAttempt: 3 }, emergency: { ...key.emergency!, number: 3, lastNumber: 3 } };
    expect(liftQuarantine(late, other)).toMatchObject({ next: { window: { attempt: 4, lastAttempt: 6 }, emergency: { number: 3, lastNumber: 5 } } });
  });
});
