import { check } from '../../../lambdas/domain/checker';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { realCryptography } from '../../kms/cryptography/cryptography';
import { seeded } from '../random';
import { type Fault, STATE_MACHINE_ARN, World, type WorldOptions } from '../world';
import { alarm } from './bad-ends';
import { attempt } from './chaos';
import { answerFor } from './dependents';
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
export type Place =
  | { readonly at: 'call'; readonly index: number; readonly name: string; /** Whether it changes something. */ readonly isChange: boolean }
  | { readonly at: 'state'; readonly index: number; readonly name: string };

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
}

const HOUR = 3_600_000;
const FIRE_EVERY = 3 * HOUR;

/** Long enough for three attempts, their stabilisation and the people in between. */
const LONGEST = 60 * HOUR;

/** As late as a call can be under the assumption that Q rests on (QUIESCENCE_SECONDS): 10 s for its client and 110 s of network. */
const LATE_MS = 119_000;

/** Long enough for the owner's lease to be another's, or not. */
const REDRIVEN_AFTER_MS = 20 * 60_000;

const CHANGES = /^(Create|Update|Put|Tag|Disable|Enable|Schedule|Cancel|Transact|Delete|Publish|Start|Stop|Send)/;

/** Lives one life with the mishaps of `points`; those that its course does not come to do not strike. */
export async function live(life: Life, points: readonly Point[], options: WorldOptions = {}): Promise<Lived> {
  const world = new World({ startMs: START_MS, wire: 'direct', ...options, kms: { ...options.kms, cryptography: realCryptography(bytesOf(seeded(8))) } });
  const [base] = policiesOf(1, () => 0, undefined);
  if (base === undefined) throw new Error('there is no policy');
  const policy: KeyPolicy = { ...base, ...life.policy, maxAttempts: 3, approvers: 1, approvalTimeoutSeconds: 8 * 3600 };
  await world.register([policy]);
  answerFor(world, (nth) => (life.silentAt.includes(nth) ? 'dependent-silent' : undefined));
  alarm(world);
  const onCall = new OnCall(world, [policy], () => 0, 0);
  const fromMs = START_MS + (life.part === 'bootstrap' ? 0 : WINDOW_MS);
  if (life.part === 'window') void world.fireSchedule();
  await world.timeline.runUntil(fromMs);
  const strikes = new Strikes(world, points);
  let isDone = false;
  for (let ms = 0; ms < LONGEST && !isDone; ms += FIRE_EVERY) {
    void world.fireSchedule();
    if (ms > 0) {
      void world.reconcile();
      void onCall.look(true);
    }
    await world.timeline.runUntil(fromMs + ms + FIRE_EVERY);
    isDone = await areAtRest(world, [policy], true);
  }
  const violations = check(world.trace.events(), { untilMs: world.timeline.nowMs() }).flatMap(({ invariant, violations: all }) => all.map(({ message }) => `${invariant}: ${message}`));
  return { findings: [...violations, ...(isDone ? [] : ['the key did not come to rest'])], places: strikes.places, struck: strikes.struck };
}

/** What is late needs no fault: its client gives up by itself. */
const FAULT_OF: Readonly<Record<(typeof CALL_MISHAPS)[number], Fault>> = { 'crash-before': 'die-before', 'crash-after': 'die-after', 'answer-lost': 'lose-answer', 'applied-late': 'none' };

/** Counts the places of a life and strikes at some of them. */
class Strikes {
  readonly places: Place[] = [];
  struck = 0;
  private calls = -1;
  private states = 0;

  constructor(
    private readonly world: World,
    private readonly points: readonly Point[],
  ) {
    const lastOf = { index: -1, point: undefined as Point | undefined };
    world.latency = (call) => {
      if (lastOf.index !== call.index) {
        this.calls++;
        this.places.push({ at: 'call', index: this.calls, name: `${call.function}: ${call.service} ${call.operation}`, isChange: CHANGES.test(call.operation) });
        Object.assign(lastOf, { index: call.index, point: this.pointAt('call', this.calls) });
      }
      return lastOf.point?.mishap === 'applied-late' ? { requestMs: LATE_MS, answerMs: 0 } : undefined;
    };
    world.fault = () => (lastOf.point?.at === 'call' ? FAULT_OF[lastOf.point.mishap] : 'none');
    world.trace.onEvent((event) => {
      if (event.type === 'states.state-entered') this.onState(event.execution, event.state);
    });
  }

  private onState(execution: string, state: string): void {
    const index = this.states++;
    this.places.push({ at: 'state', index, name: state });
    const point = this.pointAt('state', index);
    if (point?.at !== 'state' || execution.startsWith('repair-')) return;
    const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${execution}`;
    const { timeline, states, trace } = this.world;
    if (point.mishap === 'started-twice') {
      const started = trace.events().find((event) => event.type === 'states.execution-started' && event.execution === execution);
      if (started?.type === 'states.execution-started') timeline.after(0, 'started twice', () => { attempt(() => this.world.startExecution(execution, started.input)); });
      return;
    }
    timeline.after(0, 'stopped', () => { attempt(() => states.call('StopExecution', { executionArn, error: 'Stopped', cause: 'by hand' })); });
    if (point.mishap === 'redriven') timeline.after(REDRIVEN_AFTER_MS, 'redriven', () => { attempt(() => states.call('RedriveExecution', { executionArn })); });
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
