import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { deploy, type LocalCloud } from '../../../local/cloud/local-cloud';
import { assembly, type Fixture, functionWithRole, type Resources } from './fixture';

const FUNCTION_ARN = { 'Fn::GetAtt': ['Listener', 'Arn'] };
const QUEUE_ARN = { 'Fn::GetAtt': ['Inbox', 'Arn'] };
const subscription = (Protocol: string, Endpoint: unknown, more: object = {}): Resources[string] => ({ Type: 'AWS::SNS::Subscription', Properties: { TopicArn: { Ref: 'Alerts' }, Protocol, Endpoint, ...more } });

const STACK: Resources = {
  Alerts: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'Alerts' } },
  Inbox: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 5 } },
  ...functionWithRole('Listener', 'listener'),
  MayInvoke: { Type: 'AWS::Lambda::Permission', Properties: { Action: 'lambda:InvokeFunction', FunctionName: { Ref: 'Listener' }, Principal: 'sns.amazonaws.com', SourceArn: { Ref: 'Alerts' } } },
  ByQueue: subscription('sqs', QUEUE_ARN, { RawMessageDelivery: true, FilterPolicy: { kind: ['failure'] } }),
  ByFunction: subscription('lambda', FUNCTION_ARN),
  ByMail: subscription('email', 'people@example.com'),
  Rule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: { source: ['tests'] }, Targets: [{ Id: 'queue', Arn: QUEUE_ARN }] } },
};
const BUNDLES = { listener: 'exports.handler = async (event) => { console.log(event.Records[0].Sns.Message); };' };

let fixture: Fixture;
let cloud: LocalCloud;

beforeEach(async () => {
  fixture = assembly(STACK, BUNDLES);
  cloud = await deploy(fixture.directory);
});

afterEach(async () => {
  fixture.remove();
  await cloud.close();
});

function config() {
  return { region: cloud.region, endpoint: cloud.endpoint, credentials: cloud.credentialsFor('arn:aws:iam::111122223333:user/admin', 'admin'), maxAttempts: 1 };
}

async function publish(Message: string, kind = 'failure'): Promise<void> {
  await new SNSClient(config()).send(new PublishCommand({ TopicArn: cloud.physicalId('Alerts'), Message, MessageAttributes: { kind: { DataType: 'String', StringValue: kind } } }));
  await cloud.timeline.settle();
}

const inbox = () => cloud.services.sqs.messagesOf(`arn:aws:sqs:eu-central-1:111122223333:${cloud.physicalId('Inbox').split('/').pop() ?? ''}`).map(({ body }) => body);

test('a message reaches the queue, the function and the mailbox that a stack has subscribed', async () => {
  const { sns } = cloud.services;
  const [mail] = sns.deliveries();
  expect(mail).toMatchObject({ protocol: 'email', endpoint: 'people@example.com', deliveries: [{ kind: 'confirmation' }] });
  sns.call('ConfirmSubscription', { TopicArn: cloud.physicalId('Alerts'), Token: mail?.deliveries[0]?.token }, { accountId: '111122223333', arn: 'a', userId: 'u' });
  await publish('one');
  await publish('two', 'success');
  expect(inbox()).toEqual(['one']);
  expect(cloud.functionLogs('Listener')).toEqual(['one\n', 'two\n']);
  expect(sns.deliveries()[0]?.deliveries.map(({ message }) => message).slice(1)).toEqual(['one', 'two']);
  expect(sns.failedDeliveries()).toEqual([]);
});

test('a function that does not permit the topic gets nothing, and the failure is counted', async () => {
  const { MayInvoke: _mayInvoke, ...without } = STACK;
  const changed = assembly(without, BUNDLES);
  await cloud.redeploy(changed.directory);
  changed.remove();
  await publish('one');
  expect(cloud.functionLogs('Listener')).toEqual([]);
  expect(cloud.services.sns.failedDeliveries()).toMatchObject([{ error: expect.stringMatching('^AccessDeniedException: ') }]);
});

test('a subscription that the stack no longer has gets nothing', async () => {
  const { ByQueue: _byQueue, ...without } = STACK;
  const changed = assembly(without, BUNDLES);
  await cloud.redeploy(changed.directory);
  changed.remove();
  await publish('one');
  expect(inbox()).toEqual([]);
});

test('an event reaches a queue by a rule', async () => {
  await new EventBridgeClient(config()).send(new PutEventsCommand({ Entries: [{ Source: 'tests', DetailType: 'T', Detail: '{"n":1}' }] }));
  await cloud.timeline.settle();
  expect(inbox().map((body) => (JSON.parse(body) as { detail: unknown }).detail)).toEqual([{ n: 1 }]);
});

const SEND = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE_ARN };
/** Told of by a rule, a function that fails. */
function failing(statements: readonly object[], queue: unknown = QUEUE_ARN): Resources {
  const made = functionWithRole('Failing', 'failing', statements);
  const { Failing } = made;
  return {
    ...STACK,
    ...made,
    Failing: { ...Failing, Type: 'AWS::Lambda::Function', Properties: { ...Failing?.Properties, DeadLetterConfig: { TargetArn: queue } }, DependsOn: 'FailingPolicy' },
    RuleMayInvoke: { Type: 'AWS::Lambda::Permission', Properties: { Action: 'lambda:InvokeFunction', FunctionName: { Ref: 'Failing' }, Principal: 'events.amazonaws.com' } },
    FailingRule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: { source: ['failures'] }, Targets: [{ Id: 'failing', Arn: { 'Fn::GetAtt': ['Failing', 'Arn'] } }] } },
  };
}
const FAILING = { ...BUNDLES, failing: 'exports.handler = async () => { throw new Error("no"); };' };

test('an event that a function fails to handle at every try reaches its dead-letter queue', async () => {
  const changed = assembly(failing([SEND]), FAILING);
  await cloud.redeploy(changed.directory);
  await new EventBridgeClient(config()).send(new PutEventsCommand({ Entries: [{ Source: 'failures', DetailType: 'T', Detail: '{"n":1}' }] }));
  await cloud.advanceTo(cloud.timeline.nowMs() + 179_000);
  expect(inbox()).toEqual([]);
  await cloud.advanceTo(cloud.timeline.nowMs() + 10_000);
  expect(inbox().map((body) => JSON.parse(body) as unknown)).toEqual([expect.objectContaining({ source: 'failures', detail: { n: 1 } })]);
  changed.remove();
});

test('an event that fails is dropped once the role may not send to the dead-letter queue any more', async () => {
  const changed = assembly(failing([SEND]), FAILING);
  await cloud.redeploy(changed.directory);
  await new EventBridgeClient(config()).send(new PutEventsCommand({ Entries: [{ Source: 'failures', DetailType: 'T', Detail: '{"n":1}' }] }));
  cloud.services.identities.deletePolicy(`arn:aws:iam::111122223333:role/tiny/${cloud.physicalId('FailingRole')}`, cloud.physicalId('FailingPolicy'));
  await cloud.advanceTo(cloud.timeline.nowMs() + 200_000);
  expect(cloud.trace.events().filter((event) => event.type === 'lambda.invoked' && event.error !== null)).toHaveLength(3);
  expect(inbox()).toEqual([]);
  changed.remove();
});

test.each<[string, Resources, string]>([
  ['whose role may not send to its dead-letter queue', failing([{ ...SEND, Action: 'sqs:ReceiveMessage' }]), 'does not have permissions to call SendMessage on SQS'],
  ['whose dead letters go to a topic', failing([SEND], { Ref: 'Alerts' }), 'as the dead-letter queue of a function'],
])('a function %s is refused', async (_, stack, message) => {
  const changed = assembly(stack, FAILING);
  await expect(cloud.redeploy(changed.directory)).rejects.toThrow(message);
  changed.remove();
});
