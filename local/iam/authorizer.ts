import { AwsError } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import type { ServiceCall } from '../wire/message';
import { conditionContext } from './conditions';
import type { PolicyDocument } from './documents';
import { assertAllowed } from './evaluate';
import type { IdentityDirectory } from './identities';
import { compilePolicy, type Policy } from './policy';
import { type AuthorizationSources, requiredAccess, type RequiredAccess } from './required-access';

/** How services other than the default word a refusal: error name and HTTP status. */
const REFUSALS: Readonly<Record<string, readonly [code: string, httpStatus: number]>> = {
  sns: ['AuthorizationError', 403],
  cloudformation: ['AccessDenied', 403],
  lambda: ['AccessDeniedException', 403],
  scheduler: ['AccessDeniedException', 403],
  iam: ['AccessDenied', 403],
};

/** Decides about calls by the identity policies of the caller and the policies of the resources. */
export class Authorizer {
  /** Key policies by their text: a fleet of keys shares a few policies, and compiling costs more than deciding. */
  private readonly keyPolicies = new Map<string, Policy>();

  constructor(
    private readonly identities: IdentityDirectory,
    private readonly sources: AuthorizationSources,
  ) {}

  /** @throws {AwsError} `AccessDeniedException`, in the service's own words, when a permission of the call is missing. */
  authorize(call: ServiceCall): void {
    try {
      for (const access of requiredAccess(call, this.sources)) this.assertAccess(call.caller, access);
    } catch (error) {
      const [code, httpStatus] = REFUSALS[call.service] ?? [];
      if (error instanceof AwsError && error.code === 'AccessDeniedException' && code !== undefined) {
        throw new AwsError(code, error.message, httpStatus);
      }
      throw error;
    }
  }

  /**
   * Whether a caller has one permission, for calls that do not come over the wire: Step Functions and Scheduler with their role,
   * EventBridge as a service, a Function URL.
   * @throws {AwsError} `AccessDeniedException`.
   */
  assertAccess(caller: Caller, access: RequiredAccess, resourcePolicy?: Policy): void {
    const { principal, policies } = this.identities.identityOf(caller);
    if (access.isOfOtherAccount === true) throw outOfReach(caller, access);
    const context = conditionContext({
      ...(principal.kind === 'identity' && { 'aws:PrincipalArn': principal.arn, 'aws:PrincipalAccount': principal.accountId, 'aws:userid': caller.userId }),
      'aws:ResourceAccount': this.sources.accountId,
      'kms:CallerAccount': access.action.startsWith('kms:') ? caller.accountId : undefined,
      ...access.conditionKeys,
    });
    const resource = access.keyPolicy === undefined ? resourcePolicy : this.keyPolicy(access.keyPolicy);
    assertAllowed(
      { principal, action: access.action, resource: access.resource, context },
      {
        identity: policies,
        identityNeedsResourcePolicy: access.keyPolicy !== undefined,
        ...(resource !== undefined && { resource }),
        ...(access.grant !== undefined && { grant: access.grant }),
      },
    );
  }

  private keyPolicy(text: string): Policy {
    let policy = this.keyPolicies.get(text);
    if (policy === undefined) {
      policy = compilePolicy(JSON.parse(text) as PolicyDocument);
      this.keyPolicies.set(text, policy);
    }
    return policy;
  }
}

/** AWS does not tell whether another account has what it does not share. */
function outOfReach({ arn }: Caller, { action, resource }: RequiredAccess): AwsError {
  const reason = 'because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
  return new AwsError('AccessDeniedException', `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`);
}
