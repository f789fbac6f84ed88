import type { Json } from '../../lambdas/domain/trace';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import type { SqsService } from '../sqs/sqs-service';
import { isRecord } from '../wire/protocol';

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

export interface RuleTarget {
  readonly arn: string;
  readonly deadLetterArn?: string;
}

export interface Rule {
  readonly arn: string;
  readonly matches: (event: BusEvent) => boolean;
  readonly targets: readonly RuleTarget[];
}

/** Hands an event to a rule's target. @throws {AwsError} when the target or its policy refuses it. */
export type Deliver = (targetArn: string, event: BusEvent, rule: Rule) => void;

/** An event that a target did not take, and that no dead-letter queue took: AWS counts these in a metric and drops them. */
export interface FailedDelivery {
  readonly rule: string;
  readonly target: string;
  readonly error: string;
}

export interface EventBridgeOptions {
  readonly region: string;
  readonly accountId: string;
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly nextId: () => string;
  readonly deliver: Deliver;
  readonly queues: SqsService;
}

/** Entries per `PutEvents`. @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;

const DEFAULT_BUS = /^(?:arn:.*event-bus\/)?default$/;

/** EventBridge: the default bus, rules by pattern. A refused delivery is not retried. Not modelled: other buses, input transformation, archives, global endpoints. */
export class EventBridgeService implements Service {
  private readonly rules = new Map<string, Rule>();
  private readonly observers: ((event: BusEvent) => void)[] = [];
  private readonly failures: FailedDelivery[] = [];

  constructor(private readonly options: EventBridgeOptions) {}

  /** Creates or replaces a rule. */
  putRule(rule: Rule): void {
    this.rules.set(rule.arn, rule);
  }

  deleteRule(ruleArn: string): void {
    this.rules.delete(ruleArn);
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
    if (operation !== 'PutEvents' || !isRecord(input)) throw notModelled(`EventBridge ${operation}`);
    const entries = Array.isArray(input['Entries']) ? input['Entries'].filter(isRecord) : [];
    if (entries.length === 0 || entries.length > MAX_ENTRIES) {
      throw new AwsError('ValidationException', `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and ${String(MAX_ENTRIES)}`);
    }
    const results = entries.map((entry) => this.putEntry(entry, caller));
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  }

  private putEntry(entry: Readonly<Record<string, unknown>>, caller: Caller): { EventId: string } | { ErrorCode: string; ErrorMessage: string } {
    const { Source, DetailType, Detail, EventBusName, Resources, Time, ...others } = entry;
    const [other] = Object.keys(others).filter((member) => member !== 'TraceHeader');
    if (other !== undefined) throw notModelled(`the member ${other} of an event`);
    if (EventBusName !== undefined && !(typeof EventBusName === 'string' && DEFAULT_BUS.test(EventBusName))) {
      throw notModelled(`the event bus ${JSON.stringify(EventBusName)}`);
    }
    for (const [name, value] of Object.entries({ Source, DetailType, Detail })) {
      if (typeof value !== 'string' || value === '') return { ErrorCode: 'InvalidArgument', ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.` };
    }
    if (/^aws\./.test(String(Source))) return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
    const detail = parseDetail(String(Detail));
    if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    const event = this.put(
      {
        source: String(Source),
        detailType: String(DetailType),
        detail,
        resources: Array.isArray(Resources) ? Resources.map(String) : [],
        ...(typeof Time === 'number' && { atMs: Time * 1000 }),
      },
      caller,
    );
    return { EventId: event.id };
  }

  /** Puts an event on the bus, also for AWS's own services; rules run as soon as the timeline gets to it. */
  put(
    { source, detailType, detail, resources, atMs }: { readonly source: string; readonly detailType: string; readonly detail: Json; readonly resources: readonly string[]; readonly atMs?: number },
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
    for (const rule of this.rules.values()) {
      if (rule.matches(event)) timeline.after(0, `rule ${rule.arn}`, () => { this.deliverTo(rule, event); });
    }
    return event;
  }

  private deliverTo(rule: Rule, event: BusEvent): void {
    for (const target of rule.targets) {
      try {
        this.options.deliver(target.arn, event, rule);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        this.bury(rule, target, event, error);
      }
    }
  }

  private bury(rule: Rule, { arn, deadLetterArn }: RuleTarget, event: BusEvent, error: AwsError): void {
    if (deadLetterArn === undefined) {
      this.failures.push({ rule: rule.arn, target: arn, error: `${error.code}: ${error.message}` });
    } else {
      this.options.queues.send(deadLetterArn, JSON.stringify(event), {
        ERROR_CODE: error.code,
        ERROR_MESSAGE: error.message,
        RULE_ARN: rule.arn,
        TARGET_ARN: arn,
      });
    }
  }
}

/** Events carry JSON objects only. */
function parseDetail(text: string): Json | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    return isRecord(detail) ? (detail as Json) : undefined;
  } catch {
    return undefined;
  }
}
