import type { TaskErrorName } from '../../contract/errors';
import { TaskError } from '../../domain/task-error';
import { causeOf, statusOf, wordsOf } from '../sdk-error';

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
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 ? 'no-effect' : 'unknown';
}

/** Names an SDK error for the workflow. `call` says what was attempted, for people. */
export function taskErrorOf(error: unknown, call: string): TaskError {
  if (error instanceof TaskError) return error;
  return new TaskError(nameOf(error), `${call}: ${wordsOf(error)}`, causeOf(error));
}

function nameOf(error: unknown): TaskErrorName {
  const name = error instanceof Error ? error.name : '';
  if (THROTTLES.has(name)) return 'RegistryBusy';
  if (PERMISSIONS.has(name)) return 'PermissionDenied';
  return outcomeOf(error) === 'unknown' ? 'RegistryOutcomeUnknown' : 'UnclassifiedServiceError';
}

/** A failed read changed nothing, so what is unknown about a write is merely busy about a read. */
export function readErrorOf(error: unknown, call: string): TaskError {
  const named = taskErrorOf(error, call);
  return named.name === 'RegistryOutcomeUnknown' ? new TaskError('RegistryBusy', named.message, causeOf(error)) : named;
}
