import type { Json } from '../../lambdas/domain/trace';
import { notModelled } from '../kernel/aws-error';
import type { Timeline } from '../kernel/clock';
import type { StateMachineDefinition } from './definition';
import { asError, StateFailure } from './failure';
import { Expressions } from './expressions';
import { History, payload, type EventDetails } from './history';
import type { TaskIntegration, TaskIntegrations } from './integrations';
import { parseJson } from './json';
import { Lane, LaneClosed } from './lane';
import { MAX_EXECUTION_SECONDS } from './limits';
import type { TaskTokens } from './task-tokens';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** What the interpreter takes from outside: nothing of it is real time or real chance. */
export interface InterpreterDeps {
  readonly timeline: Timeline;
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
  /** Once SUCCEEDED, else null. */
  output: Json = null;
  /** JSON text of the output, once SUCCEEDED. */
  outputText: string | undefined;
  error: string | undefined;
  cause: string | undefined;

  private readonly root: Lane;
  private cancelDeadline: () => void = () => undefined;

  constructor(
    private readonly deps: InterpreterDeps,
    private readonly options: ExecutionOptions,
    readonly observer: ExecutionObserver = {},
  ) {
    this.arn = options.arn;
    this.name = options.name;
    this.inputText = options.input;
    this.input = parseJson(options.input);
    this.startedAtMs = deps.timeline.nowMs();
    this.history = new History(deps.timeline);
    this.root = new Lane(this, undefined, undefined, 0);
  }

  get timeline(): Timeline {
    return this.deps.timeline;
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

  get machineArn(): string {
    return this.options.machine.arn;
  }

  readonly random = (): number => this.deps.random();

  readonly newId = (): string => this.deps.newId();

  /** Begins with the next turn of the timeline. */
  start(): void {
    const { definition, roleArn } = this.options.machine;
    this.history.append('ExecutionStarted', 0, { executionStartedEventDetails: { ...payload('input', this.inputText), roleArn } });
    const deadlineSeconds = Math.min(definition.timeoutSeconds ?? Infinity, MAX_EXECUTION_SECONDS);
    this.cancelDeadline = this.timeline.after(deadlineSeconds * 1000, `deadline of ${this.name}`, () => this.end('TIMED_OUT'));
    this.timeline.after(0, `start ${this.name}`, () => void this.run(definition));
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
        RedriveCount: 0,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
  }

  /** @throws {AwsError} NotModelledLocally, naming the resource */
  integration(resourceArn: string): TaskIntegration {
    const integration = this.deps.integrations(resourceArn);
    if (integration === undefined) throw notModelled(`the task resource ${resourceArn}`);
    return integration;
  }

  private async run(definition: StateMachineDefinition): Promise<void> {
    try {
      const output = await this.root.run(definition, this.input, this.inputText);
      this.end('SUCCEEDED', { output });
    } catch (error) {
      if (error instanceof StateFailure) this.end('FAILED', { error: error.error, cause: error.cause });
      else if (!(error instanceof LaneClosed)) this.timeline.after(0, `failure of the interpreter in ${this.name}`, () => Promise.reject(asError(error)));
    }
  }

  private end(status: Exclude<ExecutionStatus, 'RUNNING'>, result: Result = {}): void {
    if (this.status !== 'RUNNING') return;
    const isOwnEnd = status === 'SUCCEEDED' || status === 'FAILED';
    this.root.close();
    this.cancelDeadline();
    this.status = status;
    this.endedAtMs = this.timeline.nowMs();
    this.output = result.output ?? null;
    this.outputText = result.output === undefined ? undefined : JSON.stringify(result.output);
    this.error = result.error;
    this.cause = result.cause;
    const { type, key } = ENDINGS[status];
    const details: EventDetails = {
      ...(this.outputText === undefined ? {} : payload('output', this.outputText)),
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
