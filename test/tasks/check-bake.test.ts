import { LAST_USAGE_LAG_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { intendDisable, commitDisable } from '../../lambdas/domain/retirement';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { checkBake } from '../../lambdas/tasks/check-bake';
import { NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { disabled, draining, kitOf, LATE, LATER, note, retiring, revoked } from './lives';

const DAY = 86_400;
const check = (kit: Kit, at = LATER) => checkBake(kit)(retiring(kit, at));
const watched = (policy?: Partial<KeyPolicy>): Kit => kitOf(disabled, policy).editVersion(1, { watchedAt: LATE });
const UNWATCHED = expect.stringMatching(/^CloudTrail has not told of keyturn's own use of v1/);

test('a version that nobody missed, while a failed use would have been told of, is clean', async () => {
  const kit = watched();
  expect(await check(kit)).toEqual({ decision: 'clean' });
  expect(kit.effects).toEqual([]);
});

test('one that is REVOKED is, whatever came since', async () => {
  expect(await check(kitOf(revoked).edit({ hold: note }))).toEqual({ decision: 'clean' });
});

test.each<[string, Kit, string]>([
  ['a hold', watched().edit({ hold: note }), `held by alice since ${NEXT_AT}: audit`],
  ['a policy that only disables', watched({ retirement: 'disable' }), `the policy's retirement is "disable"`],
  ['a rescue', kitOf(draining), 'v1 is DEPRECATED again'],
])('after %s it is left', async (_, kit, reason) => {
  expect(await check(kit)).toEqual({ decision: 'pending', reason });
});

test('a bake that was made longer goes on', async () => {
  const kit = watched().edit(({ policy }) => ({ policy: { ...policy, bakeSeconds: 100 * DAY } }));
  const until = plusSeconds(LATE, 100 * DAY);
  expect(await check(kit, plusSeconds(until, -1))).toEqual({ decision: 'extended', bakeUntil: until });
  expect(await check(kit, until)).toEqual({ decision: 'clean' });
  expect(await check(watched().editVersion(1, { revokeNotBefore: undefined }))).toEqual({ decision: 'clean' });
});

test.each<[string, string | null, object]>([
  ['never', null, { decision: 'clean' }],
  ['before the disable could be seen', plusSeconds(LATE, LAST_USAGE_LAG_SECONDS - 1), { decision: 'clean' }],
  ['after that', plusSeconds(LATE, LAST_USAGE_LAG_SECONDS), { decision: 'pending', reason: `v1 was used at ${plusSeconds(LATE, LAST_USAGE_LAG_SECONDS)}, after it was disabled` }],
])('a version that was used %s', async (_, lastUsedAt, expected) => {
  const kit = watched();
  kit.key('k1').usage = { lastUsedAt, trackedSince: NEXT_AT };
  expect(await check(kit)).toEqual(expected);
});

describe('a person is asked', () => {
  /** Disabled so early that there is time. */
  const early = plusSeconds(NEXT_AT, 31 * DAY);
  const at = plusSeconds(early, 8 * DAY);
  const inTime = (policy?: Partial<KeyPolicy>): Kit => {
    const kit = kitOf((changes) => {
      const living = draining(changes);
      living.apply(intendDisable(living.key, living.owner(), 1, early, 'call'));
      living.apply(commitDisable(living.key, living.owner(), 1, early));
      return living;
    }, policy);
    return kit;
  };
  const question = { purpose: 'revoke', askedAt: at, expiresAt: plusSeconds(at, 7 * DAY) };

  test('when nobody would have known of a failed use, or the policy wants it', async () => {
    expect(await check(inTime(), at)).toEqual({ decision: 'ask', question, reason: UNWATCHED });
    expect(await check(inTime({ autoDelete: false }).editVersion(1, { watchedAt: early }), at)).toEqual({ decision: 'ask', question, reason: 'retirement "delete" without autoDelete needs an approval for v1' });
  });

  test('unless there is no time: a later run goes on', async () => {
    expect(await check(kitOf(disabled))).toEqual({ decision: 'pending', reason: UNWATCHED });
  });

  test('and not again under an open intent to revoke', async () => {
    const kit = inTime().edit({ intent: { kind: 'revoke', version: 1, at } });
    expect(await check(kit, at)).toEqual({ decision: 'clean' });
    expect(await check(inTime().edit({ intent: { kind: 'create', version: 3, at } }), at)).toMatchObject({ decision: 'ask' });
  });
});
