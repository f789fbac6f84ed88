/**
 * Who someone is, for the question whether two answers come from two people. An assumed role's session name is chosen by its caller and
 * counts for nothing, unless the identity provider sets it: that is what `vouchedRoles` names.
 */
export interface IdentityRules {
  /** Names of roles whose session names cannot be chosen by their callers, such as those of IAM Identity Center. `*` stands for any characters. */
  readonly vouchedRoles: readonly string[];
}

const ASSUMED_ROLE = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\/([^/]+)$/;
const IAM_ROLE = /^arn:([^:]+):iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/;

const IAM_USER = /^arn:[^:]+:iam::\d{12}:user\/.+$/;

/** Whether a caller can answer for what it asks: an IAM user, or a session of a role. A federated user chooses its own name, and root is nobody in particular. */
export function isAccountable(callerArn: string): boolean {
  return IAM_USER.test(callerArn) || ASSUMED_ROLE.test(callerArn);
}

/** The part of a caller's ARN that the caller cannot choose: a user, a role, or a session whose name the identity provider sets. */
export function identityOf(callerArn: string, { vouchedRoles }: IdentityRules): string {
  const [, partition, account, role, session] = ASSUMED_ROLE.exec(callerArn) ?? [];
  if (role === undefined) return callerArn;
  const identity = `arn:${partition}:iam::${account}:role/${role}`;
  return vouchedRoles.some((pattern) => matchesPattern(role, pattern)) ? `${identity}/${session}` : identity;
}

/**
 * Compares a policy's IAM ARN with the ARN that a request was signed by. A role's path is not part of a session's ARN, and role names are
 * unique in an account.
 */
export function isSamePrincipal(policyArn: string, callerArn: string): boolean {
  if (policyArn === callerArn) return true;
  const role = IAM_ROLE.exec(policyArn);
  const session = ASSUMED_ROLE.exec(callerArn);
  return role !== null && session !== null && [1, 2, 3].every((part) => role[part] === session[part]);
}

function matchesPattern(text: string, pattern: string): boolean {
  const literal = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`).test(text);
}
