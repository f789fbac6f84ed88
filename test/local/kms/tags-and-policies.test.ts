import { ACCOUNT_ID, ALICE, Kit, keyArn, outcome, refusal } from './kit';

const tags = (count: number, prefix = 'tag') => Array.from({ length: count }, (_, n) => ({ TagKey: `${prefix}${n}`, TagValue: 'value' }));

describe('tags', () => {
  test('are set, replaced and removed', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] });
    kit.call('TagResource', { KeyId, Tags: [{ TagKey: 'a', TagValue: '2' }, { TagKey: 'b', TagValue: '' }] });
    kit.call('UntagResource', { KeyId, TagKeys: ['b', 'never-there'] });
    expect(kit.call('ListResourceTags', { KeyId })).toEqual({ Tags: [{ TagKey: 'a', TagValue: '2' }], Truncated: false });
  });

  test('are at most 50, counted together with those that are there', () => {
    const kit = new Kit();
    const KeyId = kit.createKey({ Tags: tags(50) });
    kit.call('TagResource', { KeyId, Tags: tags(50) });
    expect(refusal(() => kit.call('TagResource', { KeyId, Tags: tags(1, 'more') }))).toEqual({ name: 'TagException', message: 'Too many tags' });
  });

  test.each(['aws:', 'AWS:x', 'Aws:x'])('refuses the reserved tag key %s', (TagKey) => {
    const kit = new Kit();
    expect(outcome(() => kit.createKey({ Tags: [{ TagKey, TagValue: 'v' }] }))).toBe('TagException');
    expect(kit.kms.snapshot().keys).toEqual([]);
  });
});

describe('key policies', () => {
  const statement = (Principal: unknown, Action: unknown = 'kms:*', Effect = 'Allow') =>
    JSON.stringify({ Version: '2012-10-17', Statement: { Effect, Principal, Action, Resource: '*' } });
  const role = `arn:aws:iam::${ACCOUNT_ID}:role/path/Rotator`;
  const session = { ...ALICE, arn: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/Rotator/session` };

  test('a key without one leaves the decision to IAM', () => {
    const kit = new Kit();
    const { Policy, PolicyName } = kit.call('GetKeyPolicy', { KeyId: kit.createKey() });
    expect(PolicyName).toBe('default');
    expect(JSON.parse(Policy)).toHaveProperty('Statement', [expect.objectContaining({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:root` }, Action: 'kms:*' })]);
  });

  test('are given back as they were put', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    kit.call('PutKeyPolicy', { KeyId, PolicyName: 'default', Policy: statement('*') });
    expect(kit.call('GetKeyPolicy', { KeyId }).Policy).toBe(statement('*'));
    expect(kit.call('ListKeyPolicies', { KeyId })).toEqual({ PolicyNames: ['default'], Truncated: false });
  });

  test.each([
    ['the account', statement({ AWS: `arn:aws:iam::${ACCOUNT_ID}:root` }), ALICE],
    ['the account id', statement({ AWS: ACCOUNT_ID }), ALICE],
    ['everyone', statement('*', ['kms:Describe*', 'kms:Put*']), ALICE],
    ['the caller', statement({ AWS: ['arn:aws:iam::999999999999:root', ALICE.arn] }, 'kms:PutKeyPolicy'), ALICE],
    ["the role of the caller's session", statement({ AWS: role }), session],
  ])('may leave the next change to %s', (_who, Policy, caller) => {
    const kit = new Kit();
    expect(outcome(() => kit.call('CreateKey', { Policy }, caller))).toBe('ok');
  });

  test.each([
    ['another account', statement({ AWS: 'arn:aws:iam::999999999999:root' })],
    ['a denial', statement('*', 'kms:*', 'Deny')],
    ['other actions', statement('*', ['kms:Get*', 'kms:DescribeKey'])],
    ['another role', statement({ AWS: role })],
    ['nobody', JSON.stringify({ Version: '2012-10-17', Statement: [] })],
  ])('may not lock everyone out by %s, unless the check is bypassed', (_what, Policy) => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const expected = {
      name: 'MalformedPolicyDocumentException',
      message: 'The new key policy will not allow you to update the key policy in the future.',
    };
    expect(refusal(() => kit.call('PutKeyPolicy', { KeyId, Policy }))).toEqual(expected);
    expect(refusal(() => kit.call('CreateKey', { Policy }))).toEqual(expected);
    expect(outcome(() => kit.call('PutKeyPolicy', { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true }))).toBe('ok');
  });

  test.each(['{', '[]', '{"Statement": [{"Effect": "Maybe"}]}'])('refuses %s as malformed', (Policy) => {
    expect(outcome(() => new Kit().call('CreateKey', { Policy, BypassPolicyLockoutSafetyCheck: true }))).toBe('MalformedPolicyDocumentException');
  });

  test('are at most 32 KiB', () => {
    const Policy = `${statement('*')}${' '.repeat(33_000)}`;
    expect(outcome(() => new Kit().call('CreateKey', { Policy }))).toBe('LimitExceededException');
  });
});

describe('what IAM asks', () => {
  test('CreateKey and the lists touch everything', () => {
    const { kms } = new Kit();
    for (const operation of ['CreateKey', 'ListKeys', 'ListAliases', 'GenerateRandom']) {
      expect(kms.authorizationOf(operation, {})).toEqual({ resourceArns: ['*'], keys: [] });
    }
  });

  test('UpdateAlias touches the alias, the current key and the new one', () => {
    const kit = new Kit();
    const [one, two] = [kit.createKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] }), kit.createKey()];
    kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: one });
    const { resourceArns, keys } = kit.kms.authorizationOf('UpdateAlias', { AliasName: 'alias/orders', TargetKeyId: two });
    expect(resourceArns).toEqual([`arn:aws:kms:eu-central-1:${ACCOUNT_ID}:alias/orders`, keyArn(one), keyArn(two)]);
    expect(keys).toEqual([
      { arn: keyArn(one), policy: expect.any(String) as unknown, tags: { a: '1' }, aliases: ['alias/orders'], permissions: ['UpdateAlias'] },
      { arn: keyArn(two), policy: expect.any(String) as unknown, tags: {}, aliases: [], permissions: ['UpdateAlias'] },
    ]);
  });

  test('Decrypt and ReEncrypt touch the key that the ciphertext names', () => {
    const kit = new Kit();
    const [one, two] = [kit.createKey(), kit.createKey()];
    const { CiphertextBlob } = kit.call('Encrypt', { KeyId: one, Plaintext: 'AAAA' });
    expect(kit.kms.authorizationOf('Decrypt', { CiphertextBlob }).resourceArns).toEqual([keyArn(one)]);
    expect(kit.kms.authorizationOf('ReEncrypt', { CiphertextBlob, DestinationKeyId: two }).resourceArns).toEqual([keyArn(one), keyArn(two)]);
  });

  test('RetireGrant touches the key of the token', () => {
    const kit = new Kit();
    const KeyId = kit.createKey();
    const { GrantToken } = kit.call('CreateGrant', { KeyId, GranteePrincipal: ALICE.arn, Operations: ['Decrypt'] });
    expect(kit.kms.authorizationOf('RetireGrant', { GrantToken }).resourceArns).toEqual([keyArn(KeyId)]);
  });

  test.each([
    ['alias/none', `arn:aws:kms:eu-central-1:${ACCOUNT_ID}:alias/none`],
    ['no-key', keyArn('no-key')],
    ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket'],
    ['arn:aws:kms:eu-central-1:999999999999:key/theirs', 'arn:aws:kms:eu-central-1:999999999999:key/theirs'],
  ])('a key that is not there is named all the same: %s', (KeyId, arn) => {
    expect(new Kit().kms.authorizationOf('DescribeKey', { KeyId })).toEqual({ resourceArns: [arn], keys: [] });
  });

  test.each([undefined, null, 'text', { KeyId: 5 }])('input %p throws nothing', (input) => {
    expect(new Kit().kms.authorizationOf('DescribeKey', input)).toEqual({ resourceArns: ['*'], keys: [] });
  });
});
