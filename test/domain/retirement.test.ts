import { CLOUDTRAIL_SECONDS, LAST_USAGE_LAG_SECONDS, MAX_STATE_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds, type Instant } from '../../lambdas/domain/instant';
import type { Owner } from '../../lambdas/domain/lease';
import type { Decision } from '../../lambdas/domain/ledger';
import type { KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import {
  bakeDeadline,
  bakeUntil,
  commitDisable,
  commitRevoke,
  deletionWindowDays,
  drainDeadline,
  drainUntil,
  extendDrain,
  hasTimeToAsk,
  hasTimeToExtend,
  idleSince,
  isEmergencyWaiting,
  intendDisable,
  intendRevoke,
  reasonToAskForRevocation,
  recordDestruction,
  recordWatched,
  retirementBlocker,
  withdrawRetirement,
} from '../../lambdas/domain/retirement';
import { AT, disabled, draining, LATE, LATER, NEXT_AT, revoked, type LivingKey, error } from './living-key';
import { endangered } from './runs';

const DAY = 86_400;
const v1 = (living: LivingKey): KeyVersion => living.key.versions['v1']!;
const note = { by: 'a person', at: AT, reason: 'audit' };

/** With the policy changed now, and as it was pinned at Claim. */
const current = (key: ManagedKey, change: object): ManagedKey => ({ ...key, policy: { ...key.policy, ...change } });
const pinned = (key: ManagedKey, change: object): ManagedKey => ({ ...key, lease: { ...key.lease!, policy: { ...key.lease!.policy, ...change } } });

describe('what blocks a retirement', () => {
  const { key } = draining();
  test.each<[string, ManagedKey, Partial<KeyVersion>, RegExp | undefined, RegExp | undefined]>([
    ['nothing', key, {}, undefined, undefined],
    ['a hold', { ...key, hold: note }, {}, /held by a person .* audit/, /held by/],
    ['a removal', { ...key, removed: true }, {}, /was removed/, /was removed/],
    ['a quarantine', { ...key, quarantine: note }, {}, /quarantined: audit/, /quarantined/],
    ['its adoption', key, { retirement: 'keep' }, /it was adopted/, /it was adopted/],
    ['the current policy "keep"', current(key, { retirement: 'keep' }), {}, /"keep"/, /"keep"/],
    ['the pinned policy "keep"', pinned(key, { retirement: 'keep' }), {}, /"keep"/, /"keep"/],
    ['the current policy "disable"', current(key, { retirement: 'disable' }), {}, undefined, /"disable"/],
    ['the pinned policy "disable"', pinned(key, { retirement: 'disable' }), {}, undefined, /"disable"/],
    ['nothing without a lease', { ...key, lease: null }, {}, undefined, undefined],
  ])('%s', (_, state, change, disable, revoke) => {
    const version = { ...state.versions['v1']!, ...change };
    for (const [step, expected] of [['disable', disable], ['revoke', revoke]] as const) {
      const blocker = retirementBlocker(state, version, step);
      if (expected === undefined) expect(blocker).toBeUndefined();
      else expect(blocker).toMatch(expected);
    }
  });
});

describe('an extension', () => {
  test('moves the deadline by the idle time, at least a day, three times at most', () => {
    const living = draining({ idleSeconds: 2 * DAY });
    let at: Instant = LATE;
    for (const extension of [1, 2, 3]) {
      living.apply(extendDrain(living.key, living.owner(), 1, at, 'used'));
      expect(v1(living)).toMatchObject({ drainExtensions: extension, disableNotBefore: plusSeconds(at, 2 * DAY) });
      at = plusSeconds(at, 2 * DAY + 3600);
    }
    expect(() => extendDrain(living.key, living.owner(), 1, at, 'used')).toThrow(/cannot be extended again/);
    const short = draining({ idleSeconds: 60 });
    short.apply(extendDrain(short.key, short.owner(), 1, LATE, 'used'));
    expect(v1(short).disableNotBefore).toBe(plusSeconds(LATE, DAY));
  });

  test('is made once by a state that is retried', () => {
    const living = draining();
    living.apply(extendDrain(living.key, living.owner(), 1, LATE, 'used'));
    expect(extendDrain(living.key, living.owner(), 1, LATE, 'used')).toEqual({ kind: 'done' });
  });
});

describe('a disable', () => {
  test('is not intended a millisecond before its deadline', () => {
    const living = draining({ drainSeconds: 100, idleSeconds: 60 });
    const deadline = v1(living).disableNotBefore!;
    const early = plusSeconds(deadline, -0.001);
    expect(() => intendDisable(living.key, living.owner(), 1, early, 'call-1')).toThrow(/drain ends at .* too early/);
    expect(living.apply(intendDisable(living.key, living.owner(), 1, deadline, 'call-1'))).toBe(true);
    expect(intendDisable(living.key, living.owner(), 1, deadline, 'call-1')).toEqual({ kind: 'done' });
  });

  test('starts the bake, whose deadline is written once', () => {
    const living = disabled({ bakeSeconds: 100 });
    expect(living.key).toMatchObject({ intent: null, versions: { v1: { status: 'DISABLED', disabledAt: LATE, revokeNotBefore: plusSeconds(LATE, 100 + MAX_STATE_SECONDS) } } });
    const rescued: ManagedKey = { ...living.key, intent: { kind: 'disable', version: 1, at: LATER }, versions: { ...living.key.versions, v1: { ...v1(living), status: 'DEPRECATED' } } };
    expect(commitDisable(rescued, living.owner(), 1, LATER)).toMatchObject({ next: { versions: { v1: { revokeNotBefore: plusSeconds(LATE, 100 + MAX_STATE_SECONDS) } } } });
  });

  test('takes the longer bake of the pinned and the current policy', () => {
    const living = draining({ bakeSeconds: 100 });
    const deadline = (key: ManagedKey) => commitDisable({ ...key, intent: { kind: 'disable', version: 1, at: LATE } }, living.owner(), 1, LATE);
    expect(deadline(current(living.key, { bakeSeconds: 5 }))).toMatchObject({ next: { versions: { v1: { revokeNotBefore: plusSeconds(LATE, 100 + MAX_STATE_SECONDS) } } } });
    expect(deadline(current(living.key, { bakeSeconds: 500 }))).toMatchObject({ next: { versions: { v1: { revokeNotBefore: plusSeconds(LATE, 500 + MAX_STATE_SECONDS) } } } });
  });

  test('never meets the ACTIVE version', () => {
    const living = draining();
    expect(() => intendDisable(living.key, living.owner(), 2, LATER, 'call-1')).toThrow(/v2 should be DEPRECATED or DISABLED but is ACTIVE/);
    expect(() => commitDisable(living.key, living.owner(), 2, LATER)).toThrow(error({ name: 'LedgerMismatch' }));
  });

  test('needs a deadline', () => {
    const living = draining();
    const { disableNotBefore: _none, ...without } = v1(living);
    const key: ManagedKey = { ...living.key, versions: { ...living.key.versions, v1: without } };
    expect(() => intendDisable(key, living.owner(), 1, LATER, 'call-1')).toThrow(/drain ends at no known time/);
  });
});

test('nothing is committed without its intent', () => {
  const [drain, bake] = [draining(), disabled()];
  expect(() => commitDisable(drain.key, drain.owner(), 1, LATE)).toThrow(/no open disable intent to commit/);
  expect(() => commitRevoke(bake.key, bake.owner(), 1, LATER, LATER)).toThrow(/no open revoke intent to commit/);
});

describe('a revocation', () => {
  test('is not intended before its deadline', () => {
    const living = disabled({ bakeSeconds: 100 });
    expect(() => intendRevoke(living.key, living.owner(), 1, plusSeconds(LATE, 99 + MAX_STATE_SECONDS), 'call-1')).toThrow(/bake ends at .* too early/);
    expect(living.apply(intendRevoke(living.key, living.owner(), 1, plusSeconds(LATE, 100 + MAX_STATE_SECONDS), 'call-1'))).toBe(true);
  });

  test('comes after a disable only', () => {
    const living = draining();
    expect(() => intendRevoke(living.key, living.owner(), 1, LATER, 'call-1')).toThrow(/v1 should be DISABLED or REVOKED but is DEPRECATED/);
  });

  test('is recorded once, with the day on which KMS deletes the key', () => {
    const living = revoked();
    expect(v1(living)).toMatchObject({ status: 'REVOKED', revokedAt: LATER, deletionAt: '2027-03-03T00:00:00.000Z' });
    expect(commitRevoke(living.key, living.owner(), 1, LATER, LATER)).toEqual({ kind: 'done' });
    expect(intendRevoke(living.key, living.owner(), 1, LATER, 'call-1')).toEqual({ kind: 'done' });
  });

  test('is not intended over another intent, nor a disable', () => {
    const busy = (key: ManagedKey): ManagedKey => ({ ...key, intent: { kind: 'create', version: 3, at: AT } });
    const [drain, bake] = [draining(), disabled()];
    expect(() => intendDisable(busy(drain.key), drain.owner(), 1, LATER, 'call-1')).toThrow(/open create intent for v3/);
    expect(() => intendRevoke(busy(bake.key), bake.owner(), 1, LATER, 'call-1')).toThrow(/open create intent for v3/);
  });
});

test.each([
  ['DisableWithdrawn', draining, intendDisable],
  ['RevokeWithdrawn', disabled, intendRevoke],
] as const)('a withdrawal is %s in the ledger and leaves the status', (type, make, intend) => {
  const living = make();
  living.apply(intend(living.key, living.owner(), 1, LATER, 'call-1'));
  const { status } = v1(living);
  living.apply(withdrawRetirement(living.key, living.owner(), LATER));
  expect(living.ledger.at(-1)).toMatchObject({ type, moves: [] });
  expect([living.key.intent, v1(living).status]).toEqual([null, status]);
  expect(withdrawRetirement(living.key, living.owner(), LATER)).toEqual({ kind: 'done' });
});

describe('the word of CloudTrail', () => {
  const TOLD = plusSeconds(LATE, 60);

  test('is written once, about a version that bakes', () => {
    const living = disabled();
    living.apply(recordWatched(living.key, 1, TOLD, 'rescue-version'));
    expect(living.key.versions['v1']).toMatchObject({ status: 'DISABLED', watchedAt: TOLD });
    expect(living.ledger.at(-1)).toMatchObject({ type: 'BakeWatched', by: 'rescue-version', facts: { version: 1 } });
    expect(recordWatched(living.key, 1, plusSeconds(TOLD, 60), 'rescue-version')).toEqual({ kind: 'done' });
    expect(recordWatched(draining().key, 1, TOLD, 'rescue-version')).toEqual({ kind: 'done' });
    expect(recordWatched(living.key, 9, TOLD, 'rescue-version')).toEqual({ kind: 'done' });
  });

  test('of an earlier bake says nothing about this one', () => {
    const { key } = disabled();
    const { disabledAt = '' } = key.versions['v1']!;
    expect(recordWatched(key, 1, plusSeconds(disabledAt, -61), 'rescue-version')).toEqual({ kind: 'done' });
    expect(recordWatched(key, 1, plusSeconds(disabledAt, -1), 'rescue-version')).toMatchObject({ kind: 'write' });
  });

  test('is waited for by the bake, and without it a person is asked', () => {
    const living = disabled({ autoDelete: true });
    const version = () => living.key.versions['v1']!;
    const after = plusSeconds(version().revokeNotBefore!, 60);
    expect(bakeUntil(living.key, version(), LATE)).toBe(version().revokeNotBefore);
    expect(bakeUntil(living.key, version(), after)).toBe(plusSeconds(after, CLOUDTRAIL_SECONDS));
    expect(reasonToAskForRevocation(living.key, version())).toMatch(/CloudTrail has not told of keyturn's own use of v1/);
    living.apply(recordWatched(living.key, 1, TOLD, 'rescue-version'));
    expect(bakeUntil(living.key, version(), after)).toBe(after);
    expect(reasonToAskForRevocation(living.key, version())).toBeUndefined();
    expect(reasonToAskForRevocation({ ...living.key, policy: { ...living.key.policy, autoDelete: false } }, version())).toMatch(/without autoDelete needs an approval/);
  });
});

describe('a destruction', () => {
  test('of a REVOKED version takes it out of the aggregate', () => {
    const living = revoked();
    expect(living.apply(recordDestruction(living.key, 'k1', LATER, 'kms'))).toBe(true);
    expect(Object.keys(living.key.versions)).toEqual(['v2']);
    expect(recordDestruction(living.key, 'k1', LATER, 'kms')).toEqual({ kind: 'done' });
  });

  test.each(['k1', 'k2', 'kx'])('of any other version is nothing that this records: %s', (keyId) => {
    expect(recordDestruction(draining().key, keyId, LATER, 'kms')).toEqual({ kind: 'done' });
  });
});

describe('the times of the evidence', () => {
  test('wait for the deadline and the lag', () => {
    const living = draining({ drainSeconds: 100 });
    expect(drainUntil(living.key, v1(living))).toBe(plusSeconds(NEXT_AT, 3700));
    expect(drainUntil(living.key, living.key.versions['v2']!)).toBeUndefined();
  });

  test('look back over the longer idle time, and never beyond the start of the drain', () => {
    const living = draining({ idleSeconds: DAY });
    const at = plusSeconds(NEXT_AT, 10 * DAY);
    expect(idleSince(living.key, v1(living), at)).toBe(plusSeconds(at, -DAY - 3600));
    expect(idleSince(current(living.key, { idleSeconds: 3 * DAY }), v1(living), at)).toBe(plusSeconds(at, -3 * DAY - 3600));
    expect(idleSince(current(living.key, { idleSeconds: 20 * DAY }), v1(living), at)).toBe(NEXT_AT);
  });
});

const STALE: Owner = { rotationId: 'orders-20260630T0000Z-a1', fence: 1 };
test.each<[string, () => LivingKey, (key: ManagedKey) => Decision]>([
  ['extends', draining, (key) => extendDrain(key, STALE, 1, LATE, 'x')],
  ['intends a disable', draining, (key) => intendDisable(key, STALE, 1, LATE, 'call-1')],
  ['commits a disable', draining, (key) => commitDisable(key, STALE, 1, LATE)],
  ['intends a revocation', disabled, (key) => intendRevoke(key, STALE, 1, LATER, 'call-1')],
  ['commits a revocation', disabled, (key) => commitRevoke(key, STALE, 1, LATER, LATER)],
  ['withdraws', draining, (key) => withdrawRetirement(key, STALE, LATER)],
])('no stale owner %s', (_, make, decide) => {
  expect(() => decide(make().key)).toThrow(error({ name: 'StaleOwner' }));
});

describe('a policy that was tightened during the rotation', () => {
  test('makes the drain and the bake longer at once, without moving the written deadlines', () => {
    const drain = draining({ drainSeconds: 100, idleSeconds: 60 });
    const tightened = current(drain.key, { drainSeconds: 500 });
    expect(drainDeadline(tightened, v1(drain))).toBe(plusSeconds(v1(drain).drainFrom!, 500));
    expect(() => intendDisable(tightened, drain.owner(), 1, v1(drain).disableNotBefore!, 'call-1')).toThrow(/too early/);
    const bake = disabled({ bakeSeconds: 100 });
    expect(bakeDeadline(current(bake.key, { bakeSeconds: 9 * DAY }), v1(bake))).toBe(plusSeconds(LATE, 9 * DAY));
  });

  test('and one that was loosened changes nothing', () => {
    const drain = draining({ drainSeconds: 5 * DAY });
    expect(drainDeadline(current(drain.key, { drainSeconds: 60 }), v1(drain))).toBe(v1(drain).disableNotBefore);
    expect(deletionWindowDays(current(drain.key, { deletionWindowDays: 7 }))).toBe(drain.key.lease!.policy.deletionWindowDays);
  });
});

test('a drain is not extended into the next window, nor beyond what one execution may wait', () => {
  const living = draining({ idleSeconds: DAY });
  const inTime = { ...living.key, rotationDueAt: plusSeconds(LATE, 90 * DAY) };
  expect(hasTimeToExtend(inTime, v1(living), LATE)).toBe(true);
  expect(hasTimeToExtend({ ...living.key, rotationDueAt: plusSeconds(LATE, DAY) }, v1(living), LATE)).toBe(false);
  expect(hasTimeToExtend({ ...living.key, rotationDueAt: plusSeconds(LATE, 900 * DAY) }, v1(living), plusSeconds(living.key.lease!.grantedAt, 300 * DAY))).toBe(false);
  expect(hasTimeToExtend(inTime, { ...v1(living), drainExtensions: 3 }, LATE)).toBe(false);
});

test('there is time to ask people if the answer, and the bake that a consent to disable begins, come before the next window and within the waits of one execution', () => {
  const { key } = draining({ approvalTimeoutSeconds: 7 * DAY, bakeSeconds: 5 * DAY });
  const at = (days: number) => plusSeconds(key.lease!.grantedAt, days * DAY);
  const dueIn = (days: number): ManagedKey => ({ ...key, rotationDueAt: plusSeconds(LATE, days * DAY) });
  expect([7, 8, 12, 13].map((days) => [hasTimeToAsk(dueIn(days), LATE, 'revoke'), hasTimeToAsk(dueIn(days), LATE, 'disable')])).toEqual([[false, false], [true, false], [true, false], [true, true]]);
  const longLived = { ...key, rotationDueAt: at(900) };
  expect([287, 288, 292, 293].map((day) => [hasTimeToAsk(longLived, at(day), 'revoke'), hasTimeToAsk(longLived, at(day), 'disable')])).toEqual([[true, true], [true, false], [true, false], [false, false]]);
});

/** With v1 changed. */
const with1 = (key: ManagedKey, change: Partial<KeyVersion>): ManagedKey => ({ ...key, versions: { ...key.versions, v1: { ...key.versions['v1']!, ...change } } });
const without = (key: ManagedKey, field: keyof KeyVersion): ManagedKey => with1(key, { [field]: undefined });

describe('without an owner', () => {
  const free = { ...draining({ drainSeconds: 100, idleSeconds: 60 }).key, lease: null };
  test('the current policy alone counts', () => {
    expect(retirementBlocker(current(free, { retirement: 'keep' }), v1(draining()), 'disable')).toMatch(/"keep"/);
    expect(drainDeadline(free, free.versions['v1']!)).toBe(plusSeconds(NEXT_AT, 100));
    expect(hasTimeToAsk({ ...free, rotationDueAt: plusSeconds(LATE, 400 * DAY) }, LATE, 'revoke')).toBe(true);
  });

  test('no emergency waits: it starts', () => {
    const { emergency } = endangered().key;
    expect(isEmergencyWaiting({ ...free, emergency })).toBe(false);
    expect(isEmergencyWaiting({ ...draining().key, emergency })).toBe(true);
  });
});

describe('an extension is refused', () => {
  test('while a mutation is in doubt', () => {
    const living = draining();
    expect(() => extendDrain({ ...living.key, intent: { kind: 'disable', version: 1, at: LATE } }, living.owner(), 1, LATE, 'used')).toThrow(
      error({ name: 'LedgerMismatch', message: expect.stringMatching(/open disable intent for v1: a drain is not extended past it/) }),
    );
  });

  test.each(['drainFrom', 'disableNotBefore'] as const)('for a version without %s', (field) => {
    const living = draining();
    expect(drainDeadline(without(living.key, field), without(living.key, field).versions['v1']!)).toBeUndefined();
    expect(() => extendDrain(without(living.key, field), living.owner(), 1, LATE, 'used')).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/cannot be extended again/) }));
  });
});

test('there is time to extend when the idleness, the lag, the bake and two states end before the next window, to the second', () => {
  const living = draining({ idleSeconds: 2 * DAY, bakeSeconds: 3 * DAY });
  const needed = 2 * DAY + LAST_USAGE_LAG_SECONDS + 3 * DAY + 2 * MAX_STATE_SECONDS;
  const dueAfter = (seconds: number): ManagedKey => ({ ...living.key, rotationDueAt: plusSeconds(LATE, seconds) });
  expect(hasTimeToExtend(dueAfter(needed), v1(living), LATE)).toBe(false);
  expect(hasTimeToExtend(dueAfter(needed + 1), v1(living), LATE)).toBe(true);
});

test('there is time to ask when the answer, the bake and the states around it end before the next window, to the second', () => {
  const { key } = draining({ approvalTimeoutSeconds: 7 * DAY, bakeSeconds: 3 * DAY });
  const dueAfter = (seconds: number): ManagedKey => ({ ...key, rotationDueAt: plusSeconds(LATE, seconds) });
  const [revoke, disable] = [7 * DAY + MAX_STATE_SECONDS, 10 * DAY + 2 * MAX_STATE_SECONDS];
  expect([revoke, revoke + 1].map((seconds) => hasTimeToAsk(dueAfter(seconds), LATE, 'revoke'))).toEqual([false, true]);
  expect([disable, disable + 1].map((seconds) => hasTimeToAsk(dueAfter(seconds), LATE, 'disable'))).toEqual([false, true]);
});

test('a disable that is done is not done again, with or without an intent', () => {
  const living = disabled();
  expect(intendDisable(living.key, living.owner(), 1, LATER, 'call-1')).toEqual({ kind: 'done' });
  expect(commitDisable({ ...living.key, intent: { kind: 'disable', version: 1, at: LATER } }, living.owner(), 1, LATER)).toEqual({ kind: 'done' });
});

describe('a step of a retirement is refused', () => {
  test('before its deadline as what may not be done', () => {
    const living = draining();
    expect(() => intendDisable(living.key, living.owner(), 1, NEXT_AT, 'call-1')).toThrow(error({ name: 'RotationNotAllowed' }));
  });

  test('when the intent is about another version', () => {
    const [drain, bake] = [draining(), disabled()];
    const other = (key: ManagedKey, kind: 'disable' | 'revoke'): ManagedKey => ({ ...key, intent: { kind, version: 9, at: LATE } });
    const mismatch = (message: RegExp) => error({ name: 'LedgerMismatch', message: expect.stringMatching(message) });
    expect(() => intendDisable(other(drain.key, 'disable'), drain.owner(), 1, LATER, 'call-1')).toThrow(mismatch(/open disable intent for v9; it must be closed first/));
    expect(() => intendRevoke(other(bake.key, 'revoke'), bake.owner(), 1, LATER, 'call-1')).toThrow(mismatch(/open revoke intent for v9/));
    const ofAnotherKind = (key: ManagedKey, kind: 'disable' | 'revoke'): ManagedKey => ({ ...key, intent: { kind, version: 1, at: LATE } });
    expect(() => intendDisable(ofAnotherKind(drain.key, 'revoke'), drain.owner(), 1, LATER, 'call-1')).toThrow(mismatch(/open revoke intent for v1; it must be closed first/));
    expect(() => intendRevoke(ofAnotherKind(bake.key, 'disable'), bake.owner(), 1, LATER, 'call-1')).toThrow(mismatch(/open disable intent for v1; it must be closed first/));
    expect(() => commitDisable(other(drain.key, 'disable'), drain.owner(), 1, LATE)).toThrow(mismatch(/v1 has no open disable intent/));
    expect(() => commitRevoke(other(bake.key, 'revoke'), bake.owner(), 1, LATER, LATER)).toThrow(mismatch(/v1 has no open revoke intent/));
  });

  test('for a version that is gone', () => {
    const living = draining();
    expect(() => intendDisable(living.key, living.owner(), 9, LATER, 'call-1')).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/v9 should be DEPRECATED or DISABLED but is not in the registry/) }));
  });
});

test('a version is disabled although no other is ACTIVE', () => {
  const living = draining();
  const { v2: _gone, ...versions } = living.key.versions;
  expect(intendDisable({ ...living.key, versions }, living.owner(), 1, LATER, 'call-1')).toMatchObject({ next: { intent: { kind: 'disable', version: 1, at: LATER } } });
});

test.each(['revokeNotBefore', 'disabledAt'] as const)('a bake without %s ends at no known time', (field) => {
  const living = disabled();
  const key = without(living.key, field);
  expect(bakeDeadline(key, key.versions['v1']!)).toBeUndefined();
  expect(() => intendRevoke(key, living.owner(), 1, LATER, 'call-1')).toThrow(/bake ends at no known time/);
});

test('the word of CloudTrail counts for a version that nobody knows when it was disabled', () => {
  expect(recordWatched(without(disabled().key, 'disabledAt'), 1, LATE, 'x')).toMatchObject({ next: { versions: { v1: { watchedAt: LATE } } } });
});

describe('a destruction is nobody\'s work any more', () => {
  const destroyed = (retirementPending: readonly number[]) => recordDestruction({ ...revoked().key, retirementPending, retirementDueAt: LATE }, 'k1', LATER, 'kms');
  test('and what else is pending stays due', () => expect(destroyed([1, 2])).toMatchObject({ next: { retirementPending: [2], retirementDueAt: LATE } }));
  test('and nothing is due when nothing is left', () => expect(destroyed([1])).toMatchObject({ next: { retirementPending: [], retirementDueAt: null } }));
  test('and of another KMS key it says nothing', () => expect(recordDestruction(revoked().key, 'kx', LATER, 'kms')).toEqual({ kind: 'done' }));
});

test('a version whose drain nobody dated must have been idle for the whole time', () => {
  const living = draining({ idleSeconds: 20 * DAY });
  const at = plusSeconds(NEXT_AT, DAY);
  expect(idleSince(living.key, without(living.key, 'drainFrom').versions['v1']!, at)).toBe(plusSeconds(at, -20 * DAY - LAST_USAGE_LAG_SECONDS));
});
