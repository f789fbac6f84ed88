import type { Json } from '../../../lambdas/domain/trace';
import { Alarms } from '../../../local/asl/alarms';
import { Execution, type ExecutionObserver } from '../../../local/asl/execution';
import { Expressions } from '../../../local/asl/expressions';
import type { HistoryEvent } from '../../../local/asl/history';
import { TaskFailure, type TaskIntegration } from '../../../local/asl/integrations';
import { parseDefinition } from '../../../local/asl/parse-definition';
import { TaskTokens } from '../../../local/asl/task-tokens';
import { Timeline } from '../../../local/kernel/clock';

export const START_MS = Date.parse('2026-04-01T00:00:00.000Z');
export const TASK = 'test:task';
export const CALLBACK = 'test:task.waitForTaskToken';

export interface KitOptions {
  /** What the task does: gives a result, throws a `TaskFailure`, or never comes back. A method, so that tests may expect their own parameters. */
  task?(parameters: Json, kit: InterpreterKit): Json | Promise<Json>;
  readonly random?: () => number;
  readonly observer?: ExecutionObserver;
}

/** The interpreter alone, without the service. */
export class InterpreterKit {
  readonly timeline = new Timeline(START_MS);
  readonly tokens = new TaskTokens();
  /** Seconds after the start at which the task was called. */
  readonly calledAtSeconds: number[] = [];
  private ids = 0;

  constructor(private readonly options: KitOptions = {}) {}

  start(definition: Json, input: Json = {}): Execution {
    const { timeline, tokens } = this;
    const random = this.options.random ?? (() => 0.5);
    const newId = (): string => `id-${++this.ids}`;
    const expressions = new Expressions({ timeline, random, newId });
    const execution = new Execution(
      { timeline, alarms: new Alarms(timeline), random, newId, expressions, tokens, region: 'us-east-1', integrations: (arn) => this.integration(arn) },
      {
        arn: 'arn:aws:states:us-east-1:111111111111:execution:machine:run',
        name: 'run',
        input: JSON.stringify(input),
        machine: {
          arn: 'arn:aws:states:us-east-1:111111111111:stateMachine:machine',
          name: 'machine',
          roleArn: 'arn:aws:iam::111111111111:role/machine',
          definition: parseDefinition(JSON.stringify(definition)),
        },
      },
      this.options.observer,
    );
    execution.start();
    return execution;
  }

  /** Plays until nothing is left to happen but deadlines a year away, or for `seconds`. */
  async run(definition: Json, input: Json = {}, seconds = 86_400): Promise<Execution> {
    const execution = this.start(definition, input);
    await this.pass(seconds);
    return execution;
  }

  async pass(seconds: number): Promise<void> {
    await this.timeline.runUntil(this.timeline.nowMs() + seconds * 1000);
  }

  seconds(): number {
    return (this.timeline.nowMs() - START_MS) / 1000;
  }

  private integration(resourceArn: string): TaskIntegration | undefined {
    if (resourceArn !== TASK && resourceArn !== CALLBACK) return undefined;
    return {
      events: { kind: 'service', resourceType: 'test', resource: resourceArn },
      waitsForToken: resourceArn === CALLBACK,
      invoke: async (parameters) => {
        this.calledAtSeconds.push(this.seconds());
        return this.options.task?.(parameters, this) ?? null;
      },
    };
  }
}

/** A JSONata machine of these states, from the first on. */
export function machine(states: { readonly [name: string]: Json }, more: { readonly [field: string]: Json } = {}): Json {
  return { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0] ?? '', States: states, ...more };
}

export function fail(error: string, cause = ''): never {
  throw new TaskFailure(error, cause);
}

export const never = (): Promise<Json> => new Promise(() => undefined);

export function typesOf(execution: { readonly history: { events(): readonly HistoryEvent[] } }): readonly string[] {
  return execution.history.events().map((event) => event.type);
}

/** Seconds from the start of the run to each event of a type. */
export function secondsOf(execution: Execution, type: string): readonly number[] {
  return execution.history.events().flatMap((event) => (event.type === type ? [event.timestamp - START_MS / 1000] : []));
}
