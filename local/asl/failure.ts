import type { Json } from '../../lambdas/domain/trace';
import { MAX_JSON_DEPTH } from '../kernel/client-json';
import { firstCharacters } from './characters';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH } from './limits';

/**
 * Error names that the interpreter itself raises.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export const STATES_ERRORS = {
  all: 'States.ALL',
  taskFailed: 'States.TaskFailed',
  timeout: 'States.Timeout',
  heartbeatTimeout: 'States.HeartbeatTimeout',
  dataLimitExceeded: 'States.DataLimitExceeded',
  runtime: 'States.Runtime',
  queryEvaluation: 'States.QueryEvaluationError',
} as const;

/** A state failed in the way that the definition may retry or catch. Anything else that is thrown is a bug of ours. */
export class StateFailure extends Error {
  /** What `ErrorEquals` is compared with; a Fail state may end without one. */
  readonly error: string | undefined;
  override readonly cause: string | undefined;

  /**
   * An error or a cause that is longer than an event can carry is cut off.
   * @param alsoKnownAs other names by which this failure may be retried or caught
   */
  constructor(error: string | undefined, cause?: string, private readonly alsoKnownAs: readonly string[] = []) {
    super(`${error ?? 'no error name'}: ${cause ?? 'no cause'}`);
    this.name = 'StateFailure';
    this.error = error === undefined ? undefined : firstCharacters(error, MAX_ERROR_LENGTH);
    this.cause = cause === undefined ? undefined : firstCharacters(cause, MAX_CAUSE_LENGTH);
  }

  /** Nothing handles it: it ends the execution from wherever it stands, and the states around it leave no event of their own. */
  get isTerminal(): boolean {
    return this.error === STATES_ERRORS.runtime;
  }

  /**
   * Whether a retrier or catcher with these names handles this failure. `States.Runtime` is never handled,
   * `States.DataLimitExceeded` only by its own name, and `States.TaskFailed` stands for all but the time-outs.
   */
  matches(errorEquals: readonly string[]): boolean {
    if (this.isTerminal) return false;
    return errorEquals.some((name) => {
      if (name === this.error || this.alsoKnownAs.includes(name)) return true;
      if (this.error === STATES_ERRORS.dataLimitExceeded) return false;
      if (name === STATES_ERRORS.taskFailed) return this.error !== STATES_ERRORS.timeout;
      return name === STATES_ERRORS.all;
    });
  }

  /** `$states.errorOutput` of a catcher. */
  errorOutput(): Json {
    return { ...optional('Error', this.error), ...optional('Cause', this.cause) };
  }

  /** `error` and `cause` as history events and API answers carry them: absent when there is none. */
  details(): { readonly error?: string; readonly cause?: string } {
    return { ...optional('error', this.error), ...optional('cause', this.cause) };
  }
}

/** The task's own time-out. AWS gives it no cause. */
export function taskTimedOut(): StateFailure {
  return new StateFailure(STATES_ERRORS.timeout);
}

/** AWS records a missed heartbeat as `States.Timeout`, and documents that `States.HeartbeatTimeout` catches it. */
export function heartbeatMissed(): StateFailure {
  return new StateFailure(STATES_ERRORS.timeout, undefined, [STATES_ERRORS.heartbeatTimeout]);
}

/** @param stateOrTask the state's name; for a result, the function's ARN or the service */
export function dataLimitExceeded(stateOrTask: string): StateFailure {
  const cause = `The state/task '${stateOrTask}' returned a result with a size exceeding the maximum number of bytes service limit.`;
  return new StateFailure(STATES_ERRORS.dataLimitExceeded, cause);
}

/** Not documented by AWS: no data may be nested so deeply that it cannot be read back. Nothing handles it. */
export function nestedTooDeeply(stateName: string): StateFailure {
  return new StateFailure(STATES_ERRORS.runtime, `The data of the state '${stateName}' is nested deeper than ${MAX_JSON_DEPTH} levels.`);
}

/** What may be thrown is anything; promises and timelines want errors. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  // The computed key is the only member, so the mapped type is what this builds.
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: string });
}
