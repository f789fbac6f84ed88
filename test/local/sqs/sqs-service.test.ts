import { createHash } from 'node:crypto';
import type { Json } from '../../../lambdas/domain/trace';
import { Timeline } from '../../../local/kernel/clock';
import { SqsService } from '../../../local/sqs/sqs-service';

const START_MS = Date.UTC(2030, 0, 1);
const ARN = 'arn:aws:sqs:eu-central-1:111122223333:dead-letters';
const URL = 'http://127.0.0.1:1/111122223333/dead-letters';
const CALLER = { accountId: '111122223333', arn: 'a', userId: 'AIDA1' };

function sqs(startMs = START_MS) {
  const timeline = new Timeline(startMs);
  let ids = 0;
  const service = new SqsService({ accountId: '111122223333', region: 'eu-central-1', clock: timeline, nextId: () => `m-${String(++ids)}`, endpoint: () => 'http://127.0.0.1:1' });
  service.createQueue(ARN);
  const call = (operation: string, input: object) => service.call(operation, input, CALLER);
  const receive = (more: object = {}) => (call('ReceiveMessage', { QueueUrl: URL, ...more }) as { Messages?: { Body: string; ReceiptHandle: string }[] }).Messages ?? [];
  return { service, timeline, call, receive };
}

test('a dead-letter queue shows what was sent to it, oldest first, and keeps it when it is made again', () => {
  const { service, receive } = sqs();
  service.send(ARN, 'one', { ERROR_CODE: 'X' });
  service.send(ARN, 'two');
  service.createQueue(ARN);
  expect(service.messagesOf(ARN)).toEqual([{ messageId: 'm-1', body: 'one', attributes: { ERROR_CODE: 'X' } }, { messageId: 'm-2', body: 'two', attributes: {} }]);
  expect(receive({ MessageAttributeNames: ['All'], AttributeNames: ['ApproximateReceiveCount'] })).toEqual([
    {
      MessageId: 'm-1', ReceiptHandle: Buffer.from(`${ARN} m-3`).toString('base64'), Body: 'one', MD5OfBody: 'f97c5d29941bfb1b2fdab0874906ab82', Attributes: { ApproximateReceiveCount: '1' },
      MD5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/), MessageAttributes: { ERROR_CODE: { DataType: 'String', StringValue: 'X' } },
    },
  ]);
});

test('a received message is hidden until its visibility time-out has passed, and gone once it was deleted', async () => {
  const { call, receive, timeline } = sqs();
  call('SendMessage', { QueueUrl: URL, MessageBody: 'hello' });
  const [first] = receive({ VisibilityTimeout: 60 });
  expect(receive()).toEqual([]);
  expect(call('GetQueueAttributes', { QueueUrl: URL, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] })).toEqual({
    Attributes: { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '1' },
  });
  await timeline.runUntil(START_MS + 60_000);
  const [second] = receive();
  expect(second?.Body).toBe('hello');
  expect(second?.ReceiptHandle).not.toBe(first?.ReceiptHandle);
  call('ChangeMessageVisibility', { QueueUrl: URL, ReceiptHandle: second?.ReceiptHandle, VisibilityTimeout: 0 });
  const [third] = receive();
  call('DeleteMessage', { QueueUrl: URL, ReceiptHandle: third?.ReceiptHandle });
  await timeline.runUntil(START_MS + 3_600_000);
  expect(receive()).toEqual([]);
});

test('a handle of an earlier receipt, or of a message that is gone, deletes nothing and is no error', () => {
  const { call, receive, service } = sqs();
  call('SendMessage', { QueueUrl: URL, MessageBody: '\u{1F511}\t\r\n\uFFFD' });
  const [first] = receive({ VisibilityTimeout: 0 });
  const [second] = receive({ VisibilityTimeout: 0 });
  expect(call('DeleteMessage', { QueueUrl: URL, ReceiptHandle: first?.ReceiptHandle })).toEqual({});
  expect(service.messagesOf(ARN)).toHaveLength(1);
  for (let time = 0; time < 2; time++) expect(call('DeleteMessage', { QueueUrl: URL, ReceiptHandle: second?.ReceiptHandle })).toEqual({});
  expect(service.messagesOf(ARN)).toEqual([]);
});

test('messages come when their delay is over and go when their retention is', async () => {
  const { call, receive, service, timeline } = sqs();
  call('SetQueueAttributes', { QueueUrl: URL, Attributes: { MessageRetentionPeriod: '120' } });
  call('SendMessage', { QueueUrl: URL, MessageBody: 'late', DelaySeconds: 30 });
  expect(receive()).toEqual([]);
  await timeline.runUntil(START_MS + 30_000);
  expect(receive({ VisibilityTimeout: 0 })).toHaveLength(1);
  await timeline.runUntil(START_MS + 120_000);
  expect(service.messagesOf(ARN)).toEqual([]);
});

test('queues are made, found, listed, purged and deleted', () => {
  const { call, receive } = sqs();
  expect(call('CreateQueue', { QueueName: 'mine', Attributes: { VisibilityTimeout: '5' } })).toEqual({ QueueUrl: 'http://127.0.0.1:1/111122223333/mine' });
  expect(call('CreateQueue', { QueueName: 'mine', Attributes: { VisibilityTimeout: '5' } })).toEqual({ QueueUrl: 'http://127.0.0.1:1/111122223333/mine' });
  expect(() => call('CreateQueue', { QueueName: 'mine', Attributes: { VisibilityTimeout: '6' } })).toThrow(expect.objectContaining({ code: 'QueueNameExists' }) as Error);
  expect(call('GetQueueUrl', { QueueName: 'dead-letters' })).toEqual({ QueueUrl: URL });
  expect(call('ListQueues', { QueueNamePrefix: 'm' })).toEqual({ QueueUrls: ['http://127.0.0.1:1/111122223333/mine'] });
  expect(call('GetQueueAttributes', { QueueUrl: URL, AttributeNames: ['All'] })).toMatchObject({ Attributes: { QueueArn: ARN, VisibilityTimeout: '30', CreatedTimestamp: String(START_MS / 1000) } });
  call('SendMessage', { QueueUrl: URL, MessageBody: 'x' });
  call('PurgeQueue', { QueueUrl: URL });
  expect(receive()).toEqual([]);
  call('DeleteQueue', { QueueUrl: URL });
  expect(() => receive()).toThrow(expect.objectContaining({ code: 'QueueDoesNotExist' }) as Error);
});

test('the digest of attributes covers names, types and values', () => {
  const { call } = sqs();
  const attributes = { b: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]).toString('base64') }, a: { DataType: 'Number', StringValue: '1.5' } };
  // Made by hand by the documented steps: lengths as 4 bytes, transport type as 1.
  expect(call('SendMessage', { QueueUrl: URL, MessageBody: 'x', MessageAttributes: attributes })).toMatchObject({ MD5OfMessageAttributes: digest('0000000161' + '000000064e756d626572' + '01' + '00000003312e35' + '0000000162' + '0000000642696e617279' + '02' + '000000020102') });
});

test.each<[string, string, object, string]>([
  ['an unknown queue', 'ReceiveMessage', { QueueUrl: `${URL}x` }, 'QueueDoesNotExist'],
  ['the queue of another account', 'ReceiveMessage', { QueueUrl: URL.replace('1111', '2222') }, 'QueueDoesNotExist'],
  ['an empty message', 'SendMessage', { QueueUrl: URL, MessageBody: '' }, 'MissingParameter'],
  ['a message over 1 MiB', 'SendMessage', { QueueUrl: URL, MessageBody: 'x'.repeat(1_048_577) }, 'InvalidParameterValue'],
  ['a message with a character that XML lacks', 'SendMessage', { QueueUrl: URL, MessageBody: 'a\x00' }, 'InvalidMessageContents'],
  ['a message with half a character', 'SendMessage', { QueueUrl: URL, MessageBody: '\ud83d' }, 'InvalidMessageContents'],
  ['a handle that was never given out', 'DeleteMessage', { QueueUrl: URL, ReceiptHandle: 'junk' }, 'ReceiptHandleIsInvalid'],
  ['the handle of another queue', 'DeleteMessage', { QueueUrl: URL, ReceiptHandle: Buffer.from(`${ARN}x m-3`).toString('base64') }, 'ReceiptHandleIsInvalid'],
  ['a visibility for a handle that was never given out', 'ChangeMessageVisibility', { QueueUrl: URL, ReceiptHandle: 'junk', VisibilityTimeout: 1 }, 'ReceiptHandleIsInvalid'],
  ['eleven messages at once', 'ReceiveMessage', { QueueUrl: URL, MaxNumberOfMessages: 11 }, 'InvalidParameterValue'],
  ['an unknown attribute', 'GetQueueAttributes', { QueueUrl: URL, AttributeNames: ['Colour'] }, 'InvalidAttributeName'],
  ['a setting out of its range', 'SetQueueAttributes', { QueueUrl: URL, Attributes: { VisibilityTimeout: '99999' } }, 'InvalidAttributeValue'],
  ['a redrive policy', 'SetQueueAttributes', { QueueUrl: URL, Attributes: { RedrivePolicy: '{}' } }, 'NotModelledLocally'],
  ['a FIFO queue', 'CreateQueue', { QueueName: 'a.fifo' }, 'NotModelledLocally'],
  ['a batch', 'SendMessageBatch', { QueueUrl: URL, Entries: [] }, 'NotModelledLocally'],
])('refuses %s', (_case, operation, input, code) => {
  expect(() => sqs().call(operation, input)).toThrow(expect.objectContaining({ code }) as Error);
});

test('after saving and loading, messages are there, hidden ones for as long as they were', async () => {
  const before = sqs();
  before.call('SendMessage', { QueueUrl: URL, MessageBody: 'hidden', MessageAttributes: { a: { DataType: 'String', StringValue: 'x' } } });
  before.receive({ VisibilityTimeout: 60 });
  before.call('SendMessage', { QueueUrl: URL, MessageBody: 'visible' });
  const after = sqs(START_MS);
  after.service.load(JSON.parse(JSON.stringify(before.service.save())) as Json);
  expect(after.service.messagesOf(ARN)).toEqual(before.service.messagesOf(ARN));
  expect(after.receive({ MaxNumberOfMessages: 10, VisibilityTimeout: 0 }).map(({ Body }) => Body)).toEqual(['visible']);
  await after.timeline.runUntil(START_MS + 60_000);
  expect(after.receive({ MaxNumberOfMessages: 10 }).map(({ Body }) => Body)).toEqual(['hidden', 'visible']);
});

function digest(hex: string): string {
  return createHash('md5').update(Buffer.from(hex, 'hex')).digest('hex');
}
