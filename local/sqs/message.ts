import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A message attribute; binary values as base64 text. */
export const messageAttribute = z.strictObject({
  DataType: z.string().regex(/^(?:String|Number|Binary)(?:\..+)?$/),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
export type MessageAttribute = z.infer<typeof messageAttribute>;
export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** A message in a queue. */
export const storedMessage = z.strictObject({
  messageId: z.string(),
  body: z.string(),
  attributes: z.record(z.string(), messageAttribute),
  senderId: z.string(),
  sentAtMs: z.int(),
  /** From then on it can be received. */
  visibleAtMs: z.int(),
  receiveCount: z.int(),
  firstReceivedAtMs: z.int().optional(),
  /** Of its last receipt. */
  receiptHandle: z.string().optional(),
});
export type StoredMessage = z.infer<typeof storedMessage>;

export function textAttributes(attributes: Readonly<Record<string, string>>): MessageAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]));
}

export function md5(content: string | Buffer): string {
  return createHash('md5').update(content).digest('hex');
}

/**
 * The digest by which clients check attributes: names in order, each name, type and value with its length before it.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function md5OfAttributes(attributes: MessageAttributes): string {
  const sized = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    return Buffer.concat([length, bytes]);
  };
  const parts = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, { DataType, StringValue, BinaryValue }]) => {
      const value = BinaryValue === undefined ? Buffer.from(StringValue ?? '') : Buffer.from(BinaryValue, 'base64');
      return [sized(Buffer.from(name)), sized(Buffer.from(DataType)), Buffer.from([BinaryValue === undefined ? 1 : 2]), sized(value)];
    });
  return md5(Buffer.concat(parts));
}

/** Whether a text has only characters that a message may have. @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
export function isSendable(text: string): boolean {
  return /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(text);
}

/** Bytes that count against the size limit: body, and names, types and values of the attributes. */
export function sizeOf(body: string, attributes: MessageAttributes): number {
  const attributeBytes = Object.entries(attributes).map(([name, { DataType, StringValue = '', BinaryValue = '' }]) =>
    Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue) + Buffer.byteLength(BinaryValue, 'base64'),
  );
  return attributeBytes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(body));
}
