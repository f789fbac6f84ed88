import type { FunctionName } from '../../lambdas/contract/functions';
import { AwsError } from '../../local/kernel/aws-error';
import { callKms, endings, foreignKey, statuses } from '../support/outsider';
import { DAY, Scenario } from '../support/scenario';
import { invokeTwice, type Interleaving, type Twins } from '../support/twins';

/** What is looked at is what the tasks do: how they call is looked at elsewhere. */
const begin = (): Promise<Scenario> => Scenario.bootstrapped(undefined, { wire: 'direct' });

const TASKS: readonly FunctionName[] = [
  'claim-rotation',
  'create-key-version',
  'prove-key-version',
  'notify-dependent',
  'promote-key-version',
  'confirm-promotion',
  'check-drain',
  'disable-previous-version',
  'check-bake',
  'revoke-previous-version',
  'release-rotation',
];

/** Lives a rotation in which one function is invoked twice. */
async function rotate(name: FunctionName, interleaving: Interleaving): Promise<Twins> {
  const scenario = await begin();
  const twins = invokeTwice(scenario, name, interleaving);
  await scenario.pass(20 * DAY);
  const came = { ...interleaving, alerts: scenario.alerts(), endings: endings(scenario).slice(1), statuses: await statuses(scenario), keys: scenario.createdKeys().length, violations: scenario.violations() };
  expect(came).toEqual({ ...interleaving, alerts: [], endings: ['orders-20260610T0000Z-a1: completed'], statuses: 'v1 REVOKED, v2 ACTIVE', keys: 2, violations: [] });
  return twins;
}

/** Every call of the one whose answer counts, one life each. @returns how many there were */
async function atEveryCall(name: FunctionName, otherCallOf: (call: number) => number | undefined): Promise<number> {
  for (let call = 0; ; call++) {
    const otherCall = otherCallOf(call);
    const twins = await rotate(name, { call, ...(otherCall === undefined ? {} : { otherCall }) });
    if (twins.calls <= call) return call;
    expect(twins.other).toBeDefined();
  }
}

describe('a function that is invoked twice freezes nothing, makes nothing twice, and the rotation completes:', () => {
  test.each(TASKS)('%s, wherever the other one comes in and runs to its end', async (name) => {
    expect(await atEveryCall(name, () => undefined)).toBeGreaterThan(4);
  });

  test.each(['create-key-version', 'promote-key-version', 'disable-previous-version', 'revoke-previous-version'] as const)('%s, when both stand before the same call', async (name) => {
    expect(await atEveryCall(name, (call) => call)).toBeGreaterThan(4);
  });
});

test.each(['claim-rotation', 'create-key-version', 'prove-key-version', 'promote-key-version', 'confirm-promotion', 'release-rotation'] as const)(
  'a bootstrap whose %s is invoked twice makes one key and one alias, wherever the other one comes in',
  async (name) => {
    let call = 0;
    for (; ; call++) {
      const scenario = await Scenario.registered(undefined, { wire: 'direct' });
      const twins = invokeTwice(scenario, name, { call });
      await scenario.pass(3 * DAY);
      const came = { call, alerts: scenario.alerts(), endings: endings(scenario), statuses: await statuses(scenario), keys: scenario.createdKeys().length, violations: scenario.violations() };
      expect(came).toEqual({ call, alerts: [], endings: ['orders-20260521T0000Z-a1: completed'], statuses: 'v1 ACTIVE', keys: 1, violations: [] });
      if (twins.calls <= call) break;
      expect(twins.other).toBeDefined();
    }
    expect(call).toBeGreaterThan(3);
  },
);

test('what somebody else changes while a twin writes to the registry is found when the task looks again, or by the next one', async () => {
  const scenario = await begin();
  let looks = 0;
  const twins = invokeTwice(scenario, 'promote-key-version', {
    call: 3,
    during: (which, { operation }) => {
      // The other one has moved the alias; somebody else moves it on before the first one looks.
      if (which === 'awaited' && operation === 'DescribeKey' && looks++ === 0) callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
    },
  });
  for (let half = 0; half < 30 && twins.other === undefined; half++) await scenario.pass(DAY / 2);
  expect(twins.other).toMatchObject({ ok: true });
  expect(looks).toBeGreaterThan(0);
  expect(await scenario.isFrozen()).toBe(true);
  expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Confirm Promotion']);
  expect(scenario.violations()).toEqual([]);
});

test.each(['DisableKey', 'ScheduleKeyDeletion'])('a %s that KMS throttles is made by the next invocation, and the rotation completes', async (operation) => {
  const scenario = await begin();
  let throttled = 0;
  scenario.world.fault = (point) => (point.operation === operation && throttled++ < 2 ? new AwsError('ThrottlingException', 'Rate exceeded', 400) : 'none');
  await scenario.pass(20 * DAY);
  expect(throttled).toBe(3);
  expect(scenario.alerts()).toEqual([]);
  expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a1: completed');
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(scenario.violations()).toEqual([]);
});
