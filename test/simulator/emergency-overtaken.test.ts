import { AwsError } from '../../local/kernel/aws-error';
import { endings, statuses } from '../support/outsider';
import { ALICE, answer, BOB, post, reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** An execution that closes before it has the lease has used its name up; what was approved must be done all the same. */

/** v1 drains, v2 is ACTIVE. */
async function draining(): Promise<{ readonly scenario: Scenario; readonly owner: string }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  await scenario.pass(10 * DAY);
  return { scenario, owner: (await scenario.key()).lease?.rotationId ?? '' };
}

async function approvedEmergency(scenario: Scenario): Promise<void> {
  const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'v2 leaked in a log' });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'done' });
  await scenario.advance(HOUR);
}

/** @param number of the execution that does it */
async function expectReplaced(scenario: Scenario, number: number): Promise<void> {
  await scenario.pass(2 * DAY);
  expect(await scenario.key()).toMatchObject({ quarantine: null, emergency: { number }, lease: { rotationId: expect.stringMatching(new RegExp(`-e${number}$`)) } });
  expect(await statuses(scenario)).toContain('v2 DISABLED, v3 ACTIVE');
  await scenario.pass(14 * DAY);
  expect(endings(scenario)).toContainEqual(expect.stringMatching(new RegExp(`-e${number}: completed`)));
  expect(await scenario.key()).toMatchObject({ emergency: { isDone: true } });
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
}

test('an emergency whose Claim still sees the stopped owner running is tried again under the next number', async () => {
  const { scenario, owner } = await draining();
  let late = 0;
  scenario.world.interceptAll = async (call, next) => {
    const answered = await next();
    if (call.operation !== 'DescribeExecution' || late > 0 || !JSON.stringify(call.input).includes(owner) || (answered as { status?: string }).status !== 'ABORTED') return answered;
    late++;
    const { stopDate: _stopDate, ...running } = answered as { stopDate?: unknown };
    return { ...running, status: 'RUNNING' };
  };
  await approvedEmergency(scenario);
  expect(late).toBe(1);
  expect(endings(scenario).at(-1)).toMatch(/-e1: superseded$/);
  await expectReplaced(scenario, 2);
});

test('so is one that was throttled out of its Claim', async () => {
  const { scenario } = await draining();
  scenario.world.fault = ({ function: name, operation }) => (name === 'claim-rotation' && operation === 'GetItem' ? new AwsError('ThrottlingException', 'slow down', 400) : 'none');
  await approvedEmergency(scenario);
  scenario.world.fault = () => 'none';
  expect(endings(scenario).at(-1)).toMatch(/-e1: /);
  await expectReplaced(scenario, 2);
});

test('an owner that ended while an approved emergency waits for its key is told of by the reconciliation, once, also when the event of its end is not handled', async () => {
  const { scenario, owner } = await draining();
  let isStarted = false;
  scenario.world.fault = ({ function: name, operation }) => {
    if (name === 'handle-ended-execution') return 'die-before';
    return operation === 'StartExecution' && !isStarted ? new AwsError('ThrottlingException', 'slow down', 400) : 'none';
  };
  const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'v2 leaked in a log' });
  await answer(scenario, BOB, asked.approvalId).catch(() => undefined);
  await scenario.advance(HOUR / 2);
  const told = (): number => scenario.alerts().filter((subject) => subject.includes('still holds the key')).length;
  expect(endings(scenario).at(-1)).toBe(`${owner}: ABORTED`);
  expect(told()).toBe(0);
  expect(scenario.world.trace.events()).toContainEqual(expect.objectContaining({ type: 'lambda.dead-letter-sent', function: 'handle-ended-execution' }));
  await reconciled(scenario, HOUR);
  expect(told()).toBe(1);
  expect(await scenario.key()).toMatchObject({ quarantine: null, lease: { rotationId: owner } });
  isStarted = true;
  await reconciled(scenario, HOUR);
  expect(told()).toBe(1);
  await expectReplaced(scenario, 1);
});
