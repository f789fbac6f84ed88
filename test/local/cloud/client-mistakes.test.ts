import { DynamoDBClient, CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, DescribeExecutionCommand, GetExecutionHistoryCommand, SendTaskSuccessCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { LocalCloud } from '../../../local/cloud/local-cloud';
import { inProcessHandler } from '../../../local/wire/transport';
import { signed } from '../wire/harness';
import type { Fixture } from './fixture';
import { waitingStack } from './waiting-stack';

const ADMIN = 'arn:aws:iam::111122223333:user/admin';
const INVOKE = 'arn:aws:states:::lambda:invoke';
const MINUTE = 60_000;

let fixture: Fixture;
let cloud: LocalCloud;
const internalErrors: [unknown, string][] = [];

beforeAll(() => { fixture = waitingStack(); });
afterAll(() => { fixture.remove(); });
beforeEach(async () => {
  internalErrors.length = 0;
  cloud = await LocalCloud.start({ onInternalError: (error, what) => internalErrors.push([error, what]) });
  await cloud.redeploy(fixture.directory);
});
afterEach(() => cloud.close());

const client = (arn = ADMIN) => ({ region: cloud.region, requestHandler: inProcessHandler(cloud.dispatch), credentials: cloud.credentialsFor(arn, arn === ADMIN ? 'admin' : undefined), maxAttempts: 1 });
const pass = (ms = 0) => cloud.advanceTo(cloud.timeline.nowMs() + ms);
const echoArn = () => `arn:aws:lambda:${cloud.region}:${cloud.accountId}:function:${cloud.physicalId('Echo')}`;
const echoRole = () => cloud.services.roleArns.get(cloud.physicalId('EchoRole')) ?? '';

/** A state machine of a client's own that asks a function. */
async function machine(name: string, roleArn: string, resource = INVOKE, Payload: unknown = '{% $states.input %}', more: object = {}): Promise<string> {
  const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'Ask', States: { Ask: { Type: 'Task', Resource: resource, Arguments: { FunctionName: echoArn(), Payload, ...more }, End: true } } });
  return (await new SFNClient(client()).send(new CreateStateMachineCommand({ name, definition, roleArn }))).stateMachineArn ?? '';
}

async function run(stateMachineArn: string) {
  const { executionArn } = await new SFNClient(client()).send(new StartExecutionCommand({ stateMachineArn, input: '{"n":1}' }));
  await pass();
  return new SFNClient(client()).send(new DescribeExecutionCommand({ executionArn }));
}

function roleThat(name: string, actions: readonly string[]): string {
  const arn = `arn:aws:iam::${cloud.accountId}:role/${name}`;
  cloud.credentialsFor(arn, { actions });
  return arn;
}

describe('a state machine of a client', () => {
  test('works with its own role', async () => {
    expect(await run(await machine('allowed', roleThat('allowed', ['lambda:InvokeFunction'])))).toMatchObject({ status: 'SUCCEEDED', output: expect.stringContaining('"got":{"n":1}') as string });
    expect(await run(await machine('refused', roleThat('refused', ['lambda:GetFunction'])))).toMatchObject({ status: 'FAILED', error: 'Lambda.AWSLambdaException', cause: expect.stringContaining('assumed-role/refused/states') as string });
  });

  test('whose role does not exist fails at its task', async () => {
    expect(await run(await machine('lost', 'arn:aws:iam::111122223333:role/nobody'))).toMatchObject({
      status: 'FAILED', error: 'Lambda.AWSLambdaException', cause: expect.stringContaining('authorized to assume the provided role') as string,
    });
    expect(internalErrors).toEqual([]);
  });

  test('has its own permission for task tokens, while they wait and when they are answered', async () => {
    const roleArn = roleThat('waiter', ['lambda:InvokeFunction']);
    const waiting = { token: '{% $states.context.Task.Token %}' };
    const [mine, other] = [await machine('mine', roleArn, `${INVOKE}.waitForTaskToken`, waiting), await machine('other', roleArn, `${INVOKE}.waitForTaskToken`, waiting)];
    const tokens: string[] = [];
    for (const arn of [mine, other]) {
      const { executionArn } = await run(arn);
      const { events = [] } = await new SFNClient(client()).send(new GetExecutionHistoryCommand({ executionArn }));
      tokens.push(/"token":"([^"]+)"/.exec(JSON.stringify(events).replaceAll('\\', ''))?.[1] ?? '');
    }
    const worker = `arn:aws:iam::${cloud.accountId}:role/worker`;
    cloud.services.identities.put(worker);
    cloud.services.identities.putPolicy(worker, 'p', { Statement: { Effect: 'Allow', Action: 'states:SendTaskSuccess', Resource: mine } });
    const answer = (taskToken: string | undefined) => new SFNClient(client(worker)).send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    await expect(answer(tokens[1])).rejects.toThrow(/not authorized to perform: states:SendTaskSuccess on resource: .*stateMachine:other/);
    await answer(tokens[0]);
    await expect(answer(tokens[0])).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });
});

test('a function whose role was deleted is not invoked, and everything else goes on', async () => {
  const lambda = new LambdaClient(client());
  cloud.services.identities.delete(echoRole());
  const refusal = { name: 'AccessDeniedException', message: 'The role defined for the function cannot be assumed by Lambda.', $metadata: { httpStatusCode: 403 } };
  await expect(lambda.send(new InvokeCommand({ FunctionName: echoArn() }))).rejects.toMatchObject(refusal);
  await lambda.send(new InvokeCommand({ FunctionName: echoArn(), InvocationType: 'Event' }));
  await pass(10 * MINUTE);
  expect(await run(await machine('asking', roleThat('asking', ['lambda:*'])))).toMatchObject({ status: 'FAILED', error: 'Lambda.AWSLambdaException', cause: refusal.message });
  expect(internalErrors).toEqual([]);
});

test('a delivery for a dead-letter queue that does not exist is counted and dropped', async () => {
  const events = new EventBridgeClient(client());
  await events.send(new PutRuleCommand({ Name: 'r', EventPattern: '{"source":["s"]}' }));
  const Arn = `arn:aws:lambda:${cloud.region}:${cloud.accountId}:function:missing`;
  await events.send(new PutTargetsCommand({ Rule: 'r', Targets: [{ Id: 't', Arn, DeadLetterConfig: { Arn: `arn:aws:sqs:${cloud.region}:${cloud.accountId}:missing` } }] }));
  await events.send(new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{}' }] }));
  await pass();
  expect(cloud.events.failedDeliveries()).toEqual([{ rule: expect.stringMatching(/rule\/r$/) as string, target: Arn, error: expect.stringMatching(/^ResourceNotFoundException: .*not sent to .*:missing: QueueDoesNotExist/) as string }]);
  expect(internalErrors).toEqual([]);
});

test('a schedule whose role was deleted, and its dead-letter queue, drops its firings', async () => {
  cloud.services.scheduler.put({
    arn: 'arn:aws:scheduler:eu-central-1:111122223333:schedule/default/s', expression: 'rate(1 hours)', targetArn: echoArn(), roleArn: 'arn:aws:iam::111122223333:role/nobody',
    maximumRetryAttempts: 0, maximumEventAgeSeconds: 60, deadLetterArn: 'arn:aws:sqs:eu-central-1:111122223333:missing', isEnabled: true,
  });
  await pass(90 * MINUTE);
  expect(cloud.services.scheduler.droppedFirings()).toMatchObject([{ error: expect.stringMatching(/^AccessDeniedException: .*cannot be assumed.*QueueDoesNotExist/) as string }]);
  expect(internalErrors).toEqual([]);
});

describe('JSON that is nested too deeply is refused', () => {
  const arrays = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  test('as the input and the definition of a state machine', async () => {
    const sfn = new SFNClient(client());
    const stateMachineArn = cloud.outputs['Machine'];
    await expect(sfn.send(new StartExecutionCommand({ stateMachineArn, input: arrays(6_000) }))).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
    await expect(sfn.send(new CreateStateMachineCommand({ name: 'm', definition: arrays(6_000), roleArn: echoRole() }))).rejects.toMatchObject({ name: 'InvalidDefinition' });
    await pass();
  });

  test('as the detail of an event', async () => {
    const Entries = [{ Source: 's', DetailType: 'd', Detail: `{"a":${arrays(100_000)}}` }];
    expect(await new EventBridgeClient(client()).send(new PutEventsCommand({ Entries }))).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'MalformedDetail' }] });
    await pass();
  });

  test('as an item of DynamoDB, or any request', async () => {
    await new DynamoDBClient(client()).send(new CreateTableCommand({ TableName: 'deep', BillingMode: 'PAY_PER_REQUEST', KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }], AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }] }));
    for (const [depth, code] of [[40, 'ValidationException'], [5_000, 'SerializationException']] as const) {
      const body = `{"TableName":"deep","Item":{"pk":{"S":"a"},"deep":${'{"L":['.repeat(depth)}{"S":"x"}${']}'.repeat(depth)}}}`;
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' };
      const { statusCode, headers: answered } = await cloud.dispatch(await signed({ headers, body: Buffer.from(body) }, { service: 'dynamodb', identity: cloud.credentialsFor(ADMIN, 'admin') }));
      expect([statusCode, answered['x-amzn-errortype']]).toEqual([400, code]);
    }
  });

  test('when a state machine builds it', async () => {
    const wrap = "{% $reduce([1..5000], function($inner) { [$inner, 1] }, []) %}";
    const definition = (Output: unknown) => JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'Wrap', States: { Wrap: { Type: 'Pass', Output, End: true } } });
    const sfn = new SFNClient(client());
    const { stateMachineArn = '' } = await sfn.send(new CreateStateMachineCommand({ name: 'w', definition: definition(wrap), roleArn: echoRole() }));
    expect(await run(stateMachineArn)).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    const input = `{"a":${arrays(999)}}`;
    const { stateMachineArn: more } = await sfn.send(new CreateStateMachineCommand({ name: 'v', definition: definition({ more: '{% $states.input %}' }), roleArn: echoRole() }));
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn: more, input }));
    await pass();
    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(internalErrors).toEqual([]);
  });
});

test('names and times that are none are answered as mistakes of the client', async () => {
  const identity = cloud.credentialsFor(ADMIN, 'admin');
  const { statusCode } = await cloud.dispatch(await signed({ path: '/2015-03-31/functions/%zz/invocations' }, { service: 'lambda', identity }));
  expect(statusCode).toBe(400);
  for (const Time of ['1e20', '-1e20', '"yesterday"']) {
    const body = `{"Entries":[{"Source":"s","DetailType":"d","Detail":"{}","Time":${Time}}]}`;
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' };
    const answer = await cloud.dispatch(await signed({ headers, body: Buffer.from(body) }, { service: 'events', identity }));
    expect([answer.statusCode, answer.headers['x-amzn-errortype']]).toEqual([400, 'SerializationException']);
  }
});

describe('a bug of the emulation fails only what it is in, and is told once', () => {
  const bug = new Error('a bug');

  test('an invocation, in an execution', async () => {
    const arn = await machine('broken', roleThat('broken', ['lambda:*']));
    jest.spyOn(cloud.services.lambda, 'invoke').mockRejectedValueOnce(bug);
    expect(await run(arn)).toMatchObject({ status: 'FAILED', error: 'Lambda.Unknown' });
    expect(internalErrors).toEqual([[bug, expect.stringContaining('Echo') as string]]);
    expect(await run(arn)).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('an execution, also of what no check could see that it is not modelled', async () => {
    const arn = await machine('unmodelled', roleThat('unmodelled', ['lambda:*']), INVOKE, 1, { InvocationType: '{% $states.input.n = 1 ? "Event" : "RequestResponse" %}' });
    expect(await run(arn)).toMatchObject({ status: 'FAILED', error: 'States.Runtime', cause: expect.stringContaining('does not model the InvocationType "Event"') as string });
    expect(internalErrors).toEqual([[expect.objectContaining({ code: 'NotModelledLocally' }), expect.stringContaining('the execution ')]]);
  });

  test('a delivery to one of two targets, and a firing', async () => {
    const { lambda, scheduler } = cloud.services;
    const rule = `arn:aws:events:${cloud.region}:${cloud.accountId}:rule/r`;
    const targets = ['a', 'b'].map((id) => ({ id, arn: echoArn() }));
    cloud.events.putRule({ arn: rule, pattern: { source: ['s'] }, targets, state: 'ENABLED' });
    jest.spyOn(lambda, 'resourcePolicyOf').mockImplementationOnce(() => { throw bug; });
    await new EventBridgeClient(client()).send(new PutEventsCommand({ Entries: [{ Source: 's', DetailType: 'd', Detail: '{}' }] }));
    await pass();
    expect(cloud.events.failedDeliveries()).toEqual([
      { rule, target: echoArn(), error: 'InternalFailure: Error: a bug' },
      { rule, target: echoArn(), error: expect.stringContaining('AccessDeniedException') as string },
    ]);
    jest.spyOn(lambda, 'invokeLater').mockImplementationOnce(() => { throw bug; });
    const arn = 'arn:aws:scheduler:eu-central-1:111122223333:schedule/default/s';
    scheduler.put({ arn, expression: 'rate(1 hours)', targetArn: echoArn(), roleArn: roleThat('scheduler', ['lambda:*']), maximumRetryAttempts: 5, maximumEventAgeSeconds: 600, isEnabled: true });
    await pass(150 * MINUTE);
    expect(scheduler.droppedFirings()).toMatchObject([{ schedule: arn, error: 'InternalFailure: Error: a bug' }]);
    expect(internalErrors.map(([error, what]) => [error, what.replace(/ of .*/, '')])).toEqual([[bug, 'a delivery'], [bug, 'a firing']]);
    expect(cloud.functionLogs('Echo')).toEqual([]);
  });
});
