import type { Json } from '../../../lambdas/domain/trace';
import { AwsError } from '../../../local/kernel/aws-error';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import type { MessageAttributes } from '../../../local/sns/message';
import { SnsService } from '../../../local/sns/sns-service';

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alerts';
const QUEUE = 'arn:aws:sqs:eu-central-1:111122223333:q';
const FUNCTION = 'arn:aws:lambda:eu-central-1:111122223333:function:f';
const CALLER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/a', userId: 'u', traceId: 'Root=1' };

function sns() {
  const clock = new Timeline(7);
  const trace = new Trace(clock);
  const queued: [string, string, MessageAttributes][] = [];
  const invoked: [string, Json][] = [];
  let ids = 0;
  const targets = {
    queue: (arn: string, body: string, attributes: MessageAttributes) => {
      if (arn !== QUEUE) throw new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
      queued.push([arn, body, attributes]);
    },
    function: (arn: string, event: Json) => void invoked.push([arn, event]),
  };
  const service = new SnsService({ accountId: '111122223333', region: 'eu-central-1', clock, trace, nextId: () => `m-${String(++ids)}`, targets });
  service.createTopic(TOPIC);
  const call = (operation: string, input: object) => service.call(operation, input, CALLER);
  const subscribe = (Protocol: string, Endpoint: string, attributes: Readonly<Record<string, string>> = {}, more: object = {}) =>
    (call('Subscribe', { TopicArn: TOPIC, Protocol, Endpoint, Attributes: Object.entries(attributes).map(([key, value]) => ({ key, value })), ...more }) as { SubscriptionArn: string }).SubscriptionArn;
  const publish = (Message: string, attributes: MessageAttributes = {}) =>
    call('Publish', { TopicArn: TOPIC, Message, MessageAttributes: Object.entries(attributes).map(([Name, Value]) => ({ Name, Value })) });
  return { service, trace, call, subscribe, publish, queued, invoked };
}

const text = (StringValue: string) => ({ DataType: 'String' as const, StringValue });

describe('publishing', () => {
  test('keeps and traces a message with its attributes', () => {
    const { service, trace, call } = sns();
    const input = { TopicArn: TOPIC, Subject: 's', Message: 'hello', MessageAttributes: [{ Name: 'kind', Value: text('freeze') }] };
    expect(call('Publish', input)).toEqual({ MessageId: 'm-1' });
    expect(service.messagesOf(TOPIC)).toEqual([{ messageId: 'm-1', topicArn: TOPIC, atMs: 7, subject: 's', message: 'hello', attributes: { kind: text('freeze') } }]);
    expect(trace.events()).toEqual([
      { type: 'sns.published', seq: 0, atMs: 7, actor: CALLER.arn, traceId: 'Root=1', topic: TOPIC, subject: 's', message: 'hello', attributes: { kind: 'freeze' } },
    ]);
  });

  test('a topic that is made again keeps its messages', () => {
    const { service } = sns();
    service.publish(TOPIC, 'm', CALLER);
    service.createTopic(TOPIC);
    expect(service.messagesOf(TOPIC)).toHaveLength(1);
  });

  test('in a batch fails by entry', () => {
    const { call, service } = sns();
    const entry = (Id: string, Message: string) => ({ Id, Message });
    expect(call('PublishBatch', { TopicArn: TOPIC, PublishBatchRequestEntries: [entry('a', 'one'), entry('b', '')] })).toEqual({
      Successful: [{ Id: 'a', MessageId: 'm-1' }],
      Failed: [{ Id: 'b', Code: 'InvalidParameter', Message: 'Invalid parameter: Empty message', SenderFault: true }],
    });
    expect(service.messagesOf(TOPIC)).toHaveLength(1);
    expect(() => call('PublishBatch', { TopicArn: TOPIC, PublishBatchRequestEntries: [entry('a', '1'), entry('a', '2')] })).toThrow(expect.objectContaining({ code: 'BatchEntryIdsNotDistinct' }) as Error);
  });

  test.each<[string, object, string]>([
    ['an unknown topic', { TopicArn: `${TOPIC}x`, Message: 'm' }, 'NotFound'],
    ['an empty message', { TopicArn: TOPIC, Message: '' }, 'InvalidParameter'],
    ['a message over 256 KiB', { TopicArn: TOPIC, Message: 'é'.repeat(131_073) }, 'InvalidParameter'],
    ['a subject of 100 characters', { TopicArn: TOPIC, Message: 'm', Subject: 'x'.repeat(100) }, 'InvalidParameter'],
    ['a subject with a line break', { TopicArn: TOPIC, Message: 'm', Subject: 'a\nb' }, 'InvalidParameter'],
    ['a number that is none', { TopicArn: TOPIC, Message: 'm', MessageAttributes: [{ Name: 'a', Value: { DataType: 'Number', StringValue: 'many' } }] }, 'ParameterValueInvalid'],
    ['an array that is none', { TopicArn: TOPIC, Message: 'm', MessageAttributes: [{ Name: 'a', Value: { DataType: 'String.Array', StringValue: 'x' } }] }, 'ParameterValueInvalid'],
    ['an attribute of another type', { TopicArn: TOPIC, Message: 'm', MessageAttributes: [{ Name: 'a', Value: { DataType: 'Date', StringValue: 'x' } }] }, 'InvalidParameter'],
    ['a message to a phone', { PhoneNumber: '+491701234567', Message: 'm' }, 'NotModelledLocally'],
    ['a message to an application', { TargetArn: 'arn:aws:sns:eu-central-1:111122223333:endpoint/GCM/app/1', Message: 'm' }, 'NotModelledLocally'],
    ['a message to nobody', { Message: 'm' }, 'InvalidParameter'],
    ['a message to two', { TopicArn: TOPIC, PhoneNumber: '+491701234567', Message: 'm' }, 'InvalidParameter'],
    ['a message structure', { TopicArn: TOPIC, Message: 'm', MessageStructure: 'json' }, 'NotModelledLocally'],
  ])('refuses %s', (_case, input, code) => {
    const { call, trace } = sns();
    expect(() => call('Publish', input)).toThrow(expect.objectContaining({ code }) as Error);
    expect(trace.events()).toEqual([]);
  });
});

describe('topics', () => {
  test('are made, listed, described, changed and deleted with their subscriptions', () => {
    const { call, subscribe } = sns();
    expect(call('CreateTopic', { Name: 'more', Attributes: [{ key: 'DisplayName', value: 'More' }] })).toEqual({ TopicArn: TOPIC.replace('alerts', 'more') });
    expect(call('ListTopics', {})).toEqual({ Topics: [{ TopicArn: TOPIC }, { TopicArn: TOPIC.replace('alerts', 'more') }] });
    subscribe('email', 'a@example.com');
    call('SetTopicAttributes', { TopicArn: TOPIC, AttributeName: 'DisplayName', AttributeValue: 'Alerts' });
    expect(Object.fromEntries((call('GetTopicAttributes', { TopicArn: TOPIC }) as { Attributes: { key: string; value: string }[] }).Attributes.map(({ key, value }) => [key, value]))).toMatchObject({
      TopicArn: TOPIC, DisplayName: 'Alerts', SubscriptionsPending: '1', SubscriptionsConfirmed: '0',
    });
    call('DeleteTopic', { TopicArn: TOPIC });
    expect(call('ListSubscriptions', {})).toEqual({ Subscriptions: [] });
    expect(() => call('GetTopicAttributes', { TopicArn: TOPIC })).toThrow(expect.objectContaining({ code: 'NotFound', httpStatus: 404 }) as Error);
  });

  test('are listed in pages of 100', () => {
    const { call } = sns();
    for (let index = 0; index < 150; index++) call('CreateTopic', { Name: `t${String(index)}` });
    const first = call('ListTopics', {}) as { Topics: unknown[]; NextToken: string };
    const second = call('ListTopics', { NextToken: first.NextToken }) as { Topics: unknown[]; NextToken?: string };
    expect([first.Topics.length, second.Topics.length, second.NextToken]).toEqual([100, 51, undefined]);
    expect(() => call('ListTopics', { NextToken: 'x' })).toThrow(expect.objectContaining({ code: 'InvalidParameter' }) as Error);
  });
});

describe('subscriptions', () => {
  test('of a queue get the envelope, or the message itself when it is raw', () => {
    const { subscribe, publish, queued, call } = sns();
    const arn = subscribe('sqs', QUEUE);
    publish('one', { kind: text('a') });
    expect(JSON.parse(queued[0]?.[1] ?? '')).toMatchObject({ Type: 'Notification', TopicArn: TOPIC, Message: 'one', Timestamp: '1970-01-01T00:00:00.007Z', MessageAttributes: { kind: { Type: 'String', Value: 'a' } } });
    call('SetSubscriptionAttributes', { SubscriptionArn: arn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' });
    publish('two', { kind: text('a') });
    expect(queued[1]).toEqual([QUEUE, 'two', { kind: text('a') }]);
  });

  test('of a function get an event', () => {
    const { subscribe, publish, invoked } = sns();
    const arn = subscribe('lambda', FUNCTION);
    publish('one');
    expect(invoked).toMatchObject([[FUNCTION, { Records: [{ EventSource: 'aws:sns', EventSubscriptionArn: arn, Sns: { Message: 'one', Subject: null, MessageAttributes: {} } }] }]]);
  });

  test('of an e-mail address wait for its owner, then keep what was sent to it', () => {
    const { subscribe, publish, service, call } = sns();
    expect(subscribe('email', 'a@example.com')).toBe('pending confirmation');
    publish('too early');
    const [{ deliveries: [confirmation] }] = service.deliveries() as unknown as [{ deliveries: [{ token: string; kind: string }] }];
    expect(confirmation.kind).toBe('confirmation');
    expect(() => call('ConfirmSubscription', { TopicArn: TOPIC, Token: 'guess' })).toThrow(expect.objectContaining({ code: 'InvalidParameter' }) as Error);
    call('ConfirmSubscription', { TopicArn: TOPIC, Token: confirmation.token });
    publish('hello', { kind: text('a') });
    expect(service.deliveries()).toMatchObject([{ protocol: 'email', endpoint: 'a@example.com', deliveries: [{}, { kind: 'notification', message: 'hello', attributes: { kind: text('a') } }] }]);
  });

  test('are listed, described and ended', () => {
    const { subscribe, publish, queued, call } = sns();
    const arn = subscribe('sqs', QUEUE);
    expect(subscribe('sqs', QUEUE)).toBe(arn);
    expect(subscribe('email', 'a@example.com', {}, { ReturnSubscriptionArn: 'true' })).toMatch(`${TOPIC}:`);
    expect(call('ListSubscriptionsByTopic', { TopicArn: TOPIC })).toMatchObject({ Subscriptions: [{ SubscriptionArn: arn, Protocol: 'sqs' }, { SubscriptionArn: 'PendingConfirmation', Protocol: 'email' }] });
    expect(call('GetSubscriptionAttributes', { SubscriptionArn: arn })).toMatchObject({ Attributes: expect.arrayContaining([{ key: 'PendingConfirmation', value: 'false' }, { key: 'Endpoint', value: QUEUE }]) as unknown });
    call('Unsubscribe', { SubscriptionArn: arn });
    publish('x');
    expect(queued).toEqual([]);
  });

  test('whose endpoint takes nothing count the failure', () => {
    const { subscribe, publish, service } = sns();
    const arn = subscribe('sqs', `${QUEUE}-gone`);
    publish('x');
    expect(service.failedDeliveries()).toEqual([{ subscriptionArn: arn, messageId: 'm-2', error: 'QueueDoesNotExist: The specified queue does not exist.' }]);
  });

  test.each<[string, object, MessageAttributes, boolean]>([
    ['an equal text', { kind: ['a', 'b'] }, { kind: text('b') }, true],
    ['another text', { kind: ['a', 'b'] }, { kind: text('c') }, false],
    ['a missing attribute', { kind: ['a'] }, {}, false],
    ['a missing attribute that should be', { kind: [{ exists: false }] }, {}, true],
    ['a prefix', { kind: [{ prefix: 'key-' }] }, { kind: text('key-1') }, true],
    ['a number in a range', { n: [{ numeric: ['>', 1, '<=', 5] }] }, { n: { DataType: 'Number', StringValue: '5' } }, true],
    ['a number as text', { n: [5] }, { n: text('5') }, false],
    ['an element of an array', { tags: ['x'] }, { tags: { DataType: 'String.Array', StringValue: '["y","x"]' } }, true],
    ['all names but one', { kind: ['a'], other: ['b'] }, { kind: text('a') }, false],
    ['a binary attribute', { kind: [{ exists: true }] }, { kind: { DataType: 'Binary', BinaryValue: 'AA==' } }, false],
  ])('with a filter policy: %s', (_case, policy, attributes, isDelivered) => {
    const { subscribe, publish, queued } = sns();
    subscribe('sqs', QUEUE, { FilterPolicy: JSON.stringify(policy) });
    publish('m', attributes);
    expect(queued.length === 1).toBe(isDelivered);
  });

  test('filter by the body when told so', () => {
    const { subscribe, publish, queued } = sns();
    subscribe('sqs', QUEUE, { FilterPolicy: '{"detail":{"kind":["a"]}}', FilterPolicyScope: 'MessageBody' });
    publish('{"detail":{"kind":"a"}}');
    publish('{"detail":{"kind":"b"}}');
    publish('no JSON');
    expect(queued).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ['an unknown topic', { TopicArn: `${TOPIC}x`, Protocol: 'sqs', Endpoint: QUEUE }, 'NotFound'],
    ['an unknown protocol', { TopicArn: TOPIC, Protocol: 'pigeon', Endpoint: 'x' }, 'InvalidParameter'],
    ['a protocol that is not modelled', { TopicArn: TOPIC, Protocol: 'firehose', Endpoint: 'arn:aws:firehose:eu-central-1:111122223333:deliverystream/s' }, 'NotModelledLocally'],
    ['an endpoint of an application', { TopicArn: TOPIC, Protocol: 'application', Endpoint: 'arn:aws:sns:eu-central-1:111122223333:endpoint/GCM/app/1' }, 'NotModelledLocally'],
    ['a filter that is no pattern', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE, Attributes: [{ key: 'FilterPolicy', value: '{"a":[{"exists":"yes"}]}' }] }, 'InvalidParameter'],
    ['a filter of nothing', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE, Attributes: [{ key: 'FilterPolicy', value: '{"a":[]}' }] }, 'InvalidParameter'],
    ['an address that is none', { TopicArn: TOPIC, Protocol: 'email', Endpoint: 'x' }, 'InvalidParameter'],
    ['a filter that is no JSON', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE, Attributes: [{ key: 'FilterPolicy', value: '{' }] }, 'InvalidParameter'],
    ['a nested filter of attributes', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE, Attributes: [{ key: 'FilterPolicy', value: '{"a":{"b":["c"]}}' }] }, 'InvalidParameter'],
    ['raw delivery to a function', { TopicArn: TOPIC, Protocol: 'lambda', Endpoint: FUNCTION, Attributes: [{ key: 'RawMessageDelivery', value: 'true' }] }, 'InvalidParameter'],
    ['a redrive policy', { TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE, Attributes: [{ key: 'RedrivePolicy', value: '{}' }] }, 'NotModelledLocally'],
  ])('refuses %s', (_case, input, code) => {
    const { call } = sns();
    expect(() => call('Subscribe', input)).toThrow(expect.objectContaining({ code }) as Error);
    expect(call('ListSubscriptions', {})).toEqual({ Subscriptions: [] });
  });
});

test.each<[string, string, object, string]>([
  ['a FIFO topic', 'CreateTopic', { Name: 't1.fifo', Attributes: [{ key: 'FifoTopic', value: 'true' }] }, 'NotModelledLocally'],
  ['a name with a dot', 'CreateTopic', { Name: 't1.first' }, 'InvalidParameter'],
  ['a name of 257 characters', 'CreateTopic', { Name: 'x'.repeat(257) }, 'InvalidParameter'],
  ['to end what is no subscription', 'Unsubscribe', { SubscriptionArn: 'x' }, 'InvalidParameter'],
  ['to end a topic as a subscription', 'Unsubscribe', { SubscriptionArn: TOPIC }, 'InvalidParameter'],
])('refuses %s', (_case, operation, input, code) => {
  expect(() => sns().call(operation, input)).toThrow(expect.objectContaining({ code }) as Error);
});

test('a message goes to a topic as its target too', () => {
  const { call, service } = sns();
  call('Publish', { TargetArn: TOPIC, Message: 'm' });
  expect(service.messagesOf(TOPIC)).toHaveLength(1);
});

test('refuses other operations by name', () => {
  expect(() => sns().call('AddPermission', {})).toThrow('SNS AddPermission');
});

test('after saving and loading, topics, messages, subscriptions with their filters and deliveries are there', () => {
  const before = sns();
  before.subscribe('sqs', QUEUE, { FilterPolicy: '{"kind":["a"]}' });
  before.subscribe('sms', '+491701234567');
  before.subscribe('sqs', `${QUEUE}-gone`);
  before.publish('one', { kind: text('a') });
  const after = sns();
  after.service.load(JSON.parse(JSON.stringify(before.service.save())) as Json);
  expect(after.service.messagesOf(TOPIC)).toEqual(before.service.messagesOf(TOPIC));
  expect(after.service.deliveries()).toEqual(before.service.deliveries());
  expect(after.service.failedDeliveries()).toEqual(before.service.failedDeliveries());
  expect(after.call('ListSubscriptions', {})).toEqual(before.call('ListSubscriptions', {}));
  after.publish('two', { kind: text('b') });
  after.publish('three', { kind: text('a') });
  expect(after.queued).toHaveLength(1);
});
