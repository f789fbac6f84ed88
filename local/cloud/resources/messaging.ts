import { type Rule, RULE_STATES, type RuleTarget } from '../../eventbridge/rule';
import { notModelled } from '../../kernel/aws-error';
import { DEFAULT_RETRY_POLICY } from '../../scheduler/scheduler-service';
import { PROTOCOLS } from '../../sns/subscription';
import { textOf } from '../../wire/protocol';
import { arnIn, physicalName, type Properties, type ResourceType } from './resource';

export const topic: ResourceType = {
  properties: ['DisplayName', 'Tags', 'TopicName'],
  put(declared, site) {
    const name = declared.properties.optionalText('TopicName') ?? physicalName(site, declared);
    const arn = arnIn(site, 'sns', name);
    const displayName = declared.properties.optionalText('DisplayName');
    site.services.sns.createTopic(arn, displayName === undefined ? {} : { DisplayName: displayName });
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
  remove: (_declared, made, { services }) => { services.sns.deleteTopic(made.ref); },
};

const SUBSCRIPTION_SETTINGS = ['FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery'];

export const subscription: ResourceType = {
  properties: ['Endpoint', 'Protocol', 'Region', 'TopicArn', ...SUBSCRIPTION_SETTINGS],
  put({ properties }, { services }, previous) {
    if (previous !== undefined) services.sns.unsubscribe(previous.made.ref);
    const asked = properties.text('Protocol');
    const protocol = PROTOCOLS.find((known) => known === asked);
    if (protocol === undefined) throw notModelled(`an SNS subscription of the protocol ${asked}`);
    const settings = SUBSCRIPTION_SETTINGS.flatMap((name) => (properties.values[name] === undefined ? [] : [[name, textOf(properties.values[name])] as const]));
    const { arn } = services.sns.subscribe(properties.text('TopicArn'), protocol, properties.text('Endpoint'), Object.fromEntries(settings));
    return { ref: arn, attributes: { Arn: arn } };
  },
  remove: (_declared, made, { services }) => { services.sns.unsubscribe(made.ref); },
};

const QUEUE_SETTINGS = ['DelaySeconds', 'MessageRetentionPeriod', 'SqsManagedSseEnabled', 'VisibilityTimeout'];

export const queue: ResourceType = {
  properties: ['QueueName', 'Tags', ...QUEUE_SETTINGS],
  put(declared, site) {
    const { properties } = declared;
    const name = properties.optionalText('QueueName') ?? physicalName(site, declared, 80);
    const arn = arnIn(site, 'sqs', name);
    const settings = QUEUE_SETTINGS.flatMap((setting) => (properties.values[setting] === undefined ? [] : [[setting, properties.text(setting)] as const]));
    site.services.sqs.createQueue(arn, Object.fromEntries(settings));
    const url = site.services.sqs.urlOf(arn);
    return { ref: url, attributes: { Arn: arn, QueueName: name, QueueUrl: url } };
  },
};

export const rule: ResourceType = {
  properties: ['Description', 'EventBusName', 'EventPattern', 'Name', 'State', 'Tags', 'Targets'],
  put(declared, site) {
    const { properties } = declared;
    const bus = properties.optionalText('EventBusName') ?? 'default';
    if (bus !== 'default') throw notModelled(`the event bus ${bus}`);
    const name = properties.optionalText('Name') ?? physicalName(site, declared);
    const arn = arnIn(site, 'events', `rule/${name}`);
    const targets = properties.structures('Targets').map((target): RuleTarget => {
      refuseOthers(target, ['Arn', 'DeadLetterConfig', 'Id', 'RetryPolicy'], 'a rule target');
      const deadLetterArn = target.structure('DeadLetterConfig').optionalText('Arn');
      return { id: target.text('Id'), arn: target.text('Arn'), ...(deadLetterArn !== undefined && { deadLetterArn }) };
    });
    const description = properties.optionalText('Description');
    const asked = properties.optionalText('State') ?? 'ENABLED';
    const state = RULE_STATES.find((known) => known === asked);
    if (state === undefined) throw notModelled(`the state ${asked} of a rule`);
    const rule: Rule = {
      arn,
      pattern: properties.structure('EventPattern').values,
      targets,
      state,
      ...(description !== undefined && { description }),
    };
    site.services.events.putRule(rule);
    return { ref: name, attributes: { Arn: arn } };
  },
  remove: (_declared, made, { services }) => { services.events.deleteRule(made.attributes['Arn'] ?? ''); },
};

export const schedule: ResourceType = {
  properties: ['Description', 'FlexibleTimeWindow', 'Name', 'ScheduleExpression', 'ScheduleExpressionTimezone', 'State', 'Target'],
  put(declared, site) {
    const { properties } = declared;
    const zone = properties.optionalText('ScheduleExpressionTimezone') ?? 'UTC';
    if (zone !== 'UTC' && zone !== 'Etc/UTC') throw notModelled(`the time zone ${zone} of a schedule`);
    const mode = properties.structure('FlexibleTimeWindow').text('Mode');
    if (mode !== 'OFF') throw notModelled(`the flexible time window ${mode}`);
    const target = properties.structure('Target');
    refuseOthers(target, ['Arn', 'DeadLetterConfig', 'Input', 'RetryPolicy', 'RoleArn'], 'a schedule target');
    const targetArn = target.text('Arn');
    if (!targetArn.startsWith('arn:aws:lambda:')) throw notModelled(`${targetArn} as the target of a schedule`);
    const name = properties.optionalText('Name') ?? physicalName(site, declared);
    const arn = arnIn(site, 'scheduler', `schedule/default/${name}`);
    const input = target.optionalText('Input');
    const deadLetterArn = target.structure('DeadLetterConfig').optionalText('Arn');
    const description = properties.optionalText('Description');
    const retryPolicy = target.structure('RetryPolicy');
    site.services.scheduler.put({
      arn,
      expression: properties.text('ScheduleExpression'),
      targetArn,
      roleArn: target.text('RoleArn'),
      ...(input !== undefined && { input }),
      ...(deadLetterArn !== undefined && { deadLetterArn }),
      ...(description !== undefined && { description }),
      maximumRetryAttempts: retryPolicy.number('MaximumRetryAttempts', DEFAULT_RETRY_POLICY.maximumRetryAttempts),
      maximumEventAgeSeconds: retryPolicy.number('MaximumEventAgeInSeconds', DEFAULT_RETRY_POLICY.maximumEventAgeSeconds),
      isEnabled: properties.optionalText('State') !== 'DISABLED',
    });
    return { ref: name, attributes: { Arn: arn } };
  },
  remove: (_declared, made, { services }) => { services.scheduler.delete(made.attributes['Arn'] ?? ''); },
};

function refuseOthers(properties: Properties, known: readonly string[], owner: string): void {
  const other = Object.keys(properties.values).find((name) => !known.includes(name));
  if (other !== undefined) throw notModelled(`the property ${other} of ${owner}`);
}
