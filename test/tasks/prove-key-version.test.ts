import { KMS_CONSISTENCY_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { proveKeyVersion } from '../../lambdas/tasks/prove-key-version';
import { NEXT_AT } from '../domain/living-key';
import type { Kit } from './kit';
import { kitOf, owned, prepared, promoted, refusal, SECOND, SETTLED } from './lives';

const PROOF = `prove k2 SYMMETRIC_DEFAULT ENCRYPT_DECRYPT ${SECOND}`;
const prove = (kit: Kit, at = SETTLED) => proveKeyVersion(kit)(owned(kit, at));
const unproved = (): Kit => kitOf(prepared).editVersion(2, { provedAt: undefined });

test('a round trip on the new key is written down', async () => {
  const kit = unproved();
  expect(await prove(kit)).toEqual({ provedAt: SETTLED });
  expect(kit.effects).toEqual([PROOF, 'VersionProved']);
});

test('what was proved before is proved again, and keeps its time', async () => {
  const kit = kitOf(prepared);
  expect(await prove(kit)).toEqual({ provedAt: NEXT_AT });
  expect(kit.effects).toEqual([PROOF]);
});

test('a version that was promoted meanwhile is not proved any more', async () => {
  const kit = kitOf(promoted);
  expect(await prove(kit)).toEqual({ provedAt: NEXT_AT });
  expect(await prove(kitOf(promoted).editVersion(2, { provedAt: undefined }))).toEqual({ provedAt: SETTLED });
  expect(kit.effects).toEqual([]);
});

test.each([
  [{ spec: 'RSA_2048' }, 'KMS made RSA_2048/ENCRYPT_DECRYPT, the policy says SYMMETRIC_DEFAULT/ENCRYPT_DECRYPT'],
  [{ usage: 'SIGN_VERIFY' }, 'KMS made SYMMETRIC_DEFAULT/SIGN_VERIFY, the policy says'],
])('a key that was made as %j fails', async (made, message) => {
  const kit = unproved();
  kit.change('k2', made);
  await expect(prove(kit)).rejects.toEqual(refusal('ProofFailed', `orders v2: ${message}`));
  expect(kit.effects).toEqual([]);
});

test('a round trip through another key fails', async () => {
  const kit = unproved().once('keys.prove', () => 'k1');
  await expect(prove(kit)).rejects.toEqual(refusal('ProofFailed', 'orders v2: KMS used k1 instead of k2'));
  expect(kit.effects).toEqual([]);
});

test('a refusal on a key whose tags may still spread is no refusal yet', async () => {
  const late = plusSeconds(NEXT_AT, KMS_CONSISTENCY_SECONDS);
  await expect(prove(unproved().fails('keys.prove', 'PermissionDenied'), plusSeconds(late, -1))).rejects.toEqual(refusal('KmsNotConsistentYet'));
  await expect(prove(unproved().fails('keys.prove', 'PermissionDenied'), late)).rejects.toEqual(refusal('PermissionDenied'));
});
