import { z } from 'zod';
import { AwsError } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';

/** A message attribute; binary values as base64 text. @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html */
export const messageAttribute = z.strictObject({
  DataType: z.string().regex(/^(?:String|String\.Array|Number|Binary)$/),
  StringValue: z.string().optional(),
  BinaryValue: z.string().optional(),
});
export type MessageAttributes = Readonly<Record<string, z.infer<typeof messageAttribute>>>;

/** One message as it was published. */
export const publishedMessage = z.strictObject({
  messageId: z.string(),
  topicArn: z.string(),
  atMs: z.int(),
  subject: z.string().nullable(),
  message: z.string(),
  attributes: z.record(z.string(), messageAttribute),
});
export type PublishedMessage = z.infer<typeof publishedMessage>;

/** Subject, in characters; message with its attributes, in bytes. @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const MAX_SUBJECT_LENGTH = 100;
const MAX_MESSAGE_BYTES = 262_144;

/** @throws {AwsError} `InvalidParameter`. */
export function requirePublishable({ message, subject, attributes }: Pick<PublishedMessage, 'message' | 'subject' | 'attributes'>): void {
  if (message === '') throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
  if (sizeOf(message, attributes) > MAX_MESSAGE_BYTES) throw new AwsError('InvalidParameter', 'Invalid parameter: Message too long');
  if (subject !== null && (subject === '' || subject.length >= MAX_SUBJECT_LENGTH || /\p{Cc}/u.test(subject))) throw new AwsError('InvalidParameter', 'Invalid parameter: Subject');
}

export function sizeOf(message: string, attributes: MessageAttributes): number {
  const attributeBytes = Object.entries(attributes).map(
    ([name, { DataType, StringValue = '', BinaryValue = '' }]) => Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, 'base64'),
  );
  return attributeBytes.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(message));
}

/** Attributes from the wire's entries. @throws {AwsError} `ParameterValueInvalid`, as SNS does for a value that its type does not fit. */
export function attributesFrom(entries: readonly { readonly Name: string; readonly Value: z.infer<typeof messageAttribute> }[]): MessageAttributes {
  for (const { Name, Value } of entries) {
    const { DataType, StringValue, BinaryValue } = Value;
    const isFitting =
      DataType === 'Binary'
        ? BinaryValue !== undefined && BinaryValue !== ''
        : StringValue !== undefined && StringValue !== '' && (DataType !== 'Number' || Number.isFinite(Number(StringValue))) && (DataType !== 'String.Array' || arrayIn(StringValue) !== undefined);
    if (!isFitting) throw new AwsError('ParameterValueInvalid', `The message attribute '${Name}' has an invalid value for its type ${DataType}.`);
  }
  return Object.fromEntries(entries.map(({ Name, Value }) => [Name, Value]));
}

/** Attributes as a filter policy compares them: numbers as numbers, arrays as arrays. Binary ones are not compared. */
export function comparable(attributes: MessageAttributes): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, { DataType, StringValue = '' }]) => {
      if (DataType === 'Binary') return [];
      return [[name, DataType === 'Number' ? Number(StringValue) : DataType === 'String.Array' ? arrayIn(StringValue) : StringValue] as const];
    }),
  );
}

/** Attributes as plain text, binary ones as base64: for the trace and for people. */
export function plainText(attributes: MessageAttributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, { StringValue, BinaryValue }]) => [name, StringValue ?? BinaryValue ?? '']));
}

function arrayIn(text: string): unknown[] | undefined {
  try {
    const value: unknown = parseClientJson(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
