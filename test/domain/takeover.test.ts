import { QUIESCENCE_SECONDS, KMS_CONSISTENCY_SECONDS, TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { intendPromote } from '../../lambdas/domain/promotion';
import { plusSeconds } from '../../lambdas/domain/instant';
import { claim, settleHolder, type Holder } from '../../lambdas/domain/lease';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { AT, attempt, claimed, error, prepare, request, WINDOW, type LivingKey } from './living-key';
import { runOf, requestFor } from './runs';

const A1 = 'orders-20260401T0000Z-a1';
const ENDED = plusSeconds(AT, 600);
const SETTLED = plusSeconds(ENDED, TAKEOVER_SECONDS);
const dead: Holder = { rotationId: A1, closedAt: ENDED };

/** Attempt 1 has ended without giving the lease back, and attempt 2 is due. */
function orphaned(): LivingKey {
  const living = claimed();
  living.state = { ...living.key, window: { id: WINDOW, attempt: 2 } };
  return living;
}
const takeOver = (key: ManagedKey, at: string, holder?: Holder) => claim(key, requestFor(attempt(2), at, holder));

test('a takeover waits for what may be under way, and for KMS to show what it did', () => {
  expect(TAKEOVER_SECONDS).toBe(QUIESCENCE_SECONDS + KMS_CONSISTENCY_SECONDS);
});

describe('the lease of an execution that has ended', () => {
  test('is taken over with a new fencing token, once nothing of it can be under way', () => {
    const living = orphaned();
    living.apply(takeOver(living.key, SETTLED, dead));
    expect(living.key).toMatchObject({ fence: 2, lease: { rotationId: 'orders-20260401T0000Z-a2', grantedAt: SETTLED, work: 'rotation' } });
    expect(living.ledger.at(-1)).toMatchObject({ type: 'RotationClaimed', facts: { takenOverFrom: A1, attempt: 2 } });
  });

  test('is not taken over a moment earlier', () => {
    expect(() => takeOver(orphaned().key, plusSeconds(SETTLED, -0.001), dead)).toThrow(error({ name: 'OwnerNotSettled', message: expect.stringContaining(`taken over from ${SETTLED} on`) }));
  });

  test.each<[string, Holder | undefined]>([
    ['that runs', { rotationId: A1, closedAt: null }],
    ['of which nothing is known', undefined],
    ['when it is another one that has ended', { rotationId: 'orders-20260401T0000Z-a9', closedAt: ENDED }],
  ])('is not that of one %s', (_, holder) => {
    expect(() => takeOver(orphaned().key, SETTLED, holder)).toThrow(error({ name: 'RotationSuperseded', message: expect.stringContaining(`${A1} holds the lease`) }));
  });

  test.each<[string, Partial<ManagedKey>]>([
    ['of a quarantined key', { quarantine: { by: 'x', at: AT, reason: 'y' } }],
    ['of a removed key', { removed: true }],
  ])('%s is left where it is', (_, change) => {
    expect(() => takeOver({ ...orphaned().key, ...change }, SETTLED, dead)).toThrow(error({ name: 'RotationNotAllowed' }));
  });

  test.each(['promote', 'disable', 'revoke'] as const)('is not taken over while its %s is in doubt', (kind) => {
    const intent = kind === 'promote' ? ({ kind, version: 1, fromKeyId: null, toKeyId: 'k1', at: AT } as const) : ({ kind, version: 1, at: AT } as const);
    expect(() => takeOver({ ...orphaned().key, intent }, SETTLED, dead)).toThrow(error({ name: 'OwnerNotSettled', message: expect.stringContaining('must be resolved first') }));
  });

  test('is taken over with a create intent, whose key the next attempt looks for', () => {
    const key: ManagedKey = { ...orphaned().key, intent: { kind: 'create', version: 1, at: AT } };
    expect(takeOver(key, SETTLED, dead)).toMatchObject({ next: { intent: { kind: 'create' } } });
  });

  test('is taken over by an emergency, too', () => {
    const living = orphaned();
    living.state = { ...living.key, emergency: { number: 1, firstNumber: 1, lastNumber: 3, version: 1, window: WINDOW, approvalId: 'a', requestedBy: 'b', approvedBy: ['c'], at: AT, dueAt: AT, reason: 'r', isDone: false } };
    expect(claim(living.key, requestFor(runOf('emergency', 1, WINDOW), SETTLED, dead))).toMatchObject({ next: { lease: { work: 'emergency' } }, note: { facts: { takenOverFrom: A1 } } });
  });

  test('is no obstacle to its own repetition', () => expect(claim(claimed().key, { ...request(), holder: dead })).toEqual({ kind: 'done' }));
});

describe('the fencing token of an execution that has ended', () => {
  /** With an open promote intent. */
  function inDoubt(): LivingKey {
    const living = prepare(claimed(), 1);
    living.apply(intendPromote(living.key, living.owner(), 1, AT));
    return living;
  }

  test('is taken in the name of who takes over; the lease stays as it is', () => {
    const living = inDoubt();
    const owner = living.owner();
    living.apply(settleHolder(living.key, dead, SETTLED, 'orders-20260401T0000Z-a2'));
    expect(living.key).toMatchObject({ fence: owner.fence + 1, lease: { rotationId: A1 }, intent: { kind: 'promote' } });
    expect(living.ledger.at(-1)).toMatchObject({ type: 'RotationSettled', by: 'orders-20260401T0000Z-a2', facts: { holder: A1 } });
  });

  test('is not taken a moment too early', () => {
    expect(() => settleHolder(inDoubt().key, dead, plusSeconds(SETTLED, -1), 'x')).toThrow(error({ name: 'OwnerNotSettled' }));
  });

  test.each<[string, Holder]>([
    ['of one that runs', { rotationId: A1, closedAt: null }],
    ['of one that does not hold the lease', { rotationId: 'orders-20260401T0000Z-a9', closedAt: ENDED }],
  ])('%s stays', (_, holder) => expect(settleHolder(inDoubt().key, holder, SETTLED, 'x')).toEqual({ kind: 'done' }));
});
