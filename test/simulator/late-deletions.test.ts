import { instantOf } from '../../lambdas/domain/instant';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { before, endings, keyState, statuses } from '../support/outsider';
import { ALICE, answer, BOB, post, reconciled, typesOf, type Answer } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

const OWNER = 'orders-20260610T0000Z-a1';
const MINUTE = 60_000;

/** v1 drains; its owner goes on to revoke it. */
async function draining(): Promise<{ readonly scenario: Scenario; readonly v1: string }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  const [v1 = ''] = scenario.createdKeys();
  await scenario.pass(10 * DAY);
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  return { scenario, v1 };
}

const hold = (scenario: Scenario): Promise<Answer> => post(scenario, 'operate', ALICE, { action: 'hold', key: 'orders', reason: 'legal hold' });
const release = (scenario: Scenario): Promise<Answer> => post(scenario, 'operate', ALICE, { action: 'release', key: 'orders', reason: 'over' });
const lift = (scenario: Scenario): Promise<Answer> => post(scenario, 'decide', BOB, { action: 'lift', key: 'orders', reason: 'looked' });
const freeze = async (scenario: Scenario): Promise<void> =>
  scenario.world.composition('reconcile').registry().freeze('orders', { by: 'reconcile', at: instantOf(scenario.world.timeline.nowMs()), reason: 'somebody moved something' });
const pause = (scenario: Scenario): Promise<Answer> =>
  post(scenario, 'operate', ALICE, { action: 'pause', key: 'orders', reason: 'change freeze', until: instantOf(scenario.world.timeline.nowMs() + 60 * DAY) });
const stopOwner = (scenario: Scenario): unknown =>
  scenario.world.states.call('StopExecution', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${OWNER}`, error: 'Stopped', cause: 'by hand' });
const use = async (scenario: Scenario, v1: string): Promise<unknown> =>
  scenario.world.invoke('rescue-version', {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: { eventTime: instantOf(scenario.world.timeline.nowMs()), eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/reports/nightly' }, errorMessage: `arn:aws:kms:eu-central-1:111122223333:key/${v1} is disabled.` },
  });

/** Both schedules fire for days. */
async function live(scenario: Scenario, days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    await scenario.world.fireSchedule();
    await reconciled(scenario, HOUR / 2);
    await scenario.advance(DAY - HOUR / 2);
  }
}

/** The function dies with `operation` under way: `act` comes next, and KMS applies the call 20 seconds later. */
async function appliedLate(scenario: Scenario, operation: string, act: () => Promise<void>): Promise<void> {
  const { world } = scenario;
  let isApplied = false;
  let diedAt: number | undefined;
  world.fault = ({ operation: called, function: name, input }) => {
    if (called !== operation || diedAt !== undefined) return 'none';
    diedAt = world.timeline.nowMs();
    world.timeline.after(0, 'what comes next', act);
    world.timeline.after(20_000, 'the late call', () => {
      world.kms.call(operation, input, { accountId: '111122223333', arn: world.actorOf(name), userId: name });
      isApplied = true;
    });
    return 'die-before';
  };
  for (let step = 0; step < 40 * DAY / (5 * MINUTE) && diedAt === undefined; step++) {
    if (step % 144 === 0) await world.fireSchedule();
    await scenario.advance(5 * MINUTE);
  }
  await scenario.advance(MINUTE);
  expect(isApplied).toBe(true);
}

describe('a freeze between the intent to revoke and its call', () => {
  test.each([
    ['alone', freeze],
    ['with a hold', async (scenario: Scenario) => { await hold(scenario); await freeze(scenario); }],
  ])('%s has the function itself cancel the deletion', async (_, act) => {
    const { scenario, v1 } = await draining();
    const called = before(scenario, 'ScheduleKeyDeletion', async () => act(scenario));
    for (let half = 0; half < 40 && !called.hasHappened(); half++) await scenario.pass(DAY / 2);
    expect(keyState(scenario, v1)).toBe('Disabled');
    expect(endings(scenario)).not.toContain(`${OWNER}: completed`);
    await live(scenario, 35);
    expect(keyState(scenario, v1)).toBe('Disabled');
    expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
    expect(await scenario.isFrozen()).toBe(true);
    expect(scenario.violations()).toEqual([]);
  });

  test.each([
    ['alone', freeze],
    ['with a hold', async (scenario: Scenario) => { await hold(scenario); await freeze(scenario); }],
  ])('%s has the reconciliation cancel it, when the function has died and KMS applies its call late', async (_, act) => {
    const { scenario, v1 } = await draining();
    await appliedLate(scenario, 'ScheduleKeyDeletion', async () => act(scenario));
    expect(keyState(scenario, v1)).toBe('PendingDeletion');
    await scenario.world.reconcile();
    expect(keyState(scenario, v1)).toBe('Disabled');
    await live(scenario, 2);
    expect(keyState(scenario, v1)).toBe('Disabled');
    expect(scenario.violations()).toEqual([]);
  });
});

test('a repair that comes before the reconciliation cancels a deletion that was not committed when the freeze came', async () => {
  const { scenario, v1 } = await draining();
  await appliedLate(scenario, 'ScheduleKeyDeletion', async () => freeze(scenario));
  expect(keyState(scenario, v1)).toBe('PendingDeletion');
  const asked = await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'compare' }, reason: 'nothing is left to mend' });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'done' });
  await scenario.advance(HOUR / 2);
  expect(await scenario.isFrozen()).toBe(false);
  expect(keyState(scenario, v1)).toBe('Disabled');
  // The execution has failed of the freeze, and whoever repaired the key has looked at that.
  await reconciled(scenario, HOUR);
  expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
  expect(scenario.violations()).toEqual([]);
});

test('a revocation that was committed before the freeze came stays: it was lawful', async () => {
  const { scenario, v1 } = await draining();
  for (let half = 0; half < 40 && !(await statuses(scenario)).includes('v1 REVOKED'); half++) await scenario.pass(DAY / 2);
  await freeze(scenario);
  await reconciled(scenario, HOUR);
  expect(keyState(scenario, v1)).toBe('PendingDeletion');
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  // A hold is stronger, also over a freeze.
  expect(await hold(scenario)).toMatchObject({ status: 'done', message: expect.stringContaining('the scheduled deletion of v1 was cancelled') });
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(scenario.violations()).toEqual([]);
});

test('a hold whose rescuer dies behind its call has the reconciliation say that the version is DISABLED again', async () => {
  const { scenario, v1 } = await draining();
  for (let half = 0; half < 40 && !(await statuses(scenario)).includes('v1 REVOKED'); half++) await scenario.pass(DAY / 2);
  let hasDied = false;
  scenario.world.fault = ({ operation }) => {
    if (operation !== 'CancelKeyDeletion' || hasDied) return 'none';
    hasDied = true;
    return 'die-after';
  };
  await hold(scenario);
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  await reconciled(scenario, HOUR / 2);
  expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
  expect(await scenario.isFrozen()).toBe(false);
  expect(scenario.violations()).toEqual([]);
});

describe('a deletion that is under way when its owner is stopped', () => {
  test('is cancelled and withdrawn by the reconciliation while the key is held, and nobody is told that it was cancelled before', async () => {
    const { scenario, v1 } = await draining();
    let told: Answer | undefined;
    await appliedLate(scenario, 'ScheduleKeyDeletion', async () => {
      stopOwner(scenario);
      told = await hold(scenario);
    });
    expect(told).toMatchObject({ status: 'done', message: 'orders is held; no deletion is scheduled; if one is under way it is cancelled by the next reconciliation' });
    expect(keyState(scenario, v1)).toBe('PendingDeletion');
    await reconciled(scenario, HOUR / 2);
    expect(keyState(scenario, v1)).toBe('Disabled');
    expect(await scenario.key()).toMatchObject({ intent: null, lease: { rotationId: OWNER }, hold: { by: ALICE }, quarantine: { by: 'handle-ended-execution' } });
    expect(await lift(scenario)).toMatchObject({ status: 'done' });
    await live(scenario, 35);
    expect(keyState(scenario, v1)).toBe('Disabled');
    expect(await scenario.isFrozen()).toBe(false);
    expect((await typesOf(scenario)).filter((type) => type.startsWith('Revoke') || type === 'VersionRevoked')).toEqual(['RevokeIntended', 'RevokeWithdrawn']);
    expect(scenario.violations()).toEqual([]);
    // The hold ends, and the next run takes the lease over.
    await release(scenario);
    await scenario.pass(2 * DAY);
    expect((await scenario.key()).lease?.rotationId).not.toBe(OWNER);
    expect(scenario.violations()).toEqual([]);
  });

  test('of a version that somebody uses does not keep its rescue from being finished', async () => {
    const { scenario, v1 } = await draining();
    await appliedLate(scenario, 'ScheduleKeyDeletion', async () => {
      stopOwner(scenario);
      expect(await use(scenario, v1)).toMatchObject({ ok: false, error: 'OwnerNotSettled' });
    });
    expect(keyState(scenario, v1)).toBe('PendingDeletion');
    await reconciled(scenario, HOUR / 2);
    expect(keyState(scenario, v1)).toBe('Enabled');
    expect(await scenario.key()).toMatchObject({ intent: null, rescues: {}, hold: { by: 'rescue-version' }, versions: { v1: { status: 'DEPRECATED' } } });
    await lift(scenario);
    await live(scenario, 35);
    expect(keyState(scenario, v1)).toBe('Enabled');
    expect(scenario.violations()).toEqual([]);
  });
});

describe('the intent of an owner that was stopped is ended by the reconciliation', () => {
  test.each<[string, string, (scenario: Scenario) => Promise<unknown>, string, string]>([
    ['DisableKey', 'held', hold, 'v1 DISABLED, v2 ACTIVE', 'VersionDisabled'],
    ['DisableKey', 'paused', pause, 'v1 DISABLED, v2 ACTIVE', 'VersionDisabled'],
    ['DisableKey', 'removed', async (scenario) => scenario.world.register([]), 'v1 DISABLED, v2 ACTIVE', 'VersionDisabled'],
    ['ScheduleKeyDeletion', 'paused', pause, 'v1 REVOKED, v2 ACTIVE', 'VersionRevoked'],
  ])('a late %s of a key that is %s', async (operation, _, act, wanted, type) => {
    const { scenario } = await draining();
    await appliedLate(scenario, operation, async () => {
      stopOwner(scenario);
      await act(scenario);
    });
    // Nothing is judged before nothing of the owner can be under way.
    await scenario.world.reconcile();
    expect((await scenario.key()).intent).not.toBeNull();
    await reconciled(scenario, HOUR / 2);
    expect(await scenario.key()).toMatchObject({ intent: null, lease: { rotationId: OWNER }, quarantine: { by: 'handle-ended-execution' } });
    expect(await statuses(scenario)).toBe(wanted);
    expect((await typesOf(scenario)).filter((other) => other === type)).toHaveLength(1);
    // Once ended, nothing is left to end.
    const events = (await scenario.ledger()).length;
    await reconciled(scenario, HOUR);
    expect(await scenario.ledger()).toHaveLength(events);
    expect(scenario.violations()).toEqual([]);
  });

  test('a late UpdateAlias of a key that is held', async () => {
    const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
    await appliedLate(scenario, 'UpdateAlias', async () => {
      stopOwner(scenario);
      await hold(scenario);
    });
    await reconciled(scenario, HOUR / 2);
    expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
    expect(await scenario.key()).toMatchObject({ intent: null, lease: { rotationId: OWNER } });
    expect(scenario.violations()).toEqual([]);
  });
});

test.each([['held', hold], ['paused', pause]] as const)('an owner whose end nobody was told of is noticed once on a key that is %s, also after the quarantine was lifted', async (_, act) => {
  const { scenario } = await draining();
  await act(scenario);
  // The event is lost.
  scenario.world.fault = ({ function: name }) => (name === 'handle-ended-execution' ? 'die-before' : 'none');
  stopOwner(scenario);
  await reconciled(scenario, HOUR);
  expect((await scenario.key()).quarantine).toMatchObject({ by: 'reconcile' });
  const pages = (): number => scenario.alerts().filter((subject) => subject.includes('still holds the key')).length;
  expect(pages()).toBe(1);
  await lift(scenario);
  await reconciled(scenario, HOUR);
  expect(await scenario.key()).toMatchObject({ quarantine: null, lease: { rotationId: OWNER } });
  expect(pages()).toBe(1);
});
