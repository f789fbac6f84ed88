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
 * Announces the rescue and holds the key, in one write. A DEPRECATED version needs none.
 * @throws {TaskError} `LedgerMismatch` for a version that is not there any more
 */
export function intendRescue(key: ManagedKey, number: number, rescue: RescueReason): Decision {
  const version = requireRescuable(key, number);
  if (version.status === 'DEPRECATED' || key.rescues[versionKey(number)] !== undefined) return DONE;
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

/** KMS shows the key Enabled: the version is DEPRECATED again, and its bake, once it is disabled anew, is a new one. */
export function commitRescue(key: ManagedKey, number: number, { by, at }: RescueReason): Decision {
  const version = requireRescuable(key, number);
  const { [versionKey(number)]: rescue, ...rescues } = key.rescues;
  if (rescue === undefined) return DONE;
  if (version.status === 'REVOKED') throw new TaskError('LedgerMismatch', `${key.name} v${number} is REVOKED: its deletion must be cancelled before it is enabled`);
  const { disabledAt: _disabledAt, revokeNotBefore: _revokeNotBefore, ...kept } = version;
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
