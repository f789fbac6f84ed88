import type { PolicyStatement } from '../../iam/documents';
import { AwsError, notModelled } from '../../kernel/aws-error';
import { functionArn, functionRef } from '../../lambda/function-arn';
import { functionUrlOf } from '../../lambda/function-url';
import type { CloudServices } from '../services';
import { physicalName, type ResourceType } from './resource';

export const lambdaFunction: ResourceType = {
  properties: [
    'Architectures', 'Code', 'DeadLetterConfig', 'Description', 'Environment', 'FunctionName', 'Handler', 'LoggingConfig', 'MemorySize', 'Role', 'Runtime', 'Tags', 'Timeout', 'TracingConfig',
  ],
  put(declared, { services, assembly, ...site }) {
    const { properties } = declared;
    const runtime = properties.text('Runtime');
    if (!runtime.startsWith('nodejs')) throw notModelled(`the runtime ${runtime}`);
    const name = properties.optionalText('FunctionName') ?? physicalName(site, declared);
    const variables = properties.structure('Environment').structure('Variables');
    const description = properties.optionalText('Description');
    const logGroup = properties.structure('LoggingConfig').optionalText('LogGroup');
    const deadLetterArn = properties.structure('DeadLetterConfig').optionalText('TargetArn');
    if (deadLetterArn !== undefined) requireMaySend(properties.text('Role'), name, deadLetterArn, services);
    const architectures = properties.list('Architectures').map(String);
    const arn = services.lambda.putFunction({
      name,
      runtime,
      ...(description !== undefined && { description }),
      ...(deadLetterArn !== undefined && { deadLetterArn }),
      ...(logGroup !== undefined && { logGroup }),
      ...(architectures.length > 0 && { architectures }),
      roleArn: properties.text('Role'),
      handler: properties.text('Handler'),
      environment: Object.fromEntries(Object.keys(variables.values).map((variable) => [variable, variables.text(variable)])),
      timeoutSeconds: properties.number('Timeout', 3),
      memoryMb: properties.number('MemorySize', 128),
      bundle: assembly.bundle(properties.structure('Code').text('S3Key')),
    });
    return { ref: name, attributes: { Arn: arn } };
  },
  remove: (_declared, made, { services }) => { services.lambda.deleteFunction(made.ref); },
};

export const lambdaVersion: ResourceType = {
  properties: ['CodeSha256', 'Description', 'FunctionName'],
  put({ properties }, { services }) {
    const { name } = functionRef(properties.text('FunctionName'));
    const version = services.lambda.publishVersion(name);
    const arn = functionArn(services, name, version);
    return { ref: arn, attributes: { FunctionArn: arn, Version: version } };
  },
};

export const lambdaPermission: ResourceType = {
  properties: ['Action', 'FunctionName', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl', 'Principal', 'SourceAccount', 'SourceArn'],
  put({ logicalId, properties }, { services }) {
    const { name, qualifier } = functionRef(properties.text('FunctionName'));
    const principal = properties.text('Principal');
    const sourceArn = properties.optionalText('SourceArn');
    const equals = {
      ...optional('aws:SourceAccount', properties.optionalText('SourceAccount')),
      ...optional('lambda:FunctionUrlAuthType', properties.optionalText('FunctionUrlAuthType')),
    };
    const viaUrl = properties.optionalText('InvokedViaFunctionUrl');
    const statement: PolicyStatement & { Sid: string } = {
      Sid: logicalId,
      Effect: 'Allow',
      Principal: principal.endsWith('.amazonaws.com') ? { Service: principal } : { AWS: principal },
      Action: properties.text('Action'),
      Resource: functionArn(services, name, qualifier),
      Condition: {
        ...(sourceArn !== undefined && { ArnLike: { 'aws:SourceArn': sourceArn } }),
        ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
        ...(viaUrl !== undefined && { Bool: { 'lambda:InvokedViaFunctionUrl': viaUrl } }),
      },
    };
    services.lambda.putPermission(name, statement);
    return { ref: logicalId, attributes: {} };
  },
  remove: ({ logicalId, properties }, _made, { services }) => {
    services.lambda.deletePermission(functionRef(properties.text('FunctionName')).name, logicalId);
  },
};

export const lambdaUrl: ResourceType = {
  properties: ['AuthType', 'Cors', 'InvokeMode', 'TargetFunctionArn'],
  put({ properties }, { services, endpoint }) {
    if (properties.text('AuthType') !== 'AWS_IAM') throw notModelled(`a Function URL with AuthType ${properties.text('AuthType')}`);
    if ((properties.optionalText('InvokeMode') ?? 'BUFFERED') !== 'BUFFERED') throw notModelled('a streaming Function URL');
    const arn = properties.text('TargetFunctionArn');
    const { name } = functionRef(arn);
    services.functionsWithUrl.add(name);
    return { ref: arn, attributes: { FunctionArn: arn, FunctionUrl: functionUrlOf(endpoint, name) } };
  },
  remove: ({ properties }, _made, { services }) => {
    services.functionsWithUrl.delete(functionRef(properties.text('TargetFunctionArn')).name);
  },
};

/** @throws {AwsError} `InvalidParameterValueException`, as Lambda does when it makes or changes a function. */
function requireMaySend(roleArn: string, functionName: string, queueArn: string, { identities, authorizer }: CloudServices): void {
  if (!queueArn.startsWith('arn:aws:sqs:')) throw notModelled(`${queueArn} as the dead-letter queue of a function`);
  const { caller } = identities.credentialsFor(roleArn, functionName);
  try {
    authorizer.assertAccess(caller, { action: 'sqs:SendMessage', resource: queueArn });
  } catch (error) {
    if (error instanceof AwsError) throw new AwsError('InvalidParameterValueException', 'The provided execution role does not have permissions to call SendMessage on SQS', 400);
    throw error;
  }
}

function optional(key: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [key]: value };
}
