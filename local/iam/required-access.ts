import { notModelled } from '../kernel/aws-error';
import type { ServiceCall } from '../wire/message';
import { isRecord } from '../wire/protocol';
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
    case 'lambda':
      return [{ action: 'lambda:InvokeFunction', resource: functionArn(input, sources) }];
    case 'states':
      return [{ action: `states:${call.operation}`, resource: statesResource(call.operation, input, sources) }];
    case 'sns':
      return [{ action: `sns:${call.operation}`, resource: text(input['TopicArn']) ?? '*' }];
    case 'events':
      return entriesOf(input).map((entry) => ({
        action: `events:${call.operation}`,
        resource: eventBusArn(text(entry['EventBusName']) ?? 'default', sources),
        conditionKeys: { 'events:source': text(entry['Source']), 'events:detail-type': text(entry['DetailType']) },
      }));
    case 'sqs':
      return [{ action: `sqs:${call.operation}`, resource: arn('sqs', (text(input['QueueUrl']) ?? '').split('/').pop() ?? '', sources) }];
    case 'tagging':
      return [{ action: `tag:${call.operation}`, resource: '*' }];
    case 'cloudformation':
      return [{ action: `cloudformation:${call.operation}`, resource: stackArn(input, sources) }];
    default:
      throw notModelled(`which permissions ${call.service}:${call.operation} needs`);
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
  const tagsAtCreation =
    operation === 'CreateKey' && input['Tags'] !== undefined
      ? [{ action: 'kms:TagResource', resource: arn('kms', 'key/*', sources), conditionKeys: requestKeys }]
      : [];
  return [...onKeys, ...onOthers, ...tagsAtCreation];
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

function functionArn(input: Readonly<Record<string, unknown>>, sources: AuthorizationSources): string {
  const name = text(input['FunctionName']) ?? '';
  const qualifier = text(input['Qualifier']);
  const unqualified = name.startsWith('arn:') ? name : arn('lambda', `function:${name}`, sources);
  return qualifier === undefined ? unqualified : `${unqualified}:${qualifier}`;
}

function entriesOf(input: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  return Array.isArray(input['Entries']) ? input['Entries'].filter(isRecord) : [];
}

function eventBusArn(bus: string, sources: AuthorizationSources): string {
  return bus.startsWith('arn:') ? bus : arn('events', `event-bus/${bus}`, sources);
}

function stackArn(input: Readonly<Record<string, unknown>>, sources: AuthorizationSources): string {
  const name = text(input['StackName']);
  if (name === undefined) return '*';
  return name.startsWith('arn:') ? name : arn('cloudformation', `stack/${name}/*`, sources);
}

function arn(service: string, resource: string, { region, accountId }: AuthorizationSources): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
