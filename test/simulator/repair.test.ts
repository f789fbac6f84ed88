import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { currentChain, firstBreak } from '../../lambdas/domain/ledger';
import { FATES, strikeOnce } from '../support/fates';
import { active, aliasTarget, callKms, endings, foreignKey, keyState, kmsChanges, statuses, traceLength } from '../support/outsider';
import { ALICE, answer, approvals, BOB, CAROL, post, reconciled, typesOf } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

async function misdirected(policy?: KeyPolicy): Promise<{ scenario: Scenario; foreign: string; own: string }> {
  const scenario = await Scenario.bootstrapped(policy);
  await scenario.advance(2 * HOUR);
  const own = (await active(scenario)).kmsKeyId ?? '';
  const foreign = foreignKey(scenario);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign });
  await reconciled(scenario);
  return { scenario, foreign, own };
}

const ask = (scenario: Scenario, repair: unknown, by = ALICE) => post(scenario, 'decide', by, { action: 'repair', key: 'orders', repair, reason: 'the alias was moved by mistake' });

test('an alias that someone moved: frozen by the second look, repaired by consent of another person, and rotated again', async () => {
  const { scenario, own } = await misdirected();
  expect(await scenario.isFrozen()).toBe(true);
  expect(scenario.alerts()).toEqual(['keyturn: orders: frozen: it is not as registered, and keyturn did not cause that']);

  const asked = await ask(scenario, { kind: 'repoint-alias' });
  expect(asked).toMatchObject({ statusCode: 200, status: 'asked' });
  expect(await answer(scenario, ALICE, asked.approvalId)).toMatchObject({ statusCode: 403, message: expect.stringContaining('requested it and cannot approve it') });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ statusCode: 200, status: 'done' });
  await scenario.advance(HOUR);

  expect(aliasTarget(scenario)).toBe(own);
  expect(await scenario.isFrozen()).toBe(false);
  expect(endings(scenario).at(-1)).toBe(`repair-${asked.approvalId}: repaired`);
  const ledger = await scenario.ledger();
  expect(ledger.filter(({ facts }) => facts?.['approval'] === asked.approvalId).map(({ type }) => type)).toEqual(['ApprovalRequested', 'ApprovalAnswered', 'RepairBegun', 'RepairMade', 'FreezeLifted']);
  expect(ledger.find(({ type }) => type === 'FreezeLifted')?.facts).toMatchObject({ requestedBy: ALICE, approvedBy: BOB });

  await scenario.pass(25 * DAY);
  expect(await statuses(scenario)).toContain('v2 ACTIVE');
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
});

test.each(FATES)('an alias that someone moved back to a version that drains: it drains anew once the repair has taken the alias from it, also with %s at each of its calls', async (fault) => {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(10 * DAY);
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  const [v1, v2] = [(await scenario.key()).versions['v1'], (await active(scenario)).kmsKeyId ?? ''];
  await scenario.pass(2 * DAY);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: v1?.kmsKeyId ?? '' });
  await reconciled(scenario);
  expect(await scenario.isFrozen()).toBe(true);
  const asked = await ask(scenario, { kind: 'repoint-alias' });
  const struck = strikeOnce(scenario, 'apply-repair', fault);
  await answer(scenario, BOB, asked.approvalId);
  await scenario.advance(2 * HOUR);
  expect([...struck]).toContain('UpdateAlias');
  expect(aliasTarget(scenario)).toBe(v2);
  expect((await typesOf(scenario)).filter((type) => type === 'DrainExtended')).toHaveLength(1);
  const left = scenario.world.trace.events().findLast((event) => event.type === 'kms.alias-changed' && event.to === v2)?.atMs ?? 0;
  const notBefore = Date.parse((await scenario.key()).versions['v1']?.disableNotBefore ?? '');
  expect(notBefore - left).toBeGreaterThanOrEqual(scenario.policy.drainSeconds * 1000);
  expect(notBefore - left).toBeLessThan((scenario.policy.drainSeconds + 3600) * 1000);
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
});

test.each(['Quiesce', 'Wait For Consistency'])('an owner that somebody stops while its frozen key is repaired, in %s: the consent was to a living one, so that the key stands still after the repair until a person has looked', async (state) => {
  const scenario = await Scenario.bootstrapped();
  const { world } = scenario;
  await scenario.pass(9 * DAY);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
  await reconciled(scenario);
  expect(await scenario.isFrozen()).toBe(true);
  const { lease } = await scenario.key();
  expect(lease).not.toBeNull();
  world.trace.onEvent((event) => {
    if (event.type !== 'states.state-entered' || event.state !== state || !event.execution.startsWith('repair-')) return;
    world.timeline.after(1000, 'stopped', () => { world.states.call('StopExecution', { executionArn: lease?.executionArn, error: 'Stopped', cause: 'by hand' }); });
  });
  const asked = await ask(scenario, { kind: 'repoint-alias' });
  await answer(scenario, BOB, asked.approvalId);
  await scenario.advance(HOUR);
  expect(await scenario.isFrozen()).toBe(false);
  expect((await scenario.key()).quarantine).toMatchObject({ by: 'handle-ended-execution' });
  expect(scenario.alerts().filter((subject) => subject.includes('still holds the key'))).toHaveLength(1);
  await reconciled(scenario, 3 * HOUR);
  expect(scenario.alerts().filter((subject) => subject.includes('still holds the key'))).toHaveLength(1);
  expect(scenario.violations()).toEqual([]);
});

test('a consent to repair a key whose owner has ended since is void', async () => {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(9 * DAY);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
  await reconciled(scenario);
  const asked = await ask(scenario, { kind: 'repoint-alias' });
  scenario.world.states.call('StopExecution', { executionArn: (await scenario.key()).lease?.executionArn, error: 'Stopped', cause: 'by hand' });
  await scenario.advance(HOUR);
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ message: expect.stringContaining('the key has changed since it was asked') });
  expect(await scenario.isFrozen()).toBe(true);
});

test('a repair that does not help leaves the key frozen, says what differs, and may be asked for again', async () => {
  const { scenario, own } = await misdirected();
  const first = await ask(scenario, { kind: 'compare' });
  await answer(scenario, BOB, first.approvalId);
  await scenario.advance(HOUR);
  expect(await scenario.isFrozen()).toBe(true);
  expect(endings(scenario).at(-1)).toBe(`repair-${first.approvalId}: FAILED`);
  expect(scenario.alerts().at(-1)).toContain('a repair was made, and the key still is not as registered');

  const second = await ask(scenario, { kind: 'compare' });
  expect(second.approvalId).not.toBe(first.approvalId);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: own });
  await answer(scenario, BOB, second.approvalId);
  await scenario.advance(HOUR);
  expect(await scenario.isFrozen()).toBe(false);
});

test('asking for the same repair twice is one question', async () => {
  const { scenario } = await misdirected();
  const first = await ask(scenario, { kind: 'repoint-alias' });
  expect((await ask(scenario, { kind: 'repoint-alias' })).approvalId).toBe(first.approvalId);
  expect((await approvals(scenario)).map(({ purpose }) => purpose)).toEqual(['repair']);
});

test('two approvers are two identities', async () => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, approvers: 2 }));
  await scenario.advance(2 * HOUR);
  const foreign = foreignKey(scenario);
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreign });
  await reconciled(scenario);
  const asked = await ask(scenario, { kind: 'repoint-alias' });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'asked' });
  await scenario.advance(HOUR);
  expect(aliasTarget(scenario)).toBe(foreign);
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'asked' });
  expect(await answer(scenario, CAROL, asked.approvalId)).toMatchObject({ status: 'done' });
  await scenario.advance(HOUR);
  expect(await scenario.isFrozen()).toBe(false);
});

test('a foreign key is accepted as the ACTIVE version, and the former one drains and retires later', async () => {
  // Nobody was told of the accepted key: a dependent's release of the former version would be a person's to vouch for.
  const { scenario, foreign, own } = await misdirected(policyOf({ ...SHORT, dependents: [] }));
  const arn = `arn:aws:kms:eu-central-1:111122223333:key/${foreign}`;
  const asked = await ask(scenario, { kind: 'accept-key', keyArn: arn });
  await answer(scenario, BOB, asked.approvalId);
  await scenario.advance(HOUR);
  expect(await scenario.isFrozen()).toBe(false);
  expect(await scenario.key()).toMatchObject({ lastVersion: 2, versions: { v1: { status: 'DEPRECATED', supersededBy: 2 }, v2: { status: 'ACTIVE', kmsKeyId: foreign, retirement: 'keep' } } });
  await scenario.pass(25 * DAY);
  expect(aliasTarget(scenario)).not.toBe(foreign);
  expect(keyState(scenario, foreign)).toBe('Enabled');
  expect(keyState(scenario, own)).toBe('PendingDeletion');
  expect(await scenario.ledgerBreak()).toBeUndefined();
});

test('a key of another registry is not accepted', async () => {
  const { scenario, foreign } = await misdirected();
  callKms(scenario, 'TagResource', { KeyId: foreign, Tags: [{ TagKey: 'keyturn:registry', TagValue: '111122223333:eu-central-1:other' }] });
  const asked = await ask(scenario, { kind: 'accept-key', keyArn: `arn:aws:kms:eu-central-1:111122223333:key/${foreign}` });
  await answer(scenario, BOB, asked.approvalId);
  await scenario.advance(HOUR);
  expect(endings(scenario).at(-1)).toBe(`repair-${asked.approvalId}: FAILED`);
  expect(await scenario.isFrozen()).toBe(true);
  expect(await statuses(scenario)).toBe('v1 ACTIVE');
});

test.each([
  ['disabled', 'DisableKey', {}, { kind: 'enable', version: 1 }],
  ['scheduled for deletion', 'ScheduleKeyDeletion', { PendingWindowInDays: 30 }, { kind: 'cancel-deletion', version: 1 }],
])('an idle key that somebody %s is frozen within two firings, and given back by a repair', async (_, operation, more, repair) => {
  const scenario = await Scenario.bootstrapped();
  await scenario.advance(2 * HOUR);
  const { kmsKeyId: KeyId } = await active(scenario);
  callKms(scenario, operation, { KeyId, ...more });
  const from = traceLength(scenario);
  await scenario.world.reconcile();
  expect(await scenario.isFrozen()).toBe(false);
  await scenario.advance(HOUR / 4);
  await scenario.world.reconcile();
  expect(await scenario.isFrozen()).toBe(true);
  expect(kmsChanges(scenario, from)).toEqual([]);
  const asked = await ask(scenario, repair);
  await answer(scenario, BOB, asked.approvalId);
  await scenario.advance(HOUR);
  expect(keyState(scenario, KeyId)).toBe('Enabled');
  expect(await scenario.isFrozen()).toBe(false);
});

test('a rotation that found the alias moved goes on once the freeze is lifted and a person says resume', async () => {
  const scenario = await Scenario.bootstrapped();
  const own = (await active(scenario)).kmsKeyId;
  callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
  await scenario.pass(9 * DAY);
  expect(await scenario.isFrozen()).toBe(true);
  expect((await scenario.key()).lease?.rotationId).toBe('orders-20260610T0000Z-a1');
  const [recover] = await approvals(scenario);
  expect(await answer(scenario, BOB, recover?.id, 'resume')).toMatchObject({ statusCode: 403, message: expect.stringContaining('frozen') });

  const asked = await ask(scenario, { kind: 'repoint-alias' });
  await answer(scenario, BOB, asked.approvalId);
  await scenario.advance(HOUR);
  expect(aliasTarget(scenario)).toBe(own);
  expect(await scenario.isFrozen()).toBe(false);
  const open = (await approvals(scenario)).filter(({ purpose, outcome }) => purpose === 'recover' && outcome === null).at(-1);
  expect(await answer(scenario, BOB, open?.id, 'resume')).toMatchObject({ status: 'done' });
  await scenario.pass(25 * DAY);
  expect(endings(scenario)).toContain('orders-20260610T0000Z-a1: completed');
  expect(scenario.violations()).toEqual([]);
});

test('a ledger that somebody broke is started anew behind the broken part', async () => {
  const scenario = await Scenario.bootstrapped();
  await scenario.advance(2 * HOUR);
  await scenario.world.reconcile();
  const { seq } = await scenario.key();
  scenario.world.dynamodb.call(
    'PutItem',
    { TableName: 'keyturn-registry', Item: { pk: { S: 'KEY#orders' }, sk: { S: `LEDGER#${String(seq + 1).padStart(10, '0')}` }, seq: { N: String(seq + 1) }, type: { S: 'HoldSet' } } },
    { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/mallory', userId: 'AIDAMALLORY' },
  );
  await scenario.world.reconcile();
  expect(await scenario.isFrozen()).toBe(true);
  const asked = await ask(scenario, { kind: 'rebaseline-ledger' });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'done' });
  await scenario.advance(HOUR);
  expect(await scenario.isFrozen()).toBe(false);
  const { events, startsAnew } = currentChain(await scenario.ledger());
  expect(events.map(({ type }) => type)).toEqual(['LedgerRebaselined', 'FreezeLifted']);
  expect(firstBreak(events, startsAnew ?? undefined)).toBeUndefined();
  await reconciled(scenario, 2 * HOUR);
  expect(await scenario.isFrozen()).toBe(false);
  expect(await typesOf(scenario)).toContain('RepairBegun');
});

describe.each(FATES)('a repair with %s at each of its calls', (fault) => {
  test.each(['begin-repair', 'apply-repair', 'confirm-repair'] as const)('in %s is finished by its retries', async (name) => {
    const { scenario, own } = await misdirected();
    const asked = await ask(scenario, { kind: 'repoint-alias' });
    const struck = strikeOnce(scenario, name, fault);
    await answer(scenario, BOB, asked.approvalId);
    await scenario.advance(2 * HOUR);
    expect(struck.size).toBeGreaterThan(1);
    expect({ target: aliasTarget(scenario), isFrozen: await scenario.isFrozen() }).toEqual({ target: own, isFrozen: false });
    expect((await typesOf(scenario)).filter((type) => /^(Repair|FreezeLifted)/.test(type))).toEqual(['RepairBegun', 'RepairMade', 'FreezeLifted']);
  });
});

function startByHand(scenario: Scenario, approval: string | undefined): void {
  const arn = 'arn:aws:states:eu-central-1:111122223333:stateMachine:key-repair';
  scenario.world.states.call('StartExecution', { stateMachineArn: arn, name: `repair-${approval ?? ''}`, input: JSON.stringify({ key: 'orders', approval }) });
}

describe('a repair that somebody starts by hand', () => {
  test('before it is approved changes nothing', async () => {
    const { scenario, foreign } = await misdirected();
    const asked = await ask(scenario, { kind: 'repoint-alias' });
    const key = await scenario.key();
    startByHand(scenario, asked.approvalId);
    await scenario.advance(HOUR);
    expect(endings(scenario).at(-1)).toBe(`repair-${asked.approvalId}: FAILED`);
    expect(await scenario.key()).toEqual(key);
    expect(aliasTarget(scenario)).toBe(foreign);
  });

  test('with the approval of something else changes nothing', async () => {
    const scenario = await Scenario.bootstrapped();
    const asked = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'leaked' });
    await scenario.world.composition('reconcile').registry().freeze('orders', { by: 'reconcile', at: '2026-06-02T00:00:00.000Z', reason: 'audit' });
    startByHand(scenario, asked.approvalId);
    await scenario.advance(HOUR);
    expect(await scenario.isFrozen()).toBe(true);
    expect((await typesOf(scenario)).includes('RepairBegun')).toBe(false);
  });
});

test('consent to a repair of a key that has changed since is none', async () => {
  const { scenario, foreign } = await misdirected();
  const asked = await ask(scenario, { kind: 'repoint-alias' });
  await post(scenario, 'operate', CAROL, { action: 'hold', key: 'orders', reason: 'legal hold' });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ statusCode: 403, message: expect.stringContaining('the key has changed since it was asked') });
  await scenario.advance(HOUR);
  expect(aliasTarget(scenario)).toBe(foreign);
});
