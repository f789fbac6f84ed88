import type { Json } from '../../../lambdas/domain/trace';
import type { TaskState } from '../definition';
import { EvaluationError } from '../expressions';
import { dataLimitExceeded, heartbeatMissed, StateFailure, taskTimedOut } from '../failure';
import { TaskFailure, type TaskIntegration } from '../integrations';
import { byteLength } from '../json';
import { MAX_PAYLOAD_BYTES, MAX_SECONDS } from '../limits';
import { withRetryAndCatch } from '../retry-and-catch';
import type { StateVisit, Transition } from '../state-visit';
import { taskEvents, type TaskEvents } from '../task-events';

/** Calls the integration behind `Resource` and, for `.waitForTaskToken`, waits for the token's answer. */
export function runTask(visit: StateVisit, state: TaskState): Promise<Transition> {
  const integration = visit.lane.execution.integration(state.Resource);
  return withRetryAndCatch(visit, state, async () => {
    const attempt = await prepare(visit, state, integration);
    const result = await perform(attempt);
    return visit.leave(state, { results: { result }, output: result, next: state.Next });
  });
}

interface Attempt {
  readonly visit: StateVisit;
  readonly resourceArn: string;
  readonly integration: TaskIntegration;
  readonly events: TaskEvents;
  readonly parameters: Json;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

async function prepare(visit: StateVisit, state: TaskState, integration: TaskIntegration): Promise<Attempt> {
  // Every attempt has a token of its own: an answer to an earlier one comes too late.
  visit.taskToken = integration.waitsForToken ? visit.lane.execution.newId() : undefined;
  return {
    visit,
    resourceArn: state.Resource,
    integration,
    events: taskEvents(integration.events),
    parameters: state.Arguments === undefined ? visit.input : await visit.evaluate('Arguments', state.Arguments),
    timeoutSeconds: await secondsOf(visit, state, 'TimeoutSeconds'),
    heartbeatSeconds: await secondsOf(visit, state, 'HeartbeatSeconds'),
  };
}

async function secondsOf(visit: StateVisit, state: TaskState, field: 'TimeoutSeconds' | 'HeartbeatSeconds'): Promise<number | undefined> {
  const template = state[field];
  if (template === undefined) return undefined;
  const seconds = await visit.evaluateAs('number', field, template);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw visit.evaluationFailed(new EvaluationError(`The ${field} field must be an integer from 1 to ${MAX_SECONDS}, but was ${seconds}`, field));
}

/** How an attempt ended; exactly one of these reaches the state, whatever comes later. */
type Ending =
  | { readonly kind: 'succeeded'; readonly output: Json }
  | { readonly kind: 'failed'; readonly failure: StateFailure }
  | { readonly kind: 'timed-out'; readonly failure: StateFailure }
  | { readonly kind: 'broken'; readonly error: unknown };

/** @throws {StateFailure} after writing how the task ended */
async function perform(attempt: Attempt): Promise<Json> {
  const { visit, events } = attempt;
  visit.lane.record(...events.scheduled({ ...attempt, region: visit.lane.execution.region }));
  visit.lane.record(...events.started());
  const ending = limited(await visit.lane.wait<Ending>((end) => begin(attempt, end)), attempt.resourceArn);
  switch (ending.kind) {
    case 'succeeded':
      visit.lane.record(...events.succeeded(ending.output));
      return ending.output;
    case 'failed':
      visit.lane.record(...events.failed(ending.failure));
      throw ending.failure;
    case 'timed-out':
      visit.lane.record(...events.timedOut(ending.failure));
      throw ending.failure;
    case 'broken':
      throw ending.error;
  }
}

/** Starts the clocks and the call. @returns the cancellation of all but the call, whose result is then dropped */
function begin(attempt: Attempt, end: (ending: Ending) => void): () => void {
  const { visit, integration, events, timeoutSeconds, heartbeatSeconds } = attempt;
  const { execution } = visit.lane;
  let isOver = false;
  const alarm = (seconds: number | undefined, failure: () => StateFailure): (() => void) => {
    if (seconds === undefined) return () => undefined;
    return execution.timeline.after(seconds * 1000, `time-out of ${visit.stateName}`, () => end({ kind: 'timed-out', failure: failure() }));
  };
  const cancelTimeout = alarm(timeoutSeconds, taskTimedOut);
  let cancelHeartbeat = alarm(heartbeatSeconds, heartbeatMissed);
  const { taskToken } = visit;
  if (taskToken !== undefined) {
    execution.tokens.open(taskToken, {
      succeed: (output) => end({ kind: 'succeeded', output }),
      fail: (error, cause) => end({ kind: 'failed', failure: new StateFailure(error, cause) }),
      heartbeat: () => {
        cancelHeartbeat();
        cancelHeartbeat = alarm(heartbeatSeconds, heartbeatMissed);
      },
    });
  }
  integration.invoke(attempt.parameters, { executionName: execution.name, executionArn: execution.arn }).then(
    (output) => {
      if (isOver) return;
      if (taskToken === undefined) end({ kind: 'succeeded', output });
      else visit.lane.record(...events.submitted(output));
    },
    (error: unknown) => {
      if (error instanceof TaskFailure) end({ kind: 'failed', failure: new StateFailure(error.error, error.cause) });
      else end({ kind: 'broken', error });
    },
  );
  return () => {
    isOver = true;
    cancelTimeout();
    cancelHeartbeat();
    if (taskToken !== undefined) execution.tokens.close(taskToken);
  };
}

function limited(ending: Ending, resourceArn: string): Ending {
  if (ending.kind !== 'succeeded' || byteLength(ending.output) <= MAX_PAYLOAD_BYTES) return ending;
  return { kind: 'failed', failure: dataLimitExceeded(resourceArn) };
}
