import { compileEventPattern } from '../../eventbridge/event-pattern';
import { notModelled } from '../../kernel/aws-error';
import { DEFAULT_RETRY_POLICY } from '../../scheduler/scheduler-service';
import { queueUrl } from '../../sqs/sqs-service';
import { arnIn, physicalName, type Properties, type ResourceType } from './resource';

export const topic: ResourceType = {
  properties: ['DisplayName', 'Tags', 'TopicName'],
  put(declared, site) {
    const name = declared.properties.optionalText('TopicName') ?? physicalName(site, declared);
    const arn = arnIn(site, 'sns', name);
    site.services.sns.createTopic(arn);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
};

export const queue: ResourceType = {
  properties: ['MessageRetentionPeriod', 'QueueName', 'SqsManagedSseEnabled', 'Tags', 'VisibilityTimeout'],
  put(declared, site) {
    const name = declared.properties.optionalText('QueueName') ?? physicalName(site, declared, 80);
    const arn = arnIn(site, 'sqs', name);
    site.services.sqs.createQueue(arn);
    return { ref: queueUrl(arn), attributes: { Arn: arn, QueueName: name, QueueUrl: queueUrl(arn) } };
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
    const targets = properties.structures('Targets').map((target) => {
      refuseOthers(target, ['Arn', 'DeadLetterConfig', 'Id', 'RetryPolicy'], 'a rule target');
      const deadLetterArn = target.structure('DeadLetterConfig').optionalText('Arn');
      return { arn: target.text('Arn'), ...(deadLetterArn !== undefined && { deadLetterArn }) };
    });
    const matches = compileEventPattern(properties.structure('EventPattern').values);
    if (properties.optionalText('State') === 'DISABLED') site.services.events.deleteRule(arn);
    else site.services.events.putRule({ arn, matches, targets });
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
    const retryPolicy = target.structure('RetryPolicy');
    site.services.scheduler.put({
      arn,
      expression: properties.text('ScheduleExpression'),
      targetArn,
      roleArn: target.text('RoleArn'),
      ...(input !== undefined && { input }),
      ...(deadLetterArn !== undefined && { deadLetterArn }),
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
