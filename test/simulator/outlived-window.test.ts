import { plusSeconds } from '../../lambdas/domain/instant';
import { endings, statuses } from '../support/outsider';
import { policyOf } from '../support/policies';
import { DAY, Scenario, SHORT } from '../support/scenario';

const FIRST = 'orders-20260610T0000Z-a1';
const DRAIN_SECONDS = 25 * 86_400;

test('a rotation whose drain outlives its next window goes on undisturbed; that window is deferred, and the drain does not start anew', async () => {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(10 * DAY);
  const { drainFrom, disableNotBefore } = (await scenario.key()).versions['v1']!;
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  // A tightening counts at once: the drain ends 5 days after the next window has begun.
  await scenario.world.register([policyOf({ ...SHORT, drainSeconds: DRAIN_SECONDS })]);

  await scenario.pass(20 * DAY);
  expect(new Date(scenario.world.timeline.nowMs()).toISOString() > '2026-06-30').toBe(true);
  expect((await scenario.key()).lease?.rotationId).toBe(FIRST);
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  expect((await scenario.key()).versions['v1']).toMatchObject({ drainFrom, disableNotBefore });
  // Two starts by hand in the meantime find the owner, and leave.
  for (const attempt of [1, 2]) {
    scenario.world.startExecution(`orders-20260630T0000Z-a${attempt}`, { key: 'orders', window: '20260630T0000Z', attempt });
  }
  await scenario.pass(DAY);
  expect(endings(scenario).slice(1)).toEqual(['orders-20260630T0000Z-a1: superseded', 'orders-20260630T0000Z-a2: superseded']);
  expect((await scenario.key()).versions['v1']).toMatchObject({ drainFrom, disableNotBefore });

  await scenario.pass(20 * DAY);
  const { versions } = await scenario.key();
  expect(versions['v1']?.drainFrom).toBe(drainFrom);
  expect(Date.parse(versions['v1']?.disabledAt ?? '')).toBeGreaterThanOrEqual(Date.parse(plusSeconds(drainFrom!, DRAIN_SECONDS)));
  expect(endings(scenario)).toContain(`${FIRST}: completed`);
  // Once it is done the window that waited gets its rotation, under the next name that is free.
  expect(versions['v3']).toMatchObject({ window: '20260630T0000Z', status: 'ACTIVE' });
  expect(scenario.violations()).toEqual([]);
});
