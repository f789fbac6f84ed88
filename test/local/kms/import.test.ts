import { generateKeyPairSync } from 'node:crypto';
import { newMaterial, wrap, wrapped } from './import-kit';
import { base64, DAY_MS, Kit, keyArn, outcome, refusal, START_MS } from './kit';

const FOREVER = { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };
const Message = base64('message');
const [ONE, TWO] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

function external(kit: Kit, KeySpec = 'SYMMETRIC_DEFAULT', KeyUsage?: string): string {
  return kit.createKey({ Origin: 'EXTERNAL', KeySpec, ...(KeyUsage !== undefined && { KeyUsage }) });
}

function bring(kit: Kit, KeyId: string, material: Buffer | string, input: Readonly<Record<string, unknown>> = FOREVER) {
  return kit.call('ImportKeyMaterial', { ...wrapped(kit, KeyId, material), ...input });
}

/** One call that needs the key's material, by its usage. */
function use(kit: Kit, KeyId: string, usage: string, algorithm: string): unknown {
  if (usage === 'ENCRYPT_DECRYPT') return kit.call('Encrypt', { KeyId, Plaintext: Message, EncryptionAlgorithm: algorithm });
  if (usage === 'SIGN_VERIFY') return kit.call('Sign', { KeyId, Message, SigningAlgorithm: algorithm });
  if (usage === 'GENERATE_VERIFY_MAC') return kit.call('GenerateMac', { KeyId, Message, MacAlgorithm: algorithm });
  return kit.call('DeriveSharedSecret', { KeyId, KeyAgreementAlgorithm: algorithm, PublicKey: kit.call('GetPublicKey', { KeyId }).PublicKey });
}

test.each([
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_1'],
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'SYMMETRIC_DEFAULT', 'RSAES_OAEP_SHA_256'],
  ['HMAC_512', 'GENERATE_VERIFY_MAC', 'HMAC_SHA_512', 'RSAES_OAEP_SHA_256'],
  ['RSA_2048', 'SIGN_VERIFY', 'RSASSA_PSS_SHA_256', 'RSA_AES_KEY_WRAP_SHA_256'],
  ['RSA_2048', 'ENCRYPT_DECRYPT', 'RSAES_OAEP_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1'],
  ['ECC_NIST_P256', 'SIGN_VERIFY', 'ECDSA_SHA_256', 'RSAES_OAEP_SHA_256'],
  ['ECC_NIST_P384', 'KEY_AGREEMENT', 'ECDH', 'RSA_AES_KEY_WRAP_SHA_256'],
  ['ECC_NIST_P521', 'SIGN_VERIFY', 'ECDSA_SHA_512', 'RSA_AES_KEY_WRAP_SHA_256'],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', 'ECDSA_SHA_256', 'RSA_AES_KEY_WRAP_SHA_1'],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', 'ED25519_SHA_512', 'RSAES_OAEP_SHA_256'],
])('material of %s for %s works with %s after an import with %s', (spec, usage, algorithm, wrapping) => {
  const kit = new Kit();
  const KeyId = external(kit, spec, usage);
  expect(kit.stateOf(KeyId)).toBe('PendingImport');
  expect(refusal(() => use(kit, KeyId, usage, algorithm === 'ECDH' ? 'x' : algorithm)).name).toMatch(/^(?:KMSInvalidState|Validation)Exception$/);
  const material = newMaterial(spec);
  kit.call('ImportKeyMaterial', { ...wrapped(kit, KeyId, material, wrapping), ...FOREVER });
  expect(kit.stateOf(KeyId)).toBe('Enabled');
  expect(outcome(() => use(kit, KeyId, usage, algorithm))).toBe('ok');
  kit.call('DeleteImportedKeyMaterial', { KeyId });
  expect(kit.stateOf(KeyId)).toBe('PendingImport');
  expect(outcome(() => kit.call('ImportKeyMaterial', { ...wrapped(kit, KeyId, newMaterial(spec), wrapping), ...FOREVER }))).toBe('IncorrectKeyMaterialException');
  kit.call('ImportKeyMaterial', { ...wrapped(kit, KeyId, material, wrapping), ...FOREVER });
  expect(outcome(() => use(kit, KeyId, usage, algorithm))).toBe('ok');
});

test.each([
  ['RSA_2048', 'SIGN_VERIFY', 'RSAES_OAEP_SHA_256'],
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'RSA_AES_KEY_WRAP_SHA_256'],
  ['ECC_NIST_P521', 'SIGN_VERIFY', 'RSAES_OAEP_SHA_256'],
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'RSAES_PKCS1_V1_5'],
])('material of %s for %s is not wrapped with %s', (spec, usage, WrappingAlgorithm) => {
  const kit = new Kit();
  const input = { KeyId: external(kit, spec, usage), WrappingAlgorithm, WrappingKeySpec: 'RSA_2048' };
  expect(outcome(() => kit.call('GetParametersForImport', input))).toBe('UnsupportedOperationException');
});

test.each([
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', Buffer.alloc(16)],
  ['HMAC_384', 'GENERATE_VERIFY_MAC', Buffer.alloc(47)],
  ['HMAC_384', 'GENERATE_VERIFY_MAC', Buffer.alloc(129)],
  ['ECC_NIST_P256', 'SIGN_VERIFY', newMaterial('ECC_NIST_P384')],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', Buffer.from('no key')],
])('refuses what is no material of %s', (spec, usage, material) => {
  const kit = new Kit();
  const KeyId = external(kit, spec, usage);
  expect(outcome(() => bring(kit, KeyId, material))).toBe('IncorrectKeyMaterialException');
  expect(kit.stateOf(KeyId)).toBe('PendingImport');
});

describe('an import token', () => {
  test('is for its key, for a day, and for its wrapping key', async () => {
    const kit = new Kit();
    const [KeyId, other] = [external(kit), external(kit)];
    const input = { ...wrapped(kit, KeyId, ONE), ...FOREVER };
    const elsewhere = wrap(ONE, generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), 'RSAES_OAEP_SHA_256');
    expect(outcome(() => kit.call('ImportKeyMaterial', { ...input, KeyId: other }))).toBe('InvalidImportTokenException');
    expect(outcome(() => kit.call('ImportKeyMaterial', { ...input, EncryptedKeyMaterial: elsewhere }))).toBe('InvalidCiphertextException');
    await kit.pass(DAY_MS);
    expect(outcome(() => kit.call('ImportKeyMaterial', input))).toBe('ExpiredImportTokenException');
    expect(kit.stateOf(KeyId)).toBe('PendingImport');
  });

  test('wraps with the algorithm that was asked for', () => {
    const kit = new Kit();
    const KeyId = external(kit);
    const { ImportToken, PublicKey } = kit.call('GetParametersForImport', { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_1', WrappingKeySpec: 'RSA_2048' });
    const EncryptedKeyMaterial = wrap(ONE, PublicKey, 'RSAES_OAEP_SHA_256');
    expect(outcome(() => kit.call('ImportKeyMaterial', { KeyId, ImportToken, EncryptedKeyMaterial, ...FOREVER }))).toBe('InvalidCiphertextException');
  });

  test('is valid until the time that it tells', () => {
    const kit = new Kit();
    const { ParametersValidTo } = kit.call('GetParametersForImport', { KeyId: external(kit), WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_3072' });
    expect(ParametersValidTo * 1000).toBe(START_MS + DAY_MS);
  });
});

describe('material that expires', () => {
  const ValidTo = (START_MS + 10 * DAY_MS) / 1000;

  test('is gone at its time, is told to EventBridge, and can come back', async () => {
    const kit = new Kit();
    const KeyId = external(kit);
    const { KeyMaterialId } = bring(kit, KeyId, ONE, { ValidTo });
    expect(kit.call('DescribeKey', { KeyId }).KeyMetadata).toMatchObject({ ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo, KeyState: 'Enabled' });
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext: Message });
    await kit.pass(10 * DAY_MS);
    expect(kit.stateOf(KeyId)).toBe('PendingImport');
    expect(kit.events).toEqual([{ source: 'aws.kms', detailType: 'KMS Imported Key Material Expiration', detail: { 'key-id': KeyId, 'key-material-id': KeyMaterialId }, resources: [keyArn(KeyId)] }]);
    expect(refusal(() => kit.call('Decrypt', { CiphertextBlob }))).toEqual({ name: 'KMSInvalidStateException', message: `${keyArn(KeyId)} is pending import.` });
    expect(kit.traced('kms.key-state-changed').map(({ from, to }) => [from, to])).toEqual([
      ['PendingImport', 'Enabled'],
      ['Enabled', 'PendingImport'],
    ]);
    bring(kit, KeyId, ONE);
    expect(kit.call('Decrypt', { CiphertextBlob }).Plaintext).toBe(Message);
  });

  test('does not when it is imported again without an end', async () => {
    const kit = new Kit();
    const KeyId = external(kit);
    bring(kit, KeyId, ONE, { ValidTo });
    bring(kit, KeyId, ONE);
    await kit.pass(20 * DAY_MS);
    expect(kit.stateOf(KeyId)).toBe('Enabled');
  });

  test.each<[Readonly<Record<string, unknown>>, string]>([
    [{}, 'KEY_MATERIAL_EXPIRES needs a date'],
    [{ ...FOREVER, ValidTo }, 'no date without it'],
    [{ ValidTo: START_MS / 1000 }, 'now is not the future'],
    [{ ValidTo: (START_MS + 366 * DAY_MS) / 1000 }, 'more than a year'],
  ])('refuses %j: %s', (input) => {
    const kit = new Kit();
    expect(outcome(() => bring(kit, external(kit), ONE, input))).toBe('ValidationException');
  });
});

describe('several materials of one symmetric key', () => {
  test('come in one at a time, as new ones, and are all needed', () => {
    const kit = new Kit();
    const KeyId = external(kit);
    const first = bring(kit, KeyId, ONE, { ...FOREVER, KeyMaterialDescription: 'the first' }).KeyMaterialId;
    expect(outcome(() => bring(kit, KeyId, TWO))).toBe('IncorrectKeyMaterialException');
    expect(outcome(() => bring(kit, KeyId, ONE, { ...FOREVER, ImportType: 'NEW_KEY_MATERIAL' }))).toBe('IncorrectKeyMaterialException');
    const second = bring(kit, KeyId, TWO, { ...FOREVER, ImportType: 'NEW_KEY_MATERIAL' }).KeyMaterialId;
    const states = () => kit.call('ListKeyRotations', { KeyId, IncludeKeyMaterial: 'ALL_KEY_MATERIAL' }).Rotations.map((entry) => [entry.KeyMaterialId, entry.KeyMaterialState, entry.ImportState, entry.KeyMaterialDescription]);
    expect(states()).toEqual([
      [first, 'CURRENT', 'IMPORTED', 'the first'],
      [second, 'PENDING_ROTATION', 'IMPORTED', undefined],
    ]);
    kit.call('RotateKeyOnDemand', { KeyId });
    expect(kit.call('ListKeyRotations', { KeyId }).Rotations).toHaveLength(1);
    kit.call('DeleteImportedKeyMaterial', { KeyId, KeyMaterialId: first });
    expect(kit.stateOf(KeyId)).toBe('PendingImport');
    expect(states()).toEqual([
      [first, 'NON_CURRENT', 'PENDING_IMPORT', 'the first'],
      [second, 'CURRENT', 'IMPORTED', undefined],
    ]);
    expect(outcome(() => bring(kit, KeyId, ONE, { ...FOREVER, KeyMaterialId: second }))).toBe('IncorrectKeyMaterialException');
    bring(kit, KeyId, ONE, { ...FOREVER, KeyMaterialId: first });
    expect(kit.stateOf(KeyId)).toBe('Enabled');
  });

  test('one that waits for its rotation goes without a trace, and another may come', () => {
    const kit = new Kit();
    const KeyId = external(kit);
    bring(kit, KeyId, ONE);
    const { KeyMaterialId } = bring(kit, KeyId, TWO, { ...FOREVER, ImportType: 'NEW_KEY_MATERIAL' });
    expect(kit.call('DeleteImportedKeyMaterial', { KeyId, KeyMaterialId })).toEqual({ KeyId: keyArn(KeyId), KeyMaterialId });
    expect(kit.stateOf(KeyId)).toBe('Enabled');
    expect(outcome(() => kit.call('DeleteImportedKeyMaterial', { KeyId, KeyMaterialId }))).toBe('NotFoundException');
    bring(kit, KeyId, Buffer.alloc(32, 3), { ...FOREVER, ImportType: 'NEW_KEY_MATERIAL' });
  });

  test('a new one has no id yet, and other keys have one material only', () => {
    const kit = new Kit();
    expect(outcome(() => bring(kit, external(kit), ONE, { ...FOREVER, ImportType: 'NEW_KEY_MATERIAL', KeyMaterialId: 'a'.repeat(64) }))).toBe('ValidationException');
    const mac = external(kit, 'HMAC_256', 'GENERATE_VERIFY_MAC');
    expect(outcome(() => bring(kit, mac, ONE, { ...FOREVER, ImportType: 'NEW_KEY_MATERIAL' }))).toBe('UnsupportedOperationException');
    expect(bring(kit, mac, ONE)).toEqual({ KeyId: keyArn(mac) });
  });
});

test('deleting material that is not there has no effect', () => {
  const kit = new Kit();
  const KeyId = external(kit);
  expect(kit.call('DeleteImportedKeyMaterial', { KeyId })).toEqual({ KeyId: keyArn(KeyId) });
  expect(kit.stateOf(KeyId)).toBe('PendingImport');
});

test('a key that is pending deletion stays so when its material goes, and waits for its import when it is rescued', () => {
  const kit = new Kit();
  const KeyId = external(kit);
  bring(kit, KeyId, ONE);
  kit.call('ScheduleKeyDeletion', { KeyId });
  expect(outcome(() => kit.call('GetParametersForImport', { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }))).toBe('KMSInvalidStateException');
  kit.call('DeleteImportedKeyMaterial', { KeyId });
  expect(kit.stateOf(KeyId)).toBe('PendingDeletion');
  kit.call('CancelKeyDeletion', { KeyId });
  expect(kit.stateOf(KeyId)).toBe('PendingImport');
});

test.each(['GetParametersForImport', 'ImportKeyMaterial', 'DeleteImportedKeyMaterial'])('%s is for keys of origin EXTERNAL', (operation) => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  const input = { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048', ImportToken: base64('t'), EncryptedKeyMaterial: base64('m') };
  expect(refusal(() => kit.call(operation, input))).toEqual({
    name: 'UnsupportedOperationException',
    message: `${keyArn(KeyId)} origin is AWS_KMS which is not valid for this operation.`,
  });
});
