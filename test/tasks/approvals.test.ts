import { FORGOTTEN_AFTER_SECONDS } from '../../lambdas/contract/timing';
import type { Approval, Vote } from '../../lambdas/domain/approval';
import { plusSeconds } from '../../lambdas/domain/instant';
import { quarantine } from '../../lambdas/domain/operations';
import { carryOut } from '../../lambdas/tasks/carry-out';
import { decide, decideBody } from '../../lambdas/tasks/decide';
import { readApproval, readApprovalInput } from '../../lambdas/tasks/read-approval';
import { requestApproval, requestApprovalInput } from '../../lambdas/tasks/request-approval';
import { approvalFor, questionAbout, type Question } from '../../lambdas/tasks/question';
import { NEXT_AT } from '../domain/living-key';
import { endangered, inEmergency } from '../domain/runs';
import type { Kit } from './kit';
import { bootstrapped, draining, kitOf, note, prepared, refusal, ROTATION, SECOND, SETTLED } from './lives';

const user = (name: string): string => `arn:aws:iam::111122223333:user/${name}`;
const [ALICE, BOB] = [user('alice'), user('bob')];
const ID = 'a'.repeat(20);
const EXPIRES = plusSeconds(SETTLED, 3600);
const vote = (answer: Vote['answer'] = 'approve', by = ALICE): Vote => ({ answer, by, at: SETTLED, reason: 'fine' });

/** An approval that the key names. */
function open(kit: Kit, change: Partial<Approval> = {}): Approval {
  const approval: Approval = {
    id: ID, key: 'orders', purpose: 'revoke', question: '?', rev: kit.orders.rev, requestedBy: SECOND, requestedAt: NEXT_AT, expiresAt: EXPIRES, approversNeeded: 1, rotationId: SECOND, version: 1, errorClass: null, facts: {}, votes: [], outcome: null, ...change,
  };
  kit.asked.set(approval.id, approval);
  return approval;
}
const waiting = (kit: Kit, change: Partial<Approval> = {}): Approval => {
  kit.waiters.set(ID, 'token' as never);
  return open(kit, change);
};

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

describe('what was approved is carried out', () => {
  const carry = async (kit: Kit, change: Partial<Approval>): Promise<string> => carryOut(kit, waiting(kit, { votes: [vote()], outcome: 'approve', ...change }));
  const ANSWERED = ['ApprovalAnswered'];
  const MARKED = `carriedOut ${ID}`;

  test.each(['recover', 'disable', 'revoke'] as const)('%s: the workflow is woken', async (purpose) => {
    const kit = kitOf(draining);
    expect(await carry(kit, { purpose })).toBe('The execution goes on.');
    expect(kit.effects).toEqual([...ANSWERED, 'wake token', MARKED]);
  });

  test.each(['emergency', 'break-glass', 'repair', 'delete-orphan'] as const)('%s that was refused changes nothing', async (purpose) => {
    const kit = kitOf(draining);
    expect(await carry(kit, { purpose, votes: [vote('deny')], outcome: 'deny' })).toBe('Nothing was changed.');
    expect(kit.effects).toEqual([...ANSWERED, MARKED]);
  });

  test('delete-orphan is left to the next reconciliation, which marks it', async () => {
    const kit = kitOf(draining);
    expect(await carry(kit, { purpose: 'delete-orphan' })).toBe('The next reconciliation deletes it.');
    expect(kit.effects).toEqual(ANSWERED);
  });

  describe('an emergency', () => {
    const change = { purpose: 'emergency', requestedBy: BOB, version: 1, facts: { reason: 'a leak' } } as const;
    const NAME = 'orders-20260630T0000Z-e1';
    const START = `start ${NAME} {"key":"orders","window":"20260630T0000Z","emergency":1}`;

    test('is written down and started', async () => {
      const kit = kitOf(bootstrapped);
      expect(await carry(kit, change)).toBe(`${NAME} has started.`);
      expect(kit.effects).toEqual([...ANSWERED, 'EmergencyApproved', START, MARKED]);
      expect(kit.orders.emergency).toMatchObject({ approvalId: ID, version: 1, requestedBy: BOB, approvedBy: [ALICE], at: SETTLED, reason: 'a leak' });
    });

    test('without votes, reason or version is what it is', async () => {
      const kit = kitOf(bootstrapped);
      await carry(kit, { ...change, votes: [], facts: {}, version: null });
      expect(kit.orders.emergency).toMatchObject({ version: 0, at: NEXT_AT, reason: '' });
    });

    test('is written down once', async () => {
      const kit = kitOf(bootstrapped);
      await carry(kit, change);
      kit.effects.length = 0;
      await carry(kit, change);
      expect(kit.effects).toEqual([START, MARKED]);
      kit.edit(({ emergency }) => ({ emergency: { ...emergency!, isDone: true } }));
      kit.effects.length = 0;
      expect(await carry(kit, change)).toBe('The emergency is done.');
      expect(kit.effects).toEqual([MARKED]);
    });

    test('of another approval is another one', async () => {
      const kit = kitOf(() => endangered());
      await expect(carry(kit, { ...change, id: 'b'.repeat(20) })).rejects.toEqual(refusal('RotationNotAllowed', 'emergency 1 is under way'));
    });

    test('stops an owner that only drains', async () => {
      const kit = kitOf(draining);
      expect(await carry(kit, { ...change, version: 2 })).toBe(`${NAME} has started.`);
      expect(kit.effects).toEqual([...ANSWERED, 'EmergencyApproved', `stop ${kit.orders.lease?.executionArn}: emergency 1 of orders: a leak`, START, MARKED]);
    });

    test('waits for an owner that makes or promotes a version', async () => {
      const kit = kitOf(prepared);
      expect(await carry(kit, change)).toBe(`${SECOND} is making or promoting a version now; the emergency starts as soon as it has ended.`);
      expect(kit.effects).toEqual([...ANSWERED, 'EmergencyApproved', MARKED]);
    });

    test('does not stop its own run', async () => {
      const kit = kitOf(() => inEmergency()).edit(({ emergency }) => ({ emergency: { ...emergency!, approvalId: ID } }));
      expect(await carry(kit, change)).toBe(`${NAME} has started.`);
      expect(kit.effects).toEqual([...ANSWERED, START, MARKED]);
    });

    test('whose name is used up goes on with the next firing', async () => {
      const kit = kitOf(bootstrapped);
      kit.executionsKnown.set(NAME, 'CLOSED');
      expect(await carry(kit, change)).toBe(`${NAME} has ended without completing; the next firing of the schedule goes on with the emergency.`);
    });
  });

  describe('break-glass', () => {
    const change = { purpose: 'break-glass' } as const;
    const STOP = (kit: Kit): string => `stop ${kit.orders.lease?.executionArn}: break-glass, approval ${ID}`;

    test('stops the owner', async () => {
      const kit = kitOf(draining);
      kit.closedAt.set(kit.orders.lease!.executionArn, null);
      expect(await carry(kit, change)).toBe(`${SECOND} was stopped. The key is quarantined; keyturn lift lets the next run take over.`);
      expect(kit.effects).toEqual([...ANSWERED, STOP(kit), MARKED]);
    });

    test('quarantines the key of an owner that Step Functions does not know', async () => {
      const kit = kitOf(draining);
      const from = plusSeconds(NEXT_AT, FORGOTTEN_AFTER_SECONDS);
      expect(await carry(kit, change)).toBe(`Step Functions does not know ${SECOND}, so nothing was stopped. The key is quarantined; once keyturn lift has lifted that, the next run takes over, from ${from} on.`);
      expect(kit.effects).toEqual([...ANSWERED, STOP(kit), 'KeyQuarantined', MARKED]);
      expect(kit.orders.quarantine).toEqual({ by: ALICE, at: SETTLED, reason: `break-glass, approval ${ID}: Step Functions does not know ${SECOND}, which holds the lease` });
      const told = kitOf(draining).edit({ emergency: endangered().key.emergency });
      expect(await carry(told, change)).toBe(`Step Functions does not know ${SECOND}, so nothing was stopped. It holds the lease still; the next run takes over, from ${from} on.`);
      const unsigned = kitOf(draining);
      await carry(unsigned, { ...change, votes: [] });
      expect(unsigned.orders.quarantine).toMatchObject({ by: 'break-glass', at: NEXT_AT });
    });

    test.each<[string, Partial<Approval>, () => Kit]>([
      ['has changed', { rotationId: 'another' }, () => kitOf(draining)],
      ['is nobody', {}, () => kitOf(bootstrapped)],
      ['was nobody', { rotationId: null }, () => kitOf(bootstrapped)],
    ])('of an owner that %s stops nothing', async (_, more, make) => {
      const kit = make();
      expect(await carry(kit, { ...change, ...more })).toBe('The owner has changed meanwhile; nothing was stopped.');
      expect(kit.effects).toEqual([...ANSWERED, MARKED]);
      kit.livings.clear();
    });
  });
});

describe('a question of an execution', () => {
  const question: Question = { purpose: 'revoke', askedAt: NEXT_AT, expiresAt: EXPIRES };
  const request = { ...ROTATION, question, version: 2, previous: 1, executionArn: 'arn:execution', taskToken: 'token', retries: 0 };
  const ask = (kit: Kit, change = {}) => requestApproval(kit)({ ...request, ...change });
  const read = (kit: Kit, change = {}) => readApproval(kit)({ ...ROTATION, question, previous: 1, ...change });
  const asked = (kit: Kit, put: Question = question) => approvalFor(put, kit.orders, SECOND, { question: '', version: 1 });
  const given = (kit: Kit, change: Partial<Approval> = {}, put: Question = question): Approval => {
    const approval: Approval = { ...asked(kit, put), votes: [vote()], outcome: 'approve', ...change };
    kit.asked.set(approval.id, approval);
    return approval;
  };
  const recover: Question = { ...question, purpose: 'recover' };

  test('is asked until the time that the policy allows', () => {
    const { orders } = kitOf(draining, { approvalTimeoutSeconds: 60 });
    expect(questionAbout(orders, 'disable', SETTLED)).toEqual({ purpose: 'disable', askedAt: SETTLED, expiresAt: plusSeconds(SETTLED, 60) });
  });

  test('has an id of its own for each key, state of the key, purpose, execution and time', () => {
    const kit = kitOf(draining);
    const ids = [asked(kit), asked(kit, recover), asked(kit, { ...question, askedAt: SETTLED }), approvalFor(question, kit.orders, 'another', { question: '', version: 1 }), approvalFor(question, { ...kit.orders, name: 'x' }, SECOND, { question: '', version: 1 }), approvalFor(question, { ...kit.orders, rev: 99 }, SECOND, { question: '', version: 1 })].map(({ id }) => id);
    expect(new Set(ids).size).toBe(6);
    expect(ids.every((id) => /^[0-9a-f]{20}$/.test(id))).toBe(true);
    expect(approvalFor(question, kit.orders, SECOND, { question: 'other', version: 9 }).id).toBe(ids[0]);
  });

  test('is asked, parked and told of', async () => {
    const kit = kitOf(draining, { approvers: 2 });
    expect(await ask(kit)).toEqual({});
    const { id } = asked(kit);
    expect(kit.asked.get(id)).toEqual({
      id, key: 'orders', purpose: 'revoke', question: 'v1 of orders was disabled and nobody missed it. Schedule its deletion? What only it protects is lost then.', rev: expect.any(Number), requestedBy: SECOND, requestedAt: NEXT_AT, expiresAt: EXPIRES,
      approversNeeded: 2, rotationId: SECOND, version: 1, errorClass: null, facts: {}, votes: [], outcome: null,
    });
    expect(kit.waiters.get(id)).toBe('token');
    expect(kit.effects).toEqual(['ask revoke', 'ApprovalRequested', `queue approval/${id}`, `tell approval/${id}`, `forget approval/${id}`]);
    expect(kit.told[0]?.message).toContain('arn:execution');
  });

  test('to disable says what is missing', async () => {
    const kit = kitOf(draining);
    await ask(kit, { question: { ...question, purpose: 'disable' } });
    expect([...kit.asked.values()]).toMatchObject([{ question: 'The evidence that v1 of orders is idle is not good enough. Disable it all the same?' }]);
  });

  test('about a failure has had its alert, and carries what failed', async () => {
    const kit = kitOf(draining).edit({ lastFailure: { rotationId: SECOND, state: 'Bake', error: 'QuotaExceeded', errorClass: 'non-recoverable', at: SETTLED } });
    await ask(kit, { question: recover });
    expect([...kit.asked.values()]).toMatchObject([{ purpose: 'recover', errorClass: 'non-recoverable', facts: { state: 'Bake', error: 'QuotaExceeded' }, question: `${SECOND} failed in Bake with QuotaExceeded. Resume it, or abort it?` }]);
    expect(kit.effects).toEqual(['ask recover', 'ApprovalRequested']);
    await ask(kit);
    expect([...kit.asked.values()][1]).toMatchObject({ errorClass: null, facts: {} });
    const unknown = kitOf(draining);
    await ask(unknown, { question: recover });
    expect([...unknown.asked.values()]).toMatchObject([{ errorClass: null, facts: {}, question: 'orders failed in a state with an error. Resume it, or abort it?' }]);
  });

  test('of an execution that does not own the key is not asked', async () => {
    const kit = kitOf(bootstrapped);
    expect(await ask(kit)).toEqual({});
    kit.livings.clear();
    await ask(kit);
    expect(kit.effects).toEqual(['wake token', 'wake token']);
  });

  test.each<[string, Partial<Approval>]>([['was answered', {}], ['was refused', { outcome: 'deny' }], ['has expired', { votes: [], outcome: null, expiresAt: SETTLED }]])('that %s before wakes the state at once', async (_, change) => {
    const kit = kitOf(draining);
    given(kit, change);
    expect(await ask(kit)).toEqual({});
    expect(kit.effects).toEqual(['ask revoke', 'ApprovalRequested', 'wake token']);
    expect(kit.told).toEqual([]);
  });

  test('that was consented to before a freeze waits for the end of the freeze', async () => {
    const kit = kitOf(draining);
    given(kit);
    kit.freezes.set('orders', note);
    await ask(kit);
    expect(kit.effects).toEqual(['ask revoke', 'ApprovalRequested']);
    const thawed = kitOf(draining);
    given(thawed);
    thawed.freezes.set('orders', note);
    thawed.once('approvals.open', async (next) => {
      thawed.freezes.clear();
      return next();
    });
    await ask(thawed);
    expect(thawed.effects).toContain('wake token');
    const since = kitOf(draining);
    given(since);
    since.once('approvals.open', async (next) => {
      since.freezes.set('orders', note);
      return next();
    });
    await ask(since);
    expect(since.effects).toContain('wake token');
    const refused = kitOf(draining);
    given(refused, { outcome: 'deny' });
    refused.freezes.set('orders', note);
    await ask(refused);
    expect(refused.effects).toContain('wake token');
    const gone = kitOf(draining);
    given(gone);
    gone.freezes.set('orders', note);
    gone.once('approvals.open', async (next) => {
      gone.livings.clear();
      return next();
    });
    await expect(ask(gone)).rejects.toEqual(refusal('KeyNotRegistered'));
  });

  describe('read back', () => {
    test('that nobody has asked has nobody who answered', async () => {
      const kit = kitOf(draining);
      kit.freezes.set('orders', note);
      expect(await read(kit, { enteredAt: EXPIRES })).toMatchObject({ answer: 'expired', isFrozen: true });
    });

    const id = (kit: Kit, put = question): string => asked(kit, put).id;

    test('counts its consent', async () => {
      const kit = kitOf(draining);
      given(kit, { votes: [vote(), vote('approve', BOB)] });
      expect(await read(kit)).toEqual({ answer: 'consented', isFrozen: false, reason: `approval ${id(kit)}: ${ALICE}: fine; ${BOB}: fine` });
      expect(kit.effects).toEqual([]);
    });

    test('a consent to recover ends the quarantine', async () => {
      const kit = kitOf(draining);
      kit.living.apply(quarantine(kit.orders, note));
      given(kit, { votes: [vote('resume')], outcome: 'resume' }, recover);
      expect(await read(kit, { question: recover })).toMatchObject({ answer: 'consented' });
      expect(kit.orders.quarantine).toBeNull();
      expect(kit.living.ledger.at(-1)).toMatchObject({ type: 'QuarantineLifted', by: SECOND, at: SETTLED, facts: { reason: `approval ${id(kit, recover)}: ${ALICE}: fine` } });
    });

    test('any other consent does not', async () => {
      const kit = kitOf(draining);
      kit.living.apply(quarantine(kit.orders, note));
      given(kit);
      expect(await read(kit)).toMatchObject({ answer: 'consented' });
      expect(kit.orders.quarantine).not.toBeNull();
    });

    test('a consent that the rules of now do not count is a refusal', async () => {
      const kit = kitOf(draining);
      given(kit, { approversNeeded: 2 });
      expect(await read(kit)).toEqual({ answer: 'refused', isFrozen: false, reason: `approval ${id(kit)}: ${ALICE}: fine. By the rules of now these are not 2 people who may approve it` });
    });

    test('a consent waits for the end of a freeze, until it expires', async () => {
      const kit = kitOf(draining);
      given(kit);
      kit.freezes.set('orders', note);
      expect(await read(kit)).toEqual({ answer: 'unanswered', isFrozen: true, reason: `approval ${id(kit)}: ${ALICE}: fine. The key is frozen: it waits for its repair` });
      expect(await read(kit, { enteredAt: EXPIRES })).toEqual({ answer: 'expired', isFrozen: true, reason: `the key was still frozen at ${EXPIRES}, whatever approval ${id(kit)} says` });
      const overtaken = kitOf(draining).once('registry.transact', async (next) => {
        overtaken.freezes.set('orders', note);
        return next();
      });
      given(overtaken, { votes: [vote('resume')], outcome: 'resume' }, recover);
      expect(await read(overtaken, { question: recover })).toMatchObject({ answer: 'unanswered', isFrozen: true });
      const busy = kitOf(draining).fails('registry.transact', 'RegistryBusy');
      given(busy, { votes: [vote('resume')], outcome: 'resume' }, recover);
      await expect(read(busy, { question: recover })).rejects.toEqual(refusal('RegistryBusy'));
      busy.always('registry.transact', () => {
        throw Object.assign(new Error('bug'), { name: 'KeyFrozen' });
      });
      await expect(read(busy, { question: recover })).rejects.toThrow('bug');
    });

    test('tells a refusal, also of a frozen key', async () => {
      const kit = kitOf(draining);
      given(kit, { votes: [vote('deny')], outcome: 'deny' });
      kit.freezes.set('orders', note);
      expect(await read(kit)).toEqual({ answer: 'refused', isFrozen: true, reason: `approval ${id(kit)}: ${ALICE}: fine` });
    });

    test('tells that nobody has answered, and from when on nobody can', async () => {
      const kit = kitOf(draining);
      expect(await read(kit)).toEqual({ answer: 'unanswered', isFrozen: false, reason: `approval ${id(kit)} is not answered` });
      const expired = { answer: 'expired', isFrozen: false, reason: `nobody answered approval ${id(kit)} by ${EXPIRES}` };
      expect(await read(kit, { enteredAt: EXPIRES })).toEqual(expired);
      given(kit, { votes: [], outcome: null, expiresAt: SETTLED });
      expect(await read(kit)).toEqual(expired);
      given(kit, { rev: 0 });
      expect(await read(kit)).toMatchObject({ answer: 'unanswered' });
      kit.freezes.set('orders', note);
      expect(await read(kit)).toMatchObject({ isFrozen: true });
    });

    test('of an execution that does not own the key any more is a refusal', async () => {
      const kit = kitOf(bootstrapped);
      const refused = { answer: 'refused', isFrozen: false, reason: `${SECOND} does not own orders any more` };
      expect(await read(kit)).toEqual(refused);
      kit.livings.clear();
      expect(await read(kit)).toEqual(refused);
    });
  });

  test.each([
    [{}, true], [{ version: 0 }, true], [{ version: -1 }, false], [{ version: 0.5 }, false], [{ previous: 0 }, true], [{ previous: -1 }, false], [{ executionArn: '' }, false], [{ executionArn: 'x'.repeat(2048) }, true], [{ executionArn: 'x'.repeat(2049) }, false],
    [{ taskToken: '' }, false], [{ retries: -1 }, false], [{ question: { ...question, purpose: 'repair' } }, false], [{ question: { ...question, purpose: 'disable' } }, true], [{ question: recover }, true], [{ question: { ...question, more: 1 } }, false], [{ question: { ...question, askedAt: 'now' } }, false],
    [{ question: { ...question, expiresAt: 'now' } }, false], [{ question: { ...question, askedAt: '2026-07-01T00:00:00+02:00', expiresAt: '2026-07-01T00:00:00+02:00' } }, true],
  ])('a request with %j is understood: %s', (change, isOne) => expect(requestApprovalInput.safeParse({ ...request, ...change }).success).toBe(isOne));

  test.each([[{}, true], [{ previous: 0 }, true], [{ previous: -1 }, false], [{ previous: 0.5 }, false], [{ more: 1 }, false]])('what is read back with %j is understood: %s', (change, isOne) =>
    expect(readApprovalInput.safeParse({ ...ROTATION, question, previous: 1, ...change }).success).toBe(isOne));
});
