import type { ServiceCall } from '../wire/message';
import { isRecord } from '../wire/protocol';
import { otherAccess } from './other-access';
import type { Principal, PrincipalMatch } from './policy';

/** One permission that a call needs. */
export interface RequiredAccess {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of this call, by their names. */
  readonly conditionKeys?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Policy of the KMS key, as JSON text. */
  readonly keyPolicy?: string;
  /** Whether a grant allows it. */
  readonly grant?: (principal: Principal) => PrincipalMatch;
  /** Whether the resource belongs to another account, of which nothing is here. */
  readonly isOfOtherAccount?: boolean;
}

/** A KMS key that a call touches. */
export interface TouchedKey {
  readonly arn: string;
  readonly policy: string;
  readonly tags: Readonly<Record<string, string>>;
  /** With their prefix. */
  readonly aliases: readonly string[];
  /** What the call needs on this key: `ReEncrypt` needs `ReEncryptFrom` on one and `ReEncryptTo` on another. */
  readonly permissions: readonly string[];
  /** Whether a grant of the key gives a permission to a principal. Not there for a key without grants. */
  readonly grants?: (permission: string, principal: Principal) => PrincipalMatch;
}

/** What this room must know of the services, to name what a call touches. */
export interface AuthorizationSources {
  readonly accountId: string;
  readonly region: string;
  readonly kms: {
    authorizationOf(operation: string, input: unknown): { readonly resourceArns: readonly string[]; readonly keys: readonly TouchedKey[] };
  };
  readonly dynamodb: {
    authorizationOf(operation: string, input: unknown): readonly { readonly action: string; readonly resourceArns: readonly string[]; readonly leadingKeys: readonly string[] }[];
  };
  /** The state machine whose execution waits for a task token; `undefined` for a token that is not known. */
  readonly stateMachineOfToken: (taskToken: string) => string | undefined;
  /** ARN of a user or role, by its name. @default one without a path */
  readonly identityArnOf?: (kind: 'user' | 'role', name: string) => string;
}

/**
 * The permissions that a call needs, all of them.
 * @throws {AwsError} `NotModelledLocally` for an operation whose permissions are not known here.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function requiredAccess(call: ServiceCall, sources: AuthorizationSources): readonly RequiredAccess[] {
  const input = isRecord(call.input) ? call.input : {};
  switch (call.service) {
    case 'kms':
      return kmsAccess(call.operation, input, sources);
    case 'dynamodb':
      return sources.dynamodb.authorizationOf(call.operation, input).flatMap(({ action, resourceArns, leadingKeys }) =>
        resourceArns.map((resource) => ({
          action,
          resource,
          conditionKeys: { 'dynamodb:LeadingKeys': leadingKeys.length > 0 ? leadingKeys : undefined },
        })),
      );
    case 'states':
      return [{ action: `states:${call.operation}`, resource: statesResource(call.operation, input, sources) }];
    default:
      return otherAccess(call, input, sources);
  }
}

function kmsAccess(operation: string, input: Readonly<Record<string, unknown>>, sources: AuthorizationSources): RequiredAccess[] {
  const action = `kms:${operation}`;
  const { resourceArns, keys } = sources.kms.authorizationOf(operation, input);
  const requestKeys = kmsRequestKeys(operation, input);
  const onKeys = keys.flatMap(({ arn: resource, policy, tags, aliases, permissions, grants }) =>
    permissions.map((permission) => ({
      action: `kms:${permission}`,
      resource,
      // Who may retire a grant is said by the grant, and by IAM policies where the account delegates it: never by the key policy.
      ...(permission !== 'RetireGrant' && { keyPolicy: policy }),
      ...(grants !== undefined && { grant: (principal: Principal) => grants(permission, principal) }),
      conditionKeys: {
        ...kmsRequestKeys(permission, input),
        ...tagKeys('aws:ResourceTag', tags),
        'kms:ResourceAliases': aliases.length > 0 ? aliases : undefined,
      },
    })),
  );
  // A key or alias that does not exist has no policy that could refuse: KMS answers that it is not found.
  const isAlias = /^(?:Create|Update|Delete)Alias$/.test(operation);
  const onOthers = resourceArns
    .filter((resource) => resource === '*' || (isAlias && resource.includes(':alias/')))
    .map((resource) => ({ action, resource, conditionKeys: requestKeys }));
  const [here, mine] = [`arn:aws:kms:${sources.region}:`, arn('kms', '', sources)];
  const ofOtherAccounts = resourceArns.filter((resource) => resource.startsWith(here) && !resource.startsWith(mine)).map((resource) => ({ action, resource, isOfOtherAccount: true }));
  const tagsAtCreation =
    operation === 'CreateKey' && input['Tags'] !== undefined
      ? [{ action: 'kms:TagResource', resource: arn('kms', 'key/*', sources), conditionKeys: requestKeys }]
      : [];
  return [...onKeys, ...onOthers, ...ofOtherAccounts, ...tagsAtCreation];
}

/** @see https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
function kmsRequestKeys(operation: string, input: Readonly<Record<string, unknown>>): Record<string, string | readonly string[] | undefined> {
  // ReEncrypt has a key and an encryption context of each kind.
  const side = operation === 'ReEncryptFrom' ? 'Source' : operation === 'ReEncryptTo' ? 'Destination' : '';
  const alias = /(?:^|:)(alias\/.+)$/.exec(text(input[`${side}KeyId`]) ?? '')?.[1];
  const tags = Array.isArray(input['Tags']) ? input['Tags'].filter(isRecord) : [];
  const removed = Array.isArray(input['TagKeys']) ? input['TagKeys'].map(String) : [];
  const names = [...tags.map((tag) => String(tag['TagKey'])), ...removed];
  const given = input[`${side}EncryptionContext`];
  const encryptionContext = isRecord(given) ? given : {};
  const contextNames = Object.keys(encryptionContext);
  return {
    'kms:RequestAlias': alias,
    'kms:ScheduleKeyDeletionPendingWindowInDays': operation === 'ScheduleKeyDeletion' ? String((input['PendingWindowInDays'] as number | undefined) ?? 30) : undefined,
    'kms:BypassPolicyLockoutSafetyCheck':
      operation === 'CreateKey' || operation === 'PutKeyPolicy' ? String(input['BypassPolicyLockoutSafetyCheck'] === true) : undefined,
    'kms:EncryptionContextKeys': contextNames.length > 0 ? contextNames : undefined,
    ...Object.fromEntries(contextNames.map((name) => [`kms:EncryptionContext:${name}`, String(encryptionContext[name])])),
    'aws:TagKeys': names.length > 0 ? names : undefined,
    ...tagKeys('aws:RequestTag', Object.fromEntries(tags.map((tag) => [String(tag['TagKey']), String(tag['TagValue'])]))),
  };
}

function tagKeys(prefix: string, tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [`${prefix}/${name}`, value]));
}

function statesResource(operation: string, input: Readonly<Record<string, unknown>>, sources: AuthorizationSources): string {
  if (operation.startsWith('SendTask')) return sources.stateMachineOfToken(text(input['taskToken']) ?? '') ?? '*';
  return text(input['executionArn']) ?? text(input['stateMachineArn']) ?? '*';
}

function arn(service: string, resource: string, { region, accountId }: AuthorizationSources): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
