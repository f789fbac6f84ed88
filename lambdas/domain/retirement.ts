import { CLOUDTRAIL_SECONDS, LAST_USAGE_LAG_SECONDS, MAX_DRAIN_EXTENSIONS, MAX_STATE_SECONDS, MAX_TOTAL_WAIT_SECONDS } from '../contract/timing';
import { withDueTime } from './due-time';
import { deadlineAfter, isBefore, latest, plusSeconds, type Instant } from './instant';
import type { KeyPolicy } from '../contract/key-policy';
import { requireOwner, type Owner } from './lease';
import { DONE, write, type Decision } from './ledger';
import { activeVersion, versionKey, versionOf, withVersion, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';
import type { VersionStatus } from './version-status';

/**
 * Why a step of a version's retirement cannot be taken now, or `undefined`. These are no failures: the rotation completes with
 * *retirement pending*. Both the policy that was pinned at Claim and the current one must allow the step: a loosening waits for the next
 * rotation, a tightening applies at once.
 */
export function retirementBlocker(key: ManagedKey, version: KeyVersion, step: 'disable' | 'revoke'): string | undefined {
  if (key.hold !== null) return `held by ${key.hold.by} since ${key.hold.at}: ${key.hold.reason}`;
  const rescue = key.rescues[versionKey(version.number)];
  if (rescue !== undefined) return `its rescue of ${rescue.at} is not finished`;
  if (key.removed) return 'the key was removed from the configuration';
  if (key.quarantine !== null) return `quarantined: ${key.quarantine.reason}`;
  if (version.retirement === 'keep') return 'the version is kept: it was adopted';
  if (isEmergencyWaiting(key)) return `emergency ${key.emergency?.number} waits for the key`;
  for (const { retirement } of policiesOf(key)) {
    if (retirement === 'keep' || (retirement === 'disable' && step === 'revoke')) return `the policy's retirement is "${retirement}"`;
  }
  return undefined;
}

/** Whether an approved emergency waits for the owner to end: it ends at its next step. */
export function isEmergencyWaiting(key: ManagedKey): boolean {
  return key.emergency !== null && !key.emergency.isDone && key.lease !== null && key.lease.work !== 'emergency';
}

/** Whether the policy wants a person's approval of a revocation, bound to the version. */
export function needsRevocationApproval(key: ManagedKey): boolean {
  return policiesOf(key).some(({ autoDelete }) => !autoDelete);
}

/** Why a person has to approve the revocation of a DISABLED version, or `undefined`. */
export function reasonToAskForRevocation(key: ManagedKey, version: KeyVersion): string | undefined {
  if (needsRevocationApproval(key)) return `retirement "delete" without autoDelete needs an approval for v${version.number}`;
  if (version.watchedAt !== undefined) return undefined;
  return `CloudTrail has not told of keyturn's own use of v${version.number}, which KMS refused: nobody would know of anybody else's. Is there a trail that logs KMS's management events?`;
}

/** CloudTrail has told of a use of ours: the bake would show who else uses the version. A version that is not DISABLED has no bake. */
export function recordWatched(key: ManagedKey, number: number, at: Instant, by: string): Decision {
  const version = versionOf(key, number);
  if (version?.status !== 'DISABLED' || version.watchedAt !== undefined) return DONE;
  // A word that comes late, of an earlier bake, says nothing about this one. A minute is for CloudTrail's whole seconds and for clocks that differ.
  if (version.disabledAt !== undefined && isBefore(at, plusSeconds(version.disabledAt, -60))) return DONE;
  return write(withVersion(key, { ...version, watchedAt: at }), { type: 'BakeWatched', at, by, facts: { version: number } });
}

function policiesOf(key: ManagedKey): readonly KeyPolicy[] {
  return key.lease === null ? [key.policy] : [key.lease.policy, key.policy];
}

/** Whether an answer that takes as long as the policy allows, and what is left to be waited for after a consent to `step`, leave time for the rest of this rotation. */
export function hasTimeToAsk(key: ManagedKey, at: Instant, step: 'disable' | 'revoke'): boolean {
  const bake = step === 'disable' ? bakeSeconds(key) + MAX_STATE_SECONDS : 0;
  return endsInTime(key, plusSeconds(at, key.policy.approvalTimeoutSeconds + bake + MAX_STATE_SECONDS));
}

/** This rotation must end before the key's next window is due, and within the waits that one execution may have. Otherwise a later run goes on. */
function endsInTime(key: ManagedKey, end: Instant): boolean {
  const lastEnd = key.lease === null ? key.rotationDueAt : plusSeconds(key.lease.grantedAt, MAX_TOTAL_WAIT_SECONDS);
  return isBefore(end, key.rotationDueAt) && isBefore(end, lastEnd);
}

/** Evidence says that the old version is still in use: its deadline moves, a bounded number of times. */
export function extendDrain(key: ManagedKey, owner: Owner, number: number, at: Instant, reason: string): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DEPRECATED');
  if (key.intent !== null) {
    throw new TaskError('LedgerMismatch', `${key.name} has an open ${key.intent.kind} intent for v${key.intent.version}: a drain is not extended past it`);
  }
  const extensions = (version.drainExtensions ?? 0) + 1;
  const deadline = drainDeadline(key, version);
  if (extensions > MAX_DRAIN_EXTENSIONS || deadline === undefined) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number}: the drain cannot be extended again`);
  }
  // A retry of the state that extended it finds the deadline in its future already.
  if (isBefore(at, deadline)) return DONE;
  const next = withVersion(key, { ...version, drainExtensions: extensions, disableNotBefore: deadlineAfter(at, extensionSeconds(key, version)) });
  return write(next, { type: 'DrainExtended', at, by: owner.rotationId, facts: { version: number, extension: extensions, reason } });
}

/** One extension is as long as the idleness that is waited for, and at least a day; of a compromised version, an hour. */
function extensionSeconds(key: ManagedKey, version: KeyVersion): number {
  return Math.max(idleSeconds(key, version), version.compromisedAt === undefined ? 86_400 : LAST_USAGE_LAG_SECONDS);
}

/** How long a version must have been unused. Nobody has half of a normal drain's time to leave a compromised one. */
function idleSeconds(key: ManagedKey, version: KeyVersion): number {
  return version.compromisedAt === undefined ? longest(key, (policy) => policy.idleSeconds) : key.policy.emergencyDrainSeconds / 2;
}

/** Whether one more extension leaves time for the rest of this rotation. */
export function hasTimeToExtend(key: ManagedKey, version: KeyVersion, at: Instant): boolean {
  if ((version.drainExtensions ?? 0) >= MAX_DRAIN_EXTENSIONS) return false;
  return endsInTime(key, plusSeconds(at, extensionSeconds(key, version) + LAST_USAGE_LAG_SECONDS + bakeSeconds(key) + 2 * MAX_STATE_SECONDS));
}

/**
 * Allows one invocation to call `DisableKey` on a DEPRECATED version whose deadline has passed.
 * @throws {TaskError} `KmsNotConsistentYet` when another one was allowed to, with the same fencing token
 */
export function intendDisable(key: ManagedKey, owner: Owner, number: number, at: Instant, invocationId: string): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DEPRECATED', 'DISABLED');
  if (version.status === 'DISABLED') return DONE;
  requirePassed(key, version, 'drain', drainDeadline(key, version), at);
  return intend(key, owner, number, 'disable', at, invocationId);
}

/** KMS shows the key Disabled: starts the bake, whose deadline is written once. */
export function commitDisable(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DEPRECATED', 'DISABLED');
  if (version.status === 'DISABLED') return DONE;
  requireIntent(key, number, 'disable');
  // The state may have been entered that long before KMS applied the disable: a bake is never shorter than the policy says.
  const revokeNotBefore = version.revokeNotBefore ?? deadlineAfter(at, bakeSeconds(key) + MAX_STATE_SECONDS);
  const next = withVersion(key, { ...version, status: 'DISABLED', disabledAt: at, revokeNotBefore });
  return write({ ...next, intent: null }, { type: 'VersionDisabled', at, by: owner.rotationId, facts: { version: number } });
}

function bakeSeconds(key: ManagedKey): number {
  return longest(key, (policy) => policy.bakeSeconds);
}

/** Of the pinned and the current policy the longer: a tightening applies at once, a loosening with the next rotation. */
function longest(key: ManagedKey, seconds: (policy: KeyPolicy) => number): number {
  return Math.max(seconds(key.policy), key.lease === null ? 0 : seconds(key.lease.policy));
}

/**
 * Until when the version drains: its deadline, or later if the policy has been tightened meanwhile. A compromised version's deadline stands.
 * `undefined` for a version without one.
 */
export function drainDeadline(key: ManagedKey, version: KeyVersion): Instant | undefined {
  if (version.disableNotBefore === undefined || version.drainFrom === undefined) return undefined;
  if (version.compromisedAt !== undefined) return version.disableNotBefore;
  return latest(version.disableNotBefore, deadlineAfter(version.drainFrom, longest(key, (policy) => Math.max(policy.drainSeconds, policy.backupRetentionSeconds))));
}

/** Until when Bake waits: the deadline; and until CloudTrail must have told of our own use at `at`. */
export function bakeUntil(key: ManagedKey, version: KeyVersion, at: Instant): Instant {
  const told = version.watchedAt === undefined ? plusSeconds(at, CLOUDTRAIL_SECONDS) : at;
  return latest(bakeDeadline(key, version) ?? at, told);
}

/** Until when the version bakes: its deadline, or later if the policy has been tightened meanwhile. */
export function bakeDeadline(key: ManagedKey, version: KeyVersion): Instant | undefined {
  if (version.revokeNotBefore === undefined || version.disabledAt === undefined) return undefined;
  return latest(version.revokeNotBefore, deadlineAfter(version.disabledAt, bakeSeconds(key)));
}

/** KMS's own waiting period for a deletion: the longer of the two policies'. */
export function deletionWindowDays(key: ManagedKey): number {
  return longest(key, (policy) => policy.deletionWindowDays);
}

/**
 * Allows one invocation to call `ScheduleKeyDeletion`. Hold, status, deadline, and permission by policy are decided here, in the same invocation as the call.
 * @throws {TaskError} `KmsNotConsistentYet` when another one was allowed to, with the same fencing token
 */
export function intendRevoke(key: ManagedKey, owner: Owner, number: number, at: Instant, invocationId: string): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DISABLED', 'REVOKED');
  if (version.status === 'REVOKED') return DONE;
  requirePassed(key, version, 'bake', bakeDeadline(key, version), at);
  return intend(key, owner, number, 'revoke', at, invocationId);
}

/** KMS has scheduled the deletion. */
export function commitRevoke(key: ManagedKey, owner: Owner, number: number, at: Instant, deletionAt: Instant): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DISABLED', 'REVOKED');
  if (version.status === 'REVOKED') return DONE;
  requireIntent(key, number, 'revoke');
  const next = withVersion(key, { ...version, status: 'REVOKED', revokedAt: at, deletionAt });
  return write({ ...next, intent: null }, { type: 'VersionRevoked', at, by: owner.rotationId, facts: { version: number, deletionAt } });
}

/** The intended mutation did not happen, and no call can make it happen any more. */
export function withdrawRetirement(key: ManagedKey, owner: Owner, at: Instant): Decision {
  requireOwner(key, owner);
  const intent = key.intent;
  if (intent?.kind !== 'disable' && intent?.kind !== 'revoke') return DONE;
  const type = intent.kind === 'disable' ? 'DisableWithdrawn' : 'RevokeWithdrawn';
  return write({ ...key, intent: null }, { type, at, by: owner.rotationId, facts: { version: intent.version } });
}

/** KMS has deleted the key of a REVOKED version. Anyone may record it: it is a fact. */
export function recordDestruction(key: ManagedKey, kmsKeyId: string, at: Instant, by: string): Decision {
  const version = Object.values(key.versions).find((candidate) => candidate.kmsKeyId === kmsKeyId);
  if (version?.status !== 'REVOKED') return DONE;
  const retirementPending = key.retirementPending.filter((number) => number !== version.number);
  const pending = { retirementPending, retirementDueAt: retirementPending.length === 0 ? null : key.retirementDueAt };
  const next = withDueTime({ ...withVersion(key, { ...version, status: 'DESTROYED', destroyedAt: at }), ...pending });
  return write(next, { type: 'VersionDestroyed', at, by, facts: { version: version.number, kmsKeyId } });
}

/** Until when Drain waits: the deadline, and the time that evidence about it needs to arrive. */
export function drainUntil(key: ManagedKey, version: KeyVersion): Instant | undefined {
  const deadline = drainDeadline(key, version);
  return deadline === undefined ? undefined : plusSeconds(deadline, LAST_USAGE_LAG_SECONDS);
}

/** The moment since which the old version must have been idle: counted back from the newest use that KMS can know of at `at`. */
export function idleSince(key: ManagedKey, version: KeyVersion, at: Instant): Instant {
  const start = plusSeconds(at, -LAST_USAGE_LAG_SECONDS - idleSeconds(key, version));
  return version.drainFrom === undefined ? start : latest(start, version.drainFrom);
}

/**
 * Only the invocation that writes the intent calls: what a twin called after the intent had ended would be nobody's, and would undo a hold or a rescue
 * that came in between. An intent of an earlier token is taken over: nothing of it is under way any more.
 */
function intend(key: ManagedKey, { rotationId, fence }: Owner, number: number, kind: 'disable' | 'revoke', at: Instant, invocationId: string): Decision {
  const { intent } = key;
  if (intent !== null && (intent.kind !== kind || intent.version !== number)) {
    throw new TaskError('LedgerMismatch', `${key.name} has an open ${intent.kind} intent for v${intent.version}; it must be closed first`);
  }
  if (intent?.caller?.fence === fence) {
    if (intent.caller.invocationId === invocationId) return DONE;
    throw new TaskError('KmsNotConsistentYet', `${key.name} v${number}: another invocation was allowed to ${kind} it, and KMS does not show that it has`);
  }
  if (activeVersion(key)?.number === number) throw new TaskError('LedgerMismatch', `${key.name} v${number} is ACTIVE and is never retired`);
  const type = kind === 'disable' ? 'DisableIntended' : 'RevokeIntended';
  const intended: ManagedKey = { ...key, intent: { kind, version: number, at, caller: { invocationId, fence } } };
  return write(intended, { type, at, by: rotationId, facts: { version: number, invocationId } });
}

function requireIntent(key: ManagedKey, number: number, kind: 'disable' | 'revoke'): void {
  if (key.intent?.kind !== kind || key.intent.version !== number) throw new TaskError('LedgerMismatch', `${key.name} v${number} has no open ${kind} intent to commit`);
}

function requireStatus(key: ManagedKey, number: number, ...statuses: VersionStatus[]): KeyVersion {
  const version = versionOf(key, number);
  if (version === undefined || !statuses.includes(version.status)) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} should be ${statuses.join(' or ')} but is ${version?.status ?? 'not in the registry'}`);
  }
  return version;
}

function requirePassed(key: ManagedKey, version: KeyVersion, what: 'drain' | 'bake', deadline: Instant | undefined, at: Instant): void {
  if (deadline === undefined || isBefore(at, deadline)) {
    throw new TaskError('RotationNotAllowed', `${key.name} v${version.number}: its ${what} ends at ${deadline ?? 'no known time'}, it is ${at}: too early`);
  }
}
