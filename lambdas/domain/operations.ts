import type { Instant } from './instant';
import { isBefore } from './instant';
import { DONE, write, type Decision } from './ledger';
import type { ManagedKey, Note } from './managed-key';
import { TaskError } from './task-error';

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

/** A person must look before anything starts again. A first quarantine stays. */
export function quarantine(key: ManagedKey, note: Note): Decision {
  if (key.quarantine !== null) return DONE;
  return write({ ...key, quarantine: note }, { type: 'KeyQuarantined', at: note.at, by: note.by, facts: { reason: note.reason } });
}

/** A person has looked. The current window gets its attempts anew. */
export function liftQuarantine(key: ManagedKey, note: Note): Decision {
  if (key.quarantine === null) return DONE;
  const window = key.window === null ? null : { ...key.window, lastAttempt: key.window.attempt + key.policy.maxAttempts - 1 };
  const emergency = key.emergency === null ? null : { ...key.emergency, lastNumber: key.emergency.number + key.policy.maxAttempts - 1 };
  return write({ ...key, quarantine: null, window, emergency }, { type: 'QuarantineLifted', at: note.at, by: note.by, facts: { reason: note.reason, was: key.quarantine.reason } });
}
