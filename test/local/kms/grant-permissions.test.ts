import { Authorizer } from '../../../local/iam/authorizer';
import { IdentityDirectory } from '../../../local/iam/identities';
import { ACCOUNT_ID, base64, Kit, outcome, refusal, REGION } from './kit';

const ROLE = `arn:aws:iam::${ACCOUNT_ID}:role/grantee`;
const OTHER = `arn:aws:iam::${ACCOUNT_ID}:role/other`;
const ACCOUNT = `arn:aws:iam::${ACCOUNT_ID}:root`;
const Plaintext = base64('text');
const LAG_MS = 60_000;

/** A key, roles without any policy, and every call asked of IAM first. */
class Account {
  readonly kit: Kit;
  readonly identities = new IdentityDirectory();
  readonly keyId: string;
  private readonly authorizer: Authorizer;

  constructor(options: ConstructorParameters<typeof Kit>[0] = {}, key: Readonly<Record<string, unknown>> = {}) {
    this.kit = new Kit(options);
    this.identities.put(ROLE);
    this.identities.put(OTHER);
    const { kms } = this.kit;
    this.authorizer = new Authorizer(this.identities, { accountId: ACCOUNT_ID, region: REGION, kms, dynamodb: { authorizationOf: () => [] }, stateMachineOfToken: () => undefined });
    this.keyId = this.kit.createKey(key);
  }

  grant(input: Readonly<Record<string, unknown>>): { GrantId: string; GrantToken: string } {
    return this.kit.call('CreateGrant', { KeyId: this.keyId, GranteePrincipal: ROLE, ...input });
  }

  call(operation: string, input: Readonly<Record<string, unknown>>, arn = ROLE): unknown {
    const { caller } = this.identities.credentialsFor(arn, 'session');
    const full = { ...(/^(?:Decrypt|ReEncrypt)$/.test(operation) ? {} : { KeyId: this.keyId }), ...input };
    this.authorizer.authorize({ service: 'kms', operation, input: full, caller });
    return this.kit.kms.call(operation, full, caller);
  }

  outcome(operation: string, input: Readonly<Record<string, unknown>> = {}, arn?: string): string {
    return outcome(() => this.call(operation, input, arn));
  }

  allow(arn: string, Action: string | readonly string[], Effect: 'Allow' | 'Deny' = 'Allow'): void {
    this.identities.putPolicy(arn, `${Effect} ${String(Action)}`, { Statement: { Effect, Action, Resource: '*' } });
  }
}

describe('a grant allows', () => {
  test('its operations to its grantee, and nothing else to nobody else', () => {
    const account = new Account();
    expect(refusal(() => account.call('Encrypt', { Plaintext }))).toMatchObject({ name: 'AccessDeniedException', message: expect.stringContaining('kms:Encrypt') as string });
    account.grant({ Operations: ['Encrypt', 'DescribeKey'] });
    expect(account.outcome('Encrypt', { Plaintext })).toBe('ok');
    expect(account.outcome('DescribeKey')).toBe('ok');
    expect(account.outcome('GenerateDataKey', { KeySpec: 'AES_256' })).toBe('AccessDeniedException');
    expect(account.outcome('ScheduleKeyDeletion')).toBe('AccessDeniedException');
    expect(account.outcome('Encrypt', { Plaintext }, OTHER)).toBe('AccessDeniedException');
    const other = account.kit.createKey();
    expect(account.outcome('Encrypt', { KeyId: other, Plaintext })).toBe('AccessDeniedException');
  });

  test('Decrypt without a key id, by the key of the ciphertext', () => {
    const account = new Account();
    const { CiphertextBlob } = account.kit.call('Encrypt', { KeyId: account.keyId, Plaintext });
    account.grant({ Operations: ['Decrypt'] });
    expect(account.outcome('Decrypt', { CiphertextBlob })).toBe('ok');
  });

  test('ReEncrypt with one grant on each of the keys', () => {
    const account = new Account();
    const DestinationKeyId = account.kit.createKey();
    const { CiphertextBlob } = account.kit.call('Encrypt', { KeyId: account.keyId, Plaintext });
    account.grant({ Operations: ['ReEncryptFrom'] });
    expect(refusal(() => account.call('ReEncrypt', { CiphertextBlob, DestinationKeyId })).message).toContain('kms:ReEncryptTo');
    account.kit.call('CreateGrant', { KeyId: DestinationKeyId, GranteePrincipal: ROLE, Operations: ['ReEncryptTo'] });
    expect(account.outcome('ReEncrypt', { CiphertextBlob, DestinationKeyId })).toBe('ok');
  });

  test('the operations of asymmetric keys', () => {
    const account = new Account({}, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    account.grant({ Operations: ['Sign', 'GetPublicKey'] });
    expect(account.outcome('Sign', { Message: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' })).toBe('ok');
    expect(account.outcome('GetPublicKey')).toBe('ok');
    expect(account.outcome('Verify', { Message: Plaintext, Signature: Plaintext, SigningAlgorithm: 'ECDSA_SHA_256' })).toBe('AccessDeniedException');
  });

  test('one session only, when it names that session', () => {
    const account = new Account();
    account.grant({ GranteePrincipal: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/grantee/session`, Operations: ['Encrypt'] });
    expect(account.outcome('Encrypt', { Plaintext })).toBe('ok');
    const elsewhere = new Account();
    elsewhere.grant({ GranteePrincipal: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/grantee/another`, Operations: ['Encrypt'] });
    expect(elsewhere.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
  });

  test('an account, which lets its IAM policies decide even where the key policy does not', () => {
    const account = new Account();
    const { Policy } = account.kit.call('GetKeyPolicy', { KeyId: account.keyId });
    account.kit.call('PutKeyPolicy', { KeyId: account.keyId, Policy: Policy.replace('kms:*', 'kms:PutKeyPolicy') });
    account.allow(OTHER, 'kms:Encrypt');
    expect(account.outcome('Encrypt', { Plaintext }, OTHER)).toBe('AccessDeniedException');
    account.grant({ GranteePrincipal: ACCOUNT, Operations: ['Encrypt'] });
    expect(account.outcome('Encrypt', { Plaintext }, OTHER)).toBe('ok');
    expect(account.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
  });

  test('nothing once it was revoked', () => {
    const account = new Account();
    const { GrantId } = account.grant({ Operations: ['Encrypt'] });
    account.kit.call('RevokeGrant', { KeyId: account.keyId, GrantId });
    expect(account.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
  });

  test('nothing that a policy denies', () => {
    const account = new Account();
    account.grant({ Operations: ['Encrypt'] });
    account.allow(ROLE, 'kms:Encrypt', 'Deny');
    expect(account.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
  });
});

describe('constraints', () => {
  const context = (EncryptionContext: Readonly<Record<string, string>>) => ({ Plaintext, EncryptionContext });

  test('of equality hold for exactly this encryption context', () => {
    const account = new Account();
    account.grant({ Operations: ['Encrypt', 'DescribeKey'], Constraints: { EncryptionContextEquals: { a: '1', b: '2' } } });
    expect([{ b: '2', a: '1' }, { a: '1' }, { a: '1', b: '2', c: '3' }, { a: '1', b: '3' }].map((pairs) => account.outcome('Encrypt', context(pairs)))).toEqual(['ok', 'AccessDeniedException', 'AccessDeniedException', 'AccessDeniedException']);
    expect(account.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
    expect(account.outcome('DescribeKey')).toBe('ok');
  });

  test('of a subset hold for whatever includes it', () => {
    const account = new Account();
    account.grant({ Operations: ['Encrypt'], Constraints: { EncryptionContextSubset: { a: '1' } } });
    expect([{ a: '1', b: '2' }, { a: '1' }, { b: '2' }, { A: '1' }].map((pairs) => account.outcome('Encrypt', context(pairs)))).toEqual(['ok', 'ok', 'AccessDeniedException', 'AccessDeniedException']);
  });

  test('look at the context of each side of ReEncrypt', () => {
    const account = new Account();
    const { CiphertextBlob } = account.kit.call('Encrypt', { KeyId: account.keyId, ...context({ a: '1' }) });
    account.grant({ Operations: ['ReEncryptFrom'], Constraints: { EncryptionContextEquals: { a: '1' } } });
    account.grant({ Operations: ['ReEncryptTo'], Constraints: { EncryptionContextEquals: { a: '2' } } });
    const input = { CiphertextBlob, DestinationKeyId: account.keyId, SourceEncryptionContext: { a: '1' } };
    expect(account.outcome('ReEncrypt', { ...input, DestinationEncryptionContext: { a: '2' } })).toBe('ok');
    expect(account.outcome('ReEncrypt', { ...input, DestinationEncryptionContext: { a: '1' } })).toBe('AccessDeniedException');
  });

  test('are for symmetric keys, with at most eight pairs', () => {
    const asymmetric = new Account({}, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    expect(outcome(() => asymmetric.grant({ Operations: ['Sign'], Constraints: { EncryptionContextSubset: { a: '1' } } }))).toBe('ValidationException');
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, number) => [`name${number}`, 'value']));
    expect(outcome(() => new Account().grant({ Operations: ['Encrypt'], Constraints: { EncryptionContextSubset: many } }))).toBe('ValidationException');
  });

  test('of a source that no caller here acts for are never met', () => {
    const account = new Account();
    account.grant({ Operations: ['Encrypt'], Constraints: { SourceArn: 'arn:aws:s3:::bucket' } });
    expect(account.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
  });
});

describe('a grant made by a grant', () => {
  const made = (input: Readonly<Record<string, unknown>>) => ({ GranteePrincipal: OTHER, ...input });

  test('allows what the first one does, at most', () => {
    const account = new Account();
    account.grant({ Operations: ['CreateGrant', 'Encrypt'] });
    expect(account.outcome('CreateGrant', made({ Operations: ['Encrypt', 'Decrypt'] }))).toBe('AccessDeniedException');
    expect(account.outcome('CreateGrant', made({ Operations: ['Encrypt'] }))).toBe('ok');
    expect(account.outcome('Encrypt', { Plaintext }, OTHER)).toBe('ok');
  });

  test('is under constraints that are as strict', () => {
    const account = new Account();
    account.grant({ Operations: ['CreateGrant', 'Encrypt'], Constraints: { EncryptionContextSubset: { a: '1' } } });
    const attempt = (Constraints: unknown) => account.outcome('CreateGrant', made({ Operations: ['Encrypt'], Constraints }));
    expect([undefined, { EncryptionContextSubset: { b: '2' } }].map(attempt)).toEqual(['AccessDeniedException', 'AccessDeniedException']);
    expect([{ EncryptionContextSubset: { a: '1', b: '2' } }, { EncryptionContextEquals: { a: '1' } }].map(attempt)).toEqual(['ok', 'ok']);
  });
});

describe('a new grant', () => {
  test('is seen late, but at once by whoever brings its token', async () => {
    const account = new Account({ visibilityDelayMs: (what) => (what === 'grant' ? LAG_MS : 0) });
    const { GrantToken } = account.grant({ Operations: ['Encrypt'] });
    const other = account.grant({ Operations: ['Decrypt'] });
    expect(account.outcome('Encrypt', { Plaintext })).toBe('AccessDeniedException');
    expect(account.outcome('Encrypt', { Plaintext, GrantTokens: [GrantToken] })).toBe('ok');
    expect(account.outcome('Encrypt', { Plaintext, GrantTokens: [other.GrantToken] })).toBe('AccessDeniedException');
    expect(account.outcome('Encrypt', { Plaintext, GrantTokens: [GrantToken] }, OTHER)).toBe('AccessDeniedException');
    await account.kit.pass(LAG_MS);
    expect(account.outcome('Encrypt', { Plaintext })).toBe('ok');
  });

  test('has tokens that are all good, and what is none is refused', () => {
    const account = new Account({ visibilityDelayMs: (what) => (what === 'grant' ? LAG_MS : 0) });
    account.grant({ Name: 'n', Operations: ['Encrypt'] });
    const { GrantToken } = account.grant({ Name: 'n', Operations: ['Encrypt'] });
    expect(account.outcome('Encrypt', { Plaintext, GrantTokens: [GrantToken] })).toBe('ok');
    expect(outcome(() => account.kit.call('Encrypt', { KeyId: account.keyId, Plaintext, GrantTokens: ['forged'] }))).toBe('InvalidGrantTokenException');
  });
});

describe('retiring a grant', () => {
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['its retiring principal', { GranteePrincipal: OTHER, RetiringPrincipal: ROLE, Operations: ['Encrypt'] }, 'ok'],
    ['its grantee, if it allows RetireGrant', { Operations: ['Encrypt', 'RetireGrant'] }, 'ok'],
    ['not its grantee otherwise', { Operations: ['Encrypt'] }, 'AccessDeniedException'],
    ['nobody else', { GranteePrincipal: OTHER, Operations: ['Encrypt'] }, 'AccessDeniedException'],
  ])('is for %s', (_case, input, expected) => {
    for (const by of ['token', 'id']) {
      const account = new Account();
      const { GrantId, GrantToken } = account.grant(input);
      const { caller } = account.identities.credentialsFor(ROLE, 'session');
      const named = by === 'token' ? { KeyId: undefined, GrantToken } : { GrantId };
      expect([by, caller.arn, account.outcome('RetireGrant', named)]).toEqual([by, caller.arn, expected]);
    }
  });

  test('is for those to whom the account delegates it, but not by the key policy', () => {
    const account = new Account();
    const { Policy } = account.kit.call('GetKeyPolicy', { KeyId: account.keyId });
    account.kit.call('PutKeyPolicy', { KeyId: account.keyId, Policy: Policy.replace(ACCOUNT, ROLE), BypassPolicyLockoutSafetyCheck: true });
    const { GrantId } = account.grant({ GranteePrincipal: OTHER, Operations: ['Encrypt'] });
    expect(account.outcome('RetireGrant', { GrantId })).toBe('AccessDeniedException');
    account.allow(ROLE, 'kms:RetireGrant');
    expect(account.outcome('RetireGrant', { GrantId })).toBe('ok');
  });

  test('is denied to its retiring principal by a policy', () => {
    const account = new Account();
    const { GrantId } = account.grant({ RetiringPrincipal: ROLE, Operations: ['Encrypt'] });
    account.allow(ROLE, 'kms:RetireGrant', 'Deny');
    expect(account.outcome('RetireGrant', { GrantId })).toBe('AccessDeniedException');
  });

  test('revoking and listing ask the policies only', () => {
    const account = new Account();
    const { GrantId } = account.grant({ RetiringPrincipal: ROLE, Operations: ['Encrypt', 'RetireGrant'] });
    expect(['RevokeGrant', 'ListGrants', 'ListRetirableGrants'].map((operation) => account.outcome(operation, { GrantId, RetiringPrincipal: ROLE }))).toEqual(Array(3).fill('AccessDeniedException'));
    account.allow(ROLE, ['kms:RevokeGrant', 'kms:ListGrants', 'kms:ListRetirableGrants']);
    expect(account.outcome('ListGrants')).toBe('ok');
    expect(account.call('ListRetirableGrants', { KeyId: undefined, RetiringPrincipal: ROLE })).toMatchObject({ Grants: [{ GrantId }], Truncated: false });
    expect(account.call('ListRetirableGrants', { KeyId: undefined, RetiringPrincipal: OTHER })).toMatchObject({ Grants: [] });
    expect(account.outcome('RevokeGrant', { GrantId })).toBe('ok');
  });
});

test.each(['someone', 'arn:aws:iam::111111111111:group/admins', 'arn:aws:s3:::bucket'])('refuses %s as a grantee', (GranteePrincipal) => {
  expect(refusal(() => new Account().grant({ GranteePrincipal, Operations: ['Encrypt'] }))).toEqual({ name: 'InvalidArnException', message: `ARN does not refer to a valid principal: ${GranteePrincipal}` });
});

test('a key of another account is out of reach, and AWS does not tell whether there is one', () => {
  const account = new Account();
  account.allow(ROLE, 'kms:*');
  for (const name of ['key/00000000-0000-4000-8000-000000000000', 'alias/orders']) {
    const KeyId = `arn:aws:kms:${REGION}:222222222222:${name}`;
    expect(refusal(() => account.call('Encrypt', { KeyId, Plaintext }))).toEqual({
      name: 'AccessDeniedException',
      message: `User: arn:aws:sts::${ACCOUNT_ID}:assumed-role/grantee/session is not authorized to perform: kms:Encrypt on resource: ${KeyId} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access`,
    });
  }
  expect(refusal(() => account.call('Encrypt', { KeyId: `arn:aws:kms:us-west-2:${ACCOUNT_ID}:alias/orders`, Plaintext })).message).toBe('Invalid arn us-west-2');
});
