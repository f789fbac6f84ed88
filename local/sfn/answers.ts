import type { Execution } from '../asl/execution';
import type { HistoryEvent } from '../asl/history';
import type { Json } from '../../lambdas/domain/trace';

/** Members that EventBridge drops from an event when they are larger. */
const MAX_EVENT_DATA_BYTES = 248 * 1024;

/** An event for the default bus. Delivery is best effort on AWS. */
export interface ExecutionStatusChange {
  readonly source: 'aws.states';
  readonly detailType: 'Step Functions Execution Status Change';
  readonly resources: readonly string[];
  readonly detail: { readonly [key: string]: Json };
}

/** @param whyNotRedrivable `undefined` when it can be redriven */
export function describeExecution(execution: Execution, whyNotRedrivable: string | undefined): Record<string, Json> {
  const { outputText } = execution;
  return {
    ...summary(execution),
    input: execution.inputText,
    inputDetails: { included: true },
    ...(outputText === undefined ? {} : { output: outputText, outputDetails: { included: true } }),
    ...(execution.error === undefined ? {} : { error: execution.error }),
    ...(execution.cause === undefined ? {} : { cause: execution.cause }),
    ...redriveState(whyNotRedrivable),
  };
}

/** As ListExecutions shows it. */
export function summary(execution: Execution): Record<string, Json> {
  return {
    executionArn: execution.arn,
    stateMachineArn: execution.machineArn,
    name: execution.name,
    status: execution.status,
    startDate: execution.startedAtMs / 1000,
    ...(execution.endedAtMs === undefined ? {} : { stopDate: execution.endedAtMs / 1000 }),
    redriveCount: execution.redriveCount,
    ...(execution.redrivenAtMs === undefined ? {} : { redriveDate: execution.redrivenAtMs / 1000 }),
  };
}

/** @see https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
export function statusChange(execution: Execution, whyNotRedrivable: string | undefined): ExecutionStatusChange {
  return {
    source: 'aws.states',
    detailType: 'Step Functions Execution Status Change',
    resources: [execution.arn],
    detail: {
      executionArn: execution.arn,
      stateMachineArn: execution.machineArn,
      name: execution.name,
      status: execution.status,
      startDate: execution.startedAtMs,
      stopDate: execution.endedAtMs ?? null,
      ...eventData('input', execution.inputText),
      ...eventData('output', execution.outputText ?? null),
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: execution.redriveCount,
      redriveDate: execution.redrivenAtMs ?? null,
      redriveStatusReason: null,
      ...redriveState(whyNotRedrivable),
      error: execution.error ?? null,
      cause: execution.cause ?? null,
    },
  };
}

/** An event without inputs and outputs, as for `includeExecutionData: false`. */
export function withoutData(event: HistoryEvent): Json {
  return Object.fromEntries(Object.entries(event).map(([key, value]) => [key, key.endsWith('EventDetails') ? withoutMembers(value) : value]));
}

const DATA_MEMBERS = new Set(['input', 'inputDetails', 'output', 'outputDetails', 'assignedVariables', 'assignedVariablesDetails', 'parameters']);

function withoutMembers(details: Json): Json {
  if (typeof details !== 'object' || details === null) return details;
  return Object.fromEntries(Object.entries(details).filter(([key]) => !DATA_MEMBERS.has(key)));
}

function eventData(name: 'input' | 'output', text: string | null): Record<string, Json> {
  if (text === null) return { [name]: null, [`${name}Details`]: null };
  const isIncluded = Buffer.byteLength(text) <= MAX_EVENT_DATA_BYTES;
  return { [name]: isIncluded ? text : null, [`${name}Details`]: { included: isIncluded } };
}

function redriveState(whyNotRedrivable: string | undefined): Record<string, Json> {
  return whyNotRedrivable === undefined ? { redriveStatus: 'REDRIVABLE' } : { redriveStatus: 'NOT_REDRIVABLE', redriveStatusReason: whyNotRedrivable };
}
