import type { FailState } from '../definition';
import { StateFailure } from '../failure';
import type { StateVisit } from '../state-visit';

/** @throws {StateFailure} always */
export async function runFail(visit: StateVisit, state: FailState): Promise<never> {
  const text = async (field: 'Error' | 'Cause'): Promise<string | undefined> => {
    const template = state[field];
    return template === undefined ? undefined : visit.evaluateAs('string', field, template);
  };
  const error = await text('Error');
  throw new StateFailure(error, await text('Cause'));
}
