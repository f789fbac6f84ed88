import { OVERDUE_GRACE_SECONDS, RETIREMENT_PENDING_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from './instant';
import { retirementsLeft } from './lease';
import { activeVersion, versionOf, type KeyVersion, type ManagedKey } from './managed-key';

/**
 * When a key becomes overdue: once its ACTIVE version is older than the period by the spread of starts, what dependents may take, and a day. Age
 * counts whether or not somebody paused or held the key.
 * @returns `undefined` for a key that left the configuration
 */
export function overdueAt(key: ManagedKey): Instant | undefined {
  if (key.removed) return undefined;
  const { rotateEverySeconds, startSpreadSeconds, dependents } = key.policy;
  const answers = Math.max(0, ...dependents.map(({ acknowledgeWithinSeconds }) => acknowledgeWithinSeconds));
  const grace = OVERDUE_GRACE_SECONDS + answers;
  const active = activeVersion(key);
  if (active?.activatedAt === undefined) return plusSeconds(key.rotationDueAt, grace);
  return plusSeconds(active.activatedAt, rotateEverySeconds + startSpreadSeconds + grace);
}

export function isOverdue(key: ManagedKey, at: Instant): boolean {
  const since = overdueAt(key);
  return since !== undefined && !isBefore(at, since);
}

/** Versions whose retirement has been pending for very long: nobody waits for it any more, or something keeps it from going on. */
export function retirementsPendingTooLong(key: ManagedKey, at: Instant): readonly KeyVersion[] {
  return retirementsLeft(key).flatMap((number) => {
    const version = versionOf(key, number);
    const deadline = version?.status === 'DISABLED' ? version.revokeNotBefore : version?.disableNotBefore;
    return version !== undefined && deadline !== undefined && !isBefore(at, plusSeconds(deadline, RETIREMENT_PENDING_SECONDS)) ? [version] : [];
  });
}
