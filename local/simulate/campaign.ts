import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { FaultName } from '../simulator/run/faults';
import type { Profile } from '../simulator/run/plan';
import { edgesOfDefinitions } from '../simulator/run/reach';
import type { Found, Outcome } from './outcome';
import type { Settings } from './settings';
import { inProcesses } from './pool';
import type { Common } from './run-worker';

/** Many runs, added up. */
export interface Tally {
  readonly runs: number;
  readonly rotations: number;
  readonly violatingRuns: number;
  readonly found: readonly Found[];
  /** In how many runs each invariant was violated. Each is among `found`. */
  readonly runsByInvariant: ReadonlyMap<string, number>;
  /** What runs with a planted bug violate without it, too: found in keyturn. */
  readonly foundWithoutPlant: readonly Found[];
  readonly struck: ReadonlyMap<FaultName, number>;
  readonly edges: ReadonlySet<string>;
  /** SHA-256 of the hashes of all traces, in the order of their seeds. */
  readonly traceHash: string;
  readonly seconds: number;
}

export interface CampaignOptions {
  readonly settings: Settings;
  readonly profile: Profile;
  readonly fromSeed: number;
  readonly runs: number;
  /** Processes that run at once. */
  readonly jobs: number;
  /** Told after each run. */
  readonly onOutcome?: (done: number, violatingRuns: number) => void;
  /** Told of the first violation of each invariant, when it is found. */
  readonly onViolation?: (found: Found) => void;
  /** @default never: all runs are made */
  readonly stopAtFirstViolation?: boolean;
}

/** A violation says the same in many runs; so many of them are kept, and the first of each invariant. */
const MAX_FOUND = 1000;

/** Plays one run per seed, in processes of their own. @throws {Error} when a run could not be played: that is a bug of the simulator, never a result */
export async function campaign({ settings, profile, fromSeed, runs, jobs, onOutcome, onViolation, stopAtFirstViolation = false }: CampaignOptions): Promise<Tally> {
  const startedAt = performance.now();
  const hashes = new Map<number, string>();
  const struck = new Map<FaultName, number>();
  const edges = new Set<string>();
  const found: Found[] = [];
  const runsByInvariant = new Map<string, number>();
  const foundWithoutPlant: Found[] = [];
  let [next, rotations, violatingRuns] = [fromSeed, 0, 0];

  const take = (): number | undefined => (next < fromSeed + runs && !(stopAtFirstViolation && violatingRuns > 0) ? next++ : undefined);
  const add = (outcome: Outcome): void => {
    hashes.set(outcome.seed, outcome.hash);
    rotations += outcome.rotations;
    for (const [fault, count] of outcome.struck) struck.set(fault, (struck.get(fault) ?? 0) + count);
    for (const edge of outcome.edges) edges.add(edge);
    if (outcome.found.length > 0) violatingRuns++;
    const invariants = new Set(outcome.found.map(({ invariant }) => invariant));
    const news = [...invariants].filter((invariant) => !runsByInvariant.has(invariant)).flatMap((invariant) => outcome.found.find((each) => each.invariant === invariant) ?? []);
    for (const first of news) onViolation?.(first);
    if (news.length > 0 || found.length < MAX_FOUND) found.push(...outcome.found);
    for (const invariant of invariants) runsByInvariant.set(invariant, (runsByInvariant.get(invariant) ?? 0) + 1);
    foundWithoutPlant.push(...outcome.foundWithoutPlant);
    onOutcome?.(hashes.size, violatingRuns);
  };
  await inProcesses<Common, number, Outcome>({ worker: join(__dirname, 'run-worker.ts'), jobs: Math.min(jobs, runs), common: { settings, profile }, next: take, take: add });

  const all = createHash('sha256');
  for (const [, hash] of [...hashes].sort(([left], [right]) => left - right)) all.update(hash);
  const kinds = [...runsByInvariant].sort(([left], [right]) => left.localeCompare(right, 'en', { numeric: true }));
  found.sort((left, right) => left.seed - right.seed);
  return { runs: hashes.size, rotations, violatingRuns, found, runsByInvariant: new Map(kinds), foundWithoutPlant, struck, edges, traceHash: all.digest('hex'), seconds: (performance.now() - startedAt) / 1000 };
}

/** Edges of the definitions that no run has gone. */
export function missingEdges(edges: ReadonlySet<string>): { readonly total: number; readonly missing: readonly string[] } {
  const all = edgesOfDefinitions();
  return { total: all.length, missing: all.filter((edge) => !edges.has(edge)) };
}
