import { AwsError } from '../../local/kernel/aws-error';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { itemsOf, restore } from '../../local/simulator/run/moments';
import { active, callKms, edit, endings, foreignKey, keyState, kmsChanges, setHold, statuses, traceLength } from '../support/outsider';
import { ALICE, approvals, BOB, post, reconciled } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import type { Json } from '../../lambdas/domain/trace';

const done = (result: unknown): readonly string[] => (result as { payload: { done: { what: string }[] } }).payload.done.map(({ what }) => what);
const failed = (result: unknown): readonly { check: string }[] => (result as { payload: { failed: { check: string }[] } }).payload.failed;

test('a key that is as it should be is left alone, through a whole rotation', async () => {
  const scenario = await Scenario.bootstrapped();
  const results: unknown[] = [];
  const end = scenario.world.timeline.nowMs() + 25 * DAY;
  while (scenario.world.timeline.nowMs() < end) {
    await scenario.world.fireSchedule();
    results.push(await scenario.world.reconcile());
    await scenario.advance(12 * HOUR);
  }
  expect(results.flatMap(done)).toEqual([]);
  expect(results.flatMap(failed)).toEqual([]);
  expect(await statuses(scenario)).toContain('v2 ACTIVE');
  expect(scenario.alerts()).toEqual([]);
  expect(scenario.violations()).toEqual([]);
});

test('a restore of the table to an earlier moment quarantines every key and deletes nothing', async () => {
  const scenario = new Scenario();
  await scenario.world.register([scenario.policy, policyOf({ ...SHORT, name: 'invoices' })]);
  await scenario.world.fireSchedule();
  await scenario.advance(HOUR);
  const snapshot = itemsOf(scenario.world);
  await scenario.pass(12 * DAY);
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  restore(scenario.world, snapshot);
  const from = traceLength(scenario);
  await scenario.world.reconcile();
  const registry = scenario.world.composition('reconcile').registry();
  for (const name of ['orders', 'invoices']) {
    expect((await registry.read(name))?.key.quarantine?.reason).toContain('the registry went back');
  }
  expect(scenario.alerts().filter((subject) => subject.includes('THE REGISTRY WENT BACK'))).toHaveLength(1);
  await reconciled(scenario, 2 * HOUR);
  await scenario.pass(25 * DAY);
  expect(scenario.alerts().filter((subject) => subject.includes('THE REGISTRY WENT BACK'))).toHaveLength(1);
  expect(kmsChanges(scenario, from)).toEqual([]);
  expect(scenario.createdKeys().map((id) => keyState(scenario, id))).toEqual(['Enabled', 'Enabled', 'Enabled', 'Enabled']);
});

test('alerts that the topic did not take are delivered later, once', async () => {
  const scenario = await Scenario.bootstrapped();
  await scenario.advance(2 * HOUR);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
  scenario.world.fault = ({ service }) => (service === 'sns' ? new AwsError('InternalErrorException', 'simulated', 500) : 'none');
  await reconciled(scenario, HOUR);
  expect(await scenario.isFrozen()).toBe(true);
  expect(scenario.alerts()).toEqual([]);
  scenario.world.fault = () => 'none';
  await reconciled(scenario, 2 * HOUR);
  expect(scenario.alerts()).toEqual(['keyturn: orders: frozen: it is not as registered, and keyturn did not cause that']);
});

test.each<[string, string, (keyId: string, foreign: string) => Readonly<Record<string, unknown>>]>([
  ['--kind repoint-alias', 'UpdateAlias', (_, TargetKeyId) => ({ AliasName: 'alias/orders', TargetKeyId })],
  ['--kind enable --key-version 1', 'DisableKey', (KeyId) => ({ KeyId })],
  ['--kind cancel-deletion --key-version 1', 'ScheduleKeyDeletion', (KeyId) => ({ KeyId, PendingWindowInDays: 30 })],
])('the alert about a frozen key names the repair: %s after %s by someone else', async (flags, operation, input) => {
  const scenario = await Scenario.bootstrapped();
  await scenario.advance(2 * HOUR);
  callKms(scenario, operation, input((await active(scenario)).kmsKeyId ?? '', foreignKey(scenario)));
  await reconciled(scenario, HOUR);
  expect(await scenario.isFrozen()).toBe(true);
  const messages = scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' ? [event.message] : []));
  expect(messages.flatMap((message) => message.match(/keyturn repair orders --kind .* --reason/g) ?? [])).toEqual([`keyturn repair orders ${flags} --reason`]);
});

test("one key's trouble does not keep the others from being looked at", async () => {
  const scenario = new Scenario();
  await scenario.world.register([scenario.policy, policyOf({ ...SHORT, name: 'broken' })]);
  await scenario.world.fireSchedule();
  await scenario.advance(3 * HOUR);
  scenario.world.fault = ({ function: name, operation, input }) =>
    name === 'reconcile' && operation === 'GetItem' && JSON.stringify(input).includes('KEY#broken') ? new AwsError('InternalServerError', 'simulated', 500) : 'none';
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
  await reconciled(scenario);
  expect(await scenario.isFrozen()).toBe(true);
});

test('an execution that ended without its event quarantines the key, and the next run takes over once that is lifted', async () => {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(10 * DAY);
  const { lease } = await scenario.key();
  // The event is lost: no rule delivers it.
  const deliver = scenario.world.invoke.bind(scenario.world);
  scenario.world.invoke = async (name, event, origin) => (name === 'handle-ended-execution' ? { ok: true, payload: null } : deliver(name, event, origin));
  scenario.world.states.call('StopExecution', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${lease?.rotationId ?? ''}` });
  await reconciled(scenario, HOUR);
  expect((await scenario.key()).quarantine).toMatchObject({ by: 'reconcile' });
  expect(scenario.alerts()).toEqual([expect.stringContaining('and still holds the key')]);
  expect(await post(scenario, 'decide', BOB, { action: 'lift', key: 'orders', reason: 'it was me' })).toMatchObject({ status: 'done' });
  // Before the schedule fires again, the reconciliation sees the same end several times.
  await reconciled(scenario, 2 * HOUR);
  expect(await scenario.key()).toMatchObject({ quarantine: null, lease: { rotationId: lease?.rotationId } });
  expect(scenario.alerts()).toHaveLength(1);
  await scenario.pass(25 * DAY);
  expect((await scenario.key()).lease?.rotationId).not.toBe(lease?.rotationId);
  expect(scenario.violations()).toEqual([]);
});

/** Alice asks for an emergency, Bob consents, and the process that counted his answer dies right behind it. */
async function consentedAndDied(): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped();
  const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'leaked in a log' });
  scenario.world.fault = ({ function: name, operation }) => (name === 'decide' && operation === 'UpdateItem' ? 'die-after' : 'none');
  await scenario.world.invoke('decide', {
    body: JSON.stringify({ action: 'answer', approvalId: asked.approvalId ?? '', answer: 'approve', reason: 'I have looked' }),
    requestContext: { timeEpoch: scenario.world.timeline.nowMs(), http: { method: 'POST' }, authorizer: { iam: { userArn: BOB } } },
  } satisfies Json);
  scenario.world.fault = () => 'none';
  expect(endings(scenario)).toHaveLength(1);
  return scenario;
}

test('an answer whose process died, and that the key does not allow any more, is given up once', async () => {
  const scenario = await consentedAndDied();
  await edit(scenario, (key) => ({ quarantine: { by: ALICE, at: key.dueAt, reason: 'look first' } }));
  expect(done(await scenario.world.reconcile())).toEqual([expect.stringContaining('given up: orders: no emergency: it is quarantined')]);
  expect(done(await scenario.world.reconcile())).toEqual([]);
  expect((await scenario.key()).emergency).toBeNull();
});

test('an answer whose process died is carried out', async () => {
  const scenario = await consentedAndDied();
  await reconciled(scenario, HOUR);
  expect((await approvals(scenario))[0]).toMatchObject({ outcome: 'approve', isCarriedOut: true });
  await scenario.pass(3 * DAY);
  expect(await statuses(scenario)).toContain('v2 ACTIVE');
  expect((await scenario.ledger()).filter(({ type }) => type === 'ApprovalAnswered' || type === 'EmergencyApproved').map(({ type }) => type)).toEqual(['ApprovalAnswered', 'EmergencyApproved']);
});

test('a key that is held or paused still ages: it is told of once per window', async () => {
  const scenario = await Scenario.bootstrapped();
  await setHold(scenario);
  const end = scenario.world.timeline.nowMs() + 30 * DAY;
  while (scenario.world.timeline.nowMs() < end) {
    await scenario.world.fireSchedule();
    await scenario.world.reconcile();
    await scenario.advance(12 * HOUR);
  }
  // Overdue from 23 June on; the window of 30 June is the second.
  expect(scenario.alerts()).toEqual(Array.from({ length: 2 }, () => 'keyturn: orders: overdue: its ACTIVE version is older than its policy allows'));
});
