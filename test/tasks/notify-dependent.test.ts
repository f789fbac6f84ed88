import { EVENTS } from '../../lambdas/contract/names';
import { msOf, plusSeconds } from '../../lambdas/domain/instant';
import { acknowledgementId } from '../../lambdas/tasks/acknowledgement-questions';
import { notifyDependent, notifyDependentInput } from '../../lambdas/tasks/notify-dependent';
import { waiterOf } from '../../lambdas/tasks/waiting';
import type { Kit } from './kit';
import { DEPENDENT, kitOf, owned, prepared, PROBED, SECOND, SETTLED } from './lives';

const ID = acknowledgementId('orders', 2, 'orders-api', 'ready');
const PROBE_ID = acknowledgementId('orders', 2, 'reports', 'ready');
const input = (kit: Kit, dependent: string) => ({ ...owned(kit), dependent, taskToken: 'token', retries: 0 });
const notify = (kit: Kit, dependent = 'orders-api') => notifyDependent(kit)(input(kit, dependent));
const make = (): Kit => kitOf(prepared, { dependents: [DEPENDENT, PROBED] });
const ANNOUNCED = { key: 'orders', alias: 'alias/orders', owner: 'team-orders', phase: 'ready', version: 2, kmsKeyArn: 'arn:k2', publicKey: 'public key of k2', rotationId: SECOND };

test('an event tells of the new version, by when to answer and where, and the state waits', async () => {
  const kit = make();
  expect(await notify(kit)).toEqual({});
  expect(kit.effects).toEqual(['question orders-api ready v2', `publish ${EVENTS.versionPrepared}`]);
  expect(kit.published).toEqual([{ ...ANNOUNCED, dependent: 'orders-api', acknowledgementId: ID, acknowledgeUrl: 'https://acknowledge', acknowledgeBy: plusSeconds(SETTLED, 3600) }]);
  expect(kit.waiters.get(ID)).toBe('token');
  expect(kit.questions.get(ID)).toMatchObject({ id: ID, key: 'orders', version: 2, dependent: 'orders-api', phase: 'ready', principal: DEPENDENT.principal, answer: null });
});

test.each<['yes' | 'no', number, boolean]>([['yes', 2, true], ['yes', 1, false], ['no', 2, false]])('a %s to v%i that was recorded before wakes the state at once: %s', async (verdict, version, isWoken) => {
  const kit = make();
  await notify(kit);
  await kit.acknowledgements.answer(ID, { verdict, version, by: 'x', at: SETTLED });
  kit.effects.length = 0;
  await notify(kit);
  expect(kit.effects).toEqual(['question orders-api ready v2', isWoken ? 'wake token' : `publish ${EVENTS.versionPrepared}`]);
});

test('a dependent that the pinned policy does not have is not asked', async () => {
  const kit = make();
  expect(await notify(kit, 'nobody')).toEqual({});
  expect(kit.effects).toEqual(['wake token']);
});

test.each<['yes' | 'no', number, string]>([['yes', 2, 'yes'], ['yes', 1, 'no'], ['no', 2, 'no']])('a probe that answers %s to v%i has said %s, and the state is woken', async (verdict, version, counted) => {
  const kit = make();
  kit.probeAnswer = { verdict, version, reason: 'because' };
  expect(await notify(kit, 'reports')).toEqual({});
  expect(kit.effects).toEqual(['question reports ready v2', 'probe arn:reports', `answer reports ${counted}`, 'wake token']);
  expect(kit.probed).toEqual([{ ...ANNOUNCED, dependent: 'reports', acknowledgementId: PROBE_ID }]);
  expect(kit.questions.get(PROBE_ID)?.principal).toBe('arn:reports');
  expect(kit.questions.get(PROBE_ID)?.answer).toEqual({ verdict: counted, version, reason: 'because', by: 'arn:reports', at: SETTLED });
});

test('of two tries the later one counts as the newer waiter', () => {
  const [first, second, later] = [waiterOf({ taskToken: 't', retries: 0, enteredAt: SETTLED }), waiterOf({ taskToken: 't', retries: 1, enteredAt: SETTLED }), waiterOf({ taskToken: 't', retries: 0, enteredAt: plusSeconds(SETTLED, 1) })];
  expect(first).toEqual({ token: 't', since: msOf(SETTLED) * 1000 });
  expect([first.since < second.since, second.since < later.since]).toEqual([true, true]);
});

test.each([
  [{}, true],
  [{ dependent: '' }, false],
  [{ taskToken: '' }, false],
  [{ taskToken: 'x'.repeat(2049) }, false],
  [{ taskToken: 'x'.repeat(2048) }, true],
  [{ retries: -1 }, false],
  [{ retries: 0.5 }, false],
  [{ more: 1 }, false],
])('a payload with %j is understood: %s', (change, isOne) => expect(notifyDependentInput.safeParse({ ...input(make(), 'orders-api'), ...change }).success).toBe(isOne));
