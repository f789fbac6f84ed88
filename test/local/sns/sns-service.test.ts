import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { SnsService } from '../../../local/sns/sns-service';

const TOPIC = 'arn:aws:sns:eu-central-1:111122223333:alerts';
const CALLER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/a', userId: 'u', traceId: 'Root=1' };

function sns() {
  const trace = new Trace(new Timeline(7));
  const service = new SnsService(trace, () => 'm-1');
  service.createTopic(TOPIC);
  return { service, trace };
}

test('a published message is kept and traced with its attributes', () => {
  const { service, trace } = sns();
  const input = { TopicArn: TOPIC, Subject: 's', Message: 'hello', MessageAttributes: [{ Name: 'kind', Value: { DataType: 'String', StringValue: 'freeze' } }] };
  expect(service.call('Publish', input, CALLER)).toEqual({ MessageId: 'm-1' });
  expect(service.messagesOf(TOPIC)).toEqual([{ messageId: 'm-1', topicArn: TOPIC, subject: 's', message: 'hello', attributes: { kind: 'freeze' } }]);
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

test.each<[string, object, string]>([
  ['an unknown topic', { TopicArn: `${TOPIC}x`, Message: 'm' }, 'NotFound'],
  ['an empty message', { TopicArn: TOPIC, Message: '' }, 'InvalidParameter'],
  ['a message over 256 KiB', { TopicArn: TOPIC, Message: 'é'.repeat(131_073) }, 'InvalidParameter'],
  ['a subject of 100 characters', { TopicArn: TOPIC, Message: 'm', Subject: 'x'.repeat(100) }, 'InvalidParameter'],
  ['a subject with a line break', { TopicArn: TOPIC, Message: 'm', Subject: 'a\nb' }, 'InvalidParameter'],
  ['a message structure', { TopicArn: TOPIC, Message: 'm', MessageStructure: 'json' }, 'NotModelledLocally'],
  ['a binary attribute', { TopicArn: TOPIC, Message: 'm', MessageAttributes: [{ Name: 'a', Value: { DataType: 'Binary' } }] }, 'NotModelledLocally'],
])('refuses %s', (_case, input, code) => {
  const { service, trace } = sns();
  expect(() => service.call('Publish', input, CALLER)).toThrow(expect.objectContaining({ code }) as Error);
  expect(trace.events()).toEqual([]);
});

test('refuses other operations by name', () => {
  expect(() => sns().service.call('Subscribe', {}, CALLER)).toThrow('SNS Subscribe');
});
