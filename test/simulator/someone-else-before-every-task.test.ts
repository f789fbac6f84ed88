import type { FunctionName } from '../../lambdas/contract/functions';
import { isKeyturnRole } from '../../lambdas/domain/checker/options';
import { inKeyStore } from '../support/key-store';
import { aliasTarget, beforeFunction, callKms, endings, foreignKey, isKmsChange, keyState, statuses } from '../support/outsider';
import { DAY, HOUR, Scenario } from '../support/scenario';

const NEXT = 'orders-20260610T0000Z-a1';

/**
 * Every task of a rotation that nothing disturbs, with the state that its failure is told of as, and the place among the created keys of the
 * version that it has in hand besides the ACTIVE one.
 */
const TASKS: Readonly<Partial<Record<FunctionName, { readonly state: string; readonly inHand?: 0 | 1 }>>> = {
  'claim-rotation': { state: 'Claim Rotation' },
  'create-key-version': { state: 'Create Key Version' },
  'prove-key-version': { state: 'Prove Key Version', inHand: 1 },
  'notify-dependent': { state: 'Notify Dependents', inHand: 1 },
  'promote-key-version': { state: 'Promote Key Version', inHand: 1 },
  'confirm-promotion': { state: 'Confirm Promotion', inHand: 0 },
  'check-drain': { state: 'Check Drain', inHand: 0 },
  'disable-previous-version': { state: 'Disable Previous Version', inHand: 0 },
  'check-bake': { state: 'Check Bake', inHand: 0 },
  'revoke-previous-version': { state: 'Revoke Previous Version', inHand: 0 },
  'release-rotation': { state: 'Release Rotation', inHand: 0 },
};
const NAMES = Object.keys(TASKS) as FunctionName[];

/** Something that someone else does to a key. */
type Change = (scenario: Scenario, inHand: string | undefined) => void;

const onActive = (scenario: Scenario, operation: string, more = {}): unknown => callKms(scenario, operation, { KeyId: aliasTarget(scenario), ...more });
const SCHEDULE = { PendingWindowInDays: 7 };

const CHANGES: Readonly<Record<string, Change>> = {
  'the alias is moved to another key': (scenario) => callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) }),
  'the alias is deleted': (scenario) => callKms(scenario, 'DeleteAlias', { AliasName: scenario.policy.alias }),
  'the ACTIVE key is disabled': (scenario) => onActive(scenario, 'DisableKey'),
  'the ACTIVE key is scheduled for deletion': (scenario) => onActive(scenario, 'ScheduleKeyDeletion', SCHEDULE),
};

/** What can be done to the version in hand depends on the state that the rotation has brought it to. */
const CHANGES_IN_HAND: Readonly<Record<string, Change>> = {
  'the version in hand is disabled, or enabled if it is Disabled': (scenario, KeyId) => {
    if (keyState(scenario, KeyId) === 'PendingDeletion') callKms(scenario, 'CancelKeyDeletion', { KeyId });
    callKms(scenario, keyState(scenario, KeyId) === 'Enabled' ? 'DisableKey' : 'EnableKey', { KeyId });
  },
  'the version in hand is scheduled for deletion': (scenario, KeyId) => callKms(scenario, 'ScheduleKeyDeletion', { KeyId, ...SCHEDULE }),
};

/** Runs until somebody is alerted, and for an hour more: whoever is asked has a day to answer. */
async function passUntilAlerted(scenario: Scenario): Promise<void> {
  for (let halfDays = 0; halfDays < 40 && scenario.alerts().length === 0; halfDays++) await scenario.pass(DAY / 2);
  await scenario.advance(HOUR);
}

/** Changes of KMS, and whatever a dependent can hear of. */
function isEffect({ service, operation }: { readonly service: string; readonly operation: string }): boolean {
  return service === 'events' || service === 'lambda' || (service === 'kms' && isKmsChange(operation));
}

/** What keyturn did to KMS and told dependents, from a place in the trace on. */
function effects(scenario: Scenario, fromSeq: number): readonly string[] {
  const events = scenario.world.trace.events().slice(fromSeq);
  return events.flatMap((event) => (event.type === 'sdk.call' && isEffect(event) && isKeyturnRole(event.actor) ? [event.operation] : []));
}

async function expectFrozenBy(scenario: Scenario, name: FunctionName, act: () => void, alerts: readonly string[]): Promise<void> {
  const change = beforeFunction(scenario, name, act);
  await passUntilAlerted(scenario);
  expect(change.hasHappened()).toBe(true);
  expect(await scenario.isFrozen()).toBe(true);
  expect(scenario.alerts()).toEqual(alerts);
  expect(effects(scenario, change.seq())).toEqual([]);
  expect(scenario.violations()).toEqual([]);
}

test('the tasks are those of a rotation that nothing disturbs', async () => {
  const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  await scenario.pass(20 * DAY);
  expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
  const invoked = scenario.world.trace.events().flatMap((event) => (event.type === 'lambda.invoked' && event.execution === NEXT ? [event.function] : []));
  expect([...new Set(invoked)]).toEqual(NAMES);
});

describe.each(NAMES)('right before %s', (name) => {
  const { state, inHand } = TASKS[name]!;
  const changes = Object.entries({ ...CHANGES, ...(inHand === undefined ? {} : CHANGES_IN_HAND) })
    // A key that keyturn has scheduled for deletion is so already.
    .filter(([what]) => !(name === 'release-rotation' && what.endsWith('in hand is scheduled for deletion')));

  test.each(changes)('%s: the key freezes there, one alert says so, and keyturn does nothing more', async (_, change) => {
    const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
    const act = (): void => change(scenario, inHand === undefined ? undefined : scenario.createdKeys()[inHand]);
    await expectFrozenBy(scenario, name, act, [`keyturn: orders: security-critical failure in ${state}`]);
  });
});

describe('a key store that is away', () => {
  test.each(NAMES)('right before %s freezes nothing: what needs it stops, and all is done once it is back', async (name) => {
    const { scenario, storeId } = await inKeyStore();
    const gone = beforeFunction(scenario, name, () => scenario.world.kms.setKeyStoreState(storeId, 'DISCONNECTED'));
    for (let halfDays = 0; halfDays < 40 && !gone.hasHappened(); halfDays++) await scenario.pass(DAY / 2);
    expect(gone.hasHappened()).toBe(true);
    await scenario.advance(HOUR);
    expect(effects(scenario, gone.seq())).toEqual([]);
    expect(endings(scenario).at(-1)).toBe(name === 'release-rotation' ? `${NEXT}: completed` : `${NEXT}: aborted`);
    scenario.world.kms.setKeyStoreState(storeId, 'CONNECTED');
    await scenario.pass(12 * DAY);
    expect(await scenario.isFrozen()).toBe(false);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });
});

/** Changes of KMS and announcements that an invocation of the workflow's made before it had looked at KMS. */
function uncheckedEffects(scenario: Scenario): readonly string[] {
  const events = scenario.world.trace.events();
  const functions = new Map(events.flatMap((event) => (event.type === 'lambda.invoked' && event.execution !== null ? [[event.traceId, event.function] as const] : [])));
  const looked = new Set<string | undefined>();
  return events.flatMap((event) => {
    const name = functions.get(event.traceId);
    if (event.type !== 'sdk.call' || name === undefined) return [];
    if (event.operation === 'DescribeKey') looked.add(event.traceId);
    return isEffect(event) && !looked.has(event.traceId) ? [`${name}: ${event.operation}`] : [];
  });
}

test('no invocation changes or tells anything before it has looked, wherever an earlier one died', async () => {
  const undisturbed = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  const bootstrapCalls = undisturbed.world.calls.length;
  await undisturbed.pass(20 * DAY);
  const points = undisturbed.world.calls.slice(bootstrapCalls).filter(isEffect);
  expect(new Set(points.map(({ operation }) => operation))).toEqual(new Set(['CreateKey', 'CreateAlias', 'PutEvents', 'UpdateAlias', 'TagResource', 'DisableKey', 'ScheduleKeyDeletion']));
  expect(uncheckedEffects(undisturbed)).toEqual([]);
  for (const { index } of points) {
    const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
    scenario.world.fault = (point) => (point.index === index ? 'die-after' : 'none');
    await scenario.pass(20 * DAY);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(uncheckedEffects(scenario)).toEqual([]);
  }
});
