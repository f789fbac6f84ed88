import { requestAbort } from '../../lambdas/domain/operations';
import { checkBake } from '../../lambdas/tasks/check-bake';
import { checkDrain } from '../../lambdas/tasks/check-drain';
import { confirmPromotion } from '../../lambdas/tasks/confirm-promotion';
import { createKeyVersion } from '../../lambdas/tasks/create-key-version';
import { disablePreviousVersion } from '../../lambdas/tasks/disable-previous-version';
import { notifyDependent } from '../../lambdas/tasks/notify-dependent';
import { promoteKeyVersion } from '../../lambdas/tasks/promote-key-version';
import { proveKeyVersion } from '../../lambdas/tasks/prove-key-version';
import { revokePreviousVersion } from '../../lambdas/tasks/revoke-previous-version';
import type { LivingKey } from '../domain/living-key';
import type { Kit } from './kit';
import { approvable, DEPENDENT, disabled, draining, kitOf, LATE, LATER, note, owned, prepared, promoted, PROMOTABLE, refusal, retiring, rotating, SECOND, SETTLED } from './lives';

/** The steps of an owner: from which life on, and how they begin. */
const STEPS: readonly (readonly [string, () => LivingKey, (kit: Kit) => Promise<unknown>])[] = [
  ['Create Key Version', rotating, (kit) => createKeyVersion(kit)(owned(kit), 'call')],
  ['Prove Key Version', prepared, (kit) => proveKeyVersion(kit)(owned(kit))],
  ['Promote Key Version', prepared, (kit) => promoteKeyVersion(kit)(owned(kit, PROMOTABLE))],
  ['Confirm Promotion', promoted, (kit) => confirmPromotion(kit)(owned(kit))],
  ['Check Drain', draining, (kit) => checkDrain(kit)(retiring(kit))],
  ['Disable Previous Version', draining, (kit) => disablePreviousVersion(kit)(approvable(kit), 'call')],
  ['Check Bake', disabled, (kit) => checkBake(kit)(retiring(kit, LATER))],
  ['Revoke Previous Version', () => disabled(), (kit) => revokePreviousVersion(kit)(approvable(kit.editVersion(1, { watchedAt: LATE }), LATER), 'call')],
];
/** It goes on to wait although an abort was requested: the next state refuses. */
const NOTIFY: (typeof STEPS)[number] = ['Notify Dependent', () => prepared({ dependents: [DEPENDENT] }), (kit) => notifyDependent(kit)({ ...owned(kit), dependent: 'orders-api', taskToken: 't', retries: 0 })];

describe.each([...STEPS, NOTIFY])('%s', (_, make, step) => {
  let kit: Kit;
  beforeEach(() => (kit = kitOf(make)));
  afterEach(() => expect(kit.effects).toEqual([]));

  test('refuses a key that is not registered', async () => {
    kit.always('registry.read', () => undefined);
    await expect(step(kit)).rejects.toEqual(refusal('KeyNotRegistered', 'orders is not in the registry. Add it to keyturn.config.json and deploy.'));
  });

  test('refuses a frozen key', async () => {
    kit.freezes.set('orders', note);
    await expect(step(kit)).rejects.toEqual(refusal('KeyFrozen', `orders is frozen since ${note.at} by alice: audit`));
  });

  test('refuses whoever has an older token', async () => {
    kit.once('registry.read', async (next) => {
      const reading = (await next()) as { key: object };
      return { ...reading, key: { ...reading.key, fence: 9 } };
    });
    await expect(step(kit)).rejects.toEqual(refusal('StaleOwner', `${SECOND} with fencing token 2 is not the owner`));
  });

  test('refuses to go on beside an alias that somebody else has moved', async () => {
    kit.add('foreign');
    kit.aliases.set('alias/orders', 'foreign');
    await expect(step(kit)).rejects.toEqual(refusal('ObservedMismatch', 'alias/orders points to foreign, the registry expects'));
  });

  test('refuses to go on with an ACTIVE version that somebody else has disabled', async () => {
    const active = kit.aliases.get('alias/orders') ?? '';
    kit.change(active, { keyState: 'Disabled' });
    await expect(step(kit)).rejects.toEqual(refusal('ObservedMismatch', `(${active}) is Disabled, its status ACTIVE means Enabled. Someone else changed it.`));
  });

  test('looks again later when the key moved while it was compared', async () => {
    kit.aliases.delete('alias/orders');
    kit.once('keys.describe', async (next) => {
      kit.edit({ seq: 99 });
      return next();
    });
    await expect(step(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'and the registry is at 99 by now'));
  });

  test('waits for a key store that is away', async () => {
    kit.change(kit.aliases.get('alias/orders') ?? '', { keyState: 'Unavailable', keyStoreId: 'cks-1' });
    await expect(step(kit)).rejects.toEqual(refusal('KeyStoreNotReady', /is Unavailable, .*; its key store cks-1 is away\. Connect it; nothing was changed/));
  });
});

test.each(STEPS)('%s comes after an abort that somebody asked for, and does nothing', async (_, make, step) => {
  const kit = kitOf(make);
  kit.living.apply(requestAbort(kit.orders, note));
  await expect(step(kit)).rejects.toEqual(refusal('AbortRequested', `alice asked ${SECOND} to abort`));
  expect(kit.effects).toEqual([]);
});

test.each<[string, () => LivingKey, (kit: Kit) => Promise<unknown>, number]>([
  ['Prove Key Version', rotating, (kit) => proveKeyVersion(kit)(owned(kit)), 2],
  ['Promote Key Version', rotating, (kit) => promoteKeyVersion(kit)(owned(kit)), 2],
  ['Confirm Promotion', rotating, (kit) => confirmPromotion(kit)(owned(kit)), 2],
  ['Check Drain', draining, (kit) => checkDrain(kit)({ ...retiring(kit), previous: 7 }), 7],
  ['Disable Previous Version', draining, (kit) => disablePreviousVersion(kit)({ ...approvable(kit), previous: 7 }, 'call'), 7],
  ['Check Bake', disabled, (kit) => checkBake(kit)({ ...retiring(kit), previous: 7 }), 7],
  ['Revoke Previous Version', disabled, (kit) => revokePreviousVersion(kit)({ ...approvable(kit), previous: 7 }, 'call'), 7],
])('%s refuses a version that has no KMS key', async (_, make, step, number) => {
  await expect(step(kitOf(make))).rejects.toEqual(refusal('LedgerMismatch', `orders v${number} has no KMS key in the registry`));
});

test('a version with half of a KMS key has none', async () => {
  const kit = kitOf(prepared).editVersion(2, { kmsKeyArn: undefined });
  await expect(proveKeyVersion(kit)(owned(kit))).rejects.toEqual(refusal('LedgerMismatch', 'orders v2 has no KMS key in the registry'));
});

test('a step of a rotation that goes well leaves what it has come to', async () => {
  const kit = kitOf(prepared);
  await proveKeyVersion(kit)(owned(kit, SETTLED));
  expect(kit.effects).toEqual([`prove k2 SYMMETRIC_DEFAULT ENCRYPT_DECRYPT ${SECOND}`]);
});
