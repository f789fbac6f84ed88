import { approveEmergency } from '../../lambdas/domain/emergency';
import { instantOf } from '../../lambdas/domain/instant';
import type { Json } from '../../lambdas/domain/trace';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { quarantine } from '../../lambdas/domain/operations';
import { edit } from '../support/outsider';
import { ALICE, post } from '../support/people';
import { DAY, Scenario } from '../support/scenario';

const OWNER = 'orders-20260610T0000Z-a1';
const STOPPED_MS = Date.UTC(2026, 5, 11);

/** v1 drains; the rotation owns the key. */
async function owned(): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(10 * DAY);
  expect((await scenario.key()).lease?.rotationId).toBe(OWNER);
  return scenario;
}

const ended = (change: object = {}): Json => ({
  'detail-type': 'Step Functions Execution Status Change',
  source: 'aws.states',
  detail: {
    executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${OWNER}`, name: OWNER, status: 'ABORTED', input: JSON.stringify({ key: 'orders', window: '20260610T0000Z', attempt: 1 }),
    stopDate: STOPPED_MS, error: 'Stopped', cause: 'by hand', ...change,
  },
});
const handle = (scenario: Scenario, event: Json) => scenario.world.invoke('handle-ended-execution', event);
const registryOf = (scenario: Scenario) => scenario.world.composition('handle-ended-execution').registry();

test('quarantines the key of the owner that ended, leaves it the lease, and tells what to do', async () => {
  const scenario = await owned();
  const { lease, versions } = await scenario.key();
  expect(await handle(scenario, ended())).toMatchObject({ ok: true, payload: { outcome: 'quarantined' } });
  expect(await scenario.key()).toMatchObject({ lease, versions, quarantine: { by: 'handle-ended-execution', at: instantOf(STOPPED_MS), reason: expect.stringContaining(`${OWNER} ended ABORTED with Stopped`) } });
  const alert = scenario.world.trace.events().find((event) => event.type === 'sns.published');
  expect(alert).toMatchObject({ attributes: { alertId: `${OWNER}/ended/${instantOf(STOPPED_MS)}/quarantined`, severity: 'page' }, message: expect.stringMatching(/by hand[^]*keyturn lift orders/) });
});

test.each([
  ['revoke', 'Its intent to revoke v1 is open: the call may still take effect, and v1 is scheduled for deletion then, unless the key is held'],
  ['disable', 'Its intent to disable v1 is open: the call may still take effect, and v1 is disabled then'],
] as const)('names an open intent to %s, whose call may still take effect, and the hold that stops a deletion', async (kind, words) => {
  const scenario = await owned();
  await edit(scenario, () => ({ intent: { kind, version: 1, at: instantOf(STOPPED_MS) } }));
  await handle(scenario, ended());
  const [message = ''] = scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' ? [event.message] : []));
  expect(message).toContain(words);
  expect(message).toContain('keyturn hold orders --reason');
  expect(message).not.toContain('Nothing is disabled or revoked');
});

test('an event that comes twice is one quarantine and one alert, published again under its id', async () => {
  const scenario = await owned();
  await handle(scenario, ended());
  const key = await scenario.key();
  await handle(scenario, ended());
  expect(await scenario.key()).toEqual(key);
  const ids = scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' ? [event.attributes['alertId']] : []));
  expect(new Set(ids).size).toBe(1);
});

describe('after a person has looked and lifted the quarantine', () => {
  async function lifted(): Promise<Scenario> {
    const scenario = await owned();
    await handle(scenario, ended());
    expect(await post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'stopped by mistake' })).toMatchObject({ status: 'done' });
    return scenario;
  }

  test('the event that comes once more changes nothing and tells nobody', async () => {
    const scenario = await lifted();
    const [key, alerts] = [await scenario.key(), scenario.alerts()];
    expect(await handle(scenario, ended())).toMatchObject({ ok: true, payload: { outcome: 'looked-at' } });
    expect(await scenario.key()).toEqual(key);
    expect(scenario.alerts()).toEqual(alerts);
  });

  test('the end of the same execution after somebody has redriven it is another end', async () => {
    const scenario = await lifted();
    expect(await handle(scenario, ended({ stopDate: STOPPED_MS + 1 }))).toMatchObject({ ok: true, payload: { outcome: 'quarantined' } });
    expect(await scenario.key()).toMatchObject({ quarantine: { at: instantOf(STOPPED_MS + 1) } });
    expect(scenario.alerts()).toHaveLength(2);
  });

  test('of a failure, which stood there first, the end is known as well', async () => {
    const scenario = await owned();
    await registryOf(scenario).transact('orders', (key) => quarantine(key, { by: OWNER, at: instantOf(STOPPED_MS), reason: 'QuotaExceeded' }));
    expect(await handle(scenario, ended())).toMatchObject({ payload: { outcome: 'quarantined' } });
    expect(await scenario.key()).toMatchObject({ quarantine: { reason: 'QuotaExceeded' } });
    await post(scenario, 'decide', ALICE, { action: 'lift', key: 'orders', reason: 'looked' });
    expect(await handle(scenario, ended())).toMatchObject({ payload: { outcome: 'looked-at' } });
  });
});

test.each<[string, object]>([
  ['an execution that does not own the key', { name: 'orders-20260610T0000Z-a7' }],
  ['an execution of a key that nobody registered', { input: '{"key":"payments"}' }],
  ['an execution whose input is not JSON', { input: '{' }],
  ['an execution whose input was left out', { input: null }],
  ['an execution without a key', { input: '{"window":"20260610T0000Z"}' }],
])('%s changes nothing', async (_, change) => {
  const scenario = await owned();
  const key = await scenario.key();
  expect(await handle(scenario, ended(change))).toMatchObject({ ok: true, payload: { outcome: 'not-ours' } });
  expect(await scenario.key()).toEqual(key);
  expect(scenario.alerts()).toEqual([]);
});

test.each(['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'])('an event about an execution that is %s is refused', async (status) => {
  const scenario = await owned();
  expect(await handle(scenario, ended({ status }))).toMatchObject({ ok: false, error: 'InvalidTaskInput' });
});

test('an owner that changes between the look and the write is not quarantined for the one before', async () => {
  const scenario = await owned();
  let isChanged = false;
  scenario.world.interceptAll = async (call, next) => {
    if (!isChanged && call.operation === 'TransactWriteItems' && call.caller.arn.endsWith('/handle-ended-execution')) {
      isChanged = true;
      await scenario.world.composition('claim-rotation').registry().transact('orders', (key) => ({
        kind: 'write',
        next: { ...key, fence: key.fence + 1, lease: { ...key.lease!, rotationId: 'orders-20260610T0000Z-a2' } },
        note: { type: 'RotationClaimed', at: instantOf(STOPPED_MS), by: 'orders-20260610T0000Z-a2' },
      }));
    }
    return next();
  };
  await handle(scenario, ended());
  expect(isChanged).toBe(true);
  expect(await scenario.key()).toMatchObject({ quarantine: null, lease: { rotationId: 'orders-20260610T0000Z-a2' } });
});

test.each(['before', 'during'])('a freeze that came %s it is stronger: nothing is written, and somebody is told all the same', async (when) => {
  const scenario = await owned();
  const freeze = async () => registryOf(scenario).freeze('orders', { by: 'reconcile', at: instantOf(STOPPED_MS), reason: 'alias moved' });
  if (when === 'before') await freeze();
  let isFrozen = when === 'before';
  scenario.world.interceptAll = async (call, next) => {
    if (!isFrozen && call.operation === 'TransactWriteItems') {
      isFrozen = true;
      await freeze();
    }
    return next();
  };
  expect(await handle(scenario, ended())).toMatchObject({ ok: true, payload: { outcome: 'frozen' } });
  expect((await scenario.key()).quarantine).toBeNull();
  expect(scenario.world.trace.events().findLast((event) => event.type === 'sns.published')).toMatchObject({ message: expect.stringContaining('keyturn repair orders') });
});

test('an approved emergency that waits for the key is not kept from it', async () => {
  const scenario = await owned();
  const request = { approvalId: 'a'.repeat(20), version: 2, requestedBy: 'bob', approvedBy: ['alice'], at: instantOf(STOPPED_MS), reason: 'a leak' };
  await registryOf(scenario).transact('orders', (key) => approveEmergency(key, request));
  expect(await handle(scenario, ended())).toMatchObject({ ok: true, payload: { outcome: 'left-to-emergency' } });
  expect((await scenario.key()).quarantine).toBeNull();
});
