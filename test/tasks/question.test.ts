import type { Approval } from '../../lambdas/domain/approval';
import { plusSeconds } from '../../lambdas/domain/instant';
import { quarantine } from '../../lambdas/domain/operations';
import { readApproval, readApprovalInput } from '../../lambdas/tasks/read-approval';
import { requestApproval, requestApprovalInput } from '../../lambdas/tasks/request-approval';
import { approvalFor, questionAbout, type Question } from '../../lambdas/tasks/question';
import { NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { bootstrapped, draining, kitOf, note, refusal, ROTATION, SECOND, SETTLED } from './lives';
import { ALICE, BOB, EXPIRES, vote } from './approvals';

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
