import { before, endings, keyState, statuses } from '../support/outsider';
import { reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

test('a rescue that comes between the intent to revoke and a call that never comes leaves the version in use, and the key unfrozen', async () => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  const [kmsKeyId = ''] = scenario.createdKeys();
  const rescued = before(scenario, 'ScheduleKeyDeletion', async () => {
    const result = await scenario.world.invoke('rescue-version', {
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.kms',
      detail: {
        eventID: 'e-1', eventTime: '2026-06-15T00:00:00Z', eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/reports/nightly' },
        resources: [{ ARN: `arn:aws:kms:eu-central-1:111122223333:key/${kmsKeyId}` }],
      },
    });
    expect(result).toMatchObject({ ok: true, payload: { outcome: 'rescued' } });
  });
  scenario.world.fault = ({ operation }) => (operation === 'ScheduleKeyDeletion' ? 'die-before' : 'none');
  await scenario.pass(17 * DAY);
  expect(rescued.hasHappened()).toBe(true);
  await scenario.pass(DAY);
  await reconciled(scenario, 2 * HOUR);
  expect(await scenario.isFrozen()).toBe(false);
  expect(keyState(scenario, kmsKeyId)).toBe('Enabled');
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  expect(await scenario.key()).toMatchObject({ intent: null, lease: null, hold: { by: 'rescue-version' } });
  expect(endings(scenario).length).toBeGreaterThan(1);
  expect(scenario.violations()).toEqual([]);
});
