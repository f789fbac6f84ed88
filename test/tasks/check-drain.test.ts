import { LAST_USAGE_LAG_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { intendDisable } from '../../lambdas/domain/retirement';
import { acknowledgementId } from '../../lambdas/tasks/acknowledgement-questions';
import { checkDrain } from '../../lambdas/tasks/check-drain';
import { approvableInput, retirementInput } from '../../lambdas/tasks/input';
import { NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { DEPENDENT, disabled, draining, kitOf, LATE, note, PROBED, refusal, retiring, revoked } from './lives';

const DAY = 86_400;
/** The end of the drain, and of the hour that evidence may be late by. */
const END = plusSeconds(NEXT_AT, 30 * DAY + LAST_USAGE_LAG_SECONDS);
const check = (kit: Kit, at = END) => checkDrain(kit)(retiring(kit, at));
const IDLE_SINCE = plusSeconds(END, -LAST_USAGE_LAG_SECONDS - 15 * DAY);

test('a version that nobody used since it had to be idle is idle', async () => {
  const kit = kitOf(draining);
  kit.key('k1').usage = { lastUsedAt: plusSeconds(IDLE_SINCE, -1), trackedSince: IDLE_SINCE };
  expect(await check(kit)).toEqual({ decision: 'idle' });
  expect(kit.effects).toEqual([]);
});

test.each([disabled, revoked])('what an earlier run has done is done, whatever came since', async (make) => {
  const kit = kitOf(make).edit({ hold: note }).fails('keys.lastUsage').fails('keys.describe');
  expect(await check(kit)).toEqual({ decision: 'idle' });
});

test('what may not go on is left', async () => {
  const kit = kitOf(draining).edit({ hold: note });
  expect(await check(kit)).toEqual({ decision: 'pending', reason: `held by alice since ${NEXT_AT}: audit` });
});

test('a policy that only disables lets it go on, and asks with the time that the disable and its bake need', async () => {
  const kit = kitOf(draining, { retirement: 'disable' });
  expect(await check(kit)).toEqual({ decision: 'idle' });
  const used = kitOf(draining).editVersion(1, { drainExtensions: 3 });
  used.key('k1').usage = { lastUsedAt: END, trackedSince: NEXT_AT };
  // A week for the answer and a week for the bake do not fit any more, a week for the answer would.
  const tight = plusSeconds('2026-09-28T00:00:00.000Z', -10 * DAY);
  used.key('k1').usage = { lastUsedAt: tight, trackedSince: NEXT_AT };
  expect(await check(used, tight)).toMatchObject({ decision: 'pending' });
});

test('an open intent to disable it goes on, and another one does not count', async () => {
  const kit = kitOf(draining);
  kit.key('k1').usage = { lastUsedAt: END, trackedSince: NEXT_AT };
  kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, END, 'call'));
  expect(await check(kit)).toEqual({ decision: 'idle' });
  kit.edit({ intent: { kind: 'disable', version: 9, at: END } });
  await expect(check(kit)).rejects.toEqual(refusal('LedgerMismatch', 'open disable intent for v9'));
  kit.edit({ intent: { kind: 'create', version: 1, at: END } });
  await expect(check(kit)).rejects.toEqual(refusal('LedgerMismatch', 'open create intent for v1'));
});

test('before its end the drain goes on', async () => {
  const kit = kitOf(draining).fails('keys.lastUsage');
  expect(await check(kit, plusSeconds(END, -1))).toEqual({ decision: 'extended', drainUntil: END, reason: 'the deadline has not passed' });
  expect(kit.effects).toEqual([]);
});

test('a version that was replaced while versions were kept is left', async () => {
  const kit = kitOf(draining).editVersion(1, { disableNotBefore: undefined });
  expect(await check(kit)).toEqual({ decision: 'pending', reason: 'v1 was replaced while versions were kept, and has no drain deadline' });
});

test.each<[string, { lastUsedAt: string | null; trackedSince: string }, string]>([
  ['was used too lately', { lastUsedAt: IDLE_SINCE, trackedSince: NEXT_AT }, `v1 was used at ${IDLE_SINCE}, after ${IDLE_SINCE}`],
  ['has too short a record', { lastUsedAt: null, trackedSince: plusSeconds(IDLE_SINCE, 1) }, `KMS records the use of v1 only since ${plusSeconds(IDLE_SINCE, 1)}; ${IDLE_SINCE} is needed`],
])('the drain of a version that %s is extended', async (_, usage, reason) => {
  const kit = kitOf(draining);
  kit.key('k1').usage = usage;
  expect(await check(kit)).toEqual({ decision: 'extended', drainUntil: plusSeconds(END, 15 * DAY + LAST_USAGE_LAG_SECONDS), reason });
  expect(kit.effects).toEqual(['DrainExtended']);
  expect(kit.orders.versions['v1']).toMatchObject({ drainExtensions: 1, disableNotBefore: plusSeconds(END, 15 * DAY) });
});

describe('once it may not be extended any more', () => {
  const used = (): Kit => {
    const kit = kitOf(draining).editVersion(1, { drainExtensions: 3 });
    kit.key('k1').usage = { lastUsedAt: END, trackedSince: NEXT_AT };
    return kit;
  };
  const reason = `v1 was used at ${END}, after ${IDLE_SINCE}`;

  test('a person is asked', async () => {
    const kit = used();
    expect(await check(kit)).toEqual({ decision: 'ask', question: { purpose: 'disable', askedAt: END, expiresAt: plusSeconds(END, 7 * DAY) }, reason });
    expect(kit.effects).toEqual([]);
  });

  test('and there is no time to ask, a later run goes on', async () => {
    const kit = kitOf(draining);
    kit.key('k1').usage = { lastUsedAt: LATE, trackedSince: NEXT_AT };
    expect(await check(kit, LATE)).toEqual({ decision: 'pending', reason: expect.stringContaining(`v1 was used at ${LATE}`) });
    expect(kit.effects).toEqual([]);
  });
});

describe('its dependents have released it', () => {
  const released = (kit: Kit, verdict: 'yes' | 'no', version: number, phase: 'released' | 'ready' = 'released'): void => {
    const id = acknowledgementId('orders', 1, 'orders-api', phase);
    kit.questions.set(id, { id, key: 'orders', version: 1, dependent: 'orders-api', phase, principal: 'x', answer: { verdict, version, by: 'x', at: END } });
  };
  const reason = 'orders-api has not released v1';

  test('or the drain is extended', async () => {
    const kit = kitOf(draining, { dependents: [DEPENDENT] });
    expect(await check(kit)).toMatchObject({ decision: 'extended', reason });
    for (const [verdict, version, phase] of [['no', 1, 'released'], ['yes', 2, 'released'], ['yes', 1, 'ready']] as const) {
      const other = kitOf(draining, { dependents: [DEPENDENT] });
      released(other, verdict, version, phase);
      expect(await check(other)).toMatchObject({ decision: 'extended', reason });
    }
    const other = kitOf(draining, { dependents: [DEPENDENT] });
    released(other, 'yes', 1);
    expect(await check(other)).toEqual({ decision: 'idle' });
  });

  test.each<['yes' | 'no', number, object]>([
    ['yes', 1, { decision: 'idle' }],
    ['yes', 2, { decision: 'extended', reason: 'reports has not released v1' }],
    ['no', 1, { decision: 'extended', reason: 'reports has not released v1' }],
  ])('one with a probe is asked now: %s to v%i', async (verdict, version, expected) => {
    const kit = kitOf(draining, { dependents: [PROBED] });
    kit.probeAnswer = { verdict, version };
    expect(await check(kit)).toMatchObject(expected);
    expect(kit.probed).toEqual([{ key: 'orders', phase: 'released', version: 1, kmsKeyArn: 'arn:k1' }]);
  });

  test('one that was added since Claim, too', async () => {
    const kit = kitOf(draining).edit(({ policy }) => ({ policy: { ...policy, dependents: [DEPENDENT] } }));
    expect(await check(kit)).toMatchObject({ decision: 'extended', reason });
  });
});

test('a retirement names the version, and what was asked about it if anything was', () => {
  const input = retiring(kitOf(draining));
  const { previous: _previous, ...none } = input;
  const question = { purpose: 'disable', askedAt: END, expiresAt: LATE };
  expect([input, none, { ...input, previous: 0 }, { ...input, question }].map((payload) => retirementInput.safeParse(payload).success)).toEqual([true, false, false, false]);
  expect([{ ...input, question: null }, { ...input, question }, input, { ...input, question: {} }].map((payload) => approvableInput.safeParse(payload).success)).toEqual([true, true, false, false]);
});
