import { NO_EFFECT_SERVICE_ERRORS, TASK_ERRORS, UNCERTAIN_SERVICE_ERRORS, type ErrorClass, type TaskErrorName } from '../contract/errors';
import { MAX_SETTLEMENTS, STABILISATION_SECONDS } from '../contract/timing';
import { plusSeconds, type Instant } from './instant';
import { requireOwner, type Owner } from './lease';
import { DONE, write, type Decision } from './ledger';
import type { Failure, ManagedKey } from './managed-key';
import { compareWindows } from './windows';

/** The class of an error name as the workflow sees it. Total: an unknown name is non-recoverable. */
export function classify(error: string): ErrorClass {
  if (isTaskError(error)) return TASK_ERRORS[error];
  if ((UNCERTAIN_SERVICE_ERRORS as readonly string[]).includes(error)) return 'uncertain';
  if ((NO_EFFECT_SERVICE_ERRORS as readonly string[]).includes(error)) return 'retry';
  return 'non-recoverable';
}

function isTaskError(name: string): name is TaskErrorName {
  return Object.hasOwn(TASK_ERRORS, name);
}

/** What the workflow does after a failure was recorded. */
export type Response =
  /** End quietly: there is nothing to do for this execution. */
  | 'superseded'
  /** End loudly, with everything left as it stands. */
  | 'frozen'
  /** Settle, then claim again and continue. */
  | 'settle-and-resume'
  /** Settle, then abort safely. */
  | 'settle-and-abort';

/** `settlements` counts how often this execution has settled already. */
export function responseTo(errorClass: ErrorClass, settlements: number): Response {
  switch (errorClass) {
    case 'superseded':
      return 'superseded';
    case 'security-critical':
      return 'frozen';
    case 'uncertain':
      return settlements < MAX_SETTLEMENTS ? 'settle-and-resume' : 'settle-and-abort';
    case 'retry':
    case 'look-again':
    case 'recoverable':
    case 'non-recoverable':
      return 'settle-and-abort';
  }
}

/** Records a failure once, however often its recording is repeated. Needs no lease: the stale and the superseded leave their line, too. */
export function recordFailure(key: ManagedKey, failure: Failure): Decision {
  const last = key.lastFailure;
  if (last?.rotationId === failure.rotationId && last.state === failure.state && last.at === failure.at) return DONE;
  return write(
    { ...key, lastFailure: failure },
    { type: 'FailureRecorded', at: failure.at, by: failure.rotationId, facts: { state: failure.state, error: failure.error, class: failure.errorClass } },
  );
}

/**
 * Gives the lease back without a revocation. A recoverable failure schedules the window's next attempt after a
 * stabilisation delay; a non-recoverable one, or the last attempt, puts the key into quarantine until a person decides.
 */
export function abortRotation(key: ManagedKey, owner: Owner, at: Instant, failure: { error: string; errorClass: ErrorClass }): Decision {
  if (key.lease?.rotationId !== owner.rotationId) return DONE;
  requireOwner(key, owner);
  const attempt = key.window?.attempt ?? 1;
  const note = { type: 'RotationAborted' as const, at, by: owner.rotationId };
  const aborted: ManagedKey = { ...key, lease: null };
  const reason =
    failure.errorClass === 'non-recoverable' || failure.errorClass === 'security-critical'
      ? `${failure.error} in ${owner.rotationId} needs a person`
      : attempt >= key.policy.maxAttempts
        ? `${owner.rotationId} was the last of ${key.policy.maxAttempts} attempts; it ended with ${failure.error}`
        : undefined;
  if (reason !== undefined) {
    return write({ ...aborted, quarantine: { by: owner.rotationId, at, reason } }, { ...note, facts: { error: failure.error, quarantined: true } });
  }
  const next: ManagedKey = {
    ...aborted,
    window: key.window === null ? null : { ...key.window, attempt: attempt + 1 },
    dueAt: plusSeconds(at, STABILISATION_SECONDS),
  };
  return write(next, { ...note, facts: { error: failure.error, nextAttempt: attempt + 1 } });
}

/**
 * A closed execution left its attempt behind without the lease: the starter goes on to the next, and after the last to
 * quarantine. A window that is past stays past.
 */
export function raiseAttempt(key: ManagedKey, window: string, closedAttempt: number, at: Instant, by: string): Decision {
  const current = key.window?.id === window ? key.window.attempt : 1;
  if ([key.window?.id, key.completedWindow].some((known) => known != null && compareWindows(window, known) < 0) || key.completedWindow === window) return DONE;
  if (key.lease !== null || key.quarantine !== null || current !== closedAttempt) return DONE;
  if (closedAttempt >= key.policy.maxAttempts) {
    const reason = `attempt ${closedAttempt} of ${window} was the last of ${key.policy.maxAttempts} and ended before it owned the key`;
    return write({ ...key, quarantine: { by, at, reason } }, { type: 'AttemptsUsedUp', at, by, facts: { window, attempt: closedAttempt } });
  }
  return write({ ...key, window: { id: window, attempt: closedAttempt + 1 } }, { type: 'AttemptRaised', at, by, facts: { window, attempt: closedAttempt + 1 } });
}
