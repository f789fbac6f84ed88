import { KEY_SPECS, type KeySpec } from '../../lambdas/contract/key-specs';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { active, endings, keyState, statuses } from '../support/outsider';
import { inKeyStore } from '../support/key-store';
import { policyOf } from '../support/policies';

const KINDS = (Object.keys(KEY_SPECS) as KeySpec[]).flatMap((spec) => KEY_SPECS[spec].map((usage) => [spec, usage] as const));

/** Two key pairs of 4,096 bits take seconds; the smaller ones run the same code. */
const isSlow = (spec: string): boolean => spec === 'RSA_4096';

test.each(KINDS.filter(([spec]) => !isSlow(spec)))('%s for %s is bootstrapped and rotated to the end', async (spec, usage) => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, spec, usage }));
  expect(endings(scenario)).toEqual(['orders-20260521T0000Z-a1: completed']);
  await scenario.pass(8 * DAY + 12 * HOUR);
  await scenario.world.fireSchedule();
  await scenario.advance(8 * DAY);
  expect(endings(scenario)[1]).toBe('orders-20260610T0000Z-a1: completed');
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  const { kmsKeyId } = await active(scenario);
  expect(scenario.world.kms.snapshot().keys.find(({ id }) => id === kmsKeyId)).toMatchObject({ spec, usage, state: 'Enabled' });
  expect(scenario.violations()).toEqual([]);
});

test.each(KINDS.filter(([spec]) => isSlow(spec)))('%s for %s is bootstrapped', async (spec, usage) => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, spec, usage }));
  expect(endings(scenario)).toEqual(['orders-20260521T0000Z-a1: completed']);
});

describe('a key in a custom key store', () => {
  test('is rotated to the end', async () => {
    const { scenario } = await inKeyStore();
    await scenario.pass(20 * DAY);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });

  test('aborts safely while its store is away, and goes on once it is back', async () => {
    const { scenario, storeId } = await inKeyStore();
    const first = (await active(scenario)).kmsKeyId;
    await scenario.pass(8 * DAY + 12 * HOUR);
    let isAway = false;
    scenario.world.fault = ({ function: name }) => {
      if (name !== 'create-key-version' || isAway) return 'none';
      isAway = true;
      scenario.world.kms.setKeyStoreState(storeId, 'DISCONNECTED');
      return 'none';
    };
    await scenario.world.fireSchedule();
    await scenario.advance(HOUR);
    expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a1: aborted');
    expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: null, lastFailure: { error: 'KeyStoreNotReady' } });
    expect(await statuses(scenario)).toBe('v1 ACTIVE');
    expect(await scenario.isFrozen()).toBe(false);

    scenario.world.kms.setKeyStoreState(storeId, 'CONNECTED');
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a2: completed');
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(keyState(scenario, first)).toBe('PendingDeletion');
    expect(scenario.createdKeys()).toHaveLength(2);
  });
});
