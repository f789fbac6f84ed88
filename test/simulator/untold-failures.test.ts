import { AwsError } from '../../local/kernel/aws-error';
import { type Fault, STATE_MACHINE_ARN } from '../../local/simulator/world';
import { endings } from '../support/outsider';
import { policyOf } from '../support/policies';
import { reconciled } from '../support/people';
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
  world.trace.onEvent((event) => {
    if (event.type !== 'states.state-entered' || event.state !== 'Quiesce') return;
    world.timeline.after(0, 'stopped', () => { world.states.call('StopExecution', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${ROTATION}`, error: 'Stopped', cause: 'by hand' }); });
  });
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
