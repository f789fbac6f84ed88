import { EVENTS, KEY_TAGS } from '../../lambdas/contract/names';
import { LAST_USAGE_LAG_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { acknowledgementId } from '../../lambdas/tasks/acknowledgement-questions';
import { confirmPromotion } from '../../lambdas/tasks/confirm-promotion';
import { AT, attempt, claimed, prepare, promote, WINDOW } from '../domain/living-key';
import { endangered } from '../domain/runs';
import type { Kit } from './kit';
import { DEPENDENT, draining, kitOf, owned, prepared, PROBED, promoted, refusal, SECOND, SETTLED } from './lives';

const PROOF = `prove alias/orders SYMMETRIC_DEFAULT ENCRYPT_DECRYPT ${SECOND}`;
const SUPERSEDED = `addTags k1 {"${KEY_TAGS.superseded}":"true"}`;
const confirm = (kit: Kit) => confirmPromotion(kit)(owned(kit));

test('proves the key behind the alias, marks the old one, and fixes the deadline of its drain', async () => {
  const kit = kitOf(promoted);
  const { drainSeconds } = kit.orders.policy;
  expect(await confirm(kit)).toEqual({ drainUntil: plusSeconds(SETTLED, drainSeconds + LAST_USAGE_LAG_SECONDS) });
  expect(kit.effects).toEqual([PROOF, SUPERSEDED, 'PromotionConfirmed']);
  expect(kit.orders.versions['v1']).toMatchObject({ drainFrom: SETTLED, disableNotBefore: plusSeconds(SETTLED, drainSeconds) });
});

test('a repetition changes nothing, and the deadline stands', async () => {
  const kit = kitOf(draining, { dependents: [DEPENDENT] });
  const { disableNotBefore } = kit.orders.versions['v1']!;
  expect(await confirm(kit)).toEqual({ drainUntil: plusSeconds(disableNotBefore!, LAST_USAGE_LAG_SECONDS) });
  expect(kit.effects).toEqual([PROOF]);
});

test('each dependent that is told by an event is asked to release the old version; one with a probe is asked when the drain is checked', async () => {
  const kit = kitOf(promoted, { dependents: [PROBED, DEPENDENT] });
  await confirm(kit);
  expect(kit.effects).toEqual([PROOF, SUPERSEDED, 'question orders-api released v1', `publish ${EVENTS.versionPromoted}`, 'PromotionConfirmed']);
  expect(kit.published).toEqual([
    {
      key: 'orders', alias: 'alias/orders', owner: 'team-orders', dependent: 'orders-api', phase: 'released', version: 1, kmsKeyArn: 'arn:k1', activeVersion: 2, activeKmsKeyArn: 'arn:k2',
      rotationId: SECOND, acknowledgementId: acknowledgementId('orders', 1, 'orders-api', 'released'), acknowledgeUrl: 'https://acknowledge',
    },
  ]);
  expect([...kit.questions.values()]).toMatchObject([{ principal: DEPENDENT.principal, version: 1, phase: 'released' }]);
});

test('at bootstrap nothing drains', async () => {
  const kit = kitOf((policy) => promote(prepare(claimed(policy), 1), 1));
  const input = { ...owned(kit, AT, { version: 1 }), run: attempt(1, WINDOW), rotationId: `orders-${WINDOW}-a1` };
  expect(await confirmPromotion(kit)(input)).toEqual({ drainUntil: AT });
  expect(kit.effects).toEqual([PROOF.replace(SECOND, input.rotationId)]);
});

test('a version that is kept has no deadline', async () => {
  const kit = kitOf(promoted, { retirement: 'keep' });
  expect(await confirm(kit)).toEqual({ drainUntil: SETTLED });
  expect(kit.effects).toContain('PromotionConfirmed');
});

test('whoever waits with an emergency does not wait for a drain', async () => {
  const kit = kitOf(promoted).edit({ emergency: endangered().key.emergency });
  expect(await confirm(kit)).toEqual({ drainUntil: SETTLED });
  expect(kit.orders.versions['v1']?.disableNotBefore).toBeDefined();
});

test('refuses a version that is not ACTIVE', async () => {
  const kit = kitOf(prepared);
  await expect(confirm(kit)).rejects.toEqual(refusal('LedgerMismatch', 'orders v2 should be ACTIVE but is PENDING'));
  expect(kit.effects).toEqual([]);
});

test('a round trip through another key is not consistent yet', async () => {
  const kit = kitOf(promoted).once('keys.prove', () => 'k1');
  await expect(confirm(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'orders: a round trip through alias/orders used k1 instead of k2'));
  expect(kit.effects).toEqual([]);
});

test('looks at the key state of the old version, too', async () => {
  const kit = kitOf(promoted);
  kit.change('k1', { keyState: 'PendingDeletion' });
  await expect(confirm(kit)).rejects.toEqual(refusal('ObservedMismatch', 'v1 (k1) is PendingDeletion'));
});

test('uses the key as KMS made it', async () => {
  const kit = kitOf(promoted);
  kit.change('k2', { spec: 'HMAC_256', usage: 'GENERATE_VERIFY_MAC' });
  await confirm(kit);
  expect(kit.effects[0]).toBe(`prove alias/orders HMAC_256 GENERATE_VERIFY_MAC ${SECOND}`);
});
