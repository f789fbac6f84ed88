import { AwsError } from '../../local/kernel/aws-error';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import type { Fault } from '../../local/simulator/invocations';
import { aliasTarget, callKms, endings, foreignKey, statuses } from '../support/outsider';
import { policyOf } from '../support/policies';
import { ALICE, answer, BOB, post, reconciled } from '../support/people';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** What keeps a failure from being told at once must not keep it from being told. The simulator found both. */

const ROTATION = 'orders-20260610T0000Z-a1';
const bootstrapped = () => Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));

const MISHAPS: readonly Fault[] = ['none', 'die-before', 'die-after', 'lose-answer', new AwsError('ThrottlingException', 'slow down')];

test.each(MISHAPS.map((fault) => [fault instanceof AwsError ? fault.code : fault, fault] as const))('DynamoDB is away while a failure is classified, and back before the abort: the abort writes the alert down, once, also with %s at that call, and the reconciliation publishes it', async (_, mishap) => {
  const scenario = await bootstrapped();
  const { world } = scenario;
  let isAway = false;
  let queued = 0;
  world.fault = ({ service, operation, function: name }) => {
    if (name === 'abort-safely' && operation === 'PutItem' && queued++ === 0) return mishap;
    if (operation === 'UpdateAlias') return new AwsError('AccessDeniedException', 'not allowed');
    return isAway && service === 'dynamodb' ? new AwsError('ThrottlingException', 'slow down') : 'none';
  };
  world.trace.onEvent((event) => {
    if (event.type === 'states.state-entered' && event.state === 'Classify Failure') isAway = true;
    if (event.type === 'states.state-entered' && event.state === 'Settle') isAway = false;
  });
  await scenario.pass(10 * DAY);
  expect(endings(scenario)).toContain(`${ROTATION}: aborted`);
  world.fault = () => 'none';
  await reconciled(scenario, HOUR);
  const about = world.trace.events().flatMap((event) => (event.type === 'sns.published' && event.subject?.includes('non-recoverable failure in Promote Key Version') === true ? [event.attributes['alertId']] : []));
  expect(queued).toBe(mishap === 'none' ? 1 : 2);
  expect(about).toHaveLength(1);
  expect(about[0]).toMatch(new RegExp(`^${ROTATION}/2026-06-10T`));
});

test('a failure that was told of is told of once', async () => {
  const scenario = await bootstrapped();
  scenario.world.fault = ({ operation }) => (operation === 'CreateKey' ? new AwsError('ThrottlingException', 'slow down') : 'none');
  await scenario.pass(10 * DAY);
  scenario.world.fault = () => 'none';
  expect(endings(scenario)).toContain(`${ROTATION}: aborted`);
  await reconciled(scenario, HOUR);
  const ids = scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' && event.attributes['alertId']?.startsWith(`${ROTATION}/`) === true ? [event.attributes['alertId']] : []));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toHaveLength(1);
});

test('the owner of a key that is quarantined dies before it asks, and the event of it is lost: the reconciliation tells that nobody will ask, once', async () => {
  const scenario = await bootstrapped();
  const { world } = scenario;
  world.fault = ({ operation, function: name }) => {
    if (name === 'handle-ended-execution') return 'die-before';
    return operation === 'CreateKey' ? new AwsError('LimitExceededException', 'too many keys') : 'none';
  };
  stopAt(scenario, 'Quiesce');
  await scenario.pass(9 * DAY);
  expect(endings(scenario)).toContain(`${ROTATION}: ABORTED`);
  expect((await scenario.key()).quarantine).not.toBeNull();
  const told = (): number => scenario.alerts().filter((subject) => subject.includes('still holds the key')).length;
  expect(told()).toBe(0);
  await reconciled(scenario, HOUR);
  expect(told()).toBe(1);
  expect((await scenario.key()).endedOwner?.rotationId).toBe(ROTATION);
  await reconciled(scenario, 3 * HOUR);
  expect(told()).toBe(1);
});

/** Which of the calls of `handle-ended-execution` its every try dies at, from 0; the last one makes none of them. */
const CALLS_OF_HANDLER = [0, 1, 2, 3, 4, 5, 6];

test.each(CALLS_OF_HANDLER)('whoever handles an execution that ended dies at its call %i at every try: people are told by the reconciliation, once', async (nth) => {
  const scenario = await bootstrapped();
  const { world } = scenario;
  stopAt(scenario, 'Promote Key Version');
  let place = 0;
  world.trace.onEvent((event) => {
    if (event.type === 'lambda.invoked' && event.function === 'handle-ended-execution') place = 0;
  });
  world.fault = ({ function: name }) => (name === 'handle-ended-execution' && place++ === nth ? 'die-before' : 'none');
  await scenario.pass(9 * DAY + HOUR);
  expect(endings(scenario)).toContain(`${ROTATION}: ABORTED`);
  await reconciled(scenario, HOUR);
  const told = () => scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' && event.subject?.includes('still holds the key') === true ? [event.attributes['alertId']] : []));
  expect(new Set(told()).size).toBe(1);
  expect((await scenario.key()).quarantine).not.toBeNull();
  const before = told().length;
  await reconciled(scenario, 3 * HOUR);
  expect(told()).toHaveLength(before);
});

test('the owner of a frozen key ends, and the event of it is lost: people are told once, and the key goes on after its repair without being lifted, too', async () => {
  const scenario = await bootstrapped();
  const { world } = scenario;
  world.fault = ({ function: name }) => (name === 'handle-ended-execution' ? 'die-before' : 'none');
  const own = aliasTarget(scenario);
  world.trace.onEvent((event) => {
    if (event.type === 'states.state-entered' && event.state === 'Prove Key Version' && aliasTarget(scenario) === own && !event.execution.endsWith('-a2')) callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
  });
  stopAt(scenario, 'Await Approval');
  await scenario.pass(9 * DAY + HOUR);
  expect(await scenario.isFrozen()).toBe(true);
  const told = (): number => scenario.alerts().filter((subject) => subject.includes('still holds the key')).length;
  expect(told()).toBe(0);
  await reconciled(scenario, HOUR);
  await reconciled(scenario, 3 * HOUR);
  expect(told()).toBe(1);
  expect((await scenario.ledger()).filter(({ type }) => type === 'OwnerEnded')).toHaveLength(1);

  const { approvalId } = await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'repoint-alias' }, reason: 'it was moved by mistake' });
  await answer(scenario, BOB, approvalId);
  await scenario.advance(HOUR);
  expect(aliasTarget(scenario)).toBe(own);
  expect(await scenario.isFrozen()).toBe(false);
  await reconciled(scenario, HOUR);
  expect((await scenario.key()).quarantine).toBeNull();
  await scenario.pass(2 * DAY);
  expect(await statuses(scenario)).toContain('v2 ACTIVE');
  expect(told()).toBe(1);
});

/** Somebody stops the execution as it enters a state, the first time. */
function stopAt({ world }: Scenario, state: string): void {
  let isStopped = false;
  world.trace.onEvent((event) => {
    if (event.type !== 'states.state-entered' || event.state !== state || isStopped) return;
    isStopped = true;
    const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${ROTATION}`;
    world.timeline.after(0, 'stopped', () => { world.states.call('StopExecution', { executionArn, error: 'Stopped', cause: 'by hand' }); });
  });
}
