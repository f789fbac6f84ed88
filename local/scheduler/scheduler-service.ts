import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { AwsError } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { SqsService } from '../sqs/sqs-service';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';
import { compileScheduleExpression, type Recurrence } from './schedule-expression';

/** A recurring schedule with a Lambda target. */
const schedule = z.strictObject({
  arn: z.string(),
  expression: z.string(),
  targetArn: z.string(),
  roleArn: z.string(),
  /** With context attributes in angle brackets. @default the service's own event */
  input: z.string().optional(),
  maximumRetryAttempts: z.int(),
  maximumEventAgeSeconds: z.int(),
  deadLetterArn: z.string().optional(),
  isEnabled: z.boolean(),
  description: z.string().optional(),
});
export type Schedule = Readonly<z.infer<typeof schedule>>;

/** A firing that a target did not take, and that no dead-letter queue took: AWS counts these in a metric and drops them. */
const droppedFiring = z.strictObject({ schedule: z.string(), scheduledMs: z.int(), error: z.string() });
export type DroppedFiring = Readonly<z.infer<typeof droppedFiring>>;

const savedScheduler = z.strictObject({
  schedules: z.array(
    z.strictObject({
      schedule,
      createdAtMs: z.int(),
      modifiedAtMs: z.int(),
      /** When it fires next, if it is enabled. */
      nextAtMs: z.int().optional(),
    }),
  ),
  /** Firings that a target refused, waiting for their next attempt. */
  retries: z.array(z.strictObject({ schedule, scheduledMs: z.int(), attempt: z.int(), atMs: z.int() })),
  dropped: z.array(droppedFiring),
});

type Retry = z.infer<typeof savedScheduler>['retries'][number];

interface Standing {
  readonly schedule: Schedule;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly nextAtMs?: number;
  readonly cancel: () => void;
}

export interface SchedulerOptions {
  readonly timeline: Timeline;
  readonly nextId: () => string;
  /** Hands the input to the target, with the schedule's role. @throws {AwsError} when the target or IAM refuses it. */
  readonly invoke: (schedule: Schedule, input: string) => void;
  readonly queues: SqsService;
}

/** @default values of CreateSchedule's retry policy. */
export const DEFAULT_RETRY_POLICY = { maximumRetryAttempts: 185, maximumEventAgeSeconds: 86_400 } as const;

/** Errors after which the same call may work later. */
const RETRYABLE_STATUSES = [429, 500, 503];

const PAGE_SIZE = 100;
const Name = z.string().regex(/^[0-9a-zA-Z-_.]{1,64}$/);
const GroupName = z.string().optional();

const shapes = {
  get: z.strictObject({ Name, GroupName }),
  list: z.strictObject({
    GroupName,
    NamePrefix: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).optional(),
    MaxResults: z.coerce.number().int().min(1).max(100).default(PAGE_SIZE),
    NextToken: z.string().optional(),
  }),
};

/** EventBridge Scheduler: recurring schedules, 60-second precision, UTC. Not modelled: flexible windows, time zones, one-time schedules, groups, changes by its API. */
export class SchedulerService implements Service, Stateful {
  private readonly schedules = new Map<string, Standing>();
  private readonly retries = new Set<Retry>();
  private readonly dropped: DroppedFiring[] = [];

  private readonly operations = new Operations('Scheduler', 'ValidationException')
    .on('GetSchedule', shapes.get, ({ Name: name, GroupName: group = 'default' }) => {
      const standing = [...this.schedules.values()].find(({ schedule: { arn } }) => arn.endsWith(`:schedule/${group}/${name}`));
      if (standing === undefined) throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
      return described(standing);
    })
    .on('ListSchedules', shapes.list, ({ GroupName: group = 'default', NamePrefix = '', State, MaxResults, NextToken }) => {
      const matching = [...this.schedules.values()].map(summarized).filter((one) => one.GroupName === group && one.Name.startsWith(NamePrefix) && (State === undefined || one.State === State));
      const page = pageOf(matching, ({ Arn }) => Arn, MaxResults, NextToken, () => new AwsError('ValidationException', 'The NextToken is not valid.'));
      return { Schedules: page.items, ...(page.token !== undefined && { NextToken: page.token }) };
    });

  constructor(private readonly options: SchedulerOptions) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller);
  }

  /** Creates or replaces a schedule. @throws {AwsError} `NotModelledLocally` for an expression that is not known. */
  put(schedule: Schedule): void {
    const nowMs = this.options.timeline.nowMs();
    const createdAtMs = this.schedules.get(schedule.arn)?.createdAtMs ?? nowMs;
    const recurrence = compileScheduleExpression(schedule.expression, nowMs);
    this.delete(schedule.arn);
    this.stand({ schedule, createdAtMs, modifiedAtMs: nowMs }, recurrence, recurrence.nextAfterMs(nowMs));
  }

  delete(scheduleArn: string): void {
    this.schedules.get(scheduleArn)?.cancel();
    this.schedules.delete(scheduleArn);
  }

  list(): readonly Schedule[] {
    return [...this.schedules.values()].map(({ schedule }) => schedule);
  }

  /** Firings that targets did not take, and no dead-letter queue, oldest first. */
  droppedFirings(): readonly DroppedFiring[] {
    return this.dropped;
  }

  save(): Json {
    const schedules = [...this.schedules.values()].map(({ schedule, createdAtMs, modifiedAtMs, nextAtMs }) => ({ schedule, createdAtMs, modifiedAtMs, ...(nextAtMs !== undefined && { nextAtMs }) }));
    return { schedules, retries: [...this.retries], dropped: this.dropped } as unknown as Json;
  }

  load(saved: Json): void {
    const { schedules, retries, dropped } = savedScheduler.parse(saved);
    this.dropped.push(...dropped);
    for (const { schedule, createdAtMs, modifiedAtMs, nextAtMs = 0 } of schedules) {
      this.stand({ schedule, createdAtMs, modifiedAtMs }, compileScheduleExpression(schedule.expression, modifiedAtMs), nextAtMs);
    }
    for (const retry of retries) this.retryAt(retry);
  }

  private stand(standing: Omit<Standing, 'cancel'>, recurrence: Recurrence, nextAtMs: number): void {
    const { arn, isEnabled } = standing.schedule;
    if (!isEnabled) {
      this.schedules.set(arn, { ...standing, cancel: () => undefined });
      return;
    }
    const { timeline } = this.options;
    const cancel = timeline.after(nextAtMs - timeline.nowMs(), `schedule ${arn}`, () => {
      this.stand(standing, recurrence, recurrence.nextAfterMs(nextAtMs));
      this.fire(standing.schedule, nextAtMs, 1);
    });
    this.schedules.set(arn, { ...standing, nextAtMs, cancel });
  }

  private retryAt(retry: Retry): void {
    const { timeline } = this.options;
    this.retries.add(retry);
    timeline.after(retry.atMs - timeline.nowMs(), `retry of schedule ${retry.schedule.arn}`, () => {
      this.retries.delete(retry);
      this.fire(retry.schedule, retry.scheduledMs, retry.attempt);
    });
  }

  private fire(schedule: Schedule, scheduledMs: number, attempt: number): void {
    const scheduledTime = new Date(scheduledMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
    const attributes: Readonly<Record<string, string>> = {
      'schedule-arn': schedule.arn,
      'scheduled-time': scheduledTime,
      'execution-id': this.options.nextId(),
      'attempt-number': String(attempt),
    };
    const input = (schedule.input ?? '{}').replace(/<aws\.scheduler\.([a-z-]+)>/g, (placeholder, name: string) => attributes[name] ?? placeholder);
    try {
      this.options.invoke(schedule, input);
    } catch (error) {
      if (error instanceof AwsError) {
        this.retryOrBury(schedule, scheduledMs, attempt, input, error, attributes);
      } else {
        // A failure of the emulation, which fails this firing only.
        this.options.timeline.fail(error, `a firing of ${schedule.arn}`);
        this.drop(schedule, scheduledMs, `InternalFailure: ${String(error)}`);
      }
    }
  }

  private retryOrBury(schedule: Schedule, scheduledMs: number, attempt: number, input: string, error: AwsError, attributes: Readonly<Record<string, string>>): void {
    const { timeline } = this.options;
    // Exponential, a second first, an hour at most.
    const delayMs = Math.min(2 ** (attempt - 1), 3_600) * 1000;
    const isRetryable = RETRYABLE_STATUSES.includes(error.httpStatus);
    const exhausted =
      attempt > schedule.maximumRetryAttempts
        ? 'MaximumRetryAttempts'
        : timeline.nowMs() + delayMs - scheduledMs > schedule.maximumEventAgeSeconds * 1000
          ? 'MaximumEventAgeInSeconds'
          : undefined;
    if (isRetryable && exhausted === undefined) {
      this.retryAt({ schedule, scheduledMs, attempt: attempt + 1, atMs: timeline.nowMs() + delayMs });
    } else {
      this.bury(schedule, scheduledMs, input, error, {
        ERROR_CODE: error.code,
        ERROR_MESSAGE: error.message,
        EXECUTION_ID: attributes['execution-id'] ?? '',
        ...(isRetryable && exhausted !== undefined && { EXHAUSTED_RETRY_CONDITION: exhausted }),
        RETRY_ATTEMPTS: String(attempt - 1),
        SCHEDULED_TIME: attributes['scheduled-time'] ?? '',
        SCHEDULE_ARN: schedule.arn,
        TARGET_ARN: schedule.targetArn,
      });
    }
  }

  private bury(schedule: Schedule, scheduledMs: number, input: string, { code, message }: AwsError, attributes: Readonly<Record<string, string>>): void {
    const { deadLetterArn } = schedule;
    const reason = `${code}: ${message}`;
    if (deadLetterArn === undefined) {
      this.drop(schedule, scheduledMs, reason);
      return;
    }
    try {
      this.options.queues.send(deadLetterArn, input, attributes);
    } catch (refusal) {
      if (!(refusal instanceof AwsError)) throw refusal;
      // Counted in the metric InvocationsFailedToBeSentToDeadLetterCount, and dropped.
      this.drop(schedule, scheduledMs, `${reason} (not sent to ${deadLetterArn}: ${refusal.code}: ${refusal.message})`);
    }
  }

  private drop({ arn }: Schedule, scheduledMs: number, error: string): void {
    this.dropped.push({ schedule: arn, scheduledMs, error });
  }
}

function namesOf({ arn }: Schedule): { readonly Name: string; readonly GroupName: string } {
  const [, GroupName = '', Name = ''] = arn.split('/');
  return { Name, GroupName };
}

/** Time stamps as epoch seconds. */
function summarized({ schedule, createdAtMs, modifiedAtMs }: Standing) {
  return {
    Arn: schedule.arn,
    ...namesOf(schedule),
    State: schedule.isEnabled ? 'ENABLED' : 'DISABLED',
    CreationDate: createdAtMs / 1000,
    LastModificationDate: modifiedAtMs / 1000,
    Target: { Arn: schedule.targetArn },
  };
}

function described(standing: Standing): unknown {
  const { expression, targetArn, roleArn, input, maximumRetryAttempts, maximumEventAgeSeconds, deadLetterArn, description } = standing.schedule;
  return {
    ...summarized(standing),
    ...(description !== undefined && { Description: description }),
    ScheduleExpression: expression,
    ScheduleExpressionTimezone: 'UTC',
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'NONE',
    Target: {
      Arn: targetArn,
      RoleArn: roleArn,
      ...(input !== undefined && { Input: input }),
      ...(deadLetterArn !== undefined && { DeadLetterConfig: { Arn: deadLetterArn } }),
      RetryPolicy: { MaximumRetryAttempts: maximumRetryAttempts, MaximumEventAgeInSeconds: maximumEventAgeSeconds },
    },
  };
}
