import { AwsError } from '../../local/kernel/aws-error';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { active, aliasTarget, keyState, kmsChanges, traceLength } from '../support/outsider';
import { ALICE, answer, BOB, post, reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/**
 * What docs/proof.md assumes is broken here on purpose. Nothing can be promised then but that it does not pass in silence: the key stands still,
 * somebody is told, and what can be kept is kept.
 */

const bootstrapped = () => Scenario.bootstrapped(policyOf({ ...SHORT, startSpreadSeconds: 0, dependents: [] }));
const aboutKey = (scenario: Scenario): readonly string[] => scenario.alerts().filter((subject) => subject.startsWith('keyturn: orders'));

test('a call that takes effect long after Q: an UpdateAlias of v2 comes when v3 is ACTIVE. The key is frozen and told of, and nothing is retired', async () => {
  const scenario = await bootstrapped();
  let lateMs: number | undefined = 22 * DAY;
  scenario.world.fault = ({ operation, input }) => {
    if (operation !== 'UpdateAlias' || lateMs === undefined) return 'none';
    scenario.world.timeline.after(lateMs, 'a call that was lost in the network for weeks', () => {
      scenario.world.kms.call('UpdateAlias', input, { accountId: '111122223333', arn: scenario.world.actorOf('promote-key-version'), userId: 'late' });
    });
    lateMs = undefined;
    return 'die-before';
  };
  await scenario.pass(31 * DAY + 12 * HOUR);
  const { number, kmsKeyId } = await active(scenario);
  expect(number).toBe(3);
  expect(aliasTarget(scenario)).not.toBe(kmsKeyId);
  expect(scenario.violations()).not.toEqual([]);
  const from = traceLength(scenario);
  await reconciled(scenario, HOUR);
  expect(await scenario.isFrozen()).toBe(true);
  expect(aboutKey(scenario).at(-1)).toMatch(/not as registered/);
  await scenario.pass(10 * DAY);
  expect(kmsChanges(scenario, from)).toEqual([]);
});

test('KMS shows a change an hour late: the rotation stops, the key is frozen or quarantined and told of, and the old version stays usable', async () => {
  const scenario = await bootstrapped();
  const { kmsKeyId } = await active(scenario);
  scenario.world.kms.configure({ visibilityDelayMs: { key: HOUR, alias: HOUR, 'key-state': HOUR } });
  await scenario.pass(12 * DAY);
  await reconciled(scenario, HOUR);
  expect(aboutKey(scenario)).not.toEqual([]);
  expect(keyState(scenario, kmsKeyId)).toBe('Enabled');
});

test('DescribeExecution says for a day that a redriven execution has ended: two owners work, the token stops one of them, and the key ends whole or frozen with an alert', async () => {
  const scenario = await bootstrapped();
  await scenario.pass(9 * DAY);
  const owner = (await scenario.key()).lease?.rotationId ?? '';
  const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${owner}`;
  scenario.world.states.call('StopExecution', { executionArn, error: 'Stopped', cause: 'by hand' });
  await scenario.advance(HOUR);
  const ended = scenario.world.states.call('DescribeExecution', { executionArn });
  scenario.world.interceptAll = async (call, next) => {
    const answered = await next();
    return call.operation === 'DescribeExecution' && JSON.stringify(call.input).includes(owner) ? ended : answered;
  };
  await post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'looked' });
  scenario.world.states.call('RedriveExecution', { executionArn });
  await scenario.pass(2 * DAY);
  scenario.world.interceptAll = (_call, next) => next();
  await scenario.pass(14 * DAY);
  const isFrozen = await scenario.isFrozen();
  expect(aboutKey(scenario)).not.toEqual([]);
  if (!isFrozen) expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
  expect(scenario.violations()).toEqual([]);
});

test('DynamoDB is away for a day in the middle of a rotation: nothing is changed meanwhile, the execution fails, and a person lets the next run finish it', async () => {
  const scenario = await bootstrapped();
  let isAway = false;
  scenario.world.fault = ({ service }) => (isAway && service === 'dynamodb' ? new AwsError('InternalServerError', 'away', 500) : 'none');
  let left = 1;
  scenario.world.trace.onEvent((event) => {
    if (event.type === 'states.state-entered' && event.state === 'Promote Key Version' && left-- > 0) isAway = true;
  });
  await scenario.pass(10 * DAY);
  expect(isAway).toBe(true);
  const from = traceLength(scenario);
  await scenario.pass(DAY);
  expect(kmsChanges(scenario, from)).toEqual([]);
  isAway = false;
  await reconciled(scenario, HOUR);
  expect(aboutKey(scenario)).not.toEqual([]);
  for (const id of (await scenario.key()).approvals) for (const by of [ALICE, BOB]) await answer(scenario, by, id, 'resume');
  await post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'looked' });
  await scenario.pass(14 * DAY);
  expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
  expect((await scenario.key()).lastVersion).toBeGreaterThanOrEqual(2);
});
