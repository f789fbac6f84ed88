import { notModelled } from '../../kernel/aws-error';
import { customResource } from './custom';
import { policy, role } from './iam';
import { lambdaFunction, lambdaPermission, lambdaUrl, lambdaVersion } from './lambda';
import { queue, rule, schedule, subscription, topic } from './messaging';
import { arnIn, physicalName, type ResourceType } from './resource';
import { stateMachine, table } from './workflow';

/** A resource that has a name and nothing behind it. */
function nameOnly(nameProperty: string, arnService: string, arnResource: (name: string) => string): ResourceType {
  return {
    properties: 'any',
    put(declared, site) {
      const name = declared.properties.optionalText(nameProperty) ?? physicalName(site, declared);
      return { ref: name, attributes: { Arn: arnIn(site, arnService, arnResource(name)) } };
    },
    remove: () => undefined,
  };
}

/**
 * The resource types of the local cloud. Of those that stand for nothing here: logs are kept per function; no metrics, so
 * no alarms; policies of topics and queues name AWS services and TLS, and neither is asked on loopback.
 */
const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::DynamoDB::Table': table,
  'AWS::Events::Rule': rule,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::Role': role,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': lambdaPermission,
  'AWS::Lambda::Url': lambdaUrl,
  'AWS::Lambda::Version': lambdaVersion,
  'AWS::SNS::Subscription': subscription,
  'AWS::SNS::Topic': topic,
  'AWS::SQS::Queue': queue,
  'AWS::Scheduler::Schedule': schedule,
  'AWS::StepFunctions::StateMachine': stateMachine,
  'AWS::CDK::Metadata': nameOnly('', 'cdk', (name) => name),
  'AWS::CloudWatch::Alarm': nameOnly('AlarmName', 'cloudwatch', (name) => `alarm:${name}`),
  'AWS::Logs::LogGroup': nameOnly('LogGroupName', 'logs', (name) => `log-group:${name}:*`),
  'AWS::Logs::ResourcePolicy': nameOnly('PolicyName', 'logs', (name) => `resource-policy:${name}`),
  'AWS::SNS::TopicPolicy': nameOnly('', 'sns', (name) => name),
  'AWS::SQS::QueuePolicy': nameOnly('', 'sqs', (name) => name),
};

/** @throws {AwsError} `NotModelledLocally` for a type that is not known. */
export function resourceType(name: string): ResourceType {
  if (name.startsWith('Custom::') || name === 'AWS::CloudFormation::CustomResource') return customResource;
  const type = RESOURCE_TYPES[name];
  if (type === undefined) throw notModelled(`the resource type ${name}`);
  return type;
}
