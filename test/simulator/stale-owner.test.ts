import { type FunctionName, WORKFLOW_FUNCTIONS } from '../../lambdas/contract/functions';
import { instantOf } from '../../lambdas/domain/instant';
import type { Json } from '../../lambdas/domain/trace';
import { DAY, HOUR, Scenario } from '../support/scenario';
import { aliasTarget, endings, keyState, kmsChanges, traceLength } from '../support/outsider';

const WINDOW = '20260610T0000Z';
const ROTATION = `orders-${WINDOW}-a1`;
const RUN = { kind: 'rotation', window: WINDOW, number: 1 };

/** Tasks that act under the fencing token. Claim, Classify Failure, Settle and Abort Safely get their right elsewhere; the approval's two change no key on their own. */
const UNFENCED: readonly FunctionName[] = ['claim-rotation', 'classify-failure', 'request-approval', 'read-approval', 'settle', 'abort-safely'];
const FENCED = WORKFLOW_FUNCTIONS.map(([name]) => name).filter((name) => !UNFENCED.includes(name));

/** What a state would have told the function, with an old token, at a time when every deadline has passed. */
function payloadFor(name: FunctionName, scenario: Scenario, fence: number): Json {
  const rotation = { key: 'orders', run: RUN, rotationId: ROTATION, enteredAt: instantOf(scenario.world.timeline.nowMs() + 10 * DAY) };
  const owned = { ...rotation, fence, version: 2 };
  if (name === 'notify-dependent') return { ...owned, dependent: 'orders-api', taskToken: 'token', retries: 0 };
  if (name === 'release-rotation') return { ...owned, previous: 1, pendingReason: '' };
  if (['check-drain', 'check-bake'].includes(name)) return { ...owned, previous: 1 };
  if (['disable-previous-version', 'revoke-previous-version'].includes(name)) return { ...owned, previous: 1, question: null };
  return owned;
}

/** Moments of the rotation at which a former owner may still be running. */
const MOMENTS: readonly (readonly [string, (scenario: Scenario) => Promise<void>])[] = [
  ['right after Claim', async (scenario) => scenario.world.timeline.settle()],
  ['while dependents are asked', async (scenario) => scenario.advance(HOUR / 30)],
  ['during the drain', async (scenario) => scenario.advance(2 * DAY)],
  ['after the drain deadline', async (scenario) => scenario.advance(4 * DAY + HOUR)],
  ['during the bake', async (scenario) => scenario.advance(5 * DAY)],
];

/** A rotation at a moment, whose token was taken back; the execution itself is stopped, so that only zombies act. */
async function settledAt(advance: (scenario: Scenario) => Promise<void>): Promise<{ scenario: Scenario; fence: number }> {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(8 * DAY + 12 * HOUR);
  await scenario.world.fireSchedule();
  await advance(scenario);
  const { fence, lease } = await scenario.key();
  expect(lease?.rotationId).toBe(ROTATION);
  const { enteredAt, ...rest } = payloadFor('prove-key-version', scenario, fence) as { enteredAt: string };
  const { fence: _fence, version: _version, ...rotation } = rest as Record<string, Json>;
  const settled = await scenario.world.invoke('settle', { ...rotation, enteredAt });
  expect(settled).toMatchObject({ ok: true, payload: { fence: fence + 1 } });
  return { scenario, fence };
}

describe.each(MOMENTS)('a former owner that comes late, %s,', (_, advance) => {
  test('changes nothing in KMS and nothing in the registry, whichever task it is', async () => {
    const { scenario, fence } = await settledAt(advance);
    const from = traceLength(scenario);
    const key = await scenario.key();
    const alias = aliasTarget(scenario);
    const states = scenario.createdKeys().map((id) => keyState(scenario, id));
    for (const name of FENCED) {
      const result = await scenario.world.invoke(name, payloadFor(name, scenario, fence));
      expect({ name, result }).toMatchObject({ name, result: { ok: false, error: 'StaleOwner' } });
    }
    expect(kmsChanges(scenario, from)).toEqual([]);
    expect(await scenario.key()).toEqual(key);
    expect(aliasTarget(scenario)).toBe(alias);
    expect(scenario.createdKeys().map((id) => keyState(scenario, id))).toEqual(states);
  });
});

test('a former owner is stopped by the store, too, when the token is raised between its read and its write', async () => {
  const scenario = await Scenario.bootstrapped();
  await scenario.pass(8 * DAY + 12 * HOUR);
  let isRaised = false;
  scenario.world.interceptAll = async (call, next) => {
    if (!isRaised && call.operation === 'TransactWriteItems' && JSON.stringify(call.input).includes('PromoteIntended')) {
      isRaised = true;
      const { fence: _fence, version: _version, ...rotation } = payloadFor('prove-key-version', scenario, 1) as Record<string, Json>;
      await scenario.world.invoke('settle', rotation);
    }
    return next();
  };
  const first = aliasTarget(scenario);
  await scenario.pass(DAY);
  expect(isRaised).toBe(true);
  expect(aliasTarget(scenario)).toBe(first);
  expect((await scenario.key()).intent).toBeNull();
  expect(endings(scenario).at(-1)).toBe(`${ROTATION}: superseded`);
  expect(scenario.alerts()).toEqual(['keyturn: orders: superseded failure in Promote Key Version']);
});

describe('Abort Safely, whose right is the lease,', () => {
  const abort = (scenario: Scenario, attempt: number) =>
    scenario.world.invoke('abort-safely', {
      key: 'orders',
      run: { ...RUN, number: attempt },
      rotationId: `orders-${WINDOW}-a${attempt}`,
      enteredAt: instantOf(scenario.world.timeline.nowMs()),
      state: 'Claim Rotation',
      error: 'States.Timeout', cause: '', untold: '', executionArn: 'arn:execution',
    });

  test('gives the lease back with the token that the registry has, also when Settle raised it more than once', async () => {
    const { scenario, fence } = await settledAt(async (world) => world.advance(2 * DAY));
    const enteredAt = instantOf(scenario.world.timeline.nowMs());
    await scenario.world.invoke('settle', { key: 'orders', run: RUN, rotationId: ROTATION, enteredAt });
    expect(await abort(scenario, 1)).toMatchObject({ ok: true, payload: { outcome: 'aborted' } });
    expect(await scenario.key()).toMatchObject({ lease: null, fence: fence + 2, window: { id: WINDOW, attempt: 2 } });
  });

  test('changes nothing for a rotation that the lease does not name', async () => {
    const { scenario } = await settledAt(async (world) => world.advance(2 * DAY));
    const key = await scenario.key();
    const from = traceLength(scenario);
    expect(await abort(scenario, 2)).toMatchObject({ ok: true, payload: { outcome: 'aborted' } });
    expect(await scenario.key()).toEqual(key);
    expect(kmsChanges(scenario, from)).toEqual([]);
  });
});
