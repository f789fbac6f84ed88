import type { Json } from '../../../lambdas/domain/trace';
import type { Alarm } from '../alarms';
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
  const task: Task = { visit, resourceArn: state.Resource, integration, events: taskEvents(integration.events) };
  return withRetryAndCatch(visit, state, async () => {
    // Put back while it waits for the token's answer, it has made its call already.
    const call = visit.task === undefined ? await prepare(visit, state, integration) : undefined;
    const result = await perform(task, call);
    return visit.leave(state, { results: { result }, output: result, next: state.Next });
  });
}

interface Task {
  readonly visit: StateVisit;
  readonly resourceArn: string;
  readonly integration: TaskIntegration;
  readonly events: TaskEvents;
}

interface Call {
  readonly parameters: Json;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

async function prepare(visit: StateVisit, state: TaskState, integration: TaskIntegration): Promise<Call> {
  // Every attempt has a token of its own: an answer to an earlier one comes too late.
  visit.taskToken = integration.waitsForToken ? visit.lane.execution.newId() : undefined;
  const parameters = state.Arguments === undefined ? visit.input : await visit.evaluate('Arguments', state.Arguments);
  if (byteLength(parameters) > MAX_PAYLOAD_BYTES) throw dataLimitExceeded(visit.stateName);
  return {
    parameters,
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

/**
 * @param call none when only the answer to the token is missing
 * @throws {StateFailure} after writing how the task ended
 */
async function perform(task: Task, call: Call | undefined): Promise<Json> {
  const { visit, events, resourceArn } = task;
  if (call !== undefined) {
    visit.lane.record(...events.scheduled({ ...call, resourceArn, region: visit.lane.execution.region }));
    visit.lane.record(...events.started());
  }
  const ending = limited(await visit.lane.wait<Ending>((end) => begin(task, call, end)), task);
  visit.task = undefined;
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
function begin({ visit, integration, events }: Task, call: Call | undefined, end: (ending: Ending) => void): () => void {
  const { execution } = visit.lane;
  const { alarms } = execution;
  const inSeconds = (seconds: number | undefined): Alarm | null => (seconds === undefined ? null : alarms.in(seconds * 1000));
  const attempt = (visit.task ??= {
    hasReturned: false,
    timeout: inSeconds(call?.timeoutSeconds),
    heartbeat: inSeconds(call?.heartbeatSeconds),
    heartbeatSeconds: call?.heartbeatSeconds ?? null,
  });
  let isOver = false;
  const setAlarm = (alarm: Alarm | null, failure: () => StateFailure): (() => void) => {
    if (alarm === null) return () => undefined;
    return alarms.set(alarm, `time-out of ${visit.stateName}`, () => end({ kind: 'timed-out', failure: failure() }));
  };
  const cancelTimeout = setAlarm(attempt.timeout, taskTimedOut);
  let cancelHeartbeat = setAlarm(attempt.heartbeat, heartbeatMissed);
  const { taskToken } = visit;
  if (taskToken !== undefined) {
    execution.tokens.open(taskToken, {
      machineArn: execution.machineArn,
      succeed: (output) => end({ kind: 'succeeded', output }),
      fail: (error, cause) => end({ kind: 'failed', failure: new StateFailure(error, cause) }),
      heartbeat: () => {
        if (attempt.heartbeatSeconds === null) return;
        cancelHeartbeat();
        attempt.heartbeat = alarms.in(attempt.heartbeatSeconds * 1000);
        cancelHeartbeat = setAlarm(attempt.heartbeat, heartbeatMissed);
      },
    });
  }
  if (call !== undefined) {
    integration.invoke(call.parameters, { executionName: execution.name, executionArn: execution.arn, roleArn: execution.roleArn }).then(
      (output) => {
        if (isOver) return;
        if (taskToken === undefined) return end({ kind: 'succeeded', output });
        attempt.hasReturned = true;
        visit.lane.record(...events.submitted(output));
      },
      (error: unknown) => {
        if (error instanceof TaskFailure) end({ kind: 'failed', failure: new StateFailure(error.error, error.cause) });
        else end({ kind: 'broken', error });
      },
    );
  }
  return () => {
    isOver = true;
    cancelTimeout();
    cancelHeartbeat();
    if (taskToken !== undefined) execution.tokens.close(taskToken, execution.machineArn);
  };
}

/** A result that is too large is blamed on the service, or on the function that the resource names. */
function limited(ending: Ending, { integration: { events }, resourceArn }: Task): Ending {
  if (ending.kind !== 'succeeded' || byteLength(ending.output) <= MAX_PAYLOAD_BYTES) return ending;
  return { kind: 'failed', failure: dataLimitExceeded(events.kind === 'service' ? events.resourceType : resourceArn) };
}
