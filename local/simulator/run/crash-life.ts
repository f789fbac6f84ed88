import { setImmediate as nextTurn } from 'node:timers';
import { check } from '../../../lambdas/domain/checker';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { realCryptography } from '../../kms/cryptography/cryptography';
import { seeded } from '../random';
import type { ServiceCall } from '../../wire/message';
import { STATE_MACHINE_ARN } from '../deployment';
import type { Fault, FaultPoint } from '../invocations';
import { World, type WorldOptions } from '../world';
import { alarm, isSuperseded, reconcileAfter } from './bad-ends';
import { attempt } from './chaos';
import { answerFor } from './dependents';
import { type Digests, Effects, isChange } from './effects';
import { OnCall } from './people';
import { areAtRest, bytesOf } from './run';
import { policiesOf, START_MS, WINDOW_MS } from './setting';

/** What befalls a call: the function dies before it or after it, its answer is lost, or it takes effect after its client has given up. */
export const CALL_MISHAPS = ['crash-before', 'crash-after', 'answer-lost', 'applied-late'] as const;
/** What befalls an execution as it enters a state. */
export const STATE_MISHAPS = ['stopped', 'redriven', 'started-twice'] as const;

/** One mishap at one place of a life. Up to there the life is what it was without it, so a number says where. */
export type Point =
  | { readonly at: 'call'; /** Among all calls of functions, from 0. */ readonly index: number; readonly mishap: (typeof CALL_MISHAPS)[number] }
  | { readonly at: 'state'; /** Among all entries into states, from 0. */ readonly index: number; readonly mishap: (typeof STATE_MISHAPS)[number] };

/** A place where a mishap may strike. */
export type Place = Circumstances &
  (
    | { readonly at: 'call'; readonly index: number; readonly name: string; /** Whether it changes something. */ readonly isChange: boolean; /** Of the life, from 0. */ readonly invocation: number }
    | { readonly at: 'state'; readonly index: number; readonly name: string }
  );

interface Circumstances {
  readonly atMs: number;
  /** Of the event loop, from 0: calls that a function makes at once have the same. */
  readonly turn: number;
  /** How many effects there were before it. */
  readonly effects: number;
}

/** A life of one key: its bootstrap, or the window after it, in which everything may go wrong. */
export interface Life {
  readonly name: string;
  readonly part: 'bootstrap' | 'window';
  readonly policy: Partial<KeyPolicy>;
  /** Questions to the dependent, from 0, that are not answered. */
  readonly silentAt: readonly number[];
}

export const LIVES: readonly Life[] = [
  { name: 'bootstrap', part: 'bootstrap', policy: { retirement: 'delete', autoDelete: true }, silentAt: [] },
  { name: 'rotation', part: 'window', policy: { retirement: 'delete', autoDelete: true }, silentAt: [] },
  { name: 'rotation with a failure and an approval', part: 'window', policy: { retirement: 'delete', autoDelete: false }, silentAt: [0] },
];

/** What became of a life. */
export interface Lived {
  /** What is wrong at its end; nothing is what it should be. */
  readonly findings: readonly string[];
  /** Places of its part, in order. */
  readonly places: readonly Place[];
  readonly struck: number;
  /** For each mishap, the error with which the function ended that it struck, if it made no call after it. */
  readonly endings: readonly (string | undefined)[];
  /** If they were asked for. */
  readonly digests: Digests | undefined;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FIRE_EVERY = 3 * HOUR;
const RECONCILE_EVERY = 2 * FIRE_EVERY;
/** At times of their own, so that a mishap is not more than itself: who else is at work has its place among the next mishaps. */
const RECONCILED_AFTER = 17 * MINUTE;
/** While an execution that was stopped just before is still to be redriven: then its question is answered already. */
const LOOKED_AFTER = MINUTE / 2;

/** Jitter is none, so that what is tried again comes at once: most lives go on at the times that they would have had, and can be compared. */
const LEAST = (): number => 0;

/** Long enough for three attempts, their stabilisation and the people in between. */
const LONGEST = 60 * HOUR;

/** As late as a call can be under the assumption that Q rests on (QUIESCENCE_SECONDS): 10 s for its client and 110 s of network. */
const LATE_MS = 119_000;

/** Long enough for the owner's lease to be another's, or not. */
const REDRIVEN_AFTER_MS = 20 * 60_000;

/** Lives one life with the mishaps of `points`; those that its course does not come to do not strike. */
export async function live(life: Life, points: readonly Point[], options: WorldOptions = {}, isCompared = false): Promise<Lived> {
  const world = new World({ startMs: START_MS, wire: 'direct', random: LEAST, ...options, kms: { ...options.kms, cryptography: realCryptography(bytesOf(seeded(8))) } });
  const [base] = policiesOf(1, () => 0, undefined);
  if (base === undefined) throw new Error('there is no policy');
  const policy: KeyPolicy = { ...base, ...life.policy, maxAttempts: 3, approvers: 1, approvalTimeoutSeconds: 8 * 3600 };
  await world.register([policy]);
  answerFor(world, (nth) => (life.silentAt.includes(nth) ? 'dependent-silent' : undefined));
  alarm(world);
  // A second time, for the first one may be struck.
  reconcileAfter(world, isSuperseded, 2, () => { void world.reconcile(); });
  const onCall = new OnCall(world, [policy], () => 0, 0);
  const fromMs = START_MS + (life.part === 'bootstrap' ? 0 : WINDOW_MS);
  if (life.part === 'window') void world.fireSchedule();
  await world.timeline.runUntil(fromMs);
  const effects = new Effects(world, isCompared);
  const strikes = new Strikes(world, effects, points);
  let isDone = false;
  for (let ms = 0; ms < LONGEST && !isDone; ms += FIRE_EVERY) {
    void world.fireSchedule();
    if (ms > 0) {
      if (ms % RECONCILE_EVERY === FIRE_EVERY) world.timeline.after(RECONCILED_AFTER, 'reconcile', () => { void world.reconcile(); });
      world.timeline.after(LOOKED_AFTER, 'people look', () => { void onCall.look(true); });
    }
    await world.timeline.runUntil(fromMs + ms + FIRE_EVERY);
    isDone = await areAtRest(world, [policy], true);
  }
  const violations = check(world.trace.events(), { untilMs: world.timeline.nowMs() }).flatMap(({ invariant, violations: all }) => all.map(({ message }) => `${invariant}: ${message}`));
  return { findings: [...violations, ...(isDone ? [] : ['the key did not come to rest'])], places: strikes.places, struck: strikes.struck, endings: strikes.endings(), digests: isCompared ? effects.digests() : undefined };
}

/** What is late needs no fault: its client gives up by itself. */
const FAULT_OF: Readonly<Record<(typeof CALL_MISHAPS)[number], Fault>> = { 'crash-before': 'die-before', 'crash-after': 'die-after', 'answer-lost': 'lose-answer', 'applied-late': 'none' };

/** Counts the places of a life and strikes at some of them. */
class Strikes {
  readonly places: Place[] = [];
  struck = 0;
  private calls = 0;
  private states = 0;
  private turn = 0;
  private isTurnOver = true;
  /** The call that is being made, and what befalls it. */
  private current: { readonly invocation: string; point?: Point } = { invocation: '' };
  private readonly invocations = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly effects: Effects,
    private readonly points: readonly Point[],
  ) {
    world.interceptAll = (call, next) => this.onCall(call, next);
    world.latency = (call) => {
      this.strike(call);
      return this.current.point?.mishap === 'applied-late' ? { requestMs: LATE_MS, answerMs: 0 } : undefined;
    };
    world.fault = () => (this.current.point?.at === 'call' ? FAULT_OF[this.current.point.mishap] : 'none');
    world.trace.onEvent((event) => {
      if (event.type === 'states.state-entered') this.onState(event.execution, event.state);
    });
  }

  private onCall(call: ServiceCall, next: () => Promise<unknown>): Promise<unknown> {
    const { traceId: invocation, arn } = call.caller;
    if (invocation === undefined) return next();
    const current: typeof this.current = { invocation };
    this.current = current;
    // It comes to latency and fault at once.
    const answer = next();
    const mishap = current.point?.mishap;
    const { service, operation, input } = call;
    if (isChange(operation) && mishap !== 'crash-before') this.effects.add(() => `${arn} ${service} ${operation} ${mishap === 'applied-late' ? 'late ' : ''}${JSON.stringify(input)}`);
    void this.effects.told(invocation, operation, input, answer);
    return answer;
  }

  private strike({ function: name, service, operation }: FaultPoint): void {
    const index = this.calls++;
    const { invocation } = this.current;
    const nth = this.invocations.get(invocation) ?? this.invocations.size;
    this.invocations.set(invocation, nth);
    this.place({ at: 'call', index, name: `${name}: ${service} ${operation}`, isChange: isChange(operation), invocation: nth });
    const point = this.pointAt('call', index);
    if (point !== undefined) this.current.point = point;
  }

  private onState(execution: string, state: string): void {
    const index = this.states++;
    this.place({ at: 'state', index, name: state });
    const point = this.pointAt('state', index);
    if (point?.at !== 'state' || execution.startsWith('repair-')) return;
    const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${execution}`;
    const { states, trace } = this.world;
    if (point.mishap === 'started-twice') {
      const started = trace.events().find((event) => event.type === 'states.execution-started' && event.execution === execution);
      if (started?.type === 'states.execution-started') this.later(0, `${execution} is started twice`, () => this.world.startExecution(execution, started.input));
      return;
    }
    this.later(0, `${execution} is stopped`, () => states.call('StopExecution', { executionArn, error: 'Stopped', cause: 'by hand' }));
    if (point.mishap === 'redriven') this.later(REDRIVEN_AFTER_MS, `${execution} is redriven`, () => states.call('RedriveExecution', { executionArn }));
  }

  private later(ms: number, what: string, act: () => unknown): void {
    const isDone = this.effects.pending(what);
    this.world.timeline.after(ms, what, () => {
      isDone();
      attempt(act);
    });
  }

  private place(place: Place extends infer Each ? (Each extends Place ? Omit<Each, keyof Circumstances> : never) : never): void {
    if (this.isTurnOver) {
      this.isTurnOver = false;
      this.turn++;
      // Comes after all that was to come in this turn.
      nextTurn(() => { this.isTurnOver = true; });
    }
    this.places.push({ ...place, atMs: this.world.timeline.nowMs(), turn: this.turn, effects: this.effects.count });
    this.effects.place(place.name);
  }

  endings(): readonly (string | undefined)[] {
    const events = this.world.trace.events();
    return this.points.map(({ at, index }) => {
      const struck = this.places.find((place) => place.at === at && place.index === index);
      if (struck?.at !== 'call') return undefined;
      const [traceId] = [...this.invocations.keys()].slice(struck.invocation);
      const end = events.find((event) => event.type === 'lambda.invoked' && event.traceId === traceId);
      if (end?.type !== 'lambda.invoked' || end.error === null || end.atMs !== struck.atMs) return undefined;
      return this.places.some((place) => place.at === 'call' && place.invocation === struck.invocation && place.turn > struck.turn) ? undefined : end.error;
    });
  }

  private pointAt(at: Point['at'], index: number): Point | undefined {
    const point = this.points.find((candidate) => candidate.at === at && candidate.index === index);
    if (point !== undefined) this.struck++;
    return point;
  }
}

/** The mishaps of a place. A call that changes nothing is as good as never made when its function dies, and lost when it is late. */
export function pointsAt(place: Place): readonly Point[] {
  if (place.at === 'state') return STATE_MISHAPS.map((mishap) => ({ at: 'state', index: place.index, mishap }));
  const mishaps = place.isChange ? CALL_MISHAPS : (['crash-before', 'answer-lost'] as const);
  return mishaps.map((mishap) => ({ at: 'call', index: place.index, mishap }));
}

/** The points that come after another one, in the life that it has made. */
export function pointsAfter({ at, index }: Point, places: readonly Place[]): readonly Point[] {
  const from = places.findIndex((place) => place.at === at && place.index === index);
  return places.slice(from + 1).flatMap(pointsAt);
}
