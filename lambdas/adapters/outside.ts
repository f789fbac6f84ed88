import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  type DescribeExecutionCommandOutput,
} from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { TaskErrorName } from '../contract/errors';
import { EVENTS } from '../contract/names';
import type { Instant } from '../domain/instant';
import { canonicalJson } from '../domain/ledger';
import { TaskError } from '../domain/task-error';
import type { TaskToken } from '../ports/acknowledgements';
import type { Alert } from '../domain/alert';
import type { Note } from '../domain/managed-key';
import { repairId } from '../domain/repair-steps';
import { causeOf, statusOf, wordsOf } from './sdk-error';
import type { Alerts, Callbacks, EventBus, Executions, ProbeAnswer, Probes, Repairs, Rescuer } from '../ports/outside';

/** Errors of `SendTaskSuccess` that say that nobody waits any more. */
const NOBODY_WAITS = new Set(['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

export class StepFunctionsCallbacks implements Callbacks {
  constructor(private readonly client: SFNClient) {}

  async wake(taskToken: TaskToken): Promise<void> {
    try {
      await this.client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    } catch (error) {
      if (error instanceof Error && NOBODY_WAITS.has(error.name)) return;
      throw serviceError(error, 'wake the waiting state');
    }
  }
}

export class StepFunctionsExecutions implements Executions {
  constructor(
    private readonly client: SFNClient,
    private readonly stateMachineArn: string,
  ) {}

  async start(name: string, input: Readonly<Record<string, unknown>>): Promise<'started' | 'exists'> {
    try {
      // Idempotent by name while it runs, but only for the same bytes: hence canonical JSON.
      await this.client.send(new StartExecutionCommand({ stateMachineArn: this.stateMachineArn, name, input: canonicalJson(input) }));
      return 'started';
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionAlreadyExists') return 'exists';
      throw serviceError(error, `start execution ${name}`);
    }
  }

  async status(name: string): Promise<'RUNNING' | 'CLOSED' | undefined> {
    const { status } = await this.describe(this.arnOf(name));
    if (status === undefined) return undefined;
    return status === 'RUNNING' || status === 'PENDING_REDRIVE' ? 'RUNNING' : 'CLOSED';
  }

  async closedAt(executionArn: string): Promise<Instant | null | undefined> {
    const { status, stopDate } = await this.describe(executionArn);
    if (status === undefined) return undefined;
    return status === 'RUNNING' || status === 'PENDING_REDRIVE' || stopDate === undefined ? null : stopDate.toISOString();
  }

  async stop(executionArn: string, cause: string): Promise<'stopped' | 'not-found'> {
    try {
      await this.client.send(new StopExecutionCommand({ executionArn, error: 'Stopped', cause }));
      return 'stopped';
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return 'not-found';
      throw serviceError(error, `stop execution ${executionArn}`);
    }
  }

  private async describe(executionArn: string): Promise<Partial<Pick<DescribeExecutionCommandOutput, 'status' | 'stopDate'>>> {
    try {
      return await this.client.send(new DescribeExecutionCommand({ executionArn }));
    } catch (error) {
      if (error instanceof Error && error.name === 'ExecutionDoesNotExist') return {};
      throw serviceError(error, `describe execution ${executionArn}`);
    }
  }

  private arnOf(name: string): string {
    return `${this.stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
  }
}

/** Repairs run in a machine of their own: one execution per approval, whose name nobody can use twice. */
export class StepFunctionsRepairs implements Repairs {
  private readonly executions: StepFunctionsExecutions;

  constructor(client: SFNClient, stateMachineArn: string) {
    this.executions = new StepFunctionsExecutions(client, stateMachineArn);
  }

  async start(approvalId: string, key: string): Promise<void> {
    await this.executions.start(repairId(approvalId), { key, approval: approvalId });
  }
}

/** Invokes `rescue-version`, and waits for its answer: a hold must know that the deletion is cancelled. */
export class LambdaRescuer implements Rescuer {
  constructor(
    private readonly client: LambdaClient,
    private readonly functionArn: string,
  ) {}

  async cancelDeletions(key: string, { by, at, reason }: Note): Promise<boolean> {
    const answer = await this.invoke(`cancel the scheduled deletions of ${key}`, { action: 'cancel-deletions', key, by, at, reason });
    return (JSON.parse(answer) as { outcome?: unknown }).outcome === 'deletions-cancelled';
  }

  async finishRescues(key: string): Promise<void> {
    await this.invoke(`finish the rescues of ${key}`, { action: 'finish-rescues', key });
  }

  private async invoke(call: string, payload: Readonly<Record<string, unknown>>): Promise<string> {
    try {
      const { FunctionError: failed, Payload: answer } = await this.client.send(
        new InvokeCommand({ FunctionName: this.functionArn, InvocationType: 'RequestResponse', Payload: new TextEncoder().encode(JSON.stringify(payload)) }),
      );
      if (failed !== undefined) throw new TaskError('Throttled', `${call}: ${new TextDecoder().decode(answer)}. Try again`);
      return new TextDecoder().decode(answer);
    } catch (error) {
      throw serviceError(error, call);
    }
  }
}

export class EventBridgeBus implements EventBus {
  constructor(private readonly client: EventBridgeClient) {}

  async publish(detailType: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      const entry = { Source: EVENTS.source, DetailType: detailType, Detail: JSON.stringify(detail) };
      const { FailedEntryCount: failed, Entries: entries } = await this.client.send(new PutEventsCommand({ Entries: [entry] }));
      if ((failed ?? 0) > 0) throw new TaskError('Throttled', `the event bus did not take "${detailType}": ${entries?.[0]?.ErrorCode ?? 'no reason given'}`);
    } catch (error) {
      throw serviceError(error, `publish "${detailType}"`);
    }
  }
}

export class SnsAlerts implements Alerts {
  constructor(
    private readonly client: SNSClient,
    private readonly topicArn: string,
  ) {}

  async publish({ subject, message, attributes }: Alert): Promise<void> {
    const messageAttributes = Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }] as const);
    try {
      await this.client.send(
        new PublishCommand({ TopicArn: this.topicArn, Subject: subject, Message: message, MessageAttributes: Object.fromEntries(messageAttributes) }),
      );
    } catch (error) {
      throw serviceError(error, 'publish the alert');
    }
  }
}

export class LambdaProbes implements Probes {
  constructor(private readonly client: LambdaClient) {}

  async ask(functionArn: string, question: Readonly<Record<string, unknown>>): Promise<ProbeAnswer> {
    try {
      const { FunctionError: failed, Payload: payload } = await this.client.send(
        new InvokeCommand({ FunctionName: functionArn, Payload: new TextEncoder().encode(JSON.stringify(question)) }),
      );
      const answer: unknown = JSON.parse(new TextDecoder().decode(payload));
      if (failed !== undefined) return { verdict: 'no', version: 0, reason: `the probe failed: ${failed}` };
      return toProbeAnswer(answer);
    } catch (error) {
      throw serviceError(error, `ask probe ${functionArn}`);
    }
  }
}

/** Whatever is not a clear yes is a no. */
function toProbeAnswer(answer: unknown): ProbeAnswer {
  const { verdict, version, reason } = (answer ?? {}) as { verdict?: unknown; version?: unknown; reason?: unknown };
  if ((verdict !== 'yes' && verdict !== 'no') || typeof version !== 'number') {
    return { verdict: 'no', version: 0, reason: 'the probe must answer {"verdict": "yes" | "no", "version": <number>}' };
  }
  return { verdict, version, ...(typeof reason === 'string' ? { reason } : {}) };
}

/** These calls may be repeated without harm, so whatever is not a refusal is worth another try. */
function serviceError(error: unknown, call: string): TaskError {
  return error instanceof TaskError ? error : new TaskError(taskErrorNameOf(error), `${call}: ${wordsOf(error)}`, causeOf(error));
}

function taskErrorNameOf(error: unknown): TaskErrorName {
  const name = error instanceof Error ? error.name : '';
  const status = statusOf(error);
  if (/AccessDenied|AuthorizationError|NotAuthorized/.test(name)) return 'PermissionDenied';
  const isRefusal = status !== undefined && status < 500 && status !== 408 && status !== 429;
  return isRefusal && !/Throttl|LimitExceeded|TooManyRequests/.test(name) ? 'UnclassifiedServiceError' : 'Throttled';
}
