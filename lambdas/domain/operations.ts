import { withDueTime } from './due-time';
import { earliest, isBefore, type Instant } from './instant';
import { DONE, write, type Decision } from './ledger';
import type { ManagedKey, Note } from './managed-key';
import { isEmergencyWaiting } from './retirement';
import { TaskError } from './task-error';
import { compareWindows } from './windows';

/** What people and `reconcile` do to a key from outside its rotation. None of it touches KMS. */

/** Forbids every revocation and every retirement step until it is released. A first hold stays: whoever set it knows why. */
export function setHold(key: ManagedKey, note: Note): Decision {
  if (key.hold !== null) return DONE;
  return write({ ...key, hold: note }, { type: 'HoldSet', at: note.at, by: note.by, facts: { reason: note.reason } });
}

export function releaseHold(key: ManagedKey, note: Note): Decision {
  if (key.hold === null) return DONE;
  return write({ ...key, hold: null }, { type: 'HoldReleased', at: note.at, by: note.by, facts: { reason: note.reason, heldBy: key.hold.by } });
}

/** Keeps new rotations from starting until a time. Whatever runs goes on. @throws {TaskError} `RotationNotAllowed` for a time that is past */
export function setPause(key: ManagedKey, note: Note, until: Instant): Decision {
  if (!isBefore(note.at, until)) throw new TaskError('RotationNotAllowed', `${key.name}: a pause ends in the future; ${until} is not after ${note.at}`);
  if (key.pause?.until === until && key.pause.by === note.by) return DONE;
  return write({ ...key, pause: { ...note, until } }, { type: 'PauseSet', at: note.at, by: note.by, facts: { until, reason: note.reason } });
}

export function endPause(key: ManagedKey, note: Note): Decision {
  if (key.pause === null) return DONE;
  return write({ ...key, pause: null }, { type: 'PauseEnded', at: note.at, by: note.by, facts: { reason: note.reason } });
}

/** Asks the owner to abort at its next step. @throws {TaskError} `RotationNotAllowed` when nobody owns the key */
export function requestAbort(key: ManagedKey, note: Note): Decision {
  if (key.lease === null) throw new TaskError('RotationNotAllowed', `${key.name}: nothing to abort: no execution owns the key`);
  const { rotationId } = key.lease;
  if (key.abortRequest?.rotationId === rotationId) return DONE;
  return write({ ...key, abortRequest: { ...note, rotationId } }, { type: 'AbortRequested', at: note.at, by: note.by, facts: { rotationId, reason: note.reason } });
}

/** Whether an operator has asked this owner to abort. */
export function isAbortRequested({ abortRequest }: ManagedKey, rotationId: string): boolean {
  return abortRequest?.rotationId === rotationId;
}

/** The owner's next step is not made. @throws {TaskError} `AbortRequested` */
export function refuseAbortRequested(key: ManagedKey, rotationId: string): void {
  if (!isAbortRequested(key, rotationId)) return;
  throw new TaskError('AbortRequested', `${key.name}: ${key.abortRequest?.by} asked ${rotationId} to abort at ${key.abortRequest?.at}: ${key.abortRequest?.reason}`);
}

/** A person must look before anything starts again. A first quarantine stays. */
export function quarantine(key: ManagedKey, note: Note): Decision {
  if (key.quarantine !== null) return DONE;
  return write({ ...key, quarantine: note }, { type: 'KeyQuarantined', at: note.at, by: note.by, facts: { reason: note.reason } });
}

/**
 * An owner ended from outside and still holds the lease: nothing starts before a person has looked. An approved emergency, which is what a person wants,
 * takes the lease over without another look. The same end is quarantined once: whoever lifted that has looked at it. One that was redriven since, and
 * ended again, has a later end.
 * @param note its time is that of the end
 */
export function quarantineForDeadOwner(key: ManagedKey, rotationId: string, note: Note): Decision {
  if (key.lease?.rotationId !== rotationId || isEmergencyWaiting(key) || isKnownEnd(key, rotationId, note.at)) return DONE;
  const endedOwner = { rotationId, at: note.at };
  return write({ ...key, quarantine: key.quarantine ?? note, endedOwner }, { type: 'KeyQuarantined', at: note.at, by: note.by, facts: { reason: note.reason } });
}

/**
 * The same end, of a frozen key's owner: the freeze keeps everything from starting already, and whoever consents to a repair has heard of it. A repair that
 * is under way was consented to before: then the key is quarantined, too, and stands still after the repair until a person has looked.
 */
export function noteDeadOwner(key: ManagedKey, rotationId: string, note: Note): Decision {
  if (key.repair !== null) return quarantineForDeadOwner(key, rotationId, note);
  if (key.lease?.rotationId !== rotationId || isKnownEnd(key, rotationId, note.at)) return DONE;
  return write({ ...key, endedOwner: { rotationId, at: note.at } }, { type: 'OwnerEnded', at: note.at, by: note.by, facts: { reason: note.reason } });
}

/**
 * A person has looked: the current window gets its attempts anew, and is due at once if its owner has died. A window whose owner goes on by itself, by a
 * person's consent, stays that owner's.
 * @param dueAt `undefined` while the owner goes on by itself
 */
export function withNewAttempts(key: ManagedKey, dueAt: Instant | undefined): ManagedKey {
  const window = key.window === null ? null : { ...key.window, lastAttempt: key.window.attempt + key.policy.maxAttempts - 1 };
  const emergency = key.emergency === null ? null : { ...key.emergency, lastNumber: key.emergency.number + key.policy.maxAttempts - 1 };
  const isUnfinished = key.window !== null && (key.completedWindow === null || compareWindows(key.completedWindow, key.window.id) < 0);
  const rotationDueAt = dueAt === undefined || !isUnfinished ? key.rotationDueAt : earliest(key.rotationDueAt, dueAt);
  return withDueTime({ ...key, window, emergency, rotationDueAt });
}

/** Whether people were told of this end of an owner. */
export function isKnownEnd({ endedOwner }: ManagedKey, rotationId: string, at: Instant): boolean {
  return endedOwner?.rotationId === rotationId && !isBefore(endedOwner.at, at);
}

/** A person has looked: the key may go on, unless its owner goes on by itself. */
export function liftQuarantine(key: ManagedKey, note: Note): Decision {
  if (key.quarantine === null) return DONE;
  const isOwnersOwn = key.lease === null || key.lease.rotationId === note.by;
  const next = withNewAttempts({ ...key, quarantine: null }, isOwnersOwn ? undefined : note.at);
  return write(next, { type: 'QuarantineLifted', at: note.at, by: note.by, facts: { reason: note.reason, was: key.quarantine.reason } });
}
