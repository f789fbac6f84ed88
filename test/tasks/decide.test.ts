import type { Approval, Vote } from '../../lambdas/domain/approval';
import { quarantine } from '../../lambdas/domain/operations';
import { decide, decideBody } from '../../lambdas/tasks/decide';
import type { Kit } from './kit';
import { bootstrapped, draining, kitOf, note, refusal, SECOND, SETTLED } from './lives';
import { ALICE, BOB, ID, open, vote, waiting } from './approvals';

describe('Decide', () => {
  type Body = Parameters<ReturnType<typeof decide>>[0];
  const act = (kit: Kit, body: Body, by = ALICE) => decide(kit)(body, { arn: by, at: SETTLED });
  const answer = (kit: Kit, vote_: Vote['answer'] = 'approve', by = ALICE) => act(kit, { action: 'answer', approvalId: ID, answer: vote_, reason: 'fine' }, by);

  test('counts an answer, and carries out what it decides', async () => {
    const kit = kitOf(draining);
    waiting(kit);
    expect(await answer(kit)).toEqual({ status: 'done', message: `${ID}: approve. The execution goes on.`, approvalId: ID });
    expect(kit.effects).toEqual(['vote 1 approve', 'ApprovalAnswered', 'wake token', `carriedOut ${ID}`]);
    expect(kit.asked.get(ID)?.votes).toEqual([vote()]);
  });

  test('waits for the second of two people', async () => {
    const kit = kitOf(draining);
    waiting(kit, { approversNeeded: 2 });
    expect(await answer(kit)).toEqual({ status: 'asked', message: `counted; 2 different people must approve ${ID}`, approvalId: ID });
    expect(await answer(kit)).toEqual({ status: 'asked', message: `counted; 2 different people must approve ${ID}`, approvalId: ID });
    expect(kit.effects).toEqual(['vote 1 open']);
    expect(await answer(kit, 'approve', BOB)).toMatchObject({ status: 'done' });
  });

  test('what was answered so before is carried out if that is open, and not once more', async () => {
    const kit = kitOf(draining);
    waiting(kit, { votes: [vote()], outcome: 'approve' });
    expect(await answer(kit)).toEqual({ status: 'unchanged', message: `${ID}: approve. The execution goes on.`, approvalId: ID });
    kit.effects.length = 0;
    expect(await answer(kit)).toEqual({ status: 'unchanged', message: `${ID}: approve. That was carried out before; nothing was changed`, approvalId: ID });
    expect(kit.effects).toEqual([]);
  });

  test('refuses what is unknown', async () => {
    const kit = kitOf(draining);
    expect(await answer(kit)).toEqual({ status: 'refused', message: `there is no approval ${ID}; nothing was changed` });
    open(kit, { key: 'gone' });
    await expect(answer(kit)).rejects.toEqual(refusal('KeyNotRegistered', `approval ${ID} is about gone, which is not in the registry`));
  });

  test('refuses to count an answer about a frozen key, but for a repair', async () => {
    const kit = kitOf(draining);
    kit.freezes.set('orders', note);
    open(kit);
    expect(await answer(kit)).toEqual({ status: 'refused', message: 'orders is frozen: audit. Repair it first (keyturn repair orders); nothing was changed' });
    open(kit, { purpose: 'repair', rotationId: null, facts: { repair: '{}' } });
    expect(await answer(kit)).toMatchObject({ status: 'done', message: `${ID}: approve. The repair has started; keyturn status shows how it goes.` });
    expect(kit.effects).toEqual(['vote 1 approve', 'ApprovalAnswered', `repair orders ${ID}`, `carriedOut ${ID}`]);
  });

  test('counts again when another answer came in between, and gives up in the end', async () => {
    const kit = kitOf(draining);
    waiting(kit);
    kit.once('approvals.record', () => 'conflict');
    expect(await answer(kit)).toMatchObject({ status: 'done' });
    const busy = kitOf(draining);
    waiting(busy);
    let tries = 0;
    busy.always('approvals.record', () => ((tries += 1), 'conflict'));
    await expect(answer(busy)).rejects.toEqual(refusal('RegistryBusy', `approval ${ID} was answered by others 5 times while this answer was counted; answer again`));
    expect(tries).toBe(5);
  });

  test('refuses by the rules', async () => {
    const kit = kitOf(draining);
    waiting(kit, { requestedBy: ALICE });
    expect(await answer(kit)).toEqual({ status: 'refused', message: `approval ${ID} of orders: ${ALICE} requested it and cannot approve it; another person must` });
    expect(kit.effects).toEqual([]);
  });

  test('wakes whoever waits for the answer to a void question, so that it asks anew', async () => {
    const kit = kitOf(draining);
    waiting(kit, { rev: 1 });
    expect(await answer(kit)).toEqual({ status: 'refused', message: expect.stringMatching(new RegExp(`it is void and changes nothing.*\\. ${SECOND} was woken and asks anew about the key as it is now$`)) });
    expect(kit.effects).toEqual(['wake token']);
    waiting(kit, { rev: 1, rotationId: null });
    expect((await answer(kit)).message).toMatch(/\. The execution was woken and asks anew/);
    kit.effects.length = 0;
    kit.waiters.clear();
    expect((await answer(kit)).message).toMatch(/then ask anew$/);
    waiting(kit, { rev: 1, purpose: 'emergency' });
    expect((await answer(kit)).message).toMatch(/then ask anew$/);
    expect(kit.effects).toEqual([]);
  });

  test('of an outcome that somebody else has written meanwhile carries out what was counted', async () => {
    const kit = kitOf(draining);
    waiting(kit, { isCarriedOut: true });
    expect(await answer(kit)).toMatchObject({ status: 'done' });
  });

  test('lifts a quarantine by one person who has looked', async () => {
    const kit = kitOf(bootstrapped);
    kit.living.apply(quarantine(kit.orders, note));
    const lift = () => act(kit, { action: 'lift', key: 'orders', reason: 'fine' });
    expect(await lift()).toEqual({ status: 'done', message: 'orders: the quarantine is lifted; the next firing of the schedule goes on' });
    expect(kit.living.ledger.at(-1)).toMatchObject({ type: 'QuarantineLifted', by: ALICE, at: SETTLED, facts: { reason: 'fine' } });
    expect(await lift()).toEqual({ status: 'unchanged', message: 'orders is not quarantined' });
    expect(kit.effects).toEqual(['QuarantineLifted']);
  });

  describe('asks for a repair', () => {
    const repair = (kit: Kit, change: Extract<Body, { action: 'repair' }>['repair']) => act(kit, { action: 'repair', key: 'orders', repair: change, reason: 'fine' });
    const frozen = (): Kit => {
      const kit = kitOf(draining);
      kit.freezes.set('orders', note);
      return kit;
    };

    test('of a frozen key', async () => {
      const kit = frozen();
      const told = await repair(kit, { kind: 'repoint-alias' });
      const [approval] = kit.asked.values();
      const question = 'orders is frozen. Point the alias to the ACTIVE version again? (fine)';
      expect(told).toEqual({ status: 'asked', message: `another person must approve ${approval?.id}: ${question}`, approvalId: approval?.id });
      expect(approval).toMatchObject({ purpose: 'repair', question, version: null, rotationId: SECOND, requestedBy: ALICE, requestedAt: SETTLED, facts: { repair: '{"kind":"repoint-alias"}', reason: 'fine' } });
      expect(kit.effects.slice(0, 2)).toEqual(['ask repair', 'ApprovalRequested']);
      expect(kit.told).toHaveLength(1);
    });

    test('also of a key that nobody owns', async () => {
      const kit = kitOf(bootstrapped);
      kit.freezes.set('orders', note);
      expect(await repair(kit, { kind: 'compare' })).toMatchObject({ status: 'asked' });
    });

    test('once, while it is open; then it is another question', async () => {
      const kit = frozen();
      const first = await repair(kit, { kind: 'compare' });
      expect(await repair(kit, { kind: 'compare' })).toEqual(first);
      expect(await repair(kit, { kind: 'repoint-alias' })).not.toEqual(first);
      const asked = kit.asked.get(first.approvalId ?? '')!;
      kit.asked.set(asked.id, { ...asked, outcome: 'deny' });
      const again = await repair(kit, { kind: 'compare' });
      expect(again.approvalId).not.toBe(first.approvalId);
      expect(kit.asked.size).toBe(3);
    });

    test('a bounded number of times about the same state', async () => {
      const kit = frozen();
      let asked = 0;
      kit.always('approvals.open', (_next, approval: Approval) => ((asked += 1), { ...approval, outcome: 'deny' }));
      await expect(repair(kit, { kind: 'compare' })).rejects.toEqual(refusal('RotationNotAllowed', 'orders: the same was asked 20 times about the same state of the key; somebody has to find out why'));
      expect(asked).toBe(20);
    });

    test('also where the ledger takes no note', async () => {
      const kit = frozen().fails('registry.transactFrozen', 'LedgerMismatch');
      expect(await repair(kit, { kind: 'rebaseline-ledger' })).toMatchObject({ status: 'asked' });
      await expect(repair(frozen().fails('registry.transactFrozen', 'RegistryBusy'), { kind: 'compare' })).rejects.toEqual(refusal('RegistryBusy'));
      const bug = frozen().always('registry.transactFrozen', () => {
        throw Object.assign(new Error('bug'), { name: 'LedgerMismatch' });
      });
      await expect(repair(bug, { kind: 'compare' })).rejects.toThrow('bug');
    });

    test('and of nothing that cannot be made', async () => {
      const kit = kitOf(draining);
      expect(await repair(kit, { kind: 'compare' })).toEqual({ status: 'refused', message: 'orders is not frozen; there is nothing to repair' });
      kit.freezes.set('orders', note);
      const unknown = { status: 'refused', message: 'orders has no v7 that a repair could change; it has v1 (DEPRECATED), v2 (ACTIVE). Nothing was asked' };
      expect(await repair(kit, { kind: 'enable', version: 7 })).toEqual(unknown);
      expect(await repair(kit, { kind: 'cancel-deletion', version: 7 })).toEqual(unknown);
      kit.edit({ versions: {} });
      expect((await repair(kit, { kind: 'enable', version: 7 })).message).toContain('it has none. Nothing was asked');
      kit.livings.clear();
      expect(await repair(kit, { kind: 'compare' })).toEqual({ status: 'refused', message: 'orders is not in the registry' });
      expect(kit.effects).toEqual([]);
    });

    test.each(['enable', 'cancel-deletion'] as const)('%s of a version that there is', async (kind) => {
      expect(await repair(frozen(), { kind, version: 1 })).toMatchObject({ status: 'asked' });
    });
  });

  test('asks whether the owner may be stopped, if there is one', async () => {
    const kit = kitOf(draining);
    expect(await act(kit, { action: 'break-glass', key: 'orders', reason: 'stuck' })).toMatchObject({ status: 'asked' });
    expect([...kit.asked.values()]).toMatchObject([{ purpose: 'break-glass', question: 'Stop the execution that owns orders, so that another takes over? (stuck)', facts: { reason: 'stuck' }, rotationId: SECOND }]);
    const free = kitOf(bootstrapped);
    expect(await act(free, { action: 'break-glass', key: 'orders', reason: 'stuck' })).toEqual({ status: 'refused', message: 'nobody owns orders; there is nothing to break' });
    free.freezes.set('orders', note);
    expect(free.effects).toEqual([]);
  });

  test('reads what the key names before it notes one more, only once there are many', async () => {
    const kit = kitOf(draining);
    kit.freezes.set('orders', note);
    const ids = Array.from({ length: 15 }, (_, index) => `b${index}`);
    for (const id of ids) open(kit, { id, purpose: 'repair', requestedBy: BOB });
    const ask = () => act(kit, { action: 'repair', key: 'orders', repair: { kind: 'compare' }, reason: 'fine' });
    kit.edit({ approvals: ids });
    await expect(ask()).rejects.toEqual(refusal('RotationNotAllowed', '15 requests are pending'));
    for (const id of ids.slice(1)) open(kit, { id, purpose: 'repair', requestedBy: BOB, isCarriedOut: true, outcome: 'deny' });
    kit.edit({ approvals: ['gone', ...ids.slice(1)] });
    expect(await ask()).toMatchObject({ status: 'asked' });
    expect(kit.orders.approvals).toHaveLength(16);
    const few = kitOf(draining).edit({ approvals: ids.slice(1) }).fails('approvals.read');
    expect(await act(few, { action: 'break-glass', key: 'orders', reason: 'stuck' })).toMatchObject({ status: 'asked' });
    const noted = kitOf(draining);
    const { approvalId = '' } = await act(noted, { action: 'break-glass', key: 'orders', reason: 'stuck' });
    noted.edit({ approvals: [...ids, approvalId] }).fails('approvals.read');
    expect(await act(noted, { action: 'break-glass', key: 'orders', reason: 'stuck' })).toMatchObject({ status: 'asked' });
  });

  const put = { action: 'answer', approvalId: ID, answer: 'approve', reason: 'fine' };
  test.each([
    [put, true], [{ ...put, answer: 'deny' }, true], [{ ...put, answer: 'resume' }, true], [{ ...put, answer: 'abort' }, true], [{ ...put, answer: 'perhaps' }, false], [{ ...put, approvalId: `${ID}a` }, false], [{ ...put, approvalId: `g${ID.slice(1)}` }, false], [{ ...put, approvalId: ID.slice(1) }, false], [{ ...put, more: 1 }, false], [{ ...put, reason: '' }, false],
    [{ action: 'lift', key: 'orders', reason: 'fine' }, true], [{ action: 'lift', key: 'orders', reason: 'fine', more: 1 }, false],
    [{ action: 'break-glass', key: 'orders', reason: 'fine' }, true], [{ action: 'break-glass', key: 'orders', reason: 'fine', more: 1 }, false],
    [{ action: 'repair', key: 'orders', reason: 'fine', repair: { kind: 'compare' } }, true], [{ action: 'repair', key: 'orders', reason: 'fine' }, false], [{ action: 'repair', key: 'orders', reason: 'fine', repair: { kind: 'compare' }, more: 1 }, false],
    [{ action: 'delete', key: 'orders', reason: 'fine' }, false],
  ])('understands %j: %s', (body, isOne) => expect(decideBody.safeParse(body).success).toBe(isOne));

  test('says what an approval id looks like', () => expect(JSON.stringify(decideBody.safeParse({ ...put, approvalId: 'x' }).error?.issues)).toContain('an approval id has 20 hexadecimal digits; keyturn approvals lists them'));
});
