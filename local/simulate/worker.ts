import { planOf, type Profile } from '../simulator/run/plan';
import { play } from '../simulator/run/run';
import { outcomeOf, type Outcome } from './outcome';
import { faultsOf, runOptionsOf, type Settings } from './settings';

/** What a worker is told: first what all runs have in common, then one seed at a time. */
export type ToWorker = { readonly settings: Settings; readonly profile: Profile } | { readonly seed: number };

/** What it answers: an outcome per seed, or why there is none. */
export type FromWorker = { readonly outcome: Outcome } | { readonly seed: number; readonly error: string };

let common: { readonly settings: Settings; readonly profile: Profile } | undefined;

process.on('message', (message: ToWorker) => {
  if ('settings' in message) common = message;
  else void answer(message.seed);
});

async function answer(seed: number): Promise<void> {
  let answered: FromWorker;
  try {
    if (common === undefined) throw new Error('A seed came before the settings');
    const { settings, profile } = common;
    answered = { outcome: outcomeOf(await play(planOf(seed, profile, faultsOf(settings)), runOptionsOf(settings))) };
  } catch (error) {
    answered = { seed, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(answered);
}
