import { MAX_PENDING_REQUESTS } from '../../lambdas/domain/approval-notes';
import { setHold } from '../support/outsider';
import { ALICE, answer, BOB, post, type Answer } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, Scenario, SHORT } from '../support/scenario';

const MALLORY = 'arn:aws:iam::111122223333:user/mallory';

async function asking(scenario: Scenario, by: string, why: string): Promise<Answer> {
  return post(scenario, 'request-rotation', by, { action: 'emergency', key: 'orders', reason: why });
}

test('a flood of questions pushes none out and is refused with what to do', async () => {
  const scenario = await Scenario.bootstrapped(policyOf({ ...SHORT, dependents: [] }));
  await scenario.pass(10 * DAY);
  // What was asked about an earlier state of the key is void, and no obstacle.
  for (let index = 0; index < 3; index++) await asking(scenario, MALLORY, `earlier ${index}`);
  await setHold(scenario);
  const asked = await asking(scenario, ALICE, 'v2 leaked');
  const told: Answer[] = [];
  for (let index = 1; index <= MAX_PENDING_REQUESTS + 5; index++) told.push(await asking(scenario, MALLORY, `reason ${index}`));
  expect(told.filter(({ status }) => status === 'asked')).toHaveLength(MAX_PENDING_REQUESTS - 1);
  expect(told.at(-1)).toMatchObject({ statusCode: 409, error: 'RotationNotAllowed', message: expect.stringContaining(`${asked.approvalId} (emergency, by ${ALICE})`) });
  expect((await scenario.key()).approvals).toContain(asked.approvalId);

  expect(await answer(scenario, BOB, told[0]?.approvalId, 'deny')).toMatchObject({ status: 'done' });
  expect(await asking(scenario, BOB, 'v2 leaked, I saw it, too')).toMatchObject({ status: 'asked' });
  expect(await answer(scenario, BOB, asked.approvalId)).toMatchObject({ status: 'done' });
  expect((await scenario.key()).emergency).toMatchObject({ approvalId: asked.approvalId });
});
