import { KEY_TAGS } from '../../lambdas/contract/names';
import type { Approval } from '../../lambdas/domain/approval';
import type { Repair } from '../../lambdas/domain/repair';
import { beginRepair as begin } from '../../lambdas/domain/repair-steps';
import { intendPromote } from '../../lambdas/domain/promotion';
import { intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { applyRepair } from '../../lambdas/tasks/apply-repair';
import { beginRepair } from '../../lambdas/tasks/begin-repair';
import { confirmRepair } from '../../lambdas/tasks/confirm-repair';
import { begunRepairInput, repairInput } from '../../lambdas/tasks/repair-input';
import { intendCreate } from '../support/intend-create';
import type { LivingKey } from '../domain/living-key';
import type { Kit } from './kit';
import { bootstrapped, disabled, draining, kitOf, LATE, LATER, note, prepared, refusal, revoked, rotating, SECOND, SETTLED } from './lives';

const ID = 'a'.repeat(20);
const ALICE = 'arn:aws:iam::111122223333:user/alice';
const ENTERED = LATER;
const input = { key: 'orders', approval: ID, repairId: `repair-${ID}`, enteredAt: ENTERED };

/** A frozen key, and a repair that somebody has approved. */
function frozen(make: () => LivingKey, repair: Repair = { kind: 'compare' }, change: Partial<Approval> = {}): Kit {
  const kit = kitOf(make);
  kit.freezes.set('orders', { ...note, reason: 'alias moved' });
  const approval: Approval = {
    id: ID, key: 'orders', purpose: 'repair', question: '?', rev: kit.orders.rev, requestedBy: 'arn:bob', requestedAt: SETTLED, expiresAt: ENTERED, approversNeeded: 1, rotationId: null, version: null, errorClass: null,
    facts: { repair: JSON.stringify(repair), reason: 'fine' }, votes: [{ answer: 'approve', by: ALICE, at: SETTLED, reason: 'fine' }], outcome: 'approve', ...change,
  };
  kit.asked.set(ID, approval);
  return kit;
}

/** One that has begun. */
function begun(make: () => LivingKey, repair?: Repair): Kit {
  const kit = frozen(make, repair);
  kit.living.apply(begin(kit.orders, kit.asked.get(ID)!, repair ?? { kind: 'compare' }, SETTLED));
  return kit;
}

const apply = (kit: Kit, change = {}) => applyRepair(kit)({ ...input, fence: kit.orders.fence, ...change });

describe('Begin Repair', () => {
  test('raises the token for what was approved, once', async () => {
    const kit = frozen(draining);
    expect(await beginRepair(kit)(input)).toEqual({ fence: 3 });
    expect(await beginRepair(kit)(input)).toEqual({ fence: 3 });
    expect(kit.effects).toEqual(['RepairBegun']);
    expect(kit.orders.repair).toEqual({ approvalId: ID, requestedBy: 'arn:bob', approvedBy: [ALICE], begunAt: ENTERED });
  });

  test('a repetition does not mind that the key has moved since', async () => {
    const kit = frozen(draining);
    await beginRepair(kit)(input);
    kit.edit({ rev: 99 });
    expect(await beginRepair(kit)(input)).toEqual({ fence: 3 });
  });

  test('refuses an approval that is no consent to the key as it is now', async () => {
    const kit = frozen(draining);
    const { rev } = kit.orders;
    kit.edit({ rev: 99 });
    await expect(beginRepair(kit)(input)).rejects.toEqual(refusal('RotationNotAllowed', `orders: approval ${ID} is no consent to the key as it is now (revision ${rev}, now 99); nothing was changed. Look at the key, then ask anew`));
    await expect(beginRepair(frozen(draining, undefined, { outcome: null }))(input)).rejects.toEqual(refusal('RotationNotAllowed', 'is no consent'));
    const other = frozen(draining, undefined, { outcome: null }).edit({ repair: { approvalId: 'another', requestedBy: 'x', approvedBy: [], begunAt: SETTLED } });
    await expect(beginRepair(other)(input)).rejects.toEqual(refusal('RotationNotAllowed', 'is no consent'));
    expect([...kit.effects, ...other.effects]).toEqual([]);
  });

  test('refuses a key that is not frozen any more', async () => {
    const kit = frozen(draining);
    kit.freezes.clear();
    await expect(beginRepair(kit)(input)).rejects.toEqual(refusal('RotationNotAllowed', 'is not frozen'));
  });

  test('a ledger that is started anew goes on behind the last number that is taken, by whomever', async () => {
    const kit = frozen(draining, { kind: 'rebaseline-ledger' });
    const last = kit.living.ledger.at(-1)!;
    kit.living.ledger.push({ ...last, seq: last.seq + 7 });
    await beginRepair(kit)(input);
    expect(kit.orders.seq).toBe(last.seq + 8);
    const short = frozen(draining, { kind: 'rebaseline-ledger' }).edit({ seq: 50 });
    await beginRepair(short)(input);
    expect(short.orders.seq).toBe(51);
    const plain = frozen(draining);
    plain.living.ledger.push({ ...last, seq: last.seq + 7 });
    await beginRepair(plain)(input);
    expect(plain.orders.seq).toBe(last.seq + 1);
    const gone = frozen(draining, { kind: 'rebaseline-ledger' }).once('registry.read', () => undefined);
    expect(await beginRepair(gone)(input)).toEqual({ fence: 3 });
  });

  test.each<[string, object, Partial<Approval>, string, string]>([
    ['under another name', { repairId: 'repair-x' }, {}, 'ExecutionNameMismatch', `the execution is named repair-x, its input makes it repair-${ID}. Start it under that name.`],
    ['of an approval that is unknown', { approval: 'b'.repeat(20), repairId: `repair-${'b'.repeat(20)}` }, {}, 'RotationNotAllowed', `${'b'.repeat(20)} is no approval of a repair of orders; nothing was changed`],
    ['of an approval of something else', {}, { purpose: 'revoke' }, 'RotationNotAllowed', `${ID} is no approval of a repair of orders`],
    ['of an approval about another key', {}, { key: 'payments' }, 'RotationNotAllowed', `${ID} is no approval of a repair of orders`],
    ['of a repair that is unknown', {}, { facts: { repair: '{"kind":"delete"}' } }, 'InvalidTaskInput', `approval ${ID} names a repair that this release does not know; nothing was changed`],
    ['of a repair that is no JSON', {}, { facts: { repair: '{' } }, 'InvalidTaskInput', 'names a repair that this release does not know'],
    ['of no repair', {}, { facts: {} }, 'InvalidTaskInput', 'names a repair that this release does not know'],
  ])('refuses an execution %s', async (_, change, approval, name, message) => {
    const kit = frozen(draining, undefined, approval);
    await expect(beginRepair(kit)({ ...input, ...change })).rejects.toEqual(refusal(name, message));
    expect(kit.effects).toEqual([]);
  });

  test.each([
    [{}, true], [{ key: '' }, false], [{ approval: `${ID}a` }, false], [{ approval: `b${ID}` }, false], [{ approval: ID.slice(1) }, false], [{ approval: `g${ID.slice(1)}` }, false], [{ repairId: '' }, false], [{ repairId: 'x'.repeat(80) }, true], [{ repairId: 'x'.repeat(81) }, false], [{ enteredAt: 'now' }, false], [{ enteredAt: '2026-06-30T03:00:00+02:00' }, true], [{ more: 1 }, false],
  ])('understands %j: %s', (change, isOne) => expect(repairInput.safeParse({ ...input, ...change }).success).toBe(isOne));
  test.each([[{ fence: 1 }, true], [{ fence: 0 }, false], [{ fence: 1.5 }, false], [{}, false]])('behind it a state brings its token: %j %s', (change, isOne) => expect(begunRepairInput.safeParse({ ...input, ...change }).success).toBe(isOne));
});

describe('Apply Repair', () => {
  const MADE = ['RepairMade'];

  test.each<[Repair, string, string]>([
    [{ kind: 'compare' }, 'compare registry and KMS, change nothing, and end the freeze if they agree', 'RepairMade'],
    [{ kind: 'rebaseline-ledger' }, 'start the ledger anew from the registry as it stands', 'LedgerRebaselined'],
  ])('%j changes nothing in KMS', async (repair, words, type) => {
    const kit = begun(draining, repair);
    expect(await apply(kit)).toEqual({ repair: words });
    expect(await apply(kit)).toEqual({ repair: words });
    expect(kit.effects).toEqual([type]);
    expect(kit.orders.repair?.madeAt).toBe(ENTERED);
  });

  test('refuses a repair that is not under way, or a key that is not frozen, or unknown', async () => {
    const kit = begun(draining);
    await expect(apply(kit, { fence: 2 })).rejects.toEqual(refusal('StaleOwner'));
    kit.freezes.clear();
    await expect(apply(kit)).rejects.toEqual(refusal('RotationNotAllowed', 'orders is not frozen any more: there is nothing to repair'));
    kit.livings.clear();
    await expect(applyRepair(kit)({ ...input, fence: 3 })).rejects.toEqual(refusal('KeyNotRegistered', 'orders is not in the registry'));
    expect(kit.effects).toEqual([]);
  });

  describe('points the alias', () => {
    const repair: Repair = { kind: 'repoint-alias' };
    test('to the ACTIVE version again', async () => {
      const kit = begun(draining, repair);
      kit.aliases.set('alias/orders', 'k9');
      await apply(kit);
      expect(kit.effects).toEqual(['moveAlias alias/orders k2', ...MADE]);
    });
    test('away from a version that drains, which then drains as long as at first', async () => {
      const kit = begun(draining, repair);
      kit.aliases.set('alias/orders', 'k1');
      await apply(kit);
      expect(kit.effects).toEqual(['DrainExtended', 'moveAlias alias/orders k2', ...MADE]);
    });
    test('makes it if it is gone', async () => {
      const kit = begun(draining, repair);
      kit.aliases.clear();
      await apply(kit);
      expect(kit.effects).toEqual(['ensureAlias alias/orders k2', ...MADE]);
    });
    test('or finds it there, whatever the state of the key', async () => {
      const kit = begun(draining, repair);
      kit.change('k2', { keyState: 'Disabled' });
      await apply(kit);
      expect(kit.effects).toEqual(MADE);
    });
    test.each<[string, (kit: Kit) => void, string, string]>([
      ['without an ACTIVE version', (kit) => kit.editVersion(2, { status: 'DEPRECATED' }), 'RotationNotAllowed', 'orders: the repair was not made: it has no ACTIVE version that its alias could point to. The key stays frozen; ask for another repair'],
      ['to a key that is not Enabled', (kit) => kit.change('k2', { keyState: 'Disabled' }), 'RotationNotAllowed', 'v2 is not Enabled; enable it, or cancel its deletion, before the alias points to it'],
      ['to a key that KMS does not know', (kit) => kit.kms.delete('k2'), 'RotationNotAllowed', 'v2 is not Enabled'],
    ])('never %s', async (_, change, name, message) => {
      const kit = begun(draining, repair);
      kit.aliases.set('alias/orders', 'k9');
      change(kit);
      await expect(apply(kit)).rejects.toEqual(refusal(name, message));
      expect(kit.effects).toEqual([]);
    });
    test.each([['k9', 'k9'], [undefined, 'no key']])('and reads it back: %s', async (target, words) => {
      const kit = begun(draining, repair);
      kit.aliases.set('alias/orders', 'k9');
      kit.once('keys.moveAlias', () => {
        if (target === undefined) kit.aliases.clear();
      });
      await expect(apply(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', `orders: KMS still shows alias/orders on ${words}`));
      expect(kit.effects).toEqual([]);
    });
  });

  describe('enables', () => {
    const repair: Repair = { kind: 'enable', version: 1 };
    const off = (make: () => LivingKey = draining, keyState = 'Disabled'): Kit => {
      const kit = begun(make, repair);
      kit.change('k1', { keyState });
      return kit;
    };
    test('what somebody disabled', async () => {
      const kit = off();
      await apply(kit);
      expect(kit.effects).toEqual(['enable k1', ...MADE]);
    });
    test('nothing that is Enabled', async () => {
      const kit = begun(draining, repair);
      await apply(kit);
      expect(kit.effects).toEqual(MADE);
    });
    test.each<[string, Kit, string]>([
      ['what is not to be Enabled', off(disabled), 'v1 is DISABLED, and its KMS key is not to be Enabled'],
      ['what is pending deletion', off(draining, 'PendingDeletion'), 'v1 is pending deletion; cancel the deletion instead'],
    ])('never %s', async (_, kit, message) => {
      await expect(apply(kit)).rejects.toEqual(refusal('RotationNotAllowed', `orders: the repair was not made: ${message}. The key stays frozen`));
      expect(kit.effects).toEqual([]);
    });
    test.each([['Disabled', 'Disabled'], [undefined, 'unknown']])('and reads it back: %s', async (keyState, words) => {
      const kit = off();
      kit.once('keys.enable', () => {
        if (keyState === undefined) kit.kms.delete('k1');
      });
      await expect(apply(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', `orders v1: KMS does not show it Enabled yet but ${words}`));
      expect(kit.effects).toEqual([]);
    });
    test('also a key that KMS does not show yet', async () => {
      const kit = off().once('keys.describe', () => undefined);
      await apply(kit);
      expect(kit.effects).toEqual(['enable k1', ...MADE]);
    });
  });

  describe('cancels a deletion', () => {
    const repair: Repair = { kind: 'cancel-deletion', version: 1 };
    test('and enables what is to be Enabled', async () => {
      const kit = begun(draining, repair);
      kit.change('k1', { keyState: 'PendingDeletion' });
      await apply(kit);
      expect(kit.effects).toEqual(['cancelDeletion k1', 'enable k1', ...MADE]);
    });
    test('and leaves Disabled what is to be so', async () => {
      const kit = begun(disabled, repair);
      kit.change('k1', { keyState: 'PendingDeletion' });
      await apply(kit);
      expect(kit.effects).toEqual(['cancelDeletion k1', ...MADE]);
    });
    test('once', async () => {
      const kit = begun(disabled, repair);
      await apply(kit);
      expect(kit.effects).toEqual(MADE);
    });
    test("but not keyturn's own", async () => {
      await expect(apply(begun(revoked, repair))).rejects.toEqual(refusal('RotationNotAllowed', "the deletion of v1 is keyturn's own; hold the key to cancel it"));
    });
    test('and reads it back', async () => {
      const kit = begun(disabled, repair);
      kit.change('k1', { keyState: 'PendingDeletion' });
      kit.once('keys.cancelDeletion', () => undefined);
      await expect(apply(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'orders v1: KMS still shows it PendingDeletion'));
      const gone = begun(disabled, repair);
      gone.kms.delete('k1');
      await expect(apply(gone)).rejects.toEqual(refusal('KmsNotConsistentYet', 'orders v1: KMS still shows it unknown'));
    });
  });

  describe('accepts', () => {
    const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/k9';
    const repair: Repair = { kind: 'accept-key', keyArn: ARN };
    const foreign = (): Kit => {
      const kit = begun(draining, repair);
      kit.add('k9', { keyArn: ARN });
      kit.aliases.set('alias/orders', 'k9');
      return kit;
    };
    const TAGGED = `addTags k9 ${JSON.stringify({ [KEY_TAGS.registry]: 'registry', [KEY_TAGS.key]: 'orders', [KEY_TAGS.version]: '3', [KEY_TAGS.rotation]: `repair-${ID}` })}`;
    const SUPERSEDED = `addTags k2 {"${KEY_TAGS.superseded}":"true"}`;

    test('the key that is in use, as the ACTIVE version, and marks what it replaces', async () => {
      const kit = foreign();
      await apply(kit);
      expect(kit.effects).toEqual([TAGGED, ...MADE, SUPERSEDED]);
      expect(kit.orders.versions).toMatchObject({ v2: { status: 'DEPRECATED', supersededBy: 3 }, v3: { status: 'ACTIVE', kmsKeyId: 'k9', kmsKeyArn: ARN } });
      kit.effects.length = 0;
      await apply(kit);
      expect(kit.effects).toEqual([SUPERSEDED]);
    });

    test('also one that carries our own tags, or that replaces nothing', async () => {
      const kit = foreign();
      kit.key('k9').tags = { [KEY_TAGS.registry]: 'registry', [KEY_TAGS.key]: 'orders' };
      await apply(kit);
      expect(kit.effects).toContain('RepairMade');
      const first = foreign().edit({ versions: {} });
      await apply(first);
      expect(first.effects).toEqual([TAGGED, ...MADE]);
    });

    test.each<[string, (kit: Kit) => void, string]>([
      ['one that KMS does not know', (kit) => kit.kms.delete('k9'), `KMS does not know ${ARN}`],
      ['one that does not fit', (kit) => kit.change('k9', { spec: 'RSA_2048' }), `${ARN} has spec RSA_2048`],
      ['one that is not in use', (kit) => kit.aliases.set('alias/orders', 'k2'), `alias/orders points to k2, not to ${ARN}: only the key that is in use can be accepted`],
      ['one behind no alias', (kit) => kit.aliases.clear(), 'alias/orders points to no key'],
      ['one of another registry', (kit) => void (kit.key('k9').tags = { [KEY_TAGS.registry]: 'other', [KEY_TAGS.key]: 'orders' }), `${ARN} belongs to orders of the registry other (tag keyturn:registry). A key has one registry`],
      ['one of another key', (kit) => void (kit.key('k9').tags = { [KEY_TAGS.registry]: 'registry', [KEY_TAGS.key]: 'payments' }), `${ARN} belongs to payments of the registry registry`],
      ['one of a registry that does not say more', (kit) => void (kit.key('k9').tags = { [KEY_TAGS.registry]: 'registry' }), `${ARN} belongs to a key of the registry registry`],
    ])('never %s', async (_, change, message) => {
      const kit = foreign();
      change(kit);
      await expect(apply(kit)).rejects.toEqual(refusal('RotationNotAllowed', `orders: the repair was not made: ${message}`));
      expect(kit.effects).toEqual([]);
    });
  });

  describe('first ends what the former owner has left open', () => {
    const left = (make: () => LivingKey, intend: (kit: Kit) => void, keyState?: string): Kit => {
      const kit = frozen(make);
      intend(kit);
      kit.living.apply(begin(kit.orders, kit.asked.get(ID)!, { kind: 'compare' }, SETTLED));
      if (keyState !== undefined) kit.change('k1', { keyState });
      return kit;
    };
    const disabling = (kit: Kit): void => void kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, 'call'));
    const revoking = (kit: Kit): void => void kit.living.apply(intendRevoke(kit.orders, kit.living.owner(), 1, LATER, 'call'));
    const promoting = (kit: Kit): void => void kit.living.apply(intendPromote(kit.orders, kit.living.owner(), 2, SETTLED));

    test.each<[string, () => Kit, readonly string[]]>([
      ['a disable that has happened', () => left(draining, disabling, 'Disabled'), ['VersionDisabled']],
      ['a disable that never will', () => left(draining, disabling), ['DisableWithdrawn']],
      ['a disable that came to something else', () => left(draining, disabling, 'PendingDeletion'), ['DisableWithdrawn']],
      ['a revocation that has happened is taken back', () => left(disabled, revoking, 'PendingDeletion'), ['cancelDeletion k1', 'RevokeWithdrawn']],
      ['a revocation that never will', () => left(disabled, revoking), ['RevokeWithdrawn']],
      ['a promotion that never will', () => left(prepared, promoting), ['PromoteWithdrawn']],
    ])('%s', async (_, make, effects) => {
      const kit = make();
      await apply(kit);
      expect(kit.effects).toEqual([...effects, ...MADE]);
      expect(kit.orders.intent).toBeNull();
    });

    test('a promotion that somebody else has overtaken is withdrawn', async () => {
      const kit = left(prepared, promoting);
      kit.add('k9');
      kit.aliases.set('alias/orders', 'k9');
      await apply(kit);
      expect(kit.effects).toEqual(['PromoteWithdrawn', ...MADE]);
    });

    test('but not a creation, nor one that nobody owns', async () => {
      const kit = left(rotating, (one) => one.living.apply(intendCreate(one.orders, one.living.owner(), 2, SETTLED)));
      await apply(kit);
      const nobodys = left(draining, disabling).edit({ lease: null });
      await apply(nobodys);
      expect([...kit.effects, ...nobodys.effects]).toEqual([...MADE, ...MADE]);
    });

    test('and waits for a key that KMS does not show', async () => {
      const kit = left(disabled, revoking);
      kit.kms.delete('k1');
      await expect(apply(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'KMS does not show k1'));
    });

    test('and waits for what cannot be seen', async () => {
      const kit = left(draining, disabling, 'Unavailable');
      await expect(apply(kit)).rejects.toEqual(refusal('KeyStoreNotReady'));
      expect(kit.effects).toEqual([]);
      const bug = left(draining, disabling).always('keys.describe', () => {
        throw Object.assign(new Error('bug'), { name: 'ObservedMismatch' });
      });
      await expect(apply(bug)).rejects.toThrow('bug');
    });
  });
});

describe('Confirm Repair', () => {
  const confirm = (kit: Kit, change = {}) => confirmRepair(kit)({ ...input, fence: kit.orders.fence, ...change });
  const REPAIRED = { outcome: 'repaired', differences: [] };

  test('ends the freeze when registry, KMS and ledger agree, and wakes who waits', async () => {
    const kit = begun(draining);
    const question: Approval = { ...kit.asked.get(ID)!, id: 'b'.repeat(20), purpose: 'recover', rotationId: SECOND };
    kit.asked.set(question.id, question).set('c', { ...question, id: 'c', rotationId: 'another' }).set('d', { ...question, id: 'd', purpose: 'repair' });
    for (const id of [question.id, 'c', 'd']) kit.waiters.set(id, `token of ${id}` as never);
    kit.edit({ approvals: ['gone', 'c', 'd', question.id] });
    expect(await confirm(kit)).toEqual(REPAIRED);
    expect(kit.effects).toEqual(['FreezeLifted', 'thaw', `wake token of ${question.id}`]);
    expect(kit.freezes.size).toBe(0);
    expect(kit.living.ledger.at(-1)).toMatchObject({ at: ENTERED, facts: { approval: ID, reason: 'alias moved' } });
  });

  test('of a key that nobody owns wakes nobody', async () => {
    const kit = begun(bootstrapped);
    kit.asked.set('b', { ...kit.asked.get(ID)!, id: 'b', purpose: 'recover', rotationId: SECOND });
    kit.waiters.set('b', 'token' as never);
    kit.edit({ approvals: ['b'] });
    expect(await confirm(kit)).toEqual(REPAIRED);
    expect(kit.effects).toEqual(['FreezeLifted', 'thaw']);
  });

  test('a repetition finds it lifted, and wakes again', async () => {
    const kit = kitOf(bootstrapped);
    expect(await confirm(kit)).toEqual(REPAIRED);
    expect(kit.effects).toEqual([]);
  });

  test('of a freeze that ended by itself still ends the repair', async () => {
    const kit = begun(draining);
    kit.once('registry.read', async (next: () => Promise<object>) => ({ ...(await next()), freeze: null }));
    expect(await confirm(kit)).toEqual(REPAIRED);
    expect(kit.living.ledger.at(-1)?.facts).toMatchObject({ reason: 'repaired' });
  });

  test.each<[string, (kit: Kit) => void, string]>([
    ['KMS', (kit) => kit.aliases.set('alias/orders', 'k1'), 'alias/orders points to k1, the registry expects k2'],
    ['an open intent', (kit) => kit.edit({ intent: { kind: 'disable', version: 1, at: LATE } }), 'the disable of v1 is open'],
    ['the ledger', (kit) => kit.edit({ head: 'x' }), 'the ledger: the ledger ends at event'],
  ])('tells what still differs: %s', async (_, change, words) => {
    const kit = begun(draining);
    change(kit);
    expect(await confirm(kit)).toEqual({ outcome: 'differs', differences: [expect.stringContaining(words)] });
    expect(kit.freezes.size).toBe(1);
    expect(kit.told).toMatchObject([{ message: expect.stringContaining(words), attributes: { key: 'orders' } }]);
  });

  test('an open creation is no difference', async () => {
    const kit = begun(rotating).edit({ intent: { kind: 'create', version: 2, at: LATE } });
    expect(await confirm(kit)).toEqual(REPAIRED);
  });

  test('waits for what is not clear, unless something differs anyhow', async () => {
    const kit = begun(draining);
    kit.change('k1', { keyState: 'Unavailable' });
    kit.change('k2', { keyState: 'Unavailable' });
    await expect(confirm(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', /^orders: v1 \(k1\) is Unavailable.*; v2 \(k2\) is Unavailable/));
    kit.aliases.set('alias/orders', 'k1');
    expect(await confirm(kit)).toMatchObject({ outcome: 'differs' });
  });

  test('refuses another repair, and a key that is unknown', async () => {
    const kit = begun(draining);
    await expect(confirm(kit, { fence: 2 })).rejects.toEqual(refusal('StaleOwner'));
    const unbegun = frozen(draining);
    await expect(confirm(unbegun)).rejects.toEqual(refusal('StaleOwner'));
    kit.always('registry.read', () => undefined);
    await expect(confirm(kit)).rejects.toEqual(refusal('KeyNotRegistered', 'orders is not in the registry'));
  });
});
