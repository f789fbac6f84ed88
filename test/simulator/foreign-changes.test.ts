import { DAY, HOUR, Scenario } from '../support/scenario';
import { active, aliasTarget, beforeFunction, callKms, endings, foreignKey, keyState, kmsChanges, statuses, traceLength } from '../support/outsider';

/** Nobody answered, so the execution ended frozen. */
const ENDED = 'keyturn: orders: an execution ended FAILED with ObservedMismatch and still holds the key';

describe('an alias that someone else moved', () => {
  test('freezes the key: keyturn changes nothing in KMS any more, and alerts once, and once more when nobody answered', async () => {
    const scenario = await Scenario.bootstrapped();
    const foreign = foreignKey(scenario);
    const moved = beforeFunction(scenario, 'claim-rotation', () => callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign }));
    await scenario.pass(25 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(kmsChanges(scenario, moved.seq())).toEqual([]);
    expect(aliasTarget(scenario)).toBe(foreign);
    expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Claim Rotation', ENDED]);
    expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a1: FAILED');
    expect(scenario.violations()).toEqual([]);
  });

  test('was deleted: the key freezes', async () => {
    const scenario = await Scenario.bootstrapped();
    callKms(scenario, 'DeleteAlias', { AliasName: scenario.policy.alias });
    await scenario.pass(12 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBeUndefined();
    expect(scenario.createdKeys()).toHaveLength(1);
  });

  test('right after our own UpdateAlias is seen when the alias is read back', async () => {
    const scenario = await Scenario.bootstrapped();
    const foreign = foreignKey(scenario);
    scenario.world.interceptAll = async (call, next) => {
      const answer = await next();
      if (call.operation === 'UpdateAlias') callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign });
      return answer;
    };
    await scenario.pass(12 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBe(foreign);
    expect(await scenario.key()).toMatchObject({ intent: { kind: 'promote' }, versions: { v1: { status: 'ACTIVE' }, v2: { status: 'PENDING' } } });
    expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Promote Key Version', ENDED]);
  });
});

describe('a KMS key that someone else changed', () => {
  test.each<[string, string, Record<string, unknown>, string]>([
    ['disabled', 'DisableKey', {}, 'Disabled'],
    ['scheduled for deletion', 'ScheduleKeyDeletion', { PendingWindowInDays: 30 }, 'PendingDeletion'],
  ])('and %s, while ACTIVE, freezes the key at Claim', async (_, operation, more, state) => {
    const scenario = await Scenario.bootstrapped();
    const { kmsKeyId: KeyId } = await active(scenario);
    callKms(scenario, operation, { KeyId, ...more });
    const from = traceLength(scenario);
    await scenario.pass(25 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(keyState(scenario, KeyId)).toBe(state);
    expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Claim Rotation', ENDED]);
  });

  test('and disabled before its promotion is not promoted', async () => {
    const scenario = await Scenario.bootstrapped();
    const first = (await active(scenario)).kmsKeyId;
    beforeFunction(scenario, 'promote-key-version', () => {
      const second = scenario.createdKeys()[1];
      callKms(scenario, 'DisableKey', { KeyId: second });
    });
    await scenario.pass(12 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBe(first);
    expect(scenario.violations()).toEqual([]);
  });

  test('and enabled during its bake is not revoked', async () => {
    const scenario = await Scenario.bootstrapped();
    const KeyId = (await active(scenario)).kmsKeyId;
    beforeFunction(scenario, 'check-bake', () => callKms(scenario, 'EnableKey', { KeyId }));
    await scenario.pass(25 * DAY);
    expect(keyState(scenario, KeyId)).toBe('Enabled');
    expect(await scenario.isFrozen()).toBe(true);
    expect(scenario.violations()).toEqual([]);
  });
});

describe('a bootstrap', () => {
  test('is refused, and the key frozen, when the alias appears by someone else', async () => {
    const scenario = await Scenario.registered();
    const foreign = foreignKey(scenario);
    callKms(scenario, 'CreateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign });
    await scenario.pass(2 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBe(foreign);
    expect(await statuses(scenario)).toBe('');
    expect(kmsChanges(scenario)).toEqual([]);
    expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Claim Rotation', ENDED]);
  });

  test('does not take an alias that appears right before its own CreateAlias', async () => {
    const scenario = await Scenario.registered();
    const foreign = foreignKey(scenario);
    scenario.world.interceptAll = async (call, next) => {
      if (call.operation === 'CreateAlias' && (call.input as { AliasName: string }).AliasName === scenario.policy.alias) {
        callKms(scenario, 'CreateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign });
      }
      return next();
    };
    await scenario.world.fireSchedule();
    await scenario.advance(HOUR);
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBe(foreign);
    expect(await statuses(scenario)).toBe('v1 PENDING');
  });
});

describe('a frozen key', () => {
  test('stays as it is, whatever is started', async () => {
    const scenario = await Scenario.bootstrapped();
    await scenario.world.composition('classify-failure').registry().freeze('orders', { by: 'reconcile', at: '2026-06-02T00:00:00.000Z', reason: 'audit' });
    const key = await scenario.key();
    const from = traceLength(scenario);
    scenario.world.startExecution('orders-20260610T0000Z-a1', { key: 'orders', window: '20260610T0000Z', attempt: 1 });
    await scenario.pass(25 * DAY);
    expect(await scenario.key()).toEqual(key);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a1: FAILED');
    expect(scenario.alerts()).toHaveLength(1);
  });
});
