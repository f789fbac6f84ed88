import { faultsOn, type Profile } from '../simulator/run/plan';
import type { FaultName } from '../simulator/run/faults';
import { missingEdges, type Tally } from './campaign';
import type { Explained } from './explain';
import type { Found } from './outcome';
import { faultsOf, type Settings, type Wire } from './settings';

/** A campaign with what is to be said of it. */
export interface Report {
  readonly settings: Settings;
  readonly fromSeed: number;
  readonly tally: Tally;
  readonly reach: Reach;
  /** The first violation of some invariants, shrunk. */
  readonly explained: ReadonlyMap<Found, Explained>;
}

/** What the runs got to. Of faults only those that have something to strike at in the design, and edges only where it has definitions. */
export interface Reach {
  readonly faults: readonly (readonly [FaultName, count: number])[];
  readonly unreached: readonly FaultName[];
  readonly edges: number;
  readonly missing: readonly string[];
}

export function reachOf(settings: Settings, profile: Profile, tally: Tally): Reach {
  const faults = faultsOn(profile, faultsOf(settings)).map((fault) => [fault, tally.struck.get(fault) ?? 0] as const);
  const { total, missing } = settings.design === 'keyturn' ? missingEdges(tally.edges) : { total: 0, missing: [] };
  return { faults, unreached: faults.flatMap(([fault, count]) => (count === 0 ? [fault] : [])), edges: total, missing };
}

/** What ran. */
export const MODES: Readonly<Record<Wire, string>> = {
  sdk: 'definition, handlers and adapters from source; the whole SDK clients over an in-process transport',
  direct: "definition, handlers and adapters from source; the SDK clients' schemas and protocols, without their middleware and signing",
};

/** Parts of one long campaign say what they have in common, and can be added up: counts are sums, an edge is missing if it is in every part. */
export function jsonOf({ settings, fromSeed, tally, reach, explained }: Report): object {
  return {
    design: settings.design,
    mode: MODES[settings.wire],
    wire: settings.wire,
    ...(settings.plant !== null && { plant: settings.plant, violationsWithoutPlant: tally.foundWithoutPlant }),
    seed: fromSeed,
    runs: tally.runs,
    keys: settings.keys,
    windows: settings.windows,
    rotations: tally.rotations,
    faultsInjected: faultsInjected(tally),
    violatingRuns: tally.violatingRuns,
    violatingRunsByInvariant: Object.fromEntries(tally.runsByInvariant),
    violations: tally.found.map((found) => explained.get(found) ?? found),
    reach: {
      faults: Object.fromEntries(reach.faults),
      edges: { covered: reach.edges - reach.missing.length, total: reach.edges, missing: reach.missing },
    },
    seconds: round(tally.seconds),
    rotationsPerSecond: round(tally.rotations / tally.seconds),
    runsPerSecond: round(tally.runs / tally.seconds),
    traceHash: tally.traceHash,
  };
}

export function textOf({ settings, tally, reach, explained }: Report): string {
  const { design, plant, wire } = settings;
  const lines = [
    `${tally.runs} runs of ${design}${plant === null ? '' : ` with the planted bug ${plant}`}, ${tally.rotations} rotations, ${faultsInjected(tally)} faults, ${Math.round(tally.seconds)} s (${round(tally.rotations / tally.seconds)} rotations/s)`,
    `Ran: ${MODES[wire]}.`,
    `Faults reached: ${reach.faults.length - reach.unreached.length} of ${reach.faults.length}${missingWords(reach.unreached)}.`,
    ...(reach.edges === 0 ? [] : [`Edges of the definitions gone: ${reach.edges - reach.missing.length} of ${reach.edges}${missingWords(reach.missing)}.`]),
    `Trace hash: ${tally.traceHash}`,
    tally.violatingRuns === 0 ? 'No invariant was violated.' : `VIOLATED in ${tally.violatingRuns} of ${tally.runs} runs.`,
    ...withoutPlantWords(tally.foundWithoutPlant),
  ];
  for (const violation of explained.values()) lines.push('', ...violationWords(violation, tally));
  const told = new Set([...explained.keys()].map(({ invariant }) => invariant));
  const others = [...tally.runsByInvariant].filter(([invariant]) => !told.has(invariant));
  if (others.length > 0) lines.push('', `And ${others.length} more ${others.length === 1 ? 'kind' : 'kinds'}: ${others.map(([invariant, runs]) => `${invariant} (${runs} of ${tally.runs} runs)`).join('; ')}`);
  return `${lines.join('\n')}\n`;
}

/** Of a planted bug's runs: what they violate without it. */
export function withoutPlantWords(found: readonly Found[]): readonly string[] {
  return found.map(({ seed, invariant, message }) => `Without the planted bug seed ${seed} violates, too: ${invariant}: ${message}`);
}

function violationWords({ seed, invariant, message, steps, timeline, replay, stepsOfWholeRun }: Explained, { runs, runsByInvariant }: Tally): readonly string[] {
  const spared = stepsOfWholeRun - steps.length;
  return [
    `Seed ${seed} violates: ${invariant} (violated in ${runsByInvariant.get(invariant) ?? 0} of ${runs} runs)`,
    `  ${message}`,
    steps.length === 0 ? '  without any fault' : `  needs${spared === 0 ? '' : `, of ${stepsOfWholeRun} faults`}:`,
    ...steps.map((step) => `    ${step}`),
    '  what happens (>> proves it):',
    ...timeline.map((line) => `  ${line}`),
    `  Play this again: ${replay}${spared === 0 ? '' : ` (without --only: with all ${stepsOfWholeRun} faults)`}`,
  ];
}

/** More would fill the page: after few runs most of what there is. */
const MAX_MISSING_SHOWN = 10;

function missingWords(missing: readonly string[]): string {
  return missing.length === 0 || missing.length > MAX_MISSING_SHOWN ? '' : `; not ${missing.join('; ')}`;
}

function faultsInjected({ struck }: Tally): number {
  return [...struck.values()].reduce((total, count) => total + count, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
