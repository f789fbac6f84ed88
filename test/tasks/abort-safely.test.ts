import { intendCreate } from '../support/intend-create';
import { plusSeconds } from '../../lambdas/domain/instant';
import { quarantine } from '../../lambdas/domain/operations';
import { intendPromote } from '../../lambdas/domain/promotion';
import { intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { abortSafely, abortSafelyInput } from '../../lambdas/tasks/abort-safely';
import type { Kit } from './kit';
import { DELETION_AT } from './kit';
import { bootstrapped, disabled, draining, FAILURE_PAYLOADS, kitOf, LATE, LATER, note, type PayloadCase, prepared, refusal, rotating, ROTATION, SECOND, SETTLED } from './lives';

const input = { ...ROTATION, state: 'Create Key Version', error: 'Throttled', cause: '{"errorMessage":"slow down"}', untold: '', executionArn: 'arn:execution' } as const;
const abort = (kit: Kit, change = {}) => abortSafely(kit)({ ...input, ...change });
const ABORTED = { outcome: 'aborted', reason: 'Throttled' };

test('gives the lease back, with the token of now', async () => {
  const kit = kitOf(rotating).edit({ fence: 9 });
  expect(await abort(kit)).toEqual(ABORTED);
  expect(kit.effects).toEqual(['RotationAborted']);
  expect(kit.orders).toMatchObject({ lease: null, quarantine: null });
  expect(kit.living.ledger.at(-1)?.facts).toMatchObject({ error: 'Throttled' });
});

test('what failed for good quarantines the key: its class goes into the end', async () => {
  const kit = kitOf(rotating);
  await abort(kit, { error: 'QuotaExceeded' });
  expect(kit.orders.quarantine).not.toBeNull();
});

test('an execution that does not own the key has nothing to give back', async () => {
  const kit = kitOf(bootstrapped);
  expect(await abort(kit)).toEqual(ABORTED);
  expect(await abort(kitOf(rotating), { rotationId: 'another' })).toEqual(ABORTED);
  kit.livings.clear();
  expect(await abort(kit)).toEqual(ABORTED);
  expect(kit.effects).toEqual([]);
});

test('refuses a frozen key', async () => {
  const kit = kitOf(rotating);
  kit.freezes.set('orders', note);
  await expect(abort(kit)).rejects.toEqual(refusal('KeyFrozen'));
});

test('refuses to end beside what somebody else has changed; what KMS does not let be seen keeps nobody from giving back', async () => {
  const kit = kitOf(rotating);
  kit.change('k1', { keyState: 'Disabled' });
  await expect(abort(kit)).rejects.toEqual(refusal('ObservedMismatch'));
  expect(kit.effects).toEqual([]);
  const denied = kitOf(rotating).fails('keys.describe', 'PermissionDenied');
  expect(await abort(denied)).toEqual(ABORTED);
  expect(denied.effects).toEqual(['RotationAborted']);
  const broken = kitOf(rotating).fails('keys.describe', 'Throttled');
  await expect(abort(broken)).rejects.toEqual(refusal('Throttled'));
  const bug = kitOf(rotating).always('keys.describe', () => {
    throw new RangeError('PermissionDenied');
  });
  await expect(abort(bug)).rejects.toThrow(RangeError);
});

test('looks at the version of the open intent, too', async () => {
  const kit = kitOf(draining);
  kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, 'call'));
  kit.change('k1', { keyState: 'PendingDeletion' });
  await expect(abort(kit)).rejects.toEqual(refusal('ObservedMismatch', 'v1 (k1) is PendingDeletion, its status DEPRECATED'));
});

describe('an open intent', () => {
  const promoting = (): Kit => {
    const kit = kitOf(prepared);
    kit.living.apply(intendPromote(kit.orders, kit.living.owner(), 2, SETTLED));
    return kit;
  };
  const disabling = (): Kit => {
    const kit = kitOf(draining);
    kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, 'call'));
    return kit;
  };
  const revoking = (): Kit => {
    const kit = kitOf(disabled);
    kit.living.apply(intendRevoke(kit.orders, kit.living.owner(), 1, LATER, 'call'));
    return kit;
  };

  test.each<[string, () => Kit, (kit: Kit) => void, string, string | null]>([
    ['to promote, with the alias on the new key, is committed', promoting, (kit) => kit.aliases.set('alias/orders', 'k2'), 'VersionPromoted', 'ACTIVE'],
    ['to promote, with the alias on the old key, is withdrawn', promoting, () => undefined, 'PromoteWithdrawn', null],
    ['to disable, of a Disabled key, is committed', disabling, (kit) => kit.change('k1', { keyState: 'Disabled' }), 'VersionDisabled', 'DISABLED'],
    ['to disable, of an Enabled key, is withdrawn', disabling, () => undefined, 'DisableWithdrawn', 'DEPRECATED'],
    ['to revoke, of a key pending deletion, is committed', revoking, (kit) => kit.change('k1', { keyState: 'PendingDeletion', deletionAt: DELETION_AT }), 'VersionRevoked', 'REVOKED'],
    ['to revoke, of a Disabled key, is withdrawn', revoking, () => undefined, 'RevokeWithdrawn', 'DISABLED'],
  ])('%s', async (_, make, change, type, status) => {
    const kit = make();
    change(kit);
    expect(await abort(kit, { enteredAt: plusSeconds(LATER, 3600) })).toEqual(ABORTED);
    expect(kit.effects).toEqual([type, 'RotationAborted']);
    expect(kit.orders).toMatchObject({ intent: null, lease: null });
    if (status !== null) expect(kit.orders.versions[status === 'ACTIVE' ? 'v2' : 'v1']?.status).toBe(status);
  });

  test('to create stays: the next attempt looks for its key', async () => {
    const kit = kitOf(rotating);
    kit.living.apply(intendCreate(kit.orders, kit.living.owner(), 2, SETTLED));
    await abort(kit);
    expect(kit.effects).toEqual(['RotationAborted']);
    expect(kit.orders.intent).toMatchObject({ kind: 'create' });
  });

  test('to revoke without a date of KMS is committed as of now', async () => {
    const kit = revoking();
    kit.change('k1', { keyState: 'PendingDeletion' });
    const at = plusSeconds(LATER, 3600);
    await abort(kit, { enteredAt: at });
    expect(kit.orders.versions['v1']).toMatchObject({ revokedAt: at, deletionAt: at });
  });

  test.each<[string, () => Kit, Parameters<Kit['change']>[1] | undefined, string, string]>([
    ['in a key store that is away', disabling, { keyState: 'Unavailable' }, 'KeyStoreNotReady', 'orders v1 is Unavailable: what our call did cannot be seen'],
    ['that KMS does not show', disabling, undefined, 'ObservedMismatch', 'v1 (k1) is unknown to KMS'],
  ])('of a key %s is not decided', async (_, make, observed, name, message) => {
    const kit = make();
    if (observed === undefined) kit.kms.delete('k1');
    else kit.change('k1', observed);
    await expect(abort(kit, { enteredAt: LATER })).rejects.toEqual(refusal(name, message));
    expect(kit.effects).toEqual([]);
  });
});

describe('a failure that could not be told of', () => {
  const untold = { untold: SETTLED };
  const ids = (kit: Kit): readonly string[] => [...kit.queued.values()].map(({ subject }) => subject);

  test('is told of by reconcile', async () => {
    const kit = kitOf(rotating);
    expect(await abort(kit, untold)).toEqual(ABORTED);
    expect(kit.effects[0]).toBe('RotationAborted');
    const [alert] = kit.queued.values();
    expect(alert).toMatchObject({ key: 'orders', subject: 'keyturn: orders: Throttled outlived its retries in Create Key Version', attributes: { owner: 'team-orders', rotation: SECOND, class: 'retry', severity: 'ticket' } });
    expect(alert?.message).toContain('Reason:     Throttled: slow down');
    expect(alert?.message).toContain('arn:execution');
    expect(alert?.id).toContain(SETTLED);
    expect(kit.effects).toHaveLength(2);
  });

  test('and had the key quarantined pages', async () => {
    const kit = kitOf(rotating);
    kit.living.apply(quarantine(kit.orders, note));
    await abort(kit, untold);
    expect(ids(kit)).toEqual(['keyturn: orders: Throttled outlived its retries in Create Key Version, at the last attempt']);
  });

  test('of a key that is unknown is told of without its owner', async () => {
    const kit = kitOf(rotating);
    kit.livings.clear();
    await abort(kit, untold);
    expect([...kit.queued.values()]).toMatchObject([{ attributes: { owner: 'unknown' } }]);
    expect(ids(kit)[0]).not.toContain('last attempt');
  });

  test.each([['RotationSuperseded', 0], ['StaleOwner', 1], ['ObservedMismatch', 1]])('%s is told of %i times', async (error, count) => {
    const kit = kitOf(bootstrapped);
    await abort(kit, { ...untold, error });
    expect(kit.queued.size).toBe(count);
  });

  test('was told of before is told no more', async () => {
    const kit = kitOf(rotating);
    await abort(kit);
    expect(kit.queued.size).toBe(0);
  });
});

test.each<PayloadCase>([
  ...FAILURE_PAYLOADS,
  [{ untold: SETTLED }, true],
  [{ untold: 'yesterday' }, false],
])('a payload with %j is understood: %s', (change, isOne) => expect(abortSafelyInput.safeParse({ ...input, ...change }).success).toBe(isOne));
