import { queueUrl, SqsService } from '../../../local/sqs/sqs-service';

const QUEUE = 'arn:aws:sqs:eu-central-1:111122223333:dead-letters';
const CALLER = { accountId: '111122223333', arn: 'a', userId: 'u' };

test('a dead-letter queue shows what was sent to it, oldest first', () => {
  let ids = 0;
  const sqs = new SqsService(() => `m-${String(++ids)}`);
  sqs.createQueue(QUEUE);
  sqs.send(QUEUE, 'one', { ERROR_CODE: 'X' });
  sqs.send(QUEUE, 'two');
  sqs.createQueue(QUEUE);
  expect(sqs.messagesOf(QUEUE).map(({ body }) => body)).toEqual(['one', 'two']);
  expect(sqs.call('ReceiveMessage', { QueueUrl: queueUrl(QUEUE) }, CALLER)).toEqual({
    Messages: [
      { MessageId: 'm-1', ReceiptHandle: 'm-1', Body: 'one', MD5OfBody: 'f97c5d29941bfb1b2fdab0874906ab82', MessageAttributes: { ERROR_CODE: { DataType: 'String', StringValue: 'X' } } },
    ],
  });
});

test('refuses an unknown queue, and other operations by name', () => {
  const sqs = new SqsService(() => 'm');
  expect(() => sqs.send(QUEUE, 'x')).toThrow(expect.objectContaining({ code: 'AWS.SimpleQueueService.NonExistentQueue' }) as Error);
  expect(() => sqs.call('DeleteMessage', {}, CALLER)).toThrow('SQS DeleteMessage');
});
