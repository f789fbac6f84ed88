import { plusSeconds } from '../../lambdas/domain/instant';
import { intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { resolveIntentOf } from '../../lambdas/tasks/dead-owner';
import { resolutionOf } from '../../lambdas/tasks/open-intent';
import { TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { intendCreate } from '../support/intend-create';
import { DELETION_AT, type Kit } from './kit';
import { bootstrapped, disabled, draining, kitOf, LATE, LATER, note, refusal, rotating, SECOND, SETTLED } from './lives';

const AT = plusSeconds(LATER, 86_400);

function disabling(keyState = 'Enabled'): Kit {
  const kit = kitOf(draining);
  kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, 'call'));
  kit.change('k1', { keyState });
  return kit;
}
function revoking(keyState = 'Disabled'): Kit {
  const kit = kitOf(disabled);
  kit.living.apply(intendRevoke(kit.orders, kit.living.owner(), 1, LATER, 'call'));
  kit.change('k1', { keyState });
  return kit;
}

describe('how an open intent ends', () => {
  const end = async (kit: Kit): Promise<string | undefined> => {
    const resolve = await resolutionOf(kit, kit.orders, kit.living.owner(), AT);
    const decision = resolve?.(kit.orders);
    return decision?.kind === 'write' ? decision.note.type : decision?.kind;
  };

  test('not at all, if there is none, or it is to create', async () => {
    expect(await end(kitOf(bootstrapped))).toBeUndefined();
    const kit = kitOf(rotating);
    kit.living.apply(intendCreate(kit.orders, kit.living.owner(), 2, SETTLED));
    expect(await end(kit)).toBeUndefined();
  });

  test.each<[string, () => Kit, string]>([
    ['a disable of a Disabled key', () => disabling('Disabled'), 'VersionDisabled'],
    ['a disable of an Enabled key', () => disabling(), 'DisableWithdrawn'],
    ['a disable that a rescue has taken back halfway', () => disabling('Enabled').edit({ rescues: { v1: note } }), 'DisableWithdrawn'],
    ['a revocation of a key pending deletion', () => revoking('PendingDeletion'), 'VersionRevoked'],
    ['a revocation of a Disabled key', () => revoking(), 'RevokeWithdrawn'],
    ['a revocation that a rescue is taking back', () => revoking('Enabled').edit({ rescues: { v1: note } }), 'RevokeWithdrawn'],
    ['a revocation that a rescue has taken back', () => revoking('Enabled').editVersion(1, { status: 'DEPRECATED' }), 'RevokeWithdrawn'],
    ['a revocation that a rescue has taken back, of a Disabled key', () => revoking('Disabled').editVersion(1, { status: 'DEPRECATED' }), 'RevokeWithdrawn'],
  ])('%s', async (_, make, expected) => expect(await end(make())).toBe(expected));

  test.each<[string, () => Kit, string]>([
    ['a disable of a key pending deletion', () => disabling('PendingDeletion'), 'orders: v1 is PendingDeletion with an open disable intent. Someone else changed it.'],
    ['a revocation of an Enabled key', () => revoking('Enabled'), 'orders: v1 is Enabled with an open revoke intent. Someone else changed it.'],
    ['a disable of a version that is rescued, of a key pending deletion', () => disabling('PendingDeletion').edit({ rescues: { v1: note } }), 'v1 is PendingDeletion with an open disable intent'],
    ['a revocation beside the rescue of another version', () => revoking('Enabled').edit({ rescues: { v2: note } }), 'v1 is Enabled with an open revoke intent'],
  ])('%s is not ours', async (_, make, message) => await expect(end(make())).rejects.toEqual(refusal('ObservedMismatch', message)));

  test('waits for what cannot be seen', async () => {
    await expect(end(disabling('Unavailable'))).rejects.toEqual(refusal('KeyStoreNotReady', 'orders v1 is Unavailable: what our call did cannot be seen'));
    const kit = disabling();
    kit.kms.delete('k1');
    await expect(end(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'orders v1: KMS does not show k1'));
  });

  test('a revocation is committed with the date of KMS', async () => {
    const kit = revoking('PendingDeletion');
    kit.change('k1', { deletionAt: DELETION_AT });
    const decision = (await resolutionOf(kit, kit.orders, kit.living.owner(), AT))?.(kit.orders);
    expect(decision).toMatchObject({ next: { versions: { v1: { revokedAt: AT, deletionAt: DELETION_AT } } } });
  });
});

describe('the intent of an owner that has ended', () => {
  const holder = { rotationId: SECOND, closedAt: LATER };
  const resolve = (kit: Kit, known = kit.orders, at = AT) => resolveIntentOf(holder, kit, known, { by: 'next', at });

  test('ends once nothing of it can be under way, with a token of its own', async () => {
    const kit = disabling('Disabled');
    expect(await resolve(kit)).toBe(3);
    expect(kit.effects).toEqual(['RotationSettled', 'VersionDisabled']);
    expect(kit.living.ledger.at(-2)).toMatchObject({ by: 'next', at: AT, facts: { holder: SECOND } });
    expect(kit.living.ledger.at(-1)?.by).toBe(SECOND);
    const early = disabling('Disabled');
    await expect(resolve(early, early.orders, plusSeconds(LATER, TAKEOVER_SECONDS - 1))).rejects.toEqual(refusal('OwnerNotSettled'));
    expect(early.effects).toEqual([]);
  });

  test('is none, or to create: nothing is taken back', async () => {
    const kit = kitOf(rotating);
    expect(await resolve(kit)).toBe(2);
    kit.living.apply(intendCreate(kit.orders, kit.living.owner(), 2, SETTLED));
    expect(await resolve(kit)).toBe(2);
    expect(kit.effects).toEqual([]);
  });

  test('of a lease that somebody else has by now is not touched', async () => {
    for (const lease of [null, { ...kitOf(draining).orders.lease!, rotationId: 'another' }]) {
      const kit = disabling('PendingDeletion');
      const known = kit.orders;
      kit.edit({ lease, fence: 7 });
      expect(await resolve(kit, known)).toBe(7);
      expect(kit.effects).toEqual([]);
    }
  });

  test('that is done by now is not touched, either', async () => {
    const kit = disabling('Disabled');
    const known = kit.orders;
    kit.edit({ intent: null });
    expect(await resolve(kit, known)).toBe(3);
    expect(kit.effects).toEqual(['RotationSettled']);
  });

  test.each<[string, (kit: Kit) => void]>([
    ['who has taken the token', (kit) => kit.edit({ fence: 9 })],
    ['who owns the key by now', (kit) => kit.edit(({ lease }) => ({ lease: { ...lease!, rotationId: 'another' } }))],
    ['who has given it back', (kit) => kit.edit({ lease: null })],
  ])('is left to somebody else %s in between', async (_, change) => {
    const kit = disabling('Disabled').once('keys.describe', async (next) => {
      change(kit);
      return next();
    });
    expect(await resolve(kit)).toBe(3);
    expect(kit.effects).toEqual(['RotationSettled']);
  });

});
