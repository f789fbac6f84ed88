import type { Instant } from './instant';
import { DONE, write, type Decision } from './ledger';
import { versionKey, versionOf, withVersion, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';

/**
 * A version that was retired is needed after all: the reversible steps are taken back. It happens beside whoever owns the key, so it has intents of
 * its own; the hold that comes with it keeps every owner from retiring the version again.
 */

/** Why a version is taken back. */
export interface RescueReason {
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/**
 * Whether it is keyturn's doing that a version cannot be used: it is retired, its owner is disabling it, or a rescue of it is not finished.
 */
export function isRescuable(key: ManagedKey, { number, status }: KeyVersion): boolean {
  if (status === 'DISABLED' || status === 'REVOKED') return true;
  return status === 'DEPRECATED' && (isBeingRetired(key, number) || key.rescues[versionKey(number)] !== undefined);
}

/** The owner's call may still be under way, whatever KMS shows. */
function isBeingRetired({ intent }: ManagedKey, number: number): boolean {
  return intent?.version === number && (intent.kind === 'disable' || intent.kind === 'revoke');
}

/**
 * Versions whose scheduled deletion must not stand. A hold takes back every revocation; a freeze only the one that its owner has begun and not
 * committed: what was committed before was lawful.
 */
export function deletionsToCancel({ hold, intent, versions }: ManagedKey, isFrozen: boolean): readonly KeyVersion[] {
  return Object.values(versions).filter(({ number, status }) => {
    const isBeingRevoked = intent?.kind === 'revoke' && intent.version === number;
    return hold === null ? isFrozen && isBeingRevoked && status !== 'REVOKED' : isBeingRevoked || status === 'REVOKED';
  });
}

/**
 * Announces the rescue and holds the key, in one write. A DEPRECATED version that nobody is disabling needs none.
 * @throws {TaskError} `LedgerMismatch` for a version that is not there any more
 */
export function intendRescue(key: ManagedKey, number: number, rescue: RescueReason): Decision {
  const version = requireRescuable(key, number);
  if (!isRescuable(key, version) || key.rescues[versionKey(number)] !== undefined) return DONE;
  const next: ManagedKey = { ...key, hold: key.hold ?? rescue, rescues: { ...key.rescues, [versionKey(number)]: rescue } };
  return write(next, { type: 'RescueIntended', at: rescue.at, by: rescue.by, facts: { version: number, reason: rescue.reason } });
}

/** KMS has cancelled the deletion: the version is DISABLED again. A revoke intent stays for its owner, who finds that nothing came of it. */
export function commitCancelledDeletion(key: ManagedKey, number: number, { by, at }: RescueReason): Decision {
  const version = requireRescuable(key, number);
  if (version.status !== 'REVOKED') return DONE;
  const { revokedAt: _revokedAt, deletionAt: _deletionAt, ...kept } = version;
  return write(withVersion(key, { ...kept, status: 'DISABLED' }), { type: 'DeletionCancelled', at, by, facts: { version: number } });
}

/**
 * KMS shows the key Enabled: the version is DEPRECATED again, and its bake, once it is disabled anew, is a new one.
 * @throws {TaskError} `OwnerNotSettled` while its owner's own call may still come behind: the rescue stands until that is known
 */
export function commitRescue(key: ManagedKey, number: number, { by, at }: RescueReason): Decision {
  const version = requireRescuable(key, number);
  const { [versionKey(number)]: rescue, ...rescues } = key.rescues;
  if (rescue === undefined) return DONE;
  if (isBeingRetired(key, number)) throw new TaskError('OwnerNotSettled', `${key.name} v${number}: the ${key.intent?.kind} that its owner has begun may still take effect; the rescue is finished behind it`);
  if (version.status === 'REVOKED') throw new TaskError('LedgerMismatch', `${key.name} v${number} is REVOKED: its deletion must be cancelled before it is enabled`);
  const { disabledAt: _disabledAt, revokeNotBefore: _revokeNotBefore, watchedAt: _watchedAt, ...kept } = version;
  const next: ManagedKey = { ...withVersion(key, { ...kept, status: 'DEPRECATED', rescuedAt: at }), rescues };
  return write(next, { type: 'VersionRescued', at, by, facts: { version: number } });
}

function requireRescuable(key: ManagedKey, number: number): KeyVersion {
  const version = versionOf(key, number);
  if (version?.status !== 'DEPRECATED' && version?.status !== 'DISABLED' && version?.status !== 'REVOKED') {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} is ${version?.status ?? 'not in the registry'}: there is nothing to rescue`);
  }
  return version;
}
