import { notModelled } from '../kernel/aws-error';
import type { ServiceCall } from '../wire/message';
import { isRecord } from '../wire/protocol';
import type { AuthorizationSources, RequiredAccess } from './required-access';

type Input = Readonly<Record<string, unknown>>;

/** Operations on no resource of their own. */
const ON_ANYTHING: Readonly<Record<string, RegExp>> = {
  lambda: /^ListFunctions$/,
  sns: /^List(?:Topics|Subscriptions)$/,
  sqs: /^ListQueues$/,
  events: /^ListRules$/,
  scheduler: /^ListSchedules$/,
  cloudformation: /^ListStacks$/,
  iam: /^List(?:Users|Roles)$/,
};

/**
 * The permissions that a call of one of the smaller services needs.
 * @throws {AwsError} `NotModelledLocally` for a service whose permissions are not known here.
 */
export function otherAccess(call: ServiceCall, input: Input, sources: AuthorizationSources): readonly RequiredAccess[] {
  const { service, operation } = call;
  if (service === 'events' && operation === 'PutEvents') return entriesOf(input).map((entry) => eventAccess(entry, sources));
  // Everyone may ask who they are, and a role's trust policy decides who may assume it.
  if (service === 'sts') return [];
  const action = actionOf(service, operation);
  if (ON_ANYTHING[service]?.test(operation) === true || service === 'tagging') return [{ action, resource: '*' }];
  return [{ action, resource: resourceOf(call, input, sources) }];
}

function actionOf(service: string, operation: string): string {
  if (service === 'lambda' && operation === 'Invoke') return 'lambda:InvokeFunction';
  // A batch needs the permission to publish.
  if (service === 'sns' && operation === 'PublishBatch') return 'sns:Publish';
  return `${service === 'tagging' ? 'tag' : service}:${operation}`;
}

function resourceOf({ service, operation, caller }: ServiceCall, input: Input, sources: AuthorizationSources): string {
  switch (service) {
    case 'lambda':
      return functionArn(input, sources);
    case 'sns':
      return text(input['TopicArn']) ?? text(input['TargetArn']) ?? topicOf(text(input['SubscriptionArn'])) ?? arn('sns', text(input['Name']) ?? '', sources);
    case 'sqs':
      return arn('sqs', text(input['QueueName']) ?? (text(input['QueueUrl']) ?? '').split('/').pop() ?? '', sources);
    case 'events':
      return arn('events', `rule/${text(input['Rule']) ?? text(input['Name']) ?? ''}`, sources);
    case 'scheduler':
      return arn('scheduler', `schedule/${text(input['GroupName']) ?? 'default'}/${text(input['Name']) ?? ''}`, sources);
    case 'cloudformation':
      return stackArn(input, sources);
    case 'logs':
      return arn('logs', `log-group:${operation === 'DescribeLogGroups' ? '' : (text(input['logGroupName']) ?? '')}:*`, sources);
    case 'iam':
      return identityArn(input, sources) ?? caller.arn;
    default:
      throw notModelled(`which permissions ${service}:${operation} needs`);
  }
}

function eventAccess(entry: Input, sources: AuthorizationSources): RequiredAccess {
  const bus = text(entry['EventBusName']) ?? 'default';
  return {
    action: 'events:PutEvents',
    resource: bus.startsWith('arn:') ? bus : arn('events', `event-bus/${bus}`, sources),
    conditionKeys: { 'events:source': text(entry['Source']), 'events:detail-type': text(entry['DetailType']) },
  };
}

function functionArn(input: Input, sources: AuthorizationSources): string {
  const name = text(input['FunctionName']) ?? '';
  const qualifier = text(input['Qualifier']);
  const unqualified = name.startsWith('arn:') ? name : arn('lambda', `function:${name}`, sources);
  return qualifier === undefined ? unqualified : `${unqualified}:${qualifier}`;
}

/** A subscription's ARN is its topic's, and an id. */
function topicOf(subscriptionArn: string | undefined): string | undefined {
  return subscriptionArn?.split(':').slice(0, 6).join(':');
}

function stackArn(input: Input, sources: AuthorizationSources): string {
  const name = text(input['StackName']);
  if (name === undefined) return '*';
  return name.startsWith('arn:') ? name : arn('cloudformation', `stack/${name}/*`, sources);
}

function identityArn(input: Input, { accountId, identityArnOf }: AuthorizationSources): string | undefined {
  const role = text(input['RoleName']);
  const name = role ?? text(input['UserName']);
  if (name === undefined) return undefined;
  const kind = role === undefined ? 'user' : 'role';
  return identityArnOf?.(kind, name) ?? `arn:aws:iam::${accountId}:${kind}/${name}`;
}

function entriesOf(input: Input): readonly Record<string, unknown>[] {
  return Array.isArray(input['Entries']) ? input['Entries'].filter(isRecord) : [];
}

function arn(service: string, resource: string, { region, accountId }: AuthorizationSources): string {
  return `arn:aws:${service}:${region}:${accountId}:${resource}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
