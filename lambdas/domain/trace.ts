/**
 * The trace: every effect that was *applied* by an emulated service, in one order. The checker reads nothing else.
 * A real account's CloudTrail export and registry can be translated into the same events.
 */

/** A JSON value, as registry items and messages hold them. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface Base {
  /** Position in the trace, from 0. */
  readonly seq: number;
  /** Virtual time, ms since the epoch. */
  readonly atMs: number;
  /** ARN of the principal whose call (or service whose timer) had the effect. */
  readonly actor: string;
  /** Trace header of the Lambda invocation behind it, which ties a call to the invocation and its execution. */
  readonly traceId?: string;
}

/** A KMS key came into being. `creationDateMs` equals `atMs` unless the call was applied late. */
export interface KmsKeyCreated extends Base {
  readonly type: 'kms.key-created';
  readonly keyId: string;
  readonly keyArn: string;
  readonly spec: string;
  readonly usage: string;
  readonly origin: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A KMS key state changed; `to: 'Deleted'` is the end of the key. */
export interface KmsKeyStateChanged extends Base {
  readonly type: 'kms.key-state-changed';
  readonly keyId: string;
  readonly from: string;
  readonly to: string;
  /** When the key will be deleted, for `to: 'PendingDeletion'`. */
  readonly deletionAtMs?: number;
}

/** An alias was created (`from: null`), moved, or deleted (`to: null`). Also emitted when it was moved to the key it had. */
export interface KmsAliasChanged extends Base {
  readonly type: 'kms.alias-changed';
  /** With its prefix: `alias/orders`. */
  readonly alias: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** A cryptographic operation was answered. */
export interface KmsKeyUsed extends Base {
  readonly type: 'kms.key-used';
  readonly operation: string;
  /** The key that KMS resolved, or `null` if none was found. */
  readonly keyId: string | null;
  /** The alias by which it was addressed, or `null`. */
  readonly alias: string | null;
  /** Name of the error, or `null` for success. */
  readonly error: string | null;
}

/** A DynamoDB item changed. Items are plain JSON (unmarshalled). A transaction emits one event per item, same `transactionId`. */
export interface RegistryItemWritten extends Base {
  readonly type: 'dynamodb.item-written';
  readonly table: string;
  readonly pk: string;
  readonly sk: string;
  readonly before: { readonly [key: string]: Json } | null;
  readonly after: { readonly [key: string]: Json } | null;
  readonly transactionId?: string;
}

export interface ExecutionStarted extends Base {
  readonly type: 'states.execution-started';
  readonly execution: string;
  readonly input: Json;
}

export interface ExecutionEnded extends Base {
  readonly type: 'states.execution-ended';
  readonly execution: string;
  /** SUCCEEDED, FAILED, TIMED_OUT or ABORTED. */
  readonly status: string;
  readonly output: Json;
  readonly error?: string;
  readonly cause?: string;
}

/** An execution that had ended without success goes on from where it failed. */
export interface ExecutionRedriven extends Base {
  readonly type: 'states.execution-redriven';
  readonly execution: string;
  /** From 1. */
  readonly redriveCount: number;
}

export interface StateEntered extends Base {
  readonly type: 'states.state-entered';
  readonly execution: string;
  readonly state: string;
}

/** A billed transition, including each retry. */
export interface StateExited extends Base {
  readonly type: 'states.state-exited';
  readonly execution: string;
  readonly state: string;
  /** The next state, or `null` at an end. */
  readonly next: string | null;
}

export interface TaskRetried extends Base {
  readonly type: 'states.task-retried';
  readonly execution: string;
  readonly state: string;
  readonly error: string;
  readonly delaySeconds: number;
}

export interface FunctionInvoked extends Base {
  readonly type: 'lambda.invoked';
  readonly function: string;
  /** Rotation id (execution name) behind the invocation, if a state machine made it. */
  readonly execution: string | null;
  /** Name of the error it ended with, or `null`. Emitted when it ends. */
  readonly error: string | null;
}

/** An event that a function failed to handle at every try was put into the dead-letter queue. */
export interface DeadLetterSent extends Base {
  readonly type: 'lambda.dead-letter-sent';
  readonly function: string;
  /** JSON of the event. */
  readonly payload: string;
  /** Name of the error of the last try. */
  readonly error: string;
}

/** One SDK call was answered (any service): the raw material of budgets and of the cost table. */
export interface SdkCall extends Base {
  readonly type: 'sdk.call';
  readonly service: string;
  readonly operation: string;
  readonly error: string | null;
}

export interface MessagePublished extends Base {
  readonly type: 'sns.published';
  readonly topic: string;
  readonly subject: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface EventPut extends Base {
  readonly type: 'events.event-put';
  readonly source: string;
  readonly detailType: string;
  readonly detail: Json;
}

export type TraceEvent =
  | KmsKeyCreated
  | KmsKeyStateChanged
  | KmsAliasChanged
  | KmsKeyUsed
  | RegistryItemWritten
  | ExecutionStarted
  | ExecutionEnded
  | ExecutionRedriven
  | StateEntered
  | StateExited
  | TaskRetried
  | FunctionInvoked
  | DeadLetterSent
  | SdkCall
  | MessagePublished
  | EventPut;
