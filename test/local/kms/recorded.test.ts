import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../../lambdas/domain/trace';
import { aliasArn, base64, Kit, REGION, refusal, UNKNOWN_KEY_ID } from './kit';

type Recordings = Readonly<Record<string, { readonly 'recorded-content': Readonly<Record<string, { readonly Error?: Json } & Json>> }>>;

/** Answers that were recorded from AWS lie beside the repository, if anywhere. */
const FILE = join(__dirname, '../../../../shared/recorded/kms.json');
const recorded = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Recordings) : {};

const MESSAGE = base64('some important message');
const RSA_SIGNING = { KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' };
const SIGNING_KEYS: readonly (readonly [spec: string, algorithm: string])[] = [
  ['RSA_2048', 'RSASSA_PSS_SHA_256'],
  ['RSA_2048', 'RSASSA_PSS_SHA_512'],
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ECC_SECG_P256K1', 'ECDSA_SHA_256'],
];

/** Name of the recorded test, of its answer, and the call that gives it here. */
type Case = readonly [test: string, answer: string, call: (kit: Kit) => unknown];

const CASES: readonly Case[] = [
  ['TestKMS::test_generate_random_invalid_number_of_bytes[1025]', 'generate-random-exc', (kit) => kit.call('GenerateRandom', { NumberOfBytes: 1025 })],
  [
    'TestKMS::test_encrypt_validate_plaintext_size_per_key_type[RSA_4096-RSAES_OAEP_SHA_256]',
    'generate-random-exc',
    (kit) => {
      const KeyId = kit.createKey({ KeySpec: 'RSA_4096', KeyUsage: 'ENCRYPT_DECRYPT' });
      return kit.call('Encrypt', { KeyId, Plaintext: Buffer.alloc(447).toString('base64'), EncryptionAlgorithm: 'RSAES_OAEP_SHA_256' });
    },
  ],
  ['TestKMS::test_get_key_in_different_region', 'describe-key-diff-region-with-id', (kit) => kit.call('DescribeKey', { KeyId: UNKNOWN_KEY_ID })],
  [
    'TestKMS::test_get_key_in_different_region',
    'describe-key-diff-region-with-arn',
    (kit) => kit.call('DescribeKey', { KeyId: `arn:aws:kms:us-west-2:111111111111:key/${UNKNOWN_KEY_ID}` }),
  ],
  ...SIGNING_KEYS.flatMap(([spec, algorithm]): Case[] => {
    const name = `TestKMS::test_sign_verify[${spec}-${algorithm}]`;
    const input = (kit: Kit) => ({ KeyId: kit.createKey({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY' }), Message: MESSAGE, SigningAlgorithm: algorithm });
    return [
      [name, 'signature', (kit) => kit.call('Sign', input(kit))],
      [
        name,
        'verification',
        (kit) => {
          const common = input(kit);
          return kit.call('Verify', { ...common, Signature: kit.call('Sign', common).Signature });
        },
      ],
      [name, 'bad-digest', (kit) => kit.call('Sign', { ...input(kit), MessageType: 'DIGEST' })],
      [name, 'bad-signature', (kit) => kit.call('Verify', { ...input(kit), Signature: base64('bad') })],
    ];
  }),
  ['TestKMS::test_generate_and_verify_mac[HMAC_256-HMAC_SHA_256]', 'generate-mac-invalid-key-id', (kit) => kit.call('GenerateMac', { KeyId: 'key_id', Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_256' })],
  [
    'TestKMS::test_generate_and_verify_mac[HMAC_384-HMAC_SHA_384]',
    'verify-mac',
    (kit) => {
      const input = { KeyId: kit.createKey({ KeySpec: 'HMAC_384', KeyUsage: 'GENERATE_VERIFY_MAC' }), Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_384' };
      return kit.call('VerifyMac', { ...input, Mac: kit.call('GenerateMac', input).Mac });
    },
  ],
  [
    'TestKMS::test_invalid_verify_mac[HMAC_256-HMAC_SHA_256-some different important message]',
    'verify-mac',
    (kit) => {
      const KeyId = kit.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
      return kit.call('VerifyMac', { KeyId, Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_256', Mac: base64('other') });
    },
  ],
  [
    'TestKMS::test_invalid_verify_mac[HMAC_256-HMAC_SHA_512-some important message]',
    'verify-mac',
    (kit) => {
      const KeyId = kit.createKey({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' });
      return kit.call('VerifyMac', { KeyId, Message: MESSAGE, MacAlgorithm: 'HMAC_SHA_512', Mac: base64('other') });
    },
  ],
  ['TestKMSGenerateKeys::test_generate_data_key', 'generate-data-key-result', (kit) => kit.call('GenerateDataKey', { KeyId: kit.createKey(), KeySpec: 'AES_256' })],
  ['TestKMS::test_encrypt_decrypt_encryption_context', 'encrypt_response', (kit) => kit.call('Encrypt', { KeyId: kit.createKey(), Plaintext: MESSAGE, EncryptionContext: { a: 'b' } })],
  [
    'TestKMS::test_encrypt_decrypt_encryption_context',
    'decrypt_response_with_encryption_context',
    (kit) => {
      const bound = { EncryptionContext: { a: 'b' } };
      return kit.call('Decrypt', { ...bound, CiphertextBlob: kit.call('Encrypt', { ...bound, KeyId: kit.createKey(), Plaintext: MESSAGE }).CiphertextBlob });
    },
  ],
  [
    'TestKMS::test_encrypt_decrypt_encryption_context',
    'decrypt_response_without_encryption_context',
    (kit) => {
      const { CiphertextBlob } = kit.call('Encrypt', { EncryptionContext: { a: 'b' }, KeyId: kit.createKey(), Plaintext: MESSAGE });
      return kit.call('Decrypt', { CiphertextBlob });
    },
  ],
  ['TestKMS::test_encrypt_decrypt_encryption_context', 'decrypt_response_with_invalid_ciphertext', (kit) => kit.call('Decrypt', { CiphertextBlob: MESSAGE })],
  [
    'TestKMS::test_non_multi_region_keys_should_not_have_multi_region_properties',
    'non_multi_region_keys_should_not_have_multi_region_properties',
    (kit) => kit.call('CreateKey', { Description: 'test non multi region key' }).KeyMetadata,
  ],
  [
    'TestKMS::test_describe_with_alias_arn',
    'describe-key',
    (kit) => {
      kit.call('CreateAlias', { AliasName: 'alias/name', TargetKeyId: kit.createKey({ Description: 'test - description' }) });
      return kit.call('DescribeKey', { KeyId: aliasArn('alias/name') });
    },
  ],
  [
    'TestKMS::test_update_and_add_tags_on_tagged_key',
    'list-resource-tags-after-tags-updated',
    (kit) => {
      const tag = (number: number, TagValue = `value${number}`) => ({ TagKey: `tag${number}`, TagValue });
      const KeyId = kit.createKey({ Tags: [1, 2, 3].map((number) => tag(number)) });
      kit.call('TagResource', { KeyId, Tags: [tag(2, 'updated_value2'), tag(4), tag(5)] });
      return kit.call('ListResourceTags', { KeyId }).Tags;
    },
  ],
  [
    'TestKMS::test_tag_key_with_duplicate_tag_keys_raises_error',
    'duplicate-tag-keys',
    (kit) => kit.call('TagResource', { KeyId: kit.createKey(), Tags: ['1', '2'].map((TagValue) => ({ TagKey: 'same', TagValue })) }),
  ],
  [
    'TestKMS::test_create_key_with_too_many_tags_raises_error',
    'invalid-tag-key',
    (kit) => kit.call('CreateKey', { Tags: Array.from({ length: 51 }, (_, number) => ({ TagKey: `key${number}`, TagValue: 'value' })) }),
  ],
  [
    'TestKMS::test_tag_existing_key_with_invalid_tag_key',
    'invalid-tag-key',
    (kit) => kit.call('TagResource', { KeyId: kit.createKey(), Tags: [{ TagKey: 'aws:key', TagValue: 'value' }] }),
  ],
  [
    'TestKMSGenerateKeys::test_generate_data_key_pair_without_plaintext_dry_run',
    'dryrun_exception',
    (kit) => kit.call('GenerateDataKeyWithoutPlaintext', { KeyId: kit.createKey(), KeySpec: 'AES_256', DryRun: true }),
  ],
  [
    'TestKMS::test_re_encrypt[RSA_2048-RSAES_OAEP_SHA_256]',
    'test_re_encrypt',
    (kit) => {
      const algorithm = 'RSAES_OAEP_SHA_256';
      const KeyId = kit.createKey({ ...RSA_SIGNING, KeyUsage: 'ENCRYPT_DECRYPT' });
      const { CiphertextBlob } = kit.call('Encrypt', { KeyId, Plaintext: MESSAGE, EncryptionAlgorithm: algorithm });
      return kit.call('ReEncrypt', {
        CiphertextBlob,
        SourceKeyId: KeyId,
        DestinationKeyId: KeyId,
        SourceEncryptionAlgorithm: algorithm,
        DestinationEncryptionAlgorithm: algorithm,
      });
    },
  ],
  [
    'TestKMS::test_re_encrypt_incorrect_source_key',
    'incorrect-source-key',
    (kit) => {
      const { CiphertextBlob } = kit.call('Encrypt', { KeyId: kit.createKey(), Plaintext: MESSAGE });
      return kit.call('ReEncrypt', { CiphertextBlob, SourceKeyId: kit.createKey(), DestinationKeyId: kit.createKey() });
    },
  ],
  [
    'TestKMS::test_rotate_key_on_demand_with_symmetric_key_and_automatic_rotation_disabled',
    'rotation-status-response-after-rotation',
    (kit) => kit.call('GetKeyRotationStatus', { KeyId: kit.createKey() }),
  ],
];

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** What the recording says, with anything in place of what differs from call to call. */
function expectation(value: Json | undefined): unknown {
  if (isList(value)) return value.map(expectation);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).flatMap(([name, member]) => (name === 'ResponseMetadata' ? [] : [[name, expectation(member)]])));
  }
  if (value === 'datetime') return expect.any(Number);
  if (typeof value !== 'string' || !/<|^(?:ciphertext-blob|plaintext)$/.test(value)) return value;
  const pattern = value
    .replace('<secondary-region>', 'us-west-2')
    .replace('<region>', REGION)
    .replace('<partition>', 'aws')
    .split(/<[^>]+>|^(?:ciphertext-blob|plaintext)$/)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.+');
  return expect.stringMatching(new RegExp(`^${pattern}$`));
}

const known = CASES.filter(([name]) => recorded[name] !== undefined);

test('the recordings are there as a whole, or not at all', () => {
  expect([0, CASES.length]).toContain(known.length);
});

if (known.length > 0) {
  test.each(known)('%s: %s', (name, answer, call) => {
    const expected = recorded[name]?.['recorded-content'][answer];
    if (isList(expected)) expect(call(new Kit())).toEqual(expectation(expected));
    else if (expected?.Error === undefined) expect(call(new Kit())).toEqual(expect.objectContaining(expectation(expected) as object));
    else {
      const { name: Code, message: Message } = refusal(() => call(new Kit()));
      expect({ Code, Message }).toEqual(expectation(expected.Error));
    }
  });
}
