import { ACCOUNT_ID, Kit, keyArn, outcome, START_MS } from './kit';

const GRANTEE = `arn:aws:iam::${ACCOUNT_ID}:role/grantee`;
const terms = { GranteePrincipal: GRANTEE, Operations: ['Decrypt', 'Encrypt'] };

test('a grant is listed as it was made', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  const Constraints = { EncryptionContextEquals: { tenant: 'a' } };
  const { GrantId } = kit.call('CreateGrant', { KeyId, ...terms, Name: 'reader', Constraints });
  expect(kit.call('ListGrants', { KeyId })).toEqual({
    Grants: [
      {
        ...terms,
        Name: 'reader',
        Constraints,
        KeyId: keyArn(KeyId),
        GrantId,
        CreationDate: START_MS / 1000,
        IssuingAccount: `arn:aws:iam::${ACCOUNT_ID}:root`,
      },
    ],
    Truncated: false,
  });
});

test('a name makes the repetition of a grant the same grant, with a token of its own', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  const one = kit.call('CreateGrant', { KeyId, ...terms, Name: 'reader' });
  const again = kit.call('CreateGrant', { KeyId, ...terms, Name: 'reader' });
  expect(again.GrantId).toBe(one.GrantId);
  expect(again.GrantToken).not.toBe(one.GrantToken);
  expect(kit.call('CreateGrant', { KeyId, ...terms, Name: 'reader', Operations: ['Decrypt'] }).GrantId).not.toBe(one.GrantId);
  expect(kit.call('ListGrants', { KeyId }).Grants).toHaveLength(2);
});

test('without a name every call makes a grant', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  kit.call('CreateGrant', { KeyId, ...terms });
  kit.call('CreateGrant', { KeyId, ...terms });
  expect(kit.call('ListGrants', { KeyId }).Grants).toHaveLength(2);
});

test('a grant ends by its id or by any of its tokens', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  const grant = () => kit.call('CreateGrant', { KeyId, ...terms });
  const [revoked, byToken, byId] = [grant(), grant(), grant()];
  kit.call('RevokeGrant', { KeyId, GrantId: revoked.GrantId });
  kit.call('RetireGrant', { GrantToken: byToken.GrantToken });
  kit.call('RetireGrant', { KeyId: keyArn(KeyId), GrantId: byId.GrantId });
  expect(kit.call('ListGrants', { KeyId }).Grants).toEqual([]);
  expect(outcome(() => kit.call('RevokeGrant', { KeyId, GrantId: revoked.GrantId }))).toBe('NotFoundException');
  expect(outcome(() => kit.call('RetireGrant', { GrantToken: byToken.GrantToken }))).toBe('InvalidGrantTokenException');
  expect(outcome(() => kit.call('RetireGrant', { KeyId }))).toBe('ValidationException');
});

test.each([
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'GenerateDataKey', 'ok'],
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', 'Sign', 'ValidationException'],
  ['ECC_NIST_P256', 'SIGN_VERIFY', 'Sign', 'ok'],
  ['ECC_NIST_P256', 'SIGN_VERIFY', 'Decrypt', 'ValidationException'],
  ['RSA_2048', 'ENCRYPT_DECRYPT', 'GenerateDataKey', 'ValidationException'],
  ['ML_KEM_768', 'ENCAPSULATE_DECAPSULATE', 'Decapsulate', 'ok'],
])('a grant on a %s key for %s that allows %s: %s', (KeySpec, KeyUsage, operation, expected) => {
  const kit = new Kit();
  const KeyId = kit.createKey({ KeySpec, KeyUsage });
  expect(outcome(() => kit.call('CreateGrant', { KeyId, GranteePrincipal: GRANTEE, Operations: [operation] }))).toBe(expected);
});

test('a grant has one grantee, which may be a service', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  expect(outcome(() => kit.call('CreateGrant', { KeyId, Operations: ['Decrypt'] }))).toBe('ValidationException');
  kit.call('CreateGrant', { KeyId, GranteeServicePrincipal: 'rds.amazonaws.com', Operations: ['Decrypt'] });
  kit.call('CreateGrant', { KeyId, ...terms });
  expect(kit.call('ListGrants', { KeyId, GranteeServicePrincipal: 'rds.amazonaws.com' }).Grants).toHaveLength(1);
  expect(kit.call('ListGrants', { KeyId, GranteePrincipal: GRANTEE }).Grants).toHaveLength(1);
});

test('a dry run makes and ends no grant', () => {
  const kit = new Kit();
  const KeyId = kit.createKey();
  expect(outcome(() => kit.call('CreateGrant', { KeyId, ...terms, DryRun: true }))).toBe('DryRunOperationException');
  expect(kit.call('ListGrants', { KeyId }).Grants).toEqual([]);
  const { GrantId } = kit.call('CreateGrant', { KeyId, ...terms });
  expect(outcome(() => kit.call('RevokeGrant', { KeyId, GrantId, DryRun: true }))).toBe('DryRunOperationException');
  expect(kit.call('ListGrants', { KeyId }).Grants).toHaveLength(1);
});
