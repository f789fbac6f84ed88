import { Kit, outcome, refusal } from './kit';

const tooLong = 'k'.repeat(2049);
const detected = (count: number) => `${count} validation error${count === 1 ? '' : 's'} detected: `;

test.each<[string, string, Readonly<Record<string, unknown>>, string]>([
  ['a member that must be there', 'DescribeKey', {}, "Value null at 'keyId' failed to satisfy constraint: Member must not be null"],
  ['null as a member that is not there', 'DescribeKey', { KeyId: null }, "Value null at 'keyId' failed to satisfy constraint: Member must not be null"],
  ['a text that is too short', 'DescribeKey', { KeyId: '' }, "Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1"],
  ['a text that is too long', 'DescribeKey', { KeyId: tooLong }, `Value '${tooLong}' at 'keyId' failed to satisfy constraint: Member must have length less than or equal to 2048`],
  ['a number that is too small', 'ListKeys', { Limit: 0 }, "Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"],
  ['a number that is too large', 'ListKeys', { Limit: 1001 }, "Value '1001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000"],
  ['a pattern', 'DeleteAlias', { AliasName: 'alias/a b' }, "Value 'alias/a b' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$"],
  [
    'an enumeration',
    'Sign',
    { KeyId: 'k', Message: 'bQ==', SigningAlgorithm: 'NONE' },
    "Value 'NONE' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSASSA_PSS_SHA_256, RSASSA_PSS_SHA_384, RSASSA_PSS_SHA_512, RSASSA_PKCS1_V1_5_SHA_256, RSASSA_PKCS1_V1_5_SHA_384, RSASSA_PKCS1_V1_5_SHA_512, ECDSA_SHA_256, ECDSA_SHA_384, ECDSA_SHA_512, ML_DSA_SHAKE_256, ED25519_SHA_512, ED25519_PH_SHA_512, SM2DSA]",
  ],
  ['a blob, as Java prints it', 'Encrypt', { KeyId: 'k', Plaintext: Buffer.alloc(4097).toString('base64') }, "Value 'java.nio.HeapByteBuffer[pos=0 lim=4097 cap=4097]' at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096"],
  ['a blob that is empty', 'Encrypt', { KeyId: 'k', Plaintext: '' }, "Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1"],
  ['a member of a structure in a list', 'TagResource', { KeyId: 'k', Tags: [{ TagKey: 'a', TagValue: 'b' }, { TagKey: '', TagValue: 'b' }] }, "Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1"],
  ['the texts of a list', 'UntagResource', { KeyId: 'k', TagKeys: ['a', ''] }, "Value '[a, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"],
  ['the length of a list', 'DescribeKey', { KeyId: 'k', GrantTokens: Array<string>(11).fill('a') }, `Value '[${Array<string>(11).fill('a').join(', ')}]' at 'grantTokens' failed to satisfy constraint: Member must have length less than or equal to 10`],
  ['a value that is no data key spec but a key spec', 'GenerateDataKey', { KeyId: 'k', KeySpec: 'RSA_2048' }, "Value 'RSA_2048' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]"],
])('%s is checked', (_case, operation, input, message) => {
  expect(refusal(() => new Kit().call(operation, input))).toEqual({ name: 'ValidationException', message: detected(1) + message });
});

test('a member that AWS does not know is ignored, one that it knows and that is not modelled is refused by name', () => {
  const kit = new Kit();
  expect(kit.call('CreateKey', { Foo: 1 })).toMatchObject({ KeyMetadata: { KeyState: 'Enabled' } });
  expect(refusal(() => kit.call('CreateKey', { XksKeyId: 'x' })).name).toBe('NotModelledLocally');
});

test('several failures are told together, in the order of the members', () => {
  const { message } = refusal(() => new Kit().call('CreateAlias', { AliasName: '' }));
  expect(message).toBe(
    `${detected(3)}Value '' at 'aliasName' failed to satisfy constraint: Member must have length greater than or equal to 1; ` +
      "Value '' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$; " +
      "Value null at 'targetKeyId' failed to satisfy constraint: Member must not be null",
  );
});

test('a wrong key spec of a data key is answered with the key specs that there are', () => {
  const { message } = refusal(() => new Kit().call('GenerateDataKey', { KeyId: 'k', KeySpec: 'AES-256' }));
  expect(message).toMatch(/^1 validation error detected: Value 'AES-256' at 'keySpec' .* enum value set: \[RSA_2048, .*SYMMETRIC_DEFAULT.*\]$/);
});

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['DescribeKey', { KeyId: 5 }, 'NUMBER_VALUE can not be converted to a String'],
  ['DescribeKey', { KeyId: true }, 'TRUE_VALUE can not be converted to a String'],
  ['DescribeKey', { KeyId: ['k'] }, 'Start of list found where not expected'],
  ['DescribeKey', { KeyId: {} }, 'Start of structure or map found where not expected.'],
  ['ListKeys', { Limit: '5' }, 'STRING_VALUE can not be converted to an Integer'],
  ['CreateKey', { MultiRegion: 'true' }, 'STRING_VALUE can not be converted to a Boolean'],
  ['CreateKey', { KeySpec: 1 }, 'NUMBER_VALUE can not be converted to a String'],
  ['CreateKey', { Tags: 'a' }, 'Expected list or null'],
  ['Encrypt', { KeyId: 'k', Plaintext: 'no base64!' }, 'Invalid Base64'],
])('%s with %j is another JSON type', (operation, input, message) => {
  expect(refusal(() => new Kit().call(operation, input))).toEqual({ name: 'SerializationException', message });
});

test('null is a member that is not there, on every level', () => {
  const kit = new Kit();
  expect(outcome(() => kit.call('CreateKey', { Description: null, Tags: null, KeySpec: null }))).toBe('ok');
  expect(outcome(() => kit.call('CreateGrant', { KeyId: kit.createKey(), GranteePrincipal: '111111111111', Operations: ['Decrypt'], Constraints: { EncryptionContextEquals: null } }))).toBe('ok');
});

test.each([6, 31])('a pending window of %d days is refused in its own words', (PendingWindowInDays) => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  expect(refusal(() => kit.call('ScheduleKeyDeletion', { KeyId, PendingWindowInDays }))).toEqual({ name: 'ValidationException', message: 'PendingWindowInDays must be between 7 and 30' });
  expect(kit.stateOf(KeyId)).toBe('Enabled');
});

test('a policy has one name', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  expect(refusal(() => kit.call('GetKeyPolicy', { KeyId, PolicyName: 'other' }))).toEqual({ name: 'NotFoundException', message: 'No such policy exists' });
  expect(outcome(() => kit.call('PutKeyPolicy', { KeyId, PolicyName: 'other', Policy: '{}' }))).toBe('NotFoundException');
});
