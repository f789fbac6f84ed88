import type { FunctionName } from '../../../lambdas/contract/functions';
import { DUE_INDEX } from '../../../lambdas/contract/names';
import type { LambdaResult } from '../../asl/lambda-integration';
import { AwsError } from '../../kernel/aws-error';
import type { ServiceCall } from '../../wire/message';
import { seeded } from '../random';
import { STATE_MACHINE_ARN } from '../deployment';
import type { Fault, FaultPoint, Legs } from '../invocations';
import type { World } from '../world';
import { type CallFault, type DependentFault, type FaultName, isOneOf } from './faults';
import type { Step } from './plan';

type StepAt<At extends Step['at']> = Extract<Step, { readonly at: At }>;

/** Calls take some time, in either direction; a few take seconds. */
const USUAL_MS = 200;
const SLOW_MS = 4000;
const SLOW_SHARE = 0.02;

/** A function that was given up begins so late at most: its calls, with all the network's delay, still end before Q does. */
export const GIVEN_UP_MS = 30_000;

/** A new process of a function takes so long to begin at most. */
export const COLD_MS = 10_000;

/** After it a state that waits for its function has given up. */
const NEVER = new Promise<never>(() => undefined);

/**
 * Brings the faults of a plan into a world: each strikes where its step says, and is counted when it has. Also decides how long every call takes,
 * and with that the order in which the calls of all that runs at once reach the services.
 */
export class Chaos {
  /** How often each fault has struck. */
  readonly struck = new Map<FaultName, number>();
  private isOver = false;
  private readonly atStates: { readonly name: string; readonly nth: number; readonly act: (execution: string) => void }[] = [];
  private readonly left: Set<Step>;
  private readonly seen = new Map<string, number>();
  private readonly bursts: { readonly step: StepAt<'call'>; readonly untilMs: number }[] = [];
  private decided: { readonly index: number; readonly step: StepAt<'call'> | undefined } = { index: -1, step: undefined };
  /** What the index of due keys answered last, by question. */
  private readonly lastIndex = new Map<string, unknown>();

  constructor(
    private readonly world: World,
    steps: readonly Step[],
    private readonly seed: number,
  ) {
    this.left = new Set(steps);
    world.latency = (point) => this.legsOf(point);
    world.fault = (point) => this.faultOf(point);
    world.interceptAll = (call, next) => this.intercept(call, next);
    world.interceptInvocation = (name, _event, next) => this.interceptInvocation(name, next);
    world.trace.onEvent((event) => {
      if (event.type === 'states.state-entered') this.onState(event.execution, event.state);
    });
  }

  /** Nothing goes wrong from now on. What is under way goes its way. */
  end(): void {
    this.isOver = true;
  }

  /** The faults that the plan has for a question to a dependent. */
  questionFault(nth: number): DependentFault | undefined {
    const step = this.take((candidate): candidate is StepAt<'question'> => candidate.at === 'question' && candidate.nth === nth);
    return step?.fault;
  }

  /** Calls `act` once, as an execution enters a state for the nth time, unless the chaos is over by then. */
  onNthState({ name, nth }: { readonly name: string; readonly nth: number }, act: (execution: string) => void): void {
    this.atStates.push({ name, nth, act });
  }

  count(fault: FaultName): void {
    this.struck.set(fault, (this.struck.get(fault) ?? 0) + 1);
  }

  private take<S extends Step>(isMeant: (step: Step) => step is S): S | undefined {
    if (this.isOver) return undefined;
    for (const step of this.left) {
      if (!isMeant(step)) continue;
      this.left.delete(step);
      this.count(step.fault);
      return step;
    }
    return undefined;
  }

  private nth(what: string): number {
    const count = this.seen.get(what) ?? 0;
    this.seen.set(what, count + 1);
    return count;
  }

  /** The step that strikes at a call: asked several times about one call, the answer is the same. */
  private stepAt({ index, function: name, service, operation }: FaultPoint): StepAt<'call'> | undefined {
    if (this.decided.index === index) return this.decided.step;
    const nth = this.nth(`${name} ${service} ${operation}`);
    const isMeant = (step: Step): step is StepAt<'call'> =>
      step.at === 'call' && step.function === name && step.service === service && step.operation === operation && step.nth === nth;
    const step = this.take(isMeant);
    const nowMs = this.world.timeline.nowMs();
    if (step !== undefined && BURSTS.has(step.fault)) this.bursts.push({ step, untilMs: nowMs + step.ms });
    const burst = this.isOver ? undefined : this.bursts.find((candidate) => candidate.step.service === service && nowMs < candidate.untilMs && isStruckBy(candidate.step, operation));
    this.decided = { index, step: step ?? burst?.step };
    return this.decided.step;
  }

  /** Drawn from what is called and not from the order of calls: of two that a function makes at once, either may come first. */
  private legsOf(point: FaultPoint): Legs {
    const step = this.stepAt(point);
    const what = `${point.function} ${point.operation} ${subjectOf(point.input)}`;
    const random = seeded(this.seed ^ hashOf(`${what} ${this.nth(what)}`));
    const usual = (): number => Math.floor(random() < SLOW_SHARE ? random() * SLOW_MS : random() * USUAL_MS);
    const legs = { requestMs: usual(), answerMs: usual() };
    if (step?.fault === 'process-paused') return { ...legs, pauseMs: step.ms };
    return step !== undefined && LATE.has(step.fault) ? { ...legs, requestMs: step.ms } : legs;
  }

  private faultOf(point: FaultPoint): Fault {
    const step = this.stepAt(point);
    return step === undefined ? 'none' : (EFFECTS[step.fault]?.(point) ?? 'none');
  }

  /** What is not an error but a wrong, late, second or missing answer. */
  private async intercept(call: ServiceCall, next: () => Promise<unknown>): Promise<unknown> {
    const step = call.caller.traceId === undefined ? undefined : this.wrongAnswerTo(call);
    const { timeline } = this.world;
    switch (step?.fault) {
      case 'callback-lost':
        return {};
      case 'callback-late':
        timeline.after(step.ms, 'a late callback', () => { next().catch(() => undefined); });
        return {};
      case 'callback-twice':
        await next();
        timeline.after(1000, 'a second callback', () => { next().catch(() => undefined); });
        return {};
      case 'stale-describe-execution': {
        const { stopDate: _stopDate, output: _output, error: _error, cause: _cause, ...seen } = (await next()) as Readonly<Record<string, unknown>>;
        return { ...seen, status: 'RUNNING' };
      }
      case 'dynamodb-stale-index':
        return this.lastIndex.get(questionOf(call.input)) ?? { Items: [], Count: 0, ScannedCount: 0 };
      case undefined: {
        const answer = await next();
        if (call.operation === 'Query' && isLookAtIndex(call.input)) this.lastIndex.set(questionOf(call.input), answer);
        return answer;
      }
    }
  }

  /** Wrong answers are decided here, before the call is counted as one of the function's: by its operation alone. */
  private wrongAnswerTo({ operation, service, input }: ServiceCall): { readonly fault: WrongAnswer; readonly ms: number } | undefined {
    const fault = WRONG_ANSWERS[operation];
    if (fault === undefined || (operation === 'Query' && !isLookAtIndex(input))) return undefined;
    const nth = this.nth(`any ${operation}`);
    const isWrong = (candidate: Step): candidate is StepAt<'call'> & { readonly fault: WrongAnswer } => candidate.at === 'call' && isOneOf(fault, candidate.fault);
    const step = this.take((candidate): candidate is StepAt<'call'> & { readonly fault: WrongAnswer } => isWrong(candidate) && candidate.nth <= nth);
    if (step !== undefined && BURSTS.has(step.fault)) this.bursts.push({ step, untilMs: this.world.timeline.nowMs() + step.ms });
    const nowMs = this.world.timeline.nowMs();
    const burst = this.isOver ? undefined : this.bursts.flatMap((candidate) => (nowMs < candidate.untilMs && candidate.step.service === service && isWrong(candidate.step) ? [candidate.step] : []))[0];
    return step ?? burst;
  }

  private async interceptInvocation(name: FunctionName, next: () => Promise<LambdaResult>): Promise<LambdaResult> {
    const nth = this.nth(`invocation of ${name}`);
    const step = this.take((candidate): candidate is StepAt<'invocation'> => candidate.at === 'invocation' && candidate.function === name && candidate.nth === nth);
    switch (step?.fault) {
      case 'function-invoked-twice': {
        this.world.timeline.after(step.ms, `${name} is invoked once more`, () => { void next(); });
        return next();
      }
      case 'function-throttled':
        return { ok: false, error: 'Lambda.TooManyRequestsException', cause: 'Rate Exceeded.' };
      case 'function-cold':
        this.world.startCold();
        await this.world.sleep(step.ms % COLD_MS);
        return next();
      case 'function-given-up':
        // Lambda's answer is lost at once, and the function runs all the same: what comes after its failure runs beside it.
        this.world.timeline.after(step.ms % GIVEN_UP_MS, `${name} runs, given up`, () => { void next(); });
        return { ok: false, error: 'Lambda.Unknown', cause: 'The function runs on (simulated).' };
      case 'task-timed-out':
        await next();
        return NEVER;
      case undefined:
        return next();
    }
  }

  private onState(execution: string, state: string): void {
    const nth = this.nth(`state ${state}`);
    if (!this.isOver) for (const wait of this.atStates) if (wait.name === state && wait.nth === nth) wait.act(execution);
    const step = this.take((candidate): candidate is StepAt<'state'> => candidate.at === 'state' && candidate.state === state && candidate.nth === nth);
    if (step === undefined) return;
    this.world.timeline.after(step.ms, `${step.fault} of ${execution}`, () => { this.disturb(step, execution); });
  }

  private disturb({ fault, ms }: StepAt<'state'>, execution: string): void {
    const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${execution}`;
    if (fault === 'execution-started-twice') {
      const started = this.world.trace.events().find((event) => event.type === 'states.execution-started' && event.execution === execution);
      if (started?.type === 'states.execution-started') attempt(() => this.world.startExecution(execution, started.input));
      return;
    }
    attempt(() => this.world.states.call('StopExecution', { executionArn, error: 'Stopped', cause: 'by hand' }));
    if (fault === 'execution-redriven') {
      this.world.timeline.after(60_000 + 2 * ms, `${execution} is redriven`, () => { attempt(() => this.world.states.call('RedriveExecution', { executionArn })); });
    }
  }
}

/** What a call is about. Not the whole input: the SDK puts tokens of its own into some. */
function subjectOf(input: unknown): string {
  type Text = { readonly S?: string };
  const { Key: key, KeyId: keyId = '', ExpressionAttributeValues: values = {} } = input as { readonly Key?: { readonly pk?: Text; readonly sk?: Text }; readonly KeyId?: string; readonly ExpressionAttributeValues?: Readonly<Record<string, Text>> };
  return `${key?.pk?.S ?? ''} ${key?.sk?.S ?? ''} ${keyId} ${Object.values(values).map(({ S: text = '' }) => text).join()}`;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** What somebody tries by hand, and what AWS refuses. */
export function attempt(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
  }
}

function isLookAtIndex(input: unknown): boolean {
  return (input as { readonly IndexName?: string }).IndexName === DUE_INDEX.name;
}

/** What is asked of the index, whenever that is: which keys are due, which there are, or which have alerts. */
function questionOf(input: unknown): string {
  const { KeyConditionExpression, ExpressionAttributeValues } = input as { readonly KeyConditionExpression: string; readonly ExpressionAttributeValues: Readonly<Record<string, unknown>> };
  return JSON.stringify([KeyConditionExpression, ExpressionAttributeValues[':pk']]);
}

const LATE: ReadonlySet<CallFault> = new Set(['applied-late', 'crash-during-call']);

/** Faults that last, and strike all that they concern meanwhile. */
const BURSTS: ReadonlySet<CallFault> = new Set(['dynamodb-throttled', 'dynamodb-stale-index', 'kms-throttled', 'kms-internal-error', 'kms-quota-exhausted', 'sns-down', 'events-refused', 'stale-describe-execution']);

function isStruckBy({ fault }: StepAt<'call'>, operation: string): boolean {
  if (fault === 'kms-quota-exhausted') return operation === 'CreateKey';
  return !isOneOf(WRONG_ANSWERS[operation] ?? [], fault);
}

type WrongAnswer = Extract<CallFault, `callback-${string}` | 'stale-describe-execution' | 'dynamodb-stale-index'>;

const WRONG_ANSWERS: Readonly<Record<string, readonly WrongAnswer[]>> = {
  SendTaskSuccess: ['callback-lost', 'callback-late', 'callback-twice'],
  DescribeExecution: ['stale-describe-execution'],
  Query: ['dynamodb-stale-index'],
};

const EFFECTS: Partial<Record<CallFault, (point: FaultPoint) => Fault>> = {
  'crash-before-call': () => 'die-before',
  'crash-after-call': () => 'die-after',
  'crash-during-call': () => 'die-during',
  'answer-lost': () => 'lose-answer',
  'create-key-answer-lost': () => 'lose-answer',
  'dynamodb-answer-lost': () => 'lose-answer',
  'dynamodb-throttled': () => new AwsError('ThrottlingException', 'Throughput exceeds the current capacity of your table or index.'),
  'dynamodb-conflict': ({ input }) => {
    const { TransactItems: items } = input as { readonly TransactItems: readonly unknown[] };
    return new AwsError('TransactionCanceledException', 'Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]', 400, {
      CancellationReasons: items.map((_, index) => (index === 0 ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' } : { Code: 'None' })),
    });
  },
  'kms-throttled': () => new AwsError('ThrottlingException', 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.'),
  'kms-internal-error': () => new AwsError('KMSInternalException', 'The request was rejected because an internal exception occurred.', 500),
  'kms-quota-exhausted': () => new AwsError('LimitExceededException', 'You have exceeded the quota of KMS keys.'),
  'events-refused': () => new AwsError('InternalException', 'The service is away.', 500),
  'sns-down': () => new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', 500),
};
