import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { check, type Verdict } from '../../lambdas/domain/checker';
import type { TraceEvent } from '../../lambdas/domain/trace';
import { DESIGNS, type DesignName, type Rotator } from '../simulator/controls';
import type { FaultPoint } from '../simulator/invocations';
import { World } from '../simulator/world';
import { Consumer, CONSUMER_ROLE, WORKS_EVERY_MS } from './consumer';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The window in which everything happens, and how much of the time around it is shown. */
export const WINDOW_MS = Date.UTC(2026, 5, 10);
export const FROM_MS = WINDOW_MS - DAY_MS;
export const UNTIL_MS = WINDOW_MS + 9 * DAY_MS;

/** KMS knows of uses since 2026-04-23; the key has its first version two days before the window. */
const START_MS = WINDOW_MS - 2.5 * DAY_MS;

/** The pools look at the keys so often. */
const LOOKS_EVERY_MS = 12 * HOUR_MS;

/** One key: a window of 20 days, a drain of 4 days, a bake of 2, then deletion. */
export const POLICY: KeyPolicy = {
  name: 'orders', alias: 'alias/orders', owner: 'team-orders', description: 'protects orders', strategy: 'alias-swap', spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS',
  rotateEverySeconds: 20 * 86_400, anchor: '2026-01-01T00:00:00Z', startSpreadSeconds: 0, drainSeconds: 4 * 86_400, backupRetentionSeconds: 0, idleSeconds: 43_200, bakeSeconds: 2 * 86_400,
  retirement: 'delete', autoDelete: true, deletionWindowDays: 30, emergencyDrainSeconds: 14_400, approvers: 1, approvalTimeoutSeconds: 86_400, maxAttempts: 3, dependents: [], tags: {},
};

/** Something that happens to a design, in words for the time axis. */
export interface Moment {
  readonly atMs: number;
  readonly what: string;
}

/** A classic: the same things happen at the same times, whatever rotates the keys. */
export interface Situation {
  readonly name: string;
  readonly title: string;
  /** What happens, whichever design it happens to. */
  readonly happens: string;
  readonly wrong: string;
  readonly keyturn: string;
  readonly moments: readonly Moment[];
  /** How long after the first pool the second one looks. */
  readonly poolsApartMs: number;
  readonly disturb?: (world: World, rotator: Rotator) => void;
}

const BY_HAND_MS = WINDOW_MS + 2 * DAY_MS;

export const SITUATIONS: readonly Situation[] = [
  {
    name: 'two-pools',
    title: 'Two pools at once',
    happens: 'Two pools start the rotation in the same second.',
    wrong: 'Each pool saw an old key and made a new one. The alias moves twice: v2 was made for nothing, and neither pool knows what the other one did.',
    keyturn: 'Both pools start the same execution by its name; the second start is the first one. One key.',
    moments: [{ atMs: WINDOW_MS, what: 'pool A and pool B start' }],
    poolsApartMs: 0,
  },
  {
    name: 'second-job-in-drain',
    title: 'A second job in the first one’s drain',
    happens: 'Two days into the drain, somebody runs the rotation again by hand.',
    wrong: 'On day 4 the first job’s clock strikes, and it disables every key but the newest. v2 had left the alias 2 days before: what it protects cannot be read.',
    keyturn: 'The window is done, so the request starts nothing. v1 keeps its own deadline.',
    moments: [{ atMs: WINDOW_MS, what: 'scheduled rotation' }, { atMs: BY_HAND_MS, what: 'again, by hand' }],
    poolsApartMs: 5 * 60_000,
    disturb: (world, rotator) => void world.timeline.after(BY_HAND_MS - world.timeline.nowMs(), 'somebody rotates by hand', () => { rotator.rotateByHand('pool-b', POLICY.name); }),
  },
  {
    name: 'retry',
    title: 'A retry after a partial failure',
    happens: 'The job dies right behind UpdateAlias, and is started again.',
    wrong: 'The retry sees a new key behind the alias and ends, green. The clock that was to retire v1 was never set: v1 stays usable, and nobody is told.',
    keyturn: 'It waits until nothing can be under way any more, finds the alias where its own intent says, commits that, and goes on to the drain.',
    moments: [{ atMs: WINDOW_MS, what: 'dies behind UpdateAlias, is started again' }],
    poolsApartMs: 5 * 60_000,
    disturb: (world) => { world.fault = dieOnceBehindUpdateAlias(); },
  },
];

/** What came of one situation under one design. */
export interface Outcome {
  readonly design: DesignName;
  readonly trace: readonly TraceEvent[];
  readonly verdicts: readonly Verdict[];
}

/** Plays a situation, with consumers that use the alias all the time. */
export async function play(situation: Situation, designName: DesignName): Promise<Outcome> {
  const design = DESIGNS[designName];
  const world = new World({ startMs: START_MS });
  const rotator = await design.prepare(world, [POLICY]);
  const at = (atMs: number, what: string, act: () => void): void => void world.timeline.after(atMs - START_MS, what, act);
  for (let lookMs = START_MS; lookMs < UNTIL_MS; lookMs += LOOKS_EVERY_MS) {
    at(lookMs, 'pool A looks', () => { rotator.trigger('pool-a', lookMs); });
    at(lookMs + situation.poolsApartMs, 'pool B looks', () => { rotator.trigger('pool-b', lookMs); });
  }
  const consumers = [new Consumer(world, POLICY.alias, 'plain', 0), new Consumer(world, POLICY.alias, 'caching', 6 * HOUR_MS)];
  for (let workMs = START_MS + 11 * HOUR_MS; workMs < UNTIL_MS; workMs += WORKS_EVERY_MS) at(workMs, 'consumers work', () => { for (const consumer of consumers) consumer.work(); });
  await world.timeline.runUntil(FROM_MS);
  situation.disturb?.(world, rotator);
  await world.timeline.runUntil(UNTIL_MS);
  const trace = world.trace.events();
  const verdicts = check(trace, {
    isKeyturn: design.isRotator, isConsumer: (actor) => actor.includes(`:assumed-role/${CONSUMER_ROLE}/`), promises: design.hasRegistry ? [] : [POLICY], untilMs: UNTIL_MS,
  });
  return { design: designName, trace, verdicts };
}

function dieOnceBehindUpdateAlias(): World['fault'] {
  let isDone = false;
  return ({ operation }: FaultPoint) => {
    if (isDone || operation !== 'UpdateAlias') return 'none';
    isDone = true;
    return 'die-after';
  };
}
