import { MAX_DRAIN_EXTENSIONS } from '../contract/timing';
import { deadlineAfter, isBefore, latest, plusSeconds, type Instant } from './instant';
import { requireOwner, type Owner } from './lease';
import { DONE, write, type Decision } from './ledger';
import { activeVersion, versionOf, withVersion, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';
import type { VersionStatus } from './version-status';

/**
 * Why a step of a version's retirement cannot be taken now, or `undefined`. These are no failures: the rotation completes with
 * *retirement pending*. Both the policy that was pinned at Claim and the current one must allow the step: a loosening waits for the next
 * rotation, a tightening applies at once.
 */
export function retirementBlocker(key: ManagedKey, version: KeyVersion, step: 'disable' | 'revoke'): string | undefined {
  if (key.hold !== null) return `held by ${key.hold.by} since ${key.hold.at}: ${key.hold.reason}`;
  if (key.removed) return 'the key was removed from the configuration';
  if (key.quarantine !== null) return `quarantined: ${key.quarantine.reason}`;
  if (version.retirement === 'keep') return 'the version is kept: it was adopted';
  for (const { retirement, autoDelete } of key.lease === null ? [key.policy] : [key.lease.policy, key.policy]) {
    if (retirement === 'keep' || (retirement === 'disable' && step === 'revoke')) return `the policy's retirement is "${retirement}"`;
    if (step === 'revoke' && !autoDelete) return `retirement "delete" without autoDelete needs an approval for v${version.number}`;
  }
  return undefined;
}

/** Evidence says that the old version is still in use: its deadline moves, a bounded number of times. */
export function extendDrain(key: ManagedKey, owner: Owner, number: number, at: Instant, reason: string): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DEPRECATED');
  const extensions = (version.drainExtensions ?? 0) + 1;
  if (extensions > MAX_DRAIN_EXTENSIONS || version.disableNotBefore === undefined) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number}: the drain cannot be extended again`);
  }
  // A retry of the state that extended it finds the deadline in its future already.
  if (isBefore(at, version.disableNotBefore)) return DONE;
  const next = withVersion(key, { ...version, drainExtensions: extensions, disableNotBefore: deadlineAfter(at, extensionSeconds(key)) });
  return write(next, { type: 'DrainExtended', at, by: owner.rotationId, facts: { version: number, extension: extensions, reason } });
}

/** One extension is as long as the idleness that is waited for, and at least a day. */
function extensionSeconds(key: ManagedKey): number {
  return Math.max(key.policy.idleSeconds, 86_400);
}

/** Allows `DisableKey` on a DEPRECATED version whose deadline has passed. */
export function intendDisable(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DEPRECATED', 'DISABLED');
  if (version.status === 'DISABLED') return DONE;
  requirePassed(key, version, 'disableNotBefore', at);
  return intend(key, owner, number, 'disable', at);
}

/** KMS shows the key Disabled: starts the bake, whose deadline is written once. */
export function commitDisable(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DEPRECATED', 'DISABLED');
  if (version.status === 'DISABLED') return DONE;
  requireIntent(key, number, 'disable');
  const revokeNotBefore = version.revokeNotBefore ?? deadlineAfter(at, bakeSeconds(key));
  const next = withVersion(key, { ...version, status: 'DISABLED', disabledAt: at, revokeNotBefore });
  return write({ ...next, intent: null }, { type: 'VersionDisabled', at, by: owner.rotationId, facts: { version: number } });
}

function bakeSeconds(key: ManagedKey): number {
  return Math.max(key.policy.bakeSeconds, key.lease?.policy.bakeSeconds ?? 0);
}

/** Allows `ScheduleKeyDeletion`. Hold, status, deadline, and permission by policy are decided here, in the same invocation as the call. */
export function intendRevoke(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = requireStatus(key, number, 'DISABLED', 'REVOKED');
  if (version.status === 'REVOKED') return DONE;
  requirePassed(key, version, 'revokeNotBefore', at);
  return intend(key, owner, number, 'revoke', at);
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
  const next = withVersion(key, { ...version, status: 'DESTROYED', destroyedAt: at });
  return write(next, { type: 'VersionDestroyed', at, by, facts: { version: version.number, kmsKeyId } });
}

/** Until when Drain waits: the deadline, and the time that evidence about it needs to arrive. */
export function drainUntil(version: KeyVersion, lagSeconds: number): Instant | undefined {
  return version.disableNotBefore === undefined ? undefined : plusSeconds(version.disableNotBefore, lagSeconds);
}

/** The moment since which the old version must have been idle. */
export function idleSince(key: ManagedKey, version: KeyVersion, at: Instant): Instant {
  const start = plusSeconds(at, -Math.max(key.policy.idleSeconds, key.lease?.policy.idleSeconds ?? 0));
  return version.drainFrom === undefined ? start : latest(start, version.drainFrom);
}

function intend(key: ManagedKey, owner: Owner, number: number, kind: 'disable' | 'revoke', at: Instant): Decision {
  if (key.intent?.kind === kind && key.intent.version === number) return DONE;
  if (key.intent !== null) {
    throw new TaskError('LedgerMismatch', `${key.name} has an open ${key.intent.kind} intent for v${key.intent.version}; it must be closed first`);
  }
  if (activeVersion(key)?.number === number) throw new TaskError('LedgerMismatch', `${key.name} v${number} is ACTIVE and is never retired`);
  const type = kind === 'disable' ? 'DisableIntended' : 'RevokeIntended';
  return write({ ...key, intent: { kind, version: number, at } }, { type, at, by: owner.rotationId, facts: { version: number } });
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

function requirePassed(key: ManagedKey, version: KeyVersion, deadline: 'disableNotBefore' | 'revokeNotBefore', at: Instant): void {
  const notBefore = version[deadline];
  if (notBefore === undefined || isBefore(at, notBefore)) {
    throw new TaskError('LedgerMismatch', `${key.name} v${version.number}: ${deadline} is ${notBefore ?? 'not set'}, it is ${at}: too early`);
  }
}
