import type { Json } from '../../lambdas/domain/trace';
import { before, callKms, edit, endings, keyState, setHold, statuses } from '../support/outsider';
import { ALICE, answer, approvals, BOB, post, reconciled, typesOf } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** v1 drains, v2 is ACTIVE. */
async function draining(): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  await scenario.pass(10 * DAY);
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  return scenario;
}

/** What CloudTrail says of a use that failed. */
function failedUse(keyId: string, at: string, more: Readonly<Record<string, Json>> = {}): Json {
  return {
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.kms',
    detail: {
      eventID: 'e-1',
      eventTime: at,
      eventName: 'Decrypt',
      errorCode: 'DisabledException',
      userIdentity: { arn: 'arn:aws:sts::111122223333:assumed-role/reports/nightly' },
      resources: [{ ARN: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}` }],
      ...more,
    },
  };
}

async function until(scenario: Scenario, wanted: string): Promise<void> {
  for (let day = 0; day < 40 && !(await statuses(scenario)).includes(wanted); day++) await scenario.pass(DAY / 2);
  expect(await statuses(scenario)).toContain(wanted);
}

describe('a late user', () => {
  test.each(['DISABLED', 'REVOKED'])('of a %s version has it enabled again, and the key is held', async (status) => {
    const scenario = await draining();
    await until(scenario, `v1 ${status}`);
    const { kmsKeyId = '' } = (await scenario.key()).versions['v1'] ?? {};
    const event = failedUse(kmsKeyId, '2026-06-20T00:00:00Z');
    expect(await scenario.world.invoke('rescue-version', event)).toMatchObject({ ok: true, payload: { outcome: 'rescued', versions: [1] } });
    expect(keyState(scenario, kmsKeyId)).toBe('Enabled');
    expect(await scenario.key()).toMatchObject({ hold: { by: 'rescue-version' }, versions: { v1: { status: 'DEPRECATED' } }, rescues: {} });
    expect(scenario.alerts().at(-1)).toContain('v1 is still in use and was enabled again');
    expect(await scenario.world.invoke('rescue-version', event)).toMatchObject({ payload: { outcome: 'nothing-to-rescue' } });
    await reconciled(scenario, 2 * HOUR);
    await scenario.pass(5 * DAY);
    expect(await scenario.isFrozen()).toBe(false);
    expect(keyState(scenario, kmsKeyId)).toBe('Enabled');
  });

  test.each<[string, Readonly<Record<string, Json>>]>([
    ['a call that administers the key', { eventName: 'EnableKeyRotation' }],
    ["somebody else's key", { resources: [{ ARN: 'arn:aws:kms:eu-central-1:111122223333:key/other' }] }],
  ])('is not %s', async (_, more) => {
    const scenario = await draining();
    await until(scenario, 'v1 DISABLED');
    const { kmsKeyId = '' } = (await scenario.key()).versions['v1'] ?? {};
    expect(await scenario.world.invoke('rescue-version', failedUse(kmsKeyId, '2026-06-20T00:00:00Z', more))).toMatchObject({ payload: { outcome: 'not-ours' } });
    expect(keyState(scenario, kmsKeyId)).toBe('Disabled');
  });
});

const hold = (scenario: Scenario) => post(scenario, 'operate', ALICE, { action: 'hold', key: 'orders', reason: 'legal hold' });

describe('a hold', () => {
  test('between the revoke intent and ScheduleKeyDeletion cancels the deletion', async () => {
    const scenario = await draining();
    const { kmsKeyId } = (await scenario.key()).versions['v1'] ?? {};
    before(scenario, 'ScheduleKeyDeletion', async () => {
      expect(await hold(scenario)).toMatchObject({ statusCode: 200, status: 'done' });
    });
    await scenario.pass(12 * DAY);
    await reconciled(scenario);
    expect(keyState(scenario, kmsKeyId)).toBe('Disabled');
    expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
    expect(await scenario.isFrozen()).toBe(false);
  });

  test('after it cancels the deletion', async () => {
    const scenario = await draining();
    await until(scenario, 'v1 REVOKED');
    const { kmsKeyId } = (await scenario.key()).versions['v1'] ?? {};
    expect(await hold(scenario)).toMatchObject({ status: 'done', message: expect.stringContaining('deletion of v1 was cancelled') });
    expect(keyState(scenario, kmsKeyId)).toBe('Disabled');
    expect(await statuses(scenario)).toContain('v1 DISABLED');
    await reconciled(scenario, 2 * HOUR);
    expect(await scenario.isFrozen()).toBe(false);
    expect(scenario.violations()).toEqual([]);
  });

  test('whose cancelling died is finished by the reconciliation', async () => {
    const scenario = await draining();
    await until(scenario, 'v1 REVOKED');
    const { kmsKeyId } = (await scenario.key()).versions['v1'] ?? {};
    await setHold(scenario);
    expect(keyState(scenario, kmsKeyId)).toBe('PendingDeletion');
    await scenario.world.reconcile();
    expect(keyState(scenario, kmsKeyId)).toBe('Disabled');
    expect(await statuses(scenario)).toContain('v1 DISABLED');
  });

  test('is set on a frozen key, too', async () => {
    const scenario = await draining();
    await scenario.world.composition('reconcile').registry().freeze('orders', { by: 'reconcile', at: '2026-06-11T00:00:00.000Z', reason: 'audit' });
    expect(await hold(scenario)).toMatchObject({ statusCode: 200, status: 'done' });
    expect((await scenario.key()).hold?.by).toBe(ALICE);
  });
});

test('an emergency that is approved during a drain stops the owner, replaces the version and shortens its deadlines', async () => {
  const scenario = await draining();
  const owner = (await scenario.key()).lease?.rotationId;
  const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'v2 leaked in a log' });
  expect(asked).toMatchObject({ status: 'asked' });
  expect(await answer(scenario, ALICE, asked.approvalId)).toMatchObject({ statusCode: 403 });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'done' });
  await scenario.advance(HOUR);
  expect(endings(scenario)).toContain(`${owner ?? ''}: ABORTED`);
  expect(await scenario.key()).toMatchObject({
    quarantine: null,
    lease: { rotationId: expect.stringMatching(/-e1$/) },
    versions: { v2: { status: 'DEPRECATED', compromisedAt: expect.anything() }, v3: { status: 'ACTIVE' } },
  });
  await scenario.pass(12 * DAY);
  expect(endings(scenario)).toContainEqual(expect.stringMatching(/-e1: completed/));
  const { versions } = await scenario.key();
  const drained = Date.parse(versions['v2']?.disableNotBefore ?? '') - Date.parse(versions['v2']?.drainFrom ?? '');
  expect(drained).toBeLessThan(SHORT.drainSeconds! * 1000);
  expect(await typesOf(scenario)).toEqual(expect.arrayContaining(['ApprovalRequested', 'ApprovalAnswered', 'EmergencyApproved']));
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
});

test('one emergency more than a day may have is refused, and people are told', async () => {
  const scenario = await draining();
  const ask = () => post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'once more' });
  const now = scenario.world.timeline.nowMs();
  await edit(scenario, () => ({ emergencies: [3, 2, 1].map((hours) => new Date(now - hours * HOUR).toISOString()) }));
  expect(await ask()).toMatchObject({ statusCode: 403, message: expect.stringContaining('3 emergencies began in the last 24 hours; at most 3 may') });
  expect(scenario.alerts()).toEqual([expect.stringContaining('emergencies are abnormally frequent')]);
  await edit(scenario, () => ({ emergencies: [now - 25 * HOUR, now - 2 * HOUR, now - HOUR].map((at) => new Date(at).toISOString()) }));
  expect(await ask()).toMatchObject({ status: 'asked' });
  expect(scenario.alerts()).toHaveLength(2);
  expect(scenario.alerts()[1]).toContain('an approval is needed: emergency');
});

test('an answer to a void question wakes whoever waits, which asks anew', async () => {
  const scenario = await Scenario.bootstrapped();
  callKms(scenario, 'PutKeyPolicy', { KeyId: (await scenario.key()).versions['v1']?.kmsKeyId, PolicyName: 'default', Policy: lockingPolicy() });
  await scenario.pass(9 * DAY);
  const [first] = await approvals(scenario);
  expect(first).toMatchObject({ purpose: 'recover', outcome: null });
  await edit(scenario, (key) => ({ hold: { by: ALICE, at: key.dueAt, reason: 'look first' } }));
  const told = await answer(scenario, BOB, first?.id, 'resume');
  expect(told).toMatchObject({ statusCode: 403, message: expect.stringContaining('was woken and asks anew') });
  await scenario.advance(60_000);
  const second = (await approvals(scenario)).at(-1);
  expect(second).toMatchObject({ purpose: 'recover', outcome: null });
  expect(second?.id).not.toBe(first?.id);
});

/** Denies what keyturn needs to everybody: the next version is not made. */
function lockingPolicy(): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' },
      { Effect: 'Deny', Principal: '*', Action: 'kms:PutKeyPolicy', Resource: '*' },
    ],
  });
}

describe('refusals say why, and change nothing', () => {
  test.each(['arn:aws:sts::111122223333:federated-user/not-alice', 'arn:aws:iam::111122223333:root'])('%s is nobody who could approve', async (by) => {
    const scenario = await draining();
    const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'v2 leaked' });
    expect(await answer(scenario, by, asked.approvalId)).toMatchObject({ statusCode: 403, error: 'not accountable' });
    expect(await post(scenario, 'operate', by, { action: 'hold', key: 'orders', reason: 'legal hold' })).toMatchObject({ statusCode: 403 });
    expect(await scenario.key()).toMatchObject({ hold: null, emergency: null });
  });

  test.each<[string, Parameters<typeof post>[1], Json, number, string]>([
    ['an unknown approval', 'decide', { action: 'answer', approvalId: '0'.repeat(20), answer: 'approve', reason: 'why not' }, 403, 'there is no approval'],
    ['a malformed approval id', 'decide', { action: 'answer', approvalId: 'x', answer: 'approve', reason: 'why not' }, 400, 'an approval id has 20 hexadecimal digits'],
    ['a repair of a key that is not frozen', 'decide', { action: 'repair', key: 'orders', repair: { kind: 'compare' }, reason: 'why not' }, 403, 'not frozen'],
    ['a repair that nobody knows', 'decide', { action: 'repair', key: 'orders', repair: { kind: 'unfreeze' }, reason: 'why not' }, 400, 'repair.kind'],
    ['break-glass without an owner', 'decide', { action: 'break-glass', key: 'orders', reason: 'why not' }, 403, 'nobody owns'],
    ['a key that is not registered', 'decide', { action: 'lift', key: 'unknown', reason: 'why not' }, 404, 'not in the registry'],
    ['no reason', 'operate', { action: 'hold', key: 'orders', reason: ' ' }, 400, 'say why'],
    ['an action that is none', 'operate', { action: 'delete', key: 'orders', reason: 'why not' }, 400, 'action'],
    ['an abort without an owner', 'operate', { action: 'abort', key: 'orders', reason: 'why not' }, 409, 'nothing to abort'],
    ['a pause that has ended', 'operate', { action: 'pause', key: 'orders', reason: 'why not', until: '2026-01-01T00:00:00Z' }, 409, 'in the future'],
    ['a rotation of a window that is done', 'request-rotation', { action: 'rotate', key: 'orders', reason: 'why not' }, 403, 'is completed'],
    ['an emergency of an unknown key', 'request-rotation', { action: 'emergency', key: 'unknown', reason: 'why not' }, 403, 'not in the registry'],
    ['who claims to be somebody else', 'operate', { action: 'hold', key: 'orders', reason: 'why not', by: BOB }, 400, 'by'],
  ])('%s', async (_, name, body, statusCode, message) => {
    const scenario = await Scenario.bootstrapped();
    const key = await scenario.key();
    expect(await post(scenario, name, ALICE, body)).toMatchObject({ statusCode, message: expect.stringContaining(message) });
    expect(await scenario.key()).toEqual(key);
  });

  test('everything but a hold and a repair is refused for a frozen key', async () => {
    const scenario = await Scenario.bootstrapped();
    const emergency = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'leaked' });
    await scenario.world.composition('reconcile').registry().freeze('orders', { by: 'reconcile', at: '2026-06-02T00:00:00.000Z', reason: 'audit' });
    const key = await scenario.key();
    expect(await answer(scenario, BOB, emergency.approvalId)).toMatchObject({ statusCode: 403, message: expect.stringContaining('frozen') });
    expect(await post(scenario, 'request-rotation', ALICE, { action: 'rotate', key: 'orders', reason: 'now' })).toMatchObject({ statusCode: 403, message: expect.stringContaining('frozen') });
    expect(await post(scenario, 'operate', ALICE, { action: 'pause', key: 'orders', reason: 'now', until: '2027-01-01T00:00:00Z' })).toMatchObject({ statusCode: 409 });
    expect(await scenario.key()).toEqual(key);
  });

  test('GET is answered with the method to use', async () => {
    const scenario = await Scenario.bootstrapped();
    const event = { requestContext: { timeEpoch: 0, http: { method: 'GET' }, authorizer: { iam: { userArn: ALICE } } } };
    for (const name of ['decide', 'operate', 'request-rotation'] as const) {
      expect(await scenario.world.invoke(name, event)).toMatchObject({ payload: { statusCode: 405, body: '{"error":"ask with POST"}' } });
    }
  });

  test('an event without an identity that IAM vouched for is no request', async () => {
    const scenario = await Scenario.bootstrapped();
    const key = await scenario.key();
    const event = { body: JSON.stringify({ action: 'hold', key: 'orders', reason: 'legal hold' }), requestContext: { timeEpoch: 0, http: { method: 'POST' } } };
    expect(await scenario.world.invoke('operate', event)).toMatchObject({ payload: { statusCode: 400 } });
    expect(await scenario.key()).toEqual(key);
  });
});
