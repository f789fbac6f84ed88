import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { kmsError } from './errors';
import type { KmsKey } from './key';
import { pageOf } from './paging';
import type { Rooms } from './rooms';
import { dryRun, encryptionContext, epochSeconds, grantTokens, keyIdText, limit, marker, operation, type Operations } from './wire';

const MAX_GRANTS_PER_KEY = 50_000;
const DEFAULT_PAGE = 50;

/** Operations that a grant may allow, by the usage of the key. @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html#terms-grant-operations */
const FOR_EVERY_KEY = ['CreateGrant', 'DescribeKey', 'RetireGrant'] as const;
const OF_SYMMETRIC_KEYS = [
  'Decrypt',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
] as const;
const BY_USAGE = {
  ENCRYPT_DECRYPT: ['Decrypt', 'Encrypt', 'GetPublicKey', 'ReEncryptFrom', 'ReEncryptTo'],
  SIGN_VERIFY: ['GetPublicKey', 'Sign', 'Verify'],
  GENERATE_VERIFY_MAC: ['GenerateMac', 'VerifyMac'],
  KEY_AGREEMENT: ['DeriveSharedSecret', 'GetPublicKey'],
  ENCAPSULATE_DECAPSULATE: ['Decapsulate', 'Encapsulate', 'GetPublicKey'],
} as const;
const GRANT_OPERATIONS = [...new Set([...FOR_EVERY_KEY, ...OF_SYMMETRIC_KEYS, ...Object.values(BY_USAGE).flat()])];

const grantId = z.string().min(1).max(128);
const principal = z.string().min(1).max(256).optional();

/** What a grant says; two requests with the same name and the same terms are the same grant. */
const grantTerms = z.object({
  Name: z.string().min(1).max(256).regex(/^[a-zA-Z0-9:/_-]+$/).optional(),
  GranteePrincipal: principal,
  GranteeServicePrincipal: principal,
  RetiringPrincipal: principal,
  RetiringServicePrincipal: principal,
  Operations: z.array(z.enum(GRANT_OPERATIONS)),
  Constraints: z
    .object({ EncryptionContextSubset: encryptionContext, EncryptionContextEquals: encryptionContext, SourceArn: z.string().optional() })
    .optional(),
});

export interface Grant {
  readonly id: string;
  readonly terms: z.output<typeof grantTerms>;
  readonly createdAtMs: number;
  /** Every answer of CreateGrant gives a token of its own. */
  readonly tokens: Set<string>;
}

export function grantOperations({ directory, keys, options }: Rooms): Operations {
  const { accountId, newId, timeline } = options;
  /** Grant ids and tokens are 64 hexadecimal digits and more; a hash makes them from the one supply of ids. */
  const newToken = (): string => createHash('sha256').update(newId()).digest('hex');

  const holderOfToken = (token: string): { key: KmsKey; id: string } => {
    for (const key of keys.all()) {
      for (const grant of key.grants.values()) if (grant.tokens.has(token)) return { key, id: grant.id };
    }
    throw kmsError('InvalidGrantTokenException', 'Invalid grant token');
  };
  const retired = ({ GrantToken, KeyId, GrantId }: { GrantToken?: string | undefined; KeyId?: string | undefined; GrantId?: string | undefined }) => {
    if (GrantToken !== undefined) return holderOfToken(GrantToken);
    if (KeyId === undefined || GrantId === undefined) throw kmsError('ValidationException', 'Either a grant token, or a key and a grant id are required.');
    const key = directory.forManagement('RetireGrant', KeyId);
    return { key, id: existing(key, GrantId).id };
  };

  return {
    CreateGrant: operation(grantTerms.extend({ KeyId: keyIdText, GrantTokens: grantTokens, DryRun: dryRun }), ({ KeyId, GrantTokens: _, DryRun, ...terms }) => {
      const key = directory.forManagement('CreateGrant', KeyId);
      assertTermsSuit(key, terms);
      const same = terms.Name === undefined ? undefined : [...key.grants.values()].find((grant) => isDeepStrictEqual(grant.terms, terms));
      if (same === undefined && key.grants.size >= MAX_GRANTS_PER_KEY) {
        throw kmsError('LimitExceededException', `Grants per key quota is ${String(MAX_GRANTS_PER_KEY)}`);
      }
      stopDryRun(DryRun);
      const grant = same ?? { id: newToken(), terms, createdAtMs: timeline.nowMs(), tokens: new Set<string>() };
      key.grants.set(grant.id, grant);
      const token = newToken();
      grant.tokens.add(token);
      return { GrantId: grant.id, GrantToken: token };
    }),

    ListGrants: operation(
      z.object({ KeyId: keyIdText, GrantId: grantId.optional(), GranteePrincipal: principal, GranteeServicePrincipal: principal, Limit: limit(100), Marker: marker }),
      ({ KeyId, GrantId, GranteePrincipal, GranteeServicePrincipal, Limit, Marker }) => {
        const key = directory.forManagement('ListGrants', KeyId);
        const wanted = [...key.grants.values()].filter(
          ({ id, terms }) =>
            (GrantId === undefined || id === GrantId) &&
            (GranteePrincipal === undefined || terms.GranteePrincipal === GranteePrincipal) &&
            (GranteeServicePrincipal === undefined || terms.GranteeServicePrincipal === GranteeServicePrincipal),
        );
        const { items, rest } = pageOf(wanted, ({ id }) => id, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
        return {
          Grants: items.map(({ id, terms, createdAtMs }) => ({
            ...terms,
            KeyId: key.arn,
            GrantId: id,
            CreationDate: epochSeconds(createdAtMs),
            IssuingAccount: `arn:aws:iam::${accountId}:root`,
          })),
          ...rest,
        };
      },
    ),

    RevokeGrant: operation(z.object({ KeyId: keyIdText, GrantId: grantId, DryRun: dryRun }), ({ KeyId, GrantId, DryRun }) => {
      const key = directory.forManagement('RevokeGrant', KeyId);
      const { id } = existing(key, GrantId);
      stopDryRun(DryRun);
      key.grants.delete(id);
    }),

    RetireGrant: operation(
      z.object({ GrantToken: z.string().min(1).max(8192).optional(), KeyId: keyIdText.optional(), GrantId: grantId.optional(), DryRun: dryRun }),
      ({ DryRun, ...named }) => {
        const { key, id } = retired(named);
        stopDryRun(DryRun);
        key.grants.delete(id);
      },
    ),
  };
}

/** @throws {DryRunOperationException} in a dry run that came as far as this. */
export function stopDryRun(isDryRun: boolean | undefined): void {
  if (isDryRun === true) throw kmsError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.');
}

function existing(key: KmsKey, id: string): Grant {
  const grant = key.grants.get(id);
  if (grant === undefined) throw kmsError('NotFoundException', `Grant ID ${id} not found`);
  return grant;
}

function assertTermsSuit({ spec, usage }: KmsKey, terms: Grant['terms']): void {
  if ((terms.GranteePrincipal === undefined) === (terms.GranteeServicePrincipal === undefined)) {
    throw kmsError('ValidationException', 'Exactly one of GranteePrincipal and GranteeServicePrincipal is required.');
  }
  const suitable: readonly string[] = [...FOR_EVERY_KEY, ...(spec === 'SYMMETRIC_DEFAULT' ? OF_SYMMETRIC_KEYS : BY_USAGE[usage])];
  const unsuitable = terms.Operations.filter((name) => !suitable.includes(name));
  if (unsuitable.length > 0) {
    throw kmsError('ValidationException', `Grant operations [${unsuitable.join(', ')}] are not valid for a ${spec} key with usage ${usage}.`);
  }
}
