import type { Json } from '../../lambdas/domain/trace';
import type { StateFailure } from './failure';
import { payload, type EventDetails } from './history';
import type { TaskIntegration } from './integrations';

export interface TaskSchedule {
  readonly resourceArn: string;
  readonly region: string;
  readonly parameters: Json;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
}

type Recorded = readonly [type: string, details?: EventDetails];

/** How the attempts of a task are written into the history. */
export interface TaskEvents {
  scheduled(schedule: TaskSchedule): Recorded;
  started(): Recorded;
  /** The call returned; the state now waits for its task token. */
  submitted(output: Json): Recorded;
  succeeded(output: Json): Recorded;
  failed(failure: StateFailure): Recorded;
  timedOut(failure: StateFailure): Recorded;
}

export function taskEvents(events: TaskIntegration['events']): TaskEvents {
  return events.kind === 'function' ? functionEvents : serviceEvents({ resourceType: events.resourceType, resource: events.resource });
}

function serviceEvents(resource: { readonly resourceType: string; readonly resource: string }): TaskEvents {
  return {
    scheduled: ({ region, parameters, timeoutSeconds, heartbeatSeconds }) => [
      'TaskScheduled',
      {
        taskScheduledEventDetails: {
          ...resource,
          region,
          parameters: JSON.stringify(parameters),
          ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
          ...(heartbeatSeconds === undefined ? {} : { heartbeatInSeconds: heartbeatSeconds }),
        },
      },
    ],
    started: () => ['TaskStarted', { taskStartedEventDetails: resource }],
    submitted: (output) => ['TaskSubmitted', { taskSubmittedEventDetails: { ...resource, ...payload('output', JSON.stringify(output)) } }],
    succeeded: (output) => ['TaskSucceeded', { taskSucceededEventDetails: { ...resource, ...payload('output', JSON.stringify(output)) } }],
    failed: (failure) => ['TaskFailed', { taskFailedEventDetails: { ...resource, ...failure.details() } }],
    timedOut: (failure) => ['TaskTimedOut', { taskTimedOutEventDetails: { ...resource, ...failure.details() } }],
  };
}

const functionEvents: TaskEvents = {
  scheduled: ({ resourceArn, parameters, timeoutSeconds }) => [
    'LambdaFunctionScheduled',
    {
      lambdaFunctionScheduledEventDetails: {
        resource: resourceArn,
        ...payload('input', JSON.stringify(parameters)),
        ...(timeoutSeconds === undefined ? {} : { timeoutInSeconds: timeoutSeconds }),
      },
    },
  ],
  started: () => ['LambdaFunctionStarted'],
  submitted: (output) => functionEvents.succeeded(output),
  succeeded: (output) => ['LambdaFunctionSucceeded', { lambdaFunctionSucceededEventDetails: payload('output', JSON.stringify(output)) }],
  failed: (failure) => ['LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: failure.details() }],
  timedOut: (failure) => ['LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: failure.details() }],
};
