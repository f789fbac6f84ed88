import { WORKFLOW_FUNCTIONS, type FunctionName } from '../../lambdas/contract/functions';
import { instantOf, msOf } from '../../lambdas/domain/instant';
import { liftQuarantine } from '../../lambdas/domain/operations';
import { TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { DAY, HOUR, Scenario } from '../support/scenario';
import { ALICE, reconciled } from '../support/people';
import { aliasTarget, endings, kmsChanges, statuses } from '../support/outsider';

const NEXT = 'orders-20260610T0000Z-a1';

/** The states of a rotation that nothing disturbs, in order. */
const STATES = [
  'Check Input', 'Claim Rotation', 'Choose Work', 'Create Key Version', 'Prove Key Version', 'Notify Dependents', 'Notify Dependent', 'Wait For Version Alias', 'Promote Key Version',
  'Wait For Consistency', 'Confirm Promotion', 'Choose Retirement', 'Drain', 'Check Drain', 'Decide Drain', 'Disable Previous Version', 'Decide Bake', 'Bake', 'Check Bake',
  'Decide Revocation', 'Revoke Previous Version', 'Release Rotation', 'Rotation Completed',
] as const;
type State = (typeof STATES)[number];

/** Its functions, in the order of their states. */
const FUNCTIONS_IN_USE = STATES.flatMap((state) => WORKFLOW_FUNCTIONS.flatMap(([name, contract]) => (contract.state === state ? [name] : [])));

/** Somebody with the right to do so stops the execution. */
function stop(scenario: Scenario): void {
  const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${NEXT}`;
  scenario.world.states.call('StopExecution', { executionArn, error: 'Stopped', cause: 'by hand' });
}

/** Runs until the execution has been stopped, and then for as long as its events take. */
async function stopped(scenario: Scenario, afterMs = HOUR): Promise<Scenario> {
  const isStopped = (): boolean => endings(scenario).includes(`${NEXT}: ABORTED`);
  for (let minutes = 0; minutes < 20 * 24 * 60 && !isStopped(); minutes++) {
    if (minutes % (12 * 60) === 0) await scenario.world.fireSchedule();
    await scenario.advance(60_000);
  }
  expect(isStopped()).toBe(true);
  await scenario.advance(afterMs);
  return scenario;
}

async function stoppedAt(state: State, afterMs?: number): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  let isStopped = false;
  scenario.world.trace.onEvent((event) => {
    if (isStopped || event.type !== 'states.state-entered' || event.execution !== NEXT || event.state !== state) return;
    isStopped = true;
    stop(scenario);
  });
  return stopped(scenario, afterMs);
}

/** The execution is stopped at the first call of the function, which runs on: nobody tells it. */
async function stoppedWhile(name: FunctionName): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  let isStopped = false;
  scenario.world.fault = (point) => {
    if (!isStopped && point.function === name) {
      isStopped = true;
      stop(scenario);
    }
    return 'none';
  };
  return stopped(scenario, 60_000);
}

async function lift(scenario: Scenario): Promise<void> {
  const at = instantOf(scenario.world.timeline.nowMs());
  await scenario.world.composition('decide').registry().transact('orders', (key) => liftQuarantine(key, { by: ALICE, at, reason: 'looked' }));
}

/** A person has looked; the next run takes over and finishes what was begun. */
async function finish(scenario: Scenario): Promise<void> {
  await lift(scenario);
  await scenario.pass(12 * DAY);
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: null, completedWindow: '20260610T0000Z', retirementPending: [] });
  expect(aliasTarget(scenario)).toBe((await scenario.key()).versions['v2']?.kmsKeyId);
  expect(scenario.createdKeys()).toHaveLength(2);
  expect(endings(scenario).slice(2)).toEqual(['orders-20260610T0000Z-a2: completed']);
  expect(await scenario.ledgerBreak()).toBeUndefined();
}

test('the states are those of a rotation that nothing disturbs', async () => {
  const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  await scenario.pass(20 * DAY);
  const entered = scenario.world.trace.events().flatMap((event) => (event.type === 'states.state-entered' && event.execution === NEXT ? [event.state] : []));
  expect([...new Set(entered)]).toEqual(STATES);
});

/** Before Claim and after Release nobody owns the key: there is nothing to quarantine. */
const UNOWNED: readonly State[] = ['Check Input', 'Claim Rotation', 'Rotation Completed'];

describe('an execution that is stopped', () => {
  test.each(STATES.filter((state) => !UNOWNED.includes(state)))('as it enters %s leaves a quarantined key on which nothing happens; once that is lifted, the next run takes over', async (state) => {
    const scenario = await stoppedAt(state);
    const { atMs: endedAt, seq: from } = scenario.world.trace.events().findLast(({ type }) => type === 'states.execution-ended')!;
    const key = await scenario.key();
    expect(key).toMatchObject({ lease: { rotationId: NEXT }, quarantine: { by: 'handle-ended-execution', at: instantOf(endedAt), reason: expect.stringContaining(`${NEXT} ended ABORTED with Stopped`) } });
    expect(scenario.alerts()).toEqual([expect.stringContaining('an execution ended ABORTED')]);
    await scenario.pass(DAY);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(await scenario.key()).toEqual(key);
    await finish(scenario);
    const takenOver = (await scenario.ledger()).find(({ type, facts }) => type === 'RotationClaimed' && facts?.['takenOverFrom'] === NEXT);
    expect(msOf(takenOver!.at)).toBeGreaterThanOrEqual(endedAt + TAKEOVER_SECONDS * 1000);
    expect(scenario.violations()).toEqual([]);
  });

  test.each(['Create Key Version', 'Promote Key Version', 'Disable Previous Version', 'Revoke Previous Version'] as const)(
    'as it enters %s is not taken over before nothing of it can be under way, however soon the quarantine is lifted',
    async (state) => {
      const scenario = await stoppedAt(state, 1000);
      const endedAt = scenario.world.trace.events().findLast(({ type }) => type === 'states.execution-ended')!.atMs;
      expect(scenario.world.timeline.nowMs() - endedAt).toBeLessThan(120_000);
      await lift(scenario);
      await scenario.world.fireSchedule();
      await scenario.advance(HOUR);
      const takenOver = (await scenario.ledger()).find(({ type, facts }) => type === 'RotationClaimed' && facts?.['takenOverFrom'] === NEXT);
      expect(msOf(takenOver!.at)).toBeGreaterThanOrEqual(endedAt + TAKEOVER_SECONDS * 1000);
      expect(msOf(takenOver!.at)).toBeLessThan(endedAt + TAKEOVER_SECONDS * 1000 + 5 * 60_000);
      expect(scenario.violations()).toEqual([]);
    },
  );

  test.each(['Check Input', 'Claim Rotation'] as const)('as it enters %s leaves the key to the next attempt', async (state) => {
    const scenario = await stoppedAt(state);
    expect(await scenario.key()).toMatchObject({ quarantine: null });
    await scenario.pass(12 * DAY);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(endings(scenario).slice(2)).toEqual(['orders-20260610T0000Z-a2: completed']);
    // Nobody owned the key, so nobody is told here: the machine's alarm on aborted executions is no part of this world.
    expect(scenario.violations()).toEqual([expect.stringContaining('nobody was alerted')]);
  });

  test('as it ends has left nothing to do', async () => {
    const scenario = await stoppedAt('Rotation Completed');
    await scenario.pass(3 * DAY);
    expect(await scenario.key()).toMatchObject({ lease: null, quarantine: null, completedWindow: '20260610T0000Z' });
    expect(endings(scenario)).toHaveLength(2);
  });

  test.each(FUNCTIONS_IN_USE)('while %s runs on leaves a key that the next run finishes', async (name) => {
    const scenario = await stoppedWhile(name);
    // Claim takes the lease after its end was heard of; the reconciliation finds that.
    if (name === 'claim-rotation') await reconciled(scenario, HOUR);
    else await scenario.advance(HOUR);
    const key = await scenario.key();
    if (key.lease === null) {
      await scenario.pass(12 * DAY);
      expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
      return;
    }
    expect(key.quarantine).not.toBeNull();
    await finish(scenario);
    expect(scenario.violations()).toEqual([]);
  });
});
