import { createHash } from 'node:crypto';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import { isRecord } from '../wire/protocol';

/** One message in a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** SQS, as far as a dead-letter queue needs it: standard queues that keep what was sent, and can be looked at. */
export class SqsService implements Service {
  private readonly queues = new Map<string, QueuedMessage[]>();

  constructor(private readonly nextId: () => string) {}

  createQueue(queueArn: string): void {
    if (!this.queues.has(queueArn)) this.queues.set(queueArn, []);
  }

  /** @throws {AwsError} `AWS.SimpleQueueService.NonExistentQueue`. */
  send(queueArn: string, body: string, attributes: Readonly<Record<string, string>> = {}): QueuedMessage {
    const message: QueuedMessage = { messageId: this.nextId(), body, attributes };
    this.queue(queueArn).push(message);
    return message;
  }

  messagesOf(queueArn: string): readonly QueuedMessage[] {
    return this.queue(queueArn);
  }

  call(operation: string, input: unknown, caller: Caller): unknown {
    if (operation !== 'ReceiveMessage' || !isRecord(input)) throw notModelled(`SQS ${operation}`);
    const [, region, name] = /^https?:\/\/sqs\.([a-z0-9-]+)\.[^/]+\/\d{12}\/(.+)$/.exec(String(input['QueueUrl'])) ?? [];
    const messages = this.queue(`arn:aws:sqs:${region ?? ''}:${caller.accountId}:${name ?? ''}`);
    return {
      Messages: messages.slice(0, Number(input['MaxNumberOfMessages'] ?? 1)).map(({ messageId, body, attributes }) => ({
        MessageId: messageId,
        ReceiptHandle: messageId,
        Body: body,
        MD5OfBody: createHash('md5').update(body).digest('hex'),
        MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }])),
      })),
    };
  }

  private queue(queueArn: string): QueuedMessage[] {
    const queue = this.queues.get(queueArn);
    if (queue === undefined) throw new AwsError('AWS.SimpleQueueService.NonExistentQueue', `The specified queue does not exist: ${queueArn}`);
    return queue;
  }
}

/** URL of a queue, as its `Ref` yields it. */
export function queueUrl(queueArn: string): string {
  const [, , , region, accountId, name] = queueArn.split(':');
  return `https://sqs.${region ?? ''}.amazonaws.com/${accountId ?? ''}/${name ?? ''}`;
}
