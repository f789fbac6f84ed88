import type { Approval } from '../../lambdas/domain/approval';
import type { FunctionName } from '../../lambdas/contract/functions';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { instantOf } from '../../lambdas/domain/instant';
import { write } from '../../lambdas/domain/ledger';
import { AwsError } from '../../local/kernel/aws-error';
import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { active, aliasTarget, callKms, edit, endings, foreignKey, kmsChanges, statuses, traceLength } from '../support/outsider';
import { ALICE, answer, approvals, BOB, CAROL, post, typesOf } from '../support/people';
import { policyOf } from '../support/policies';

const NEXT = 'orders-20260610T0000Z-a1';

/** Entries of a state in the rotation. */
function entries(scenario: Scenario, state: string): number {
  return scenario.world.trace.events().filter((event) => event.type === 'states.state-entered' && event.execution === NEXT && event.state === state).length;
}

/** The one question that is open now. */
async function openQuestion(scenario: Scenario): Promise<Approval> {
  const { rev } = await scenario.key();
  const open = (await approvals(scenario)).filter((approval) => approval.outcome === null && approval.rev === rev);
  expect(open).toHaveLength(1);
  return open[0]!;
}

/** A rotation whose `CreateKey` KMS has refused; whatever made it refuse is mended. */
async function failedForGood(policy: Partial<KeyPolicy> = {}): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, ...policy }), { wire: 'direct' });
  scenario.world.fault = ({ operation }) => (operation === 'CreateKey' ? new AwsError('LimitExceededException', 'no more keys', 400) : 'none');
  await scenario.pass(9 * DAY);
  scenario.world.fault = () => 'none';
  expect(entries(scenario, 'Await Approval')).toBe(1);
  return scenario;
}

/** A rotation that asks whether v1 may be deleted. */
async function untilAsked(policy: Partial<KeyPolicy> = {}): Promise<Scenario> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, autoDelete: false, ...policy }), { wire: 'direct' });
  for (let day = 0; day < 20 && (await approvals(scenario)).length === 0; day += 0.5) await scenario.pass(DAY / 2);
  return scenario;
}

/** The task token that stands in the table. */
function tokenInTable(scenario: Scenario): string {
  const item = scenario.world.trace.events().findLast((event) => event.type === 'dynamodb.item-written' && event.pk.startsWith('APPROVAL#'));
  return (item?.type === 'dynamodb.item-written' ? item.after?.['taskToken'] : undefined) as string;
}

/** What somebody who has read the table can do: wake the state with an answer of their own. */
async function forgeAnswer(scenario: Scenario, output: object): Promise<void> {
  scenario.world.states.call('SendTaskSuccess', { taskToken: tokenInTable(scenario), output: JSON.stringify(output) });
  await scenario.advance(60_000);
}

describe('a non-recoverable failure', () => {
  test('quarantines the key and waits: nothing is changed, and nothing else starts', async () => {
    const scenario = await failedForGood({ approvalTimeoutSeconds: 5 * 86_400 });
    const from = traceLength(scenario);
    expect(await scenario.key()).toMatchObject({ lease: { rotationId: NEXT }, intent: null, quarantine: { reason: 'QuotaExceeded in Create Key Version needs a person' } });
    await scenario.pass(3 * DAY);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(endings(scenario)).toHaveLength(1);
    expect(scenario.alerts()).toEqual(['keyturn: orders: non-recoverable failure in Create Key Version']);
    expect(await openQuestion(scenario)).toMatchObject({ purpose: 'recover', errorClass: 'non-recoverable', requestedBy: NEXT, facts: { state: 'Create Key Version', error: 'QuotaExceeded' } });
    expect(scenario.violations()).toEqual([]);
  });

  test('is resumed by consent: the same execution completes, without a second key', async () => {
    const scenario = await failedForGood();
    expect(await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'resume')).toMatchObject({ statusCode: 200, status: 'done' });
    await scenario.pass(12 * DAY);
    expect(endings(scenario).slice(1)).toEqual([`${NEXT}: completed`]);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect((await scenario.key()).quarantine).toBeNull();
    expect(await typesOf(scenario)).toEqual(expect.arrayContaining(['ApprovalRequested', 'QuarantineLifted']));
    expect(scenario.createdKeys()).toHaveLength(2);
    expect(scenario.violations()).toEqual([]);
  });

  test('that comes again after it was resumed is asked about again', async () => {
    const scenario = await failedForGood();
    scenario.world.fault = ({ operation }) => (operation === 'CreateKey' ? new AwsError('LimitExceededException', 'no more keys', 400) : 'none');
    const first = await openQuestion(scenario);
    await answer(scenario, ALICE, first.id, 'resume');
    await scenario.advance(HOUR);
    expect(entries(scenario, 'Await Approval')).toBe(2);
    const second = (await approvals(scenario)).at(-1)!;
    expect(second).toMatchObject({ purpose: 'recover', outcome: null });
    expect(second.id).not.toBe(first.id);
    expect((await scenario.key()).quarantine).not.toBeNull();
    expect(scenario.violations()).toEqual([]);
  });

  test('is aborted by a refusal; the key stays quarantined', async () => {
    const scenario = await failedForGood();
    await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'abort');
    await scenario.advance(HOUR);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: aborted`);
    expect(await scenario.key()).toMatchObject({ lease: null, quarantine: { by: NEXT }, window: { attempt: 2 } });
    expect(scenario.violations()).toEqual([]);
  });

  test('that nobody answers is aborted when the question expires; later answers change nothing', async () => {
    const scenario = await failedForGood();
    const { id } = await openQuestion(scenario);
    await scenario.pass(DAY + HOUR);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: aborted`);
    const key = await scenario.key();
    expect(key).toMatchObject({ lease: null, quarantine: { by: NEXT } });
    expect(await answer(scenario, ALICE, id, 'resume')).toMatchObject({ statusCode: 403, status: 'refused' });
    await scenario.pass(DAY);
    expect(await scenario.key()).toEqual(key);
    expect(scenario.violations()).toEqual([]);
  });

  test('wants two people where the policy wants two', async () => {
    const scenario = await failedForGood({ approvers: 2 });
    const { id } = await openQuestion(scenario);
    expect(await answer(scenario, ALICE, id, 'resume')).toMatchObject({ statusCode: 200, status: 'asked' });
    expect(await answer(scenario, ALICE, id, 'resume')).toMatchObject({ statusCode: 200 });
    await forgeAnswer(scenario, { answer: 'consented' });
    expect((await scenario.key()).quarantine).not.toBeNull();
    expect(entries(scenario, 'Claim Rotation')).toBe(1);
    expect(await answer(scenario, BOB, id, 'resume')).toMatchObject({ statusCode: 200, status: 'done' });
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
    expect(scenario.violations()).toEqual([]);
  });

  test('is not resumed by who only woke the state: it asks again, and changes nothing', async () => {
    const scenario = await failedForGood();
    const key = await scenario.key();
    const { id } = await openQuestion(scenario);
    const from = traceLength(scenario);
    for (const output of [{}, { answer: 'consented' }, { Payload: { answer: 'consented', isFrozen: false, reason: 'forged' } }]) await forgeAnswer(scenario, output);
    expect(entries(scenario, 'Await Approval')).toBe(4);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(await scenario.key()).toEqual(key);
    expect((await openQuestion(scenario)).id).toBe(id);
    // The question's time-out does not begin anew, and the right answer still wakes it.
    await answer(scenario, ALICE, id, 'resume');
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
    expect(scenario.violations()).toEqual([]);
  });

  test('is resumed at once though an invocation of an earlier visit asks once more, with a token that wakes nobody', async () => {
    const scenario = await failedForGood();
    const { id, requestedAt, expiresAt } = await openQuestion(scenario);
    const taskToken = tokenInTable(scenario);
    await forgeAnswer(scenario, {});
    const newest = tokenInTable(scenario);
    expect(newest).not.toBe(taskToken);
    const question = { purpose: 'recover', askedAt: requestedAt, expiresAt };
    const late = { key: 'orders', run: { kind: 'rotation', window: '20260610T0000Z', number: 1 }, rotationId: NEXT, enteredAt: requestedAt, question, version: 2, previous: 1, executionArn: 'arn:late', taskToken, retries: 3 };
    expect(await scenario.world.invoke('request-approval', late)).toMatchObject({ ok: true });
    expect(tokenInTable(scenario)).toBe(newest);
    await answer(scenario, ALICE, id, 'resume');
    await scenario.advance(HOUR);
    expect(entries(scenario, 'Claim Rotation')).toBe(2);
  });

  test('keeps its time-out however often somebody wakes it', async () => {
    const scenario = await failedForGood();
    for (let times = 0; times < 5; times++) {
      await scenario.advance(5 * HOUR);
      if (endings(scenario).length === 1) await forgeAnswer(scenario, {});
    }
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: aborted`);
  });

  test('about a key that moved meanwhile is asked about anew, and the earlier consent is void', async () => {
    const scenario = await failedForGood();
    const { id } = await openQuestion(scenario);
    await edit(scenario, ({ policy }) => ({ policy: { ...policy, description: 'another' } }));
    expect(await answer(scenario, ALICE, id, 'resume')).toMatchObject({ statusCode: 403, message: expect.stringContaining('void') });
    await scenario.advance(HOUR / 2);
    const anew = await openQuestion(scenario);
    expect(anew.id).not.toBe(id);
    expect((await scenario.key()).quarantine).not.toBeNull();
    await answer(scenario, ALICE, anew.id, 'resume');
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
    expect(scenario.violations()).toEqual([]);
  });

  test.each(['die-before', 'die-after', 'lose-answer'] as const)('is asked and answered however often a call of its two functions ends with %s', async (fault) => {
    const quiet = await failedForGood();
    const calls = quiet.world.calls.filter(({ function: name }) => name === 'request-approval');
    expect(calls.length).toBeGreaterThan(2);
    for (const name of ['request-approval', 'read-approval'] as const) {
      for (let position = 0; position < (name === 'request-approval' ? calls.length : 3); position++) {
        const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
        let seen = -1;
        let isMended = false;
        scenario.world.fault = (point) => {
          if (point.operation === 'CreateKey' && !isMended) return new AwsError('LimitExceededException', 'no more keys', 400);
          if (point.function === name) seen++;
          return point.function === name && seen === position ? fault : 'none';
        };
        await scenario.pass(9 * DAY);
        isMended = true;
        await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'resume');
        await scenario.pass(11 * DAY);
        expect({ name, position, seen: seen >= position, endings: endings(scenario).slice(1) }).toEqual({ name, position, seen: true, endings: [`${NEXT}: completed`] });
        expect(scenario.violations()).toEqual([]);
      }
    }
  }, 60_000);
});

describe('a security-critical failure', () => {
  async function frozen(): Promise<Scenario> {
    const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
    callKms(scenario, 'UpdateAlias', { AliasName: scenario.policy.alias, TargetKeyId: foreignKey(scenario) });
    await scenario.pass(9 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(entries(scenario, 'Await Approval')).toBe(1);
    return scenario;
  }

  test('waits frozen, and ends as Frozen when the question expires: everything stays as it stands', async () => {
    const scenario = await frozen();
    const [key, target, from] = [await scenario.key(), aliasTarget(scenario), traceLength(scenario)];
    expect(endings(scenario)).toHaveLength(1);
    await scenario.pass(2 * DAY);
    const end = scenario.world.trace.events().findLast((event) => event.type === 'states.execution-ended');
    expect(end).toMatchObject({ execution: NEXT, status: 'FAILED', error: 'ObservedMismatch', cause: expect.stringContaining('The key is frozen') });
    const after = await scenario.key();
    // That its owner has ended is all that is noted.
    expect(after).toEqual({ ...key, rev: key.rev + 1, seq: key.seq + 1, head: after.head, endedOwner: { rotationId: NEXT, at: '2026-06-11T01:00:00.000Z' } });
    expect(await scenario.isFrozen()).toBe(true);
    expect(aliasTarget(scenario)).toBe(target);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(key.lease?.rotationId).toBe(NEXT);
    expect(scenario.violations()).toEqual([]);
  });

  test('takes no answer and no forged callback while the freeze stands', async () => {
    const scenario = await frozen();
    const [key, from] = [await scenario.key(), traceLength(scenario)];
    const [{ id }] = (await approvals(scenario)) as [Approval];
    expect(await answer(scenario, ALICE, id, 'resume')).toMatchObject({ statusCode: 403, message: expect.stringContaining('is frozen') });
    await forgeAnswer(scenario, { answer: 'consented' });
    expect(entries(scenario, 'Claim Rotation')).toBe(1);
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(await scenario.key()).toEqual(key);
    expect((await active(scenario)).number).toBe(1);
  });

  test('is a proof that fails once consumers use the version: compared and resumed, it is proved again, and completes', async () => {
    const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
    scenario.world.fault = ({ function: name, operation }) => (name === 'confirm-promotion' && operation === 'Decrypt' ? new AwsError('InvalidCiphertextException', 'not what was encrypted', 400) : 'none');
    await scenario.pass(9 * DAY);
    expect(await scenario.isFrozen()).toBe(true);
    expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
    expect(scenario.alerts()).toEqual(['keyturn: orders: security-critical failure in Confirm Promotion']);
    scenario.world.fault = () => 'none';
    const asked = await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'compare' }, reason: 'the HSM was replaced' });
    await answer(scenario, BOB, asked.approvalId);
    await scenario.advance(HOUR);
    expect(await scenario.isFrozen()).toBe(false);
    await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'resume');
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
    expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
    expect(scenario.violations()).toEqual([]);
  });
});

describe('a consent', () => {
  const freeze = async (scenario: Scenario) =>
    scenario.world.composition('reconcile').registry().freeze('orders', { by: 'reconcile', at: instantOf(scenario.world.timeline.nowMs()), reason: 'the alias was moved' });

  /** The freeze comes right before a call of one of the waiting state's functions. */
  function freezeBefore(scenario: Scenario, name: FunctionName, operation: string): void {
    let hasFrozen = false;
    scenario.world.interceptAll = async (call, next) => {
      if (!hasFrozen && call.operation === operation && call.caller.arn.endsWith(`/${name}`)) {
        hasFrozen = true;
        await freeze(scenario);
      }
      return next();
    };
  }

  const compare = async (scenario: Scenario) => {
    const asked = await post(scenario, 'decide', BOB, { action: 'repair', key: 'orders', repair: { kind: 'compare' }, reason: 'it was moved back' });
    expect(await answer(scenario, CAROL, asked.approvalId)).toMatchObject({ status: 'done' });
    await scenario.advance(HOUR);
  };

  test.each<[when: string, FunctionName, operation: string]>([
    ['before it is read', 'read-approval', 'GetItem'],
    ['between the look and the end of the quarantine', 'read-approval', 'TransactWriteItems'],
  ])('that a freeze overtakes %s waits for the repair, without a loop and without an end, and counts then', async (_, name, operation) => {
    const scenario = await failedForGood();
    freezeBefore(scenario, name, operation);
    await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'resume');
    await scenario.advance(2 * HOUR);
    expect(await scenario.isFrozen()).toBe(true);
    expect(entries(scenario, 'Await Approval')).toBe(2);
    expect(entries(scenario, 'Claim Rotation')).toBe(1);
    expect((await scenario.key()).quarantine).not.toBeNull();
    await compare(scenario);
    await scenario.pass(12 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
    expect(scenario.violations()).toEqual([]);
  });

  test('that a freeze overtakes, and the end of the freeze overtakes the question, is seen at once', async () => {
    const scenario = await failedForGood();
    freezeBefore(scenario, 'read-approval', 'TransactWriteItems');
    let isThawed = false;
    const freezing = scenario.world.interceptAll;
    scenario.world.interceptAll = async (call, next) => {
      if (!isThawed && call.operation === 'UpdateItem' && call.caller.arn.endsWith('/request-approval') && (await scenario.isFrozen())) {
        isThawed = true;
        await scenario.world.composition('reconcile').registry().liftFreeze('orders', (key) => write({ ...key, repair: null }, { type: 'FreezeLifted', at: instantOf(scenario.world.timeline.nowMs()), by: 'a test' }));
      }
      return freezing(call, next);
    };
    await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'resume');
    await scenario.advance(HOUR);
    expect(isThawed).toBe(true);
    expect(entries(scenario, 'Claim Rotation')).toBe(2);
  });

  test('that a freeze outlives ends frozen when the question expires', async () => {
    const scenario = await failedForGood();
    freezeBefore(scenario, 'read-approval', 'GetItem');
    await answer(scenario, ALICE, (await openQuestion(scenario)).id, 'resume');
    await scenario.pass(2 * DAY);
    expect(endings(scenario).at(-1)).toBe(`${NEXT}: FAILED`);
    expect(entries(scenario, 'Await Approval')).toBe(2);
    expect(entries(scenario, 'Frozen')).toBe(1);
    expect(await scenario.key()).toMatchObject({ lease: { rotationId: NEXT } });
  });

  test.each<[Approval['purpose'], () => Promise<Scenario>, string]>([
    ['recover', async () => failedForGood({ approvers: 2 }), `${NEXT}: aborted`],
    ['revoke', async () => untilAsked({ approvers: 2 }), `${NEXT}: completed-retirement-pending`],
  ])('to %s of two who are one by the rules of now is a refusal, and says so', async (purpose, begin, end) => {
    const scenario = await begin();
    const asked = await openQuestion(scenario);
    expect(asked.purpose).toBe(purpose);
    // Sessions of a role that were told apart when they voted.
    const consent = purpose === 'recover' ? 'resume' : 'approve';
    const votes = ['alice', 'bob'].map((session) => ({ answer: consent, by: `arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Keys/${session}`, at: asked.requestedAt, reason: 'looked' }) as const);
    await scenario.world.composition('decide').approvals().record(asked, { ...asked, votes, outcome: consent });
    await scenario.world.reconcile();
    await scenario.advance(2 * HOUR);
    expect(endings(scenario).at(-1)).toBe(end);
    expect(entries(scenario, 'Await Approval')).toBe(1);
    expect(kmsChanges(scenario).filter((operation) => operation === 'ScheduleKeyDeletion')).toEqual([]);
    const history = scenario.world.states.call('GetExecutionHistory', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${NEXT}` });
    expect(JSON.stringify(history)).toContain('By the rules of now these are not 2 people');
    expect(scenario.violations()).toEqual([]);
  });
});
