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

/** @throws {Error} for a file that is not a simulation's result */
export function readResult(file: string): Result {
  const parsed = simulation.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file} is not what npm run simulate -- --json prints: ${z.prettifyError(parsed.error)}`);
  const { design, runs, rotations, faultsInjected, violations, violatingRuns } = parsed.data;
  return { design, runs, rotations, faults: faultsInjected, violatingRuns: violatingRuns ?? new Set(violations.map(({ seed }) => seed)).size };
}

export function perThousand({ violatingRuns, runs }: Result): number {
  return (1000 * violatingRuns) / runs;
}
