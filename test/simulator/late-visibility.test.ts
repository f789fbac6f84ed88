import type { LaggingThing } from '../../local/kms/options';
import { DAY, HOUR, Scenario } from '../support/scenario';
import { endings, statuses } from '../support/outsider';

const SECONDS: readonly number[] = [30, 240];
const THINGS: readonly LaggingThing[] = ['key', 'alias', 'key-state'];

test.each(SECONDS.flatMap((seconds) => THINGS.map((thing) => [thing, seconds] as const)))('a rotation completes once when every %s is seen %i s late', async (thing, seconds) => {
  const scenario = await Scenario.registered(undefined, { kms: { visibilityDelayMs: (what) => (what === thing ? seconds * 1000 : 0) } });
  await scenario.pass(9 * DAY);
  await scenario.pass(10 * DAY);
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(scenario.createdKeys()).toHaveLength(2);
  expect(endings(scenario).filter((ending) => !ending.endsWith(': completed'))).toEqual([]);
  expect(scenario.violations()).toEqual([]);
});

test('a rotation completes once when everything is seen 4 minutes late', async () => {
  const scenario = await Scenario.registered(undefined, { kms: { visibilityDelayMs: () => 240_000 } });
  await scenario.pass(19 * DAY + 12 * HOUR);
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(scenario.createdKeys()).toHaveLength(2);
  expect(await scenario.isFrozen()).toBe(false);
  expect(scenario.violations()).toEqual([]);
});
