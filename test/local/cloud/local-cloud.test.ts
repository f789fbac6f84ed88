import { CloudFormationClient, DescribeStackResourcesCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { buildSync } from 'esbuild';
import { postSigned } from '../../../cli/signed-request';
import { deploy, type LocalCloud } from '../../../local/cloud/local-cloud';
import { assembly, type Fixture, functionWithRole, type Resources } from './fixture';

const ADMIN = 'arn:aws:iam::111122223333:user/admin';
const START_MS = Date.UTC(2030, 0, 1);

const ECHO = 'exports.handler = async (event) => { console.log(JSON.stringify(event)); return { got: event }; };';
const REGISTER = `exports.handler = async (event) => {
  console.log(JSON.stringify(event));
  const status = event.ResourceProperties.fail ? { Status: 'FAILED', Reason: event.ResourceProperties.fail } : { Status: 'SUCCESS', Data: { Answer: 42 } };
  const { StackId, RequestId, LogicalResourceId } = event;
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({ ...status, PhysicalResourceId: 'fixed', StackId, RequestId, LogicalResourceId }) });
};`;

/** The adapter's view: a real SDK client in a real bundle. */
const WRITER = buildSync({
  stdin: {
    contents: `const { DynamoDBClient, PutItemCommand } = require('@aws-sdk/client-dynamodb');
      const client = new DynamoDBClient({ maxAttempts: 1 });
      exports.handler = async ({ pk }) => { await client.send(new PutItemCommand({ TableName: process.env.TABLE, Item: { pk: { S: pk }, at: { N: String(Date.now()) } } })); };`,
    resolveDir: __dirname,
  },
  bundle: true,
  platform: 'node',
  write: false,
}).outputFiles[0]?.text ?? '';

const RESOURCES: Resources = {
  Table: { Type: 'AWS::DynamoDB::Table', Properties: { AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], BillingMode: 'PAY_PER_REQUEST' } },
  Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
  ...functionWithRole('Echo', 'echo'),
  EchoVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Echo' } }, DeletionPolicy: 'Retain' },
  ...functionWithRole(
    'Writer',
    'writer',
    [{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: { 'Fn::GetAtt': ['Table', 'Arn'] }, Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['KEY#*'] } } }],
    { TABLE: { Ref: 'Table' } },
  ),
  EchoUrl: { Type: 'AWS::Lambda::Url', Properties: { AuthType: 'AWS_IAM', TargetFunctionArn: { 'Fn::GetAtt': ['Echo', 'Arn'] } } },
  UrlCaller: { Type: 'AWS::Lambda::Permission', Properties: { Action: 'lambda:InvokeFunctionUrl', FunctionName: { 'Fn::GetAtt': ['Echo', 'Arn'] }, FunctionUrlAuthType: 'AWS_IAM', Principal: 'arn:aws:iam::111122223333:role/dependent' } },
  UrlInvoker: { Type: 'AWS::Lambda::Permission', Properties: { Action: 'lambda:InvokeFunction', FunctionName: { 'Fn::GetAtt': ['Echo', 'Arn'] }, InvokedViaFunctionUrl: true, Principal: 'arn:aws:iam::111122223333:role/dependent' } },
  MachineRole: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { Ref: 'EchoVersion' } } } }] } },
  Machine: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      RoleArn: { 'Fn::GetAtt': ['MachineRole', 'Arn'] },
      DefinitionSubstitutions: { Echo: { Ref: 'EchoVersion' } },
      DefinitionString: JSON.stringify({
        QueryLanguage: 'JSONata',
        StartAt: 'Ask',
        States: { Ask: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: { FunctionName: '${Echo}', Payload: '{% $states.input %}' }, Output: '{% $states.result.Payload %}', End: true } },
      }),
    },
  },
  Rule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: { source: ['tests'] }, State: 'ENABLED', Targets: [{ Id: 't', Arn: { 'Fn::GetAtt': ['Echo', 'Arn'] } }] } },
  RuleMayInvoke: { Type: 'AWS::Lambda::Permission', Properties: { Action: 'lambda:InvokeFunction', FunctionName: { Ref: 'Echo' }, Principal: 'events.amazonaws.com', SourceArn: { 'Fn::GetAtt': ['Rule', 'Arn'] } } },
  ScheduleRole: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': ['Echo', 'Arn'] } } } }] } },
  Schedule: {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      FlexibleTimeWindow: { Mode: 'OFF' },
      ScheduleExpression: 'rate(6 hours)',
      Target: { Arn: { 'Fn::GetAtt': ['Echo', 'Arn'] }, RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] }, Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}' },
    },
  },
  ...functionWithRole('Register', 'register'),
  Registration: { Type: 'Custom::Registration', Properties: { ServiceToken: { 'Fn::GetAtt': ['Register', 'Arn'] }, count: 3, table: { Ref: 'Table' } } },
  Logs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 1 } },
};

const OUTPUTS = {
  Outputs: {
    Url: { Value: { 'Fn::GetAtt': ['EchoUrl', 'FunctionUrl'] } },
    Machine: { Value: { Ref: 'Machine' } },
    Topic: { Value: { Ref: 'Topic' } },
    Answer: { Value: { 'Fn::GetAtt': ['Registration', 'Answer'] } },
    Physical: { Value: { Ref: 'Registration' } },
    Region: { Value: { 'Fn::Sub': '${AWS::AccountId}/${AWS::Region}/${AWS::StackName}' } },
  },
};
const BUNDLES = { echo: ECHO, writer: WRITER, register: REGISTER };

describe('a deployed stack', () => {
  let fixture: Fixture;
  let cloud: LocalCloud;
  /** An SDK client over HTTP. */
  const overHttp = (arn = ADMIN) => ({ region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentialsFor(arn, arn === ADMIN ? 'admin' : undefined), maxAttempts: 1 });
  const lastLog = (name: string): unknown => JSON.parse(cloud.functionLogs(name).at(-1) ?? 'null');

  beforeEach(async () => {
    fixture = assembly(RESOURCES, BUNDLES, OUTPUTS);
    cloud = await deploy(fixture.directory, { startMs: START_MS });
  });

  afterEach(async () => {
    await cloud.close();
    fixture.remove();
  });

  test('has outputs, which DescribeStacks answers too', async () => {
    expect(cloud.outputs).toMatchObject({ Answer: '42', Physical: 'fixed', Region: '111122223333/eu-central-1/tiny', Url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/_function-url\//) as string });
    const { Stacks } = await new CloudFormationClient(overHttp()).send(new DescribeStacksCommand({ StackName: 'tiny' }));
    expect(Stacks?.[0]).toMatchObject({ StackStatus: 'CREATE_COMPLETE', Outputs: expect.arrayContaining([{ OutputKey: 'Answer', OutputValue: '42' }]) as unknown });
  });

  test('tells its resources', async () => {
    const { StackResources } = await new CloudFormationClient(overHttp()).send(new DescribeStackResourcesCommand({ StackName: 'tiny', LogicalResourceId: 'Table' }));
    expect(StackResources).toEqual([expect.objectContaining({ LogicalResourceId: 'Table', PhysicalResourceId: cloud.physicalId('Table'), ResourceType: 'AWS::DynamoDB::Table' })]);
  });

  test('has asked its custom resource as CloudFormation does', () => {
    expect(lastLog('Register')).toMatchObject({
      RequestType: 'Create', ResourceType: 'Custom::Registration', LogicalResourceId: 'Registration', StackId: expect.stringContaining('stack/tiny/') as string,
      ResourceProperties: { count: '3', table: cloud.physicalId('Table') },
    });
  });

  test('runs a function with its role: the SDK in its bundle is let in, and refused where the role ends', async () => {
    expect(await cloud.invokeFunction('Writer', { pk: 'KEY#a' })).toMatchObject({ payload: 'null' });
    const { Items } = await new DynamoDBClient(overHttp()).send(new ScanCommand({ TableName: cloud.physicalId('Table') }));
    expect(Items).toEqual([{ pk: { S: 'KEY#a' }, at: { N: String(START_MS) } }]);
    expect(await cloud.invokeFunction('Writer', { pk: 'ACK#a' })).toMatchObject({ errorType: 'AccessDeniedException', errorMessage: expect.stringContaining('dynamodb:PutItem') as string });
  });

  test('ties a call to the invocation that made it', async () => {
    await cloud.invokeFunction('Writer', { pk: 'KEY#a' });
    const invoked = cloud.trace.events().find((event) => event.type === 'lambda.invoked' && event.function === cloud.physicalId('Writer'));
    const written = cloud.trace.events().find((event) => event.type === 'dynamodb.item-written');
    expect(written).toMatchObject({ traceId: invoked?.traceId, actor: expect.stringContaining('assumed-role/') as string });
  });

  test('runs its state machine with pinned versions and its own role', async () => {
    const states = new SFNClient(overHttp());
    const { executionArn } = await states.send(new StartExecutionCommand({ stateMachineArn: cloud.outputs['Machine'], name: 'one', input: '{"a":1}' }));
    await cloud.advanceTo(START_MS + 1000);
    expect(await states.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'SUCCEEDED', output: '{"got":{"a":1}}' });
    expect(cloud.trace.events()).toContainEqual(expect.objectContaining({ type: 'lambda.invoked', execution: 'one', error: null }));
  });

  test('fires its schedule with the scheduled time', async () => {
    await cloud.advanceTo(START_MS + 6 * 3_600_000);
    expect(lastLog('Echo')).toEqual({ scheduledTime: '2030-01-01T06:00:00Z' });
  });

  test('can be given a second pool, and be left alone', async () => {
    cloud.addSecondPool();
    await cloud.advanceTo(START_MS + 6 * 3_600_000);
    expect(cloud.functionLogs('Echo')).toHaveLength(2);
    cloud.stopSchedules();
    await cloud.advanceTo(START_MS + 24 * 3_600_000);
    expect(cloud.functionLogs('Echo')).toHaveLength(2);
  });

  test('delivers events to the target of its rule', async () => {
    await new EventBridgeClient(overHttp()).send(new PutEventsCommand({ Entries: [{ Source: 'tests', DetailType: 'T', Detail: '{"n":1}' }] }));
    await cloud.timeline.settle();
    expect(lastLog('Echo')).toMatchObject({ source: 'tests', detail: { n: 1 } });
  });

  test('serves KMS, SNS, Lambda and the tagging API over HTTP', async () => {
    const kms = new KMSClient(overHttp());
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Tags: [{ TagKey: 'a', TagValue: 'b' }] }));
    expect((await kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext: Buffer.from('x') }))).KeyId).toBe(KeyMetadata?.Arn);
    const { ResourceTagMappingList } = await new ResourceGroupsTaggingAPIClient(overHttp()).send(new GetResourcesCommand({ ResourceTypeFilters: ['kms:key'], TagFilters: [{ Key: 'a', Values: ['b'] }] }));
    expect(ResourceTagMappingList?.map(({ ResourceARN }) => ResourceARN)).toEqual([KeyMetadata?.Arn]);
    await new SNSClient(overHttp()).send(new PublishCommand({ TopicArn: cloud.outputs['Topic'], Message: 'm' }));
    expect(cloud.services.sns.messagesOf(cloud.outputs['Topic'] ?? '')).toHaveLength(1);
    const { Payload } = await new LambdaClient(overHttp()).send(new InvokeCommand({ FunctionName: cloud.physicalId('EchoVersion'), Payload: '{"n":1}' }));
    expect(Buffer.from(Payload ?? []).toString()).toBe('{"got":{"n":1}}');
  });

  test('refuses a role that has no permission', async () => {
    await expect(new KMSClient(overHttp('arn:aws:iam::111122223333:role/nobody')).send(new CreateKeyCommand({}))).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  describe('with a Function URL', () => {
    const url = () => new URL(cloud.outputs['Url'] ?? '');

    test('tells the function who the caller is', async () => {
      const dependent = cloud.credentialsFor('arn:aws:iam::111122223333:role/dependent');
      await cloud.advanceTo(START_MS + 5000);
      const { status, text } = await postSigned(url(), { region: cloud.region, credentials: dependent }, '{"verdict":"yes"}');
      expect(status).toBe(200);
      expect((JSON.parse(text) as { got: unknown }).got).toMatchObject({
        version: '2.0',
        rawPath: '/',
        body: '{"verdict":"yes"}',
        isBase64Encoded: false,
        requestContext: {
          timeEpoch: START_MS + 5000,
          http: { method: 'POST', path: '/' },
          authorizer: { iam: { accessKey: dependent.accessKeyId, accountId: '111122223333', userArn: 'arn:aws:sts::111122223333:assumed-role/dependent/local' } },
        },
      });
    });

    test.each([
      ['a caller that nothing lets in', () => cloud.credentialsFor('arn:aws:iam::111122223333:role/stranger'), 403],
      ['a caller with only one of the two permissions', () => cloud.credentialsFor('arn:aws:iam::111122223333:role/half', { actions: ['lambda:InvokeFunctionUrl'] }), 403],
      ['a forged signature', () => ({ ...cloud.credentialsFor('arn:aws:iam::111122223333:role/dependent'), secretAccessKey: 'guess' }), 403],
    ])('refuses %s', async (_case, credentials, status) => {
      expect((await postSigned(url(), { region: cloud.region, credentials: credentials() }, '{}')).status).toBe(status);
      expect(cloud.functionLogs('Echo')).toEqual([]);
    });

    test('does not know a function without one', async () => {
      const other = new URL(url().href.replace(cloud.physicalId('Echo'), cloud.physicalId('Writer')));
      expect((await postSigned(other, { region: cloud.region, credentials: cloud.credentialsFor(ADMIN, 'admin') }, '{}')).status).toBe(404);
    });
  });

  test('is deployed again: what did not change stays, what changed is updated, what is gone is removed', async () => {
    const { Schedule: _schedule, EchoVersion, ...resources } = RESOURCES;
    const pinned = cloud.physicalId('EchoVersion');
    const changed = assembly(
      { ...JSON.parse(JSON.stringify(resources).replaceAll('"EchoVersion"', '"NewerVersion"')) as Resources, NewerVersion: EchoVersion ?? fail(), Registration: { Type: 'Custom::Registration', Properties: { ServiceToken: { 'Fn::GetAtt': ['Register', 'Arn'] }, count: 4 } }, ...functionWithRole('Echo', 'newer') },
      { ...BUNDLES, newer: 'exports.handler = async () => "newer";' },
      OUTPUTS,
    );
    await cloud.redeploy(changed.directory);
    changed.remove();
    expect(lastLog('Register')).toMatchObject({ RequestType: 'Update', PhysicalResourceId: 'fixed', ResourceProperties: { count: '4' }, OldResourceProperties: { count: '3' } });
    expect((await cloud.invokeFunction('Echo', {})).payload).toBe('"newer"');
    expect((await cloud.invokeFunction('NewerVersion', {})).payload).toBe('"newer"');
    expect((await cloud.invokeFunction(pinned, {})).payload).toBe('{"got":{}}');
    await cloud.advanceTo(START_MS + 24 * 3_600_000);
    expect(cloud.functionLogs('Echo')).toHaveLength(1);
  });
});

describe('permissions of what AWS services do for the stack', () => {
  async function without(missing: string, act: (cloud: LocalCloud) => Promise<void>): Promise<void> {
    const fixture = assembly(Object.fromEntries(Object.entries(RESOURCES).map(([id, resource]) => [id, id === missing ? { Type: resource.Type === 'AWS::IAM::Role' ? resource.Type : 'AWS::CDK::Metadata' } : resource])), BUNDLES, OUTPUTS);
    const cloud = await deploy(fixture.directory, { startMs: START_MS });
    await act(cloud);
    await cloud.close();
    fixture.remove();
  }

  test('a schedule needs its role', () =>
    without('ScheduleRole', async (cloud) => {
      await cloud.advanceTo(START_MS + 12 * 3_600_000);
      expect(cloud.functionLogs('Echo')).toEqual([]);
    }));

  test("a rule needs the function's policy", () =>
    without('RuleMayInvoke', async (cloud) => {
      cloud.events.put({ source: 'tests', detailType: 'T', detail: {}, resources: [] }, { arn: 'test' });
      await cloud.timeline.settle();
      expect(cloud.functionLogs('Echo')).toEqual([]);
      expect(cloud.events.failedDeliveries()).toMatchObject([{ error: expect.stringContaining('AccessDeniedException') as string }]);
    }));

  test('a state machine needs its role', () =>
    without('MachineRole', async (cloud) => {
      cloud.services.states.call('StartExecution', { stateMachineArn: cloud.outputs['Machine'], name: 'one' });
      await cloud.advanceTo(START_MS + 1000);
      expect(cloud.trace.events()).toContainEqual(expect.objectContaining({ type: 'states.execution-ended', status: 'FAILED', error: 'Lambda.AWSLambdaException' }));
    }));
});

test('the same assembly makes the same account twice', async () => {
  const fixture = assembly(RESOURCES, BUNDLES, OUTPUTS);
  const traces = await Promise.all(
    [0, 1].map(async () => {
      const cloud = await deploy(fixture.directory, { startMs: START_MS });
      await cloud.advanceTo(START_MS + 12 * 3_600_000);
      await cloud.close();
      return cloud.trace.events();
    }),
  );
  fixture.remove();
  expect(traces[0]).toEqual(traces[1]);
});

describe('a deployment fails with one message that names the resource', () => {
  test.each<[string, Resources, string]>([
    ['of an unknown type', { Bucket: { Type: 'AWS::S3::Bucket' } }, 'Bucket (AWS::S3::Bucket): The local AWS does not model the resource type AWS::S3::Bucket'],
    ['with an unknown property', { Topic: { Type: 'AWS::SNS::Topic', Properties: { FifoTopic: true } } }, 'Topic (AWS::SNS::Topic): The local AWS does not model the property FifoTopic'],
    ['with an unknown policy condition', { R: { Type: 'AWS::IAM::Role', Properties: { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement: { Effect: 'Allow', Action: '*', Resource: '*', Condition: { IpAddress: { 'aws:SourceIp': '1' } } } } }] } } }, 'R (AWS::IAM::Role): '],
    ['with an unknown attribute', { A: { Type: 'AWS::SNS::Topic' }, B: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { 'Fn::GetAtt': ['A', 'Colour'] } } } }, 'B (AWS::SNS::Topic): The local AWS does not model the attribute Colour of A'],
    ['with a reference to nothing', { A: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { Ref: 'Nobody' } } } }, 'A (AWS::SNS::Topic): it refers to Nobody'],
    ['without its asset', functionWithRole('F', 'missing'), 'F (AWS::Lambda::Function): The assembly has no asset missing.zip'],
    ['with a managed policy', { R: { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] } } }, 'AdministratorAccess'],
    ['whose function refuses it', { ...functionWithRole('F', 'register'), C: { Type: 'Custom::C', Properties: { ServiceToken: { 'Fn::GetAtt': ['F', 'Arn'] }, fail: 'bad configuration' } } }, 'C (Custom::C): bad configuration'],
    ['whose function says nothing', { ...functionWithRole('F', 'echo'), C: { Type: 'Custom::C', Properties: { ServiceToken: { 'Fn::GetAtt': ['F', 'Arn'] } } } }, 'C (Custom::C): its function ended without an answer'],
  ])('%s', async (_case, resources, message) => {
    const fixture = assembly(resources, { echo: ECHO, register: REGISTER });
    await expect(deploy(fixture.directory)).rejects.toThrow(message);
    fixture.remove();
  });
});

test('conditions and parameters decide what is made', async () => {
  const fixture = assembly(
    { Kept: { Type: 'AWS::SNS::Topic', Condition: 'IsHere', Properties: { TopicName: { Ref: 'Name' } } }, Dropped: { Type: 'AWS::S3::Bucket', Condition: 'IsElsewhere' } },
    {},
    {
      Parameters: { Name: { Type: 'String', Default: 'given' } },
      Conditions: { IsHere: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'eu-central-1'] }, IsElsewhere: { 'Fn::Not': [{ Condition: 'IsHere' }] } },
      Outputs: { Topic: { Value: { Ref: 'Kept' } }, Bucket: { Condition: 'IsElsewhere', Value: { Ref: 'Dropped' } } },
    },
  );
  const cloud = await deploy(fixture.directory);
  expect(cloud.outputs).toEqual({ Topic: 'arn:aws:sns:eu-central-1:111122223333:given' });
  await cloud.close();
  fixture.remove();
});

function fail(): never {
  throw new Error('The fixture lacks a resource');
}
