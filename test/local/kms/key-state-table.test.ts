import { assertStateAllows, KEY_STATE_TABLE, type KeyOperation, type KeyState } from '../../../local/kms/key-state-table';
import { base64, Kit, keyArn, outcome, refusal } from './kit';

const STATES: readonly KeyState[] = ['Enabled', 'Disabled', 'PendingDeletion', 'PendingImport', 'Unavailable', 'Creating', 'Updating'];

/** One letter per state, in the order above: ok, Disabled exception, invalid State. From AWS's page on key states. */
const EXPECTED: Readonly<Record<KeyOperation, string>> = {
  DescribeKey: 'ooooooo',
  DeleteAlias: 'ooooooo',
  GetKeyLastUsage: 'ooooooo',
  GetKeyPolicy: 'ooooooo',
  GetKeyRotationStatus: 'ooooooo',
  ListGrants: 'ooooooo',
  ListKeyPolicies: 'ooooooo',
  ListKeyRotations: 'ooooooo',
  ListResourceTags: 'ooooooo',
  PutKeyPolicy: 'ooooooo',
  RetireGrant: 'ooooooo',
  RevokeGrant: 'ooooooo',
  CreateAlias: 'ooSoooo',
  UpdateAlias: 'ooSoooo',
  TagResource: 'ooSoooo',
  UntagResource: 'ooSoooo',
  UpdateKeyDescription: 'ooSoooo',
  EnableKey: 'ooSSoSS',
  DisableKey: 'ooSSoSS',
  ScheduleKeyDeletion: 'ooSoooS',
  CancelKeyDeletion: 'SSoSSSS',
  EnableKeyRotation: 'oDSooSS',
  DisableKeyRotation: 'oDSooSS',
  RotateKeyOnDemand: 'oDSSoSS',
  GetParametersForImport: 'ooSooSS',
  ImportKeyMaterial: 'ooSooSS',
  DeleteImportedKeyMaterial: 'oooooSS',
  ReplicateKey: 'oDSSoSS',
  UpdatePrimaryRegion: 'oDSSoSS',
  CreateGrant: 'oDSSoSo',
  Decapsulate: 'oDSSSSo',
  Decrypt: 'oDSSSSo',
  DeriveSharedSecret: 'oDSSSSo',
  Encapsulate: 'oDSSSSo',
  Encrypt: 'oDSSSSo',
  GenerateDataKey: 'oDSSSSo',
  GenerateDataKeyWithoutPlaintext: 'oDSSSSo',
  GenerateDataKeyPair: 'oDSSSSo',
  GenerateDataKeyPairWithoutPlaintext: 'oDSSSSo',
  GenerateMac: 'oDSSSSo',
  GetPublicKey: 'oDSSSSo',
  ReEncrypt: 'oDSSSSo',
  Sign: 'oDSSSSo',
  Verify: 'oDSSSSo',
  VerifyMac: 'oDSSSSo',
};
const NAMES: Readonly<Record<string, string>> = { o: 'ok', D: 'DisabledException', S: 'KMSInvalidStateException' };

const cells = (Object.keys(EXPECTED) as KeyOperation[]).flatMap((operation) =>
  STATES.map((state, index) => [operation, state, NAMES[EXPECTED[operation][index] ?? '']] as const),
);

test('every operation of the table is expected here', () => {
  expect(Object.keys(KEY_STATE_TABLE).sort()).toEqual(Object.keys(EXPECTED).sort());
});

test.each(cells)('%s on a key that is %s answers %s', (operation, state, expected) => {
  expect(outcome(() => assertStateAllows(operation, state, 'arn'))).toBe(expected);
});

test.each([
  ['Encrypt', 'Disabled', 'arn is disabled.'],
  ['Encrypt', 'PendingDeletion', 'arn is pending deletion.'],
  ['CancelKeyDeletion', 'Enabled', 'arn is not pending deletion.'],
  ['Encrypt', 'Unavailable', 'arn is unavailable.'],
  ['Encrypt', 'PendingImport', 'arn is pending import.'],
] as const)('%s on a key that is %s says "%s"', (operation, state, message) => {
  expect(refusal(() => assertStateAllows(operation, state, 'arn')).message).toBe(message);
});

describe('the service asks the table', () => {
  type Prepared = { readonly kit: Kit; readonly inputs: Readonly<Partial<Record<KeyOperation, Readonly<Record<string, unknown>>>>> };

  /** A symmetric key in a key store with an alias, a grant and a ciphertext, brought into a state. */
  async function keyIn(state: 'Enabled' | 'Disabled' | 'PendingDeletion' | 'Unavailable'): Promise<Prepared> {
    const kit = new Kit();
    const store = await kit.connectedKeyStore();
    const KeyId = kit.createKey({ Origin: 'AWS_CLOUDHSM', CustomKeyStoreId: store });
    kit.call('CreateAlias', { AliasName: 'alias/mine', TargetKeyId: KeyId });
    kit.call('CreateAlias', { AliasName: 'alias/moving', TargetKeyId: kit.createKey() });
    const grant = { KeyId, GranteePrincipal: 'arn:aws:iam::111111111111:role/grantee', Operations: ['Decrypt'] };
    const revoked = kit.call('CreateGrant', grant);
    const retired = kit.call('CreateGrant', grant);
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext: base64('text') });
    if (state === 'Disabled') kit.call('DisableKey', { KeyId });
    if (state === 'PendingDeletion') kit.call('ScheduleKeyDeletion', { KeyId });
    if (state === 'Unavailable') kit.kms.setKeyStoreState(store, 'DISCONNECTED');
    expect(kit.stateOf(KeyId)).toBe(state);
    return {
      kit,
      inputs: {
        DescribeKey: { KeyId },
        GetKeyLastUsage: { KeyId },
        GetKeyPolicy: { KeyId },
        GetKeyRotationStatus: { KeyId },
        ListGrants: { KeyId },
        ListKeyPolicies: { KeyId },
        ListResourceTags: { KeyId },
        PutKeyPolicy: { KeyId, Policy: kit.call('GetKeyPolicy', { KeyId }).Policy },
        RetireGrant: { KeyId, GrantId: retired.GrantId },
        RevokeGrant: { KeyId, GrantId: revoked.GrantId },
        DeleteAlias: { AliasName: 'alias/mine' },
        CreateAlias: { AliasName: 'alias/other', TargetKeyId: KeyId },
        UpdateAlias: { AliasName: 'alias/moving', TargetKeyId: KeyId },
        TagResource: { KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] },
        UntagResource: { KeyId, TagKeys: ['a'] },
        UpdateKeyDescription: { KeyId, Description: 'new' },
        EnableKey: { KeyId },
        DisableKey: { KeyId },
        ScheduleKeyDeletion: { KeyId },
        CancelKeyDeletion: { KeyId },
        CreateGrant: grant,
        Encrypt: { KeyId, Plaintext: base64('text') },
        Decrypt: { CiphertextBlob },
        ReEncrypt: { CiphertextBlob, DestinationKeyId: KeyId },
        GenerateDataKey: { KeyId, KeySpec: 'AES_256' },
        GenerateDataKeyWithoutPlaintext: { KeyId, KeySpec: 'AES_256' },
      },
    };
  }

  test.each(['Enabled', 'Disabled', 'PendingDeletion', 'Unavailable'] as const)('for a key that is %s', async (state) => {
    const operations = Object.keys((await keyIn(state)).inputs) as KeyOperation[];
    for (const operation of operations) {
      const { kit, inputs } = await keyIn(state);
      const expected = NAMES[EXPECTED[operation][STATES.indexOf(state)] ?? ''];
      expect([operation, outcome(() => kit.call(operation, inputs[operation] ?? {}))]).toEqual([operation, expected]);
    }
  });

  test.each([
    ['GetPublicKey', 'ECC_NIST_P256', 'SIGN_VERIFY', {}],
    ['Sign', 'ECC_NIST_P256', 'SIGN_VERIFY', { Message: base64('m'), SigningAlgorithm: 'ECDSA_SHA_256' }],
    ['Verify', 'ECC_NIST_P256', 'SIGN_VERIFY', { Message: base64('m'), Signature: base64('s'), SigningAlgorithm: 'ECDSA_SHA_256' }],
    ['GenerateMac', 'HMAC_256', 'GENERATE_VERIFY_MAC', { Message: base64('m'), MacAlgorithm: 'HMAC_SHA_256' }],
    ['VerifyMac', 'HMAC_256', 'GENERATE_VERIFY_MAC', { Message: base64('m'), Mac: base64('s'), MacAlgorithm: 'HMAC_SHA_256' }],
    ['DeriveSharedSecret', 'ECC_NIST_P256', 'KEY_AGREEMENT', { PublicKey: base64('p'), KeyAgreementAlgorithm: 'ECDH' }],
    ['Encapsulate', 'ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', { EncapsulationAlgorithm: 'ML_KEM' }],
    ['Decapsulate', 'ML_KEM_512', 'ENCAPSULATE_DECAPSULATE', { EncapsulationAlgorithm: 'ML_KEM', SharedSecretCiphertextBlob: base64('c') }],
  ])('%s is refused on a Disabled key and on one that is PendingDeletion', (operation, KeySpec, KeyUsage, input) => {
    const kit = new Kit();
    const KeyId = kit.createKey({ KeySpec, KeyUsage });
    kit.call('DisableKey', { KeyId });
    expect(refusal(() => kit.call(operation, { KeyId, ...input }))).toEqual({ name: 'DisabledException', message: `${keyArn(KeyId)} is disabled.` });
    kit.call('ScheduleKeyDeletion', { KeyId });
    expect(outcome(() => kit.call(operation, { KeyId, ...input }))).toBe('KMSInvalidStateException');
  });
});
