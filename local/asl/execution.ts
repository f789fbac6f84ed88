import { z } from 'zod';
import type { Json } from '../../lambdas/domain/trace';
import { notModelled } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { Alarm, Alarms } from './alarms';
import type { StateMachineDefinition } from './definition';
import { StateFailure, STATES_ERRORS } from './failure';
import { Expressions } from './expressions';
import { History, payload, type EventDetails, type HistoryEvent } from './history';
import type { TaskIntegration, TaskIntegrations } from './integrations';
import { parseJson } from './json';
import { Lane, LaneClosed } from './lane';
import { MAX_EXECUTION_SECONDS } from './limits';
import { redriven, savedAlarm, savedLane } from './standing';
import type { TaskTokens } from './task-tokens';

export const EXECUTION_STATUSES = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED'] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

/** What the interpreter takes from outside: nothing of it is real time or real chance. */
export interface InterpreterDeps {
  readonly timeline: Timeline;
  readonly alarms: Alarms;
  /** Uniform in [0, 1): jitter, `$random`. */
  readonly random: () => number;
  /** Task tokens and `$uuid`. */
  readonly newId: () => string;
  /** Compiled expressions, shared by executions. */
  readonly expressions: Expressions;
  readonly integrations: TaskIntegrations;
  readonly tokens: TaskTokens;
  /** Written into the events of tasks. */
  readonly region: string;
}

/** What a running execution tells, at the moment at which it happens. */
export interface ExecutionObserver {
  stateEntered?(execution: Execution, state: string): void;
  /** A billed transition: `next` is the state itself for a retry, `null` at an end or an unhandled failure. */
  stateExited?(execution: Execution, state: string, next: string | null): void;
  stateRetried?(execution: Execution, state: string, error: string, delaySeconds: number): void;
  ended?(execution: Execution): void;
}

export interface ExecutionOptions {
  readonly arn: string;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
  readonly machine: { readonly arn: string; readonly name: string; readonly roleArn: string; readonly definition: StateMachineDefinition };
}

const ms = z.number();

/** An execution as it is saved, without its machine. */
export const savedExecution = z.strictObject({
  arn: z.string(),
  name: z.string(),
  input: z.string(),
  startedAtMs: ms,
  status: z.enum(EXECUTION_STATUSES),
  endedAtMs: ms.nullable(),
  output: z.string().nullable(),
  error: z.string().nullable(),
  cause: z.string().nullable(),
  redriveCount: z.int(),
  redrivenAtMs: ms.nullable(),
  deadline: savedAlarm.nullable(),
  history: z.array(z.custom<HistoryEvent>((event) => typeof event === 'object' && event !== null && 'type' in event)),
  /** Where it stands, or stood when it ended without success: a redrive goes on from there. */
  lane: savedLane.nullable(),
});
export type SavedExecution = z.infer<typeof savedExecution>;

/** One run of a state machine on the virtual timeline. */
export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly inputText: string;
  readonly input: Json;
  readonly startedAtMs: number;
  readonly history: History;

  status: ExecutionStatus = 'RUNNING';
  endedAtMs: number | undefined;
  /** JSON text of the output, once SUCCEEDED. */
  outputText: string | undefined;
  error: string | undefined;
  cause: string | undefined;
  redriveCount = 0;
  /** When it was redriven last. */
  redrivenAtMs: number | undefined;

  private root: Lane;
  private deadline: Alarm | undefined;
  private cancelDeadline: () => void = () => undefined;

  /** @param saved where an earlier run left it; `resume` goes on from there */
  constructor(
    private readonly deps: InterpreterDeps,
    private readonly options: ExecutionOptions,
    readonly observer: ExecutionObserver = {},
    saved?: SavedExecution,
  ) {
    this.arn = options.arn;
    this.name = options.name;
    this.inputText = options.input;
    this.input = parseJson(options.input);
    this.startedAtMs = saved?.startedAtMs ?? deps.timeline.nowMs();
    this.history = new History(deps.timeline, saved?.history);
    if (saved !== undefined) {
      this.status = saved.status;
      this.endedAtMs = saved.endedAtMs ?? undefined;
      this.outputText = saved.output ?? undefined;
      this.error = saved.error ?? undefined;
      this.cause = saved.cause ?? undefined;
      this.redriveCount = saved.redriveCount;
      this.redrivenAtMs = saved.redrivenAtMs ?? undefined;
      this.deadline = saved.deadline ?? undefined;
    }
    const lane = saved?.lane ?? null;
    this.root = lane === null ? new Lane(this, undefined, undefined, 0) : Lane.restore(this, undefined, undefined, lane);
  }

  /** @throws {Error} while it is neither over nor at rest: a call that is under way cannot be saved */
  save(): SavedExecution {
    const isRunning = this.status === 'RUNNING';
    if (isRunning && !this.root.isAtRest()) throw new Error(`${this.name} cannot be saved while something in it is under way`);
    return {
      arn: this.arn,
      name: this.name,
      input: this.inputText,
      startedAtMs: this.startedAtMs,
      status: this.status,
      endedAtMs: this.endedAtMs ?? null,
      output: this.outputText ?? null,
      error: this.error ?? null,
      cause: this.cause ?? null,
      redriveCount: this.redriveCount,
      redrivenAtMs: this.redrivenAtMs ?? null,
      deadline: (isRunning ? this.deadline : undefined) ?? null,
      history: [...this.history.events()],
      lane: this.status === 'SUCCEEDED' ? null : this.root.standing(),
    };
  }

  /** Once SUCCEEDED, else null. */
  get output(): Json {
    return this.outputText === undefined ? null : parseJson(this.outputText);
  }

  get timeline(): Timeline {
    return this.deps.timeline;
  }

  get alarms(): Alarms {
    return this.deps.alarms;
  }

  get expressions(): Expressions {
    return this.deps.expressions;
  }

  get tokens(): TaskTokens {
    return this.deps.tokens;
  }

  get region(): string {
    return this.deps.region;
  }

  /** Of the revision that it runs. */
  get roleArn(): string {
    return this.options.machine.roleArn;
  }

  get machineArn(): string {
    return this.options.machine.arn;
  }

  readonly random = (): number => this.deps.random();

  readonly newId = (): string => this.deps.newId();

  /** Begins with the next turn of the timeline. */
  start(): void {
    this.history.append('ExecutionStarted', 0, { executionStartedEventDetails: { ...payload('input', this.inputText), roleArn: this.options.machine.roleArn } });
    this.begin();
  }

  /** Goes on after it was loaded, if it was running. It sets its alarms before this returns. */
  resume(): void {
    if (this.deadline === undefined || this.status !== 'RUNNING') return;
    this.setDeadline(this.deadline);
    void this.run(this.root);
  }

  /**
   * Goes on, with the next turn of the timeline, from where it failed or was cut off. Its own time-out starts anew; the
   * year that an execution may last does not. The caller has checked that it may be redriven.
   */
  redrive(): void {
    this.root = Lane.restore(this, undefined, undefined, redriven(this.root.standing()));
    this.status = 'RUNNING';
    this.endedAtMs = undefined;
    this.error = undefined;
    this.cause = undefined;
    this.redriveCount++;
    this.redrivenAtMs = this.timeline.nowMs();
    this.history.append('ExecutionRedriven', 0, { executionRedrivenEventDetails: { redriveCount: this.redriveCount } });
    this.begin();
  }

  /** Ends it at once, wherever it stands. Does nothing when it is over. */
  stop(error?: string, cause?: string): void {
    this.end('ABORTED', { error, cause });
  }

  /** Members of the context object that are the same everywhere in the execution. */
  context(): Record<string, Json> {
    const { machine } = this.options;
    return {
      Execution: {
        Id: this.arn,
        Input: this.input,
        Name: this.name,
        RoleArn: machine.roleArn,
        StartTime: new Date(this.startedAtMs).toISOString(),
        RedriveCount: this.redriveCount,
        ...(this.redrivenAtMs === undefined ? {} : { RedriveTime: new Date(this.redrivenAtMs).toISOString() }),
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
  }

  /** Bytes of all variables of all lanes. */
  storedBytes(): number {
    return this.root.storedBytes();
  }

  /** @throws {AwsError} NotModelledLocally, naming the resource */
  integration(resourceArn: string): TaskIntegration {
    const integration = this.deps.integrations(resourceArn);
    if (integration === undefined) throw notModelled(`the task resource ${resourceArn}`);
    return integration;
  }

  private begin(): void {
    const ownMs = (this.options.machine.definition.timeoutSeconds ?? Infinity) * 1000;
    const yearMs = this.startedAtMs + MAX_EXECUTION_SECONDS * 1000 - this.timeline.nowMs();
    this.setDeadline(this.alarms.in(Math.min(ownMs, yearMs)));
    const { root } = this;
    this.timeline.after(0, `start ${this.name}`, () => void this.run(root));
  }

  private setDeadline(deadline: Alarm): void {
    this.deadline = deadline;
    this.cancelDeadline = this.alarms.set(deadline, `deadline of ${this.name}`, () => this.end('TIMED_OUT'));
  }

  private async run(root: Lane): Promise<void> {
    try {
      const output = await root.run(this.options.machine.definition, this.input, this.inputText);
      if (root === this.root) this.end('SUCCEEDED', { output });
    } catch (error) {
      // What an earlier attempt still had under way concerns nobody after a redrive.
      if (root !== this.root) return;
      if (error instanceof StateFailure) this.end('FAILED', { error: error.error, cause: error.cause });
      else if (!(error instanceof LaneClosed)) this.breakDown(error);
    }
  }

  /** A failure of the emulation, and not of the definition: nothing handles it. */
  private breakDown(error: unknown): void {
    this.timeline.fail(error, `the execution ${this.name}`);
    this.end('FAILED', { error: STATES_ERRORS.runtime, cause: error instanceof Error ? error.message : String(error) });
  }

  private end(status: Exclude<ExecutionStatus, 'RUNNING'>, result: Result = {}): void {
    if (this.status !== 'RUNNING') return;
    const isOwnEnd = status === 'SUCCEEDED' || status === 'FAILED';
    this.root.close();
    this.cancelDeadline();
    this.status = status;
    this.endedAtMs = this.timeline.nowMs();
    this.outputText = result.output === undefined ? undefined : JSON.stringify(result.output);
    this.error = result.error;
    this.cause = result.cause;
    const { type, key } = ENDINGS[status];
    const details: EventDetails = {
      ...(this.outputText === undefined ? {} : payload('output', this.outputText)),
      // The event names it; the execution itself has no error.
      ...(status === 'TIMED_OUT' ? { error: STATES_ERRORS.timeout } : {}),
      ...(result.error === undefined ? {} : { error: result.error }),
      ...(result.cause === undefined ? {} : { cause: result.cause }),
    };
    // What ends the execution from outside follows no state.
    this.history.close(type, isOwnEnd ? this.root.cursorId : 0, { [key]: details });
    this.observer.ended?.(this);
  }
}

interface Result {
  readonly output?: Json;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

const ENDINGS = {
  SUCCEEDED: { type: 'ExecutionSucceeded', key: 'executionSucceededEventDetails' },
  FAILED: { type: 'ExecutionFailed', key: 'executionFailedEventDetails' },
  TIMED_OUT: { type: 'ExecutionTimedOut', key: 'executionTimedOutEventDetails' },
  ABORTED: { type: 'ExecutionAborted', key: 'executionAbortedEventDetails' },
} as const;
