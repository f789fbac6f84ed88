import type { Catcher, Retrier } from './definition';
import { StateFailure } from './failure';
import type { StateVisit, Transition } from './state-visit';

interface Handlers {
  readonly Retry?: readonly Retrier[] | undefined;
  readonly Catch?: readonly Catcher[] | undefined;
}

/**
 * Runs `attempt` until it leaves the state, a catcher takes its failure, or nothing does. Retriers come before
 * catchers; the first that matches counts for itself, over all attempts of this visit.
 * @throws {StateFailure} that neither retrier nor catcher handles
 */
export async function withRetryAndCatch(visit: StateVisit, { Retry = [], Catch = [] }: Handlers, attempt: () => Promise<Transition>): Promise<Transition> {
  for (;;) {
    try {
      if (visit.isAsleep) await visit.sleep('retry');
      return await attempt();
    } catch (error) {
      if (!(error instanceof StateFailure)) throw error;
      const position = Retry.findIndex((candidate) => error.matches(candidate.ErrorEquals));
      const retrier = Retry[position];
      const retries = visit.retriesBy(position);
      if (retrier === undefined || retries >= retrier.MaxAttempts) return caught(visit, Catch, error);
      visit.retried(error, position, retryDelaySeconds(retrier, retries, visit.lane.execution.random));
    }
  }
}

/**
 * IntervalSeconds · BackoffRate^retries, at most MaxDelaySeconds; with JitterStrategy FULL, uniform between 0 and that.
 * @param retries retries made before by the same retrier
 */
export function retryDelaySeconds(retrier: Retrier, retries: number, random: () => number): number {
  const delaySeconds = Math.min(retrier.IntervalSeconds * retrier.BackoffRate ** retries, retrier.MaxDelaySeconds ?? Infinity);
  // Whole milliseconds: the virtual clock's unit.
  return Math.round(delaySeconds * 1000 * (retrier.JitterStrategy === 'FULL' ? random() : 1)) / 1000;
}

async function caught(visit: StateVisit, catchers: readonly Catcher[], failure: StateFailure): Promise<Transition> {
  const index = catchers.findIndex((candidate) => failure.matches(candidate.ErrorEquals));
  const catcher = catchers[index];
  if (catcher === undefined) throw failure;
  const errorOutput = failure.errorOutput();
  return visit.leave(catcher, { results: { errorOutput }, output: errorOutput, next: catcher.Next, at: `Catch[${index}]/` });
}
