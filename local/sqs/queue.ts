import { z } from 'zod';
import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import { storedMessage, type StoredMessage } from './message';

/**
 * Settings of a queue in seconds, with AWS's defaults. Others say what is not modelled, and are refused by name.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
 */
export const queueSettings = z.strictObject({
  VisibilityTimeout: z.coerce.number().int().min(0).max(43_200).default(30),
  MessageRetentionPeriod: z.coerce.number().int().min(60).max(1_209_600).default(345_600),
  DelaySeconds: z.coerce.number().int().min(0).max(900).default(0),
  /** In bytes. */
  MaximumMessageSize: z.coerce.number().int().min(1_024).max(1_048_576).default(1_048_576),
  /** A call waits for nothing here: virtual time stands still meanwhile. */
  ReceiveMessageWaitTimeSeconds: z.coerce.number().int().min(0).max(20).default(0),
  /** Kept and answered; nothing asks it. */
  Policy: z.string().optional(),
  SqsManagedSseEnabled: z.stringbool().default(true),
});
export type QueueSettings = z.infer<typeof queueSettings>;

export const savedQueue = z.strictObject({
  arn: z.string(),
  settings: queueSettings.extend({ SqsManagedSseEnabled: z.boolean() }),
  createdAtMs: z.int(),
  modifiedAtMs: z.int(),
  messages: z.array(storedMessage),
});
export type SavedQueue = z.infer<typeof savedQueue>;

/** A standard queue on virtual time. Messages are received in the order in which they were sent. */
export class Queue {
  private messages: StoredMessage[];

  constructor(
    private readonly clock: Clock,
    private readonly state: SavedQueue,
  ) {
    this.messages = state.messages;
  }

  get arn(): string {
    return this.state.arn;
  }

  get name(): string {
    return this.arn.split(':').pop() ?? '';
  }

  get settings(): QueueSettings {
    return this.state.settings;
  }

  get createdAtMs(): number {
    return this.state.createdAtMs;
  }

  get modifiedAtMs(): number {
    return this.state.modifiedAtMs;
  }

  set(settings: QueueSettings): void {
    this.state.settings = settings;
    this.state.modifiedAtMs = this.clock.nowMs();
  }

  push(message: Pick<StoredMessage, 'messageId' | 'body' | 'attributes' | 'senderId'>, delaySeconds = this.settings.DelaySeconds): StoredMessage {
    const nowMs = this.clock.nowMs();
    const stored: StoredMessage = { ...message, sentAtMs: nowMs, visibleAtMs: nowMs + delaySeconds * 1000, receiveCount: 0 };
    this.messages.push(stored);
    return stored;
  }

  /** All messages that retention has left, oldest first, received or not. */
  all(): readonly StoredMessage[] {
    const oldestMs = this.clock.nowMs() - this.settings.MessageRetentionPeriod * 1000;
    this.messages = this.messages.filter(({ sentAtMs }) => sentAtMs > oldestMs);
    return this.messages;
  }

  /** Takes visible messages and hides them for a while. */
  receive(limit: number, visibilitySeconds: number, nextReceipt: () => string): readonly StoredMessage[] {
    const nowMs = this.clock.nowMs();
    const taken = this.all().filter(({ visibleAtMs }) => visibleAtMs <= nowMs).slice(0, limit);
    for (const message of taken) {
      message.receiveCount++;
      message.firstReceivedAtMs ??= nowMs;
      message.visibleAtMs = nowMs + visibilitySeconds * 1000;
      message.receiptHandle = this.handleOf(nextReceipt());
    }
    return taken;
  }

  /** Deletes what a handle stands for; a handle of an earlier receipt deletes nothing and is no error. @throws {AwsError} `ReceiptHandleIsInvalid`. */
  delete(receiptHandle: string): void {
    this.requireHandle(receiptHandle);
    this.messages = this.messages.filter((message) => message.receiptHandle !== receiptHandle);
  }

  /** @throws {AwsError} `ReceiptHandleIsInvalid`, `MessageNotInflight`. */
  changeVisibility(receiptHandle: string, seconds: number): void {
    this.requireHandle(receiptHandle);
    const nowMs = this.clock.nowMs();
    const message = this.all().find((candidate) => candidate.receiptHandle === receiptHandle && candidate.visibleAtMs > nowMs);
    if (message === undefined) throw new AwsError('MessageNotInflight', 'The specified message is not in flight.');
    message.visibleAtMs = nowMs + seconds * 1000;
  }

  purge(): void {
    this.messages = [];
  }

  /** How many messages can be received, are hidden after a receipt, and were delayed. */
  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    const nowMs = this.clock.nowMs();
    const hidden = this.all().filter(({ visibleAtMs }) => visibleAtMs > nowMs);
    const inFlight = hidden.filter(({ receiveCount }) => receiveCount > 0).length;
    return { visible: this.all().length - hidden.length, inFlight, delayed: hidden.length - inFlight };
  }

  save(): SavedQueue {
    return { ...this.state, messages: [...this.all()] };
  }

  /** A handle says of which queue it is, so that one that was never given out can be told from one whose message is gone. */
  private handleOf(receipt: string): string {
    return Buffer.from(`${this.arn} ${receipt}`).toString('base64');
  }

  private requireHandle(receiptHandle: string): void {
    const [arn, receipt, ...more] = Buffer.from(receiptHandle, 'base64').toString().split(' ');
    if (arn === this.arn && receipt !== undefined && more.length === 0 && this.handleOf(receipt) === receiptHandle) return;
    throw new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${receiptHandle}" is not a valid receipt handle.`);
  }
}
