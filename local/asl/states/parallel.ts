import type { ParallelState } from '../definition';
import type { Json } from '../../../lambdas/domain/trace';
import { StateFailure } from '../failure';
import { withRetryAndCatch } from '../retry-and-catch';
import type { StateVisit, Transition } from '../state-visit';
import { LaneGroup, type LaneWork } from './lanes';

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
    if (visit.lanes === undefined) {
      const input = state.Arguments === undefined ? visit.input : await visit.evaluate('Arguments', state.Arguments);
      parent.record('ParallelStateStarted');
      visit.lanes = LaneGroup.of(parent, state.Branches.map(() => ({ input })), state.Branches.length);
    }
    return await visit.lanes.run(branches(state));
  } catch (error) {
    if (error instanceof StateFailure && !error.isTerminal) parent.record('ParallelStateFailed');
    throw error;
  }
}

function branches(state: ParallelState): LaneWork {
  return {
    block: (index) => {
      const branch = state.Branches[index];
      if (branch === undefined) throw new Error(`The Parallel has no branch ${index}, although one was begun`);
      return branch;
    },
    opened: (_, previousEventId) => previousEventId,
    succeeded: (_, lane) => lane.cursorId,
    failed: (_, lane) => lane.abortFailed(),
    aborted: (_, lane, previousEventId) => lane.abort(previousEventId),
  };
}
