import { AwsError } from '../../local/kernel/aws-error';
import { CONSUMER_SESSION, DAY, HOUR, Scenario } from '../support/scenario';
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

test('an alias that someone else moved back to the version before, right after its promotion, looks like a late reading: it is read again for 5 minutes, and then the key freezes', async () => {
  const scenario = await Scenario.bootstrapped();
  const first = (await active(scenario)).kmsKeyId;
  const moved = beforeFunction(scenario, 'confirm-promotion', () => callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: first }));
  await scenario.pass(8 * DAY + 13 * HOUR);
  expect(await scenario.isFrozen()).toBe(true);
  expect(kmsChanges(scenario, moved.seq())).toEqual([]);
  expect(aliasTarget(scenario)).toBe(first);
  const delays = scenario.world.trace.events().flatMap((event) => (event.type === 'states.task-retried' && event.state === 'Confirm Promotion' ? [event.delaySeconds] : []));
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBe(315);
  expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Confirm Promotion']);
});

test.each(['UpdateAlias', 'DeleteAlias'])('a version whose version alias someone else took by %s is not disabled: the bake would not hear of who knows it by that', async (operation) => {
  const scenario = await Scenario.bootstrapped();
  const { kmsKeyId: first } = await active(scenario);
  const foreign = foreignKey(scenario);
  const moved = beforeFunction(scenario, 'disable-previous-version', () => callKms(scenario, operation, { AliasName: 'alias/orders/v1', TargetKeyId: foreign }));
  await scenario.pass(15 * DAY);
  expect(moved.hasHappened()).toBe(true);
  expect(await scenario.isFrozen()).toBe(true);
  expect(keyState(scenario, first)).toBe('Enabled');
  expect(aliasTarget(scenario, 'alias/orders/v1')).toBe(operation === 'UpdateAlias' ? foreign : undefined);
  expect(kmsChanges(scenario, moved.seq())).toEqual([]);
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

  test.each(['claim-rotation', 'create-key-version'] as const)('and left disabled by the time of the next attempt is seen before %s of that', async (name) => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = (event) => ({ verdict: 'no', version: (event.detail as { version: number }).version, by: CONSUMER_SESSION });
    await scenario.pass(8 * DAY + 13 * HOUR);
    expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-a1: aborted');
    const changed = beforeFunction(scenario, name, () => callKms(scenario, 'DisableKey', { KeyId: scenario.createdKeys()[1] }));
    await scenario.pass(DAY);
    expect(changed.hasHappened()).toBe(true);
    expect(await scenario.isFrozen()).toBe(true);
    expect(kmsChanges(scenario, changed.seq())).toEqual([]);
    expect(scenario.violations()).toEqual([]);
  });

  test('before Abort Safely freezes the key, which is not given back', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.reply = (event) => ({ verdict: 'no', version: (event.detail as { version: number }).version, by: CONSUMER_SESSION });
    const KeyId = (await active(scenario)).kmsKeyId;
    const changed = beforeFunction(scenario, 'abort-safely', () => callKms(scenario, 'DisableKey', { KeyId }));
    await scenario.pass(8 * DAY + 13 * HOUR);
    expect(changed.hasHappened()).toBe(true);
    expect(await scenario.isFrozen()).toBe(true);
    expect(await scenario.key()).toMatchObject({ lease: { rotationId: 'orders-20260610T0000Z-a1' } });
    expect(kmsChanges(scenario, changed.seq())).toEqual([]);
    expect(scenario.alerts()).toEqual(['keyturn: orders: recoverable failure in Promote Key Version', 'keyturn: orders: security-critical failure in Abort Safely']);
    expect(scenario.violations()).toEqual([]);
  });

  test('so that keyturn may not read it any more is given back, in quarantine', async () => {
    const scenario = await Scenario.bootstrapped();
    scenario.world.fault = ({ operation }) => (operation === 'DescribeKey' ? new AwsError('AccessDeniedException', 'as AWS says it', 400) : 'none');
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1)).toEqual(['orders-20260610T0000Z-a1: aborted']);
    expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: { reason: expect.stringContaining('PermissionDenied') } });
    expect(scenario.alerts()).toHaveLength(1);
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

  test.each(['create-key-version', 'prove-key-version', 'promote-key-version'] as const)('is stopped before %s when the alias appears by someone else, and the key frozen', async (name) => {
    const scenario = await Scenario.registered();
    const foreign = foreignKey(scenario);
    const appeared = beforeFunction(scenario, name, () => callKms(scenario, 'CreateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign }));
    await scenario.world.fireSchedule();
    await scenario.advance(HOUR);
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBe(foreign);
    expect(kmsChanges(scenario, appeared.seq())).toEqual([]);
    expect(scenario.alerts()).toHaveLength(1);
    expect(scenario.violations()).toEqual([]);
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
