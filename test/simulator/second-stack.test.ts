import { ENV, KEY_TAGS } from '../../lambdas/contract/names';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { instantOf } from '../../lambdas/domain/instant';
import { create as createReconcile } from '../../lambdas/handlers/reconcile';
import { create as createRescue } from '../../lambdas/handlers/rescue-version';
import { registerKeys } from '../../lambdas/tasks/register-keys';
import { ENVIRONMENT, SILENT, TABLE } from '../../local/simulator/deployment';
import { active, foreignKey, keyState, kmsChanges, OUTSIDER, statuses, traceLength } from '../support/outsider';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

const OTHER_TABLE = 'other-registry';
const OTHER_ID = '111122223333:eu-central-1:other';

/** A second stack of keyturn in the account of the first, with a table of its own. */
function secondStack({ world }: Scenario) {
  const { Table } = world.dynamodb.call('DescribeTable', { TableName: TABLE }, OUTSIDER) as { Table: { AttributeDefinitions: object; KeySchema: object; GlobalSecondaryIndexes: { IndexName: string; KeySchema: object; Projection: object }[] } };
  const { AttributeDefinitions, KeySchema } = Table;
  const GlobalSecondaryIndexes = Table.GlobalSecondaryIndexes.map(({ IndexName, KeySchema: keySchema, Projection }) => ({ IndexName, KeySchema: keySchema, Projection }));
  world.dynamodb.call('CreateTable', { TableName: OTHER_TABLE, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions, KeySchema, GlobalSecondaryIndexes }, OUTSIDER);
  const environment = { ...ENVIRONMENT, [ENV.table]: OTHER_TABLE, [ENV.registryId]: OTHER_ID };
  const invoke = (handler: (event: unknown, context: { awsRequestId: string }) => Promise<unknown>, event: unknown) => world.timeline.track(handler(event, { awsRequestId: 'second' }));
  return {
    register: async (policies: readonly KeyPolicy[]) => {
      const composition = world.composition('register-keys', environment);
      await registerKeys({ registry: composition.registry(), keys: composition.keys(), registryId: OTHER_ID })({ policies, at: instantOf(world.timeline.nowMs()), by: 'the second stack' });
    },
    reconcile: () => invoke(createReconcile(world.composition('reconcile', environment), SILENT), { scheduledTime: instantOf(world.timeline.nowMs()) }),
    rescue: (event: unknown) => invoke(createRescue(world.composition('rescue-version', environment), SILENT), event),
  };
}

test("a second stack in the account takes the first one's keys for somebody else's: it registers, reports, rescues and quarantines none of them", async () => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  const second = secondStack(scenario);
  await second.register([policyOf({ ...SHORT, name: 'billing', alias: 'alias/billing' })]);
  // What the first has made under the same key name and rotation id means nothing to the second.
  await expect(second.register([policyOf({ ...SHORT, name: 'orders' })])).rejects.toThrow(/alias\/orders exists already/);
  const { kmsKeyArn } = await active(scenario);
  await expect(second.register([policyOf({ ...SHORT, name: 'orders', adopt: kmsKeyArn ?? '' })])).rejects.toThrow(/belongs to the registry .*A key has one registry/);

  const from = traceLength(scenario);
  expect(await second.reconcile()).toMatchObject({ keys: 1, done: [], failed: [] });
  for (let day = 0; day < 40 && !(await statuses(scenario)).includes('v1 DISABLED'); day++) await scenario.pass(DAY / 2);
  const { kmsKeyId } = (await scenario.key()).versions['v1'] ?? {};
  const failedUse = {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: { eventTime: '2026-06-20T00:00:00Z', eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: OUTSIDER.arn }, resources: [{ ARN: `arn:aws:kms:eu-central-1:111122223333:key/${kmsKeyId ?? ''}` }] },
  };
  expect(await second.rescue(failedUse)).toMatchObject({ outcome: 'not-ours' });
  expect(keyState(scenario, kmsKeyId)).toBe('Disabled');
  // Nobody starts what the second has registered, so its one key is overdue by now.
  const overdue = 'keyturn: billing: overdue: its ACTIVE version is older than its policy allows';
  expect(await second.reconcile()).toMatchObject({ done: [{ key: 'billing', what: `told: ${overdue}` }], failed: [] });
  expect(kmsChanges(scenario, from).filter((operation) => operation === 'ScheduleKeyDeletion')).toEqual([]);

  // And the other way round: a key of the second's, of a rotation that nobody knows, is nothing to the first.
  foreignKey(scenario, { Tags: [{ TagKey: KEY_TAGS.registry, TagValue: OTHER_ID }, { TagKey: KEY_TAGS.key, TagValue: 'orders' }, { TagKey: KEY_TAGS.rotation, TagValue: 'orders-20990101T0000Z-a1' }] });
  await scenario.advance(HOUR);
  expect(await scenario.world.reconcile()).toMatchObject({ ok: true, payload: { done: [], failed: [] } });
  expect((await scenario.key()).quarantine).toBeNull();
  expect(scenario.alerts()).toEqual([overdue]);
  // The second does find what went back of its own.
  expect(await second.reconcile()).toMatchObject({ done: [{ what: expect.stringContaining('the registry went back') }] });
});
