import type { Json } from '../../../lambdas/domain/trace';
import type { MapState } from '../definition';
import { EvaluationError } from '../expressions';
import { StateFailure } from '../failure';
import type { EventDetails } from '../history';
import { isArray } from '../json';
import { MAX_INLINE_CONCURRENCY } from '../limits';
import { withRetryAndCatch } from '../retry-and-catch';
import type { StateVisit, Transition } from '../state-visit';
import { LaneGroup, type LaneJob, type LaneWork } from './lanes';

/** Runs the item processor once per item; the first failure fails the state. Result: the outputs in order. */
export function runMap(visit: StateVisit, state: MapState): Promise<Transition> {
  return withRetryAndCatch(visit, state, async () => {
    const result = await runIterations(visit, state);
    const previousEventId = visit.lane.cursorId;
    visit.lane.note('MapStateSucceeded');
    return visit.leave(state, { results: { result }, output: result, next: state.Next, previousEventId });
  });
}

async function runIterations(visit: StateVisit, state: MapState): Promise<Json> {
  const { lane: parent } = visit;
  try {
    if (visit.lanes === undefined) {
      const items = await itemsOf(visit, state);
      const inputs: Json[] = [];
      for (const [index, item] of items.entries()) inputs.push(await inputOf(visit, state, index, item));
      const atATime = await concurrencyOf(visit, state);
      parent.record('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
      const jobs = items.map((Value, Index): LaneJob => ({ input: inputs[Index] ?? null, item: { Index, Value } }));
      visit.lanes = LaneGroup.of(parent, jobs, atATime);
    }
    return await visit.lanes.run(iterations(visit, state));
  } catch (error) {
    if (error instanceof StateFailure && !error.isTerminal) parent.record('MapStateFailed');
    throw error;
  }
}

function iterations(visit: StateVisit, state: MapState): LaneWork {
  const { lane: parent } = visit;
  const detailsOf = (index: number): EventDetails => ({ index, name: visit.stateName });
  return {
    block: () => state.ItemProcessor,
    opened: (index, previousEventId) => parent.note('MapIterationStarted', { mapIterationStartedEventDetails: detailsOf(index) }, previousEventId),
    succeeded: (index, lane) => lane.note('MapIterationSucceeded', { mapIterationSucceededEventDetails: detailsOf(index) }),
    failed: (index, lane) => {
      lane.note('MapIterationFailed', { mapIterationFailedEventDetails: detailsOf(index) });
      lane.abortFailed();
    },
    aborted: (index, lane, previousEventId) => {
      lane.note('MapIterationAborted', { mapIterationAbortedEventDetails: detailsOf(index) }, previousEventId);
      lane.abort(previousEventId);
    },
  };
}

async function itemsOf(visit: StateVisit, state: MapState): Promise<readonly Json[]> {
  if (state.Items !== undefined) return visit.evaluateAs('array', 'Items', state.Items);
  if (isArray(visit.input)) return visit.input;
  throw visit.evaluationFailed(new EvaluationError(`Map state input must be an array but was: ${JSON.stringify(visit.input)}`));
}

async function inputOf(visit: StateVisit, state: MapState, Index: number, Value: Json): Promise<Json> {
  if (state.ItemSelector === undefined) return Value;
  return visit.evaluate('ItemSelector', state.ItemSelector, {}, { Map: { Item: { Index, Value } } });
}

/** 0 stands for as many as possible. */
async function concurrencyOf(visit: StateVisit, state: MapState): Promise<number> {
  const asked = state.MaxConcurrency === undefined ? 0 : await visit.evaluateAs('number', 'MaxConcurrency', state.MaxConcurrency);
  if (!Number.isInteger(asked) || asked < 0) {
    throw visit.evaluationFailed(new EvaluationError(`The MaxConcurrency field must be an integer of at least 0, but was ${asked}`, 'MaxConcurrency'));
  }
  return asked === 0 ? MAX_INLINE_CONCURRENCY : Math.min(asked, MAX_INLINE_CONCURRENCY);
}
