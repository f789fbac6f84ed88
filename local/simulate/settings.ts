import { type DesignName, DESIGNS } from '../simulator/controls';
import { PLANTS, type Plant } from '../simulator/plants';
import { FAULTS, type FaultName } from '../simulator/run/faults';
import type { Profile } from '../simulator/run/plan';
import { profileOf, type RunOptions } from '../simulator/run/run';

/** What a campaign of runs is made of, as it travels to the workers. */
export interface Settings {
  readonly design: DesignName;
  readonly keys: number;
  readonly windows: number;
  readonly faults: readonly FaultName[];
  readonly plant: string | null;
  readonly wire: Wire;
}

/** How functions reach the services: through the whole SDK, or past its middleware, which is several times as fast. */
export const WIRES = ['sdk', 'direct'] as const;
export type Wire = (typeof WIRES)[number];

export function plantNamed(name: string): Plant | undefined {
  return PLANTS.find((plant) => plant.name === name);
}

export function runOptionsOf({ design, keys, windows, plant, wire }: Settings): RunOptions {
  const replacements = plant === null ? undefined : plantNamed(plant)?.replacements;
  return { design: DESIGNS[design], keys, windows, world: { wire, ...(replacements !== undefined && { replacements }) } };
}

/** Where faults can strike. A planted bug changes nothing about it, so that its runs have the plans of runs without it. */
export async function profileFor(settings: Settings): Promise<Profile> {
  return profileOf(runOptionsOf({ ...settings, plant: null }));
}

/** The faults of a campaign: those of the plant first, if it needs some. */
export function faultsOf({ faults, plant }: Settings): readonly FaultName[] {
  return (plant === null ? undefined : plantNamed(plant)?.faults) ?? faults;
}

export const ALL_FAULTS: readonly FaultName[] = FAULTS;
