import type { Json } from '../../../lambdas/domain/trace';
import type { LambdaInvoker, LambdaResult } from '../../../local/asl/lambda-integration';
import { Timeline } from '../../../local/kernel/clock';
import type { Caller, Service } from '../../../local/kernel/service';
import type { Stateful } from '../../../local/kernel/stateful';
import { Trace } from '../../../local/kernel/trace';
import type { ExecutionStatusChange } from '../../../local/sfn/answers';
import { StepFunctionsService } from '../../../local/sfn/service';

export const START_MS = Date.parse('2026-04-01T00:00:00Z');
export const INVOKE = 'arn:aws:states:::lambda:invoke';
export const INVOKE_AND_WAIT = 'arn:aws:states:::lambda:invoke.waitForTaskToken';

const CALLER: Caller = { accountId: '111111111111', arn: 'arn:aws:iam::111111111111:user/tester', userId: 'tester' };

export type HistoryEvent = { readonly type: string; readonly id: number; readonly previousEventId: number; readonly timestamp: number; readonly [key: string]: Json };

export interface KitOptions {
  readonly lambda?: LambdaInvoker;
  readonly random?: () => number;
  /** Virtual time at the start, ms since the epoch. @default START_MS */
  readonly startMs?: number;
}

/** A Step Functions service of its own, with one state machine at a time. */
export class StepFunctionsKit {
  readonly timeline: Timeline;
  readonly trace: Trace;
  readonly statusChanges: ExecutionStatusChange[] = [];
  readonly service: Service & Stateful;
  private ids = 0;
  private machines = 0;

  constructor(private readonly options: KitOptions = {}) {
    const { lambda = { invoke: async () => ({ ok: true, payload: null }) }, random = () => 0.5, startMs = START_MS } = options;
    this.timeline = new Timeline(startMs);
    this.trace = new Trace(this.timeline);
    this.service = new StepFunctionsService({
      timeline: this.timeline,
      trace: this.trace,
      accountId: '111111111111',
      region: 'us-east-1',
      random,
      newId: () => `id-${++this.ids}`,
      lambda,
      onEvent: (event) => this.statusChanges.push(event),
    });
  }

  /** A new service that goes on from what this one saves, as after a restart of the program. */
  reloaded(): StepFunctionsKit {
    const kit = new StepFunctionsKit({ ...this.options, startMs: this.timeline.nowMs() });
    kit.ids = this.ids;
    kit.machines = this.machines;
    kit.trace.load(this.trace.events());
    kit.statusChanges.push(...this.statusChanges);
    kit.service.load(JSON.parse(JSON.stringify(this.service.save())) as Json);
    return kit;
  }

  /** Answers of the service are JSON objects. */
  call(operation: string, input: Json): { readonly [member: string]: Json } {
    return this.service.call(operation, input, CALLER) as { readonly [member: string]: Json };
  }

  /** A text member of an answer. */
  text(operation: string, input: Json, member: string): string {
    return this.call(operation, input)[member] as string;
  }

  /** One member of each element of a list in an answer, and the token of the next page. */
  page(operation: string, input: Json, list: string, member: string): readonly [members: readonly Json[], nextToken: string] {
    const answer = this.call(operation, input);
    const elements = answer[list] as readonly { readonly [member: string]: Json }[];
    return [elements.map((element) => element[member] ?? null), answer['nextToken'] as string];
  }

  /** @returns the new state machine's ARN */
  create(definition: Json): string {
    const name = `machine-${++this.machines}`;
    return this.text('CreateStateMachine', { name, definition: JSON.stringify(definition), roleArn: 'arn:aws:iam::111111111111:role/r' }, 'stateMachineArn');
  }

  /** @returns the execution's ARN */
  start(stateMachineArn: string, input: Json = {}, name?: string): string {
    const request = { stateMachineArn, input: JSON.stringify(input), ...(name === undefined ? {} : { name }) };
    return this.text('StartExecution', request, 'executionArn');
  }

  /** Plays `seconds` of virtual time. */
  async pass(seconds: number): Promise<void> {
    await this.timeline.runUntil(this.timeline.nowMs() + seconds * 1000);
  }

  history(executionArn: string): readonly HistoryEvent[] {
    return this.call('GetExecutionHistory', { executionArn, maxResults: 1000 })['events'] as unknown as readonly HistoryEvent[];
  }

  /** Creates, starts, and plays a minute. */
  async run(definition: Json, input: Json = {}): Promise<readonly HistoryEvent[]> {
    const execution = this.start(this.create(definition), input);
    await this.pass(60);
    return this.history(execution);
  }

  secondsSinceStart(): number {
    return (this.timeline.nowMs() - START_MS) / 1000;
  }
}

/** A Lambda whose every invocation is answered by `answer`. */
export function lambdaOf(answer: (payload: Json) => LambdaResult): LambdaInvoker {
  return { invoke: async (_, payload) => answer(payload) };
}

/** Code and message of what a call is refused with. */
export function refusal(run: () => unknown): Json {
  try {
    run();
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return [code, message];
  }
  throw new Error('It was not refused');
}
