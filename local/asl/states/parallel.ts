import type { ParallelState } from '../definition';
import type { Json } from '../../../lambdas/domain/trace';
import { StateFailure } from '../failure';
import { withRetryAndCatch } from '../retry-and-catch';
import type { StateVisit, Transition } from '../state-visit';
import { runLanes, type LaneJob } from './lanes';

/** All branches run on the same input; the first failure fails the state. Result: the branches' outputs in order. */
export function runParallel(visit: StateVisit, state: ParallelState): Promise<Transition> {
  return withRetryAndCatch(visit, state, async () => {
    const result = await runBranches(visit, state);
    const previousEventId = visit.lane.cursorId;
    visit.lane.note('ParallelStateSucceeded');
    return visit.leave(state, { results: { result }, output: result, next: state.Next, previousEventId });
  });
}

async function runBranches(visit: StateVisit, state: ParallelState): Promise<Json> {
  const { lane: parent } = visit;
  try {
    const input = state.Arguments === undefined ? visit.input : await visit.evaluate('Arguments', state.Arguments);
    parent.record('ParallelStateStarted');
    const jobs = state.Branches.map(
      (branch): LaneJob => ({
        open: (previousEventId) => parent.branch(undefined, previousEventId),
        run: (lane) => lane.run(branch, input),
        succeeded: (lane) => lane.cursorId,
        failed: (lane) => lane.abortFailed(),
        aborted: (lane, previousEventId) => lane.abort(previousEventId),
      }),
    );
    return await runLanes(parent, jobs, jobs.length);
  } catch (error) {
    if (error instanceof StateFailure) parent.record('ParallelStateFailed');
    throw error;
  }
}
