import { z } from 'zod';
import { AwsError } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';
import type { Caller, Service } from '../kernel/service';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';
import { isRecord } from '../wire/protocol';
import type { PolicyDocument } from './documents';
import type { Identity, IdentityDirectory, IssuedCredentials } from './identities';

export interface IamOptions {
  readonly accountId: string;
  readonly identities: IdentityDirectory;
  readonly nextId: () => string;
}

/** Access keys of a user. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MAX_ACCESS_KEYS = 2;

const name = z.string().regex(/^[\w+=,.@-]{1,64}$/);
const path = z.string().regex(/^\/(?:[\x21-\x7e]+\/)?$/);
const PolicyName = z.string().regex(/^[\w+=,.@-]{1,128}$/);
const PolicyDocument = z.string().min(1).max(131_072);
const MaxSessionDuration = z.coerce.number().int().min(3_600).max(43_200).optional();
const tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional();
const paging = { Marker: z.string().optional(), MaxItems: z.coerce.number().int().min(1).max(1_000).default(100) };
type Paging = z.output<z.ZodObject<typeof paging>>;

const onUser = z.strictObject({ UserName: name });
const onRole = z.strictObject({ RoleName: name });
const listing = z.strictObject({ PathPrefix: z.string().default('/'), ...paging });

/**
 * IAM, as far as people look at identities and make weak ones: users with access keys, roles, inline policies.
 * Not modelled: managed policies, groups, boundaries, instance profiles, tags, login.
 */
export class IamService implements Service {
  private readonly operations = new Operations('IAM', 'ValidationError')
    .on('CreateUser', z.strictObject({ UserName: name, Path: path.default('/'), Tags: tags }), ({ UserName, Path }) => ({ User: describe(this.create('user', Path, UserName)) }))
    .on('GetUser', z.strictObject({ UserName: name.optional() }), ({ UserName }, caller) => ({ User: describe(this.user(UserName, caller)) }))
    .on('DeleteUser', onUser, ({ UserName }) => this.deleteUser(UserName))
    .on('ListUsers', listing, ({ PathPrefix, ...page }) => this.list('user', 'Users', PathPrefix, page))
    .on('CreateAccessKey', z.strictObject({ UserName: name.optional() }), ({ UserName }, caller) => this.createAccessKey(this.user(UserName, caller)))
    .on('DeleteAccessKey', z.strictObject({ UserName: name.optional(), AccessKeyId: z.string() }), ({ UserName, AccessKeyId }, caller) => this.deleteAccessKey(this.user(UserName, caller), AccessKeyId))
    .on('ListAccessKeys', z.strictObject({ UserName: name.optional(), ...paging }), ({ UserName, ...page }, caller) =>
      listed('AccessKeyMetadata', this.accessKeys(this.user(UserName, caller)), ({ accessKeyId }) => accessKeyId, page, describeKey),
    )
    .on('PutUserPolicy', onUser.extend({ PolicyName, PolicyDocument }), (request) => this.putPolicy(this.user(request.UserName), request))
    .on('GetUserPolicy', onUser.extend({ PolicyName }), ({ UserName, PolicyName: policy }) => ({ UserName, ...policyOf(this.user(UserName), policy) }))
    .on('DeleteUserPolicy', onUser.extend({ PolicyName }), ({ UserName, PolicyName: policy }) => this.deletePolicy(this.user(UserName), policy))
    .on('ListUserPolicies', onUser.extend(paging), ({ UserName, ...page }) => listedPolicies(this.user(UserName), page))
    .on('ListAttachedUserPolicies', onUser.extend(paging), ({ UserName }) => noneHeld('AttachedPolicies', this.user(UserName)))
    .on('ListGroupsForUser', onUser.extend(paging), ({ UserName }) => noneHeld('Groups', this.user(UserName)))
    .on(
      'CreateRole',
      onRole.extend({ AssumeRolePolicyDocument: PolicyDocument, Path: path.default('/'), Description: z.string().max(1_000).optional(), MaxSessionDuration, Tags: tags }),
      ({ RoleName, Path, AssumeRolePolicyDocument, MaxSessionDuration: seconds }) => ({ Role: describe(this.create('role', Path, RoleName, parsedDocument(AssumeRolePolicyDocument), seconds)) }),
    )
    .on('GetRole', onRole, ({ RoleName }) => ({ Role: describe(this.role(RoleName)) }))
    .on('DeleteRole', onRole, ({ RoleName }) => this.remove(this.role(RoleName)))
    .on('ListRoles', listing, ({ PathPrefix, ...page }) => this.list('role', 'Roles', PathPrefix, page))
    .on('UpdateAssumeRolePolicy', onRole.extend({ PolicyDocument }), ({ RoleName, PolicyDocument: document }) => {
      this.role(RoleName).trust = parsedDocument(document);
    })
    .on('PutRolePolicy', onRole.extend({ PolicyName, PolicyDocument }), (request) => this.putPolicy(this.role(request.RoleName), request))
    .on('GetRolePolicy', onRole.extend({ PolicyName }), ({ RoleName, PolicyName: policy }) => ({ RoleName, ...policyOf(this.role(RoleName), policy) }))
    .on('DeleteRolePolicy', onRole.extend({ PolicyName }), ({ RoleName, PolicyName: policy }) => this.deletePolicy(this.role(RoleName), policy))
    .on('ListRolePolicies', onRole.extend(paging), ({ RoleName, ...page }) => listedPolicies(this.role(RoleName), page))
    .on('ListAttachedRolePolicies', onRole.extend(paging), ({ RoleName }) => noneHeld('AttachedPolicies', this.role(RoleName)));

  constructor(private readonly options: IamOptions) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller) ?? {};
  }

  /** ARN of the user or role of a name; one that does not exist would have no path. */
  arnOf(kind: 'user' | 'role', entityName: string): string {
    return this.find(kind, entityName)?.arn ?? `arn:aws:iam::${this.options.accountId}:${kind}/${entityName}`;
  }

  private create(kind: 'user' | 'role', entityPath: string, entityName: string, trust?: PolicyDocument, maxSessionSeconds?: number): Identity {
    if (this.find(kind, entityName) !== undefined) throw new AwsError('EntityAlreadyExists', `${titleOf(kind)} with name ${entityName} already exists.`, 409);
    return this.options.identities.put(`arn:aws:iam::${this.options.accountId}:${kind}${entityPath}${entityName}`, trust, maxSessionSeconds);
  }

  private user(userName: string | undefined, caller?: Caller): Identity {
    const asked = userName ?? (caller !== undefined && caller.arn.includes(':user/') ? nameOf(caller.arn) : undefined);
    if (asked === undefined) throw new AwsError('ValidationError', 'Must specify userName when calling with non-User credentials');
    return this.entity('user', asked);
  }

  private role(roleName: string): Identity {
    return this.entity('role', roleName);
  }

  private entity(kind: 'user' | 'role', entityName: string): Identity {
    const found = this.find(kind, entityName);
    if (found === undefined) throw noSuchEntity(`The ${kind} with name ${entityName} cannot be found.`);
    return found;
  }

  private find(kind: 'user' | 'role', entityName: string): Identity | undefined {
    return this.all(kind).find(({ arn }) => nameOf(arn) === entityName);
  }

  private all(kind: 'user' | 'role'): readonly Identity[] {
    return this.options.identities.list().filter(({ arn }) => arn.startsWith(`arn:aws:iam::${this.options.accountId}:${kind}/`));
  }

  private list(kind: 'user' | 'role', member: string, prefix: string, page: Paging): unknown {
    return listed(member, this.all(kind).filter(({ arn }) => pathOf(arn).startsWith(prefix)), ({ arn }) => arn, page, describe);
  }

  private deleteUser(userName: string): void {
    const user = this.user(userName);
    if (this.accessKeys(user).length > 0) throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete access keys first.', 409);
    this.remove(user);
  }

  private remove({ arn, policies }: Identity): void {
    if (policies.size > 0) throw new AwsError('DeleteConflict', 'Cannot delete entity, must delete policies first.', 409);
    this.options.identities.delete(arn);
  }

  private accessKeys({ arn }: Identity): readonly IssuedCredentials[] {
    return this.options.identities.credentialsOf(arn);
  }

  private createAccessKey(user: Identity): unknown {
    if (this.accessKeys(user).length >= MAX_ACCESS_KEYS) throw new AwsError('LimitExceeded', `Cannot exceed quota for AccessKeysPerUser: ${String(MAX_ACCESS_KEYS)}`, 409);
    const key = this.options.identities.newCredentials(user.arn, 'local', this.options.nextId());
    return { AccessKey: { ...describeKey(key), SecretAccessKey: key.secretAccessKey } };
  }

  private deleteAccessKey(user: Identity, accessKeyId: string): void {
    if (!this.accessKeys(user).some((key) => key.accessKeyId === accessKeyId)) throw noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`);
    this.options.identities.revoke(accessKeyId);
  }

  private putPolicy({ arn }: Identity, { PolicyName: policy, PolicyDocument: document }: { readonly PolicyName: string; readonly PolicyDocument: string }): void {
    this.options.identities.putPolicy(arn, policy, parsedDocument(document));
  }

  private deletePolicy(identity: Identity, policy: string): void {
    policyOf(identity, policy);
    this.options.identities.deletePolicy(identity.arn, policy);
  }
}

/** @throws {AwsError} `MalformedPolicyDocument`. */
function parsedDocument(text: string): PolicyDocument {
  let document: unknown;
  try {
    document = parseClientJson(text);
  } catch {
    throw new AwsError('MalformedPolicyDocument', 'This policy contains invalid Json');
  }
  const statements: readonly unknown[] = isRecord(document) ? [document['Statement']].flat() : [];
  if (statements.length === 0 || !statements.every((statement) => isRecord(statement) && (statement['Effect'] === 'Allow' || statement['Effect'] === 'Deny'))) {
    throw new AwsError('MalformedPolicyDocument', 'Syntax errors in policy.');
  }
  return document as PolicyDocument;
}

/** @throws {AwsError} `NoSuchEntity`. */
function policyOf({ arn, policies }: Identity, policyName: string): { readonly PolicyName: string; readonly PolicyDocument: string } {
  const policy = policies.get(policyName);
  if (policy === undefined) throw noSuchEntity(`The ${arn.includes(':role/') ? 'role' : 'user'} policy with name ${policyName} cannot be found.`);
  return { PolicyName: policyName, PolicyDocument: urlEncoded(policy.document) };
}

function listedPolicies({ policies }: Identity, page: Paging): unknown {
  return listed('PolicyNames', [...policies.keys()], (policy) => policy, page, (policy) => policy);
}

/** Neither managed policies nor groups are modelled, so nobody who exists has one. */
function noneHeld(member: string, _identity: Identity): unknown {
  return { [member]: [], IsTruncated: false };
}

function describe({ arn, uniqueId, createdAtMs, trust, maxSessionSeconds }: Identity): unknown {
  const isRole = arn.includes(':role/');
  return {
    Path: pathOf(arn),
    [isRole ? 'RoleName' : 'UserName']: nameOf(arn),
    [isRole ? 'RoleId' : 'UserId']: uniqueId,
    Arn: arn,
    CreateDate: isoOf(createdAtMs),
    ...(isRole && { AssumeRolePolicyDocument: urlEncoded(trust ?? { Version: '2012-10-17', Statement: [] }), MaxSessionDuration: maxSessionSeconds }),
  };
}

function describeKey({ arn, accessKeyId, createdAtMs }: IssuedCredentials): Readonly<Record<string, string>> {
  return { UserName: nameOf(arn), AccessKeyId: accessKeyId, Status: 'Active', CreateDate: isoOf(createdAtMs) };
}

function listed<T>(member: string, all: readonly T[], idOf: (item: T) => string, { Marker, MaxItems }: Paging, show: (item: T) => unknown): unknown {
  const page = pageOf(all, idOf, MaxItems, Marker, () => new AwsError('ValidationError', 'Invalid Marker.'));
  return { [member]: page.items.map(show), IsTruncated: page.token !== undefined, ...(page.token !== undefined && { Marker: page.token }) };
}

function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', message, 404);
}

function nameOf(arn: string): string {
  return arn.split('/').pop() ?? '';
}

/** `/` or `/a/b/`. */
function pathOf(arn: string): string {
  return /:(?:role|user)(\/(?:.*\/)?)[^/]+$/.exec(arn)?.[1] ?? '/';
}

function titleOf(kind: string): string {
  return kind.slice(0, 1).toUpperCase() + kind.slice(1);
}

/** Policies are answered in percent-encoding. */
function urlEncoded(document: PolicyDocument): string {
  return encodeURIComponent(JSON.stringify(document));
}

/** To the second, as IAM tells dates. */
function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
