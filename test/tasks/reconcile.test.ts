import { KEY_TAGS } from '../../lambdas/contract/names';
import { MAX_KEYS_PER_RECONCILIATION, MAX_TAGGED_KEYS_PER_RECONCILIATION, ORPHAN_AGE_SECONDS, ORPHAN_DELETION_DAYS } from '../../lambdas/contract/timing';
import { alertOf } from '../../lambdas/domain/alert';
import type { Approval } from '../../lambdas/domain/approval';
import { FIRST_PASS, NO_FINDINGS, NOTHING_COUNTED } from '../../lambdas/domain/findings';
import { plusSeconds } from '../../lambdas/domain/instant';
import { settle } from '../../lambdas/domain/lease';
import { TaskError } from '../../lambdas/domain/task-error';
import { lookForOrphans } from '../../lambdas/tasks/orphans';
import { reconcile, reconcileInput } from '../../lambdas/tasks/reconcile';
import { AT, registered } from '../domain/living-key';
import { Kit } from './kit';
import { bootstrapped, draining, kitOf, note, refusal, SECOND, SETTLED as NOW, withOwnerRunning } from './lives';

const OLD = plusSeconds(NOW, -ORPHAN_AGE_SECONDS);
const tagsOf = (change: Readonly<Record<string, string | undefined>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries<string | undefined>({ [KEY_TAGS.registry]: 'registry', [KEY_TAGS.key]: 'orders', [KEY_TAGS.version]: '2', [KEY_TAGS.rotation]: SECOND, ...change }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

/** v2 of the second rotation has k2; `o1` was made for it, too. */
function withOrphan(change: Parameters<Kit['add']>[1] = {}, tags: Parameters<typeof tagsOf>[0] = {}): Kit {
  const kit = withOwnerRunning(kitOf(draining));
  kit.add('o1', { createdAt: OLD, ...change }, { tags: tagsOf(tags) });
  return kit;
}
const look = (kit: Kit, after: string | null = null, alerted: readonly string[] = []) => lookForOrphans(kit, [...kit.livings.keys()].sort(), after, alerted, NOW);

describe('a key that a known rotation made and that became no version', () => {
  const ASKED = (kit: Kit): string => [...kit.asked.keys()][0] ?? '';

  test('is offered for deletion, once', async () => {
    const kit = withOrphan();
    const report = await look(kit);
    const question = `orphan/o1/${kit.orders.rev}`;
    expect(report).toEqual({ afterKmsKey: null, done: [`asked for approval ${ASKED(kit)} to delete orphan o1`], alerted: [question] });
    expect([...kit.asked.values()]).toMatchObject([{
      purpose: 'delete-orphan', requestedBy: 'reconcile', requestedAt: NOW, version: 2, facts: { kmsKeyId: 'o1' },
      question: `o1 was made by ${SECOND} for v2 of orders, which uses another key. It was never used. Delete it after ${ORPHAN_DELETION_DAYS} days?`,
    }]);
    kit.effects.length = 0;
    expect(await look(kit, null, report.alerted)).toEqual({ afterKmsKey: null, done: [], alerted: [question] });
    expect(kit.effects).toEqual([]);
  });

  test('is deleted once somebody has consented to that', async () => {
    const kit = withOrphan();
    await look(kit);
    const asked = kit.asked.get(ASKED(kit))!;
    const given: Approval = { ...asked, votes: [{ answer: 'approve', by: 'arn:alice', at: NOW, reason: 'fine' }], outcome: 'approve' };
    kit.asked.set(asked.id, given).set('other', { ...given, id: 'other', facts: { kmsKeyId: 'o2' } }).set('repair', { ...given, id: 'repair', purpose: 'repair' }).set('void', { ...given, id: 'void', rev: 0 });
    kit.edit({ approvals: ['gone', 'other', 'repair', 'void', asked.id] });
    kit.effects.length = 0;
    expect((await look(kit)).done).toEqual(['scheduled the deletion of orphan o1']);
    expect(kit.effects).toEqual(['ApprovalAnswered', `scheduleDeletion ${ORPHAN_DELETION_DAYS} o1`, `carriedOut ${asked.id}`]);
    expect(await look(kit)).toMatchObject({ done: [] });
  });

  const consented = async (kit: Kit): Promise<Approval> => {
    await look(kit);
    const asked = kit.asked.get(ASKED(kit))!;
    const given: Approval = { ...asked, votes: [{ answer: 'approve', by: 'arn:alice', at: NOW, reason: 'fine' }], outcome: 'approve' };
    kit.asked.set(asked.id, given);
    kit.edit({ approvals: [asked.id] });
    kit.effects.length = 0;
    return given;
  };

  test('whose deletion somebody takes back is not deleted again by the same consent', async () => {
    const kit = withOrphan();
    const { id } = await consented(kit);
    await look(kit);
    kit.change('o1', { keyState: 'Disabled' });
    kit.effects.length = 0;
    const anew = (await look(kit)).done.join();
    expect(anew).toMatch(/^asked for approval \w+ to delete orphan o1$/);
    expect(anew).not.toContain(id);
    expect(kit.effects).not.toContain(`scheduleDeletion ${ORPHAN_DELETION_DAYS} o1`);
  });

  test('whose deletion is scheduled has no consent that is left', async () => {
    const kit = withOrphan();
    const { id } = await consented(kit);
    kit.once('approvals.markCarriedOut', () => { throw new TaskError('RegistryBusy', 'busy'); });
    await expect(look(kit)).rejects.toEqual(refusal('RegistryBusy'));
    kit.effects.length = 0;
    expect((await look(kit)).done).toEqual([]);
    expect(kit.effects).toEqual([`carriedOut ${id}`]);
  });

  test.each<[string, () => Kit, string]>([
    ['that the ledger knows no intent of', () => withOrphan({}, { [KEY_TAGS.version]: '1' }), 'the ledger knows no intent to make it'],
    ['whose intent the ledger lost', () => {
      const kit = withOrphan();
      kit.living.ledger.splice(0, kit.living.ledger.length, ...kit.living.ledger.filter(({ type }) => type !== 'CreateIntended'));
      return kit;
    }, 'the ledger knows no intent to make it'],
    ['of a version without a key', () => {
      const kit = withOrphan();
      kit.living.ledger.splice(0, kit.living.ledger.length, ...kit.living.ledger.filter(({ type, facts }) => type !== 'VersionCreated' || facts?.['version'] !== 2));
      return kit;
    }, 'v2 has no key yet'],
    ['that the ledger names', () => {
      const kit = withOrphan();
      kit.living.ledger.push({ ...kit.living.ledger[0]!, facts: { kmsKeyId: 'o1' } });
      return kit;
    }, 'the ledger names it'],
    ['that the alias points to', () => {
      const kit = withOrphan();
      kit.aliases.set('alias/orders', 'o1');
      return kit;
    }, 'alias/orders points to it'],
    ['that somebody used', () => {
      const kit = withOrphan();
      kit.key('o1').usage = { lastUsedAt: AT, trackedSince: AT };
      return kit;
    }, `somebody used it at ${AT}`],
    ['whose uses KMS does not know from the first', () => {
      const kit = withOrphan();
      kit.key('o1').usage = { lastUsedAt: null, trackedSince: plusSeconds(OLD, 1) };
      return kit;
    }, `KMS knows of uses since ${plusSeconds(OLD, 1)} only, and it is from ${OLD}`],
    ['of a held key, that somebody used', () => {
      const kit = withOrphan().edit({ hold: note });
      kit.key('o1').usage = { lastUsedAt: AT, trackedSince: AT };
      return kit;
    }, `somebody used it at ${AT}`],
    ['of a quarantined key', () => withOrphan().edit({ quarantine: note }), 'orders is quarantined'],
    ['of a held key', () => withOrphan().edit({ hold: note }), 'orders is held'],
    ['of a frozen key', () => {
      const kit = withOrphan();
      kit.freezes.set('orders', note);
      return kit;
    }, 'orders is frozen'],
    ['that KMS shows no more', () => {
      const kit = withOrphan();
      let looks = 0;
      return kit.always('keys.describe', (next, id: string) => (id === 'o1' && (looks += 1) > 1 ? undefined : next()));
    }, 'KMS does not show it'],
  ])('%s is kept, and told of once', async (_, make, reason) => {
    const kit = make();
    const report = await look(kit);
    expect(kit.told[0]?.message).toContain(`made by ${SECOND}. It is not offered for deletion: ${reason}.`);
    expect(report).toEqual({ afterKmsKey: null, done: [`told: ${kit.told[0]?.subject}`], alerted: [kit.told[0]?.id] });
    expect((await look(kit, null, report.alerted)).done).toEqual([]);
    expect(kit.told).toHaveLength(1);
    expect(kit.asked.size).toBe(0);
  });

  test('is offered if KMS knows its uses from the first', async () => {
    const kit = withOrphan();
    kit.key('o1').usage = { lastUsedAt: null, trackedSince: OLD };
    kit.living.apply(settle(kit.orders, SECOND, NOW));
    expect((await look(kit)).done).toHaveLength(1);
    expect(kit.told).toMatchObject([{ attributes: { stage: 'approval: delete-orphan' } }]);
  });

  test.each<[string, () => Kit]>([
    ['a version', () => withOrphan().always('registry.ownerOf', () => 'orders')],
    ['gone', () => withOrphan().always('keys.describe', () => undefined)],
    ['on its way', () => withOrphan({ keyState: 'PendingDeletion' })],
    ['so new that it may still be written down', () => withOrphan({ createdAt: plusSeconds(OLD, 1) })],
    ['of another registry', () => withOrphan({}, { [KEY_TAGS.registry]: 'other' })],
  ])('is left alone when it is %s', async (_, make) => {
    const kit = make();
    expect(await look(kit)).toEqual({ afterKmsKey: null, done: [], alerted: [] });
    expect(kit.effects).toEqual([]);
  });
});

describe('keys that the registry does not know', () => {
  const REASON = 'KMS has keys of this registry that it does not know, o1 among them: the registry went back';

  test.each<[string, Parameters<typeof tagsOf>[0]]>([
    ['of a rotation that it does not know', { [KEY_TAGS.rotation]: 'another' }],
    ['of a key that it does not know', { [KEY_TAGS.key]: 'payments' }],
    ['that name no key', { [KEY_TAGS.key]: undefined }],
    ['that name no rotation', { [KEY_TAGS.rotation]: undefined }],
  ])('%s show that it went back: everything stands still, once', async (_, tags) => {
    const kit = withOrphan({}, tags);
    kit.enroll(registered({ name: 'billing' }));
    const report = await look(kit);
    expect(report).toEqual({ afterKmsKey: null, done: [`quarantined 2 keys: ${REASON}`], alerted: ['o1'] });
    for (const name of ['orders', 'billing']) expect(kit.livings.get(name)?.key.quarantine).toEqual({ by: 'reconcile', at: NOW, reason: REASON });
    expect(kit.told).toHaveLength(1);
    expect(kit.told[0]?.message).toContain('o1');
    expect(kit.told[0]?.key).toBe(tags?.[KEY_TAGS.rotation] === 'another' || !('keyturn:key' in (tags ?? {})) ? 'orders' : 'billing');
    kit.effects.length = 0;
    expect(await look(kit, null, report.alerted)).toEqual({ afterKmsKey: null, done: [], alerted: ['o1'] });
    expect(kit.effects).toEqual([]);
  });

  test('are told of with all of them, and an orphan beside them is told of, and not offered for deletion', async () => {
    const kit = withOrphan();
    for (const id of ['s2', 's1']) kit.add(id, { createdAt: OLD }, { tags: tagsOf({ [KEY_TAGS.rotation]: 'another' }) });
    expect((await look(kit)).alerted).toEqual(['s1', 's2', 'orphan/o1']);
    expect(kit.told[0]?.message).toMatch(/s1.*s2/);
    expect(kit.told[1]?.message).toContain('It is not offered for deletion: the registry went back, and may know less of it than there is to know.');
    expect(kit.asked.size).toBe(0);
    expect(await look(kit, null, ['s1', 's2', 'orphan/o1'])).toMatchObject({ done: [] });
    expect(kit.asked.size).toBe(0);
  });

  test('also of a frozen key', async () => {
    const kit = withOrphan({}, { [KEY_TAGS.rotation]: 'another' });
    kit.freezes.set('orders', note);
    expect((await look(kit)).done).toEqual([`quarantined 1 keys: ${REASON}`]);
  });

  test('one key that cannot be quarantined keeps no other from it, and is tried again', async () => {
    const kit = withOrphan({}, { [KEY_TAGS.rotation]: 'another' });
    kit.enroll(registered({ name: 'billing' }));
    kit.always('registry.transact', (next, name: string) => {
      if (name === 'billing') throw new Error('busy');
      return next();
    });
    await expect(look(kit)).rejects.toEqual(refusal('RegistryBusy', 'the registry went back, and could not quarantine billing: Error: busy'));
    expect(kit.orders.quarantine).not.toBeNull();
    expect(kit.told[0]?.message).toContain('1 key');
    kit.fails('registry.transact', 'RegistryBusy');
    await expect(look(kit)).rejects.toEqual(refusal('RegistryBusy', /quarantine billing: .*; orders: /));
  });

  test('of an empty registry are told of without an owner', async () => {
    const kit = withOrphan({}, { [KEY_TAGS.key]: 'payments' });
    kit.livings.clear();
    const report = await look(kit);
    expect(report).toEqual({ afterKmsKey: null, done: ['told of 3 keys of this registry, which is empty'], alerted: ['k1', 'k2', 'o1'] });
    expect(kit.told).toMatchObject([{ key: 'orders', attributes: { owner: 'unknown' } }]);
    const nameless = new Kit();
    nameless.add('o1', {}, { tags: { [KEY_TAGS.registry]: 'registry' } });
    await look(nameless);
    expect(nameless.told).toMatchObject([{ key: 'unknown' }]);
  });

  test('whose key is gone by now are told of to nobody', async () => {
    const kit = withOrphan({}, { [KEY_TAGS.rotation]: 'another' });
    let reads = 0;
    kit.always('registry.read', (next) => ((reads += 1) > 1 ? undefined : next()));
    expect((await look(kit)).done).toHaveLength(1);
    expect(kit.told).toEqual([]);
  });
});

describe('a search for orphans', () => {
  const many = (): Kit => {
    const kit = withOrphan({}, { [KEY_TAGS.rotation]: 'another' });
    for (let index = 0; index < MAX_TAGGED_KEYS_PER_RECONCILIATION; index++) kit.add(`a${String(index).padStart(4, '0')}`, {}, { tags: tagsOf() });
    return kit;
  };

  test('goes on where the last one stopped, in order of ids', async () => {
    const kit = many().always('registry.ownerOf', () => 'orders');
    expect((await look(kit)).afterKmsKey).toBe('a0499');
    let asked: string[] = [];
    kit.always('registry.ownerOf', (_next, id: string) => (asked.push(id), 'orders'));
    expect((await look(kit, 'a0499')).afterKmsKey).toBeNull();
    expect(asked).toEqual(['k1', 'k2', 'o1']);
    asked = [];
    expect((await look(kit, 'k1')).afterKmsKey).toBeNull();
    expect(asked).toEqual(['k2', 'o1']);
  });

  test('remembers no more of what was told than one search may find', async () => {
    const kit = withOrphan({}, { [KEY_TAGS.rotation]: 'another' });
    const before = Array.from({ length: MAX_TAGGED_KEYS_PER_RECONCILIATION }, (_, index) => `t${index}`);
    const { alerted } = await look(kit, null, before);
    expect([alerted.length, alerted[0], alerted.at(-1)]).toEqual([MAX_TAGGED_KEYS_PER_RECONCILIATION, 't1', 'o1']);
  });

  test('ends with the first look-up that fails', async () => {
    await expect(look(withOrphan().fails('registry.ownerOf'))).rejects.toEqual(refusal('Throttled'));
  });
});

describe('Reconcile', () => {
  const run = (kit: Kit, at = NOW) => reconcile(kit)({ scheduledTime: at });
  const keys = (count: number): Kit => new Kit(...Array.from({ length: count }, (_, index) => registered({ name: `key-${String(index).padStart(4, '0')}`, startSpreadSeconds: 10 * 365 * 86_400 })));
  const GAUGES = { OverdueKeys: 0, FrozenKeys: 0, QuarantinedKeys: 0, OldestUnansweredApprovalSeconds: 0, UndeliveredAlerts: 0, FailedChecks: 0 };

  test('looks at every key, and tells how all of them stand', async () => {
    const kit = keys(2);
    kit.livings.get('key-0000')!.state = { ...kit.orders, quarantine: note };
    kit.freezes.set('key-0001', note);
    expect(await run(kit)).toMatchObject({ keys: 2, isPassComplete: true, failed: [], unconfirmed: [] });
    expect(kit.gauges).toEqual({ ...GAUGES, OverdueKeys: 2, FrozenKeys: 1, QuarantinedKeys: 1 });
    expect(kit.pass).toMatchObject({ afterKey: null, totals: NOTHING_COUNTED });
  });

  test('says what was done, found and failed, by its key', async () => {
    const kit = withOwnerRunning(kitOf(draining));
    kit.enroll(registered({ name: 'billing', startSpreadSeconds: 10 * 365 * 86_400 }));
    kit.aliases.set('alias/billing', 'k9');
    kit.add('k9');
    kit.edit({ rescues: { v1: note } });
    kit.always('registry.queuedAlerts', (next, name: string) => {
      if (name === 'orders') throw new Error('away');
      return next();
    });
    const report = await run(kit);
    expect(report.done).toContainEqual({ key: 'orders', what: 'finished the rescue of v1' });
    expect(report.failed).toEqual([{ key: 'orders', check: 'undelivered alerts', error: 'Error: away' }]);
    expect(report.unconfirmed).toMatchObject([{ key: 'billing', what: 'alias/billing points to k9, the registry expects no key' }]);
    expect(kit.gauges['FailedChecks']).toBe(1);
  });

  test('a large registry is looked at in several firings, and told of at the end', async () => {
    const kit = keys(MAX_KEYS_PER_RECONCILIATION + 2);
    expect(await run(kit)).toMatchObject({ keys: MAX_KEYS_PER_RECONCILIATION, isPassComplete: false });
    expect(kit.gauges).toEqual({});
    expect(kit.pass.afterKey).toBe('key-0299');
    kit.pass = { ...kit.pass, totals: { ...NOTHING_COUNTED, frozenKeys: 7 } };
    expect(await run(kit)).toMatchObject({ keys: 2, isPassComplete: true });
    expect(kit.gauges['FrozenKeys']).toBe(7);
    expect(kit.pass).toMatchObject({ afterKey: null, totals: NOTHING_COUNTED });
  });

  test('whoever dies leaves what was looked at behind, five keys at a time', async () => {
    const kit = keys(11);
    await run(kit);
    expect(kit.effects.filter((effect) => effect.startsWith('pass'))).toEqual(['pass key-0004', 'pass key-0009', 'pass done']);
    const ten = keys(10);
    await run(ten);
    expect(ten.effects.filter((effect) => effect.startsWith('pass'))).toEqual(['pass key-0004', 'pass done']);
  });

  test('keys are looked at in order, behind the last', async () => {
    const kit = keys(3);
    kit.once('registry.allNames', () => ['key-0002', 'key-0001', 'key-0000']);
    kit.pass = { ...FIRST_PASS, afterKey: 'key-0001' };
    await run(kit);
    expect([...kit.findings.keys()]).toEqual(['key-0002']);
    const unordered = keys(6);
    unordered.once('registry.allNames', async (next: () => Promise<readonly string[]>) => [...(await next())].reverse());
    await run(unordered);
    expect(unordered.effects.filter((effect) => effect.startsWith('pass'))).toEqual(['pass key-0004', 'pass done']);
  });

  test('takes the time of the schedule in any zone', async () => {
    const kit = withOwnerRunning(kitOf(draining));
    await run(kit, '2026-07-01T03:00:00+02:00');
    expect(kit.findings.get('orders')).toMatchObject({ ...NO_FINDINGS, ledger: { wholeAt: NOW } });
  });

  test('alerts about keys that are not registered are delivered, too', async () => {
    const kit = withOwnerRunning(kitOf(bootstrapped));
    const alert = (id: string) => alertOf({ id, key: 'gone', owner: 'o', headline: 'h', stage: 's', severity: 'note', reason: 'r', isEncryptionImpacted: '', isDecryptionValid: '', mustCustomerAct: '', isInterventionSafe: '', next: '', commands: [], runbook: 'b' });
    kit.queued.set('two', { ...alert('two'), key: 'orders' }).set('one', alert('one'));
    expect((await run(kit)).done.slice(0, 2)).toEqual([{ key: 'orders', what: 'delivered alert two' }, { key: 'gone', what: 'delivered alert one' }]);
    kit.queued.set('three', alert('three')).set('four', alert('four'));
    kit.fails('alerts.publish');
    expect(await run(kit)).toMatchObject({ failed: [{ key: 'gone', check: 'undelivered alerts', error: 'Throttled: alerts.publish failed' }] });
    expect(kit.gauges).toMatchObject({ UndeliveredAlerts: 2, FailedChecks: 1 });
    kit.fails('registry.namesWithQueuedAlerts');
    expect(await run(kit)).toMatchObject({ failed: [{ key: '', check: 'undelivered alerts', error: 'Throttled: registry.namesWithQueuedAlerts failed' }] });
    expect(kit.gauges).toMatchObject({ UndeliveredAlerts: 0, FailedChecks: 1 });
  });

  test('a search for orphans that fails is a failed check, and keeps nothing else from being looked at', async () => {
    const kit = withOrphan().fails('keys.taggedKeys');
    kit.pass = { ...FIRST_PASS, afterKmsKey: 'k0', alerted: ['x'] };
    expect(await run(kit)).toMatchObject({ keys: 1, failed: [{ key: '', check: 'orphans', error: 'Throttled: keys.taggedKeys failed' }] });
    expect(kit.gauges['FailedChecks']).toBe(1);
    expect(kit.pass).toMatchObject({ afterKmsKey: 'k0', alerted: ['x'] });
  });

  test('a search for orphans goes on at the next firing', async () => {
    const kit = withOrphan();
    const report = await run(kit);
    expect(report.done[0]).toEqual({ key: '', what: `asked for approval ${[...kit.asked.keys()][0]} to delete orphan o1` });
    expect(kit.pass).toMatchObject({ afterKmsKey: null, alerted: [expect.stringMatching(/^orphan\/o1\//)] });
    kit.pass = { ...FIRST_PASS, afterKmsKey: 'o1' };
    expect((await run(kit)).done).toEqual([]);
  });

  test.each([[{}, false], [{ scheduledTime: NOW }, true], [{ scheduledTime: '2026-07-01T03:00:00+02:00' }, true], [{ scheduledTime: 'now' }, false], [{ scheduledTime: NOW, more: 1 }, false]])('understands %j: %s', (payload, isOne) =>
    expect(reconcileInput.safeParse(payload).success).toBe(isOne));
});
