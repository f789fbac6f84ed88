import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { Trace } from '../kernel/trace';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';
import { attributesFrom, messageAttribute, type MessageAttributes, plainText, publishedMessage, type PublishedMessage, requirePublishable, sizeOf } from './message';
import { type Delivery, envelope, type Protocol, protocol, savedSubscription, Subscription } from './subscription';

/** A message for an endpoint that runs here. @throws {AwsError} when the endpoint, or its policy, refuses it. */
export interface SnsTargets {
  queue(queueArn: string, body: string, attributes: MessageAttributes): void;
  function(functionArn: string, event: Json, topicArn: string): void;
}

export interface SnsOptions {
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly nextId: () => string;
  readonly targets: SnsTargets;
}

/** What reached the endpoint of a subscription that nobody runs here, oldest first. */
export interface SubscriptionDeliveries {
  readonly subscriptionArn: string;
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly deliveries: readonly Delivery[];
}

/** A message that an endpoint did not take: AWS counts these in a metric, and drops them. */
const failedDelivery = z.strictObject({ subscriptionArn: z.string(), messageId: z.string(), error: z.string() });
export type FailedDelivery = z.infer<typeof failedDelivery>;

const savedTopic = z.strictObject({ arn: z.string(), attributes: z.record(z.string(), z.string()), messages: z.array(publishedMessage) });
type Topic = z.infer<typeof savedTopic>;

const saved = z.strictObject({ topics: z.array(savedTopic), subscriptions: z.array(savedSubscription), failures: z.array(failedDelivery) });

/** How many items a listing answers at once. */
const PAGE_SIZE = 100;
const MAX_BATCH_BYTES = 262_144;
/** Set by people, and changes nothing that the local SNS does. */
const TOPIC_ATTRIBUTES = ['DisplayName', 'Policy', 'DeliveryPolicy', 'KmsMasterKeyId', 'TracingConfig', 'SignatureVersion'] as const;

const entries = z.array(z.strictObject({ key: z.string(), value: z.string() })).default([]);
const attributeEntries = z.array(z.strictObject({ Name: z.string().regex(/^[A-Za-z0-9_.-]{1,256}$/), Value: messageAttribute })).default([]);
const tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional();
const NextToken = z.string().optional();
const SUBSCRIPTION_ARN = /^arn:aws:sns:[a-z0-9-]+:\d{12}:[^:]+:[^:]+$/;
const TopicArn = z.string();
/** At most 256 characters; those of FIFO topics end in `.fifo`. */
const TopicName = z.string().regex(/^(?=.{1,256}$)[A-Za-z0-9_-]+(?:\.fifo)?$/);
const SubscriptionArn = z.string();

const shapes = {
  createTopic: z.strictObject({ Name: TopicName, Attributes: entries, Tags: tags }),
  onTopic: z.strictObject({ TopicArn }),
  list: z.strictObject({ NextToken }),
  setTopicAttributes: z.strictObject({ TopicArn, AttributeName: z.enum(TOPIC_ATTRIBUTES), AttributeValue: z.string().default('') }),
  subscribe: z.strictObject({
    TopicArn,
    Protocol: protocol,
    Endpoint: z.string().default(''),
    Attributes: entries,
    ReturnSubscriptionArn: z.stringbool().default(false),
  }),
  confirm: z.strictObject({ TopicArn, Token: z.string(), AuthenticateOnUnsubscribe: z.stringbool().optional() }),
  onSubscription: z.strictObject({ SubscriptionArn }),
  setSubscriptionAttributes: z.strictObject({ SubscriptionArn, AttributeName: z.string(), AttributeValue: z.string().default('') }),
  listByTopic: z.strictObject({ TopicArn, NextToken }),
  publish: z.strictObject({ TopicArn: TopicArn.optional(), PhoneNumber: z.string().optional(), TargetArn: z.string().optional(), Message: z.string().default(''), Subject: z.string().optional(), MessageAttributes: attributeEntries }),
  publishBatch: z.strictObject({
    TopicArn,
    PublishBatchRequestEntries: z.array(z.strictObject({ Id: z.string().regex(/^[A-Za-z0-9_-]{1,80}$/), Message: z.string().default(''), Subject: z.string().optional(), MessageAttributes: attributeEntries })),
  }),
};

/**
 * SNS: standard topics and their subscriptions. SQS and Lambda endpoints get their messages; those of e-mail, SMS and HTTP
 * endpoints are kept to be read. Not modelled: FIFO topics, message structures, delivery retries, signatures. Topic policies are kept, not evaluated.
 */
export class SnsService implements Service, Stateful {
  private readonly topics = new Map<string, Topic>();
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly failures: FailedDelivery[] = [];

  private readonly operations = new Operations('SNS', 'InvalidParameter')
    .on('CreateTopic', shapes.createTopic, ({ Name, Attributes }) => this.create(Name, Attributes))
    .on('DeleteTopic', shapes.onTopic, ({ TopicArn: arn }) => this.deleteTopic(arn))
    .on('ListTopics', shapes.list, ({ NextToken: token }) => listed('Topics', [...this.topics.values()], ({ arn }) => arn, token, ({ arn }) => ({ TopicArn: arn })))
    .on('GetTopicAttributes', shapes.onTopic, ({ TopicArn: arn }) => ({ Attributes: this.topicAttributes(arn) }))
    .on('SetTopicAttributes', shapes.setTopicAttributes, ({ TopicArn: arn, AttributeName, AttributeValue }) => {
      this.topic(arn).attributes[AttributeName] = AttributeValue;
    })
    .on('Subscribe', shapes.subscribe, (request) => this.subscribeBy(request))
    .on('ConfirmSubscription', shapes.confirm, ({ TopicArn: arn, Token }) => this.confirm(arn, Token))
    .on('Unsubscribe', shapes.onSubscription, ({ SubscriptionArn: arn }) => this.unsubscribe(arn))
    .on('GetSubscriptionAttributes', shapes.onSubscription, ({ SubscriptionArn: arn }) => ({ Attributes: subscriptionAttributes(this.subscription(arn)) }))
    .on('SetSubscriptionAttributes', shapes.setSubscriptionAttributes, ({ SubscriptionArn: arn, AttributeName, AttributeValue }) => this.subscription(arn).set(AttributeName, AttributeValue))
    .on('ListSubscriptions', shapes.list, ({ NextToken: token }) => listedSubscriptions([...this.subscriptions.values()], token))
    .on('ListSubscriptionsByTopic', shapes.listByTopic, ({ TopicArn: arn, NextToken: token }) => listedSubscriptions(this.subscriptionsOf(this.topic(arn).arn), token))
    .on('Publish', shapes.publish, ({ Message, Subject, MessageAttributes, ...to }, caller) =>
      this.publish(topicOf(to), Message, caller, { ...(Subject !== undefined && { subject: Subject }), attributes: attributesFrom(MessageAttributes) }),
    )
    .on('PublishBatch', shapes.publishBatch, (request, caller) => this.publishBatch(request, caller));

  constructor(private readonly options: SnsOptions) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller) ?? {};
  }

  /** Makes a topic; one that exists keeps its messages. */
  createTopic(topicArn: string, attributes: Readonly<Record<string, string>> = {}): void {
    const existing = this.topics.get(topicArn);
    if (existing === undefined) this.topics.set(topicArn, { arn: topicArn, attributes: { ...attributes }, messages: [] });
    else Object.assign(existing.attributes, attributes);
  }

  /** Deletes a topic with its subscriptions; one that does not exist is no error. */
  deleteTopic(topicArn: string): void {
    this.topics.delete(topicArn);
    for (const { arn } of this.subscriptionsOf(topicArn)) this.subscriptions.delete(arn);
  }

  /** What was published to a topic, oldest first. */
  messagesOf(topicArn: string): readonly PublishedMessage[] {
    return this.topics.get(topicArn)?.messages ?? [];
  }

  /**
   * Subscribes an endpoint; the same endpoint again is the same subscription.
   * @throws {AwsError} `NotFound`, `InvalidParameter`, `NotModelledLocally`.
   */
  subscribe(topicArn: string, protocol: Protocol, endpoint: string, attributes: Readonly<Record<string, string>> = {}): Subscription {
    this.topic(topicArn);
    Subscription.requireEndpoint(protocol, endpoint);
    const existing = this.subscriptionsOf(topicArn).find((other) => other.protocol === protocol && other.endpoint === endpoint);
    if (existing !== undefined) {
      const other = Object.entries(attributes).find(([name, value]) => existing.attributes[name] !== value);
      if (other !== undefined) throw new AwsError('InvalidParameter', 'Invalid parameter: Attributes Reason: Subscription already exists with different attributes');
      return existing;
    }
    const needsConfirmation = Subscription.needsConfirmation(protocol);
    const { accountId, clock, nextId } = this.options;
    const subscription = new Subscription({
      arn: `${topicArn}:${nextId()}`,
      topicArn,
      protocol,
      endpoint,
      owner: accountId,
      isConfirmed: !needsConfirmation,
      token: needsConfirmation ? nextId().replaceAll('-', '') : '',
      attributes: { ...attributes },
      deliveries: [],
    });
    this.subscriptions.set(subscription.arn, subscription);
    if (needsConfirmation) {
      const { token } = subscription;
      const message = `You have chosen to subscribe to the topic ${topicArn}.\nTo confirm the subscription, call ConfirmSubscription with the token ${token}.`;
      subscription.keep({ atMs: clock.nowMs(), kind: 'confirmation', messageId: nextId(), subject: 'AWS Notification - Subscription Confirmation', message, attributes: {}, token });
    }
    return subscription;
  }

  /** Ends a subscription; one that does not exist is no error. @throws {AwsError} `InvalidParameter` for what is no subscription's ARN. */
  unsubscribe(subscriptionArn: string): void {
    if (!SUBSCRIPTION_ARN.test(subscriptionArn)) throw new AwsError('InvalidParameter', 'Invalid parameter: SubscriptionArn');
    this.subscriptions.delete(subscriptionArn);
  }

  /** @throws {AwsError} `NotFound`. */
  subscription(arn: string): Subscription {
    const subscription = this.subscriptions.get(arn);
    if (subscription === undefined) throw new AwsError('NotFound', 'Subscription does not exist', 404);
    return subscription;
  }

  /** What reached the e-mail, SMS and HTTP endpoints. */
  deliveries(): readonly SubscriptionDeliveries[] {
    return [...this.subscriptions.values()]
      .filter(({ protocol }) => protocol !== 'sqs' && protocol !== 'lambda')
      .map((subscription) => ({
        subscriptionArn: subscription.arn,
        topicArn: subscription.topicArn,
        protocol: subscription.protocol,
        endpoint: subscription.endpoint,
        deliveries: subscription.deliveries(),
      }));
  }

  /** Messages that SQS and Lambda endpoints did not take, oldest first. */
  failedDeliveries(): readonly FailedDelivery[] {
    return this.failures;
  }

  /** @throws {AwsError} `NotFound`, `InvalidParameter`. */
  publish(topicArn: string, message: string, caller: Caller, { subject = null, attributes = {} }: { readonly subject?: string | null; readonly attributes?: MessageAttributes } = {}): { MessageId: string } {
    const topic = this.topic(topicArn);
    requirePublishable({ message, subject, attributes });
    const published: PublishedMessage = { messageId: this.options.nextId(), topicArn, atMs: this.options.clock.nowMs(), subject, message, attributes };
    topic.messages.push(published);
    this.options.trace.emit({
      type: 'sns.published',
      actor: caller.arn,
      ...(caller.traceId !== undefined && { traceId: caller.traceId }),
      topic: topicArn,
      subject,
      message,
      attributes: plainText(attributes),
    });
    for (const subscription of this.subscriptionsOf(topicArn)) {
      if (subscription.takes(published)) this.deliver(published, subscription);
    }
    return { MessageId: published.messageId };
  }

  save(): Json {
    return {
      topics: [...this.topics.values()],
      subscriptions: [...this.subscriptions.values()].map((subscription) => subscription.save()),
      failures: this.failures,
    } as unknown as Json;
  }

  load(state: Json): void {
    const { topics, subscriptions, failures } = saved.parse(state);
    for (const topic of topics) this.topics.set(topic.arn, topic);
    for (const subscription of subscriptions) this.subscriptions.set(subscription.arn, new Subscription(subscription));
    this.failures.push(...failures);
  }

  private create(name: string, attributes: readonly { key: string; value: string }[]): { TopicArn: string } {
    if (name.endsWith('.fifo')) throw notModelled('FIFO topics');
    const arn = `arn:aws:sns:${this.options.region}:${this.options.accountId}:${name}`;
    const known = shapes.setTopicAttributes.shape.AttributeName;
    for (const { key } of attributes) {
      if (!known.safeParse(key).success) throw notModelled(`the attribute ${key} of a topic`);
    }
    this.createTopic(arn, Object.fromEntries(attributes.map(({ key, value }) => [key, value])));
    return { TopicArn: arn };
  }

  private topicAttributes(topicArn: string): readonly { key: string; value: string }[] {
    const { arn, attributes } = this.topic(topicArn);
    const all = this.subscriptionsOf(arn);
    const confirmed = all.filter(({ isConfirmed }) => isConfirmed).length;
    return asEntries({
      DisplayName: '',
      ...attributes,
      TopicArn: arn,
      Owner: this.options.accountId,
      SubscriptionsConfirmed: String(confirmed),
      SubscriptionsPending: String(all.length - confirmed),
      SubscriptionsDeleted: '0',
    });
  }

  private subscribeBy({ TopicArn: topicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn }: z.output<typeof shapes.subscribe>): unknown {
    const subscription = this.subscribe(topicArn, Protocol, Endpoint, Object.fromEntries(Attributes.map(({ key, value }) => [key, value])));
    return { SubscriptionArn: subscription.isConfirmed || ReturnSubscriptionArn ? subscription.arn : 'pending confirmation' };
  }

  private confirm(topicArn: string, token: string): unknown {
    const subscription = this.subscriptionsOf(this.topic(topicArn).arn).find((candidate) => candidate.token !== '' && candidate.token === token);
    if (subscription === undefined) throw new AwsError('InvalidParameter', 'Invalid parameter: Token');
    subscription.confirm();
    return { SubscriptionArn: subscription.arn };
  }

  private publishBatch({ TopicArn: topicArn, PublishBatchRequestEntries: batch }: z.output<typeof shapes.publishBatch>, caller: Caller): unknown {
    if (batch.length === 0) throw new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
    if (batch.length > 10) throw new AwsError('TooManyEntriesInBatchRequest', 'The batch request contains more entries than permissible.');
    if (new Set(batch.map(({ Id }) => Id)).size < batch.length) throw new AwsError('BatchEntryIdsNotDistinct', 'Two or more batch entries in the request have the same Id.');
    this.topic(topicArn);
    const bytes = batch.reduce((sum, { Message, MessageAttributes }) => sum + sizeOf(Message, attributesFrom(MessageAttributes)), 0);
    if (bytes > MAX_BATCH_BYTES) throw new AwsError('BatchRequestTooLong', 'The length of all the batch messages put together is more than the limit.');
    const Successful: unknown[] = [];
    const Failed: unknown[] = [];
    for (const { Id, Message, Subject, MessageAttributes } of batch) {
      try {
        const { MessageId } = this.publish(topicArn, Message, caller, { ...(Subject !== undefined && { subject: Subject }), attributes: attributesFrom(MessageAttributes) });
        Successful.push({ Id, MessageId });
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        Failed.push({ Id, Code: error.code, Message: error.message, SenderFault: true });
      }
    }
    return { Successful, Failed };
  }

  private deliver(published: PublishedMessage, subscription: Subscription): void {
    const { protocol, endpoint, arn } = subscription;
    const { messageId, subject, message, attributes, atMs } = published;
    try {
      if (protocol === 'sqs') {
        if (subscription.isRaw) this.options.targets.queue(endpoint, message, attributes);
        else this.options.targets.queue(endpoint, JSON.stringify(envelope(published, arn)), {});
      } else if (protocol === 'lambda') {
        this.options.targets.function(endpoint, functionEvent(published, arn), published.topicArn);
      } else {
        const body = protocol === 'http' || protocol === 'https' || protocol === 'email-json' ? JSON.stringify(envelope(published, arn)) : message;
        subscription.keep({ atMs, kind: 'notification', messageId, subject, message: subscription.isRaw ? message : body, attributes });
      }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.failures.push({ subscriptionArn: arn, messageId, error: `${error.code}: ${error.message}` });
    }
  }

  private subscriptionsOf(topicArn: string): readonly Subscription[] {
    return [...this.subscriptions.values()].filter((subscription) => subscription.topicArn === topicArn);
  }

  private topic(topicArn: string): Topic {
    const topic = this.topics.get(topicArn);
    if (topic === undefined) throw new AwsError('NotFound', 'Topic does not exist', 404);
    return topic;
  }
}

/** Where a message goes. @throws {AwsError} `NotModelledLocally` for phones and endpoints of applications, `InvalidParameter`. */
function topicOf({ TopicArn: topicArn, TargetArn: targetArn, PhoneNumber: phoneNumber }: Pick<z.output<typeof shapes.publish>, 'TopicArn' | 'TargetArn' | 'PhoneNumber'>): string {
  const given = [topicArn, targetArn, phoneNumber].filter((target) => target !== undefined);
  if (given.length > 1) throw new AwsError('InvalidParameter', 'Invalid parameter: TopicArn or TargetArn or PhoneNumber Reason: only one of them may be given');
  if (phoneNumber !== undefined) throw notModelled('messages to a PhoneNumber');
  const arn = topicArn ?? targetArn;
  if (arn === undefined) throw new AwsError('InvalidParameter', 'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter');
  if (arn.includes(':endpoint/')) throw notModelled('messages to the endpoint of an application');
  return arn;
}

/** What a function is invoked with. @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html */
function functionEvent(published: PublishedMessage, subscriptionArn: string): Json {
  const { SigningCertURL, UnsubscribeURL, ...rest } = envelope(published, subscriptionArn);
  const Sns = { ...rest, Subject: published.subject, SigningCertUrl: SigningCertURL, UnsubscribeUrl: UnsubscribeURL, MessageAttributes: rest['MessageAttributes'] ?? {} };
  return { Records: [{ EventSource: 'aws:sns', EventVersion: '1.0', EventSubscriptionArn: subscriptionArn, Sns: Sns as unknown as Json }] };
}

function subscriptionAttributes(subscription: Subscription): readonly { key: string; value: string }[] {
  const { arn, topicArn, protocol, endpoint, owner, isConfirmed, attributes } = subscription;
  return asEntries({
    RawMessageDelivery: 'false',
    ...attributes,
    SubscriptionArn: arn,
    TopicArn: topicArn,
    Protocol: protocol,
    Endpoint: endpoint,
    Owner: owner,
    PendingConfirmation: String(!isConfirmed),
    ConfirmationWasAuthenticated: String(isConfirmed),
  });
}

function asEntries(attributes: Readonly<Record<string, string>>): readonly { key: string; value: string }[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value }));
}

function listedSubscriptions(subscriptions: readonly Subscription[], token: string | undefined): unknown {
  return listed('Subscriptions', subscriptions, ({ arn }) => arn, token, ({ arn, owner, protocol, endpoint, topicArn, isConfirmed }) => ({
    SubscriptionArn: isConfirmed ? arn : 'PendingConfirmation',
    Owner: owner,
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn: topicArn,
  }));
}

function listed<T>(member: string, all: readonly T[], idOf: (item: T) => string, token: string | undefined, describe: (item: T) => unknown): unknown {
  const page = pageOf(all, idOf, PAGE_SIZE, token, () => new AwsError('InvalidParameter', 'Invalid parameter: NextToken'));
  return { [member]: page.items.map(describe), ...(page.token !== undefined && { NextToken: page.token }) };
}
