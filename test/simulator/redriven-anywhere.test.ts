import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { active, aliasTarget, endings, kmsChanges, statuses, traceLength } from '../support/outsider';
import { ALICE, post } from '../support/people';
import { DAY, HOUR, Scenario } from '../support/scenario';

const ROTATION = 'orders-20260610T0000Z-a1';
const EXECUTION = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${ROTATION}`;

/** The states of a rotation at which it owns the key. */
const OWNED = [
  'Choose Work', 'Create Key Version', 'Prove Key Version', 'Notify Dependents', 'Notify Dependent', 'Wait For Version Alias', 'Promote Key Version',
  'Wait For Consistency', 'Confirm Promotion', 'Choose Retirement', 'Drain', 'Check Drain', 'Decide Drain', 'Disable Previous Version', 'Decide Bake', 'Bake', 'Check Bake',
  'Decide Revocation', 'Revoke Previous Version', 'Release Rotation',
] as const;

/** Those of them whose tasks would change something. */
const TOUCHING: readonly string[] = ['Create Key Version', 'Promote Key Version', 'Disable Previous Version', 'Revoke Previous Version'];

/** Somebody stops the execution as it enters the state; an hour passes. */
async function stoppedAt(state: string): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  const endsOfIt = (): number => endings(scenario).filter((ending) => ending.startsWith(ROTATION)).length;
  let isStopped = false;
  scenario.world.trace.onEvent((event) => {
    if (isStopped || event.type !== 'states.state-entered' || event.execution !== ROTATION || event.state !== state) return;
    isStopped = true;
    scenario.world.states.call('StopExecution', { executionArn: EXECUTION, error: 'Stopped', cause: 'by hand' });
  });
  for (let halfDays = 0; halfDays < 40 && endsOfIt() === 0; halfDays++) await scenario.pass(DAY / 2);
  expect(endsOfIt()).toBe(1);
  await scenario.advance(HOUR);
  return scenario;
}

function redrive(scenario: Scenario): void {
  scenario.world.states.call('RedriveExecution', { executionArn: EXECUTION });
}

const lift = (scenario: Scenario) => post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'looked' });

/** Whatever the redriven execution left is finished, once, by it or by a later run. */
async function expectFinished(scenario: Scenario): Promise<void> {
  for (let days = 0; days < 12 && ((await scenario.key()).lease !== null || !(await statuses(scenario)).startsWith('v1 REVOKED')); days++) await scenario.pass(DAY);
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: null, completedWindow: '20260610T0000Z', retirementPending: [] });
  expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
  expect(scenario.createdKeys()).toHaveLength(2);
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
}

describe('an execution that is redriven', () => {
  test.each(OWNED)('as it was stopped at %s begins nothing while the key is quarantined, and gives it back; once that is lifted a later run finishes', async (state) => {
    const scenario = await stoppedAt(state);
    const from = traceLength(scenario);
    redrive(scenario);
    await scenario.advance(2 * DAY);
    // Confirm Promotion marks the key that was replaced, so that nobody moves the alias back to it.
    expect(kmsChanges(scenario, from).filter((operation) => operation !== 'TagResource')).toEqual([]);
    for (let days = 0; days < 5 && (await scenario.key()).lease !== null; days++) await scenario.pass(DAY);
    expect(await scenario.key()).toMatchObject({ lease: null, quarantine: { by: 'handle-ended-execution' } });
    await lift(scenario);
    await expectFinished(scenario);
  });

  test.each(OWNED)('as it was stopped at %s touches nothing once another run has taken over', async (state) => {
    const scenario = await stoppedAt(state);
    await lift(scenario);
    await scenario.world.fireSchedule();
    await scenario.advance(2 * HOUR);
    expect((await scenario.key()).lease?.rotationId).not.toBe(ROTATION);
    redrive(scenario);
    await expectFinished(scenario);
    await scenario.advance(HOUR);
    const ends = scenario.world.trace.events().flatMap((event) => (event.type === 'states.execution-ended' && event.execution === ROTATION ? [event.output] : []));
    if (TOUCHING.includes(state)) expect(scenario.alerts()).toContainEqual(expect.stringContaining(`superseded failure in ${state}`));
    // To release what another run has released is to find it done.
    expect(ends).toEqual([null, expect.objectContaining({ outcome: state === 'Release Rotation' ? 'completed' : 'superseded' })]);
    expect(endings(scenario)).toContainEqual(expect.stringMatching(/-a2: completed$/));
  });
});
