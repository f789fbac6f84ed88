import { join } from 'node:path';
import { CALL_MISHAPS, LIVES, type Lived, type Place, type Point, pointsAt } from '../simulator/run/crash-life';
import { between, oneOf, seeded } from '../simulator/random';
import { differenceOf, EqualPairs, type Known } from './equal-pairs';
import type { LifeTask } from './life-worker';
import { inProcesses } from './pool';
import { progress } from './progress';
import type { Wire } from './settings';

/** Lives with so many mishaps in each. */
export interface Explored {
  readonly total: number;
  /** Those that were lived, and those that are equal to one that was. */
  readonly explored: number;
  readonly lived: number;
  /** Of those that were lived. */
  readonly violations: number;
}

export interface CrashPoints {
  /** Different calls in the code that were struck: function, service and operation. */
  readonly callSites: number;
  /** How many different lives the single mishaps of a life make, with the undisturbed one: `classes`. */
  readonly lives: readonly { readonly life: string; readonly places: number; readonly points: number; readonly classes: number }[];
  readonly singles: Explored;
  readonly pairs: Explored;
  readonly triples: Explored;
  /** Pairs that were left out, lived all the same and compared with what stands for them; each difference is an error of this program. */
  readonly verified: { readonly compared: number; readonly differences: readonly string[] };
  /** The first of them, with what befell them. */
  readonly found: readonly { readonly life: string; readonly points: readonly string[]; readonly finding: string }[];
  readonly seconds: number;
}

export interface CrashPointsOptions {
  readonly wire: Wire;
  readonly jobs: number;
  /** How many mishaps in one life, at most: 1, 2 or 3. */
  readonly depth: number;
  /** How many lives with three mishaps are tried; all of them are too many. */
  readonly triples: number;
  /** Of the pairs that have to be lived, every so many-th. 1 is all of them. */
  readonly everyPair: number;
  /** Which of so many parts of those pairs, from 1. Each part lives all single mishaps; the pairs that are explored add up. */
  readonly part: Part;
  /** Name of the only life to be lived. @default all */
  readonly life: string | undefined;
  /** How many pairs that are left out are lived all the same. */
  readonly verifySkipped: number;
  readonly seed: number;
}

export interface Part {
  readonly number: number;
  readonly of: number;
}

const MAX_FOUND = 50;

/**
 * Lives each life with each mishap at each place, then with each second one at each place that comes after the first, then with some third ones. Of pairs that are
 * surely equal (`EqualPairs` says by which rules, what they rest on, and what checks them) one is lived.
 * @throws {Error} when mishaps do not strike, or single mishaps break the rules of equal pairs
 */
export async function crashPoints(options: CrashPointsOptions): Promise<CrashPoints> {
  const { wire, jobs, depth, triples, everyPair, part, verifySkipped, seed } = options;
  const startedAt = performance.now();
  const sites = new Set<string>();
  const found: { life: string; points: readonly string[]; finding: string }[] = [];
  const chosen = LIVES.flatMap(({ name }, life) => (options.life === undefined || options.life === name ? [life] : []));

  const explore = async (tasks: readonly LifeTask[], what: string, take: (lived: Lived, task: LifeTask, index: number) => void = () => undefined): Promise<Explored> => {
    process.stderr.write(`${what}: ${tasks.length} lives\n`);
    const tell = progress(tasks.length, 'lives');
    let [next, done, violations] = [0, 0, 0];
    const indexes = new Map<LifeTask, number>();
    await inProcesses<Wire, LifeTask, Lived>({
      worker: join(__dirname, 'life-worker.ts'),
      jobs,
      common: wire,
      next: () => {
        const task = tasks[next];
        if (task !== undefined) indexes.set(task, next++);
        return task;
      },
      take: (lived, task) => {
        const { findings, places, struck } = lived;
        if (struck < task.points.length) throw new Error(`${describe(task)}: a mishap did not strike`);
        for (const place of places) if (place.at === 'call') sites.add(place.name);
        take(lived, task, indexes.get(task) ?? 0);
        indexes.delete(task);
        if (findings.length > 0) {
          violations++;
          if (found.length < MAX_FOUND) found.push({ life: nameOf(task), points: task.points.map((point) => describePoint(point, places)), finding: findings.join('; ') });
        }
        tell(++done, violations);
      },
    });
    return { total: done, explored: done, lived: done, violations };
  };

  const undisturbed: Lived[] = [];
  await explore(chosen.map((life) => ({ life, points: [], isCompared: true })), 'no mishap', (lived, _task, index) => { undisturbed[index] = lived; });
  const singles = chosen.flatMap((life, index) => pointsOf(undisturbed[index]?.places ?? []).map((point): LifeTask => ({ life, points: [point], isCompared: true })));
  const livedSingles: Known[] = [];
  const ofSingles = await explore(singles, 'one mishap', (lived, { points: [point] }, index) => { livedSingles[index] = { point, lived }; });
  const equals = new Map(chosen.map((life, index) => [life, new EqualPairs(LIVES[life]?.name ?? '', [...undisturbed.slice(index, index + 1).map((lived) => ({ point: undefined, lived })), ...livedSingles.filter((_, nth) => singles[nth]?.life === life)])]));
  for (const pairs of equals.values()) pairs.assertAlike();

  const lives = chosen.map((life, index) => ({ life: LIVES[life]?.name ?? '', places: undisturbed[index]?.places.length ?? 0, points: pointsOf(undisturbed[index]?.places ?? []).length, classes: equals.get(life)?.classes ?? 0 }));
  const plan = depth < 2 ? NO_PLAN : planOf(equals, { verifySkipped, triples: depth < 3 ? 0 : triples, seed: seed + part.number - 1 });
  livedSingles.length = 0;
  const due = plan.tasks.filter((_, index) => index % everyPair === 0).filter((_, index) => index % part.of === part.number - 1);
  let standFor = part.number === 1 ? plan.known : 0;
  const livedPairs = await explore(due.map(({ task }) => task), 'two mishaps', (lived, { life, points }, index) => {
    standFor += due[index]?.standsFor ?? 0;
    equals.get(life)?.assertEnding(lived, points);
  });
  const verified = await verify(plan.toVerify, explore);
  const ofTriples = await explore(plan.triples, 'three mishaps');
  return {
    callSites: sites.size,
    lives,
    singles: ofSingles,
    pairs: { ...livedPairs, total: plan.total, explored: standFor },
    triples: ofTriples,
    verified,
    found,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

interface Plan {
  readonly total: number;
  /** Pairs that are equal to a life with one mishap, or none. */
  readonly known: number;
  readonly tasks: readonly { readonly task: LifeTask; readonly standsFor: number }[];
  readonly toVerify: readonly { readonly skipped: LifeTask; readonly equal: LifeTask }[];
  readonly triples: readonly LifeTask[];
}

const NO_PLAN: Plan = { total: 0, known: 0, tasks: [], toVerify: [], triples: [] };

/** What has to be lived, and what is drawn by the seed from all pairs. There are too many of them to keep a list. */
function planOf(equals: ReadonlyMap<number, EqualPairs>, { verifySkipped, triples, seed }: { readonly verifySkipped: number; readonly triples: number; readonly seed: number }): Plan {
  const standFor = new Map<string, { task: LifeTask; standsFor: number }>();
  const toVerify = new Sample<Plan['toVerify'][number]>(verifySkipped, seed);
  const thirds = new Sample<LifeTask>(triples, seed);
  let [total, known] = [0, 0];
  for (const [life, pairs] of equals) {
    for (const { points, equal } of pairs.pairs()) {
      total++;
      const skipped: LifeTask = { life, points, isCompared: true };
      const id = idOf(life, equal);
      if (equal.length < 2) known++;
      else standFor.set(id, { task: { life, points: equal, isCompared: false }, standsFor: (standFor.get(id)?.standsFor ?? 0) + 1 });
      if (id !== idOf(life, points)) toVerify.offer(() => ({ skipped, equal: { life, points: equal, isCompared: true } }));
      thirds.offer(() => skipped);
    }
  }
  const random = seeded(seed);
  return { total, known, tasks: [...standFor.values()], toVerify: toVerify.drawn, triples: thirds.drawn.map((pair) => withThird(pair, random)) };
}

/** So many of all that is offered, each as likely as the other. */
class Sample<T> {
  readonly drawn: T[] = [];
  private offered = 0;
  private readonly random: () => number;

  constructor(
    private readonly count: number,
    seed: number,
  ) {
    this.random = seeded(seed);
  }

  offer(make: () => T): void {
    const slot = this.offered++ < this.count ? this.drawn.length : between(this.random, 0, this.offered - 1);
    if (slot < this.count) this.drawn[slot] = make();
  }
}

/** Lives pairs that were left out, and what stands for them. */
async function verify(toVerify: Plan['toVerify'], explore: (tasks: readonly LifeTask[], what: string, take: (lived: Lived, task: LifeTask, index: number) => void) => Promise<Explored>): Promise<CrashPoints['verified']> {
  const differences: string[] = [];
  const first = new Map<number, Lived>();
  await explore(toVerify.flatMap(({ skipped, equal }) => [skipped, equal]), 'pairs that were left out, and what stands for them', (lived, _task, index) => {
    const pair = Math.floor(index / 2);
    const other = first.get(pair);
    // Of two that were compared, or wait for the other one, nothing is kept but what is compared.
    if (other === undefined) first.set(pair, { ...lived, places: [] });
    else {
      first.delete(pair);
      const difference = differenceOf(other, lived);
      const { skipped, equal } = toVerify[pair] ?? {};
      if (difference !== undefined && skipped !== undefined && equal !== undefined) differences.push(`${describe(skipped)} is not what stands for it, ${JSON.stringify(equal.points)}: ${difference}`);
    }
  });
  return { compared: toVerify.length, differences };
}

/** A pair with a third mishap at one of the next calls: where it strikes nothing, it would not be a triple, so it is near. */
function withThird({ life, points }: LifeTask, random: () => number): LifeTask {
  const second = points.at(-1);
  const index = (second?.at === 'call' ? second.index : 0) + between(random, 1, 5);
  const third: Point = { at: 'call', index: points.some((point) => point.at === 'call' && point.index === index) ? index + 1 : index, mishap: oneOf(random, CALL_MISHAPS) };
  return { life, points: [...points, third], isCompared: false };
}

function pointsOf(places: readonly Place[]): readonly Point[] {
  return places.flatMap(pointsAt);
}

function idOf(life: number, points: readonly Point[]): string {
  return `${life} ${points.map(({ at, index, mishap }) => `${at} ${index} ${mishap}`).join()}`;
}

function nameOf({ life }: LifeTask): string {
  return LIVES[life]?.name ?? '';
}

function describe(task: LifeTask): string {
  return `${nameOf(task)}: ${JSON.stringify(task.points)}`;
}

function describePoint({ at, index, mishap }: Point, places: readonly Place[]): string {
  const place = places.find((candidate) => candidate.at === at && candidate.index === index);
  return `${mishap} at ${at === 'call' ? 'call' : 'state'} ${index} (${place?.name ?? 'not reached'})`;
}
