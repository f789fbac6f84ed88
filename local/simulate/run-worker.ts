import { planOf, type Profile } from '../simulator/run/plan';
import { play } from '../simulator/run/run';
import { outcomeOf, type Outcome } from './outcome';
import { serve } from './pool';
import { faultsOf, runOptionsOf, type Settings } from './settings';

/** What all runs of a campaign have in common. */
export interface Common {
  readonly settings: Settings;
  readonly profile: Profile;
}

serve(async ({ settings, profile }: Common, seed: number): Promise<Outcome> => outcomeOf(await play(planOf(seed, profile, faultsOf(settings)), runOptionsOf(settings))));
