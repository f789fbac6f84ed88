import { AsyncLocalStorage } from 'node:async_hooks';
import type { FunctionName } from '../../lambdas/contract/functions';
import { REQUEST_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';
import type { Json } from '../../lambdas/domain/trace';
import type { LambdaResult } from '../asl/lambda-integration';
import { AwsError } from '../kernel/aws-error';
import type { Activity, Timeline } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import { LostAnswer, type ServiceCall } from '../wire/message';
import { ACCOUNT } from './deployment';

/**
 * Clients are shared by the invocations of a function, as in a warm environment: what a call belongs to travels with it. One for all worlds:
 * Node asks every such storage that a process has ever used at every promise, so that one per world made each world slower than the last.
 */
const runningInvocation = new AsyncLocalStorage<string>();

/** A job that is not a function, such as a cron script: its role, and the pool that it runs in. */
export type JobName = `${string}@${string}`;

/** What happens to one call of one invocation. `die` ends the invocation: nothing of it runs on; `die-during` leaves the call under way. */
export type Fault = 'none' | 'die-before' | 'die-during' | 'die-after' | 'lose-answer' | AwsError;

/** How long a call is under way: to its effect, and from there to its caller. Virtual ms. */
export interface Legs {
  /** The process stands still for so long before it sends. @default 0 */
  readonly pauseMs?: number;
  readonly requestMs: number;
  readonly answerMs: number;
}

/** One SDK call as a fault plan sees it. */
export interface FaultPoint {
  /** A job is the same one in every pool, written `<role>@*`: which pool comes first is chance. */
  readonly function: FunctionName | JobName;
  readonly service: string;
  readonly operation: string;
  readonly input: unknown;
  /** Position among all calls of functions in this world, from 0. */
  readonly index: number;
}

/** One run of a function or job. */
interface Invocation {
  readonly name: FunctionName | JobName;
  readonly activity: Activity;
  isDead: boolean;
  readonly die: (error: string) => void;
}

/** What decides about the calls of all invocations. */
export interface Disturbance {
  readonly fault: (point: FaultPoint) => Fault;
  readonly latency: ((point: FaultPoint) => Legs | undefined) | undefined;
  readonly calls: FaultPoint[];
}

/** The functions and jobs that run: each lives, is disturbed in its calls, and ends, dies or times out. */
export class Invocations {
  private readonly running = new Map<string, Invocation>();
  private count = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly disturbance: Disturbance,
  ) {}

  /** One life of a function or job, under a trace id of its own: it ends, dies, or times out. */
  async live(name: FunctionName | JobName, work: (traceId: string) => Promise<unknown>, timeoutMs?: number): Promise<{ readonly traceId: string; readonly result: LambdaResult }> {
    const traceId = `Root=1-${(this.count++).toString(16).padStart(8, '0')}-${name}`;
    const activity = this.timeline.begin();
    let forgetTimeout = (): void => undefined;
    const death = new Promise<LambdaResult>((resolve) => {
      const invocation: Invocation = {
        name,
        activity,
        isDead: false,
        die: (error) => {
          invocation.isDead = true;
          resolve({ ok: false, error, cause: 'The function died (simulated).' });
        },
      };
      this.running.set(traceId, invocation);
      if (timeoutMs !== undefined) forgetTimeout = this.timeline.after(timeoutMs, `${name} times out`, () => { invocation.die('Sandbox.Timedout'); });
    });
    const life = runningInvocation.run(traceId, () => work(traceId)).then(
      (payload): LambdaResult => ({ ok: true, payload: (payload ?? null) as Json }),
      (error: unknown): LambdaResult => ({
        ok: false,
        error: error instanceof Error ? error.name : 'Error',
        cause: JSON.stringify({ errorType: error instanceof Error ? error.name : 'Error', errorMessage: error instanceof Error ? error.message : String(error) }),
      }),
    );
    const result = await Promise.race([life, death]);
    forgetTimeout();
    this.running.delete(traceId);
    activity.end();
    return { traceId, result };
  }

  /** The processes of all jobs end, as they do when their pool gets new code. */
  killJobs(): void {
    for (const [, running] of this.running) if (running.name.includes('@')) running.die('Killed');
  }

  /** Virtual time passes for whoever calls it; a function or job dies meanwhile as it does in a call. */
  async sleep(ms: number): Promise<void> {
    const sleeper = this.running.get(runningInvocation.getStore() ?? '');
    if (sleeper === undefined) await new Promise<void>((resolve) => { this.timeline.after(ms, 'somebody waits', resolve); });
    else await this.pass(sleeper, ms);
  }

  /** A call on its way to a service: late, refused, lost, or the last of its function. */
  async intercept(call: ServiceCall, apply: () => Promise<unknown>): Promise<unknown> {
    const traceId = call.caller.traceId;
    const invoked = traceId === undefined ? undefined : this.running.get(traceId);
    if (invoked === undefined) return apply();
    const point: FaultPoint = { function: invoked.name, service: call.service, operation: call.operation, input: call.input, index: this.disturbance.calls.length };
    this.disturbance.calls.push(point);
    const legs = this.disturbance.latency?.(point);
    const next = legs === undefined ? apply : () => this.underWay(invoked, legs, apply);
    const fault = this.disturbance.fault(point);
    if (fault === 'none') return next();
    if (fault instanceof AwsError) throw fault;
    if (fault === 'die-before') return this.die(invoked);
    if (fault === 'die-during') {
      next().catch(noop);
      return this.die(invoked);
    }
    // A refusal is an answer, too.
    await next().catch(noop);
    if (fault === 'die-after') return this.die(invoked);
    throw new LostAnswer();
  }

  /** Gives up as a client does; what is under way arrives whoever waits for it. */
  private async underWay(invoked: Invocation, { pauseMs = 0, requestMs, answerMs }: Legs, apply: () => Promise<unknown>): Promise<unknown> {
    if (pauseMs > 0) await this.pass(invoked, pauseMs);
    const patienceMs = REQUEST_TIMEOUT_SECONDS * 1000;
    if (requestMs + answerMs > patienceMs) {
      this.timeline.after(requestMs, 'a late call arrives', () => apply().then(noop, noop));
      await this.pass(invoked, patienceMs);
      throw new LostAnswer('The client has waited long enough (simulated).');
    }
    const answer = this.pass(invoked, requestMs, { evenIfDead: true }).then(apply);
    await answer.catch(noop);
    await this.pass(invoked, answerMs);
    return answer;
  }

  /** Virtual time passes for a function that waits. Nothing of one that died meanwhile runs on. */
  private pass(invoked: Invocation, ms: number, { evenIfDead = false } = {}): Promise<void> {
    return new Promise<void>((resolve) => {
      invoked.activity.rest();
      this.timeline.after(ms, 'a call is under way', () => {
        invoked.activity.resume();
        if (evenIfDead || !invoked.isDead) resolve();
      });
    });
  }

  /** The function is gone: its call never settles. */
  private die(invoked: Invocation): Promise<never> {
    invoked.die('Lambda.Unknown');
    return new Promise<never>(() => undefined);
  }

  /** A function that invokes another one waits for it, and time goes on meanwhile. */
  async whileWaiting<Result>(traceId: string | undefined, wait: () => Promise<Result>): Promise<Result> {
    const waiting = this.running.get(traceId ?? '')?.activity;
    waiting?.rest();
    const result = await wait();
    waiting?.resume();
    return result;
  }
}

const noop = (): void => undefined;

export function isJobName(name: string): name is JobName {
  return name.includes('@');
}

export function inAnyPool(name: JobName): JobName {
  return `${name.split('@')[0] ?? ''}@*`;
}

export function jobOf(name: JobName): { readonly role: string; readonly pool: string } {
  const [role = '', pool = ''] = name.split('@');
  return { role: `arn:aws:iam::${ACCOUNT}:role/${role}`, pool };
}

/** Whoever calls as a function, with the invocation that it calls in, if there is one. */
export function ofInvocation(caller: Caller): Caller {
  const traceId = runningInvocation.getStore();
  return traceId === undefined ? caller : { ...caller, traceId };
}

/** Trace id of the invocation in which this is asked, if there is one. */
export function currentInvocation(): string | undefined {
  return runningInvocation.getStore();
}
