import { KMS_CONSISTENCY_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { intendPromote } from '../../lambdas/domain/promotion';
import { acknowledgementId, requiredDependents } from '../../lambdas/tasks/acknowledgement-questions';
import { promoteKeyVersion } from '../../lambdas/tasks/promote-key-version';
import { AT, attempt, claimed, NEXT_AT, prepare, WINDOW } from '../domain/living-key';
import type { Kit } from './kit';
import { DEPENDENT, kitOf, owned, prepared, PROBED, promoted, PROMOTABLE, refusal } from './lives';

const promote = (kit: Kit, at = PROMOTABLE) => promoteKeyVersion(kit)(owned(kit, at));
const ALL = ['PromoteIntended', 'moveAlias alias/orders k2', 'VersionPromoted'];

/** What a dependent answered to `ready`. */
function answered(kit: Kit, dependent: string, verdict: 'yes' | 'no' | undefined, version = 2, reason?: string): void {
  const id = acknowledgementId('orders', 2, dependent, 'ready');
  const answer = verdict === undefined ? null : { verdict, version, by: 'x', at: NEXT_AT, ...(reason === undefined ? {} : { reason }) };
  kit.questions.set(id, { id, key: 'orders', version: 2, dependent, phase: 'ready', principal: 'x', answer });
}

test('intends, moves the alias, reads it back and commits', async () => {
  const kit = kitOf(prepared);
  expect(await promote(kit)).toEqual({ activatedAt: PROMOTABLE });
  expect(kit.effects).toEqual(ALL);
  expect(kit.orders).toMatchObject({ intent: null, versions: { v1: { status: 'DEPRECATED', supersededBy: 2 }, v2: { status: 'ACTIVE', activatedAt: PROMOTABLE } } });
});

test('makes the alias of the first version, and needs nobody for it', async () => {
  const kit = kitOf((policy) => prepare(claimed(policy), 1), { dependents: [DEPENDENT] });
  await promoteKeyVersion(kit)({ ...owned(kit, AT, { version: 1 }), run: attempt(1, WINDOW), rotationId: `orders-${WINDOW}-a1` });
  expect(kit.effects).toEqual(['PromoteIntended', 'ensureAlias alias/orders k1', 'VersionPromoted']);
});

test('a version that is ACTIVE is done', async () => {
  expect(await promote(kitOf(promoted))).toEqual({ activatedAt: NEXT_AT });
  const kit = kitOf(promoted).editVersion(2, { activatedAt: undefined });
  expect(await promote(kit)).toEqual({ activatedAt: PROMOTABLE });
  expect(kit.effects).toEqual([]);
});

test('an alias that an earlier invocation has moved is not moved again', async () => {
  const kit = kitOf(prepared);
  kit.living.apply(intendPromote(kit.orders, kit.living.owner(), 2, PROMOTABLE));
  kit.aliases.set('alias/orders', 'k2');
  await promote(kit);
  expect(kit.effects).toEqual(['VersionPromoted']);
});

describe('every dependent has said ready for this version', () => {
  const withTwo = (): Kit => kitOf(prepared, { dependents: [DEPENDENT, PROBED] });

  test('or nothing is promoted: who says nothing is named', async () => {
    const kit = withTwo();
    await expect(promote(kit)).rejects.toEqual(refusal('DependentsNotReady', 'orders v2: no answer from orders-api, reports'));
    answered(kit, 'orders-api', 'yes');
    answered(kit, 'reports', undefined);
    await expect(promote(kit)).rejects.toEqual(refusal('DependentsNotReady', /no answer from reports$/));
    expect(kit.effects).toEqual([]);
    answered(kit, 'reports', 'yes');
    await promote(kit);
    expect(kit.effects).toEqual(ALL);
  });

  test.each<[string, 'yes' | 'no', number, string | undefined, string]>([
    ['a no', 'no', 2, undefined, 'orders v2: orders-api did not say ready for this version'],
    ['a no with its reason', 'no', 2, 'deploying', 'orders v2: orders-api did not say ready for this version: deploying'],
    ['a yes to another version', 'yes', 1, undefined, 'orders v2: orders-api did not say ready for this version'],
  ])('%s is a refusal, whatever the others say', async (_, verdict, version, reason, message) => {
    const kit = withTwo();
    answered(kit, 'orders-api', verdict, version, reason);
    await expect(promote(kit)).rejects.toMatchObject({ name: 'DependentRefused', message });
    expect(kit.effects).toEqual([]);
  });

  test('also one that was added since Claim, and one that was taken out', async () => {
    const kit = kitOf(prepared, { dependents: [DEPENDENT] });
    kit.edit(({ policy }) => ({ policy: { ...policy, dependents: [PROBED] } }));
    await expect(promote(kit)).rejects.toEqual(refusal('DependentsNotReady', 'no answer from orders-api, reports'));
  });
});

test('without a pinned policy the current one counts', () => {
  const { orders } = kitOf(prepared, { dependents: [DEPENDENT] });
  expect(requiredDependents(undefined, orders.policy)).toEqual([DEPENDENT]);
});

test('what was carried over must still be what the ACTIVE key has', async () => {
  const kit = kitOf(prepared);
  kit.key('k1').policy = '{"Statement":[{"Effect":"Allow"}]}';
  await expect(promote(kit)).rejects.toEqual(refusal('CarriedPolicyChanged', 'orders: the key policy of k1 changed since it was carried over'));
  const other = kitOf(prepared);
  other.key('k1').grants = [{ grantId: 'g1', granteePrincipal: 'arn:role', isMadeByService: false }];
  await expect(promote(other)).rejects.toEqual(refusal('CarriedPolicyChanged', 'orders: k1 got grant g1 to arn:role since grants were carried over'));
  expect([...kit.effects, ...other.effects]).toEqual([]);
});

test('waits until IAM knows the version alias', async () => {
  const message = `orders: promotion begins ${KMS_CONSISTENCY_SECONDS} s after the version alias, which is from`;
  const kit = kitOf(prepared);
  await expect(promote(kit, plusSeconds(PROMOTABLE, -1))).rejects.toEqual(refusal('LedgerMismatch', `${message} ${NEXT_AT}`));
  await expect(promote(kit.editVersion(2, { equippedAt: undefined }))).rejects.toEqual(refusal('LedgerMismatch', `${message} never`));
  expect(kit.effects).toEqual([]);
});

test.each<[string, (kit: Kit) => void, string, string]>([
  ['still the old key is read again', (kit) => kit.aliases.set('alias/orders', 'k1'), 'KmsNotConsistentYet', 'orders: KMS does not show alias/orders on k2 yet'],
  ['a third key is not ours', (kit) => kit.aliases.set('alias/orders', 'k9'), 'ObservedMismatch', 'orders: after our own UpdateAlias alias/orders points to k9. Someone else changed it.'],
  ['no key is not ours', (kit) => kit.aliases.delete('alias/orders'), 'ObservedMismatch', 'orders: after our own UpdateAlias alias/orders points to no key.'],
])('behind our own move, %s', async (_, change, name, message) => {
  const kit = kitOf(prepared).once('keys.aliasTarget', async (next) => {
    change(kit);
    return next();
  });
  await expect(promote(kit)).rejects.toEqual(refusal(name, message));
  expect(kit.effects).toEqual(ALL.slice(0, 2));
  expect(kit.orders.intent).toMatchObject({ kind: 'promote', version: 2 });
});

test('behind our own making of the alias, none is read again', async () => {
  const kit = kitOf((policy) => prepare(claimed(policy), 1)).once('keys.ensureAlias', () => undefined);
  await expect(promoteKeyVersion(kit)({ ...owned(kit, AT, { version: 1 }), run: attempt(1, WINDOW), rotationId: `orders-${WINDOW}-a1` })).rejects.toEqual(refusal('KmsNotConsistentYet'));
});

test('a move of unknown outcome leaves the intent open', async () => {
  const kit = kitOf(prepared).fails('keys.moveAlias', 'KmsOutcomeUnknown');
  await expect(promote(kit)).rejects.toEqual(refusal('KmsOutcomeUnknown'));
  expect(kit.effects).toEqual(['PromoteIntended']);
});
