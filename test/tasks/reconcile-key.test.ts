import { FULL_LEDGER_CHECK_SECONDS, OVERDUE_GRACE_SECONDS, RECONCILE_EVERY_SECONDS, RETIREMENT_PENDING_SECONDS, SECOND_LOOK_SECONDS, TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { alertOf } from '../../lambdas/domain/alert';
import type { Approval } from '../../lambdas/domain/approval';
import { NO_FINDINGS, NOTHING_COUNTED } from '../../lambdas/domain/findings';
import { plusSeconds } from '../../lambdas/domain/instant';
import { intendPromote } from '../../lambdas/domain/promotion';
import { intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { reconcileKey, type KeyReport } from '../../lambdas/tasks/reconcile-key';
import { intendCreate } from '../support/intend-create';
import { NEXT_AT } from '../domain/living-key';
import { endangered, inEmergency, leftPending } from '../domain/runs';
import type { Kit } from './kit';
import { TaskError } from '../../lambdas/domain/task-error';
import { bootstrapped, disabled, draining, kitOf, LATE, LATER, note, prepared, revoked, rotating, SECOND, SETTLED, withOwnerRunning } from './lives';

const living = (make: Parameters<typeof kitOf>[0]): Kit => withOwnerRunning(kitOf(make));
const reconcile = (kit: Kit, at = SETTLED): Promise<KeyReport> => reconcileKey(kit, 'orders', at);
const alert = (id: string) => alertOf({ id, key: 'orders', owner: 'o', headline: 'h', stage: 's', severity: 'note', reason: 'r', isEncryptionImpacted: '', isDecryptionValid: '', mustCustomerAct: '', isInterventionSafe: '', next: '', commands: [], runbook: 'b' });
const ARN = (kit: Kit): string => kit.orders.lease?.executionArn ?? '';
const told = (kit: Kit): readonly string[] => kit.told.map(({ subject }) => subject);
const QUIET: KeyReport = { totals: NOTHING_COUNTED, done: [], failed: [], unconfirmed: [] };

test('a key that is as it should be is left alone; how far its ledger was verified is remembered', async () => {
  const kit = living(bootstrapped);
  expect(await reconcile(kit)).toEqual(QUIET);
  expect(kit.effects).toEqual([]);
  expect(kit.findings.get('orders')).toEqual({ ...NO_FINDINGS, ledger: { seq: kit.orders.seq, hash: kit.orders.head, wholeAt: SETTLED } });
});

test('what is not in the registry any more is left out', async () => {
  const kit = living(bootstrapped);
  kit.livings.clear();
  expect(await reconcile(kit)).toEqual(QUIET);
});

test('what cannot be read, compared or remembered is a failed check, and keeps no other from being made', async () => {
  expect(await reconcile(living(bootstrapped).fails('registry.read'))).toEqual({ ...QUIET, totals: { ...NOTHING_COUNTED, failedChecks: 1 }, failed: [{ key: 'orders', check: 'registry', error: 'Throttled: registry.read failed' }] });
  const kit = living(bootstrapped).fails('registry.queuedAlerts').fails('keys.describe').fails('reconciliation.remember');
  expect(await reconcile(kit)).toMatchObject({ totals: { failedChecks: 3 }, failed: [{ check: 'undelivered alerts' }, { check: 'alias and key states' }, { check: 'memory', error: 'Throttled: reconciliation.remember failed' }] });
});

test('what has not changed is not remembered again', async () => {
  const kit = living(bootstrapped);
  await reconcile(kit);
  kit.fails('reconciliation.remember');
  expect(await reconcile(kit)).toEqual(QUIET);
});

test('frozen and quarantined keys are counted', async () => {
  const kit = living(bootstrapped).edit({ quarantine: note });
  kit.freezes.set('orders', note);
  expect((await reconcile(kit)).totals).toEqual({ ...NOTHING_COUNTED, frozenKeys: 1, quarantinedKeys: 1 });
});

describe('undelivered alerts', () => {
  test('are delivered and struck off', async () => {
    const kit = living(bootstrapped);
    for (const id of ['one', 'two']) kit.queued.set(id, alert(id));
    expect(await reconcile(kit)).toMatchObject({ done: ['delivered alert one', 'delivered alert two'], totals: NOTHING_COUNTED });
    expect(kit.effects).toEqual(['tell one', 'forget one', 'tell two', 'forget two']);
  });

  test('stay where the topic is still away, and are counted', async () => {
    const kit = living(bootstrapped);
    for (const id of ['one', 'two', 'three']) kit.queued.set(id, alert(id));
    let calls = 0;
    kit.always('alerts.publish', (next) => {
      if ((calls += 1) === 1) return next();
      throw new Error('away');
    });
    expect(await reconcile(kit)).toMatchObject({ done: ['delivered alert one'], totals: { undeliveredAlerts: 2, failedChecks: 1 }, failed: [{ key: 'orders', check: 'undelivered alerts', error: 'Error: away' }] });
    expect([...kit.queued.keys()]).toEqual(['two', 'three']);
  });
});

describe('approvals', () => {
  const ID = 'a'.repeat(20);
  function named(kit: Kit, change: Partial<Approval> = {}): void {
    const approval: Approval = {
      id: ID, key: 'orders', purpose: 'recover', question: '?', rev: kit.orders.rev, requestedBy: SECOND, requestedAt: NEXT_AT, expiresAt: plusSeconds(SETTLED, 60), approversNeeded: 1, rotationId: SECOND, version: 1, errorClass: null, facts: {}, votes: [], outcome: null, ...change,
    };
    kit.asked.set(ID, approval);
    kit.waiters.set(ID, 'token' as never);
    kit.edit({ approvals: ['gone', ID] });
  }
  const voted = { votes: [{ answer: 'resume', by: 'arn:alice', at: SETTLED, reason: 'fine' }], outcome: 'resume' } as const;

  test('that are answered are carried out, once', async () => {
    const kit = living(draining);
    named(kit, voted);
    expect((await reconcile(kit)).done).toEqual([`approval ${ID}: The execution goes on.`]);
    expect(kit.effects).toEqual(['ApprovalAnswered', 'wake token', `carriedOut ${ID}`]);
    kit.effects.length = 0;
    expect((await reconcile(kit)).done).toEqual([]);
    expect(kit.effects).toEqual([]);
  });

  test('of orphans are not: they are looked at again first', async () => {
    const kit = living(draining);
    named(kit, { purpose: 'delete-orphan', outcome: 'approve' });
    expect((await reconcile(kit)).done).toEqual([]);
    named(kit, { purpose: 'delete-orphan', outcome: 'deny' });
    expect((await reconcile(kit)).done).toEqual([`approval ${ID}: Nothing was changed.`]);
    named(kit, { purpose: 'repair', outcome: 'approve' });
    expect((await reconcile(kit)).done).toEqual([`approval ${ID}: The repair has started; keyturn status shows how it goes.`]);
  });

  test('that the key does not allow any more are given up', async () => {
    const kit = living(bootstrapped).edit({ quarantine: note });
    named(kit, { purpose: 'emergency', outcome: 'approve' });
    expect((await reconcile(kit)).done).toEqual([`approval ${ID}: given up: orders: no emergency: it is quarantined: audit. Lift the quarantine first.`]);
    expect(kit.effects).toEqual([`carriedOut ${ID}`]);
    const busy = living(draining).fails('callbacks.wake');
    named(busy, voted);
    expect(await reconcile(busy)).toMatchObject({ done: [], failed: [{ check: 'approvals', error: 'Throttled: callbacks.wake failed' }] });
    const bug = living(draining).always('callbacks.wake', () => {
      throw Object.assign(new Error('bug'), { name: 'RotationNotAllowed' });
    });
    named(bug, voted);
    expect((await reconcile(bug)).failed).toHaveLength(1);
  });

  test('that are open are counted by their age', async () => {
    const kit = living(draining);
    named(kit);
    expect((await reconcile(kit)).totals.oldestUnansweredApprovalSeconds).toBe(86_400);
    named(kit, { requestedAt: plusSeconds(SETTLED, 7) });
    expect((await reconcile(kit)).totals.oldestUnansweredApprovalSeconds).toBe(0);
    named(kit, { rev: 0 });
    expect((await reconcile(kit)).totals.oldestUnansweredApprovalSeconds).toBe(0);
    expect(kit.effects).toEqual([]);
  });

  test('that expire unseen are told of once, and whoever waits is woken', async () => {
    const kit = living(draining);
    named(kit, { expiresAt: SETTLED });
    const report = await reconcile(kit);
    expect(report.done).toEqual([`told: ${told(kit)[0]}`]);
    expect(report.totals.oldestUnansweredApprovalSeconds).toBe(0);
    expect(kit.effects.at(-1)).toBe('wake token');
    expect(kit.findings.get('orders')?.alerted).toEqual([kit.told[0]?.id]);
    expect((await reconcile(kit)).done).toEqual([]);
    expect(kit.told).toHaveLength(1);
    expect(kit.effects.filter((effect) => effect === 'wake token')).toHaveLength(2);
  });

  test('of a key that nobody owns expire quietly', async () => {
    const kit = living(bootstrapped);
    named(kit, { expiresAt: SETTLED });
    expect(await reconcile(kit)).toMatchObject({ done: [], failed: [] });
  });

  test.each<[string, Partial<Approval>]>([['another purpose', { purpose: 'disable' }], ['another owner', { rotationId: 'another' }]])('with %s expire quietly', async (_, change) => {
    const kit = living(draining);
    named(kit, { expiresAt: SETTLED, ...change });
    await reconcile(kit);
    expect(kit.effects).toEqual([]);
  });
});

describe('the owner', () => {
  const dead = (make: Parameters<typeof kitOf>[0] = draining, closedAt: string | null = SETTLED): Kit => {
    const kit = living(make);
    kit.closedAt.set(ARN(kit), closedAt);
    return kit;
  };
  const NOTICED = plusSeconds(SETTLED, RECONCILE_EVERY_SECONDS);

  test('that has ended is found by its lease, after its event had its time', async () => {
    const kit = dead();
    expect((await reconcile(kit, plusSeconds(NOTICED, -1))).done).toEqual([]);
    expect((await reconcile(kit, NOTICED)).done).toEqual([`${SECOND} has ended and holds the lease: quarantined`]);
    expect(kit.orders.quarantine).toEqual({ by: 'reconcile', at: SETTLED, reason: `${SECOND} ended at ${SETTLED} and did not give the key back` });
    expect(kit.told[0]?.message).toContain(`Execution:  ${ARN(kit)}`);
    expect(kit.told[0]?.message).toContain('did not give the key back.\n');
    expect(kit.findings.get('orders')?.alerted).toEqual([`${SECOND}/ended/${SETTLED}/quarantined`]);
    expect((await reconcile(kit, NOTICED)).done).toEqual([]);
    expect(kit.told).toHaveLength(1);
  });

  test('whose end was told of before, by whomever, is not told of again', async () => {
    const kit = dead().edit({ endedOwner: { rotationId: SECOND, at: SETTLED } });
    expect((await reconcile(kit, NOTICED)).done).toEqual([]);
    expect(kit.effects).toEqual([]);
  });

  test('that could not be written down as ended is told of once, and tried again', async () => {
    const kit = dead().once('registry.transact', async () => { throw new TaskError('RegistryBusy', 'busy'); });
    expect((await reconcile(kit, NOTICED)).failed).toEqual([expect.objectContaining({ check: 'owner' })]);
    expect(kit.orders.quarantine).toBeNull();
    expect((await reconcile(kit, NOTICED)).done).toEqual([`delivered alert ${SECOND}/ended/${SETTLED}/quarantined`, `${SECOND} has ended and holds the lease: quarantined`]);
    expect(kit.orders.quarantine).not.toBeNull();
    expect(kit.told).toHaveLength(1);
  });

  test('of a frozen key whose ledger takes no note is told of once; once the freeze is over, the key is quarantined, and that is told of, too', async () => {
    const kit = dead().fails('registry.transactFrozen', 'LedgerMismatch');
    kit.freezes.set('orders', note);
    expect((await reconcile(kit, NOTICED)).done).toEqual([`${SECOND} has ended and holds the lease: frozen`]);
    expect((await reconcile(kit, NOTICED)).done).toEqual([]);
    expect(kit.told.map(({ id }) => id)).toEqual([`${SECOND}/ended/${SETTLED}/frozen`]);
    kit.freezes.clear();
    expect((await reconcile(kit, NOTICED)).done).toContain(`${SECOND} has ended and holds the lease: quarantined`);
    expect(kit.orders.quarantine).not.toBeNull();
    expect(kit.told.map(({ id }) => id)).toContain(`${SECOND}/ended/${SETTLED}/quarantined`);
  });

  test('that somebody else has dealt with meanwhile is told of as it was written down, and nothing is done', async () => {
    const kit = dead().meanwhile('registry.transact', ({ lease }) => ({ lease: { ...lease!, rotationId: 'another' } }));
    expect((await reconcile(kit, NOTICED)).done).toEqual([]);
    expect(kit.orders.quarantine).toBeNull();
    expect(kit.told).toHaveLength(1);
  });

  test('of a quarantined key that an approved emergency waits for is told of once', async () => {
    const kit = dead().edit({ emergency: { ...endangered().key.emergency!, dueAt: LATER }, quarantine: note });
    expect((await reconcile(kit, NOTICED)).done).toEqual([`${SECOND} has ended and holds the lease: quarantined`]);
    expect((await reconcile(kit, NOTICED)).done).toEqual([]);
    expect(kit.told).toHaveLength(1);
  });

  test('that runs, or that nobody is, is left alone', async () => {
    expect((await reconcile(dead(draining, null), LATER)).done).toEqual([]);
    expect((await reconcile(living(bootstrapped).fails('executions.closedAt'))).failed).toEqual([]);
  });

  test('of a frozen key is told of, too', async () => {
    const kit = dead();
    kit.freezes.set('orders', note);
    expect((await reconcile(kit, NOTICED)).done).toEqual([`${SECOND} has ended and holds the lease: frozen`]);
  });

  test('is told of once while an approved emergency waits for the key, which is not quarantined, unless it is frozen', async () => {
    const kit = dead().edit({ emergency: { ...endangered().key.emergency!, dueAt: LATER } });
    expect((await reconcile(kit, NOTICED)).done).toEqual([`${SECOND} has ended and holds the lease: left-to-emergency`]);
    expect((await reconcile(kit, NOTICED)).done).toEqual([]);
    expect(kit.told.map(({ id }) => id)).toEqual([`${SECOND}/ended/${SETTLED}/left-to-emergency`]);
    expect(kit.orders.quarantine).toBeNull();
    kit.freezes.set('orders', note);
    expect((await reconcile(kit, NOTICED)).done).toEqual([`${SECOND} has ended and holds the lease: frozen`]);
  });
});

describe('an approved emergency', () => {
  const NAME = 'orders-20260630T0000Z-e1';
  test('that nobody has started is started', async () => {
    const kit = living(() => endangered());
    expect((await reconcile(kit)).done).toEqual([`${NAME} has started.`]);
  });

  test.each<[string, () => Kit]>([
    ['is done', () => living(() => endangered()).edit(({ emergency }) => ({ emergency: { ...emergency!, isDone: true } }))],
    ['is not due', () => living(() => endangered()).edit(({ emergency }) => ({ emergency: { ...emergency!, dueAt: plusSeconds(SETTLED, 1) } }))],
    ['is under way', () => living(() => inEmergency())],
    ['is of a quarantined key', () => living(() => endangered()).edit({ quarantine: note })],
  ])('that %s is not', async (_, make) => {
    const kit = make();
    expect((await reconcile(kit)).done).toEqual([]);
    expect(kit.effects).toEqual([]);
  });

  test('of a frozen key waits', async () => {
    const kit = living(() => endangered());
    kit.freezes.set('orders', note);
    await reconcile(kit);
    expect(kit.effects).toEqual([]);
  });
});

describe('a scheduled deletion', () => {
  test('of a held key is cancelled', async () => {
    const kit = living(revoked).edit({ hold: { ...note, reason: 'legal' } });
    expect((await reconcile(kit, LATER)).done).toEqual(['cancelled the deletions of a held key']);
    expect(kit.effects).toEqual(['cancelDeletions orders: legal']);
    kit.always('rescuer.cancelDeletions', () => false);
    expect((await reconcile(kit, LATER)).done).toEqual([]);
  });

  test('of a frozen key is, if it was not committed before', async () => {
    const kit = living(disabled).edit({ intent: { kind: 'revoke', version: 1, at: LATER } });
    kit.freezes.set('orders', { ...note, reason: 'moved' });
    expect((await reconcile(kit, LATER)).done).toEqual(['cancelled the deletions of a frozen key']);
    expect(kit.effects).toEqual(['cancelDeletions orders: moved']);
    const lawful = living(revoked);
    lawful.freezes.set('orders', note);
    expect((await reconcile(lawful, LATER)).done).toEqual([]);
  });

  test('of a key that goes on stands', async () => {
    const kit = living(revoked);
    await reconcile(kit, LATER);
    expect(kit.effects).toEqual([]);
  });
});

describe('an open intent of an owner that has ended', () => {
  const ENDED = plusSeconds(LATER, 3600);
  const left = (make: Parameters<typeof kitOf>[0], intend: (kit: Kit) => void): Kit => {
    const kit = living(make);
    intend(kit);
    kit.closedAt.set(ARN(kit), ENDED);
    return kit.edit({ endedOwner: { rotationId: SECOND, at: ENDED }, quarantine: note });
  };
  const disabling = (): Kit => left(draining, (kit) => kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, 'call')));
  const revoking = (): Kit => left(disabled, (kit) => kit.living.apply(intendRevoke(kit.orders, kit.living.owner(), 1, LATER, 'call')));
  const over = plusSeconds(ENDED, TAKEOVER_SECONDS);
  const ended = (kind: string): string => `ended the ${kind} of v1 that ${SECOND} left open`;
  const doneAbout = async (kit: Kit, at = over): Promise<readonly string[]> => (await reconcile(kit, at)).done.filter((line) => line.startsWith('ended'));

  test('ends once nothing of it can be under way, and the rest is looked at as it is then', async () => {
    const kit = disabling();
    kit.change('k1', { keyState: 'Disabled' });
    expect(await doneAbout(kit, plusSeconds(over, -1))).toEqual([]);
    const report = await reconcile(kit, over);
    expect(report.done).toContain(ended('disable'));
    expect(report.unconfirmed).toEqual([]);
    expect(kit.effects.slice(0, 2)).toEqual(['RotationSettled', 'VersionDisabled']);
    expect(kit.living.ledger.at(-2)).toMatchObject({ type: 'RotationSettled', by: 'reconcile', at: over });
    expect(kit.findings.get('orders')?.ledger?.seq).toBe(kit.orders.seq);
  });

  test.each<[string, () => Kit, (kit: Kit) => void]>([
    ['runs', disabling, (kit) => kit.closedAt.set(ARN(kit), null)],
    ['made a version', () => left(rotating, (kit) => kit.living.apply(intendCreate(kit.orders, kit.living.owner(), 2, SETTLED))), () => undefined],
    ['left a frozen key', disabling, (kit) => kit.freezes.set('orders', note)],
    ['left what only a look at all of it explains', disabling, (kit) => kit.change('k1', { keyState: 'PendingDeletion' })],
    ['left a key in a key store that is away', disabling, (kit) => kit.change('k1', { keyState: 'Unavailable' })],
    ['left a key that KMS does not show', disabling, (kit) => kit.kms.delete('k1')],
    ['left nothing', () => left(draining, () => undefined), () => undefined],
    ['owns the key no more', disabling, (kit) => kit.edit({ lease: null })],
  ])('does not end when it %s', async (_, make, change) => {
    const kit = make();
    change(kit);
    const { failed } = await reconcile(kit, over);
    expect(kit.effects.filter((effect) => effect === 'RotationSettled')).toEqual([]);
    expect(failed).toEqual([]);
  });

  test('of a held key does not end revoked: its deletion is cancelled first', async () => {
    const kit = revoking().edit({ hold: note });
    kit.change('k1', { keyState: 'PendingDeletion' });
    expect(await doneAbout(kit)).toEqual([]);
    kit.change('k1', { keyState: 'Disabled' });
    expect(await doneAbout(kit)).toEqual([ended('revoke')]);
    const free = revoking();
    free.change('k1', { keyState: 'PendingDeletion' });
    expect(await doneAbout(free)).toEqual([ended('revoke')]);
    const held = disabling().edit({ hold: note });
    held.change('k1', { keyState: 'Disabled' });
    expect(await doneAbout(held)).toEqual([ended('disable')]);
  });

  test('that cannot be looked at is a failed check', async () => {
    const kit = disabling().once('keys.describe', () => {
      throw new Error('bug');
    });
    expect((await reconcile(kit, over)).failed[0]).toEqual({ key: 'orders', check: 'open intent', error: 'Error: bug' });
    const denied = disabling().fails('keys.describe', 'PermissionDenied');
    expect((await reconcile(denied, over)).failed[0]).toMatchObject({ check: 'open intent', error: 'PermissionDenied: keys.describe failed' });
  });

  test('of a promotion ends by where the alias is', async () => {
    const kit = left(prepared, (one) => one.living.apply(intendPromote(one.orders, one.living.owner(), 2, SETTLED)));
    kit.aliases.set('alias/orders', 'k2');
    expect((await reconcile(kit, over)).done).toContain(`ended the promote of v2 that ${SECOND} left open`);
    expect(kit.effects.slice(0, 2)).toEqual(['RotationSettled', 'VersionPromoted']);
  });
});

describe('a rescue that stands open', () => {
  test('is finished', async () => {
    const kit = living(disabled).edit({ rescues: { v1: note, v2: note } });
    expect((await reconcile(kit, LATER)).done).toEqual(['finished the rescue of v1, v2']);
    expect(kit.effects).toEqual(['finishRescues orders']);
  });

  test('behind the open intent about it is not, yet', async () => {
    const kit = living(disabled).edit({ rescues: { v1: note }, intent: { kind: 'revoke', version: 1, at: LATER } });
    expect((await reconcile(kit, LATER)).done).toEqual([]);
    kit.edit({ rescues: { v1: note, v2: note } });
    expect((await reconcile(kit, LATER)).done).toEqual([]);
    kit.edit({ rescues: { v1: note } });
    kit.edit({ intent: { kind: 'create', version: 3, at: LATER } });
    expect((await reconcile(kit, LATER)).done).toEqual(['finished the rescue of v1']);
  });
});

describe('the ledger', () => {
  const frozenFor = (reason: string): string => `frozen: the ledger: ${reason}`;

  test('that does not verify freezes the key, and names the repair', async () => {
    const kit = living(bootstrapped);
    kit.living.ledger.splice(1, 1);
    const report = await reconcile(kit);
    expect(report.done).toEqual([frozenFor('event 2 is missing: found 3')]);
    expect(report.totals.frozenKeys).toBe(1);
    expect(kit.freezes.get('orders')).toEqual({ by: 'reconcile', at: SETTLED, reason: 'the ledger: event 2 is missing: found 3' });
    expect(kit.told[0]?.message).toContain('keyturn repair orders --kind rebaseline-ledger');
    expect(kit.findings.get('orders')?.ledger ?? null).toBeNull();
  });

  test('is verified from where it was, and all of it once a day', async () => {
    const kit = living(bootstrapped);
    const { seq, head } = kit.orders;
    kit.findings.set('orders', { ...NO_FINDINGS, ledger: { seq, hash: head, wholeAt: NEXT_AT } });
    kit.living.ledger.splice(1, 1);
    const whole = plusSeconds(NEXT_AT, FULL_LEDGER_CHECK_SECONDS);
    expect((await reconcile(kit, plusSeconds(whole, -1))).done).toEqual([]);
    expect(kit.findings.get('orders')?.ledger).toEqual({ seq, hash: head, wholeAt: NEXT_AT });
    expect((await reconcile(kit, whole)).done).toEqual([frozenFor('event 2 is missing: found 3')]);
  });

  test('that goes on from a point is held against that point', async () => {
    const kit = living(draining);
    kit.findings.set('orders', { ...NO_FINDINGS, ledger: { seq: 5, hash: 'other', wholeAt: SETTLED } });
    expect((await reconcile(kit)).done).toEqual([frozenFor('event 6 does not continue its predecessor')]);
    const known = living(draining);
    known.findings.set('orders', { ...NO_FINDINGS, ledger: { seq: 5, hash: known.living.ledger[4]!.hash, wholeAt: SETTLED } });
    expect((await reconcile(known)).done).toEqual([]);
    expect(known.findings.get('orders')?.ledger).toMatchObject({ seq: known.orders.seq, wholeAt: SETTLED });
  });

  test('that went back freezes the key', async () => {
    const kit = living(bootstrapped);
    kit.findings.set('orders', { ...NO_FINDINGS, ledger: { seq: 99, hash: 'x', wholeAt: SETTLED } });
    expect((await reconcile(kit)).done).toEqual([frozenFor(`the registry is at event ${kit.orders.seq}, and was at 99 before`)]);
  });

  test('with an event that nobody counts freezes the key; one that came in since it was read does not', async () => {
    const kit = living(bootstrapped);
    const last = kit.living.ledger.at(-1)!;
    kit.living.ledger.push({ ...last, seq: last.seq + 1 });
    expect((await reconcile(kit)).done).toEqual([frozenFor(`event ${last.seq + 1} stands there, which the registry does not count`)]);
    const moved = living(bootstrapped);
    moved.once('registry.ledger', async (next) => {
      moved.living.apply(intendCreateOf(moved));
      return next();
    });
    expect((await reconcile(moved)).done).toEqual([]);
    expect(moved.findings.get('orders')?.ledger?.seq).toBe(moved.orders.seq - 1);
    const gone = living(bootstrapped);
    gone.living.ledger.push({ ...last, seq: last.seq + 1 });
    gone.once('registry.ledger', async (next) => {
      const events = await next();
      gone.livings.clear();
      return events;
    });
    expect(await reconcile(gone)).toMatchObject({ done: [], failed: [] });
    expect(gone.freezes.size).toBe(0);
  });

  test('without an event of a key that has none is whole', async () => {
    const kit = living(bootstrapped);
    kit.findings.set('orders', { ...NO_FINDINGS, ledger: { seq: kit.orders.seq, hash: kit.orders.head, wholeAt: SETTLED } });
    expect(await reconcile(kit)).toEqual(QUIET);
  });

  test('of a frozen key is left to its repair', async () => {
    const kit = living(bootstrapped);
    kit.living.ledger.splice(1, 1);
    kit.freezes.set('orders', note);
    expect((await reconcile(kit)).done).toEqual([]);
  });

  /** Any event. */
  function intendCreateOf(kit: Kit) {
    return { kind: 'write', next: kit.orders, note: { type: 'HoldSet', at: SETTLED, by: 'x' } } as const;
  }
});

describe('a difference between registry and KMS', () => {
  const WHAT = 'alias/orders points to no key, the registry expects k1';
  const moved = (): Kit => {
    const kit = living(bootstrapped);
    kit.aliases.clear();
    return kit;
  };
  const SECOND_LOOK = plusSeconds(SETTLED, SECOND_LOOK_SECONDS);

  test('is confirmed by a second look, and freezes the key', async () => {
    const kit = moved();
    expect((await reconcile(kit)).unconfirmed).toEqual([{ key: 'orders', what: WHAT, confirmableFrom: SECOND_LOOK }]);
    expect(kit.effects).toEqual([]);
    expect((await reconcile(kit, plusSeconds(SECOND_LOOK, -1))).done).toEqual([]);
    const report = await reconcile(kit, SECOND_LOOK);
    expect(report).toMatchObject({ done: [`frozen: ${WHAT}`], unconfirmed: [], totals: { frozenKeys: 1 } });
    expect(kit.freezes.get('orders')).toEqual({ by: 'reconcile', at: SECOND_LOOK, reason: WHAT });
    expect(kit.told[0]?.message).toContain('keyturn repair orders --kind repoint-alias');
    expect(kit.findings.get('orders')?.difference).toBeNull();
  });

  test('freezes with all that differs', async () => {
    const kit = moved();
    kit.change('k1', { keyState: 'Disabled' });
    await reconcile(kit);
    await reconcile(kit, SECOND_LOOK);
    expect(kit.freezes.get('orders')?.reason).toBe(`${WHAT}; v1 (k1) is Disabled, its status ACTIVE means Enabled`);
  });

  test('that is gone at the second look is forgotten', async () => {
    const kit = moved();
    await reconcile(kit);
    kit.aliases.set('alias/orders', 'k1');
    expect(await reconcile(kit, SECOND_LOOK)).toEqual(QUIET);
    expect(kit.findings.get('orders')?.difference).toBeNull();
  });

  test('beside an owner counts only while that does nothing', async () => {
    const kit = living(draining);
    kit.aliases.clear();
    kit.change('k1', { keyState: 'Disabled' });
    const what = `alias/orders points to no key, the registry expects k2; v1 (k1) is Disabled, its status DEPRECATED means Enabled (at event ${kit.orders.seq})`;
    expect((await reconcile(kit)).unconfirmed).toMatchObject([{ what }]);
    kit.edit(({ seq }) => ({ seq: seq + 1 }));
    kit.always('registry.ledger', () => []);
    kit.findings.set('orders', { ...kit.findings.get('orders')!, ledger: { seq: kit.orders.seq, hash: kit.orders.head, wholeAt: SECOND_LOOK } });
    expect((await reconcile(kit, SECOND_LOOK)).done).toEqual([]);
  });

  test('of a key that moved while it was looked at is judged by the next firing', async () => {
    const kit = moved();
    await reconcile(kit);
    kit.always('keys.describe', async (next) => {
      kit.edit({ seq: 99 });
      return next();
    });
    expect((await reconcile(kit, SECOND_LOOK)).done).toEqual([]);
    const gone = moved();
    await reconcile(gone);
    gone.always('keys.describe', async (next) => {
      gone.livings.clear();
      return next();
    });
    expect(await reconcile(gone, SECOND_LOOK)).toMatchObject({ done: [], failed: [] });
    expect([...kit.effects, ...gone.effects]).toEqual([]);
  });

  test('of a frozen key is old', async () => {
    const kit = moved();
    await reconcile(kit);
    kit.freezes.set('orders', note);
    expect(await reconcile(kit, SECOND_LOOK)).toMatchObject({ done: [], unconfirmed: [] });
  });
});

describe('age', () => {
  test('a key that is overdue is counted at every look, and told of once', async () => {
    const kit = kitOf(bootstrapped, { startSpreadSeconds: 0 });
    const since = plusSeconds('2026-04-01T01:00:00.000Z', 90 * 86_400 + OVERDUE_GRACE_SECONDS);
    expect((await reconcile(kit, plusSeconds(since, -1))).totals.overdueKeys).toBe(0);
    for (const _ of [1, 2]) expect((await reconcile(kit, since)).totals.overdueKeys).toBe(1);
    expect(told(kit)).toEqual(['keyturn: orders: overdue: its ACTIVE version is older than its policy allows']);
    expect(kit.told[0]?.message).toContain(`Overdue since ${since}`);
    expect(kit.findings.get('orders')?.alerted).toEqual(['overdue/orders/20260630T0000Z']);
    kit.edit({ removed: true });
    expect((await reconcile(kit, since)).totals.overdueKeys).toBe(0);
  });

  test('a retirement that has been pending for long is told of once', async () => {
    const kit = kitOf(leftPending);
    const late = plusSeconds(kit.orders.versions['v1']!.disableNotBefore!, RETIREMENT_PENDING_SECONDS);
    for (const _ of [1, 2]) await reconcile(kit, late);
    expect(told(kit)).toHaveLength(1);
    expect(told(kit)[0]).toContain('retirement');
  });
});
