import { edgesIn } from '../simulator/run/reach';
import type { FaultName } from '../simulator/run/faults';
import type { Run } from '../simulator/run/run';

/** What violated an invariant in one run. */
export interface Found {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

/** What is kept of a run: plain data, that a worker can send. */
export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  readonly rotations: number;
  readonly events: number;
  readonly struck: readonly (readonly [FaultName, number])[];
  readonly edges: readonly string[];
  readonly found: readonly Found[];
  /** Of a planted bug: what its run violates without it, too. That is none of the plant's doing. */
  readonly foundWithoutPlant: readonly Found[];
}

/** @param clean the same run without the planted bug */
export function outcomeOf(run: Run, clean?: Run): Outcome {
  const { seed } = run.plan;
  const foundWithoutPlant = clean === undefined ? [] : foundIn(clean);
  return {
    seed,
    hash: run.hash,
    rotations: run.rotations,
    events: run.trace.length,
    struck: [...run.struck],
    edges: [...edgesIn(run.trace)],
    found: foundIn(run).filter(({ invariant }) => !foundWithoutPlant.some((other) => other.invariant === invariant)),
    foundWithoutPlant,
  };
}

function foundIn({ plan: { seed }, verdicts }: Run): readonly Found[] {
  return verdicts.flatMap(({ invariant, violations }) => violations.map(({ message }) => ({ seed, invariant, message })));
}
