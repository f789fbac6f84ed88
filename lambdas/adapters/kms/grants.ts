import { createHash } from 'node:crypto';
import type { CreateGrantRequest, GrantListEntry } from '@aws-sdk/client-kms';
import type { ObservedGrant } from '../../ports/key-provider';
import { present } from './calls';

/** The name of the grant that carries another one over: the same for every repetition, and for no other grant. */
export function carriedGrantName(sourceGrantId: string): string {
  return `keyturn-${createHash('sha256').update(sourceGrantId).digest('hex')}`;
}

/** @throws {IncompleteAnswer} */
export function observedGrant(grant: GrantListEntry): ObservedGrant {
  return {
    grantId: present(grant.GrantId, 'GrantId'),
    ...(grant.Name !== undefined && { name: grant.Name }),
    granteePrincipal: present(grant.GranteePrincipal ?? grant.GranteeServicePrincipal, 'GranteePrincipal'),
    isMadeByService: isMadeByService(grant),
  };
}

/**
 * Whether an AWS service made the grant for its own use. Only that service can make it again: `ListGrants` shows its service
 * principal in place of the real grantee, and a grant to a service principal needs the service as its caller.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
 */
export function isMadeByService(grant: GrantListEntry): boolean {
  return (
    grant.GranteeServicePrincipal !== undefined ||
    grant.RetiringServicePrincipal !== undefined ||
    isServicePrincipal(grant.GranteePrincipal) ||
    isServicePrincipal(grant.RetiringPrincipal)
  );
}

/** Grants of services cannot be made again by anybody else, and a grantee that was deleted from IAM is shown as its bare id and gets nothing. */
export function isCarriable(grant: GrantListEntry): boolean {
  return !isMadeByService(grant) && grant.GranteePrincipal?.startsWith('arn:') === true;
}

/** Service principals are host names, `dynamodb.us-east-1.amazonaws.com`; all other principals are ARNs. */
function isServicePrincipal(principal: string | undefined): boolean {
  return principal !== undefined && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(principal);
}

/** The request that makes the same grant on another key. By its name, KMS answers a repetition with the grant that exists. */
export function carriedGrant(grant: GrantListEntry, toKeyId: string): CreateGrantRequest {
  return {
    KeyId: toKeyId,
    Name: carriedGrantName(present(grant.GrantId, 'GrantId')),
    GranteePrincipal: present(grant.GranteePrincipal, 'GranteePrincipal'),
    Operations: present(grant.Operations, 'Operations'),
    RetiringPrincipal: grant.RetiringPrincipal,
    Constraints: grant.Constraints,
  };
}
