import { TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { claim, settleHolder, type Holder } from '../../lambdas/domain/lease';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { AT, attempt, claimed, disabled, draining, error, LATER, prepare, request, WINDOW, type LivingKey } from './living-key';
import { requestFor } from './runs';

describe.each([
  ['disable', draining, intendDisable],
  ['revoke', disabled, intendRevoke],
] as const)('an intent to %s', (kind, make, intend) => {
  test('names the invocation that may call, and its token', () => {
    const living = make();
    living.apply(intend(living.key, living.owner(), 1, LATER, 'call-2'));
    expect(living.key.intent).toEqual({ kind, version: 1, at: LATER, caller: { invocationId: 'call-2', fence: living.key.fence } });
    expect(living.ledger.at(-1)?.facts).toEqual({ version: 1, invocationId: 'call-2' });
    expect(intend(living.key, living.owner(), 1, LATER, 'call-2')).toEqual({ kind: 'done' });
  });

  test('refuses another invocation with the same token, which looks again', () => {
    const living = make();
    living.apply(intend(living.key, living.owner(), 1, LATER, 'call-2'));
    expect(() => intend(living.key, living.owner(), 1, LATER, 'call-3')).toThrow(error({ name: 'KmsNotConsistentYet', message: expect.stringContaining(`v1: another invocation was allowed to ${kind} it`) }));
  });

  test.each<[string, (key: ManagedKey) => ManagedKey]>([
    ['of an earlier token', (key) => ({ ...key, fence: key.fence + 1 })],
    ['of the release before, which names nobody', (key) => ({ ...key, intent: { kind, version: 1, at: LATER } })],
  ])('%s is taken over', (_, change) => {
    const living = make();
    living.apply(intend(living.key, living.owner(), 1, LATER, 'call-2'));
    living.state = change(living.key);
    living.apply(intend(living.key, living.owner(), 1, LATER, 'call-3'));
    expect(living.key.intent).toMatchObject({ kind, caller: { invocationId: 'call-3', fence: living.key.fence } });
  });
});

const A1 = 'orders-20260401T0000Z-a1';
const ENDED = plusSeconds(AT, 600);
const SETTLED = plusSeconds(ENDED, TAKEOVER_SECONDS);
const dead: Holder = { rotationId: A1, closedAt: ENDED };

/** Attempt 2 has taken the token back from attempt 1, to end its intent. */
function takenBack(): LivingKey {
  const living = prepare(claimed(), 1);
  living.state = { ...living.key, window: { id: WINDOW, attempt: 2 }, intent: { kind: 'promote', version: 1, fromKeyId: null, toKeyId: 'k1', at: AT } };
  living.apply(settleHolder(living.key, dead, SETTLED, 'orders-20260401T0000Z-a2'));
  return living;
}

describe('an execution that is redriven while its lease is taken over', () => {
  test('claims with a token of its own, once', () => {
    const living = takenBack();
    const { fence, lease } = living.key;
    living.apply(claim(living.key, request(WINDOW, 1, SETTLED)));
    expect(living.key).toMatchObject({ fence: fence + 1, lease, intent: { kind: 'promote' } });
    expect(living.ledger.at(-1)).toMatchObject({ type: 'RotationClaimed', by: A1, at: SETTLED, facts: { window: WINDOW, attempt: 1 } });
    expect(claim(living.key, request(WINDOW, 1, SETTLED))).toEqual({ kind: 'done' });
  });

  test('finds a token that nobody has taken back granted to it, as before', () => {
    const living = claimed();
    expect(claim({ ...living.key, takenBackFence: living.key.fence - 1 }, request())).toEqual({ kind: 'done' });
  });

  test('does not lose the lease to a run that has seen it dead before', () => {
    const living = takenBack();
    const holderFence = living.key.fence;
    const later = { ...requestFor(attempt(2), SETTLED, dead), holderFence };
    const ended: ManagedKey = { ...living.key, intent: null };
    expect(claim(ended, later)).toMatchObject({ kind: 'write' });
    expect(() => claim({ ...ended, fence: holderFence + 1 }, later)).toThrow(error({ name: 'OwnerNotSettled', message: expect.stringContaining(`became ${holderFence + 1} while the lease of ${A1}`) }));
    // A lease that nobody holds is granted whatever the token is.
    expect(claim({ ...ended, lease: null, fence: holderFence + 1 }, later)).toMatchObject({ kind: 'write' });
  });
});
