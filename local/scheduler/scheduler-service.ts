import { AwsError } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { SqsService } from '../sqs/sqs-service';
import { compileScheduleExpression, type Recurrence } from './schedule-expression';

/** A recurring schedule with a Lambda target. */
export interface Schedule {
  readonly arn: string;
  readonly expression: string;
  readonly targetArn: string;
  readonly roleArn: string;
  /** With context attributes in angle brackets. @default the service's own event */
  readonly input?: string;
  readonly maximumRetryAttempts: number;
  readonly maximumEventAgeSeconds: number;
  readonly deadLetterArn?: string;
  readonly isEnabled: boolean;
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

/** EventBridge Scheduler: recurring schedules, 60-second precision, UTC. Not modelled: flexible windows, time zones, one-time schedules, groups. */
export class SchedulerService {
  private readonly schedules = new Map<string, { readonly schedule: Schedule; readonly cancel: () => void }>();

  constructor(private readonly options: SchedulerOptions) {}

  /** Creates or replaces a schedule. */
  put(schedule: Schedule): void {
    this.delete(schedule.arn);
    const recurrence = compileScheduleExpression(schedule.expression, this.options.timeline.nowMs());
    if (schedule.isEnabled) this.arm(schedule, recurrence);
    else this.schedules.set(schedule.arn, { schedule, cancel: () => undefined });
  }

  delete(scheduleArn: string): void {
    this.schedules.get(scheduleArn)?.cancel();
    this.schedules.delete(scheduleArn);
  }

  list(): readonly Schedule[] {
    return [...this.schedules.values()].map(({ schedule }) => schedule);
  }

  private arm(schedule: Schedule, recurrence: Recurrence): void {
    const { timeline } = this.options;
    const scheduledMs = recurrence.nextAfterMs(timeline.nowMs());
    const cancel = timeline.after(scheduledMs - timeline.nowMs(), `schedule ${schedule.arn}`, () => {
      this.arm(schedule, recurrence);
      this.fire(schedule, scheduledMs, 1);
    });
    this.schedules.set(schedule.arn, { schedule, cancel });
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
      if (!(error instanceof AwsError)) throw error;
      this.retryOrBury(schedule, scheduledMs, attempt, input, error, attributes);
    }
  }

  private retryOrBury(schedule: Schedule, scheduledMs: number, attempt: number, input: string, error: AwsError, attributes: Readonly<Record<string, string>>): void {
    const { timeline, queues } = this.options;
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
      timeline.after(delayMs, `retry of schedule ${schedule.arn}`, () => { this.fire(schedule, scheduledMs, attempt + 1); });
    } else if (schedule.deadLetterArn !== undefined) {
      queues.send(schedule.deadLetterArn, input, {
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
}
