import { active, aliasTarget, endings, keyState, kmsChanges, statuses, traceLength } from '../support/outsider';
import { ALICE, approvals, post } from '../support/people';
import { DAY, HOUR, Scenario } from '../support/scenario';

const FIRST = 'orders-20260610T0000Z-a1';

async function aborted(scenario: Scenario): Promise<void> {
  expect(await post(scenario, 'operate', ALICE, { action: 'abort', key: 'orders', reason: 'release freeze' })).toMatchObject({ statusCode: 200, status: 'done' });
}

async function untilState(scenario: Scenario, state: string): Promise<void> {
  const isThere = (): boolean => scenario.world.trace.events().some((event) => event.type === 'states.state-entered' && event.execution === FIRST && event.state === state);
  for (let hours = 0; hours < 24 * 20 && !isThere(); hours++) await scenario.pass(HOUR);
  expect(isThere()).toBe(true);
}

test('a rotation that waits for a silent dependent is aborted: the request comes before the failure, and the window is not tried again by itself', async () => {
  const scenario = await Scenario.bootstrapped();
  scenario.reply = () => null;
  await untilState(scenario, 'Notify Dependent');
  await aborted(scenario);
  await scenario.pass(5 * DAY);
  expect(endings(scenario).slice(1)).toEqual([`${FIRST}: aborted`]);
  expect(await statuses(scenario)).toBe('v1 ACTIVE, v2 PENDING');
  expect(await scenario.key()).toMatchObject({ lease: null, quarantine: null, abortRequest: null, rotationDueAt: expect.stringMatching(/^2026-06-30/) });
  expect((await scenario.ledger()).find(({ type }) => type === 'RotationAborted')?.facts).toMatchObject({ error: 'AbortRequested' });
  expect(scenario.alerts()).toHaveLength(1);
  expect(scenario.violations()).toEqual([]);
});

test.each([
  ['Drain', 'v1 DEPRECATED, v2 ACTIVE'],
  ['Bake', 'v1 DISABLED, v2 ACTIVE'],
])('a rotation in %s retires nothing more itself; a retirement run does so later', async (state, left) => {
  const scenario = await Scenario.bootstrapped();
  await untilState(scenario, state);
  const from = traceLength(scenario);
  await aborted(scenario);
  for (let hours = 0; hours < 24 * 8 && endings(scenario).length < 2; hours++) await scenario.pass(HOUR);
  expect(endings(scenario).slice(1)).toEqual([`${FIRST}: aborted`]);
  expect(await statuses(scenario)).toBe(left);
  expect(kmsChanges(scenario, from)).toEqual([]);
  expect(await scenario.key()).toMatchObject({ retirementPending: [1], lease: null, quarantine: null });
  await scenario.pass(6 * DAY);
  expect(endings(scenario).slice(2)).toEqual([expect.stringMatching(/-r1: completed$/)]);
  expect(keyState(scenario, (await scenario.key()).versions['v1']?.kmsKeyId)).toBe('PendingDeletion');
  expect(scenario.violations()).toEqual([]);
});

/** The states at which the rotation owns the key. */
const OWNED = [
  'Choose Work', 'Create Key Version', 'Prove Key Version', 'Notify Dependents', 'Notify Dependent', 'Wait For Version Alias', 'Promote Key Version',
  'Wait For Consistency', 'Confirm Promotion', 'Choose Retirement', 'Drain', 'Check Drain', 'Decide Drain', 'Disable Previous Version', 'Decide Bake', 'Bake', 'Check Bake',
  'Decide Revocation', 'Revoke Previous Version', 'Release Rotation',
] as const;

const UNTOLD: readonly string[] = ['Wait For Consistency', 'Confirm Promotion'];

test.each(OWNED)('a request that comes as the rotation enters %s ends it safely, and what it leaves is finished later', async (state) => {
  const scenario = await Scenario.bootstrapped();
  let isThere = false;
  let isRequested = false;
  scenario.world.trace.onEvent((event) => {
    isThere ||= event.type === 'states.state-entered' && event.execution === FIRST && event.state === state;
  });
  // Before anything that the state's task, or the next one, looks at.
  scenario.world.interceptAll = async (_call, next) => {
    if (isThere && !isRequested) {
      isRequested = true;
      await aborted(scenario);
    }
    return next();
  };
  const { kmsKeyId } = (await scenario.key()).versions['v1']!;
  for (let days = 0; days < 18 && endings(scenario).length < 2; days++) await scenario.pass(DAY);
  expect(isRequested).toBe(true);
  // Nothing but the end was left of it.
  expect(endings(scenario)[1]).toBe(`${FIRST}: ${state === 'Release Rotation' ? 'completed' : 'aborted'}`);
  expect(await scenario.key()).toMatchObject({ lease: null, intent: null, quarantine: null, abortRequest: null });
  expect(aliasTarget(scenario)).toBe((await active(scenario)).kmsKeyId);
  const isOver = async (): Promise<boolean> => keyState(scenario, kmsKeyId) === 'PendingDeletion' || (await approvals(scenario)).some(({ purpose }) => purpose === 'disable');
  for (let days = 0; days < 45 && !(await isOver()); days++) await scenario.pass(DAY);
  // Dependents are told of a promotion by Confirm Promotion: those that were not have released nothing, and a person is asked for them.
  expect(keyState(scenario, kmsKeyId)).toBe(UNTOLD.includes(state) ? 'Enabled' : 'PendingDeletion');
  expect((await active(scenario)).number).toBeGreaterThan(1);
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
});
