import type { KeyPolicy } from '../contract/key-policy';
import type { Instant } from './instant';
import { msOf } from './instant';
import { DONE, write, type Decision } from './ledger';
import { activeVersion, withVersion, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';
import { compareWindows, dueAt, isWindowOf, nextWindow, windowAt, windowStart } from './windows';

/** Who writes: an execution, with the fencing token that its lease was granted with. */
export interface Owner {
  readonly rotationId: string;
  readonly fence: number;
}

export interface ClaimRequest {
  readonly rotationId: string;
  readonly executionArn: string;
  readonly window: string;
  readonly attempt: number;
  readonly at: Instant;
}

/** @throws {TaskError} `StaleOwner` unless `owner` holds the lease with the current fencing token. */
export function requireOwner(key: ManagedKey, owner: Owner): void {
  if (key.lease?.rotationId !== owner.rotationId || key.fence !== owner.fence) {
    throw new TaskError(
      'StaleOwner',
      `${key.name}: ${owner.rotationId} with fencing token ${owner.fence} is not the owner; ` +
        `the owner is ${key.lease?.rotationId ?? 'nobody'} with token ${key.fence}. Nothing was changed.`,
    );
  }
}

/**
 * Grants the lease, or finds it granted to the same execution.
 * @throws {TaskError} `RotationSuperseded` or `RotationNotAllowed` as the row "Claim Rotation" of the design says.
 */
export function claim(key: ManagedKey, request: ClaimRequest): Decision {
  if (key.lease?.rotationId === request.rotationId) return DONE;
  refuseSuperseded(key, request);
  refuseNotAllowed(key, request);
  const next: ManagedKey = {
    ...withAbandonedVersions(key, request.window),
    retirementPending: pendingFor(key, request.window),
    fence: key.fence + 1,
    lease: { rotationId: request.rotationId, executionArn: request.executionArn, grantedAt: request.at, policy: key.policy },
    window: { id: request.window, attempt: request.attempt },
    dueAt: dueAt(key.policy, nextWindow(key.policy, request.window)),
  };
  return write(next, { type: 'RotationClaimed', at: request.at, by: request.rotationId, facts: { window: request.window, attempt: request.attempt } });
}

function refuseSuperseded(key: ManagedKey, request: ClaimRequest): void {
  const superseded = (why: string): TaskError => new TaskError('RotationSuperseded', `${key.name}: ${request.rotationId} has nothing to do: ${why}.`);
  if (key.completedWindow !== null && compareWindows(request.window, key.completedWindow) <= 0) {
    throw superseded(`window ${key.completedWindow} is completed`);
  }
  if (key.window !== null) {
    const order = compareWindows(request.window, key.window.id);
    if (order < 0) throw superseded(`window ${key.window.id} has begun`);
    if (order === 0 && request.attempt < key.window.attempt) throw superseded(`attempt ${key.window.attempt} is current`);
  }
  if (key.lease !== null) throw superseded(`${key.lease.rotationId} holds the lease`);
}

function refuseNotAllowed(key: ManagedKey, request: ClaimRequest): void {
  const refuse = (why: string): TaskError => new TaskError('RotationNotAllowed', `${key.name}: ${request.rotationId} may not start: ${why}.`);
  if (key.removed) throw refuse('the key was removed from the configuration');
  if (key.quarantine !== null) throw refuse(`quarantined since ${key.quarantine.at} by ${key.quarantine.by}: ${key.quarantine.reason}`);
  if (isPaused(key, request.at)) throw refuse(`paused by ${key.pause?.by} until ${key.pause?.until}: ${key.pause?.reason}`);
  if (!isWindowOf(key.policy, request.window)) {
    throw refuse(`${request.window} is no window of its policy; the one that holds now is ${windowAt(key.policy, request.at)}`);
  }
  if (msOf(windowStart(request.window)) > msOf(request.at)) throw refuse(`window ${request.window} has not begun`);
  const attempt = key.window?.id === request.window ? key.window.attempt : 1;
  if (request.attempt !== attempt) throw refuse(`the next attempt of ${request.window} is ${attempt}`);
}

export function isPaused(key: ManagedKey, at: Instant): boolean {
  return key.pause !== null && msOf(at) < msOf(key.pause.until);
}

/** What an earlier window's rotation left unretired is a later run's work from now on: this rotation ends the life of one version only. */
function pendingFor(key: ManagedKey, window: string): readonly number[] {
  if (key.window === null || key.window.id === window) return key.retirementPending;
  const left = Object.values(key.versions).filter(
    (version) => (version.status === 'DEPRECATED' || version.status === 'DISABLED') && version.revokedAt === undefined && isUnfinished(key, version),
  );
  return [...new Set([...key.retirementPending, ...left.map((version) => version.number)])].sort((one, other) => one - other);
}

/** Whether the policy wants more of a version than was done. */
function isUnfinished(key: ManagedKey, version: KeyVersion): boolean {
  if (version.retirement === 'keep' || key.policy.retirement === 'keep') return false;
  return version.status === 'DEPRECATED' || key.policy.retirement === 'delete';
}

/** PENDING versions of other windows are never promoted; their KMS keys stay, for `reconcile` to report. */
function withAbandonedVersions(key: ManagedKey, window: string): ManagedKey {
  const stale = Object.values(key.versions).filter((version) => version.status === 'PENDING' && version.window !== window);
  const next = stale.reduce((state, version) => withVersion(state, { ...version, status: 'ABANDONED' }), key);
  const isIntentStale = stale.some((version) => version.number === key.intent?.version);
  return isIntentStale ? { ...next, intent: null } : next;
}

/** What one rotation is about: the version that it makes, and the one whose life it ends. */
export interface RotationSubject {
  /** Number of the version to create, or that an earlier attempt began. */
  readonly version: number;
  /** The version that `version` replaces; `null` at bootstrap. */
  readonly previous: KeyVersion | null;
  /** How the previous version ends; `null` at bootstrap. */
  readonly retirement: KeyPolicy['retirement'] | null;
}

/** @throws {TaskError} `ObservedMismatch` when a key without an ACTIVE version once had one. */
export function subjectOf(key: ManagedKey, window: string): RotationSubject {
  const own = Object.values(key.versions).find((version) => version.window === window && (version.status === 'PENDING' || version.status === 'ACTIVE'));
  const number = own?.number ?? key.lastVersion + 1;
  const previous =
    own?.status === 'ACTIVE' ? (Object.values(key.versions).find((version) => version.supersededBy === own.number) ?? null) : (activeVersion(key) ?? null);
  if (previous === null && own?.status !== 'ACTIVE' && Object.values(key.versions).some((version) => version.activatedAt !== undefined)) {
    throw new TaskError('ObservedMismatch', `${key.name} has no ACTIVE version but had one: the registry was changed by someone else`);
  }
  return { version: number, previous, retirement: previous === null ? null : (previous.retirement ?? key.lease?.policy.retirement ?? key.policy.retirement) };
}

/**
 * Ends a rotation whose window is done; `pending` names why the previous version's retirement was left for later.
 * @throws {TaskError} `RotationNotAllowed` while a mutation may still be under way: a hold or a tightening overtook it. Abort Safely
 *   finds out, after settling, whether it has happened.
 */
export function completeRotation(key: ManagedKey, owner: Owner, at: Instant, pending: { version: number; reason: string } | null): Decision {
  if (key.lease === null && key.completedWindow !== null && key.window?.id === key.completedWindow) return DONE;
  requireOwner(key, owner);
  const window = key.window?.id;
  if (window === undefined) throw new TaskError('LedgerMismatch', `${key.name} has a lease but no window`);
  if (key.intent !== null) {
    throw new TaskError('RotationNotAllowed', `${key.name}: ${owner.rotationId} may not end: its ${key.intent.kind} of v${key.intent.version} is in doubt`);
  }
  const next: ManagedKey = {
    ...key,
    lease: null,
    completedWindow: window,
    dueAt: dueAt(key.policy, nextWindow(key.policy, window)),
    retirementPending: pending === null ? key.retirementPending : [...new Set([...key.retirementPending, pending.version])],
  };
  const facts = pending === null ? { window } : { window, retirementPending: pending.version, reason: pending.reason };
  return write(next, { type: 'RotationCompleted', at, by: owner.rotationId, facts });
}

/** Takes the lease back from the owner's own running calls: the first half of settling. */
export function settle(key: ManagedKey, rotationId: string, at: Instant): Decision {
  if (key.lease?.rotationId !== rotationId) return DONE;
  return write({ ...key, fence: key.fence + 1 }, { type: 'RotationSettled', at, by: rotationId });
}
