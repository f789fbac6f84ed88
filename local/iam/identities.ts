import { createHash } from 'node:crypto';
import type { Json } from '../../lambdas/domain/trace';
import type { Clock } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { CredentialDirectory, SigningIdentity } from '../wire/authentication';
import type { PolicyDocument } from './documents';
import { compilePolicy, type Policy, type Principal } from './policy';
import { savedIdentities } from './saved-identities';

/** A role or user of the account. */
export interface Identity {
  readonly arn: string;
  /** `AROA…` or `AIDA…`. */
  readonly uniqueId: string;
  readonly createdAtMs: number;
  /** Who may assume it, if it is a role that was told so. */
  trust?: PolicyDocument;
  /** The longest session that AssumeRole gives. */
  readonly maxSessionSeconds: number;
  readonly policies: Map<string, { readonly document: PolicyDocument; readonly compiled: Policy }>;
}

/** Credentials that were issued, and for whom. */
export interface IssuedCredentials extends SigningIdentity {
  /** ARN of the role or user. */
  readonly arn: string;
  readonly sessionName: string;
  /** Virtual, ms since the epoch. */
  readonly createdAtMs: number;
  /** By the wall clock, ms since the epoch: clients renew their sessions by it. @default never */
  readonly expiresAtMs?: number;
}

export interface IdentityOptions {
  /** @default time stands at 0 */
  readonly clock?: Clock;
  /** The wall clock of the clients, ms since the epoch. @default sessions do not expire */
  readonly wallNowMs?: () => number;
  /** What nobody else knows: whoever does can derive every credential. @default '': they are the same everywhere */
  readonly credentialSeed?: string;
}

/** @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html MaxSessionDuration */
const DEFAULT_MAX_SESSION_SECONDS = 3_600;

const ROLE_ARN = /^arn:aws:iam::(\d{12}):role\/(?:.*\/)?([^/]+)$/;
const USER_ARN = /^arn:aws:iam::(\d{12}):user\/(?:.*\/)?([^/]+)$/;

/**
 * The roles and users of the account, their policies, and every credential that was issued. Credentials are derived from
 * whom they are for and the account's seed: the same account issues the same ones, and no other does.
 */
export class IdentityDirectory implements CredentialDirectory, Stateful {
  private readonly identities = new Map<string, Identity>();
  private readonly principalsByCallerArn = new Map<string, Principal>();
  private readonly credentialsById = new Map<string, IssuedCredentials>();

  constructor(private readonly options: IdentityOptions = {}) {}

  /** Creates the role or user; one that exists keeps its policies, and whatever is not given. @param trust who may assume the role */
  put(arn: string, trust?: PolicyDocument, maxSessionSeconds?: number): Identity {
    const { isSession } = identityOf(arn, 'any');
    const existing = this.identities.get(arn);
    const identity: Identity = {
      arn,
      uniqueId: uniqueId(isSession ? 'AROA' : 'AIDA', arn),
      createdAtMs: existing?.createdAtMs ?? this.nowMs(),
      maxSessionSeconds: maxSessionSeconds ?? existing?.maxSessionSeconds ?? DEFAULT_MAX_SESSION_SECONDS,
      policies: existing?.policies ?? new Map<string, { document: PolicyDocument; compiled: Policy }>(),
    };
    const trusted = trust ?? existing?.trust;
    if (trusted !== undefined) identity.trust = trusted;
    this.identities.set(arn, identity);
    return identity;
  }

  /** Removes the role or user with its credentials; one that does not exist is no error. */
  delete(arn: string): void {
    this.identities.delete(arn);
    for (const credentials of this.credentialsOf(arn)) this.credentialsById.delete(credentials.accessKeyId);
  }

  /** Gives a role or user a policy, or replaces the one of that name; sessions that exist have it at once. */
  putPolicy(arn: string, policyName: string, document: PolicyDocument): void {
    const compiled = compilePolicy(document);
    (this.identities.get(arn) ?? this.put(arn)).policies.set(policyName, { document, compiled });
  }

  deletePolicy(arn: string, policyName: string): void {
    this.identities.get(arn)?.policies.delete(policyName);
  }

  has(arn: string): boolean {
    return this.identities.has(arn);
  }

  get(arn: string): Identity | undefined {
    return this.identities.get(arn);
  }

  /** All roles and users, in the order in which they were made. */
  list(): readonly Identity[] {
    return [...this.identities.values()];
  }

  /**
   * Credentials of a user, or of a session of a role: the same ones for the same name.
   * @throws {Error} when there is no such role or user.
   */
  credentialsFor(arn: string, sessionName = 'local'): SigningIdentity {
    const { caller } = identityOf(arn, sessionName);
    return this.issue(arn, sessionName, caller.arn);
  }

  /**
   * Credentials of their own: other ones each time that the seed is another.
   * @param expiresAtMs by the wall clock
   * @throws {Error} when there is no such role or user.
   */
  newCredentials(arn: string, sessionName: string, seed: string, expiresAtMs?: number): IssuedCredentials {
    return this.issue(arn, sessionName, `${arn} ${sessionName} ${seed}`, expiresAtMs);
  }

  /** What was issued for a role or user, in the order in which it was. */
  credentialsOf(arn: string): readonly IssuedCredentials[] {
    return [...this.credentialsById.values()].filter((credentials) => credentials.arn === arn);
  }

  revoke(accessKeyId: string): void {
    this.credentialsById.delete(accessKeyId);
  }

  find(accessKeyId: string): IssuedCredentials | undefined {
    return this.credentialsById.get(accessKeyId);
  }

  hasExpired({ accessKeyId }: SigningIdentity): boolean {
    const expiresAtMs = this.credentialsById.get(accessKeyId)?.expiresAtMs;
    const { wallNowMs } = this.options;
    return expiresAtMs !== undefined && wallNowMs !== undefined && wallNowMs() >= expiresAtMs;
  }

  /** The principal behind a caller, with its policies; an AWS service has none. */
  identityOf(caller: Caller): { readonly principal: Principal; readonly policies: readonly Policy[] } {
    const principal = this.principalsByCallerArn.get(caller.arn);
    if (principal !== undefined) {
      const policies = this.identities.get(principal.arn)?.policies.values() ?? [];
      return { principal, policies: [...policies].map(({ compiled }) => compiled) };
    }
    const kind = caller.arn.endsWith('.amazonaws.com') ? 'service' : 'identity';
    return { principal: { accountId: caller.accountId, arn: caller.arn, kind }, policies: [] };
  }

  save(): Json {
    return {
      identities: this.list().map(({ arn, createdAtMs, trust, maxSessionSeconds, policies }) => ({
        arn,
        createdAtMs,
        ...(trust !== undefined && { trust }),
        maxSessionSeconds,
        policies: [...policies].map(([name, { document }]) => ({ name, document })),
      })),
      // One by one: the SDK puts members of its own into credentials that it is given.
      credentials: [...this.credentialsById.values()].map(({ arn, sessionName, accessKeyId, secretAccessKey, sessionToken, createdAtMs, expiresAtMs }) => ({
        arn,
        sessionName,
        accessKeyId,
        secretAccessKey,
        ...(sessionToken !== undefined && { sessionToken }),
        createdAtMs,
        ...(expiresAtMs !== undefined && { expiresAtMs }),
      })),
    } as unknown as Json;
  }

  load(saved: Json): void {
    const { identities, credentials } = savedIdentities.parse(saved);
    for (const { arn, createdAtMs, trust, maxSessionSeconds, policies } of identities) {
      const compiled = policies.map(({ name, document }) => [name, { document, compiled: compilePolicy(document) }] as const);
      const identity = { ...this.put(arn, trust, maxSessionSeconds), createdAtMs, policies: new Map(compiled) };
      this.identities.set(arn, identity);
    }
    for (const { sessionToken, expiresAtMs, ...issued } of credentials) {
      const { caller, principal } = identityOf(issued.arn, issued.sessionName);
      this.principalsByCallerArn.set(caller.arn, principal);
      this.credentialsById.set(issued.accessKeyId, { ...issued, caller, ...(sessionToken !== undefined && { sessionToken }), ...(expiresAtMs !== undefined && { expiresAtMs }) });
    }
  }

  private issue(arn: string, sessionName: string, seed: string, expiresAtMs?: number): IssuedCredentials {
    if (!this.identities.has(arn)) throw new Error(`There is no role or user ${arn} in the local account`);
    const { caller, principal, isSession } = identityOf(arn, sessionName);
    this.principalsByCallerArn.set(caller.arn, principal);
    const { credentialSeed = '' } = this.options;
    const secret = derived(`secret ${credentialSeed} ${seed}`);
    const accessKeyId = `${isSession ? 'ASIA' : 'AKIA'}${derived(`${credentialSeed} ${seed}`).slice(0, 16).toUpperCase()}`;
    const credentials: IssuedCredentials = {
      accessKeyId,
      secretAccessKey: secret.slice(0, 40),
      ...(isSession && { sessionToken: `local-session-${secret.slice(40)}` }),
      caller,
      arn,
      sessionName,
      createdAtMs: this.credentialsById.get(accessKeyId)?.createdAtMs ?? this.nowMs(),
      ...(expiresAtMs !== undefined && { expiresAtMs }),
    };
    this.credentialsById.set(accessKeyId, credentials);
    return credentials;
  }

  private nowMs(): number {
    return this.options.clock?.nowMs() ?? 0;
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
