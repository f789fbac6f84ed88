import { createHash } from 'node:crypto';
import type { Caller } from '../kernel/service';
import type { CredentialDirectory, SigningIdentity } from '../wire/authentication';
import type { PolicyDocument } from './documents';
import { compilePolicy, type Policy, type Principal } from './policy';

interface Identity {
  readonly principal: Principal;
  readonly policies: ReadonlyMap<string, Policy>;
}

const ROLE_ARN = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/;
const USER_ARN = /^arn:aws:iam::(\d{12}):user\/(?:.*\/)?([^/]+)$/;

/**
 * The roles and users of the account, their policies, and every credential that was issued. Credentials are derived from
 * whom they are for: the same deployment issues the same ones, and their secrets protect nothing.
 */
export class IdentityDirectory implements CredentialDirectory {
  private readonly policiesByArn = new Map<string, Map<string, Policy>>();
  private readonly identitiesByCallerArn = new Map<string, Identity>();
  private readonly credentialsById = new Map<string, SigningIdentity>();

  /** Creates the role or user; one that exists keeps its policies. */
  put(arn: string): void {
    if (!this.policiesByArn.has(arn)) this.policiesByArn.set(arn, new Map());
  }

  /** Gives a role or user a policy, or replaces the one of that name; sessions that exist have it at once. */
  putPolicy(arn: string, policyName: string, document: PolicyDocument): void {
    const policy = compilePolicy(document);
    this.put(arn);
    this.policiesByArn.get(arn)?.set(policyName, policy);
  }

  deletePolicy(arn: string, policyName: string): void {
    this.policiesByArn.get(arn)?.delete(policyName);
  }

  has(arn: string): boolean {
    return this.policiesByArn.has(arn);
  }

  /**
   * Credentials of a user, or of a session of a role.
   * @throws {Error} when there is no such role or user.
   */
  credentialsFor(arn: string, sessionName = 'local'): SigningIdentity {
    const policies = this.policiesByArn.get(arn);
    if (policies === undefined) throw new Error(`There is no role or user ${arn} in the local account`);
    const { caller, principal, isSession } = identityOf(arn, sessionName);
    this.identitiesByCallerArn.set(caller.arn, { principal, policies });
    const secret = derived(`secret ${caller.arn}`);
    const credentials: SigningIdentity = {
      accessKeyId: `${isSession ? 'ASIA' : 'AKIA'}${derived(caller.arn).slice(0, 16).toUpperCase()}`,
      secretAccessKey: secret.slice(0, 40),
      ...(isSession && { sessionToken: `local-session-${secret.slice(40)}` }),
      caller,
    };
    this.credentialsById.set(credentials.accessKeyId, credentials);
    return credentials;
  }

  find(accessKeyId: string): SigningIdentity | undefined {
    return this.credentialsById.get(accessKeyId);
  }

  /** The principal behind a caller, with its policies; an AWS service has none. */
  identityOf(caller: Caller): { readonly principal: Principal; readonly policies: readonly Policy[] } {
    const identity = this.identitiesByCallerArn.get(caller.arn);
    if (identity !== undefined) return { principal: identity.principal, policies: [...identity.policies.values()] };
    const kind = caller.arn.endsWith('.amazonaws.com') ? 'service' : 'identity';
    return { principal: { accountId: caller.accountId, arn: caller.arn, kind }, policies: [] };
  }
}

function identityOf(arn: string, sessionName: string): { caller: Caller; principal: Principal; isSession: boolean } {
  const [, roleAccount, roleName] = ROLE_ARN.exec(arn) ?? [];
  if (roleAccount !== undefined && roleName !== undefined) {
    const sessionArn = `arn:aws:sts::${roleAccount}:assumed-role/${roleName}/${sessionName}`;
    return {
      caller: { accountId: roleAccount, arn: sessionArn, userId: `${uniqueId('AROA', arn)}:${sessionName}` },
      principal: { accountId: roleAccount, arn, sessionArn, kind: 'identity' },
      isSession: true,
    };
  }
  const [, userAccount] = USER_ARN.exec(arn) ?? [];
  if (userAccount === undefined) throw new Error(`${arn} is not the ARN of a role or user`);
  return {
    caller: { accountId: userAccount, arn, userId: uniqueId('AIDA', arn) },
    principal: { accountId: userAccount, arn, kind: 'identity' },
    isSession: false,
  };
}

function uniqueId(prefix: string, arn: string): string {
  return `${prefix}${derived(`id ${arn}`).slice(0, 17).toUpperCase()}`;
}

function derived(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
