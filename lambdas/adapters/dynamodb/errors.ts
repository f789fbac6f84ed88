import { TaskError } from '../../domain/task-error';

/** DynamoDB's own names for "not now": nothing was written. */
const THROTTLES = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgressException',
  'ReplicatedWriteConflictException',
  'TransactionConflictException',
]);

/** Client faults that no repetition mends. */
const PERMISSIONS = new Set(['AccessDeniedException', 'UnrecognizedClientException', 'ExpiredTokenException']);

/** What a failed call says about its effect. 408 is the one 4xx whose lack of effect is not relied upon: DynamoDB stopped waiting for the request. */
export function outcomeOf(error: unknown): 'no-effect' | 'unknown' {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return status !== undefined && status >= 400 && status < 500 && status !== 408 ? 'no-effect' : 'unknown';
}

/** Names an SDK error for the workflow. `call` says what was attempted, for people. */
export function taskErrorOf(error: unknown, call: string): TaskError {
  if (error instanceof TaskError) return error;
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  const text = `${call}: ${name}: ${message}`;
  if (THROTTLES.has(name)) return new TaskError('RegistryBusy', text, { cause: error });
  if (PERMISSIONS.has(name)) return new TaskError('PermissionDenied', text, { cause: error });
  if (outcomeOf(error) === 'unknown') return new TaskError('RegistryOutcomeUnknown', text, { cause: error });
  return new TaskError('UnclassifiedServiceError', text, { cause: error });
}

/** A failed read changed nothing, so what is unknown about a write is merely busy about a read. */
export function readErrorOf(error: unknown, call: string): TaskError {
  const named = taskErrorOf(error, call);
  return named.name === 'RegistryOutcomeUnknown' ? new TaskError('RegistryBusy', named.message, { cause: error }) : named;
}
