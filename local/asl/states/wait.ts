import { EvaluationError } from '../expressions';
import type { WaitState } from '../definition';
import { MAX_SECONDS } from '../limits';
import type { StateVisit, Transition } from '../state-visit';
import { wholeSecondMs } from '../timestamp';

/** Sleeps for `Seconds`, or until `Timestamp`; a time that is past is no wait. */
export async function runWait(visit: StateVisit, state: WaitState): Promise<Transition> {
  if (!visit.isAsleep) {
    const waitMs = await waitMsOf(visit, state);
    if (waitMs > 0) visit.sleepFor(waitMs);
  }
  if (visit.isAsleep) await visit.sleep('wait');
  return visit.leave(state, { output: visit.input, next: state.Next });
}

async function waitMsOf(visit: StateVisit, state: WaitState): Promise<number> {
  if (state.Timestamp !== undefined) {
    const timestamp = await visit.evaluateAs('string', 'Timestamp', state.Timestamp);
    const atMs = wholeSecondMs(timestamp);
    if (atMs !== undefined) return atMs - visit.lane.execution.timeline.nowMs();
    const what = `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${timestamp}`;
    throw visit.evaluationFailed(new EvaluationError(what, 'Timestamp'));
  }
  const seconds = await visit.evaluateAs('number', 'Seconds', state.Seconds ?? 0);
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= MAX_SECONDS) return seconds * 1000;
  throw visit.evaluationFailed(new EvaluationError(`The Seconds field must be an integer from 0 to ${MAX_SECONDS}, but was ${seconds}`, 'Seconds'));
}
