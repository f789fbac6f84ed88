import { plusSeconds } from '../../lambdas/domain/instant';
import { setPause } from '../../lambdas/domain/operations';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { acknowledge, acknowledgeBody } from '../../lambdas/tasks/acknowledge';
import { operate, operateBody } from '../../lambdas/tasks/operate';
import { requestBody, requestRotation } from '../../lambdas/tasks/request-rotation';
import { acknowledgementId, questionTo } from '../../lambdas/tasks/acknowledgement-questions';
import { NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { bootstrapped, DEPENDENT, disabled, draining, kitOf, note, refusal, revoked, rotating, SECOND } from './lives';

const ALICE = 'arn:aws:iam::111122223333:user/alice';
const caller = { arn: ALICE, at: NEXT_AT };
const why = { key: 'orders', reason: 'legal' };

describe('Acknowledge', () => {
  const ID = acknowledgementId('orders', 2, 'orders-api', 'ready');
  const SESSION = 'arn:aws:sts::111122223333:assumed-role/orders-api/i-0';
  const body = { acknowledgementId: ID, verdict: 'yes', version: 2 } as const;
  const open = async (): Promise<Kit> => {
    const kit = kitOf(draining);
    await kit.acknowledgements.open(questionTo(DEPENDENT, 'orders', 2, 'ready'), { token: 'token' as never, since: 1 });
    kit.effects.length = 0;
    return kit;
  };
  const answer = (kit: Kit, change = {}, by = SESSION) => acknowledge(kit)({ ...body, ...change }, { arn: by, at: NEXT_AT });

  test('records the answer of the right principal, with its reason, and wakes who waits', async () => {
    const kit = await open();
    expect(await answer(kit, { verdict: 'no', reason: 'deploying' })).toEqual({ status: 'recorded', verdict: 'no', by: SESSION });
    expect(kit.questions.get(ID)?.answer).toEqual({ verdict: 'no', version: 2, by: SESSION, at: NEXT_AT, reason: 'deploying' });
    expect(await answer(kit)).toEqual({ status: 'recorded', verdict: 'yes', by: SESSION });
    expect(Object.keys(kit.questions.get(ID)?.answer ?? {})).toEqual(['verdict', 'version', 'by', 'at']);
    expect(kit.effects).toEqual(['answer orders-api no', 'wake token', 'answer orders-api yes', 'wake token']);
  });

  test('wakes nobody when nobody waits', async () => {
    const kit = await open();
    kit.waiters.clear();
    await answer(kit);
    expect(kit.effects).toEqual(['answer orders-api yes']);
  });

  test('says in the same words that there is no such question, and that it is another one\'s', async () => {
    const kit = await open();
    const refused = (by: string, id = ID) => ({ status: 'refused', reason: `no acknowledgement ${id} is open for ${by}` });
    expect(await answer(kit, {}, ALICE)).toEqual(refused(ALICE));
    expect(await answer(kit, { acknowledgementId: 'f'.repeat(40) })).toEqual(refused(SESSION, 'f'.repeat(40)));
    kit.once('acknowledgements.answer', () => undefined);
    expect(await answer(kit)).toEqual(refused(SESSION));
    kit.once('acknowledgements.answer', () => ({ acknowledgement: { answer: null }, token: 'token' }));
    expect(await answer(kit)).toEqual(refused(SESSION));
    expect(kit.effects).toEqual([]);
  });

  test('refuses an answer about another version', async () => {
    const kit = await open();
    expect(await answer(kit, { version: 1 })).toEqual({ status: 'refused', reason: `acknowledgement ${ID} is about version 2 of orders, the answer about version 1` });
    expect(kit.effects).toEqual([]);
  });

  test.each<[string, object]>([['at another time', { at: plusSeconds(NEXT_AT, -1) }], ['by somebody else', { by: 'another' }], ['with another verdict', { verdict: 'no' }]])('says who has answered before: %s', async (_, change) => {
    const kit = await open();
    const standing = { verdict: 'yes', version: 2, by: SESSION, at: NEXT_AT, ...change };
    kit.once('acknowledgements.answer', () => ({ acknowledgement: { answer: standing }, token: undefined }));
    expect(await answer(kit)).toEqual({ status: 'already-answered', verdict: standing.verdict, by: standing.by });
  });

  test.each([
    [{}, true],
    [{ verdict: 'no', reason: 'x'.repeat(500) }, true],
    [{ reason: 'x'.repeat(501) }, false],
    [{ verdict: 'perhaps' }, false],
    [{ version: 0 }, false],
    [{ version: 1.5 }, false],
    [{ acknowledgementId: `${ID}0` }, false],
    [{ acknowledgementId: `0${ID}` }, false],
    [{ acknowledgementId: ID.slice(1) }, false],
    [{ acknowledgementId: ID.toUpperCase() }, false],
    [{ more: 1 }, false],
  ])('understands %j: %s', (change, isOne) => expect(acknowledgeBody.safeParse({ ...body, ...change }).success).toBe(isOne));
});

describe('Operate', () => {
  type Body = Parameters<ReturnType<typeof operate>>[0];
  const act = (kit: Kit, body: Body) => operate(kit)(body, caller);
  const UNTIL = plusSeconds(NEXT_AT, 86_400);
  const mine = { by: ALICE, at: NEXT_AT, reason: 'legal' };

  test.each<[Body, () => Kit, string, string, string, Partial<ManagedKey>]>([
    [{ action: 'pause', until: UNTIL, ...why }, () => kitOf(bootstrapped), `orders: paused until ${UNTIL}; what runs goes on`, 'orders: paused so already', 'PauseSet', { pause: { ...mine, until: UNTIL } }],
    [{ action: 'resume', ...why }, () => kitOf(bootstrapped).edit({ pause: { ...note, until: UNTIL } }), 'orders: the pause has ended', 'orders: not paused', 'PauseEnded', { pause: null }],
    [{ action: 'release', ...why }, () => kitOf(bootstrapped).edit({ hold: note }), 'orders: released: retirements may go on', 'orders: no hold to release', 'HoldReleased', { hold: null }],
    [{ action: 'abort', ...why }, () => kitOf(rotating), 'orders: the owner aborts at its next step; if it waits, that is when its wait ends (keyturn status tells)', 'orders: an abort was requested before', 'AbortRequested', { abortRequest: { ...mine, rotationId: SECOND } }],
  ])('%j is done once', async (body, make, done, unchanged, type, expected) => {
    const kit = make();
    expect(await act(kit, body)).toEqual({ status: 'done', message: done });
    expect(kit.orders).toMatchObject(expected);
    expect(kit.living.ledger.at(-1)).toMatchObject({ type, by: ALICE, facts: { reason: 'legal' } });
    expect(await act(kit, body)).toEqual({ status: 'unchanged', message: unchanged });
    expect(kit.effects).toEqual([type]);
  });

  test('a hold keeps what is not scheduled for deletion', async () => {
    const kit = kitOf(disabled);
    expect(await act(kit, { action: 'hold', ...why })).toEqual({ status: 'done', message: 'orders is held: nothing is disabled or revoked until it is released' });
    expect(kit.effects).toEqual(['HoldSet']);
    expect(kit.orders.hold).toEqual(mine);
  });

  test.each([
    [true, 'orders is held, and the scheduled deletion of v1 was cancelled'],
    [false, 'orders is held; no deletion is scheduled; if one is under way it is cancelled by the next reconciliation'],
  ])('a hold cancels a deletion that is scheduled: %s', async (isCancelled, message) => {
    const kit = kitOf(revoked).once('rescuer.cancelDeletions', async (next) => {
      await next();
      return isCancelled;
    });
    expect(await act(kit, { action: 'hold', ...why })).toEqual({ status: 'done', message });
    expect(kit.effects).toEqual(['HoldSet', 'cancelDeletions orders: legal']);
  });

  test('names every version whose deletion is cancelled', async () => {
    const kit = kitOf(revoked).edit(({ versions }) => ({ versions: { ...versions, v7: { ...versions['v1']!, number: 7 } } }));
    expect((await act(kit, { action: 'hold', ...why })).message).toContain('deletion of v1, v7 was cancelled');
  });

  test('a hold of a frozen key cancels only what is scheduled or begun', async () => {
    const kit = kitOf(disabled).edit({ intent: { kind: 'revoke', version: 1, at: NEXT_AT } });
    expect(await act(kit, { action: 'hold', ...why })).toMatchObject({ message: 'orders is held, and the scheduled deletion of v1 was cancelled' });
  });

  test('a hold wins also over a freeze, and nothing else does', async () => {
    const kit = kitOf(draining);
    kit.freezes.set('orders', note);
    expect(await act(kit, { action: 'hold', ...why })).toMatchObject({ status: 'done' });
    expect(kit.effects).toEqual(['HoldSet']);
    await expect(act(kit, { action: 'release', ...why })).rejects.toEqual(refusal('KeyFrozen'));
    await expect(act(kitOf(draining).fails('registry.transact', 'RegistryBusy'), { action: 'hold', ...why })).rejects.toEqual(refusal('RegistryBusy'));
    const bug = kitOf(draining).always('registry.transact', () => {
      throw Object.assign(new Error('bug'), { name: 'KeyFrozen' });
    });
    await expect(act(bug, { action: 'hold', ...why })).rejects.toThrow('bug');
  });

  test('what is decided again because somebody else wrote counts as it is decided at last', async () => {
    const kit = kitOf(bootstrapped).once('registry.transact', async (next, _name: string, decide: (key: ManagedKey) => unknown) => {
      decide(kit.orders);
      kit.living.apply(setPause(kit.orders, note, UNTIL));
      kit.edit({ pause: { ...mine, until: UNTIL } });
      return next();
    });
    expect(await act(kit, { action: 'pause', until: UNTIL, ...why })).toMatchObject({ status: 'unchanged' });
  });

  test.each([
    [{ action: 'hold' }, true], [{ action: 'release' }, true], [{ action: 'resume' }, true], [{ action: 'abort' }, true], [{ action: 'pause', until: UNTIL }, true],
    [{ action: 'pause', until: '2026-07-01T00:00:00+02:00' }, true], [{ action: 'pause' }, false], [{ action: 'pause', until: 'tomorrow' }, false], [{ action: 'freeze' }, false],
    [{ action: 'hold', more: 1 }, false], [{ action: 'release', more: 1 }, false], [{ action: 'resume', more: 1 }, false], [{ action: 'abort', more: 1 }, false], [{ action: 'pause', until: UNTIL, more: 1 }, false],
    [{ action: 'hold', key: 'no name' }, false], [{ action: 'hold', reason: 'x'.repeat(500) }, true], [{ action: 'hold', reason: 'x'.repeat(501) }, false], [{ action: 'hold', reason: ' xx ' }, false], [{ action: 'hold', reason: 'xxx' }, true],
  ])('understands %j: %s', (change, isOne) => expect(operateBody.safeParse({ ...why, ...change }).success).toBe(isOne));

  test('says what a reason is for, and takes it without its blanks', () => {
    expect(JSON.stringify(operateBody.safeParse({ action: 'hold', key: 'orders', reason: '  ' }).error?.issues)).toContain('say why, in a few words');
    expect(operateBody.parse({ action: 'hold', key: 'orders', reason: '  audit ' }).reason).toBe('audit');
  });
});

describe('Request', () => {
  const request = (kit: Kit, action: 'rotate' | 'emergency' = 'rotate', at = NEXT_AT) => requestRotation(kit)({ action, ...why }, { arn: ALICE, at });
  const START = `start ${SECOND} {"key":"orders","window":"20260630T0000Z","attempt":1}`;

  test('starts a rotation before its schedule', async () => {
    const kit = kitOf(bootstrapped);
    expect(await request(kit)).toEqual({ status: 'done', message: `${SECOND} has started`, rotationId: SECOND });
    expect(kit.effects).toEqual([START]);
  });

  test.each<['RUNNING' | 'CLOSED', object]>([
    ['RUNNING', { status: 'unchanged', message: `${SECOND} is under way`, rotationId: SECOND }],
    ['CLOSED', { status: 'refused', message: `${SECOND} has ended, and its name is used up; the next firing of the schedule starts the next attempt` }],
  ])('of an execution that there is, and that is %s, starts none', async (status, expected) => {
    const kit = kitOf(bootstrapped);
    kit.executionsKnown.set(SECOND, status);
    expect(await request(kit)).toEqual(expected);
  });

  test('refuses what may not be rotated now, and takes over from who has ended', async () => {
    const kit = kitOf(rotating);
    expect(await request(kit)).toEqual({ status: 'refused', message: `orders is not rotated now: ${SECOND} is under way` });
    kit.closedAt.set(kit.orders.lease!.executionArn, NEXT_AT);
    expect(await request(kit, 'rotate', plusSeconds(NEXT_AT, 86_400))).toMatchObject({ status: 'done' });
  });

  test('refuses a key that is unknown or frozen', async () => {
    const kit = kitOf(bootstrapped);
    kit.freezes.set('orders', note);
    expect(await request(kit)).toEqual({ status: 'refused', message: 'orders is frozen: audit. Repair it first; nothing was changed' });
    kit.livings.clear();
    expect(await request(kit)).toEqual({ status: 'refused', message: 'orders is not in the registry' });
    expect(kit.effects).toEqual([]);
  });

  test('asks somebody else for an emergency', async () => {
    const kit = kitOf(bootstrapped, { approvers: 2 });
    const told = await request(kit, 'emergency');
    const [approval] = kit.asked.values();
    expect(told).toEqual({ status: 'asked', message: `another person must approve ${approval?.id}: keyturn approve ${approval?.id} --reason …`, approvalId: approval?.id });
    expect(approval).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{20}$/), key: 'orders', purpose: 'emergency', question: 'v1 of orders is said to be compromised (legal). Replace it now, and retire it after the emergency drain?', rev: kit.orders.rev,
      requestedBy: ALICE, requestedAt: NEXT_AT, expiresAt: plusSeconds(NEXT_AT, 7 * 86_400), approversNeeded: 2, rotationId: null, version: 1, errorClass: null, facts: { reason: 'legal' }, votes: [], outcome: null,
    });
    expect(kit.effects).toEqual(['ask emergency', 'ApprovalRequested', `queue approval/${approval?.id}`, `tell approval/${approval?.id}`, `forget approval/${approval?.id}`]);
    expect(kit.told).toMatchObject([{ attributes: { owner: 'team-orders', severity: 'page' } }]);
  });

  test('refuses an emergency that is in vain, and pages when they are too frequent', async () => {
    const kit = kitOf(bootstrapped).edit({ quarantine: note });
    expect(await request(kit, 'emergency')).toEqual({ status: 'refused', message: 'no emergency of orders: it is quarantined: audit. Lift the quarantine first' });
    expect(kit.effects).toEqual([]);
    const often = kitOf(bootstrapped).edit({ emergencies: [1, 2, 3].map((hours) => plusSeconds(NEXT_AT, -3600 * hours)) });
    expect(await request(often, 'emergency')).toMatchObject({ status: 'refused', message: expect.stringContaining('at most 3 may') });
    expect(often.told.map(({ subject }) => subject)).toEqual(['keyturn: orders: emergencies are abnormally frequent']);
    expect(often.told[0]?.message).toContain(ALICE);
  });

  test.each([
    [{ action: 'rotate' }, true], [{ action: 'emergency' }, true], [{ action: 'delete' }, false], [{ action: 'rotate', more: 1 }, false], [{ action: 'emergency', more: 1 }, false], [{ action: 'rotate', key: '' }, false], [{ action: 'rotate', reason: '' }, false],
  ])('understands %j: %s', (change, isOne) => expect(requestBody.safeParse({ ...why, ...change }).success).toBe(isOne));

});
