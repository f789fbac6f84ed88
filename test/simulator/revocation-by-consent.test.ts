import type { Approval } from '../../lambdas/domain/approval';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { instantOf } from '../../lambdas/domain/instant';
import { releaseHold } from '../../lambdas/domain/operations';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';
import { edit, endings, keyState, kmsChanges, setHold, statuses, traceLength } from '../support/outsider';
import { ALICE, answer, approvals, BOB } from '../support/people';
import { policyOf } from '../support/policies';
import type { Fault } from '../../local/simulator/invocations';

const NEXT = 'orders-20260610T0000Z-a1';

/** v1 has baked, and people are asked whether it may be deleted. */
async function asked(policy: Partial<KeyPolicy> = {}): Promise<{ readonly scenario: Scenario; readonly question: Approval; readonly v1: string | undefined }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, autoDelete: false, ...policy }), { wire: 'direct' });
  for (let day = 0; day < 20 && (await approvals(scenario)).length === 0; day += 0.5) await scenario.pass(DAY / 2);
  expect(await statuses(scenario)).toBe('v1 DISABLED, v2 ACTIVE');
  const question = await latest(scenario);
  expect(question).toMatchObject({ purpose: 'revoke', version: 1, requestedBy: NEXT, outcome: null });
  return { scenario, question, v1: scenario.createdKeys()[0] };
}

const latest = async (scenario: Scenario): Promise<Approval> => (await approvals(scenario)).at(-1)!;

const deletions = (scenario: Scenario) => kmsChanges(scenario).filter((operation) => operation === 'ScheduleKeyDeletion');

test('nothing is scheduled before somebody consents, and it is scheduled then', async () => {
  const { scenario, question, v1 } = await asked();
  expect(scenario.alerts()).toEqual(['keyturn: orders: an approval is needed: revoke']);
  await scenario.advance(12 * HOUR);
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(await answer(scenario, ALICE, question.id)).toMatchObject({ statusCode: 200, status: 'done' });
  await scenario.advance(HOUR);
  expect(keyState(scenario, v1)).toBe('PendingDeletion');
  expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed`);
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(deletions(scenario)).toHaveLength(1);
  expect(scenario.violations()).toEqual([]);
});

test('a refusal leaves the version disabled, and the rotation completes with its retirement pending', async () => {
  const { scenario, question, v1 } = await asked();
  await answer(scenario, ALICE, question.id, 'deny');
  await scenario.advance(HOUR);
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed-retirement-pending`);
  expect(deletions(scenario)).toEqual([]);
  expect(scenario.violations()).toEqual([]);
});

test('two people are wanted where the policy wants two; one, or one twice, is not enough', async () => {
  const { scenario, question, v1 } = await asked({ approvers: 2 });
  await answer(scenario, ALICE, question.id);
  await answer(scenario, ALICE, question.id);
  await scenario.advance(HOUR);
  expect(keyState(scenario, v1)).toBe('Disabled');
  await answer(scenario, BOB, question.id);
  await scenario.advance(HOUR);
  expect(keyState(scenario, v1)).toBe('PendingDeletion');
  expect(scenario.violations()).toEqual([]);
});

test('a hold makes the question void; whatever is answered, nothing is deleted while it stands, and once it is released people are asked anew', async () => {
  const { scenario, question, v1 } = await asked();
  await setHold(scenario);
  expect(await answer(scenario, ALICE, question.id)).toMatchObject({ statusCode: 403, message: expect.stringContaining('void') });
  await scenario.advance(HOUR);
  const anew = await latest(scenario);
  expect(anew.id).not.toBe(question.id);
  await answer(scenario, ALICE, anew.id);
  await scenario.advance(HOUR);
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed-retirement-pending`);

  const at = instantOf(scenario.world.timeline.nowMs());
  await scenario.world.composition('operate').registry().transact('orders', (key) => releaseHold(key, { by: ALICE, at, reason: 'over' }));
  await scenario.pass(DAY + 12 * HOUR);
  expect(deletions(scenario)).toEqual([]);
  await answer(scenario, ALICE, (await latest(scenario)).id);
  await scenario.advance(HOUR);
  expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-r1: completed');
  expect(keyState(scenario, v1)).toBe('PendingDeletion');
  expect(scenario.violations()).toEqual([]);
});

test.each<[string, (scenario: Scenario) => Promise<void>]>([
  ['a hold', setHold],
  ['a hold that was released again', async (scenario) => { await setHold(scenario); await edit(scenario, () => ({ hold: null })); }],
  ['a changed policy', async (scenario) => edit(scenario, ({ policy }) => ({ policy: { ...policy, description: 'another' } }))],
])('%s between the consent and the revocation makes the consent void', async (_, move) => {
  const { scenario, question, v1 } = await asked();
  let hasMoved = false;
  scenario.world.interceptAll = async (call, next) => {
    if (!hasMoved && call.caller.arn.endsWith('/revoke-previous-version')) {
      hasMoved = true;
      await move(scenario);
    }
    return next();
  };
  await answer(scenario, ALICE, question.id);
  await scenario.advance(HOUR);
  expect(hasMoved).toBe(true);
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(deletions(scenario)).toEqual([]);
  expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed-retirement-pending`);
  expect(scenario.violations()).toEqual([]);
});

test('a key that moves between the look at the consent and the intent is not revoked', async () => {
  const { scenario, question, v1 } = await asked();
  let hasMoved = false;
  scenario.world.interceptAll = async (call, next) => {
    if (!hasMoved && call.operation === 'TransactWriteItems' && JSON.stringify(call.input).includes('RevokeIntended')) {
      hasMoved = true;
      await edit(scenario, ({ policy }) => ({ policy: { ...policy, description: 'another' } }));
    }
    return next();
  };
  await answer(scenario, ALICE, question.id);
  await scenario.advance(HOUR);
  expect(hasMoved).toBe(true);
  expect(keyState(scenario, v1)).toBe('Disabled');
  expect(deletions(scenario)).toEqual([]);
  expect(scenario.violations()).toEqual([]);
});

test('consent to delete a version is none for the next one', async () => {
  const { scenario, question } = await asked();
  await answer(scenario, ALICE, question.id);
  await scenario.advance(HOUR);
  await scenario.pass(16 * DAY);
  for (let day = 0; day < 10 && (await latest(scenario)).version !== 2; day += 0.5) await scenario.pass(DAY / 2);
  expect(await latest(scenario)).toMatchObject({ purpose: 'revoke', version: 2, outcome: null });
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 DISABLED, v3 ACTIVE');
  expect(deletions(scenario)).toHaveLength(1);
  expect(scenario.violations()).toEqual([]);
});

test.each<[Fault & string]>([['die-before'], ['die-after'], ['lose-answer']])('a revocation whose function ends with %s at any one of its calls ends once, and only by consent', async (fault) => {
  const quiet = await asked();
  const from = quiet.scenario.world.calls.length;
  await answer(quiet.scenario, ALICE, quiet.question.id);
  await quiet.scenario.advance(HOUR);
  const count = quiet.scenario.world.calls.slice(from).filter(({ function: name }) => name === 'revoke-previous-version').length;
  expect(count).toBeGreaterThan(5);
  for (let position = 0; position < count; position++) {
    const { scenario, question, v1 } = await asked();
    let seen = -1;
    scenario.world.fault = (point) => {
      if (point.function === 'revoke-previous-version') seen++;
      return point.function === 'revoke-previous-version' && seen === position ? fault : 'none';
    };
    await answer(scenario, ALICE, question.id);
    await scenario.advance(2 * HOUR);
    for (let days = 0; days < 6 && keyState(scenario, v1) !== 'PendingDeletion'; days++) {
      // Whoever lost the consent on the way asks again.
      const open = await latest(scenario);
      if (open.outcome === null) await answer(scenario, ALICE, open.id);
      await scenario.pass(DAY);
    }
    expect({ position, state: keyState(scenario, v1), statuses: await statuses(scenario), intent: (await scenario.key()).intent }).toEqual({ position, state: 'PendingDeletion', statuses: 'v1 REVOKED, v2 ACTIVE', intent: null });
    expect(scenario.violations()).toEqual([]);
  }
}, 120_000);

test('a retirement that a hold left pending is finished by a retirement run after the hold is released', async () => {
  const scenario = await Scenario.bootstrapped(undefined, { wire: 'direct' });
  const [v1] = scenario.createdKeys();
  scenario.world.timeline.after(11 * DAY, 'hold', async () => setHold(scenario));
  await scenario.pass(18 * DAY);
  expect(endings(scenario).at(-1)).toBe(`${NEXT}: completed-retirement-pending`);
  expect(await scenario.key()).toMatchObject({ retirementPending: [1], lease: null });
  expect(await statuses(scenario)).toBe('v1 DEPRECATED, v2 ACTIVE');
  const at = instantOf(scenario.world.timeline.nowMs());
  await scenario.world.composition('operate').registry().transact('orders', (key) => releaseHold(key, { by: ALICE, at, reason: 'over' }));
  const from = traceLength(scenario);
  await scenario.pass(5 * DAY);
  expect(endings(scenario).at(-1)).toBe('orders-20260610T0000Z-r1: completed');
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 ACTIVE');
  expect(keyState(scenario, v1)).toBe('PendingDeletion');
  expect(await scenario.key()).toMatchObject({ retirementPending: [], retirementDueAt: null, retirementRuns: 1 });
  expect(scenario.createdKeys()).toHaveLength(2);
  expect([...new Set(kmsChanges(scenario, from))].sort()).toEqual(['DisableKey', 'ScheduleKeyDeletion']);
  expect(scenario.violations()).toEqual([]);
});
