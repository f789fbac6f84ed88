import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { AwsError, notModelled } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';
import type { Timeline } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { Trace } from '../kernel/trace';
import type { SqsService } from '../sqs/sqs-service';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';
import { isRecord } from '../wire/protocol';
import { compileEventPattern, type EventMatcher } from './event-pattern';
import { type Rule, RULE_STATES, type RuleTarget, savedRule } from './rule';

/** An event as rules see it and targets get it. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** To the second, in UTC. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Json;
}

/** What is put on the bus. */
interface EventContent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Json;
  readonly resources: readonly string[];
  /** @default now */
  readonly atMs?: number;
}

/** An entry of `PutEvents`, as it came. */
type EventEntry = Readonly<Record<string, unknown>>;
interface FailedEntry {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

/** Hands an event to a rule's target. @throws {AwsError} when the target or its policy refuses it. */
export type Deliver = (targetArn: string, event: BusEvent, rule: Rule) => void;

/** An event that a target did not take, and that no dead-letter queue took: AWS counts these in a metric and drops them. */
const failedDelivery = z.strictObject({ rule: z.string(), target: z.string(), error: z.string() });
export type FailedDelivery = z.infer<typeof failedDelivery>;

interface CompiledRule {
  readonly rule: Rule;
  readonly matches: EventMatcher;
}

const savedBus = z.strictObject({ rules: z.array(savedRule), failures: z.array(failedDelivery) });

export interface EventBridgeOptions {
  readonly region: string;
  readonly accountId: string;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly nextId: () => string;
  readonly deliver: Deliver;
  readonly queues: SqsService;
}

/** Targets of a rule. @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_TARGETS = 5;

/** Entries per `PutEvents`. @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;

/** Bytes of all entries of a request. @see https://aws.amazon.com/blogs/compute/more-room-to-build-serverless-services-now-support-payloads-up-to-1-mb */
const MAX_REQUEST_BYTES = 1_048_576;

/** Characters. @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html */
const MAX_DETAIL_TYPE_LENGTH = 128;
/** Characters. @see https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EventBridgeParameters.html */
const MAX_SOURCE_LENGTH = 256;

const PAGE_SIZE = 100;

/** The detail type of every call that CloudTrail tells of. */
export const CALL_VIA_CLOUDTRAIL = 'AWS API Call via CloudTrail';

const DEFAULT_BUS = /^(?:arn:.*event-bus\/)?default$/;

const Name = z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/);
const EventBusName = z.string().regex(DEFAULT_BUS, { error: 'the default bus is the only one' }).optional();
const deadLetterConfig = z.strictObject({ Arn: z.string().optional() }).optional();
const target = z.strictObject({
  Id: z.string().regex(/^[.\-_A-Za-z0-9]{1,64}$/),
  Arn: z.string(),
  DeadLetterConfig: deadLetterConfig,
  // A refused delivery is not retried: see below.
  RetryPolicy: z.strictObject({ MaximumRetryAttempts: z.int().optional(), MaximumEventAgeInSeconds: z.int().optional() }).optional(),
});

const shapes = {
  putEvents: z.strictObject({ Entries: z.array(z.record(z.string(), z.unknown())).min(1).max(MAX_ENTRIES) }),
  putRule: z.strictObject({
    Name,
    EventBusName,
    EventPattern: z.string(),
    Description: z.string().max(512).optional(),
    State: z.enum(RULE_STATES).default('ENABLED'),
  }),
  onRule: z.strictObject({ Name, EventBusName }),
  deleteRule: z.strictObject({ Name, EventBusName, Force: z.boolean().optional() }),
  listRules: z.strictObject({ NamePrefix: z.string().optional(), EventBusName, NextToken: z.string().optional(), Limit: z.int().min(1).max(100).default(PAGE_SIZE) }),
  targetsOf: z.strictObject({ Rule: Name, EventBusName, NextToken: z.string().optional(), Limit: z.int().min(1).max(100).default(PAGE_SIZE) }),
  putTargets: z.strictObject({ Rule: Name, EventBusName, Targets: z.array(target).min(1).max(100) }),
  removeTargets: z.strictObject({ Rule: Name, EventBusName, Ids: z.array(z.string()).min(1).max(100), Force: z.boolean().optional() }),
};

/**
 * EventBridge: the default bus, rules by pattern. A refused delivery is not retried, whatever the target's retry policy says.
 * Not modelled: other buses, scheduled rules, input transformation, archives, global endpoints.
 */
export class EventBridgeService implements Service, Stateful {
  private readonly rules = new Map<string, CompiledRule>();
  private readonly observers: ((event: BusEvent) => void)[] = [];
  private readonly failures: FailedDelivery[] = [];

  private readonly operations = new Operations('EventBridge', 'ValidationException')
    .on('PutEvents', shapes.putEvents, (request, caller) => this.putEvents(request.Entries, caller))
    .on('PutRule', shapes.putRule, (request) => this.putRuleBy(request))
    .on('DeleteRule', shapes.deleteRule, ({ Name: name }) => this.deleteRuleNamed(name))
    .on('DescribeRule', shapes.onRule, ({ Name: name }) => ({ ...describe(this.rule(name)), CreatedBy: this.options.accountId }))
    .on('EnableRule', shapes.onRule, ({ Name: name }) => this.putRule({ ...this.rule(name), state: 'ENABLED' }))
    .on('DisableRule', shapes.onRule, ({ Name: name }) => this.putRule({ ...this.rule(name), state: 'DISABLED' }))
    .on('ListRules', shapes.listRules, ({ NamePrefix = '', NextToken, Limit }) => {
      const named = this.list().filter((rule) => nameOf(rule).startsWith(NamePrefix));
      return listed('Rules', named.map(describe), ({ Arn }) => Arn, Limit, NextToken);
    })
    .on('ListTargetsByRule', shapes.targetsOf, ({ Rule: name, NextToken, Limit }) => listed('Targets', this.rule(name).targets.map(describeTarget), ({ Id }) => Id, Limit, NextToken))
    .on('PutTargets', shapes.putTargets, ({ Rule: name, Targets }) => this.putTargets(name, Targets))
    .on('RemoveTargets', shapes.removeTargets, ({ Rule: name, Ids }) => {
      const rule = this.rule(name);
      this.putRule({ ...rule, targets: rule.targets.filter(({ id }) => !Ids.includes(id)) });
      return { FailedEntryCount: 0, FailedEntries: [] };
    });

  constructor(private readonly options: EventBridgeOptions) {}

  /** Creates or replaces a rule. @throws {AwsError} `NotModelledLocally` for a pattern with a matcher that is not known. */
  putRule(rule: Rule): void {
    this.rules.set(rule.arn, { rule, matches: compileEventPattern(rule.pattern) });
  }

  deleteRule(ruleArn: string): void {
    this.rules.delete(ruleArn);
  }

  list(): readonly Rule[] {
    return [...this.rules.values()].map(({ rule }) => rule);
  }

  /** Calls `observer` for every later event, as a consumer outside the account would see it. */
  onEvent(observer: (event: BusEvent) => void): void {
    this.observers.push(observer);
  }

  /** Events that targets did not take, oldest first. */
  failedDeliveries(): readonly FailedDelivery[] {
    return this.failures;
  }

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller) ?? {};
  }

  save(): Json {
    return { rules: this.list(), failures: this.failures } as unknown as Json;
  }

  load(saved: Json): void {
    const { rules, failures } = savedBus.parse(saved);
    for (const saved of rules) this.putRule(saved);
    this.failures.push(...failures);
  }

  private putEvents(entries: readonly EventEntry[], caller: Caller): unknown {
    // Every entry is read before the first is put: a request that is refused has put nothing.
    const read = entries.map(readEntry);
    if (entries.reduce((bytes, entry) => bytes + entrySize(entry), 0) > MAX_REQUEST_BYTES) {
      throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
    }
    const results = read.map((entry) => ('ErrorCode' in entry ? entry : { EventId: this.put(entry, caller).id }));
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  }

  private putRuleBy({ Name: name, EventPattern, Description, State }: z.output<typeof shapes.putRule>): { RuleArn: string } {
    const pattern = parseDetail(EventPattern);
    if (pattern === undefined) throw new AwsError('InvalidEventPatternException', 'Event pattern is not valid. Reason: it is not a JSON object');
    const arn = this.arnOf(name);
    this.putRule({ arn, pattern, targets: this.rules.get(arn)?.rule.targets ?? [], state: State, ...(Description !== undefined && { description: Description }) });
    return { RuleArn: arn };
  }

  private deleteRuleNamed(name: string): void {
    const rule = this.rules.get(this.arnOf(name))?.rule;
    if (rule === undefined) return;
    if (rule.targets.length > 0) throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
    this.deleteRule(rule.arn);
  }

  private putTargets(name: string, targets: z.output<typeof shapes.putTargets>['Targets']): unknown {
    const rule = this.rule(name);
    const added = targets.map(({ Id, Arn, DeadLetterConfig }) => ({ id: Id, arn: Arn, ...(DeadLetterConfig?.Arn !== undefined && { deadLetterArn: DeadLetterConfig.Arn }) }));
    const kept = rule.targets.filter(({ id }) => !added.some((other) => other.id === id));
    if (kept.length + added.length > MAX_TARGETS) throw new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
    this.putRule({ ...rule, targets: [...kept, ...added] });
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  private rule(name: string): Rule {
    const found = this.rules.get(this.arnOf(name));
    if (found === undefined) throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    return found.rule;
  }

  private arnOf(name: string): string {
    return `arn:aws:events:${this.options.region}:${this.options.accountId}:rule/${name}`;
  }

  /** Puts an event on the bus, also for AWS's own services; rules run as soon as the timeline gets to it. */
  put(
    { source, detailType, detail, resources, atMs }: EventContent,
    caller: Pick<Caller, 'arn' | 'traceId'>,
  ): BusEvent {
    const { region, accountId, timeline, trace, nextId } = this.options;
    const event: BusEvent = {
      version: '0',
      id: nextId(),
      'detail-type': detailType,
      source,
      account: accountId,
      time: new Date(atMs ?? timeline.nowMs()).toISOString().replace(/\.\d{3}Z$/, 'Z'),
      region,
      resources,
      detail,
    };
    trace.emit({ type: 'events.event-put', actor: caller.arn, ...(caller.traceId !== undefined && { traceId: caller.traceId }), source, detailType, detail });
    for (const observer of this.observers) observer(event);
    for (const { rule } of this.takersOf(event)) timeline.after(0, `rule ${rule.arn}`, () => { this.deliverTo(rule, event); });
    return event;
  }

  /** Whether a rule would take such an event now: who has many events that hardly anybody wants asks first. */
  wouldTake(event: Pick<BusEvent, 'source' | 'detail-type' | 'detail'>): boolean {
    return this.takersOf(event).length > 0;
  }

  private takersOf(event: Pick<BusEvent, 'source' | 'detail-type' | 'detail'>): readonly CompiledRule[] {
    const isReadOnly = isReadOnlyCall(event);
    return [...this.rules.values()].filter(({ rule: { state }, matches }) => state !== 'DISABLED' && !(isReadOnly && state === 'ENABLED') && matches(event));
  }

  private deliverTo(rule: Rule, event: BusEvent): void {
    for (const target of rule.targets) {
      try {
        this.options.deliver(target.arn, event, rule);
      } catch (error) {
        if (error instanceof AwsError) this.bury(rule, target, event, error);
        else this.breakDown(rule, target, error);
      }
    }
  }

  private bury(rule: Rule, { arn, deadLetterArn }: RuleTarget, event: BusEvent, error: AwsError): void {
    const reason = `${error.code}: ${error.message}`;
    if (deadLetterArn === undefined) {
      this.failures.push({ rule: rule.arn, target: arn, error: reason });
      return;
    }
    try {
      this.options.queues.send(deadLetterArn, JSON.stringify(event), {
        ERROR_CODE: error.code,
        ERROR_MESSAGE: error.message,
        RULE_ARN: rule.arn,
        TARGET_ARN: arn,
      });
    } catch (refusal) {
      if (!(refusal instanceof AwsError)) throw refusal;
      // Counted in the metric InvocationsFailedToBeSentToDlq, and dropped.
      this.failures.push({ rule: rule.arn, target: arn, error: `${reason} (not sent to ${deadLetterArn}: ${refusal.code}: ${refusal.message})` });
    }
  }

  /** A failure of the emulation, which fails this delivery only. */
  private breakDown(rule: Rule, target: RuleTarget, error: unknown): void {
    this.options.timeline.fail(error, `a delivery of ${rule.arn} to ${target.arn}`);
    this.failures.push({ rule: rule.arn, target: target.arn, error: `InternalFailure: ${String(error)}` });
  }
}

/** A read-only call that CloudTrail tells of. */
function isReadOnlyCall({ 'detail-type': detailType, detail }: Pick<BusEvent, 'detail-type' | 'detail'>): boolean {
  return detailType === CALL_VIA_CLOUDTRAIL && isRecord(detail) && detail['readOnly'] === true;
}

function describe(rule: Rule): { readonly Name: string; readonly Arn: string; readonly EventPattern: string; readonly State: string; readonly EventBusName: string; readonly Description?: string } {
  const { arn, pattern, state, description } = rule;
  return {
    Name: nameOf(rule),
    Arn: arn,
    EventPattern: JSON.stringify(pattern),
    State: state,
    ...(description !== undefined && { Description: description }),
    EventBusName: 'default',
  };
}

function describeTarget({ id, arn, deadLetterArn }: RuleTarget): { readonly Id: string; readonly Arn: string; readonly DeadLetterConfig?: unknown } {
  return { Id: id, Arn: arn, ...(deadLetterArn !== undefined && { DeadLetterConfig: { Arn: deadLetterArn } }) };
}

function nameOf({ arn }: Rule): string {
  return arn.split('/').pop() ?? '';
}

function listed<T>(member: string, all: readonly T[], idOf: (item: T) => string, limit: number, token: string | undefined): unknown {
  const page = pageOf(all, idOf, limit, token, () => new AwsError('ValidationException', 'The nextToken is not valid.'));
  return { [member]: page.items, ...(page.token !== undefined && { NextToken: page.token }) };
}

/** The last second that an ISO 8601 date with four digits for the year can tell. */
const LAST_SECOND = Date.UTC(10_000, 0, 1) / 1000 - 1;

/** @param seconds epoch seconds @returns ms since the epoch @throws {AwsError} `SerializationException` for what is no time. */
function instantOf(seconds: unknown): number {
  if (typeof seconds !== 'number' || seconds < 0 || seconds > LAST_SECOND) throw new AwsError('SerializationException', 'Time is not a timestamp in epoch seconds that this service takes.');
  return seconds * 1000;
}

/** What an entry says, or why it is no event. @throws {AwsError} what refuses the whole request. */
function readEntry(entry: EventEntry): EventContent | FailedEntry {
  const { Source, DetailType, Detail, EventBusName, Resources, Time, ...others } = entry;
  const [other] = Object.keys(others).filter((member) => member !== 'TraceHeader');
  if (other !== undefined) throw notModelled(`the member ${other} of an event`);
  if (EventBusName !== undefined && !(typeof EventBusName === 'string' && DEFAULT_BUS.test(EventBusName))) {
    const { code, message } = notModelled(`the event bus ${JSON.stringify(EventBusName)}`);
    return { ErrorCode: code, ErrorMessage: message };
  }
  for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
    if (typeof value !== 'string' || value === '') return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.` };
  }
  for (const [name, value, limit] of [['Source', Source, MAX_SOURCE_LENGTH], ['DetailType', DetailType, MAX_DETAIL_TYPE_LENGTH]] as const) {
    if (String(value).length > limit) return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} must not be longer than ${String(limit)} characters.` };
  }
  if (/^aws\./.test(String(Source))) return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  const detail = parseDetail(String(Detail));
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return {
    source: String(Source),
    detailType: String(DetailType),
    detail,
    resources: Array.isArray(Resources) ? Resources.map(String) : [],
    ...(Time !== undefined && { atMs: instantOf(Time) }),
  };
}

/** Bytes of an entry as its limit counts them. @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
function entrySize({ Time, Source, DetailType, Detail, Resources }: EventEntry): number {
  const texts = [Source, DetailType, Detail, ...(Array.isArray(Resources) ? (Resources as unknown[]) : [])];
  const bytes = texts.map((text) => (typeof text === 'string' ? Buffer.byteLength(text) : 0));
  return bytes.reduce((sum, size) => sum + size, Time === undefined ? 0 : 14);
}

/** Events and patterns are JSON objects only. */
function parseDetail(text: string): Json | undefined {
  try {
    const detail = parseClientJson(text);
    return isRecord(detail) ? (detail as Json) : undefined;
  } catch {
    return undefined;
  }
}
