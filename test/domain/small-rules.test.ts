import { OVERDUE_GRACE_SECONDS, RETIREMENT_PENDING_SECONDS } from '../../lambdas/contract/timing';
import { isOverdue, overdueAt, retirementsPendingTooLong } from '../../lambdas/domain/age';
import { noteAnswer } from '../../lambdas/domain/approval-notes';
import { beginEmergency } from '../../lambdas/domain/emergency';
import { added, withAlerted, type Totals } from '../../lambdas/domain/findings';
import { plusSeconds } from '../../lambdas/domain/instant';
import type { KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import { noteDeadOwner, quarantineForDeadOwner, setPause } from '../../lambdas/domain/operations';
import { liftFreeze, requireRepair } from '../../lambdas/domain/repair-steps';
import { commitRescue, deletionsToCancel, isRescuable } from '../../lambdas/domain/rescue';
import { AT, bootstrapped, claimed, disabled, draining, error, LATE, NEXT_WINDOW, revoked } from './living-key';
import { endangered } from './runs';

const note = { by: 'alice', at: AT, reason: 'audit' };
const A1 = 'orders-20260401T0000Z-a1';
const v1 = (key: ManagedKey, change: Partial<KeyVersion>): ManagedKey => ({ ...key, versions: { ...key.versions, v1: { ...key.versions['v1']!, ...change } } });

describe('the repair under way', () => {
  const repair = { approvalId: 'a1', requestedBy: 'bob', approvedBy: ['alice'], begunAt: AT };
  const key: ManagedKey = { ...draining().key, repair };
  const stale = (message: RegExp) => error({ name: 'StaleOwner', message: expect.stringMatching(message) });

  test('is the one that has the token', () => expect(requireRepair(key, 'a1', key.fence)).toBe(repair));
  test('is not another one', () => expect(() => requireRepair(key, 'a2', key.fence)).toThrow(stale(/repair-a2 with fencing token 2 is not the repair under way: that is a1 with token 2/)));
  test('is not one with an older token', () => expect(() => requireRepair(key, 'a1', key.fence - 1)).toThrow(stale(/that is a1/)));
  test('is none', () => expect(() => requireRepair({ ...key, repair: null }, 'a1', key.fence)).toThrow(stale(/that is none/)));
});

describe('an owner that has ended', () => {
  const end = (key: ManagedKey, at = AT) => quarantineForDeadOwner(key, A1, { ...note, at });

  test('is remembered with its end, and the same end is told of once', () => {
    const told = end(claimed().key);
    expect(told).toMatchObject({ next: { endedOwner: { rotationId: A1, at: AT }, quarantine: note } });
    const lifted: ManagedKey = { ...claimed().key, endedOwner: { rotationId: A1, at: AT } };
    expect(end(lifted)).toEqual({ kind: 'done' });
    expect(end(lifted, plusSeconds(AT, -1))).toEqual({ kind: 'done' });
  });

  test('again after a redrive, or of another run, is told of anew', () => {
    const lifted: ManagedKey = { ...claimed().key, endedOwner: { rotationId: A1, at: AT } };
    expect(end(lifted, plusSeconds(AT, 1)).kind).toBe('write');
    expect(end({ ...lifted, endedOwner: { rotationId: 'another', at: AT } }).kind).toBe('write');
  });
});

describe('the end of a frozen key\'s owner', () => {
  const noted = (key: ManagedKey, at = AT) => noteDeadOwner(key, A1, { ...note, at });
  const repairing = (key: ManagedKey): ManagedKey => ({ ...key, repair: { approvalId: 'a1', requestedBy: 'bob', approvedBy: ['alice'], begunAt: AT } });
  const SOON = plusSeconds(AT, 3600);
  const repaired = (key: ManagedKey) => liftFreeze(repairing(key), 'a1', key.fence, SOON, 'agreed');
  const dead = (): ManagedKey => ({ ...claimed().key, endedOwner: { rotationId: A1, at: AT } });

  test('is noted once, quarantines nothing, and is not another owner\'s', () => {
    expect(noted(claimed().key)).toMatchObject({ kind: 'write', next: { endedOwner: { rotationId: A1, at: AT }, quarantine: null } });
    expect(noted(dead())).toEqual({ kind: 'done' });
    expect(noted(dead(), plusSeconds(AT, 1)).kind).toBe('write');
    expect(noteDeadOwner(claimed().key, 'another', note)).toEqual({ kind: 'done' });
    expect(noted(bootstrapped().key)).toEqual({ kind: 'done' });
  });

  test('makes consents void: whoever consented while the owner lived did not consent to this', () => {
    const living = claimed();
    const { rev } = living.key;
    living.apply(noted(living.key));
    expect(living.key.rev).toBe(rev + 1);
  });

  test('quarantines the key while a repair is under way, which was consented to before', () => {
    const under = repairing(claimed().key);
    expect(noted(under)).toMatchObject({ next: { endedOwner: { rotationId: A1, at: AT }, quarantine: note }, note: { type: 'KeyQuarantined' } });
    expect(noted({ ...under, endedOwner: { rotationId: A1, at: AT } })).toEqual({ kind: 'done' });
  });

  test('lets the window begin again, with new attempts, when the key has been repaired', () => {
    expect(repaired(dead())).toMatchObject({ next: { rotationDueAt: SOON, dueAt: SOON, window: { attempt: 1, lastAttempt: 3 } } });
  });

  test.each<[string, () => ManagedKey]>([
    ['the owner lives', () => claimed().key],
    ['another owner has ended', () => ({ ...claimed().key, endedOwner: { rotationId: 'another', at: AT } })],
    ['nobody owns the key', () => ({ ...dead(), lease: null })],
    ['the key is quarantined, too', () => ({ ...dead(), quarantine: note })],
  ])('leaves everything as it is after a repair when %s', (_, make) => {
    const key = make();
    expect(repaired(key)).toMatchObject({ kind: 'write', next: { rotationDueAt: key.rotationDueAt, dueAt: key.dueAt, window: key.window } });
  });
});

test('a pause that somebody else sets until the same time is a new one', () => {
  const paused: ManagedKey = { ...bootstrapped().key, pause: { ...note, until: LATE } };
  expect(setPause(paused, note, LATE)).toEqual({ kind: 'done' });
  expect(setPause(paused, { ...note, by: 'eve' }, LATE)).toMatchObject({ next: { pause: { by: 'eve' } } });
});

test('only an answer that has its outcome is noted', () => {
  const asked = { id: 'a1', key: 'orders', purpose: 'revoke', question: '?', rev: 1, requestedBy: 'b', requestedAt: AT, expiresAt: LATE, approversNeeded: 2, rotationId: null, version: 1, errorClass: null, facts: {}, votes: [{ answer: 'approve', by: 'c', at: AT, reason: 'r' }], outcome: null } as const;
  expect(noteAnswer(bootstrapped().key, asked)).toEqual({ kind: 'done' });
  expect(noteAnswer(bootstrapped().key, { ...asked, votes: [], outcome: 'approve' })).toEqual({ kind: 'done' });
});

describe('a rescue', () => {
  const rescue = { by: 'rescue-version', at: LATE, reason: 'used' };

  test('is of what keyturn has retired or is retiring, and of what a rescue is not done with', () => {
    const { key } = draining();
    const version = key.versions['v1']!;
    expect(isRescuable(key, version)).toBe(false);
    expect(isRescuable({ ...key, rescues: { v1: rescue } }, version)).toBe(true);
    expect(isRescuable({ ...key, rescues: { v2: rescue } }, key.versions['v2']!)).toBe(false);
    expect(isRescuable({ ...key, intent: { kind: 'create', version: 1, at: AT } }, version)).toBe(false);
    expect(isRescuable({ ...key, intent: { kind: 'disable', version: 1, at: AT } }, version)).toBe(true);
  });

  test('of a version that is gone has nothing to do', () => {
    expect(() => commitRescue(disabled().key, 9, rescue)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/v9 is not in the registry: there is nothing to rescue/) }));
    expect(() => commitRescue(bootstrapped().key, 1, rescue)).toThrow(/v1 is ACTIVE: there is nothing to rescue/);
  });

  test('takes back no deletion that a freeze finds committed, even if its intent is still there', () => {
    expect(deletionsToCancel({ ...revoked().key, intent: { kind: 'revoke', version: 1, at: AT } }, true)).toEqual([]);
  });
});

describe('an emergency that begins', () => {
  const begun = (key: ManagedKey) => beginEmergency({ ...key, emergency: { ...endangered().key.emergency!, version: 2 } }, LATE);

  test('completes the window whose promotion it interrupts, and no other', () => {
    const { key } = draining();
    const open = { ...key, completedWindow: null };
    const v2 = (change: Partial<KeyVersion>): ManagedKey => ({ ...open, versions: { ...key.versions, v2: { ...key.versions['v2']!, ...change } } });
    expect(begun(open).completedWindow).toBe(NEXT_WINDOW);
    expect(begun({ ...open, window: { id: '20260928T0000Z', attempt: 1 } }).completedWindow).toBeNull();
    expect(begun({ ...open, window: null }).completedWindow).toBeNull();
    expect(begun(v2({ emergency: 1 })).completedWindow).toBeNull();
    expect(begun(v2({ status: 'PENDING', activatedAt: undefined } as never)).completedWindow).toBeNull();
  });

  test('of a key without one changes nothing', () => {
    const key: ManagedKey = { ...bootstrapped().key, emergency: null };
    expect(beginEmergency(key, LATE)).toBe(key);
  });

  test('leaves the deadline of a bake as it is', () => {
    const { key } = disabled();
    const marked = beginEmergency({ ...v1(key, {}), emergency: { ...endangered().key.emergency!, version: 1 } }, LATE);
    expect(marked.versions['v1']).toMatchObject({ compromisedAt: LATE, revokeNotBefore: key.versions['v1']!.revokeNotBefore });
  });
});

test('a key is overdue a day after the answers of its dependents could have come', () => {
  const dependent = (acknowledgeWithinSeconds: number) => ({ name: 'a', kind: 'event', principal: 'arn:a', acknowledgeWithinSeconds }) as const;
  const { key } = bootstrapped({ startSpreadSeconds: 0 });
  const waiting: ManagedKey = { ...key, policy: { ...key.policy, dependents: [dependent(3600), dependent(7200)] } };
  const first = overdueAt(key)!;
  expect(overdueAt(waiting)).toBe(plusSeconds(first, 7200));
  expect([plusSeconds(first, -1), plusSeconds(first, 1)].map((at) => isOverdue(key, at))).toEqual([false, true]);
  expect(first).toBe(plusSeconds(AT, key.policy.rotateEverySeconds + OVERDUE_GRACE_SECONDS));
});

test('a retirement has been pending for very long a month after its deadline: of the drain, and once disabled of the bake', () => {
  const left = (key: ManagedKey): ManagedKey => ({ ...key, retirementPending: [1] });
  const [draining1, baking] = [left(draining().key), left(disabled().key)];
  const late = (deadline: string | undefined, seconds = 0): string => plusSeconds(deadline!, RETIREMENT_PENDING_SECONDS + seconds);
  const pending = (key: ManagedKey, at: string) => retirementsPendingTooLong(key, at).map(({ number }) => number);
  const [drainEnd, bakeEnd] = [draining1.versions['v1']!.disableNotBefore, baking.versions['v1']!.revokeNotBefore];
  expect([pending(draining1, late(drainEnd, -1)), pending(draining1, late(drainEnd))]).toEqual([[], [1]]);
  expect([pending(baking, late(bakeEnd, -1)), pending(baking, late(bakeEnd))]).toEqual([[], [1]]);
  expect(pending(v1(baking, { revokeNotBefore: undefined } as never), '2099-01-01T00:00:00.000Z')).toEqual([]);
});

test('what all keys come to is added up', () => {
  const one: Totals = { overdueKeys: 1, frozenKeys: 2, quarantinedKeys: 3, oldestUnansweredApprovalSeconds: 4, undeliveredAlerts: 5, failedChecks: 6 };
  expect(added(one, { ...one, oldestUnansweredApprovalSeconds: 9 })).toEqual({ overdueKeys: 2, frozenKeys: 4, quarantinedKeys: 6, oldestUnansweredApprovalSeconds: 9, undeliveredAlerts: 10, failedChecks: 12 });
});

test('an alert that is raised again is remembered once, as the newest', () => expect(withAlerted(['a', 'b'], 'a')).toEqual(['b', 'a']));
