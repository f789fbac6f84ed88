import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { kmsError } from './errors';
import { BY_USAGE, FOR_EVERY_KEY, type Grant, grantTerms, type GrantTerms, OF_SYMMETRIC_KEYS, principal } from './grant';
import { assertGrantToken, type GrantReference, grantTokenOf, grantTokens } from './grant-token';
import type { KmsKey } from './key';
import { pageOf } from './paging';
import { keyArn } from './place';
import type { Rooms } from './rooms';
import { dryRun, epochSeconds, keyIdText, limit, marker, operation, type Operations } from './wire';

const MAX_GRANTS_PER_KEY = 50_000;
/** @see https://docs.aws.amazon.com/kms/latest/developerguide/create-grant-overview.html#grant-constraints */
const MAX_CONTEXT_PAIRS = 8;
const DEFAULT_PAGE = 50;

const grantId = z.string().min(1).max(128);

/** Users, roles and their sessions, federated users, accounts, services. */
const PRINCIPAL = /^(?:arn:aws[\w-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/.+)|sts::\d{12}:(?:assumed-role|federated-user)\/.+)|\d{12}|[\w.-]+\.amazonaws\.com(?:\.cn)?)$/;

const listGrantsRequest = z.object({ KeyId: keyIdText, GrantId: grantId.optional(), GranteePrincipal: principal, GranteeServicePrincipal: principal, Limit: limit(100), Marker: marker });
const listRetirableGrantsRequest = z.object({ RetiringPrincipal: principal.unwrap(), Limit: limit(100), Marker: marker });
const revokeGrantRequest = z.object({ KeyId: keyIdText, GrantId: grantId, DryRun: dryRun });
const retireGrantRequest = z.object({ GrantToken: z.string().min(1).max(8192).transform(assertGrantToken).optional(), KeyId: keyIdText.optional(), GrantId: grantId.optional(), DryRun: dryRun });

export function grantOperations({ directory, keys, options, switches }: Rooms): Operations {
  const { accountId, newId, timeline } = options;
  /** Grant ids are 64 hexadecimal digits; a hash makes them from the one supply of ids. */
  const newGrantId = (): string => createHash('sha256').update(newId()).digest('hex');

  const ofToken = ({ keyId, grantId: id }: GrantReference): { key: KmsKey; id: string } => {
    const key = keys.find(keyId);
    if (key?.grants.has(id) !== true) throw kmsError('InvalidGrantTokenException', 'Invalid grant token');
    return { key, id };
  };
  const retired = ({ GrantToken, KeyId, GrantId }: { GrantToken?: GrantReference | undefined; KeyId?: string | undefined; GrantId?: string | undefined }) => {
    if (GrantToken !== undefined) return ofToken(GrantToken);
    if (KeyId === undefined || GrantId === undefined) throw kmsError('ValidationException', 'Either a grant token, or a key and a grant id are required.');
    const key = directory.forManagement('RetireGrant', KeyId);
    return { key, id: existing(key, GrantId).id };
  };
  const listed = (keyId: string, { id, terms, createdAtMs }: Grant) => ({
    ...terms,
    KeyId: keyArn(options, keyId),
    GrantId: id,
    CreationDate: epochSeconds(createdAtMs),
    IssuingAccount: `arn:aws:iam::${accountId}:root`,
  });

  return {
    CreateGrant: operation(grantTerms.extend({ KeyId: keyIdText, GrantTokens: grantTokens, DryRun: dryRun }), ({ KeyId, GrantTokens: _, DryRun, ...terms }) => {
      const key = directory.forManagement('CreateGrant', KeyId);
      assertTermsSuit(key, terms);
      const same = terms.Name === undefined ? undefined : [...key.grants.values()].find((grant) => isDeepStrictEqual(grant.terms, terms));
      if (same === undefined && key.grants.size >= MAX_GRANTS_PER_KEY) {
        throw kmsError('LimitExceededException', `Grants per key quota is ${String(MAX_GRANTS_PER_KEY)}`);
      }
      stopDryRun(DryRun);
      const id = same?.id ?? newGrantId();
      if (same === undefined) {
        const nowMs = timeline.nowMs();
        key.grants.set(id, { id, terms, createdAtMs: nowMs, activeAtMs: nowMs + switches.visibilityDelayMs('grant', id) });
      }
      return { GrantId: id, GrantToken: grantTokenOf({ keyId: key.id, grantId: id }, newId()) };
    }),

    ListGrants: operation(
      listGrantsRequest,
      ({ KeyId, GrantId, GranteePrincipal, GranteeServicePrincipal, Limit, Marker }) => {
        const key = directory.forManagement('ListGrants', KeyId);
        const wanted = [...key.grants.values()].filter(
          ({ id, terms }) =>
            (GrantId === undefined || id === GrantId) &&
            (GranteePrincipal === undefined || terms.GranteePrincipal === GranteePrincipal) &&
            (GranteeServicePrincipal === undefined || terms.GranteeServicePrincipal === GranteeServicePrincipal),
        );
        const { items, rest } = pageOf(wanted, ({ id }) => id, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
        return { Grants: items.map((grant) => listed(key.id, grant)), ...rest };
      },
    ),

    ListRetirableGrants: operation(
      listRetirableGrantsRequest,
      ({ RetiringPrincipal, Limit, Marker }) => {
        assertPrincipal(RetiringPrincipal);
        const wanted = keys.all().flatMap((key) => [...key.grants.values()].filter(({ terms }) => terms.RetiringPrincipal === RetiringPrincipal).map((grant) => ({ keyId: key.id, grant })));
        const { items, rest } = pageOf(wanted, ({ grant }) => grant.id, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
        return { Grants: items.map(({ keyId, grant }) => listed(keyId, grant)), ...rest };
      },
    ),

    RevokeGrant: operation(revokeGrantRequest, ({ KeyId, GrantId, DryRun }) => {
      const key = directory.forManagement('RevokeGrant', KeyId);
      const { id } = existing(key, GrantId);
      stopDryRun(DryRun);
      key.grants.delete(id);
    }),

    RetireGrant: operation(
      retireGrantRequest,
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

/** @throws {InvalidArnException} for a text that names nobody. */
function assertPrincipal(name: string | undefined): void {
  if (name !== undefined && !PRINCIPAL.test(name)) throw kmsError('InvalidArnException', `ARN does not refer to a valid principal: ${name}`);
}

function assertTermsSuit({ spec, usage }: KmsKey, terms: GrantTerms): void {
  if ((terms.GranteePrincipal === undefined) === (terms.GranteeServicePrincipal === undefined)) {
    throw kmsError('ValidationException', 'Exactly one of GranteePrincipal and GranteeServicePrincipal is required.');
  }
  for (const name of [terms.GranteePrincipal, terms.GranteeServicePrincipal, terms.RetiringPrincipal, terms.RetiringServicePrincipal]) assertPrincipal(name);
  const isSymmetric = spec === 'SYMMETRIC_DEFAULT';
  const suitable: readonly string[] = [...FOR_EVERY_KEY, ...(isSymmetric ? OF_SYMMETRIC_KEYS : BY_USAGE[usage])];
  const unsuitable = terms.Operations.filter((name) => !suitable.includes(name));
  if (unsuitable.length > 0) {
    throw kmsError('ValidationException', `Grant operations [${unsuitable.join(', ')}] are not valid for a ${spec} key with usage ${usage}.`);
  }
  const { EncryptionContextEquals, EncryptionContextSubset } = terms.Constraints ?? {};
  for (const context of [EncryptionContextEquals, EncryptionContextSubset]) {
    if (context === undefined) continue;
    if (!isSymmetric) throw kmsError('ValidationException', `Encryption context constraints are not valid for a ${spec} key.`);
    if (Object.keys(context).length > MAX_CONTEXT_PAIRS) throw kmsError('ValidationException', `An encryption context constraint has at most ${String(MAX_CONTEXT_PAIRS)} pairs.`);
  }
}
