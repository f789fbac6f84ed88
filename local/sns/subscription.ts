import { z } from 'zod';
import { compileEventPattern, type EventMatcher } from '../eventbridge/event-pattern';
import { AwsError, notModelled } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';
import { isRecord } from '../wire/protocol';
import { comparable, type MessageAttributes, messageAttribute, type PublishedMessage } from './message';

/** Protocols that have an endpoint here: SQS and Lambda take messages, the others' are kept for people to read. */
export const PROTOCOLS = ['sqs', 'lambda', 'email', 'email-json', 'sms', 'http', 'https'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Protocols of AWS that are refused by name. */
const OTHER_PROTOCOLS = ['firehose', 'application'] as const;

/** What `Subscribe` takes for a protocol. @throws {AwsError} `NotModelledLocally`. */
export const protocol = z.enum([...PROTOCOLS, ...OTHER_PROTOCOLS]).transform((name): Protocol => {
  const known = PROTOCOLS.find((candidate) => candidate === name);
  if (known === undefined) throw notModelled(`SNS subscriptions by the protocol ${name}`);
  return known;
});

/** Whose owner must answer before anything is delivered. */
const UNCONFIRMED: readonly Protocol[] = ['email', 'email-json', 'http', 'https'];

const ENDPOINTS: Readonly<Record<Protocol, RegExp>> = {
  sqs: /^arn:aws:sqs:[^:]+:\d{12}:[^:]+$/,
  lambda: /^arn:aws:lambda:[^:]+:\d{12}:function:.+$/,
  email: /^[^@\s]+@[^@\s]+$/,
  'email-json': /^[^@\s]+@[^@\s]+$/,
  sms: /^\+?[\d-]+$/,
  http: /^http:\/\/.+$/,
  https: /^https:\/\/.+$/,
};

/** What reached an endpoint that nobody runs here. */
export const delivery = z.strictObject({
  atMs: z.int(),
  kind: z.enum(['confirmation', 'notification']),
  messageId: z.string(),
  subject: z.string().nullable(),
  message: z.string(),
  attributes: z.record(z.string(), messageAttribute),
  /** With which the subscription is confirmed. */
  token: z.string().optional(),
});
export type Delivery = z.infer<typeof delivery>;

export const savedSubscription = z.strictObject({
  arn: z.string(),
  topicArn: z.string(),
  protocol: z.enum(PROTOCOLS),
  endpoint: z.string(),
  owner: z.string(),
  isConfirmed: z.boolean(),
  token: z.string(),
  /** As they were set, in text. */
  attributes: z.record(z.string(), z.string()),
  deliveries: z.array(delivery),
});
export type SavedSubscription = z.infer<typeof savedSubscription>;

/** A topic's subscription: what it lets through, and what reached an endpoint that nobody runs here. */
export class Subscription {
  private matches: EventMatcher = () => true;

  constructor(private readonly state: SavedSubscription) {
    for (const [name, value] of Object.entries(state.attributes)) this.set(name, value);
  }

  /** @throws {AwsError} `InvalidParameter`. */
  static requireEndpoint(protocol: Protocol, endpoint: string): void {
    if (!ENDPOINTS[protocol].test(endpoint)) throw new AwsError('InvalidParameter', `Invalid parameter: ${protocol === 'sqs' || protocol === 'lambda' ? `${protocol.toUpperCase()} endpoint ARN` : 'Endpoint'}`);
  }

  static needsConfirmation(protocol: Protocol): boolean {
    return UNCONFIRMED.includes(protocol);
  }

  get arn(): string {
    return this.state.arn;
  }

  get topicArn(): string {
    return this.state.topicArn;
  }

  get protocol(): Protocol {
    return this.state.protocol;
  }

  get endpoint(): string {
    return this.state.endpoint;
  }

  get owner(): string {
    return this.state.owner;
  }

  get isConfirmed(): boolean {
    return this.state.isConfirmed;
  }

  get token(): string {
    return this.state.token;
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.state.attributes;
  }

  get isRaw(): boolean {
    return this.state.attributes['RawMessageDelivery'] === 'true';
  }

  confirm(): void {
    this.state.isConfirmed = true;
  }

  /** Sets an attribute; an empty filter policy lets everything through. @throws {AwsError} `InvalidParameter`, `NotModelledLocally`. */
  set(name: string, value: string): void {
    switch (name) {
      case 'RawMessageDelivery':
        if (value !== 'true' && value !== 'false') throw new AwsError('InvalidParameter', `Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
        if (value === 'true' && !['sqs', 'http', 'https'].includes(this.protocol)) throw new AwsError('InvalidParameter', `Invalid parameter: Attributes Reason: Delivery protocol [${this.protocol}] does not support raw message delivery.`);
        break;
      case 'FilterPolicy':
      case 'FilterPolicyScope':
        this.matches = compileFilter({ ...this.state.attributes, [name]: value });
        break;
      default:
        throw notModelled(`the attribute ${name} of an SNS subscription`);
    }
    this.state.attributes[name] = value;
  }

  /** Whether a message reaches it: once confirmed, and if its filter policy matches. */
  takes({ message, attributes }: { readonly message: string; readonly attributes: MessageAttributes }): boolean {
    if (!this.isConfirmed) return false;
    return this.matches(this.state.attributes['FilterPolicyScope'] === 'MessageBody' ? parsed(message) : comparable(attributes));
  }

  keep(kept: Delivery): void {
    this.state.deliveries.push(kept);
  }

  /** What reached its endpoint, oldest first, if nobody runs that. */
  deliveries(): readonly Delivery[] {
    return this.state.deliveries;
  }

  save(): SavedSubscription {
    return { ...this.state, attributes: { ...this.state.attributes }, deliveries: [...this.state.deliveries] };
  }
}

/** The envelope in which SQS and HTTP endpoints get a message. Nothing signs it: `Signature` is no signature. */
export function envelope({ messageId, topicArn, subject, message, atMs, attributes }: PublishedMessage, subscriptionArn: string): Readonly<Record<string, unknown>> {
  return {
    Type: 'Notification',
    MessageId: messageId,
    TopicArn: topicArn,
    ...(subject !== null && { Subject: subject }),
    Message: message,
    Timestamp: new Date(atMs).toISOString(),
    SignatureVersion: '1',
    Signature: 'NOT-SIGNED-LOCALLY',
    SigningCertURL: 'https://sns.invalid/not-signed-locally.pem',
    UnsubscribeURL: `https://sns.invalid/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
    ...(Object.keys(attributes).length > 0 && {
      MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [name, { Type: DataType, Value: StringValue ?? BinaryValue ?? '' }])),
    }),
  };
}

function compileFilter({ FilterPolicy = '', FilterPolicyScope = 'MessageAttributes' }: Readonly<Record<string, string>>): EventMatcher {
  if (FilterPolicyScope !== 'MessageAttributes' && FilterPolicyScope !== 'MessageBody') {
    throw new AwsError('InvalidParameter', `Invalid parameter: Attributes Reason: FilterPolicyScope: Invalid value [${FilterPolicyScope}]. Please use either MessageBody or MessageAttributes`);
  }
  if (FilterPolicy === '' || FilterPolicy === '{}') return () => true;
  const policy = parsed(FilterPolicy);
  if (!isRecord(policy)) throw new AwsError('InvalidParameter', 'Invalid parameter: FilterPolicy: failed to parse JSON.');
  const nested = Object.entries(policy).find(([, alternatives]) => !Array.isArray(alternatives));
  if (nested !== undefined && FilterPolicyScope === 'MessageAttributes') {
    throw new AwsError('InvalidParameter', `Invalid parameter: FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy: ${nested[0]}`);
  }
  try {
    return compileEventPattern(policy);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'InvalidEventPatternException') throw error;
    throw new AwsError('InvalidParameter', `Invalid parameter: FilterPolicy: ${error.message.replace(/^.*Reason: /, '')}`);
  }
}

function parsed(text: string): unknown {
  try {
    return parseClientJson(text);
  } catch {
    return undefined;
  }
}
