import { plusSeconds } from '../../lambdas/domain/instant';
import type { Decision } from '../../lambdas/domain/ledger';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { commitCancelledDeletion, commitRescue, deletionsToCancel, intendRescue, isRescuable } from '../../lambdas/domain/rescue';
import { commitDisable, intendDisable, intendRevoke, retirementBlocker, withdrawRetirement } from '../../lambdas/domain/retirement';
import { AT, bootstrapped, disabled, draining, error, LATER, revoked, type LivingKey } from './living-key';

const rescue = { by: 'rescue-version', at: LATER, reason: 'reports called Decrypt' };
const AGAIN = plusSeconds(LATER, 86_400);
const v1 = (living: LivingKey) => living.key.versions['v1']!;

describe('a scheduled deletion that must not stand', () => {
  const hold = { by: 'eve', at: LATER, reason: 'legal' };
  const revoking = (): ManagedKey => ({ ...disabled().key, intent: { kind: 'revoke', version: 1, at: AT } });
  const disabling = (): ManagedKey => ({ ...draining().key, intent: { kind: 'disable', version: 1, at: AT } });

  test.each<[string, () => ManagedKey, boolean, readonly number[]]>([
    ['a held key, committed', () => ({ ...revoked().key, hold }), false, [1]],
    ['a held key, begun', () => ({ ...revoking(), hold }), false, [1]],
    ['a held and frozen key, committed', () => ({ ...revoked().key, hold }), true, [1]],
    ['a frozen key, begun', revoking, true, [1]],
    ['a frozen key, committed before', () => revoked().key, true, []],
    ['a key that goes on, begun', revoking, false, []],
    ['a held key that is being disabled', () => ({ ...disabling(), hold }), true, []],
  ])('of %s', (_, key, isFrozen, numbers) => {
    expect(deletionsToCancel(key(), isFrozen).map(({ number }) => number)).toEqual(numbers);
  });
});

describe('a rescue', () => {
  test('of a DISABLED version holds the key, and ends with the version as it drained before', () => {
    const living = disabled();
    const { drainFrom, disableNotBefore } = v1(living);
    living.apply(intendRescue(living.key, 1, rescue));
    expect(living.key).toMatchObject({ hold: rescue, rescues: { v1: rescue }, versions: { v1: { status: 'DISABLED' } } });
    living.apply(commitRescue(living.key, 1, rescue));
    expect(living.key).toMatchObject({ hold: rescue, rescues: {}, versions: { v1: { status: 'DEPRECATED', rescuedAt: LATER, drainFrom, disableNotBefore } } });
    expect(v1(living)).not.toHaveProperty('disabledAt');
    expect(v1(living)).not.toHaveProperty('revokeNotBefore');
    expect(living.ledger.slice(-2).map(({ type, moves }) => [type, moves])).toEqual([['RescueIntended', []], ['VersionRescued', [{ version: 1, from: 'DISABLED', to: 'DEPRECATED' }]]]);
  });

  test('of a REVOKED version cancels its deletion first', () => {
    const living = revoked();
    living.apply(intendRescue(living.key, 1, rescue));
    expect(() => commitRescue(living.key, 1, rescue)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringContaining('must be cancelled before it is enabled') }));
    living.apply(commitCancelledDeletion(living.key, 1, rescue));
    expect(v1(living)).toMatchObject({ status: 'DISABLED', revokeNotBefore: expect.any(String) });
    expect(v1(living)).not.toHaveProperty('deletionAt');
    expect(v1(living)).not.toHaveProperty('revokedAt');
    living.apply(commitRescue(living.key, 1, rescue));
    expect(v1(living).status).toBe('DEPRECATED');
  });

  test('is announced, cancelled and committed once, however often it is repeated', () => {
    const living = revoked();
    for (const decide of [intendRescue, commitCancelledDeletion, commitRescue]) {
      expect(living.apply(decide(living.key, 1, rescue))).toBe(true);
      expect(decide(living.key, 1, rescue)).toEqual({ kind: 'done' });
    }
  });

  test('keeps the hold that a person set before', () => {
    const hold = { by: 'a person', at: AT, reason: 'legal' };
    expect(intendRescue({ ...disabled().key, hold }, 1, rescue)).toMatchObject({ next: { hold } });
  });

  test('makes what people have consented to void', () => {
    const living = disabled();
    const { rev } = living.key;
    living.apply(intendRescue(living.key, 1, rescue));
    expect(living.key.rev).toBeGreaterThan(rev);
  });

  test('is not needed by a DEPRECATED version, and not committed unless it was announced', () => {
    expect(intendRescue(draining().key, 1, rescue)).toEqual({ kind: 'done' });
    expect(commitRescue(disabled().key, 1, rescue)).toEqual({ kind: 'done' });
  });

  test.each<[string, () => ManagedKey, number]>([
    ['the ACTIVE version', () => bootstrapped().key, 1],
    ['a version that is not there any more', () => disabled().key, 9],
  ])('is none of %s', (_, make, number) => {
    for (const decide of [intendRescue, commitCancelledDeletion, commitRescue] as readonly ((key: ManagedKey, number: number, reason: typeof rescue) => Decision)[]) {
      expect(() => decide(make(), number, rescue)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringContaining('nothing to rescue') }));
    }
  });

  test('keeps the owner from retiring the version again until the hold is released; the bake is a new one then', () => {
    const living = disabled({ bakeSeconds: 100 });
    for (const decide of [intendRescue, commitRescue]) living.apply(decide(living.key, 1, rescue));
    expect(retirementBlocker(living.key, v1(living), 'disable')).toMatch(/held by rescue-version/);
    living.state = { ...living.key, hold: null };
    living.apply(intendDisable(living.key, living.owner(), 1, AGAIN, 'call-1'));
    living.apply(commitDisable(living.key, living.owner(), 1, AGAIN));
    expect(v1(living)).toMatchObject({ status: 'DISABLED', disabledAt: AGAIN });
    expect(v1(living).revokeNotBefore! > plusSeconds(AGAIN, 100)).toBe(true);
    expect(() => intendRevoke(living.key, living.owner(), 1, AGAIN, 'call-1')).toThrow(/too early/);
  });

  test.each([
    ['disable', draining, intendDisable, ['DEPRECATED']],
    ['revoke', disabled, intendRevoke, ['DISABLED']],
  ] as const)("stands as long as its owner's %s is open, and is committed behind it", (_, make, intend, [status]) => {
    const living = make();
    living.apply(intend(living.key, living.owner(), 1, AGAIN, 'call-1'));
    expect(isRescuable(living.key, v1(living))).toBe(true);
    living.apply(intendRescue(living.key, 1, rescue));
    expect(() => commitRescue(living.key, 1, rescue)).toThrow(error({ name: 'OwnerNotSettled', message: expect.stringContaining('may still take effect') }));
    expect(living.key).toMatchObject({ hold: rescue, rescues: { v1: rescue }, versions: { v1: { status } } });
    living.apply(withdrawRetirement(living.key, living.owner(), AGAIN));
    living.apply(commitRescue(living.key, 1, rescue));
    expect(living.key).toMatchObject({ intent: null, rescues: {}, versions: { v1: { status: 'DEPRECATED' } } });
  });

  test('that stands keeps its version from being retired, also when the hold is released', () => {
    const living = disabled();
    living.apply(intendRescue(living.key, 1, rescue));
    expect(retirementBlocker({ ...living.key, hold: null }, v1(living), 'revoke')).toMatch(/its rescue of .* is not finished/);
    expect(isRescuable(draining().key, v1(draining()))).toBe(false);
  });
});
