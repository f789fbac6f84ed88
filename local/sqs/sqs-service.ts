import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';
import { isSendable, md5, md5OfAttributes, type MessageAttributes, messageAttribute, sizeOf, type StoredMessage, textAttributes } from './message';
import { Queue, queueSettings, type QueueSettings, savedQueue } from './queue';

/** One message in a queue, as a person looks at it. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  /** Text values; binary ones as base64. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface SqsOptions {
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly nextId: () => string;
  /** What URLs of queues begin with: clients take them for addresses. */
  readonly endpoint: () => string;
}

/** Who has sent what AWS services send. */
const SERVICE_SENDER = 'AIDALOCALAWSSERVICES0';

const SYSTEM_ATTRIBUTES = ['All', 'SenderId', 'SentTimestamp', 'ApproximateReceiveCount', 'ApproximateFirstReceiveTimestamp'] as const;

const count = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);
const QueueUrl = z.string().min(1);
const ReceiptHandle = z.string().min(1);
const QueueName = z.string().regex(/^[A-Za-z0-9_-]{1,80}(?:\.fifo)?$/);
const visibility = count(0, 43_200);

const shapes = {
  createQueue: z.strictObject({ QueueName, Attributes: z.record(z.string(), z.string()).default({}), tags: z.record(z.string(), z.string()).optional() }),
  onQueue: z.strictObject({ QueueUrl }),
  getQueueUrl: z.strictObject({ QueueName, QueueOwnerAWSAccountId: z.string().optional() }),
  listQueues: z.strictObject({ QueueNamePrefix: z.string().optional(), MaxResults: count(1, 1_000).optional(), NextToken: z.string().optional() }),
  getAttributes: z.strictObject({ QueueUrl, AttributeNames: z.array(z.string()).default([]) }),
  setAttributes: z.strictObject({ QueueUrl, Attributes: z.record(z.string(), z.string()) }),
  send: z.strictObject({
    QueueUrl,
    MessageBody: z.string(),
    DelaySeconds: count(0, 900).optional(),
    MessageAttributes: z.record(z.string(), messageAttribute).default({}),
  }),
  receive: z.strictObject({
    QueueUrl,
    AttributeNames: z.array(z.enum(SYSTEM_ATTRIBUTES)).default([]),
    MessageSystemAttributeNames: z.array(z.enum(SYSTEM_ATTRIBUTES)).default([]),
    MessageAttributeNames: z.array(z.string()).default([]),
    MaxNumberOfMessages: count(1, 10).default(1),
    VisibilityTimeout: visibility.optional(),
    WaitTimeSeconds: count(0, 20).optional(),
    ReceiveRequestAttemptId: z.string().optional(),
  }),
  delete: z.strictObject({ QueueUrl, ReceiptHandle }),
  changeVisibility: z.strictObject({ QueueUrl, ReceiptHandle, VisibilityTimeout: visibility }),
};

/** SQS: standard queues on virtual time. Not modelled: FIFO queues, redrive policies, batches, encryption keys; queue policies are kept, not evaluated. */
export class SqsService implements Service, Stateful {
  private readonly queues = new Map<string, Queue>();

  private readonly operations = new Operations('SQS', 'InvalidParameterValue')
    .on('CreateQueue', shapes.createQueue, ({ QueueName: name, Attributes }) => this.create(name, Attributes))
    .on('DeleteQueue', shapes.onQueue, ({ QueueUrl: url }) => void this.queues.delete(this.at(url).arn))
    .on('GetQueueUrl', shapes.getQueueUrl, ({ QueueName: name }) => ({ QueueUrl: this.urlOf(this.queue(this.arnOf(name)).arn) }))
    .on('ListQueues', shapes.listQueues, (request) => this.list(request))
    .on('GetQueueAttributes', shapes.getAttributes, ({ QueueUrl: url, AttributeNames }) => ({ Attributes: attributesOf(this.at(url), AttributeNames) }))
    .on('SetQueueAttributes', shapes.setAttributes, ({ QueueUrl: url, Attributes }) => {
      const queue = this.at(url);
      queue.set(settingsFrom({ ...textSettings(queue.settings), ...Attributes }));
    })
    .on('SendMessage', shapes.send, (request, caller) => this.sendMessage(request, caller))
    .on('ReceiveMessage', shapes.receive, (request) => this.receive(request))
    .on('DeleteMessage', shapes.delete, ({ QueueUrl: url, ReceiptHandle: handle }) => this.at(url).delete(handle))
    .on('ChangeMessageVisibility', shapes.changeVisibility, ({ QueueUrl: url, ReceiptHandle: handle, VisibilityTimeout }) => this.at(url).changeVisibility(handle, VisibilityTimeout))
    .on('PurgeQueue', shapes.onQueue, ({ QueueUrl: url }) => this.at(url).purge());

  constructor(private readonly options: SqsOptions) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller) ?? {};
  }

  /** Makes a queue; one that exists keeps its messages and gets the settings. @throws {AwsError} `NotModelledLocally`, `InvalidAttributeValue`. */
  createQueue(queueArn: string, settings: Readonly<Record<string, string>> = {}): void {
    const existing = this.queues.get(queueArn);
    const nowMs = this.options.clock.nowMs();
    if (existing !== undefined) existing.set(settingsFrom(settings));
    else this.queues.set(queueArn, new Queue(this.options.clock, { arn: queueArn, settings: settingsFrom(settings), createdAtMs: nowMs, modifiedAtMs: nowMs, messages: [] }));
  }

  /** Sends as an AWS service does, with text attributes. @throws {AwsError} `QueueDoesNotExist`. */
  send(queueArn: string, body: string, attributes: Readonly<Record<string, string>> = {}): QueuedMessage {
    return this.deliver(queueArn, body, textAttributes(attributes));
  }

  /** Sends as an AWS service does. @throws {AwsError} `QueueDoesNotExist`. */
  deliver(queueArn: string, body: string, attributes: MessageAttributes): QueuedMessage {
    return shown(this.queue(queueArn).push({ messageId: this.options.nextId(), body, attributes, senderId: SERVICE_SENDER }));
  }

  /** What retention has left in a queue, oldest first. @throws {AwsError} `QueueDoesNotExist`. */
  messagesOf(queueArn: string): readonly QueuedMessage[] {
    return this.queue(queueArn).all().map(shown);
  }

  urlOf(queueArn: string): string {
    const [, , , , accountId, name] = queueArn.split(':');
    return `${this.options.endpoint()}/${accountId ?? ''}/${name ?? ''}`;
  }

  save(): Json {
    return { queues: [...this.queues.values()].map((queue) => queue.save()) } as unknown as Json;
  }

  load(saved: Json): void {
    for (const state of z.strictObject({ queues: z.array(savedQueue) }).parse(saved).queues) this.queues.set(state.arn, new Queue(this.options.clock, state));
  }

  private create(name: string, attributes: Readonly<Record<string, string>>): { QueueUrl: string } {
    if (name.endsWith('.fifo')) throw notModelled('FIFO queues');
    const arn = this.arnOf(name);
    const existing = this.queues.get(arn);
    if (existing === undefined) this.createQueue(arn, attributes);
    else {
      const has = textSettings(existing.settings);
      const other = Object.entries(textSettings(settingsFrom(attributes))).find(([key, value]) => key in attributes && has[key] !== value);
      if (other !== undefined) throw new AwsError('QueueNameExists', `A queue already exists with the same name and a different value for attribute ${other[0]}`);
    }
    return { QueueUrl: this.urlOf(arn) };
  }

  private list({ QueueNamePrefix = '', MaxResults = 1_000, NextToken }: z.output<typeof shapes.listQueues>): unknown {
    const named = [...this.queues.values()].filter(({ name }) => name.startsWith(QueueNamePrefix));
    const { items, token } = pageOf(named, ({ arn }) => arn, MaxResults, NextToken, () => new AwsError('InvalidParameterValue', 'Invalid or expired next token.'));
    return { ...(items.length > 0 && { QueueUrls: items.map(({ arn }) => this.urlOf(arn)) }), ...(token !== undefined && { NextToken: token }) };
  }

  private sendMessage({ QueueUrl: url, MessageBody, DelaySeconds, MessageAttributes }: z.output<typeof shapes.send>, caller: Caller): unknown {
    const queue = this.at(url);
    if (MessageBody === '') throw new AwsError('MissingParameter', 'The request must contain the parameter MessageBody.');
    if (!isSendable(MessageBody)) {
      throw new AwsError('InvalidMessageContents', 'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF');
    }
    const { MaximumMessageSize } = queue.settings;
    if (sizeOf(MessageBody, MessageAttributes) > MaximumMessageSize) {
      throw new AwsError('InvalidParameterValue', `One or more parameters are invalid. Reason: Message must be shorter than ${String(MaximumMessageSize)} bytes.`);
    }
    const { messageId } = queue.push({ messageId: this.options.nextId(), body: MessageBody, attributes: MessageAttributes, senderId: caller.userId }, DelaySeconds);
    return {
      MessageId: messageId,
      MD5OfMessageBody: md5(MessageBody),
      ...(Object.keys(MessageAttributes).length > 0 && { MD5OfMessageAttributes: md5OfAttributes(MessageAttributes) }),
    };
  }

  private receive(request: z.output<typeof shapes.receive>): unknown {
    const queue = this.at(request.QueueUrl);
    const messages = queue.receive(request.MaxNumberOfMessages, request.VisibilityTimeout ?? queue.settings.VisibilityTimeout, this.options.nextId);
    const systemNames = [...request.AttributeNames, ...request.MessageSystemAttributeNames];
    return messages.length === 0 ? {} : { Messages: messages.map((message) => received(message, systemNames, request.MessageAttributeNames)) };
  }

  private at(url: string): Queue {
    const [, accountId, name] = /^(?:https?:\/\/[^/]+)?\/?(\d{12})\/([^/]+)$/.exec(url) ?? [];
    if (name === undefined || accountId !== this.options.accountId) throw noSuchQueue();
    return this.queue(this.arnOf(name));
  }

  private queue(queueArn: string): Queue {
    const queue = this.queues.get(queueArn);
    if (queue === undefined) throw noSuchQueue();
    return queue;
  }

  private arnOf(name: string): string {
    return `arn:aws:sqs:${this.options.region}:${this.options.accountId}:${name}`;
  }
}

function noSuchQueue(): AwsError {
  return new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');
}

/** @throws {AwsError} `NotModelledLocally` for an attribute that is not modelled, `InvalidAttributeValue`. */
function settingsFrom(attributes: Readonly<Record<string, string>>): QueueSettings {
  const result = queueSettings.safeParse(attributes);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') throw notModelled(`the attribute ${String(issue.keys[0])} of a queue`);
  throw new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${String(issue?.path[0])}.`);
}

function textSettings(settings: QueueSettings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]));
}

/** @throws {AwsError} `InvalidAttributeName`. */
function attributesOf(queue: Queue, names: readonly string[]): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const all: Readonly<Record<string, string>> = {
    QueueArn: queue.arn,
    CreatedTimestamp: String(Math.floor(queue.createdAtMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAtMs / 1000)),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    ...textSettings(queue.settings),
  };
  if (names.includes('All')) return all;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = all[name];
      if (value === undefined && name !== 'Policy') throw new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

function received(message: StoredMessage, systemNames: readonly string[], attributeNames: readonly string[]): unknown {
  const { messageId, receiptHandle, body, senderId, sentAtMs, receiveCount, firstReceivedAtMs } = message;
  const system = Object.entries({
    SenderId: senderId,
    SentTimestamp: String(sentAtMs),
    ApproximateReceiveCount: String(receiveCount),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAtMs),
  }).filter(([name]) => systemNames.includes('All') || systemNames.includes(name));
  const isAsked = (name: string): boolean =>
    attributeNames.some((asked) => asked === 'All' || asked === '.*' || asked === name || (asked.endsWith('.*') && name.startsWith(asked.slice(0, -2))));
  const attributes = Object.fromEntries(Object.entries(message.attributes).filter(([name]) => isAsked(name)));
  return {
    MessageId: messageId,
    ReceiptHandle: receiptHandle,
    MD5OfBody: md5(body),
    Body: body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(Object.keys(attributes).length > 0 && { MD5OfMessageAttributes: md5OfAttributes(attributes), MessageAttributes: attributes }),
  };
}

function shown({ messageId, body, attributes }: StoredMessage): QueuedMessage {
  return { messageId, body, attributes: Object.fromEntries(Object.entries(attributes).map(([name, { StringValue, BinaryValue }]) => [name, StringValue ?? BinaryValue ?? ''])) };
}
