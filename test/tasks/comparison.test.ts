import { KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { compareWithKms, refuseForeignChange, requireAlias, requireAsRegistered } from '../../lambdas/tasks/comparison';
import { error, NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { bootstrapped, disabled, draining, kitOf, prepared, promoted, refusal, revoked, rotating, SETTLED, LATER, LATE } from './lives';

const compare = (kit: Kit, at = SETTLED) => compareWithKms(kit.keys, kit.orders, at);
const require_ = (kit: Kit, at: string, ...inHand: number[]) => requireAsRegistered(kit, kit.orders, at, ...inHand);
/** Until then KMS may still show the side before a change of `NEXT_AT`. */
const SPREAD = plusSeconds(NEXT_AT, KMS_CONSISTENCY_SECONDS + 2 * MAX_STATE_SECONDS);

test('a key that is as it should be has no differences, and every key is described once', async () => {
  const kit = kitOf(draining);
  let looks = 0;
  kit.always('keys.describe', (next) => ((looks += 1), next()));
  const { observed, ...rest } = await compare(kit);
  expect(rest).toEqual({ alias: 'as-registered', differences: [], repairs: [], unclear: [], away: [] });
  expect([...observed].map(([number, { keyId }]) => [number, keyId])).toEqual([[1, 'k1'], [2, 'k2']]);
  expect(looks).toBe(2);
});

test('a version without a key is not looked for', async () => {
  const kit = kitOf(rotating).edit(({ versions }) => ({ versions: { ...versions, v2: { ...versions['v1']!, number: 2, status: 'PENDING', kmsKeyId: undefined as never } } }));
  expect([...(await compare(kit)).observed.keys()]).toEqual([1]);
});

test.each<[string, () => Kit, (kit: Kit) => void, readonly string[], readonly string[]]>([
  ['an alias on another key', () => kitOf(draining), (kit) => {
    kit.add('k9');
    kit.aliases.set('alias/orders', 'k9');
  }, ['alias/orders points to k9, the registry expects k2'], ['--kind repoint-alias']],
  ['an alias that is gone', () => kitOf(draining), (kit) => kit.aliases.delete('alias/orders'), ['alias/orders points to no key, the registry expects k2'], ['--kind repoint-alias']],
  ['an alias that should not be', () => kitOf(draining), (kit) => {
    kit.edit(({ versions: { v1 } }) => ({ versions: { v1: v1! } }));
  }, ['alias/orders points to k2, the registry expects no key'], ['--kind repoint-alias']],
  ['a disabled key', () => kitOf(draining), (kit) => kit.change('k1', { keyState: 'Disabled' }), ['v1 (k1) is Disabled, its status DEPRECATED means Enabled'], ['--kind enable --key-version 1']],
  ['a key pending deletion', () => kitOf(draining), (kit) => kit.change('k1', { keyState: 'PendingDeletion' }), ['v1 (k1) is PendingDeletion, its status DEPRECATED means Enabled'], ['--kind cancel-deletion --key-version 1']],
  ['an enabled key', () => kitOf(disabled), (kit) => kit.change('k1', { keyState: 'Enabled' }), ['v1 (k1) is Enabled, its status DISABLED means Disabled'], []],
  ['a key that should be pending deletion', () => kitOf(revoked), (kit) => kit.change('k1', { keyState: 'Disabled' }), ['v1 (k1) is Disabled, its status REVOKED means PendingDeletion'], []],
  ['a key that is gone', () => kitOf(draining), (kit) => kit.kms.delete('k1'), ['v1 (k1) is unknown to KMS, its status DEPRECATED means Enabled'], []],
])('%s is a difference, with the repair that takes it back', async (_, make, change, differences, repairs) => {
  const kit = make();
  change(kit);
  expect(await compare(kit, plusSeconds(LATER, 400 * 86_400))).toMatchObject({ differences, repairs, unclear: [], away: [] });
});

test('what may be our own change that still spreads is not clear', async () => {
  const kit = kitOf(promoted);
  kit.aliases.set('alias/orders', 'k1');
  const text = 'alias/orders points to k1, the registry expects k2';
  expect(await compare(kit, plusSeconds(SPREAD, -1))).toMatchObject({ alias: 'stale', differences: [], unclear: [text], away: [] });
  expect(await compare(kit, SPREAD)).toMatchObject({ alias: 'unexpected', differences: [text] });
  const other = kitOf(disabled);
  other.change('k1', { keyState: 'Enabled' });
  expect(await compare(other, LATE)).toMatchObject({ differences: [], unclear: ['v1 (k1) is Enabled, its status DISABLED means Disabled'], away: [] });
});

test('a key store that is away says nothing', async () => {
  const kit = kitOf(draining);
  kit.change('k1', { keyState: 'Unavailable', keyStoreId: 'cks-1' });
  const text = 'v1 (k1) is Unavailable, its status DEPRECATED means Enabled';
  expect(await compare(kit)).toMatchObject({ differences: [], unclear: [text], away: [`${text}; its key store cks-1 is away`] });
  kit.change('k1', { keyStoreId: undefined as never });
  expect((await compare(kit)).away).toEqual([`${text}; its key store  is away`]);
});

describe('before anything is done', () => {
  test('the ACTIVE version and those in hand are compared, and no other', async () => {
    const kit = kitOf(draining);
    kit.change('k1', { keyState: 'Disabled' });
    await expect(require_(kit, SETTLED, 1)).rejects.toEqual(refusal('ObservedMismatch', 'orders: v1 (k1) is Disabled'));
    const { alias, seen } = await require_(kit, SETTLED, 2);
    expect(alias).toBe('as-registered');
    expect(seen(2)).toMatchObject({ keyId: 'k2', keyState: 'Enabled' });
    expect(() => seen(1)).toThrow(error({ name: 'LedgerMismatch', message: 'orders v1 was not compared with KMS, or has no key there' }));
  });

  test('all differences are named at once', async () => {
    const kit = kitOf(draining);
    kit.change('k1', { keyState: 'Disabled' });
    kit.aliases.delete('alias/orders');
    await expect(require_(kit, SETTLED, 1)).rejects.toMatchObject({ message: 'orders: alias/orders points to no key, the registry expects k2; v1 (k1) is Disabled, its status DEPRECATED means Enabled. Someone else changed it.' });
  });

  test('what is not clear is looked at again', async () => {
    const kit = kitOf(promoted);
    kit.aliases.set('alias/orders', 'k1');
    await expect(require_(kit, NEXT_AT)).rejects.toMatchObject({
      name: 'KmsNotConsistentYet',
      message: 'orders: alias/orders points to k1, the registry expects k2. KMS may not show our own last change yet, or a version is being rescued.',
    });
    const other = kitOf(disabled);
    other.change('k1', { keyState: 'Enabled' });
    await expect(require_(other, LATE, 1)).rejects.toEqual(refusal('KmsNotConsistentYet', 'v1 (k1) is Enabled'));
  });

  test('a difference comes before what is away, and that before what is not clear', async () => {
    const kit = kitOf(disabled);
    kit.change('k1', { keyState: 'Enabled' });
    kit.change('k2', { keyState: 'Unavailable' });
    await expect(require_(kit, LATE, 1)).rejects.toEqual(refusal('KeyStoreNotReady', 'orders: v2 (k2) is Unavailable'));
    kit.aliases.delete('alias/orders');
    await expect(require_(kit, LATE, 1)).rejects.toEqual(refusal('ObservedMismatch'));
  });

  test('a key that moved meanwhile, or is gone, is looked at again', async () => {
    const kit = kitOf(draining);
    const known = kit.orders;
    kit.aliases.delete('alias/orders');
    kit.edit({ seq: known.seq + 1 });
    await expect(requireAsRegistered(kit, known, SETTLED)).rejects.toMatchObject({
      name: 'KmsNotConsistentYet',
      message: `orders: alias/orders points to no key, the registry expects k2. That was compared with event ${known.seq}, and the registry is at ${known.seq + 1} by now.`,
    });
    kit.livings.clear();
    await expect(requireAsRegistered(kit, known, SETTLED)).rejects.toEqual(refusal('KmsNotConsistentYet', 'and the registry is at none by now'));
  });
});

test('everything that is away, or not clear, is named', async () => {
  const kit = kitOf(disabled);
  kit.change('k1', { keyState: 'Unavailable' });
  kit.change('k2', { keyState: 'Unavailable' });
  await expect(require_(kit, LATE, 1)).rejects.toEqual(refusal('KeyStoreNotReady', /^orders: v1 \(k1\) is Unavailable.* is away; v2 \(k2\) is Unavailable/));
  const spreading = kitOf(promoted).edit({ rescues: { v1: { by: 'x', at: NEXT_AT, reason: 'y' } } });
  spreading.aliases.set('alias/orders', 'k1');
  spreading.change('k1', { keyState: 'Disabled' });
  await expect(require_(spreading, NEXT_AT, 1)).rejects.toEqual(refusal('KmsNotConsistentYet', /points to k1, the registry expects k2; v1 \(k1\) is Disabled/));
});

test('of the alias alone, key states do not matter', async () => {
  const kit = kitOf(prepared).edit({ intent: { kind: 'promote', version: 2, fromKeyId: 'k1', toKeyId: 'k2', at: NEXT_AT } });
  kit.change('k1', { keyState: 'Disabled' });
  expect(await requireAlias(kit, kit.orders, SETTLED)).toBe('as-registered');
  kit.aliases.set('alias/orders', 'k2');
  expect(await requireAlias(kit, kit.orders, SETTLED)).toBe('as-intended');
  kit.aliases.set('alias/orders', 'k9');
  await expect(requireAlias(kit, kit.orders, SETTLED)).rejects.toEqual(refusal('ObservedMismatch'));
});

test('who changes nothing minds only what somebody else has changed', async () => {
  const kit = kitOf(bootstrapped);
  kit.change('k1', { keyState: 'Unavailable' });
  await refuseForeignChange(kit, kit.orders, SETTLED);
  kit.change('k1', { keyState: 'Disabled' });
  await expect(refuseForeignChange(kit, kit.orders, SETTLED)).rejects.toEqual(refusal('ObservedMismatch'));
});
