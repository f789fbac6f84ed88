import type { SucceedState } from '../definition';
import type { StateVisit, Transition } from '../state-visit';

export function runSucceed(visit: StateVisit, state: SucceedState): Promise<Transition> {
  return visit.leave(state, { output: visit.input, next: undefined });
}
