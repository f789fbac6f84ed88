import { createHash } from 'node:crypto';
import { check, type Verdict } from '../../../lambdas/domain/checker';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { instantOf } from '../../../lambdas/domain/instant';
import type { TraceEvent } from '../../../lambdas/domain/trace';
import { windowAt } from '../../../lambdas/domain/windows';
import type { Design, Rotator } from '../controls/design';
import { realCryptography } from '../../kms/cryptography/cryptography';
import { between, type Random, seeded } from '../random';
import { TABLE } from '../deployment';
import { World, type WorldOptions } from '../world';
import { alarm, alarmOnSilence, isBadEnd, isSuperseded, reconcileAfter } from './bad-ends';
import { Chaos } from './chaos';
import { Consumer } from './consumer';
import { answerFor } from './dependents';
import { type FaultName, MOMENTS_OF_ALL } from './faults';
import { itemsOf, MOMENTS, type Scene } from './moments';
import { OnCall } from './people';
import type { Plan, Profile, Step } from './plan';
import { makeKeyStore, policiesOf, START_MS, WINDOW_MS } from './setting';

/** What all runs of one simulation have in common. */
export interface RunOptions {
  readonly design: Design;
  /** @default 2 */
  readonly keys: number;
  /** Windows that begin under faults, after the one in which the keys are made: at most so many, by the seed. */
  readonly windows: number;
  /** What of keyturn is replaced: a planted bug. @default nothing is */
  readonly world?: WorldOptions;
}

/** One run and what came of it. */
export interface Run {
  readonly plan: Plan;
  readonly verdicts: readonly Verdict[];
  readonly trace: readonly TraceEvent[];
  /** SHA-256 of the trace. */
  readonly hash: string;
  /** Promotions that were applied. */
  readonly rotations: number;
  /** How often each fault has struck. */
  readonly struck: ReadonlyMap<FaultName, number>;
  readonly world: World;
  readonly dependentsAsked: number;
  readonly chaosMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Two pools fire the schedule, as they do when rotation runs from cron in each of them. */
const POOLS = ['pool-a', 'pool-b'] as const;
const FIRE_EVERY = 2 * HOUR;
const RECONCILE_EVERY = 4 * HOUR;
const CONSUME_EVERY = 2 * HOUR;
const LOOK_EVERY = 3 * HOUR;

/** The chaos ends so long after the last window has begun: a rotation and its retirement take 9 hours when nothing goes wrong. */
const AFTER_LAST_WINDOW = 20 * HOUR;

/** Every due key completes in it, or awaits a person: what the checker gives a key, the next window, and the time that people are given to answer. */
const HEAL = 72 * HOUR;

export function chaosMsOf(windows: number): number {
  return windows * WINDOW_MS + AFTER_LAST_WINDOW;
}

/** Plays a plan: faults and work as usual, then work as usual alone, until every key is at rest or its time is over. */
export async function play(plan: Plan, options: RunOptions): Promise<Run> {
  const stream = (name: number): Random => seeded(Math.imul(plan.seed + 1, 2_654_435_761) ^ name);
  const standing = (fault: FaultName): number => plan.steps.find((step): step is Extract<Step, { at: 'start' }> => step.at === 'start' && step.fault === fault)?.ms ?? 0;
  const lagMs = standing('slow-visibility');
  const skewMs = standing('clock-skew');
  const lag = stream(1);
  let isPrepared = false;
  const world = new World({
    startMs: START_MS,
    random: stream(2),
    ...options.world,
    kms: { ...options.world?.kms, cryptography: realCryptography(bytesOf(stream(8))), ...(lagMs > 0 && { visibilityDelayMs: () => (isPrepared ? Math.floor(lag() * lagMs) : 0) }) },
  });
  const setting = stream(3);
  const needsStore = plan.steps.some(({ fault }) => fault === 'key-store-disconnected') || setting() < 0.05;
  const storeId = needsStore && options.design.hasRegistry ? makeKeyStore(world) : undefined;
  await world.timeline.settle();
  const policies = policiesOf(options.keys, setting, storeId);
  const people = stream(4);
  const onCall = new OnCall(world, policies, people, skewMs);
  const rotator = await options.design.prepare(world, policies);
  isPrepared = true;
  const consumers = new Map(policies.map((policy) => [policy.name, new Consumer(world, policy, setting() < 0.5)]));
  const chaos = new Chaos(world, plan.steps, plan.seed);
  for (const step of plan.steps) if (step.at === 'start') chaos.count(step.fault);
  const questions = answerFor(world, (nth) => chaos.questionFault(nth), consumers, stream(6));

  const chaosMs = chaosMsOf(1 + (plan.seed % options.windows));
  const every = (periodMs: number, untilMs: number, label: string, work: (nowMs: number) => void): void => {
    for (let ms = world.timeline.nowMs() - START_MS; ms < untilMs; ms += periodMs) world.timeline.after(START_MS + ms - world.timeline.nowMs(), label, () => { work(world.timeline.nowMs()); });
  };
  const reconcile = (nowMs: number): void => {
    if (options.design.hasRegistry) void world.reconcile(nowMs);
  };
  every(CONSUME_EVERY, chaosMs + HEAL, 'consumers work', () => {
    for (const consumer of consumers.values()) consumer.round();
  });
  planFirings(plan.steps, chaosMs, stream(7), chaos, (pool, afterMs, scheduledMs) => {
    world.timeline.after(afterMs, `${pool} fires`, () => { rotator.trigger(pool, scheduledMs + skewMs); });
  });
  every(RECONCILE_EVERY, chaosMs, 'reconcile', reconcile);
  alarm(world);
  if (options.design.hasRegistry) alarmOnSilence(world, 2 * FIRE_EVERY, chaosMs);
  reconcileAfter(world, (end) => isBadEnd(end) || isSuperseded(end), 4, () => { reconcile(world.timeline.nowMs()); });
  if (options.design.hasRegistry) {
    every(LOOK_EVERY, chaosMs, 'people look', () => {
      if (people() < 0.5) void onCall.look(false);
    });
  }
  planMoments(plan.steps, chaosMs, { world, policies, onCall, storeId }, chaos, rotator, options.design);
  await world.timeline.runUntil(START_MS + chaosMs);

  chaos.end();
  const doPeopleHeal = people() < 0.5;
  for (let healMs = 0; healMs < HEAL && !(await areAtRest(world, policies, options.design.hasRegistry)); healMs += FIRE_EVERY) {
    const nowMs = world.timeline.nowMs();
    for (const pool of POOLS) rotator.trigger(pool, nowMs);
    reconcile(nowMs);
    if (doPeopleHeal && options.design.hasRegistry && healMs > HEAL / 4) void onCall.look(true);
    await world.timeline.runUntil(nowMs + FIRE_EVERY);
  }
  const trace = world.trace.events();
  // Nobody starts what the second stack registers.
  const judged = options.design.hasRegistry ? { registryTable: TABLE } : { promises: policies };
  return {
    plan,
    verdicts: check(trace, { untilMs: world.timeline.nowMs(), isKeyturn: options.design.isRotator, ...judged }),
    trace,
    hash: hashOf(trace),
    rotations: trace.filter((event) => event.type === 'kms.alias-changed' && options.design.isRotator(event.actor) && policies.some(({ alias }) => alias === event.alias)).length,
    struck: chaos.struck,
    world,
    dependentsAsked: questions(),
    chaosMs,
  };
}

/** Key material that is a function of the seed: public keys stand in the trace. */
export function bytesOf(random: Random): (length: number) => Buffer {
  return (length) => Buffer.from(Array.from({ length }, () => between(random, 0, 255)));
}

/** When each pool's scheduler fires, and for which time it says that it does. */
function planFirings(steps: readonly Step[], untilMs: number, random: Random, chaos: Chaos, fire: (pool: string, afterMs: number, scheduledMs: number) => void): void {
  const faults = steps.filter((step) => step.at === 'moment' && step.fault.startsWith('schedule-')) as Extract<Step, { at: 'moment' }>[];
  for (const pool of POOLS) {
    for (let ms = 0; ms < untilMs; ms += FIRE_EVERY) {
      const delayMs = between(random, 0, MINUTE);
      // A missed period, longer than a day with its whole length, is missed by both pools.
      const fault = faults.find(({ atMs, fault: name, ms: lastsMs }) => ms >= atMs && ms < atMs + (name === 'schedule-missed' ? 4 * lastsMs : FIRE_EVERY));
      if (fault !== undefined) chaos.count(fault.fault);
      const firings = fault === undefined ? usualFiring : FIRINGS[fault.fault as keyof typeof FIRINGS];
      for (const [afterMs, sayingMs] of firings(ms, delayMs, fault?.ms ?? 0)) fire(pool, afterMs, START_MS + sayingMs);
    }
  }
}

type Firings = (ms: number, delayMs: number, lastsMs: number) => readonly (readonly [afterMs: number, sayingMs: number])[];

const usualFiring: Firings = (ms, delayMs) => [[ms + delayMs, ms]];

/** What becomes of a firing of the schedule: when it comes, and for which time it says that it does. */
const FIRINGS: Readonly<Record<Extract<FaultName, `schedule-${string}`>, Firings>> = {
  'schedule-missed': () => [],
  'schedule-late': (ms, _delayMs, lastsMs) => [[ms + lastsMs, ms]],
  'schedule-twice': (ms, delayMs, lastsMs) => [[ms + delayMs, ms], [ms + delayMs + (lastsMs % 1000), ms]],
  'schedule-out-of-order': (ms, delayMs, lastsMs) => [[ms + delayMs, ms], [ms + delayMs + lastsMs, ms - 3 * FIRE_EVERY]],
};

function planMoments(steps: readonly Step[], untilMs: number, scene: Omit<Scene, 'backup'>, chaos: Chaos, rotator: Rotator, design: Design): void {
  const { world, policies } = scene;
  let backup: readonly unknown[] = [];
  for (const step of steps) {
    if (step.at !== 'moment' || step.fault.startsWith('schedule-')) continue;
    const { fault, ms } = step;
    // The plan was made for the longest run.
    const atMs = step.atMs % untilMs;
    const policy = policies[step.key % policies.length];
    if (policy === undefined) continue;
    if (fault === 'table-restored') world.timeline.after(step.state === undefined ? Math.max(0, atMs - ms) : ms * 4, 'a backup', () => { backup = itemsOf(world); });
    const strike = (struck: KeyPolicy): void => {
      if (design.hasRegistry) MOMENTS[fault as keyof typeof MOMENTS]({ ...scene, backup: () => backup }, struck, ms);
      else if (fault === 'rotation-requested' || fault === 'emergency') rotator.rotateByHand(POOLS[0], struck.name);
      else if (fault === 'code-deployed') world.killJobs();
      else if (MOMENTS_OF_ALL.includes(fault)) MOMENTS[fault as keyof typeof MOMENTS]({ ...scene, backup: () => backup }, struck, ms);
      else return;
      chaos.count(fault);
    };
    // Where there are no states there are moments all the same.
    if (step.state === undefined || !design.hasRegistry) world.timeline.after(atMs, fault, () => { strike(policy); });
    else chaos.onNthState(step.state, (execution) => { world.timeline.after(atMs, fault, () => { strike(policies.find(({ name }) => execution.startsWith(`${name}-`)) ?? policy); }); });
  }
}

/** Nothing is under way, and every key has its window behind it. */
export async function areAtRest(world: World, policies: readonly { readonly name: string }[], hasRegistry: boolean): Promise<boolean> {
  if (!hasRegistry) return false;
  const registry = world.composition('decide').registry();
  const at = instantOf(world.timeline.nowMs());
  for (const { name } of policies) {
    const { key, freeze } = (await registry.read(name)) ?? {};
    if (key === undefined || freeze !== null || key.lease !== null || key.intent !== null || key.quarantine !== null) return false;
    if (key.completedWindow !== windowAt(key.policy, at) || Object.keys(key.rescues).length > 0 || key.emergency?.isDone === false) return false;
  }
  return true;
}

function hashOf(trace: readonly TraceEvent[]): string {
  const hash = createHash('sha256');
  for (const event of trace) hash.update(JSON.stringify(event));
  return hash.digest('hex');
}

/** Where faults can strike, by a few runs without any. */
export async function profileOf(options: RunOptions): Promise<Profile> {
  const calls = new Map<string, Profile['calls'][number]>();
  const invocations = new Map<string, number>();
  const states = new Map<string, number>();
  let questions = 0;
  for (const seed of [0, 1, 2]) {
    const run = await play({ seed, steps: [] }, options);
    const counts = new Map<string, number>();
    for (const { function: name, service, operation } of run.world.calls) {
      const id = `${name} ${service} ${operation}`;
      const count = (counts.get(id) ?? 0) + 1;
      counts.set(id, count);
      calls.set(id, { function: name as Profile['calls'][number]['function'], service, operation, count: Math.max(count, calls.get(id)?.count ?? 0) });
    }
    countInto(invocations, run.trace.flatMap((event) => (event.type === 'lambda.invoked' ? [event.function] : [])));
    countInto(states, run.trace.flatMap((event) => (event.type === 'states.state-entered' ? [event.state] : [])));
    questions = Math.max(questions, run.dependentsAsked);
  }
  return {
    calls: [...calls.values()],
    invocations: [...invocations].map(([name, count]) => ({ function: name as Profile['calls'][number]['function'], count })),
    states: [...states].map(([state, count]) => ({ state, count })),
    questions,
    chaosMs: chaosMsOf(options.windows),
    keys: options.keys,
  };
}

function countInto(most: Map<string, number>, names: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const [name, count] of counts) most.set(name, Math.max(count, most.get(name) ?? 0));
}
