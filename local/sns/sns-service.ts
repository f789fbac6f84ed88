import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import { isRecord } from '../wire/protocol';

/** One message as it was published. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Subject, in characters; message, in bytes. @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT_LENGTH = 100;
const MAX_MESSAGE_BYTES = 262_144;

/** SNS: topics that keep what was published. Not modelled: subscriptions, FIFO topics, message structures. */
export class SnsService implements Service {
  private readonly topics = new Map<string, PublishedMessage[]>();

  constructor(
    private readonly trace: Trace,
    private readonly nextId: () => string,
  ) {}

  createTopic(topicArn: string): void {
    if (!this.topics.has(topicArn)) this.topics.set(topicArn, []);
  }

  /** What was published to a topic, oldest first. */
  messagesOf(topicArn: string): readonly PublishedMessage[] {
    return this.topics.get(topicArn) ?? [];
  }

  call(operation: string, input: unknown, caller: Caller): unknown {
    if (operation !== 'Publish' || !isRecord(input)) throw notModelled(`SNS ${operation}`);
    const { TopicArn, Subject, Message, MessageAttributes, ...others } = input;
    const [other] = Object.keys(others);
    if (other !== undefined) throw notModelled(`the parameter ${other} of SNS Publish`);
    return this.publish(String(TopicArn), typeof Message === 'string' ? Message : '', caller, {
      ...(typeof Subject === 'string' && { subject: Subject }),
      attributes: attributesOf(MessageAttributes),
    });
  }

  /** @throws {AwsError} `NotFound`, `InvalidParameter`. */
  publish(
    topicArn: string,
    message: string,
    caller: Caller,
    { subject, attributes = {} }: { readonly subject?: string; readonly attributes?: Readonly<Record<string, string>> } = {},
  ): { MessageId: string } {
    const messages = this.topics.get(topicArn);
    if (messages === undefined) throw new AwsError('NotFound', 'Topic does not exist', 404);
    if (message === '') throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
    if (Buffer.byteLength(message) > MAX_MESSAGE_BYTES) throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
    if (subject !== undefined && (subject.length >= MAX_SUBJECT_LENGTH || /[\r\n]/.test(subject))) {
      throw new AwsError('InvalidParameter', 'Invalid parameter: Subject');
    }
    const published: PublishedMessage = { messageId: this.nextId(), topicArn, subject: subject ?? null, message, attributes };
    messages.push(published);
    this.trace.emit({
      type: 'sns.published',
      actor: caller.arn,
      ...(caller.traceId !== undefined && { traceId: caller.traceId }),
      topic: topicArn,
      subject: published.subject,
      message,
      attributes,
    });
    return { MessageId: published.messageId };
  }
}

function attributesOf(entries: unknown): Record<string, string> {
  if (!Array.isArray(entries)) return {};
  return Object.fromEntries(
    entries.filter(isRecord).map(({ Name, Value }) => {
      const value = isRecord(Value) ? Value : {};
      if (value['DataType'] !== 'String') throw notModelled(`the message attribute type ${String(value['DataType'])}`);
      return [String(Name), String(value['StringValue'])] as const;
    }),
  );
}
