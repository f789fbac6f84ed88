import { CLOUDTRAIL_SECONDS, MAX_STATE_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { setHold } from '../../lambdas/domain/operations';
import { commitDisable, intendDisable, withdrawRetirement } from '../../lambdas/domain/retirement';
import { disablePreviousVersion } from '../../lambdas/tasks/disable-previous-version';
import type { Kit } from './kit';
import { approvable, disabled, draining, kitOf, LATE, note, refusal, revoked } from './lives';

const DAY = 86_400;
const disable = (kit: Kit, call = 'call') => disablePreviousVersion(kit)(approvable(kit), call);
const TRIAL = 'tryDisabled k1 SYMMETRIC_DEFAULT ENCRYPT_DECRYPT v1 disabled';
const ALL = ['DisableIntended', 'disable k1', 'VersionDisabled', TRIAL];
const BAKED = plusSeconds(LATE, 7 * DAY + MAX_STATE_SECONDS);
const HELD = { decision: 'pending', reason: `held by alice since ${note.at}: audit` };

/** The intent of an invocation, and what it had come to. */
function begun(keyState = 'Enabled', call = 'call'): Kit {
  const kit = kitOf(draining);
  kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, call));
  kit.change('k1', { keyState });
  return kit;
}

test('intends, disables, sees it disabled, commits, and tries it, so that a failed use is told of', async () => {
  const kit = kitOf(draining);
  expect(await disable(kit)).toEqual({ decision: 'disabled', bakeUntil: BAKED });
  expect(kit.effects).toEqual(ALL);
  expect(kit.orders).toMatchObject({ intent: null, versions: { v1: { status: 'DISABLED', disabledAt: LATE, revokeNotBefore: BAKED } } });
});

test('a version that was disabled before is tried until somebody has told of it', async () => {
  const kit = kitOf(disabled);
  expect(await disable(kit)).toEqual({ decision: 'disabled', bakeUntil: BAKED });
  kit.editVersion(1, { watchedAt: LATE });
  expect(await disable(kit)).toEqual({ decision: 'disabled', bakeUntil: BAKED });
  expect(kit.effects).toEqual([TRIAL]);
});

test('a bake lasts at least until CloudTrail must have told', async () => {
  const kit = kitOf(disabled).editVersion(1, { revokeNotBefore: undefined });
  expect(await disable(kit)).toEqual({ decision: 'disabled', bakeUntil: plusSeconds(LATE, CLOUDTRAIL_SECONDS) });
});

test('a version that is REVOKED by now, or gone, is not tried', async () => {
  const kit = kitOf(revoked);
  expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
  const gone = kitOf(disabled).meanwhile('registry.transact', ({ versions: { v1: _v1, ...versions } }) => ({ versions }));
  expect(await disable(gone)).toEqual({ decision: 'disabled', bakeUntil: LATE });
  expect([...kit.effects, ...gone.effects]).toEqual([]);
});

test('a hold, or a grant of an AWS service, leaves it as it is; one that a person made does not', async () => {
  const held = kitOf(draining).edit({ hold: note });
  expect(await disable(held)).toEqual(HELD);
  const granted = kitOf(draining);
  granted.key('k1').grants = [{ grantId: 'g1', granteePrincipal: 'arn:role', isMadeByService: false }, { grantId: 'g2', granteePrincipal: 'dynamodb.amazonaws.com', isMadeByService: true }];
  expect(await disable(granted)).toEqual({ decision: 'pending', reason: 'dynamodb.amazonaws.com still holds grant g2, which cannot be carried over' });
  expect([...held.effects, ...granted.effects]).toEqual([]);
  granted.key('k1').grants.pop();
  await disable(granted);
  expect(granted.effects).toEqual(ALL);
});

test('neither matters once it is DISABLED', async () => {
  const kit = kitOf(disabled).edit({ hold: note }).fails('keys.grants');
  expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
});

describe('the version alias, by which IAM knows its consumers,', () => {
  test.each<[string, string | undefined]>([['another key', 'k2'], ['no key', undefined]])('must not point to %s', async (words, target) => {
    const kit = kitOf(draining);
    if (target === undefined) kit.aliases.delete('alias/orders/v1');
    else kit.aliases.set('alias/orders/v1', target);
    await expect(disable(kit)).rejects.toEqual(refusal('ObservedMismatch', `orders: alias/orders/v1 points to ${target ?? words}, the registry expects k1. Someone else changed it.`));
    expect(kit.effects).toEqual([]);
  });

  test('is none of a version that keyturn has not equipped', async () => {
    const kit = kitOf(draining).editVersion(1, { equippedAt: undefined });
    kit.aliases.delete('alias/orders/v1');
    await disable(kit);
    expect(kit.effects).toEqual(ALL);
    const other = kitOf(draining).editVersion(1, { equippedAt: undefined });
    other.aliases.set('alias/orders/v1', 'k2');
    await expect(disable(other)).rejects.toEqual(refusal('ObservedMismatch', 'alias/orders/v1 points to k2'));
  });
});

describe('under an open intent', () => {
  test('of this invocation it calls again', async () => {
    const kit = begun();
    expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
    expect(kit.effects).toEqual(ALL.slice(1));
  });

  test('of another invocation it waits until KMS shows what that has done', async () => {
    const kit = begun('Enabled', 'another');
    await expect(disable(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'another invocation was allowed to disable it'));
    expect(kit.effects).toEqual([]);
  });

  test('what an earlier invocation has come to is committed', async () => {
    const kit = begun('Disabled', 'another');
    expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
    expect(kit.effects).toEqual(ALL.slice(2));
  });
});

test('a policy that only disables lets it go on', async () => {
  const kit = kitOf(draining, { retirement: 'disable' });
  expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
  expect(kit.effects).toEqual(ALL);
  const back = kitOf(draining, { retirement: 'disable' });
  back.once('keys.disable', async (next) => {
    await next();
    back.living.apply(withdrawRetirement(back.orders, back.living.owner(), LATE));
  });
  expect(await disable(back)).toEqual({ decision: 'pending', reason: 'v1 was given back while it was being disabled' });
});

test('a hold that comes in before the intent wins', async () => {
  const kit = kitOf(draining).meanwhile('registry.transact', (key) => setHold(key, note));
  expect(await disable(kit)).toEqual(HELD);
  expect(kit.effects).toEqual([]);
});

test('a twin that was quicker has disabled it, and nothing is called', async () => {
  const kit = kitOf(draining).meanwhile('registry.transact', (key) => {
    const owner = kit.living.owner();
    kit.living.apply(intendDisable(key, owner, 1, LATE, 'twin'));
    return commitDisable(kit.orders, owner, 1, LATE);
  });
  expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
  expect(kit.effects).toEqual([TRIAL]);
});

test('what was given back while it was being disabled is left', async () => {
  const kit = kitOf(draining);
  kit.once('keys.disable', async (next) => {
    await next();
    kit.living.apply(withdrawRetirement(kit.orders, kit.living.owner(), LATE));
  });
  expect(await disable(kit)).toEqual({ decision: 'pending', reason: 'v1 was given back while it was being disabled' });
  expect(kit.effects).toEqual(['DisableIntended', 'disable k1']);
  const held = kitOf(draining);
  held.once('keys.disable', async (next) => {
    await next();
    held.living.apply(withdrawRetirement(held.orders, held.living.owner(), LATE));
    held.living.apply(setHold(held.orders, note));
  });
  expect(await disable(held)).toEqual(HELD);
});

test('the intent of another version is nothing to commit', async () => {
  const kit = kitOf(draining);
  kit.once('keys.disable', async (next) => {
    await next();
    kit.edit({ intent: { kind: 'disable', version: 2, at: LATE } });
  });
  expect(await disable(kit)).toMatchObject({ decision: 'pending' });
});

test.each(['Throttled', 'KmsNotConsistentYet'] as const)('a call that KMS refuses with %s leaves no intent', async (name) => {
  const kit = kitOf(draining).fails('keys.disable', name);
  await expect(disable(kit)).rejects.toEqual(refusal(name));
  expect(kit.effects).toEqual(['DisableIntended', 'DisableWithdrawn']);
});

test.each(['KmsOutcomeUnknown', 'PermissionDenied'] as const)('one that ends with %s leaves its intent', async (name) => {
  const kit = kitOf(draining).fails('keys.disable', name);
  await expect(disable(kit)).rejects.toEqual(refusal(name));
  expect(kit.effects).toEqual(['DisableIntended']);
});

test.each<[string | undefined, string, string]>([
  ['Enabled', 'KmsNotConsistentYet', 'orders v1: KMS does not show it Disabled yet'],
  ['PendingDeletion', 'ObservedMismatch', 'orders v1 is PendingDeletion after our own DisableKey. Someone else changed it.'],
  [undefined, 'ObservedMismatch', 'orders v1 is gone after our own DisableKey. Someone else changed it.'],
])('behind our own call, a key that KMS shows %s is not committed', async (keyState, name, message) => {
  const kit = kitOf(draining).once('keys.disable', async (next) => {
    await next();
    if (keyState === undefined) kit.kms.delete('k1');
    else kit.change('k1', { keyState });
  });
  await expect(disable(kit)).rejects.toEqual(refusal(name, message));
  expect(kit.effects).toEqual(['DisableIntended', 'disable k1']);
});

test('a key store that goes away behind the call is no doubt about it', async () => {
  const kit = kitOf(draining).once('keys.disable', async (next) => {
    await next();
    kit.change('k1', { keyState: 'Unavailable' });
  });
  expect(await disable(kit)).toMatchObject({ decision: 'disabled' });
});
