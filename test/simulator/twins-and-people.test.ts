import { keyState, statuses } from '../support/outsider';
import { ALICE, post, reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { CONSUMER_SESSION, DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { invokeTwice } from '../support/twins';

/** v1 drains; its owner goes on to disable and to revoke it. */
async function draining(): Promise<{ readonly scenario: Scenario; readonly v1: string }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }), { wire: 'direct' });
  await scenario.pass(10 * DAY);
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  return { scenario, v1: scenario.createdKeys()[0] ?? '' };
}

/** Both schedules fire for days. */
async function live(scenario: Scenario, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    await scenario.world.fireSchedule();
    await reconciled(scenario, HOUR / 2);
    await scenario.advance(DAY - HOUR / 2);
  }
}

/** Somebody's use of v1 fails; CloudTrail is quick. */
const use = async (scenario: Scenario, v1: string): Promise<unknown> =>
  scenario.world.invoke('rescue-version', {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: { eventTime: new Date(scenario.world.timeline.nowMs()).toISOString(), eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/reports/nightly' }, errorMessage: `arn:aws:kms:eu-central-1:111122223333:key/${v1} is disabled.` },
  });

/** Calls of the one that stands still, from 0: Revoke has written its intent before its 6th, which schedules the deletion; Disable before its 8th. */
const STOPS = [0, 2, 4, 5, 6, 7, 8] as const;

describe('Revoke Previous Version is invoked twice, and a hold comes in', () => {
  test.each(STOPS.flatMap((call) => [false, true].flatMap((dies) => [false, true].map((late) => [call, dies, late] as const))))(
    'at call %i; the last one to schedule the deletion dies right then: %s; the hold comes when the other one is done: %s. The deletion does not stand, and nothing freezes',
    async (call, dies, late) => {
      const { scenario, v1 } = await draining();
      let isHeld = false;
      let schedules = 0;
      const hold = async (): Promise<void> => {
        if (isHeld) return;
        isHeld = true;
        await post(scenario, 'operate', ALICE, { action: 'hold', key: 'orders', reason: 'legal hold' });
      };
      const twins = invokeTwice(scenario, 'revoke-previous-version', {
        call,
        during: async (which, { operation }) => {
          if (operation === 'ScheduleKeyDeletion') schedules++;
          if (!late && which === 'other' && schedules > 0 && operation !== 'ScheduleKeyDeletion') await hold();
          if (late && which === 'awaited' && twins.other !== undefined) await hold();
        },
      });
      scenario.world.fault = ({ operation, function: name }) => (dies && isHeld && name === 'revoke-previous-version' && operation === 'ScheduleKeyDeletion' ? 'die-after' : 'none');
      for (let half = 0; half < 30 && twins.calls === 0; half++) await scenario.pass(DAY / 2);
      expect(twins.calls).toBeGreaterThan(call);
      await hold();
      await reconciled(scenario, HOUR / 2);
      expect(keyState(scenario, v1)).toBe('Disabled');
      await live(scenario, 10);
      expect(keyState(scenario, v1)).toBe('Disabled');
      expect(await scenario.isFrozen()).toBe(false);
      expect(scenario.violations()).toEqual([]);
    },
  );
});

test.each([...STOPS, 9, 10, 11])('Disable Previous Version is invoked twice, and a rescue comes in between at call %i: the version stays Enabled, and nothing freezes', async (call) => {
  const { scenario, v1 } = await draining();
  let isUsed = false;
  const twins = invokeTwice(scenario, 'disable-previous-version', {
    call,
    during: async (which) => {
      if (which !== 'awaited' || twins.other === undefined || isUsed || keyState(scenario, v1) !== 'Disabled') return;
      isUsed = true;
      await use(scenario, v1);
    },
  });
  for (let half = 0; half < 30 && twins.calls === 0; half++) await scenario.pass(DAY / 2);
  expect(twins.calls).toBeGreaterThan(call);
  await use(scenario, v1);
  await live(scenario, 3);
  expect(keyState(scenario, v1)).toBe('Enabled');
  expect(await scenario.isFrozen()).toBe(false);
  expect(scenario.violations()).toEqual([]);
});

/** Lives with twins of Abort Safely, at each of its calls. @returns how many there were */
async function abortTwice(begin: () => Promise<Scenario>, expected: string): Promise<number> {
  for (let call = 0; ; call++) {
    const scenario = await begin();
    const twins = invokeTwice(scenario, 'abort-safely', { call });
    for (let half = 0; half < 30 && twins.calls === 0; half++) await scenario.pass(DAY / 2);
    if (twins.calls <= call) return call;
    expect(twins.other).toMatchObject({ ok: true });
    await scenario.advance(HOUR);
    expect(await scenario.key()).toMatchObject({ lease: null, intent: null });
    expect(await statuses(scenario)).toBe(expected);
    expect(await scenario.isFrozen()).toBe(false);
    expect(scenario.violations()).toEqual([]);
  }
}

describe('Abort Safely is invoked twice', () => {
  test('after a dependent has refused: the key is given back once, and nothing freezes', async () => {
    const refused = async (): Promise<Scenario> => {
      const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
      scenario.reply = (event) => ({ verdict: 'no', version: (event.detail as { version: number }).version, by: CONSUMER_SESSION });
      return scenario;
    };
    expect(await abortTwice(refused, 'v1 ACTIVE, v2 PENDING')).toBeGreaterThan(4);
  });

  test('with a revocation in doubt that a hold has overtaken: it is withdrawn once, and nothing freezes', async () => {
    const overtaken = async (): Promise<Scenario> => {
      const { scenario } = await draining();
      let hasDied = false;
      scenario.world.fault = ({ operation }) => {
        if (operation !== 'ScheduleKeyDeletion' || hasDied) return 'none';
        hasDied = true;
        scenario.world.timeline.after(0, 'a hold', async () => { await post(scenario, 'operate', ALICE, { action: 'hold', key: 'orders', reason: 'legal hold' }); });
        return 'die-before';
      };
      return scenario;
    };
    expect(await abortTwice(overtaken, 'v1 DISABLED, v2 ACTIVE')).toBeGreaterThan(6);
  });
});
