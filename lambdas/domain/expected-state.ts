import { KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from './instant';
import { versionKey, type KeyVersion, type ManagedKey } from './managed-key';

/**
 * How the KMS key state of a version compares with its status.
 * - `as-registered`: it is what the status says.
 * - `as-intended`: it is what an open intent brings about: both sides are legal.
 * - `in-between`: a rescue, a hold, or our own last change explains it; look again later.
 * - `unreadable`: the key store is away, so nothing can be said.
 * - `unexpected`: someone else changed it.
 */
export type StateComparison = 'as-registered' | 'as-intended' | 'in-between' | 'unreadable' | 'unexpected';

/** States in which KMS says nothing about what was done to a key. @see https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
const UNREADABLE: readonly string[] = ['Unavailable', 'Updating'];

/** @param observed the KMS key state; `undefined` when KMS does not know the key */
export function compareState(key: ManagedKey, version: KeyVersion, observed: string | undefined, at: Instant): StateComparison {
  if (version.kmsKeyId === undefined) return 'as-registered';
  if (observed === undefined) return isUnseenYet(version, at) || isDeletionDue(version, at) ? 'in-between' : 'unexpected';
  if (UNREADABLE.includes(observed)) return 'unreadable';
  if (observed === stateOf(version)) return 'as-registered';
  if (observed === intendedState(key, version)) return 'as-intended';
  return statesInBetween(key, version, at).includes(observed) ? 'in-between' : 'unexpected';
}

/** The KMS key state that a status means. */
export function stateOf({ status }: KeyVersion): 'Enabled' | 'Disabled' | 'PendingDeletion' {
  switch (status) {
    case 'PENDING':
    case 'ACTIVE':
    case 'DEPRECATED':
      return 'Enabled';
    // An ABANDONED version leaves the aggregate; its key was never disabled by us.
    case 'ABANDONED':
      return 'Enabled';
    case 'DISABLED':
      return 'Disabled';
    case 'REVOKED':
    case 'DESTROYED':
      return 'PendingDeletion';
  }
}

/** The KMS key state that an open intent brings the version to. */
function intendedState({ intent }: ManagedKey, { number, status }: KeyVersion): string | undefined {
  if (intent?.version !== number) return undefined;
  if (intent.kind === 'disable' && status === 'DEPRECATED') return 'Disabled';
  return intent.kind === 'revoke' && status === 'DISABLED' ? 'PendingDeletion' : undefined;
}

function statesInBetween(key: ManagedKey, version: KeyVersion, at: Instant): readonly string[] {
  const states: string[] = [];
  const { intent } = key;
  const isRescued = key.rescues[versionKey(version.number)] !== undefined;
  if (isRescued) states.push('Enabled', 'Disabled', 'PendingDeletion');
  // A rescue took the version back before the call that was intended, which may still come.
  if (intent?.version === version.number && intent.kind === 'revoke') states.push('PendingDeletion', 'Disabled');
  if (version.status === 'PENDING') states.push('Creating');
  // A hold cancels a deletion before it says so.
  if (version.status === 'REVOKED' && key.hold !== null) states.push('Disabled');
  if (version.status === 'DISABLED' && isRecent(version.disabledAt, at)) states.push('Enabled');
  if (version.status === 'DISABLED' && isRecent(key.hold?.at, at)) states.push('PendingDeletion');
  if (version.status === 'REVOKED' && isRecent(version.revokedAt, at)) states.push('Disabled');
  if (version.status === 'DEPRECATED' && isRecent(version.rescuedAt, at)) states.push('Disabled', 'PendingDeletion');
  return states;
}

/** A stamp is its state's entered time, which may be that much older than the call, and whoever looks may be as old. */
function isRecent(stamp: Instant | undefined, at: Instant): boolean {
  return stamp !== undefined && isBefore(at, plusSeconds(stamp, KMS_CONSISTENCY_SECONDS + 2 * MAX_STATE_SECONDS));
}

/** A key of ours that is not equipped yet, or was just now, may be too new to be seen. */
function isUnseenYet({ status, equippedAt }: KeyVersion, at: Instant): boolean {
  return status === 'PENDING' && (equippedAt === undefined || isRecent(equippedAt, at));
}

/** KMS deletes up to a day after the date that it names. */
function isDeletionDue({ status, deletionAt }: KeyVersion, at: Instant): boolean {
  return status === 'REVOKED' && deletionAt !== undefined && !isBefore(at, deletionAt);
}
