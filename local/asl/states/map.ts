import type { Json } from '../../../lambdas/domain/trace';
import type { MapState } from '../definition';
import { EvaluationError } from '../expressions';
import { StateFailure } from '../failure';
import { isArray } from '../json';
import { MAX_INLINE_CONCURRENCY } from '../limits';
import { withRetryAndCatch } from '../retry-and-catch';
import type { StateVisit, Transition } from '../state-visit';
import { runLanes, type LaneJob } from './lanes';

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
    const items = await itemsOf(visit, state);
    const inputs: Json[] = [];
    for (const [index, item] of items.entries()) inputs.push(await inputOf(visit, state, index, item));
    const atATime = await concurrencyOf(visit, state);
    parent.record('MapStateStarted', { mapStateStartedEventDetails: { length: items.length } });
    const jobs = items.map((item, index) => iteration(visit, state, index, item, inputs[index] ?? null));
    return await runLanes(parent, jobs, atATime);
  } catch (error) {
    if (error instanceof StateFailure) parent.record('MapStateFailed');
    throw error;
  }
}

function iteration(visit: StateVisit, state: MapState, index: number, item: Json, input: Json): LaneJob {
  const { lane: parent } = visit;
  const details = { index, name: visit.stateName };
  return {
    open: (previousEventId) => {
      const startedEventId = parent.note('MapIterationStarted', { mapIterationStartedEventDetails: details }, previousEventId);
      return parent.branch({ Index: index, Value: item }, startedEventId);
    },
    run: (lane) => lane.run(state.ItemProcessor, input),
    succeeded: (lane) => lane.note('MapIterationSucceeded', { mapIterationSucceededEventDetails: details }),
    failed: (lane) => {
      lane.note('MapIterationFailed', { mapIterationFailedEventDetails: details });
      lane.abortFailed();
    },
    aborted: (lane, previousEventId) => {
      lane.note('MapIterationAborted', { mapIterationAbortedEventDetails: details }, previousEventId);
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
