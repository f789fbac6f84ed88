import { constants, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../lambdas/domain/trace';
import { wrapped } from './import-kit';
import { aliasArn, base64, Kit, refusal, REGION, UNKNOWN_KEY_ID } from './kit';

type Answers = Readonly<Record<string, { readonly Error?: Json } & Json>>;
type Recordings = Readonly<Record<string, { readonly 'recorded-date': string; readonly 'recorded-content': Answers }>>;

/** Answers that were recorded from AWS lie beside the repository, if anywhere. */
const FILE = join(__dirname, '../../../../shared/recorded/kms.json');
const recorded = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Recordings) : {};

const MESSAGE = base64('some important message');

/** What a recorded test does, and its answers by name; the answer to a call that fails is its error. */
type Scenario = (kit: Kit) => Readonly<Record<string, unknown>>;

function failure(run: () => unknown): { readonly Error: { readonly Code: string; readonly Message: string } } {
  const { name: Code, message: Message } = refusal(run);
  return { Error: { Code, Message } };
}

const importedTests: readonly (readonly [spec: string, usage: string, description: string])[] = [
  ['ECC_NIST_P384', 'SIGN_VERIFY', 'test ecc key import'],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', 'test ecc key import'],
  ['ECC_NIST_P521', 'SIGN_VERIFY', 'test ecc key import'],
  ['HMAC_224', 'GENERATE_VERIFY_MAC', 'test import hmac key'],
  ['HMAC_256', 'GENERATE_VERIFY_MAC', 'test import hmac key'],
  ['HMAC_384', 'GENERATE_VERIFY_MAC', 'test import hmac key'],
];

function externalKey(kit: Kit): { readonly KeyId: string; readonly metadata: unknown; readonly bring: (secret: Buffer, type?: string) => { KeyMaterialId: string } } {
  const { KeyMetadata: metadata } = kit.call('CreateKey', { Description: 'test-key', Origin: 'EXTERNAL' });
  const { KeyId } = metadata;
  const bring = (secret: Buffer, ImportType?: string) => kit.call('ImportKeyMaterial', { ...wrapped(kit, KeyId, secret), ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE', ...(ImportType !== undefined && { ImportType }) });
  return { KeyId, metadata, bring };
}

const ONE = Buffer.alloc(32, 1);
const TWO = Buffer.alloc(32, 2);
const THREE = Buffer.alloc(32, 3);

function withoutMaterial(spec: string): Scenario {
  return (kit) => {
    const { KeyId, metadata } = externalKey(kit);
    return { 'create-kms-external-key': metadata, [`rotate-key-on-demand-error-response-${spec}`]: failure(() => kit.call('RotateKeyOnDemand', { KeyId })) };
  };
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'TestKMS::test_generate_random_invalid_number_of_bytes[1025]': (kit) => ({ 'generate-random-exc': failure(() => kit.call('GenerateRandom', { NumberOfBytes: 1025 })) }),
  ...Object.fromEntries(
    [1, 1024].map((bytes) => [`TestKMS::test_generate_random[${bytes}]`, (kit: Kit) => ({ result_length: Buffer.from((kit.call('GenerateRandom', { NumberOfBytes: bytes }) as { Plaintext: string }).Plaintext, 'base64').length })]),
  ),
  'TestKMS::test_encrypt_validate_plaintext_size_per_key_type[RSA_4096-RSAES_OAEP_SHA_256]': (kit) => {
    const KeyId = kit.createKey({ KeySpec: 'RSA_4096', KeyUsage: 'ENCRYPT_DECRYPT' });
    return { 'generate-random-exc': failure(() => kit.call('Encrypt', { KeyId, Plaintext: Buffer.alloc(447).toString('base64'), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' })) };
  },
  'TestKMS::test_get_key_in_different_region': (kit) => {
    const inOtherRegion = new Kit({ region: 'us-west-2' });
    const { KeyId, Arn } = inOtherRegion.call('CreateKey', { Description: 'test key 123' }).KeyMetadata;
    return {
      'describe-key-diff-region-with-id': failure(() => kit.call('DescribeKey', { KeyId: UNKNOWN_KEY_ID })),
      'describe-key-diff-region-with-arn': failure(() => kit.call('DescribeKey', { KeyId: Arn })),
      'describe-key-same-specific-region-with-id': inOtherRegion.call('DescribeKey', { KeyId }),
      'describe-key-same-specific-region-with-arn': inOtherRegion.call('DescribeKey', { KeyId: Arn }),
    };
  },
  ...Object.fromEntries(
    [
      ['RSA_2048', 'RSASSA_PSS_SHA_256'],
      ['RSA_2048', 'RSASSA_PSS_SHA_512'],
      ['RSA_4096', 'RSASSA_PKCS1_V1_5_SHA_512'],
      ['ECC_NIST_P256', 'ECDSA_SHA_256'],
      ['ECC_SECG_P256K1', 'ECDSA_SHA_256'],
    ].map(([spec = '', SigningAlgorithm = '']) => [
      `TestKMS::test_sign_verify[${spec}-${SigningAlgorithm}]`,
      (kit: Kit) => {
        const input = { KeyId: kit.createKey({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }), Message: MESSAGE, SigningAlgorithm };
        const signature = kit.call('Sign', input);
        return {
          signature,
          verification: kit.call('Verify', { ...input, Signature: signature.Signature }),
          'bad-digest': failure(() => kit.call('Sign', { ...input, MessageType: 'DIGEST' })),
          'bad-signature': failure(() => kit.call('Verify', { ...input, Signature: base64('bad') })),
        };
      },
    ]),
  ),
  ...Object.fromEntries(
    ['256', '384'].map((bits) => [
      `TestKMS::test_generate_and_verify_mac[HMAC_${bits}-HMAC_SHA_${bits}]`,
      (kit: Kit) => {
        const input = { KeyId: kit.createKey({ KeySpec: `HMAC_${bits}`, KeyUsage: 'GENERATE_VERIFY_MAC' }), Message: MESSAGE, MacAlgorithm: `HMAC_SHA_${bits}` };
        const made = kit.call('GenerateMac', input);
        return {
          'generate-mac': made,
          'verify-mac': kit.call('VerifyMac', { ...input, Mac: made.Mac }),
          'generate-mac-invalid-key-id': failure(() => kit.call('GenerateMac', { ...input, KeyId: 'key_id' })),
          'verify-mac-invalid-key-id': failure(() => kit.call('VerifyMac', { ...input, KeyId: 'key_id', Mac: made.Mac })),
        };
      },
    ]),
  ),
  ...Object.fromEntries(
    [
      ['HMAC_SHA_256', 'some different important message'],
      ['HMAC_SHA_512', 'some important message'],
    ].map(([MacAlgorithm = '', text = '']) => [
      `TestKMS::test_invalid_verify_mac[HMAC_256-${MacAlgorithm}-${text}]`,
      (kit: Kit) => {
        const KeyId = kit.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
        const made = kit.call('GenerateMac', { KeyId, Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_256' });
        return { 'generate-mac': made, 'verify-mac': failure(() => kit.call('VerifyMac', { KeyId, MacAlgorithm, Message: base64(text), Mac: made.Mac })) };
      },
    ]),
  ),
  'TestKMSGenerateKeys::test_generate_data_key_pair': (kit) => ({ 'generate-data-key-pair': kit.call('GenerateDataKeyPair', { KeyId: kit.createKey(), KeyPairSpec: 'RSA_2048' }) }),
  'TestKMSGenerateKeys::test_generate_data_key': (kit) => ({ 'generate-data-key-result': kit.call('GenerateDataKey', { KeyId: kit.createKey(), KeySpec: 'AES_256' }) }),
  'TestKMS::test_encrypt_decrypt_encryption_context': (kit) => {
    const bound = { EncryptionContext: { a: 'b' } };
    const sealed = kit.call('Encrypt', { ...bound, KeyId: kit.createKey(), Plaintext: MESSAGE });
    const { CiphertextBlob } = sealed;
    return {
      encrypt_response: sealed,
      decrypt_response_with_encryption_context: kit.call('Decrypt', { ...bound, CiphertextBlob }),
      decrypt_response_without_encryption_context: failure(() => kit.call('Decrypt', { CiphertextBlob })),
      decrypt_response_with_invalid_ciphertext: failure(() => kit.call('Decrypt', { CiphertextBlob: MESSAGE })),
    };
  },
  'TestKMSGenerateKeys::test_encryption_context_generate_data_key': (kit) => {
    const { CiphertextBlob } = kit.call('GenerateDataKey', { KeyId: kit.createKey(), KeySpec: 'AES_256', EncryptionContext: { a: 'b' } });
    return { 'decrypt-without-encryption-context': failure(() => kit.call('Decrypt', { CiphertextBlob })) };
  },
  'TestKMSGenerateKeys::test_encryption_context_generate_data_key_pair_without_plaintext': (kit) => {
    const input = { KeyId: kit.createKey(), KeyPairSpec: 'ECC_NIST_P256', EncryptionContext: { a: 'b' } };
    const { PrivateKeyCiphertextBlob } = kit.call('GenerateDataKeyPairWithoutPlaintext', input) as { PrivateKeyCiphertextBlob: string };
    return { 'decrypt-without-encryption-context': failure(() => kit.call('Decrypt', { CiphertextBlob: PrivateKeyCiphertextBlob })) };
  },
  'TestKMSGenerateKeys::test_generate_data_key_pair_without_plaintext_dry_run': (kit) => ({
    dryrun_exception: failure(() => kit.call('GenerateDataKeyPairWithoutPlaintext', { KeyId: kit.createKey(), KeyPairSpec: 'RSA_2048', DryRun: true })),
  }),
  'TestKMS::test_get_parameters_for_import': (kit) => ({
    'response-error': failure(() => kit.call('GetParametersForImport', { KeyId: kit.createKey(), WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_4096' })),
  }),
  'TestKMS::test_create_multi_region_key': (kit) => ({ create_multi_region_key: kit.call('CreateKey', { MultiRegion: true, Description: 'test multi region key' }).KeyMetadata }),
  'TestKMS::test_non_multi_region_keys_should_not_have_multi_region_properties': (kit) => ({
    non_multi_region_keys_should_not_have_multi_region_properties: kit.call('CreateKey', { MultiRegion: false, Description: 'test non multi region key' }).KeyMetadata,
  }),
  'TestKMS::test_replicate_replica_key_should_fail': (kit) => ({ 'fail-replicate-non-primary-key': failure(() => kit.call('ReplicateKey', { KeyId: kit.createKey(), ReplicaRegion: 'us-west-2' })) }),
  'TestKMS::test_update_and_add_tags_on_tagged_key': (kit) => {
    const tag = (number: number, TagValue = `value${number}`) => ({ TagKey: `tag${number}`, TagValue });
    const KeyId = kit.createKey({ Tags: [1, 2, 3].map((number) => tag(number)) });
    const before = kit.call('ListResourceTags', { KeyId }).Tags;
    kit.call('TagResource', { KeyId, Tags: [tag(2, 'updated_value2'), tag(4), tag(5)] });
    return { 'list-resource-tags': before, 'list-resource-tags-after-tags-updated': kit.call('ListResourceTags', { KeyId }).Tags };
  },
  'TestKMS::test_tag_key_with_duplicate_tag_keys_raises_error': (kit) => ({
    'duplicate-tag-keys': failure(() => kit.call('TagResource', { KeyId: kit.createKey(), Tags: ['1', '2'].map((TagValue) => ({ TagKey: 'same', TagValue })) })),
  }),
  'TestKMS::test_create_key_with_too_many_tags_raises_error': (kit) => ({
    'invalid-tag-key': failure(() => kit.call('CreateKey', { Tags: Array.from({ length: 51 }, (_, number) => ({ TagKey: `key${number}`, TagValue: 'value' })) })),
  }),
  'TestKMS::test_tag_existing_key_with_invalid_tag_key': (kit) => ({
    'invalid-tag-key': failure(() => kit.call('TagResource', { KeyId: kit.createKey(), Tags: [{ TagKey: 'AWS:key', TagValue: 'value' }] })),
  }),
  'TestKMS::test_create_key_with_invalid_tag_key[lowercase_prefix]': (kit) => ({ 'invalid-tag-key': failure(() => kit.call('CreateKey', { Tags: [{ TagKey: 'aws:key', TagValue: 'value' }] })) }),
  'TestKMS::test_key_enable_rotation_status[90]': (kit) => {
    const KeyId = kit.createKey();
    kit.call('EnableKeyRotation', { KeyId, RotationPeriodInDays: 90 });
    return { match_response: kit.call('GetKeyRotationStatus', { KeyId }) };
  },
  'TestKMS::test_rotate_key_on_demand_modifies_key_material': (kit) => ({ 'rotate-on-demand-response': kit.call('RotateKeyOnDemand', { KeyId: kit.createKey() }) }),
  'TestKMS::test_rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_disabled': (kit) => {
    const KeyId = kit.createKey();
    return { 'rotate-on-demand-response': kit.call('RotateKeyOnDemand', { KeyId }), 'rotation-status-response-after-rotation': kit.call('GetKeyRotationStatus', { KeyId }) };
  },
  'TestKMS::test_key_rotation_updates_current_key_material_id_for_aws_symmetric_keys': (kit) => {
    const KeyId = kit.createKey({ Description: 'test-key' });
    const before = kit.call('DescribeKey', { KeyId });
    kit.call('RotateKeyOnDemand', { KeyId });
    return { 'describe-key-before-rotation': before, 'describe-key-after-rotation': kit.call('DescribeKey', { KeyId }) };
  },
  ...Object.fromEntries(
    [
      ['RSA_2048', 'RSASSA_PSS_SHA_512'],
      ['RSA_4096', 'RSASSA_PKCS1_V1_5_SHA_512'],
      ['ECC_NIST_P256', 'ECDSA_SHA_256'],
    ].map(([spec = '', SigningAlgorithm = '']) => [
      `TestKMS::test_verify_salt_length[${spec}-${SigningAlgorithm}]`,
      (kit: Kit): Readonly<Record<string, unknown>> => {
        const KeyId = kit.createKey({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' });
        const key = createPublicKey({ key: Buffer.from(kit.call('GetPublicKey', { KeyId }).PublicKey, 'base64'), type: 'spki', format: 'der' });
        const signature = Buffer.from(kit.call('Sign', { KeyId, Message: MESSAGE, SigningAlgorithm }).Signature, 'base64');
        const padding = SigningAlgorithm.includes('PSS') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
        expect(verify(SigningAlgorithm.endsWith('512') ? 'sha512' : 'sha256', Buffer.from(MESSAGE, 'base64'), { key, ...padding }, signature)).toBe(true);
        return {};
      },
    ]),
  ),
  'TestKMS::test_re_encrypt[RSA_2048-RSAES_OAEP_SHA_256]': (kit) => {
    const algorithm = 'RSAES_OAEP_SHA_256';
    const KeyId = kit.createKey({ KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' });
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext: MESSAGE, EncryptionAlgorithm: algorithm });
    return {
      test_re_encrypt: kit.call('ReEncrypt', { CiphertextBlob, SourceKeyId: KeyId, DestinationKeyId: KeyId, SourceEncryptionAlgorithm: algorithm, DestinationEncryptionAlgorithm: algorithm }),
    };
  },
  'TestKMS::test_re_encrypt_incorrect_source_key': (kit) => {
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: kit.createKey(), Plaintext: MESSAGE });
    return { 'incorrect-source-key': failure(() => kit.call('ReEncrypt', { CiphertextBlob, SourceKeyId: kit.createKey(), DestinationKeyId: kit.createKey() })) };
  },
  'TestKMS::test_describe_with_alias_arn': (kit) => {
    const { KeyMetadata } = kit.call('CreateKey', { Description: 'test - description' });
    kit.call('CreateAlias', { AliasName: 'alias/name', TargetKeyId: KeyMetadata.KeyId });
    return { 'created-key': KeyMetadata, 'describe-key': kit.call('DescribeKey', { KeyId: aliasArn('alias/name') }) };
  },
  ...Object.fromEntries(
    importedTests.map(([KeySpec, KeyUsage, Description]) => [
      `TestKMS::test_import_key_${KeySpec.startsWith('ECC') ? 'ecc' : 'hmac'}_keys[${KeySpec}]`,
      (kit: Kit): Readonly<Record<string, unknown>> => {
        const KeyId = kit.createKey({ KeySpec, KeyUsage, Description, Origin: 'EXTERNAL' });
        const describe = () => kit.call('DescribeKey', { KeyId });
        const before = describe();
        kit.call('ImportKeyMaterial', { ...wrapped(kit, KeyId, KeySpec), ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' });
        const after = describe();
        const used: Record<string, unknown> = {};
        if (KeyUsage === 'SIGN_VERIFY') {
          const input = { KeyId, Message: MESSAGE, SigningAlgorithm: after.KeyMetadata.SigningAlgorithms[0] };
          const signed = kit.call('Sign', input);
          Object.assign(used, { 'sign-result': signed, 'verify-result': kit.call('Verify', { ...input, Signature: signed.Signature }) });
        } else {
          const input = { KeyId, Message: MESSAGE, MacAlgorithm: after.KeyMetadata.MacAlgorithms[0] };
          const made = kit.call('GenerateMac', input);
          Object.assign(used, { 'generate-mac-response': made, 'verify-mac-response': kit.call('VerifyMac', { ...input, Mac: made.Mac }) });
        }
        kit.call('DeleteImportedKeyMaterial', { KeyId });
        return { 'describe-key-before-import': before, 'describe-key-after-import': after, ...used, 'describe-key-after-deleted-import': describe() };
      },
    ]),
  ),
  'TestKMS::test_rotate_key_on_demand_on_external_key_with_no_key_material[SYMMETRIC_DEFAULT]': withoutMaterial('SYMMETRIC_DEFAULT'),
  'TestKMS::test_rotate_key_on_demand_on_external_key_with_no_key_material[RSA_4096]': withoutMaterial('RSA_4096'),
  'TestKMS::test_rotate_key_on_demand_updates_current_key_material_for_external_keys': (kit) => {
    const { KeyId, metadata, bring } = externalKey(kit);
    const describe = () => kit.call('DescribeKey', { KeyId });
    const encrypt = () => kit.call('Encrypt', { KeyId, Plaintext: MESSAGE });
    return {
      'create-kms-external-key': metadata,
      'get-import-parameters-response': kit.call('GetParametersForImport', { KeyId, WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }),
      'describe-empty-key-response': describe(),
      'import-key-material-response': bring(ONE),
      'describe-key-with-material-response': describe(),
      'kms-encrypt-initial-response': encrypt(),
      'import-new-key-material-response': bring(TWO, 'NEW_KEY_MATERIAL'),
      'describe-key-with-new-material-response': describe(),
      'rotate-key-on-demand-response': kit.call('RotateKeyOnDemand', { KeyId }),
      'describe-key-after-rotation': describe(),
      'kms-encrypt-rotated-key-response': encrypt(),
    };
  },
  'TestKMS::test_import_key_material_raises_if_there_is_already_key_material_pending': (kit) => {
    const { bring } = externalKey(kit);
    return {
      'import-initial-material-response': bring(ONE),
      'import-pending-material-response': bring(TWO, 'NEW_KEY_MATERIAL'),
      'existing-pending-material-error': failure(() => bring(THREE, 'NEW_KEY_MATERIAL')),
    };
  },
  'TestKMS::test_rotate_key_on_demand_for_external_keys_decrypts_with_previous_material': (kit) => {
    const { KeyId, metadata, bring } = externalKey(kit);
    const imported = bring(ONE);
    const sealed = kit.call('Encrypt', { KeyId, Plaintext: MESSAGE });
    bring(TWO, 'NEW_KEY_MATERIAL');
    const rotated = kit.call('RotateKeyOnDemand', { KeyId });
    expect(kit.call('Decrypt', { CiphertextBlob: sealed.CiphertextBlob })).toMatchObject({ Plaintext: MESSAGE, KeyMaterialId: imported.KeyMaterialId });
    return { 'create-kms-external-key': metadata, 'import-key-material-response': imported, 'kms-encrypt-initial-response': sealed, 'rotate-key-on-demand-response': rotated };
  },
  'TestKMS::test_rotate_key_on_demand_raises_for_no_pending_key_material': (kit) => {
    const { KeyId, bring } = externalKey(kit);
    bring(ONE);
    return { 'rotate-key-on-demand-invalid-state-error': failure(() => kit.call('RotateKeyOnDemand', { KeyId })) };
  },
};

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const BLOBS = /^(?:(?:private-key-)?(?:ciphertext-blob|plaintext)|public-key|import-token)$/;

/** What the recording says, with anything in place of what differs from call to call. */
function expectation(value: Json | undefined): unknown {
  if (isList(value)) return value.map((item) => expectation(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => (name === 'ResponseMetadata' ? [] : [[name, expectation(member)]])));
  }
  if (value === 'datetime') return expect.any(Number);
  if (typeof value !== 'string' || !(value.includes('<') || BLOBS.test(value))) return value;
  const pattern = value
    .replaceAll('<secondary-region>', 'us-west-2')
    .replaceAll('<region>', REGION)
    .replaceAll('<partition>', 'aws')
    .split(/<[^>]+>|^.*(?:blob|plaintext|key|token)$/)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+');
  return expect.stringMatching(new RegExp(`^${pattern}$`));
}

/** KMS tells key material since 2025: older recordings do not have those members. */
function isComplete(date: string): boolean {
  return Number(/-(\d{4}),/.exec(date)?.[1]) >= 2025;
}

test('every recorded test is played here, or none is recorded', () => {
  const names = Object.keys(recorded);
  if (names.length > 0) expect(Object.keys(SCENARIOS).sort()).toEqual(names.sort());
});

if (Object.keys(recorded).length > 0) {
  test.each(Object.keys(SCENARIOS))('%s', (name) => {
    const { 'recorded-date': date, 'recorded-content': answers } = recorded[name]!;
    const played = SCENARIOS[name]!(new Kit());
    expect(Object.keys(played).sort()).toEqual(Object.keys(answers).sort());
    for (const [answer, expected] of Object.entries(answers)) {
      const actual = played[answer];
      if (typeof expected !== 'object' || isList(expected)) expect([answer, actual]).toEqual([answer, expectation(expected)]);
      else if (expected.Error !== undefined) expect([answer, actual]).toEqual([answer, { Error: expectation(expected.Error) }]);
      else {
        const wanted = expectation(expected) as object;
        expect([answer, actual]).toEqual([answer, isComplete(date) ? wanted : expect.objectContaining(wanted)]);
      }
    }
  });
}
