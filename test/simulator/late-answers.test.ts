import type { Approval, ApprovalPurpose } from '../../lambdas/domain/approval';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { instantOf, msOf } from '../../lambdas/domain/instant';
import { AwsError } from '../../local/kernel/aws-error';
import { edit, kmsChanges, traceLength } from '../support/outsider';
import { ALICE, answer, approvals, BOB, CAROL, post, reconciled } from '../support/people';
import { makeOrphan } from '../support/orphan';
import { policyOf } from '../support/policies';
import { CONSUMER_SESSION, DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** Time passes until somebody is asked. */
async function untilAsked(scenario: Scenario): Promise<Scenario> {
  for (let day = 0; day < 60 && (await approvals(scenario)).length === 0; day += 0.5) await scenario.pass(DAY / 2);
  return scenario;
}

const begun = async (policy: Partial<KeyPolicy> = {}) => Scenario.bootstrapped(policyOf({ ...SHORT, ...policy }));

/** A key with one open question of each kind. */
const ASKED: Readonly<Record<ApprovalPurpose, () => Promise<Scenario>>> = {
  async recover() {
    const scenario = await begun();
    scenario.world.fault = ({ operation }) => (operation === 'CreateKey' ? new AwsError('LimitExceededException', 'no more keys', 400) : 'none');
    await untilAsked(scenario);
    scenario.world.fault = () => 'none';
    return scenario;
  },
  async disable() {
    const scenario = await begun({ rotateEverySeconds: 60 * 86_400 });
    // The old version is never released.
    scenario.reply = (event) => {
      const { version, phase } = event.detail as { version: number; phase: string };
      return phase === 'ready' ? { verdict: 'yes', version, by: CONSUMER_SESSION } : null;
    };
    return untilAsked(scenario);
  },
  async revoke() {
    return untilAsked(await begun({ autoDelete: false }));
  },
  async emergency() {
    const scenario = await begun();
    await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'leaked in a log' });
    return scenario;
  },
  async repair() {
    const scenario = await begun();
    await scenario.world.composition('reconcile').registry().freeze('orders', { by: 'reconcile', at: instantOf(scenario.world.timeline.nowMs()), reason: 'audit' });
    await post(scenario, 'decide', ALICE, { action: 'repair', key: 'orders', repair: { kind: 'compare' }, reason: 'it was taken back' });
    return scenario;
  },
  async 'break-glass'() {
    const scenario = await begun();
    await scenario.pass(10 * DAY);
    await post(scenario, 'decide', ALICE, { action: 'break-glass', key: 'orders', reason: 'it hangs' });
    return scenario;
  },
  async 'delete-orphan'() {
    const scenario = await Scenario.registered(policyOf(SHORT));
    await makeOrphan(scenario);
    await reconciled(scenario, HOUR);
    return scenario;
  },
};
const PURPOSES = Object.keys(ASKED) as ApprovalPurpose[];

async function asked(purpose: ApprovalPurpose): Promise<{ readonly scenario: Scenario; readonly question: Approval }> {
  const scenario = await ASKED[purpose]();
  const questions = await approvals(scenario);
  expect(questions).toMatchObject([{ purpose, outcome: null }]);
  return { scenario, question: questions[0]! };
}

const consentTo = (purpose: ApprovalPurpose) => (purpose === 'recover' ? 'resume' : 'approve');

/** What keyturn does from now on: changes of KMS, and executions that begin or end. */
function watched(scenario: Scenario): () => readonly string[] {
  const from = traceLength(scenario);
  return () => [
    ...kmsChanges(scenario, from),
    ...scenario.world.trace.events().slice(from).flatMap((event) => (event.type === 'states.execution-started' || event.type === 'states.execution-ended' ? [`${event.type} ${event.execution}`] : [])),
  ];
}

describe.each(PURPOSES)('an answer to %s', (purpose) => {
  test('that comes after the question has expired has no effect, and says so', async () => {
    const { scenario, question } = await asked(purpose);
    await scenario.advance(msOf(question.expiresAt) - scenario.world.timeline.nowMs() + 2 * HOUR);
    const [key, effects] = [await scenario.key(), watched(scenario)];
    expect(await answer(scenario, BOB, question.id, consentTo(purpose))).toMatchObject({ statusCode: 403, status: 'refused', message: expect.stringMatching(/(it is void and changes nothing|it expired at .*; nothing was changed)/) });
    await scenario.advance(2 * HOUR);
    expect(await scenario.key()).toEqual(key);
    expect(effects()).toEqual([]);
    expect((await scenario.world.composition('decide').approvals().read(question.id))?.outcome).toBeNull();
  });

  test('that comes after the key moved has no effect, and says so', async () => {
    const { scenario, question } = await asked(purpose);
    // A frozen key is changed by a hold alone.
    if (purpose === 'repair') await post(scenario, 'operate', ALICE, { action: 'hold', key: 'orders', reason: 'legal hold' });
    else await edit(scenario, ({ policy }) => ({ policy: { ...policy, description: 'another' } }));
    const { versions, rev } = await scenario.key();
    expect(rev).toBeGreaterThan(question.rev);
    const effects = watched(scenario);
    expect(await answer(scenario, BOB, question.id, consentTo(purpose))).toMatchObject({ statusCode: 403, status: 'refused', message: expect.stringContaining('it is void and changes nothing') });
    await scenario.advance(2 * HOUR);
    expect((await scenario.key()).versions).toEqual(versions);
    expect(effects()).toEqual([]);
  });

  test('that was given before, by the same or by another person, has its effect once', async () => {
    const { scenario, question } = await asked(purpose);
    const effects = watched(scenario);
    expect(await answer(scenario, BOB, question.id, consentTo(purpose))).toMatchObject({ statusCode: 200, status: 'done' });
    await scenario.advance(12 * HOUR);
    if (purpose === 'delete-orphan') await reconciled(scenario, HOUR);
    const [once, key] = [effects(), await scenario.key()];
    expect(once).not.toEqual([]);
    expect(await answer(scenario, BOB, question.id, consentTo(purpose))).toMatchObject({ statusCode: 200, status: 'unchanged' });
    expect(await answer(scenario, CAROL, question.id, consentTo(purpose))).toMatchObject({ statusCode: 403, status: 'refused', message: expect.stringMatching(/nothing was changed|changes nothing/) });
    await scenario.advance(60_000);
    expect(effects()).toEqual(once);
    expect(await scenario.key()).toEqual(key);
  });
});

/** The token that stands in the table, as somebody may read it. */
function tokenInTable(scenario: Scenario): string {
  const item = scenario.world.trace.events().findLast((event) => event.type === 'dynamodb.item-written' && event.pk.startsWith('APPROVAL#'));
  return (item?.type === 'dynamodb.item-written' ? item.after?.['taskToken'] : undefined) as string;
}

test.each<[ApprovalPurpose]>([['recover'], ['disable'], ['revoke']])('who only woke the execution that asks to %s has changed nothing: it asks again', async (purpose) => {
  const { scenario, question } = await asked(purpose);
  const [key, effects] = [await scenario.key(), watched(scenario)];
  for (const output of [{}, { answer: 'consented' }, { Payload: { answer: 'consented', isFrozen: false, reason: 'forged' } }]) {
    scenario.world.states.call('SendTaskSuccess', { taskToken: tokenInTable(scenario), output: JSON.stringify(output) });
    await scenario.advance(60_000);
  }
  expect(await scenario.key()).toEqual(key);
  expect(effects()).toEqual([]);
  expect(await approvals(scenario)).toEqual([question]);
});

test.each<[ApprovalPurpose]>([['emergency'], ['repair'], ['break-glass'], ['delete-orphan']])('nobody waits for an answer to %s: there is no token that could be seen', async (purpose) => {
  const { scenario } = await asked(purpose);
  expect(tokenInTable(scenario)).toBeUndefined();
});

test('an answer to an emergency that is said again after another emergency starts no third one', async () => {
  const { scenario, question } = await asked('emergency');
  await answer(scenario, BOB, question.id);
  await scenario.pass(3 * DAY);
  const second = await post(scenario, 'request-rotation', ALICE, { action: 'emergency', key: 'orders', reason: 'leaked again' });
  expect(await answer(scenario, CAROL, second.approvalId)).toMatchObject({ status: 'done' });
  await scenario.pass(3 * DAY);
  const key = await scenario.key();
  expect(key.emergency).toMatchObject({ approvalId: second.approvalId, isDone: true });
  const effects = watched(scenario);
  expect(await answer(scenario, BOB, question.id)).toMatchObject({ status: 'unchanged', message: expect.stringContaining('carried out before') });
  expect(await scenario.key()).toEqual(key);
  expect(effects()).toEqual([]);
});

test('a revocation that nobody answers is asked about again by one run after the other, one question and one alert at a time', async () => {
  const { scenario } = await asked('revoke');
  await scenario.pass(8 * DAY);
  const questions = await approvals(scenario);
  expect(questions.length).toBeGreaterThan(2);
  for (const [index, { requestedAt, requestedBy }] of questions.entries()) {
    const before = questions[index - 1];
    if (before === undefined) continue;
    // The time-out of the question, and the day that a retirement run waits.
    expect(msOf(requestedAt) - msOf(before.requestedAt)).toBeGreaterThanOrEqual(2 * DAY);
    expect(requestedBy).not.toBe(before.requestedBy);
  }
  const alerts = scenario.world.trace.events().flatMap((event) => (event.type === 'sns.published' && event.attributes['stage'] === 'approval: revoke' ? [event.attributes['alertId']] : []));
  expect(alerts).toEqual(questions.map(({ id }) => `approval/${id}`));
  expect(kmsChanges(scenario).filter((operation) => operation === 'ScheduleKeyDeletion')).toEqual([]);
});
