import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DESIGN_NAMES, type DesignName } from '../simulator/controls';

/** What is read of what `npm run simulate -- --design <name> --json` prints. */
const simulation = z.object({
  design: z.enum(DESIGN_NAMES),
  runs: z.int().positive(),
  rotations: z.int().nonnegative().default(0),
  faultsInjected: z.int().nonnegative().default(0),
  violatingRuns: z.int().nonnegative().optional(),
  violations: z.array(z.looseObject({ seed: z.int() })),
});

/** How a design fared in the simulator. */
export interface Result {
  readonly design: DesignName;
  readonly runs: number;
  readonly rotations: number;
  readonly faults: number;
  /** Runs in which at least one invariant was violated. */
  readonly violatingRuns: number;
}

const EXPECTED = 'what npm run --silent simulate -- --design <name> --json has printed';

/** @throws {Error} for a file that is not a simulation's result */
export function readResult(file: string): Result {
  const parsed = simulation.safeParse(jsonIn(file));
  if (!parsed.success) throw new Error(`--results ${file} is not ${EXPECTED}: ${z.prettifyError(parsed.error)}`);
  const { design, runs, rotations, faultsInjected, violations, violatingRuns } = parsed.data;
  return { design, runs, rotations, faults: faultsInjected, violatingRuns: violatingRuns ?? new Set(violations.map(({ seed }) => seed)).size };
}

function jsonIn(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`--results ${file} cannot be read (${String(error)}). Expected: a file with ${EXPECTED}.`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const hint = /^\s*>/.test(text) ? ' Without --silent npm writes lines of its own into it.' : '';
    throw new Error(`--results ${file} is not JSON (${String(error)}). Expected: ${EXPECTED}.${hint}`, { cause: error });
  }
}

export function perThousand({ violatingRuns, runs }: Result): number {
  return (1000 * violatingRuns) / runs;
}
