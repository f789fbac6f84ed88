import { QUIESCENCE_SECONDS } from '../../lambdas/contract/timing';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import type { Fault, FaultPoint } from '../../local/simulator/invocations';
import { active, aliasTarget, endings, statuses } from '../support/outsider';
import { ALICE, answer, BOB, post } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, Scenario, SHORT } from '../support/scenario';

/**
 * A function dies while its UpdateAlias is under way, and KMS applies the call later: no condition of DynamoDB stops it. Whatever follows, by
 * whomever, has to wait until it cannot come any more. How late it may come: Q, less the time that the function had run.
 */
const LATE_SECONDS = [1, 61, QUIESCENCE_SECONDS - 1] as const;

const ROTATION = 'orders-20260610T0000Z-a1';

/** The functions that move the alias die at it, as often as told; the calls take effect so much later. */
class LateCalls {
  readonly appliedTo: string[] = [];
  onCall: () => void | Promise<void> = () => undefined;

  constructor(
    private readonly scenario: Scenario,
    private readonly seconds: number,
    private left: number,
  ) {
    scenario.world.fault = (point) => this.fault(point);
  }

  get areOver(): boolean {
    return this.left === 0;
  }

  private fault({ operation, function: name, input }: FaultPoint): Fault {
    if (operation !== 'UpdateAlias' || this.left === 0) return 'none';
    this.left -= 1;
    const { world } = this.scenario;
    world.timeline.after(this.seconds * 1000, 'a late UpdateAlias', () => {
      this.appliedTo.push((input as { TargetKeyId: string }).TargetKeyId);
      world.kms.call('UpdateAlias', input, { accountId: '111122223333', arn: world.actorOf(name), userId: name });
    });
    world.timeline.after(0, 'what follows the death', () => this.onCall());
    return 'die-before';
  }
}

/** A rotation whose first calls of UpdateAlias come late. */
async function dying(seconds: number, times: number): Promise<{ scenario: Scenario; late: LateCalls }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, startSpreadSeconds: 0, dependents: [] }));
  return { scenario, late: new LateCalls(scenario, seconds, times) };
}

async function untilTheyAreOver(scenario: Scenario, late: LateCalls): Promise<void> {
  for (let minutes = 0; minutes < 20 * 24 * 60 && !late.areOver; minutes++) {
    if (minutes % (12 * 60) === 0) await scenario.world.fireSchedule();
    await scenario.advance(60_000);
  }
  expect(late.areOver).toBe(true);
}

function stop(scenario: Scenario): void {
  scenario.world.states.call('StopExecution', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${ROTATION}`, error: 'Stopped', cause: 'by hand' });
}

/** A person who does not wait. */
async function liftAtOnce(scenario: Scenario): Promise<void> {
  await scenario.advance(500);
  expect(await post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'looked' })).toMatchObject({ statusCode: 200 });
}

/** The schedule fires twice a minute: what may start starts at once. */
async function startedAtOnce(scenario: Scenario): Promise<void> {
  for (let half = 0; half < 120; half++) {
    await scenario.world.fireSchedule();
    await scenario.advance(30_000);
  }
}

/** The alias is on the ACTIVE version, and has been whenever it had to be. */
async function expectIntact(scenario: Scenario): Promise<void> {
  expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
  expect(await scenario.isFrozen()).toBe(false);
  expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: null });
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
}

describe.each(LATE_SECONDS)('an UpdateAlias that takes effect %d s after its function died', (seconds) => {
  test('is waited for by the same execution, which settles and goes on', async () => {
    const { scenario, late } = await dying(seconds, 1);
    await scenario.pass(19 * DAY);
    expect(late.appliedTo).toHaveLength(1);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(endings(scenario).slice(1)).toEqual([`${ROTATION}: completed`]);
    await expectIntact(scenario);
  });

  test('is waited for by the run that takes over from an execution that was stopped', async () => {
    const { scenario, late } = await dying(seconds, 1);
    late.onCall = () => { stop(scenario); };
    await untilTheyAreOver(scenario, late);
    await liftAtOnce(scenario);
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${ROTATION}: ABORTED`, 'orders-20260610T0000Z-a2: completed']);
    await expectIntact(scenario);
  });

  test('is waited for by an emergency, whose version is another one, after an operator has aborted the rotation', async () => {
    const { scenario, late } = await dying(seconds, 1);
    late.onCall = async () => {
      expect(await post(scenario, 'operate', ALICE, { action: 'abort', key: 'orders', reason: 'v2 is not to be used' })).toMatchObject({ statusCode: 200 });
      const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'v1 leaked' });
      await answer(scenario, BOB, asked.approvalId);
    };
    await untilTheyAreOver(scenario, late);
    await startedAtOnce(scenario);
    await scenario.pass(12 * DAY);
    expect(late.appliedTo).toHaveLength(1);
    expect(endings(scenario).slice(1)).toEqual([expect.stringMatching(/-a1: aborted$/), expect.stringMatching(/-e1: completed$/)]);
    await expectIntact(scenario);
  });

  test('is waited for by the run of the next window, whose version is another one', async () => {
    const { scenario, late } = await dying(seconds, 1);
    late.onCall = () => { stop(scenario); };
    // Promote comes 5 minutes after the start, and the next window half a minute later.
    await scenario.advance(Date.UTC(2026, 5, 29, 23, 54, 30) - scenario.world.timeline.nowMs());
    await scenario.world.fireSchedule();
    await scenario.advance(5 * 60_000);
    expect(late.areOver).toBe(true);
    await liftAtOnce(scenario);
    await scenario.advance(30_000);
    await startedAtOnce(scenario);
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${ROTATION}: ABORTED`, 'orders-20260630T0000Z-a1: completed', 'orders-20260630T0000Z-r1: completed']);
    // v2's promotion was committed forward; what it replaced is retired by a run of its own.
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 REVOKED, v3 ACTIVE');
    await expectIntact(scenario);
  });

  test('is waited for by a person who breaks the glass', async () => {
    const { scenario, late } = await dying(seconds, 1);
    late.onCall = async () => {
      const asked = await post(scenario, 'decide', ALICE, { action: 'break-glass', key: 'orders', reason: 'it hangs' });
      expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'done' });
    };
    await untilTheyAreOver(scenario, late);
    await liftAtOnce(scenario);
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${ROTATION}: ABORTED`, 'orders-20260610T0000Z-a2: completed']);
    await expectIntact(scenario);
  });
});
