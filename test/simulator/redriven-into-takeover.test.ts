import { STATE_MACHINE_ARN } from '../../local/simulator/deployment';
import { aliasTarget, endings, statuses } from '../support/outsider';
import { BOB, post } from '../support/people';
import { policyOf } from '../support/policies';
import { DAY, HOUR, Scenario, SHORT } from '../support/scenario';

/** The rotation id that an invocation of the workflow is made for. */
const rotationOf = (event: unknown): string => (event as { rotationId?: string }).rotationId ?? '';
const isWithdrawal = (input: unknown): boolean => JSON.stringify(input).includes('PromoteWithdrawn');

/**
 * A bootstrap has meant to make the alias, was uncertain whether it has, and was stopped when it claimed the key again. The next run takes its lease over:
 * it has taken the token back and seen that there is no alias. Right before it writes that down, somebody redrives the first one.
 */
test('an execution that is redriven while its lease is taken over does not act with the token that was taken back from it', async () => {
  const scenario = await Scenario.registered(policyOf({ ...SHORT, dependents: [] }), { wire: 'direct' });
  const { world } = scenario;
  let first: string | undefined;
  let isStopped = false;
  let isRedriven = false;
  let claims = 0;
  const executionArn = (): string => `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${first ?? ''}`;
  world.fault = ({ operation, function: name }) => (operation === 'CreateAlias' && name === 'promote-key-version' && !isStopped ? 'die-before' : 'none');
  world.interceptInvocation = async (name, event, next) => {
    if (name === 'claim-rotation') first ??= rotationOf(event);
    if (name === 'claim-rotation' && rotationOf(event) === first && ++claims === 2) {
      isStopped = true;
      world.states.call('StopExecution', { executionArn: executionArn(), error: 'Stopped', cause: 'by hand' });
    }
    return next();
  };
  let hasMoved = (): void => undefined;
  const moved = new Promise<void>((resolve) => { hasMoved = resolve; });
  let hasWritten = (): void => undefined;
  const written = new Promise<void>((resolve) => { hasWritten = resolve; });
  world.interceptAll = async ({ caller: { traceId }, operation, input }, next) => {
    if (traceId?.endsWith('-claim-rotation') === true && operation === 'TransactWriteItems' && isWithdrawal(input) && !isRedriven) {
      isRedriven = true;
      world.states.call('RedriveExecution', { executionArn: executionArn() });
      await Promise.race([moved, world.sleep(20_000)]);
      return next().finally(hasWritten);
    }
    const answer = await next();
    if (isRedriven && operation === 'CreateAlias' && traceId?.endsWith('-promote-key-version') === true) {
      hasMoved();
      await written;
    }
    return answer;
  };
  await world.fireSchedule();
  await scenario.advance(HOUR);
  expect(isStopped).toBe(true);
  expect(await scenario.key()).toMatchObject({ intent: { kind: 'promote' }, quarantine: expect.anything(), lease: { rotationId: first } });
  expect(await post(scenario, 'decide', BOB, { action: 'lift', key: 'orders', reason: 'looked' })).toMatchObject({ status: 'done' });
  await scenario.pass(DAY / 2);
  expect(isRedriven).toBe(true);
  await scenario.pass(2 * DAY);
  expect(endings(scenario)).toEqual([`${first}: ABORTED`, 'orders-20260521T0000Z-a2: superseded', `${first}: completed`]);
  expect(await scenario.isFrozen()).toBe(false);
  expect(scenario.violations()).toEqual([]);
  expect(await statuses(scenario)).toBe('v1 ACTIVE');
  expect(aliasTarget(scenario)).toBe(scenario.createdKeys()[0]);
});
