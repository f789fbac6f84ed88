import { SERVICE_ERRORS, STATE_ERRORS, TASK_ERRORS, type ErrorClass } from '../contract/errors';
import { MAX_SETTLEMENTS, RETIREMENT_RETRY_SECONDS, STABILISATION_SECONDS } from '../contract/timing';
import { withDueTime } from './due-time';
import { plusSeconds, type Instant } from './instant';
import { requireOwner, withRetirementsLeft, type Holder, type Owner } from './lease';
import { DONE, write, type Decision } from './ledger';
import type { Failure, ManagedKey } from './managed-key';
import { isAbortRequested } from './operations';
import { parseRotationId, type Run } from './rotation-id';
import { compareWindows, dueAt, nextWindow } from './windows';

/** The class of an error in a state of the workflow. Total over both: what nobody has named is non-recoverable, wherever it happens. */
export function classify(state: string, error: string): ErrorClass {
  return named(named(STATE_ERRORS, state) ?? {}, error) ?? named(TASK_ERRORS, error) ?? named(SERVICE_ERRORS, error) ?? 'non-recoverable';
}

/** Names come from outside: `constructor` is none of a table's. */
function named<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What the workflow does after a failure was recorded. */
export type Response =
  /** End quietly: there is nothing to do for this execution. */
  | 'superseded'
  /** Settle, then claim again and continue. */
  | 'settle-and-resume'
  /** Settle, then abort safely. */
  | 'settle-and-abort'
  /** Settle, then wait for a person. */
  | 'settle-and-ask'
  /** The key is frozen, and nothing about it is written any more: wait for a person at once. */
  | 'ask';

/** `settlements` counts how often this execution has settled already. */
export function responseTo(errorClass: ErrorClass, settlements: number): Response {
  switch (errorClass) {
    case 'superseded':
      return 'superseded';
    case 'security-critical':
      return 'ask';
    case 'uncertain':
      return settlements < MAX_SETTLEMENTS ? 'settle-and-resume' : 'settle-and-abort';
    case 'non-recoverable':
      return 'settle-and-ask';
    case 'retry':
    case 'look-again':
    case 'recoverable':
      return 'settle-and-abort';
  }
}

/**
 * Records a failure once, however often its recording is repeated; a failure that needs a person quarantines the key in the same write. Needs no
 * lease: the stale and the superseded leave their line, too, and change nothing else.
 */
export function recordFailure(key: ManagedKey, failure: Failure): Decision {
  const last = key.lastFailure;
  if (last?.rotationId === failure.rotationId && last.state === failure.state && last.at === failure.at) return DONE;
  const needsPerson = failure.errorClass === 'non-recoverable' && key.lease?.rotationId === failure.rotationId && key.quarantine === null;
  const quarantine = needsPerson ? { by: failure.rotationId, at: failure.at, reason: `${failure.error} in ${failure.state} needs a person` } : key.quarantine;
  return write(
    { ...key, lastFailure: failure, quarantine },
    { type: 'FailureRecorded', at: failure.at, by: failure.rotationId, facts: { state: failure.state, error: failure.error, class: failure.errorClass } },
  );
}

/**
 * Gives the lease back without a revocation. A recoverable failure lets the next run start after a stabilisation delay; one that needs a person,
 * or the last attempt, quarantines the key. What an operator aborted does not start again by itself.
 */
export function abortRun(key: ManagedKey, owner: Owner, run: Run, at: Instant, failure: { error: string; errorClass: ErrorClass }): Decision {
  if (key.lease?.rotationId !== owner.rotationId) return DONE;
  requireOwner(key, owner);
  const reason = reasonForAPerson(key, owner, run, failure);
  const quarantine = key.quarantine ?? (reason === undefined ? null : { by: owner.rotationId, at, reason });
  const next = withNextRun({ ...key, lease: null, abortRequest: null, quarantine }, run, at, isAskedFor(key, owner.rotationId, failure.error));
  const facts = quarantine === null ? { error: failure.error, nextRun: run.number + 1 } : { error: failure.error, quarantined: true };
  return write(next, { type: 'RotationAborted', at, by: owner.rotationId, facts });
}

/** An operator asked for the abort, even if something else came to end the run first. */
function isAskedFor(key: ManagedKey, rotationId: string, error: string): boolean {
  return error === 'AbortRequested' || isAbortRequested(key, rotationId);
}

/** Why a person has to decide before the next run, or `undefined`. */
function reasonForAPerson(key: ManagedKey, owner: Owner, run: Run, { error, errorClass }: { error: string; errorClass: ErrorClass }): string | undefined {
  if (errorClass === 'non-recoverable' || errorClass === 'security-critical') return `${error} in ${owner.rotationId} needs a person`;
  if (!isLastAttempt(key, owner.rotationId, run, error)) return undefined;
  return `${owner.rotationId} was the last attempt that is allowed; it ended with ${error}`;
}

/** Whether no further run starts by itself once this one has aborted, because it was the last that is allowed. */
export function isLastAttempt(key: ManagedKey, rotationId: string, run: Run, error: string): boolean {
  return !isAskedFor(key, rotationId, error) && run.kind !== 'retirement' && run.number >= lastNumber(key, run);
}

/** The last number that may run without a person. Retirement runs are spaced a day apart instead of being counted. */
function lastNumber(key: ManagedKey, run: Run): number {
  if (run.kind === 'emergency') return key.emergency?.lastNumber ?? run.number;
  return (key.window?.id === run.window ? key.window.lastAttempt : undefined) ?? key.policy.maxAttempts;
}

/** A closed execution's name is burnt for 90 days: what it leaves is gone on with under the next number. */
function withNextRun(key: ManagedKey, { kind, number, window }: Run, at: Instant, isAbortRequested: boolean): ManagedKey {
  const stableAt = plusSeconds(at, STABILISATION_SECONDS);
  switch (kind) {
    case 'rotation': {
      const rotationDueAt = isAbortRequested ? dueAt(key.policy, nextWindow(key.policy, window)) : stableAt;
      const next = { ...key, window: key.window === null ? null : { ...key.window, attempt: number + 1 }, rotationDueAt };
      return withDueTime(isAbortRequested ? withRetirementsLeft(next, at) : next);
    }
    case 'emergency':
      return withDueTime({ ...key, emergency: key.emergency === null ? null : { ...key.emergency, number: number + 1, dueAt: stableAt, isDone: isAbortRequested } });
    case 'retirement':
      return withDueTime({ ...key, retirementDueAt: plusSeconds(at, RETIREMENT_RETRY_SECONDS) });
  }
}

/**
 * A closed execution left its number behind without ending its run: the starter goes on to the next, and after the last to quarantine. What is
 * past stays past. A lease that the closed execution holds, or another that has ended, is the next run's to take over.
 * @param holder what is known of the execution that holds the lease
 */
export function raiseRun(key: ManagedKey, closed: Run, at: Instant, by: string, holder?: Holder): Decision {
  if (key.quarantine !== null || !isCurrent(key, closed)) return DONE;
  const hasHolderEnded = holder !== undefined && holder.rotationId === key.lease?.rotationId && holder.closedAt !== null;
  if (key.lease !== null && !hasHolderEnded && !isRunOf(key.lease.rotationId, closed)) return DONE;
  const facts = { window: closed.window, run: closed.number + 1 };
  if (closed.kind !== 'retirement' && closed.number >= lastNumber(key, closed)) {
    const reason = `${closed.kind} ${closed.number} of ${closed.window} was the last attempt that is allowed and ended without completing`;
    return write({ ...withRaised(key, closed), quarantine: { by, at, reason } }, { type: 'AttemptsUsedUp', at, by, facts });
  }
  return write(withRaised(key, closed), { type: 'RunRaised', at, by, facts });
}

function isRunOf(id: string, { kind, window, number }: Run): boolean {
  const parts = parseRotationId(id);
  return parts?.kind === kind && parts.window === window && parts.number === number;
}

/** Whether it is the run that would be started next, or was started last. */
function isCurrent(key: ManagedKey, { kind, window, number }: Run): boolean {
  switch (kind) {
    case 'rotation': {
      if ([key.window?.id, key.completedWindow].some((known) => known != null && compareWindows(window, known) < 0) || key.completedWindow === window) return false;
      return (key.window?.id === window ? key.window.attempt : 1) === number;
    }
    case 'emergency':
      return key.emergency !== null && !key.emergency.isDone && key.emergency.number === number;
    case 'retirement':
      return key.retirementPending.length > 0 && key.retirementRuns + 1 === number;
  }
}

function withRaised(key: ManagedKey, { kind, window, number }: Run): ManagedKey {
  switch (kind) {
    case 'rotation':
      return { ...key, window: { ...(key.window?.id === window ? key.window : {}), id: window, attempt: number + 1 } };
    case 'emergency':
      return { ...key, emergency: key.emergency === null ? null : { ...key.emergency, number: number + 1 } };
    case 'retirement':
      return { ...key, retirementRuns: number };
  }
}
