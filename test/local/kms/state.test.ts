import type { Json } from '../../../lambdas/domain/trace';
import { wrapped } from './import-kit';
import { ALICE, base64, DAY_MS, HOUR_MS, Kit, outcome, refusal } from './kit';

const Plaintext = base64('text');
const Message = base64('message');
const MINUTE_MS = 60_000;
const FOREVER = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };

/** Saves one KMS and loads it into a fresh one, as text would travel: the clock stands where it stood. */
function reborn(kit: Kit, options: ConstructorParameters<typeof Kit>[0] = {}): Kit {
  const text = JSON.stringify(kit.kms.save());
  const later = new Kit({ startMs: kit.timeline.nowMs(), ...options });
  later.kms.load(JSON.parse(text) as Json);
  return later;
}

/** What a caller can read of everything. */
function readings(kit: Kit): unknown {
  return {
    snapshot: kit.kms.snapshot(),
    switches: kit.kms.switches(),
    keyStores: kit.call('DescribeCustomKeyStores'),
    aliases: kit.call('ListAliases'),
    keys: kit.call('ListKeys').Keys.map(({ KeyId }) => [
      kit.call('DescribeKey', { KeyId }),
      kit.call('GetKeyPolicy', { KeyId }),
      kit.call('ListResourceTags', { KeyId }),
      kit.call('ListGrants', { KeyId }),
      kit.call('GetKeyLastUsage', { KeyId }),
      kit.call('GetKeyRotationStatus', { KeyId }),
      kit.call('ListKeyRotations', { KeyId }),
    ]),
  };
}

test('everything that can be read is read again after a load, and the next save is the same', async () => {
  const kit = new Kit();
  const store = await kit.connectedKeyStore();
  const KeyId = kit.createKey({ Description: 'orders', Tags: [{ TagKey: 'team', TagValue: 'pay' }] });
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: KeyId });
  kit.call('CreateGrant', { KeyId, Name: 'reader', GranteePrincipal: ALICE.arn, Operations: ['Decrypt'], Constraints: { EncryptionContextSubset: { a: 'b' } } });
  kit.call('PutKeyPolicy', { KeyId, Policy: kit.call('GetKeyPolicy', { KeyId }).Policy.replace('Enable IAM User Permissions', 'changed') });
  kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 100 });
  kit.call('RotateKeyOnDemand', { KeyId });
  kit.call('Encrypt', { KeyId, Plaintext });
  kit.call('DisableKey', { KeyId: kit.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'KEY_AGREEMENT' }) });
  kit.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: store });
  kit.createKey({ MultiRegion: true });
  const imported = kit.createKey({ Origin: 'EXTERNAL' });
  kit.call('ImportKeyMaterial', { ...wrapped(kit, imported, Buffer.alloc(32, 1)), ValidTo: (kit.timeline.nowMs() + DAY_MS) / 1000 });
  kit.call('ScheduleKeyDeletion', { KeyId: kit.createKey() });
  kit.kms.configure({ requestQuotas: { CreateKey: 1 }, visibilityDelayMs: { alias: 5 }, keyStores: { [store]: { connectionState: 'FAILED', failsToConnectWith: 'USER_LOCKED_OUT' } } });
  await kit.pass(2 * HOUR_MS);

  const later = reborn(kit);
  expect(readings(later)).toEqual(readings(kit));
  expect(later.kms.save()).toEqual(kit.kms.save());
  expect(later.trace.events()).toEqual([]);
});

test('an empty KMS is saved and loaded', () => {
  expect(readings(reborn(new Kit()))).toEqual(readings(new Kit()));
});

test('what was encrypted, signed, authenticated and encapsulated before is so afterwards', () => {
  const kit = new Kit();
  const symmetric = kit.createKey();
  const old = kit.call('Encrypt', { KeyId: symmetric, Plaintext, EncryptionContext: { a: 'b' } });
  kit.call('RotateKeyOnDemand', { KeyId: symmetric });
  const rsa = kit.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
  const sealed = kit.call('Encrypt', { KeyId: rsa, Plaintext, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' });
  const signers = (
    [
      ['ECC_NIST_P256', 'ECDSA_SHA_256'],
      ['ECC_NIST_EDWARDS25519', 'ED25519_SHA_512'],
      ['ML_DSA_44', 'ML_DSA_SHAKE_256'],
      ['RSA_2048', 'RSASSA_PSS_SHA_256'],
    ] as const
  ).map(([KeySpec, SigningAlgorithm]) => {
    const KeyId = kit.createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
    const input = { KeyId, Message, SigningAlgorithm };
    return { ...input, Signature: kit.call('Sign', input).Signature };
  });
  const hmac = { KeyId: kit.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }), Message, MacAlgorithm: 'HMAC_SHA_256' };
  const { Mac } = kit.call('GenerateMac', hmac);
  const kem = { KeyId: kit.createKey({ KeySpec: 'ML_KEM_512', KeyUsage: 'ENCAPSULATE_DECAPSULATE' }), EncapsulationAlgorithm: 'ML_KEM' };
  const { SharedSecret, SharedSecretCiphertextBlob } = kit.call('Encapsulate', kem);

  const later = reborn(kit);
  expect(later.call('Decrypt', { CiphertextBlob: old.CiphertextBlob, EncryptionContext: { a: 'b' } }).Plaintext).toBe(Plaintext);
  expect(later.call('Decrypt', { KeyId: rsa, CiphertextBlob: sealed.CiphertextBlob, EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' }).Plaintext).toBe(Plaintext);
  for (const signed of signers) expect(later.call('Verify', signed).SignatureValid).toBe(true);
  expect(outcome(() => later.call('VerifyMac', { ...hmac, Mac }))).toBe('ok');
  expect(later.call('Decapsulate', { ...kem, SharedSecretCiphertextBlob }).SharedSecret).toBe(SharedSecret);
});

test('a key that was never used has no material in the state, and gets it afterwards', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  expect(JSON.stringify(kit.kms.save())).not.toContain('secret');
  expect(outcome(() => reborn(kit).call('Encrypt', { KeyId, Plaintext }))).toBe('ok');
});

test('a pending deletion happens at its time', async () => {
  const kit = new Kit({ deletionDelayMs: HOUR_MS });
  const KeyId = kit.createKey();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: KeyId });
  kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  await kit.pass(3 * DAY_MS);
  const later = reborn(kit, { deletionDelayMs: HOUR_MS });
  await later.pass(4 * DAY_MS + HOUR_MS - 1);
  expect(later.stateOf(KeyId)).toBe('PendingDeletion');
  await later.pass(1);
  expect(later.kms.snapshot()).toEqual({ keys: [], aliases: [] });
  expect(later.events.map(({ detailType }) => detailType)).toEqual(['KMS CMK Deletion']);
});

test('a cancelled deletion does not happen', async () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 });
  const later = reborn(kit);
  later.call('CancelKeyDeletion', { KeyId });
  await later.pass(30 * DAY_MS);
  expect(later.stateOf(KeyId)).toBe('Disabled');
});

test('rotations, expiries and connections go on', async () => {
  const kit = new Kit({ keyStoreConnectMs: 10 * MINUTE_MS });
  const rotated = kit.createKey();
  kit.call('EnableKeyRotation', { KeyId: rotated, RotationPeriodInDays: 90 });
  const onDemand = kit.createKey();
  kit.kms.configure({ onDemandRotationMs: 10 * MINUTE_MS });
  kit.call('RotateKeyOnDemand', { KeyId: onDemand });
  const imported = kit.createKey({ Origin: 'EXTERNAL' });
  kit.call('ImportKeyMaterial', { ...wrapped(kit, imported, Buffer.alloc(32, 1)), ValidTo: (kit.timeline.nowMs() + 10 * MINUTE_MS) / 1000 });
  const { CustomKeyStoreId } = kit.call('CreateCustomKeyStore', { CustomKeyStoreName: 's', CloudHsmClusterId: 'cluster-2a23b4cdefg', TrustAnchorCertificate: 'c', KeyStorePassword: 'kmsPswd' });
  kit.call('ConnectCustomKeyStore', { CustomKeyStoreId });
  await kit.pass(5 * MINUTE_MS);

  const later = reborn(kit);
  const connection = () => later.call('DescribeCustomKeyStores', { CustomKeyStoreId }).CustomKeyStores[0]?.ConnectionState;
  expect([connection(), later.stateOf(imported), later.call('GetKeyRotationStatus', { KeyId: onDemand }).OnDemandRotationStartDate]).toEqual(['CONNECTING', 'Enabled', expect.any(Number)]);
  await later.pass(5 * MINUTE_MS);
  expect([connection(), later.stateOf(imported), later.call('ListKeyRotations', { KeyId: onDemand }).Rotations.length]).toEqual(['CONNECTED', 'PendingImport', 1]);
  await later.pass(90 * DAY_MS);
  expect(later.call('ListKeyRotations', { KeyId: rotated }).Rotations).toHaveLength(1);
});

test('an import that was begun can be finished', () => {
  const kit = new Kit();
  const KeyId = kit.createKey({ Origin: 'EXTERNAL' });
  const input = { ...wrapped(kit, KeyId, Buffer.alloc(32, 1)), ...FOREVER };
  expect(outcome(() => reborn(kit).call('ImportKeyMaterial', input))).toBe('ok');
});

test('what was not seen before is not seen yet, and is at its time', async () => {
  const kit = new Kit();
  const [one, two] = [kit.createKey(), kit.createKey()];
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one });
  kit.kms.configure({ visibilityDelayMs: { key: MINUTE_MS, 'key-state': MINUTE_MS, alias: MINUTE_MS } });
  kit.call('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: two });
  kit.call('DisableKey', { KeyId: one });
  const young = kit.createKey();
  await kit.pass(MINUTE_MS / 2);
  const later = reborn(kit);
  const seen = () => [later.call('DescribeKey', { KeyId: 'alias/orders' }).KeyMetadata.KeyId, later.stateOf(one), outcome(() => later.stateOf(young))];
  expect(seen()).toEqual([one, 'Enabled', 'NotFoundException']);
  await later.pass(MINUTE_MS / 2);
  expect(seen()).toEqual([two, 'Disabled', 'ok']);
});

test('the last use is told at its time', async () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  kit.call('Encrypt', { KeyId, Plaintext });
  await kit.pass(HOUR_MS / 2);
  const later = reborn(kit);
  expect(later.call('GetKeyLastUsage', { KeyId }).KeyLastUsage).toEqual({});
  await later.pass(HOUR_MS / 2);
  expect(later.call('GetKeyLastUsage', { KeyId }).KeyLastUsage).toMatchObject({ Operation: 'Encrypt' });
});

test('grant tokens from before are good', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  const { GrantToken } = kit.call('CreateGrant', { KeyId, GranteePrincipal: ALICE.arn, Operations: ['Decrypt'] });
  const later = reborn(kit);
  later.call('RetireGrant', { GrantToken });
  expect(later.call('ListGrants', { KeyId }).Grants).toEqual([]);
});

test.each<[string, Json]>([
  ['nothing', null],
  ['another shape', { keys: [] }],
  ['a key of no spec', { ...(new Kit().kms.save() as object), keys: [{ id: 'k', spec: 'AES' }] }],
])('refuses to load %s', (_case, saved) => {
  const kit = new Kit();
  expect(refusal(() => kit.kms.load(saved)).message).not.toBe('');
  expect(kit.kms.snapshot().keys).toEqual([]);
});
