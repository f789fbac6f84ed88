import type { PassState } from '../definition';
import type { StateVisit, Transition } from '../state-visit';

export function runPass(visit: StateVisit, state: PassState): Promise<Transition> {
  return visit.leave(state, { output: state.Result === undefined ? visit.input : state.Result, next: state.Next });
}
