import { endings, statuses } from '../support/outsider';
import { ALICE, answer, approvals, typesOf } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, Scenario, SHORT } from '../support/scenario';

const POLICY = policyOf({ ...SHORT, dependents: [], autoDelete: true });
const NO_TRAIL = { cloudTrailDelayMs: () => 400 * DAY };

/** v1 was disabled and has baked. */
async function baked(options: ConstructorParameters<typeof Scenario>[1] = {}): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(POLICY, options);
  await scenario.pass(16 * DAY);
  return scenario;
}

test('keyturn tries what it disables; once CloudTrail has told of that, the deletion needs nobody', async () => {
  const scenario = await baked();
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  const { disabledAt = '', watchedAt = '' } = (await scenario.key()).versions['v1'] ?? {};
  expect(Date.parse(watchedAt)).toBeGreaterThanOrEqual(Date.parse(disabledAt) - 1000);
  expect((await typesOf(scenario)).filter((type) => type === 'BakeWatched')).toHaveLength(1);
  expect(await approvals(scenario)).toEqual([]);
  // A trial is no use: nothing is rescued, and nobody is paged.
  expect(scenario.alerts()).toEqual([]);
  expect(scenario.violations()).toEqual([]);
});

describe('without a trail', () => {
  test('nobody would know of a late user: a person is asked, whatever the policy says', async () => {
    const scenario = await Scenario.bootstrapped(POLICY, NO_TRAIL);
    for (let halfDays = 0; halfDays < 40 && (await approvals(scenario)).length === 0; halfDays++) await scenario.pass(DAY / 2);
    expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
    const [approval] = await approvals(scenario);
    expect(approval).toMatchObject({ purpose: 'revoke', version: 1 });
    expect(await answer(scenario, ALICE, approval?.id)).toMatchObject({ status: 'done' });
    await scenario.pass(DAY);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('and an answer nothing is deleted; the rotation completes with its retirement pending', async () => {
    const scenario = await baked(NO_TRAIL);
    await scenario.pass(2 * DAY);
    expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
    expect(endings(scenario).at(-1)).toMatch(/-a1: completed-retirement-pending$/);
    expect(await scenario.key()).toMatchObject({ retirementPending: [1] });
  });
});

test('a word of CloudTrail that comes late is waited for by the next retirement run, which then needs nobody', async () => {
  let isWatched = false;
  const scenario = await baked({ cloudTrailDelayMs: () => (isWatched ? 60_000 : 400 * DAY) });
  await scenario.pass(2 * DAY);
  isWatched = true;
  await scenario.pass(4 * DAY);
  expect(await statuses(scenario)).toContain('v1 REVOKED');
  expect((await typesOf(scenario)).filter((type) => type === 'BakeWatched')).toHaveLength(1);
  expect(scenario.violations()).toEqual([]);
});
