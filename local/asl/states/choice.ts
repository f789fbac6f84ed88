import type { ChoiceState } from '../definition';
import { STATES_ERRORS } from '../failure';
import type { StateVisit, Transition } from '../state-visit';

/** The first rule whose condition holds leads on, with its own Output and Assign; else Default, with the state's. */
export async function runChoice(visit: StateVisit, state: ChoiceState): Promise<Transition> {
  for (const [index, rule] of state.Choices.entries()) {
    const at = `Choices[${index}]/`;
    if (await visit.evaluateAs('boolean', `${at}Condition`, rule.Condition)) {
      return visit.leave(rule, { output: visit.input, next: rule.Next, at });
    }
  }
  if (state.Default === undefined) {
    throw visit.failure(STATES_ERRORS.runtime, 'Failed to transition out of the state. The state does not point to a next state.');
  }
  return visit.leave(state, { output: visit.input, next: state.Default });
}
