import { AwsError } from '../kernel/aws-error';
import type { AccessRequest, Policy, Principal, PrincipalMatch } from './policy';

/** The policies that bear on one request. */
export interface ApplicablePolicies {
  readonly identity: readonly Policy[];
  /** Of the resource, if it has one. */
  readonly resource?: Policy;
  /** Whether an identity policy suffices by itself. A KMS key's policy must name the account for that. */
  readonly identityNeedsResourcePolicy?: boolean;
  /** Whether a grant of the resource allows the request: to the principal itself, or to whom its account delegates it. */
  readonly grant?: (principal: Principal) => PrincipalMatch;
}

/**
 * Decides as IAM does within one account: an explicit deny anywhere wins; else the resource policy may allow the principal
 * directly; else an identity policy may allow it — for a KMS key only if the key policy delegates to the account; else a grant may.
 *
 * @throws {AwsError} `AccessDeniedException` with AWS's words.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
export function assertAllowed(request: AccessRequest, policies: ApplicablePolicies): void {
  const identity = policies.identity.flat().filter((statement) => statement.applies(request));
  const resource = (policies.resource ?? []).flatMap((statement) => {
    const match = statement.principal(request.principal);
    return match !== undefined && statement.applies(request) ? [{ effect: statement.effect, match }] : [];
  });

  if (identity.some(({ effect }) => effect === 'Deny')) throw denied(request, 'with an explicit deny in an identity-based policy');
  if (resource.some(({ effect }) => effect === 'Deny')) throw denied(request, 'with an explicit deny in a resource-based policy');
  if (resource.some(({ match }) => match === 'direct')) return;

  const isIdentityAllowed = identity.length > 0;
  const isDelegated = policies.identityNeedsResourcePolicy !== true || resource.length > 0;
  if (isDelegated && isIdentityAllowed) return;
  const granted = policies.grant?.(request.principal);
  if (granted === 'direct' || (granted === 'account' && isIdentityAllowed)) return;
  throw denied(request, `because no ${isDelegated || granted === 'account' ? 'identity' : 'resource'}-based policy allows the ${request.action} action`);
}

function denied({ principal, action, resource }: AccessRequest, reason: string): AwsError {
  const who = principal.sessionArn ?? principal.arn;
  return new AwsError('AccessDeniedException', `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}`);
}
