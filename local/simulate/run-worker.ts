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

serve(async ({ settings, profile }: Common, seed: number): Promise<Outcome> => {
  const plan = planOf(seed, profile, faultsOf(settings));
  const run = await play(plan, runOptionsOf(settings));
  const isSuspect = settings.plant !== null && run.verdicts.some(({ violations }) => violations.length > 0);
  return outcomeOf(run, isSuspect ? await play(plan, runOptionsOf({ ...settings, plant: null })) : undefined);
});
