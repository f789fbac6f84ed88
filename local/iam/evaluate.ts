import { AwsError } from '../kernel/aws-error';
import type { AccessRequest, Policy } from './policy';

/** The policies that bear on one request. */
export interface ApplicablePolicies {
  readonly identity: readonly Policy[];
  /** Of the resource, if it has one. */
  readonly resource?: Policy;
  /** Whether an identity policy suffices by itself. A KMS key's policy must name the account for that. */
  readonly identityNeedsResourcePolicy?: boolean;
}

/**
 * Decides as IAM does within one account: an explicit deny anywhere wins; else the resource policy may allow the principal
 * directly; else an identity policy may allow it — for a KMS key only if the key policy delegates to the account.
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

  const isDelegated = policies.identityNeedsResourcePolicy !== true || resource.length > 0;
  if (!isDelegated) throw denied(request, `because no resource-based policy allows the ${request.action} action`);
  if (identity.length === 0) throw denied(request, `because no identity-based policy allows the ${request.action} action`);
}

function denied({ principal, action, resource }: AccessRequest, reason: string): AwsError {
  const who = principal.sessionArn ?? principal.arn;
  return new AwsError('AccessDeniedException', `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}`);
}
