import { active, callKms, keyState, kmsChanges, OUTSIDER, setHold, statuses, traceLength } from '../support/outsider';
import { reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

const TABLE = 'keyturn-registry';

async function until(wanted: string): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  for (let day = 0; day < 40 && !(await statuses(scenario)).includes(wanted); day++) await scenario.pass(DAY / 2);
  expect(await statuses(scenario)).toContain(wanted);
  await scenario.advance(3 * HOUR);
  await scenario.world.reconcile();
  expect(await scenario.isFrozen()).toBe(false);
  return scenario;
}

const frozenBy = async (scenario: Scenario) => (await scenario.world.composition('reconcile').registry().read('orders'))?.freeze;
const pages = (scenario: Scenario): readonly string[] => scenario.alerts().filter((subject) => subject.includes('frozen: it is not as registered'));

describe('what somebody else did to a key is found, frozen and told of once, and nothing is made of it:', () => {
  test.each<[string, string, string, string]>([
    ['v1 ACTIVE', 'DisableKey', 'Disabled', 'is Disabled, its status ACTIVE means Enabled'],
    ['v1 ACTIVE', 'ScheduleKeyDeletion', 'PendingDeletion', 'is PendingDeletion, its status ACTIVE means Enabled'],
    ['v1 DEPRECATED', 'DisableKey', 'Disabled', 'is Disabled, its status DEPRECATED means Enabled'],
    ['v1 DISABLED', 'EnableKey', 'Enabled', 'is Enabled, its status DISABLED means Disabled'],
    ['v1 DISABLED', 'ScheduleKeyDeletion', 'PendingDeletion', 'is PendingDeletion, its status DISABLED means Disabled'],
    ['v1 REVOKED', 'CancelKeyDeletion', 'Disabled', 'is Disabled, its status REVOKED means PendingDeletion'],
  ])('%s, %s', async (status, operation, state, difference) => {
    const scenario = await until(status);
    const { kmsKeyId } = (await scenario.key()).versions['v1'] ?? {};
    callKms(scenario, operation, { KeyId: kmsKeyId });
    const from = traceLength(scenario);
    expect(await scenario.world.reconcile()).toMatchObject({ ok: true, payload: { unconfirmed: [{ key: 'orders', what: expect.stringContaining(difference) }] } });
    // One look may be a late one.
    expect(await scenario.isFrozen()).toBe(false);
    await scenario.advance(HOUR / 4);
    await reconciled(scenario, HOUR);
    expect(await frozenBy(scenario)).toMatchObject({ by: 'reconcile', reason: expect.stringContaining(difference) });
    expect(pages(scenario)).toHaveLength(1);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(keyState(scenario, kmsKeyId)).toBe(state);
  });

  test('its alias is gone', async () => {
    const scenario = await until('v1 ACTIVE');
    callKms(scenario, 'DeleteAlias', { AliasName: scenario.policy.alias });
    await reconciled(scenario, HOUR);
    expect(await frozenBy(scenario)).toMatchObject({ reason: `${scenario.policy.alias} points to no key, the registry expects ${(await active(scenario)).kmsKeyId ?? ''}` });
    expect(pages(scenario)).toHaveLength(1);
  });
});

describe('a ledger', () => {
  const ledgerItem = (seq: number) => ({ pk: { S: 'KEY#orders' }, sk: { S: `LEDGER#${String(seq).padStart(10, '0')}` } });
  const call = (scenario: Scenario, operation: string, input: object): unknown => scenario.world.dynamodb.call(operation, { TableName: TABLE, ...input }, OUTSIDER);

  test.each<[string, (scenario: Scenario, seq: number) => unknown, RegExp]>([
    ['an event of which was changed', (scenario) => call(scenario, 'UpdateItem', { Key: ledgerItem(2), UpdateExpression: 'SET #by = :eve', ExpressionAttributeNames: { '#by': 'by' }, ExpressionAttributeValues: { ':eve': { S: 'eve' } } }), /the ledger: .*2/],
    ['an event of which is missing', (scenario) => call(scenario, 'DeleteItem', { Key: ledgerItem(2) }), /the ledger: /],
    ['the end of which is missing', (scenario, seq) => call(scenario, 'DeleteItem', { Key: ledgerItem(seq) }), /the ledger: /],
  ])('%s freezes its key within a day', async (_, tamper, reason) => {
    const scenario = await until('v1 ACTIVE');
    tamper(scenario, (await scenario.key()).seq);
    await reconciled(scenario, DAY + HOUR);
    expect((await frozenBy(scenario))?.reason).toMatch(reason);
    expect(pages(scenario)).toHaveLength(1);
  });

  test('that is shorter than it was freezes its key at once', async () => {
    const scenario = await until('v1 ACTIVE');
    const { Item: meta } = call(scenario, 'GetItem', { Key: { pk: { S: 'KEY#orders' }, sk: { S: 'META' } } }) as { Item: object };
    const { seq } = await scenario.key();
    await setHold(scenario);
    await scenario.world.reconcile();
    call(scenario, 'DeleteItem', { Key: ledgerItem(seq + 1) });
    call(scenario, 'PutItem', { Item: meta });
    await scenario.world.reconcile();
    expect((await frozenBy(scenario))?.reason).toBe(`the ledger: the registry is at event ${seq}, and was at ${seq + 1} before`);
  });
});

test('a retirement that has been pending for a month is told of once', async () => {
  const scenario = await until('v1 DEPRECATED');
  await setHold(scenario);
  for (let day = 0; day < 45; day++) {
    await scenario.pass(DAY);
    await scenario.world.reconcile();
  }
  expect(scenario.alerts().filter((subject) => subject.includes('the retirement of v1 has been pending for very long'))).toHaveLength(1);
  expect(await statuses(scenario)).toContain('v1 DEPRECATED');
});
