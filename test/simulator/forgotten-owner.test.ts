import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { holderOfLease } from '../../lambdas/domain/lease';
import { edit, endings, statuses } from '../support/outsider';
import { ALICE, answer, BOB, post } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** Step Functions forgets an execution 90 days after its end, or with its state machine. Its lease stays, and must not stay for ever. */

const LIFTED = { action: 'lift', key: 'orders', reason: 'I have looked' } as const;

/** v1 drains, v2 is ACTIVE, and the execution that drains was stopped. */
async function stopped(): Promise<{ readonly scenario: Scenario; readonly owner: string }> {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  await scenario.pass(10 * DAY);
  const owner = (await scenario.key()).lease?.rotationId ?? '';
  scenario.world.states.call('StopExecution', { executionArn: `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${owner}`, error: 'Stopped', cause: 'by hand' });
  await scenario.advance(HOUR);
  expect(await scenario.key()).toMatchObject({ quarantine: expect.anything(), lease: { rotationId: owner } });
  return { scenario, owner };
}

/** An owner that Step Functions never knew: its state machine was replaced by another. */
async function ofFormerMachine(): Promise<{ readonly scenario: Scenario; readonly owner: string }> {
  const { scenario, owner } = await stopped();
  await edit(scenario, ({ lease }) => ({ lease: lease === null ? null : { ...lease, executionArn: lease.executionArn.replace('key-rotation', 'former-rotation') } }));
  await post(scenario, 'decide', BOB, LIFTED);
  return { scenario, owner };
}

test('the lease of an execution that Step Functions has forgotten is taken over after a lift', async () => {
  const { scenario, owner } = await stopped();
  await scenario.advance(95 * DAY);
  expect(await post(scenario, 'decide', BOB, LIFTED)).toMatchObject({ status: 'done' });
  await scenario.pass(25 * DAY);
  expect((await scenario.key()).lease?.rotationId).not.toBe(owner);
  expect(await statuses(scenario)).toBe('v1 REVOKED, v2 REVOKED, v3 REVOKED, v4 DEPRECATED, v5 ACTIVE');
  expect(endings(scenario).filter((ending) => ending.endsWith('completed')).length).toBeGreaterThan(1);
  expect((await scenario.ledger()).some(({ facts }) => facts?.['takenOverFrom'] === owner)).toBe(true);
  expect(await scenario.ledgerBreak()).toBeUndefined();
  expect(scenario.violations()).toEqual([]);
});

test('the reconciliation notices one whose state machine is gone', async () => {
  const { scenario, owner } = await ofFormerMachine();
  // It must not be the end that was lifted before.
  await edit(scenario, () => ({ endedOwner: { rotationId: 'orders-20260521T0000Z-a1', at: '2026-06-01T00:00:00.000Z' } }));
  await scenario.advance(DAY);
  await scenario.world.reconcile();
  expect((await scenario.key()).quarantine).toMatchObject({ by: 'reconcile', reason: expect.stringContaining(owner) });
  expect(scenario.alerts().at(-1)).toContain('still holds the key');
});

test('break-glass says that there was nothing to stop, and quarantines the key', async () => {
  const { scenario, owner } = await ofFormerMachine();
  const asked = await post(scenario, 'decide', ALICE, { action: 'break-glass', key: 'orders', reason: 'it is stuck' });
  const told = await answer(scenario, BOB, asked.approvalId);
  expect(told).toMatchObject({ status: 'done', message: expect.stringMatching(/Step Functions does not know .*, so nothing was stopped\. The key is quarantined; once keyturn lift has lifted that, the next run takes over, from \S+ on/) });
  expect(await scenario.key()).toMatchObject({ quarantine: { by: BOB, reason: expect.stringContaining('Step Functions does not know') }, lease: { rotationId: owner } });
  expect(await post(scenario, 'decide', BOB, LIFTED)).toMatchObject({ status: 'done' });
  await scenario.pass(3 * DAY);
  expect((await scenario.key()).lease?.rotationId).not.toBe(owner);
  expect(scenario.violations()).toEqual([]);
});

test('what is not known of a lease that is younger than a day is not its end', async () => {
  const { lease } = await (await stopped()).scenario.key();
  const after = (ms: number) => new Date(Date.parse(lease!.grantedAt) + ms).toISOString();
  expect(holderOfLease(lease!, undefined, after(DAY - 1000)).closedAt).toBeNull();
  expect(holderOfLease(lease!, undefined, after(DAY)).closedAt).toBe(lease!.grantedAt);
  expect(holderOfLease(lease!, null, after(300 * DAY)).closedAt).toBeNull();
});
