import { KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS } from '../contract/timing';
import { deadlineAfter, isBefore, type Instant } from './instant';
import { withVersion, type KeyVersion, type ManagedKey } from './managed-key';

/** A replaced version from the moment on at which nothing new is protected with it: its deadline is fixed, once. One that is kept gets none. */
export function withDrainBegun(key: ManagedKey, version: KeyVersion, at: Instant): ManagedKey {
  if (version.drainFrom !== undefined) return key;
  const isKept = (version.retirement ?? (key.lease?.policy ?? key.policy).retirement) === 'keep';
  return withVersion(key, { ...version, drainFrom: at, ...(isKept ? {} : { disableNotBefore: deadlineAfter(at, drainSeconds(key, version)) }) });
}

/**
 * A promotion that was found done after its execution had ended is confirmed by nobody: what it replaced drains from the moment on at which
 * another run, or nobody, goes on with the key.
 */
export function withUnconfirmedDrainsBegun(key: ManagedKey, at: Instant): ManagedKey {
  const unconfirmed = Object.values(key.versions).filter(({ status, supersededBy }) => status === 'DEPRECATED' && supersededBy !== undefined);
  return unconfirmed.reduce((state, version) => withDrainBegun(state, version, at), key);
}

/** A tightening of the policy since Claim (a longer drain, older backups) counts. */
function drainSeconds(key: ManagedKey, version: KeyVersion): number {
  if (version.compromisedAt !== undefined) return key.policy.emergencyDrainSeconds;
  const policies = key.lease === null ? [key.policy] : [key.policy, key.lease.policy];
  return Math.max(...policies.flatMap((policy) => [policy.drainSeconds, policy.backupRetentionSeconds]));
}

/**
 * The alias points to a draining version once more, and leaves it: whoever used the alias meanwhile has as much time as at first, from when KMS shows the
 * alias elsewhere. A deadline only moves later.
 * @param at when the state was entered that moves the alias, at its last try at the latest
 */
export function withLongerDrain(key: ManagedKey, version: KeyVersion, at: Instant): ManagedKey {
  const deadline = deadlineAfter(at, drainSeconds(key, version) + MAX_STATE_SECONDS + KMS_CONSISTENCY_SECONDS);
  if (version.disableNotBefore === undefined || !isBefore(version.disableNotBefore, deadline)) return key;
  return withVersion(key, { ...version, disableNotBefore: deadline });
}
