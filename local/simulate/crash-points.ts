import { join } from 'node:path';
import { CALL_MISHAPS, live, LIVES, type Lived, type Place, type Point, pointsAfter, pointsAt } from '../simulator/run/crash-life';
import { between, oneOf, seeded } from '../simulator/random';
import type { LifeTask } from './life-worker';
import { inProcesses } from './pool';
import { progress } from './progress';
import type { Wire } from './settings';

/** Lives with so many mishaps in each. */
export interface Explored {
  readonly total: number;
  readonly explored: number;
  readonly violations: number;
}

export interface CrashPoints {
  /** Different calls in the code that were struck: function, service and operation. */
  readonly callSites: number;
  readonly lives: readonly { readonly life: string; readonly places: number; readonly points: number }[];
  readonly singles: Explored;
  readonly pairs: Explored;
  readonly triples: Explored;
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
  /** Of the pairs, every so many-th. 1 is all of them. */
  readonly everyPair: number;
  readonly seed: number;
}

const MAX_FOUND = 50;

/** Lives each life with each mishap at each place, then with each second one at each place that comes after the first, then with some third ones. */
export async function crashPoints({ wire, jobs, depth, triples, everyPair, seed }: CrashPointsOptions): Promise<CrashPoints> {
  const startedAt = performance.now();
  const undisturbed = await Promise.all(LIVES.map((life) => live(life, [], { wire })));
  const sites = new Set<string>();
  const found: { life: string; points: readonly string[]; finding: string }[] = [];
  const placesAfter = new Map<LifeTask, readonly Place[]>();

  const explore = async (tasks: readonly LifeTask[], total: number, what: string, keep: boolean): Promise<Explored> => {
    process.stderr.write(`${what}: ${tasks.length} lives\n`);
    const tell = progress(tasks.length, 'lives');
    let [next, done, violations] = [0, 0, 0];
    await inProcesses<Wire, LifeTask, Lived>({
      worker: join(__dirname, 'life-worker.ts'),
      jobs,
      common: wire,
      next: () => tasks[next++],
      take: ({ findings, places, struck }, task) => {
        if (struck < task.points.length) throw new Error(`${describe(task)}: a mishap did not strike`);
        for (const place of places) if (place.at === 'call') sites.add(place.name);
        if (keep) placesAfter.set(task, places);
        if (findings.length > 0) {
          violations++;
          if (found.length < MAX_FOUND) found.push({ life: LIVES[task.life]?.name ?? '', points: task.points.map((point) => describePoint(point, places)), finding: findings.join('; ') });
        }
        tell(++done, violations);
      },
    });
    return { total, explored: done, violations };
  };

  const singles = undisturbed.flatMap(({ places }, life) => places.flatMap(pointsAt).map((point): LifeTask => ({ life, points: [point] })));
  const ofSingles = await explore(singles, singles.length, 'one mishap', depth > 1);
  const pairs = depth < 2 ? [] : [...placesAfter].flatMap(([{ life, points: [first] }, places]) => (first === undefined ? [] : pointsAfter(first, places).map((second): LifeTask => ({ life, points: [first, second] }))));
  placesAfter.clear();
  const ofPairs = await explore(pairs.filter((_, index) => index % everyPair === 0), pairs.length, 'two mishaps', false);
  const ofTriples = depth < 3 ? NONE : await explore(sampled(pairs, triples, seed), triples, 'three mishaps', false);
  return {
    callSites: sites.size,
    lives: undisturbed.map(({ places }, index) => ({ life: LIVES[index]?.name ?? '', places: places.length, points: places.flatMap(pointsAt).length })),
    singles: ofSingles,
    pairs: ofPairs,
    triples: ofTriples,
    found,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

const NONE: Explored = { total: 0, explored: 0, violations: 0 };

/** Pairs with a third mishap at one of the next calls: where it strikes nothing, it would not be a triple, so it is near. */
function sampled(pairs: readonly LifeTask[], count: number, seed: number): readonly LifeTask[] {
  const random = seeded(seed);
  return Array.from({ length: pairs.length === 0 ? 0 : count }, () => {
    const { life, points } = oneOf(random, pairs);
    const second = points.at(-1);
    const index = (second?.at === 'call' ? second.index : 0) + between(random, 1, 5);
    const third: Point = { at: 'call', index: points.some((point) => point.at === 'call' && point.index === index) ? index + 1 : index, mishap: oneOf(random, CALL_MISHAPS) };
    return { life, points: [...points, third] };
  });
}

function describe({ life, points }: LifeTask): string {
  return `${LIVES[life]?.name ?? ''}: ${JSON.stringify(points)}`;
}

function describePoint({ at, index, mishap }: Point, places: readonly Place[]): string {
  const place = places.find((candidate) => candidate.at === at && candidate.index === index);
  return `${mishap} at ${at === 'call' ? 'call' : 'state'} ${index} (${place?.name ?? 'not reached'})`;
}
