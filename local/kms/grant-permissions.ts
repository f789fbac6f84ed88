import type { Principal, PrincipalMatch } from '../iam/policy';
import type { Grant, GrantTerms } from './grant';
import { parseGrantToken } from './grant-token';
import type { KmsKey } from './key';

type EncryptionContext = Readonly<Record<string, string>>;

/** A request, as grants are asked whether they allow it. */
export interface GrantedRequest {
  /** `Decrypt`, `ReEncryptFrom`… */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly nowMs: number;
}

/** The operations that take no encryption context, and that a constraint does not bear on. */
const UNCONSTRAINED = ['DescribeKey', 'RetireGrant'];

/**
 * Whether a grant of the key allows the request to a principal. A grant to a whole account leaves the decision to its IAM policies.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
 */
export function grantedTo(key: KmsKey, request: GrantedRequest, principal: Principal): PrincipalMatch {
  const presented = presentedGrants(request.input);
  const matches = [...key.grants.values()]
    .filter((grant) => (grant.activeAtMs <= request.nowMs || presented.includes(grant.id)) && allows(grant, request))
    .map(({ terms }) => granteeMatch(terms, principal));
  return strongest(matches);
}

/**
 * Whether a principal may retire a grant: its retiring principal, its grantee if it allows RetireGrant, and by an IAM policy
 * everyone to whom the account that made the grant delegates it.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/grant-delete.html
 */
export function mayRetire({ terms }: Grant, principal: Principal): PrincipalMatch {
  const retiring = strongest([namedAs(terms.RetiringPrincipal, principal), namedAs(terms.RetiringServicePrincipal, principal)]);
  return strongest([retiring, terms.Operations.includes('RetireGrant') ? granteeMatch(terms, principal) : undefined]);
}

function allows({ terms }: Grant, { operation, input }: GrantedRequest): boolean {
  if (!(terms.Operations as readonly string[]).includes(operation)) return false;
  // Only a service that acts for a resource could tell that resource; none does here.
  if (terms.Constraints?.SourceArn !== undefined) return false;
  if (UNCONSTRAINED.includes(operation)) return true;
  return operation === 'CreateGrant' ? isWithin(terms, input) : isMet(terms, contextOf(operation, input));
}

function contextOf(operation: string, input: GrantedRequest['input']): EncryptionContext {
  const member = operation === 'ReEncryptFrom' ? 'SourceEncryptionContext' : operation === 'ReEncryptTo' ? 'DestinationEncryptionContext' : 'EncryptionContext';
  return (input[member] as EncryptionContext | undefined) ?? {};
}

function isMet({ Constraints: { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = {} }: GrantTerms, context: EncryptionContext): boolean {
  if (equal !== undefined && !(includes(context, equal) && includes(equal, context))) return false;
  return subset === undefined || includes(context, subset);
}

/** A grant made by a grant allows no operation that the first does not, under constraints that are as strict. */
function isWithin(terms: GrantTerms, input: GrantedRequest['input']): boolean {
  const { Operations: operations = [], Constraints: made = {} } = input as Partial<GrantTerms>;
  if (!operations.every((name) => terms.Operations.includes(name))) return false;
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = terms.Constraints ?? {};
  const madeEqual = made.EncryptionContextEquals;
  if (equal !== undefined && !(madeEqual !== undefined && includes(madeEqual, equal) && includes(equal, madeEqual))) return false;
  return subset === undefined || includes(madeEqual ?? made.EncryptionContextSubset ?? {}, subset);
}

function includes(whole: EncryptionContext, part: EncryptionContext): boolean {
  return Object.entries(part).every(([name, value]) => Object.hasOwn(whole, name) && whole[name] === value);
}

function granteeMatch(terms: GrantTerms, principal: Principal): PrincipalMatch {
  return strongest([namedAs(terms.GranteePrincipal, principal), namedAs(terms.GranteeServicePrincipal, principal)]);
}

/** Whether a grant's words for somebody mean this principal. */
function namedAs(name: string | undefined, { arn, sessionArn, accountId, kind }: Principal): PrincipalMatch {
  if (name === undefined) return undefined;
  if (name === arn || name === sessionArn) return 'direct';
  return kind === 'identity' && (name === accountId || name === `arn:aws:iam::${accountId}:root`) ? 'account' : undefined;
}

function strongest(matches: readonly PrincipalMatch[]): PrincipalMatch {
  return matches.includes('direct') ? 'direct' : matches.find((match) => match === 'account');
}

/** Ids of the grants whose tokens a request brings. */
function presentedGrants({ GrantTokens: tokens }: GrantedRequest['input']): readonly string[] {
  if (!Array.isArray(tokens)) return [];
  return tokens.flatMap((token) => (typeof token === 'string' ? (parseGrantToken(token)?.grantId ?? []) : []));
}
