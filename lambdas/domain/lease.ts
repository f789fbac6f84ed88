import type { KeyPolicy } from '../contract/key-policy';
import { FORGOTTEN_AFTER_SECONDS, RETIREMENT_RETRY_SECONDS, TAKEOVER_SECONDS } from '../contract/timing';
import { withUnconfirmedDrainsBegun } from './drain';
import { withDueTime } from './due-time';
import { beginEmergency } from './emergency';
import { isBefore, msOf, plusSeconds, type Instant } from './instant';
import { DONE, write, type Decision } from './ledger';
import { activeVersion, versionOf, withVersion, type KeyVersion, type Lease, type ManagedKey } from './managed-key';
import type { Run } from './rotation-id';
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
  readonly run: Run;
  readonly at: Instant;
  /** What is known of the execution that holds the lease, when another one does. */
  readonly holder?: Holder;
  /** The token that its lease had when that was found out. One that was raised since may have been by that execution itself: it was redriven. @default whatever it is */
  readonly holderFence?: number;
}

/** The execution that holds a lease, as Step Functions describes it. */
export interface Holder {
  readonly rotationId: string;
  /** `null` while it runs, or as far as Step Functions shows yet; the grant's time for one that it has forgotten. */
  readonly closedAt: Instant | null;
}

/**
 * Who holds a lease, by what Step Functions says of its execution. One that Step Functions has forgotten ended at some time since the grant.
 * @param closedAt `undefined` when there is no such execution, or none yet
 */
export function holderOfLease({ rotationId, grantedAt }: Lease, closedAt: Instant | null | undefined, at: Instant): Holder {
  const isForgotten = closedAt === undefined && !isBefore(at, plusSeconds(grantedAt, FORGOTTEN_AFTER_SECONDS));
  return { rotationId, closedAt: isForgotten ? grantedAt : (closedAt ?? null) };
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
 * Nothing new begins on a quarantined key, whoever owns it: an execution that somebody has redriven past its quarantine aborts safely.
 * @throws {TaskError} `RotationNotAllowed`
 */
export function refuseQuarantined({ name, quarantine }: ManagedKey): void {
  if (quarantine === null) return;
  throw new TaskError('RotationNotAllowed', `${name} is quarantined since ${quarantine.at} by ${quarantine.by}: ${quarantine.reason}. Lift the quarantine; the next run goes on.`);
}

/**
 * Grants the lease, or finds it granted to the same execution: one that was redriven while another run was taking its lease over gets a token of its
 * own, with which that run cannot write. The lease of an execution that has ended is taken over once nothing of it
 * can be under way any more.
 * @throws {TaskError} `RotationSuperseded`, `RotationNotAllowed` as the row "Claim Rotation" of the design says; `OwnerNotSettled`.
 */
export function claim(key: ManagedKey, request: ClaimRequest): Decision {
  if (key.lease?.rotationId === request.rotationId) return key.takenBackFence === key.fence ? claimAgain(key, request) : DONE;
  refuseSuperseded(key, request);
  refuseNotAllowed(key, request);
  refuseUnsettled(key, request);
  if (key.lease !== null && request.holderFence !== undefined && key.fence !== request.holderFence) {
    throw new TaskError('OwnerNotSettled', `${key.name}: the token became ${key.fence} while the lease of ${key.lease.rotationId} was to be taken over with ${request.holderFence}; who holds it is looked at again`);
  }
  if (key.lease !== null && key.intent !== null && key.intent.kind !== 'create') {
    throw new TaskError('OwnerNotSettled', `${key.name}: the ${key.intent.kind} of v${key.intent.version} that ${key.lease.rotationId} left must be resolved first`);
  }
  const { run, at, rotationId } = request;
  const granted: ManagedKey = {
    ...key,
    fence: key.fence + 1,
    abortRequest: null,
    lease: { rotationId, executionArn: request.executionArn, grantedAt: at, policy: key.policy, work: run.kind },
  };
  const takenOver = key.lease === null ? {} : { takenOverFrom: key.lease.rotationId };
  return write(withDueTime(begun(granted, run, at)), { type: 'RotationClaimed', at, by: rotationId, facts: { ...factsOf(run), ...takenOver } });
}

/** Whoever took the token back to end this execution's intent may be about to: with the next token neither writes what the other does not see. */
function claimAgain(key: ManagedKey, { rotationId, run, at }: ClaimRequest): Decision {
  return write({ ...key, fence: key.fence + 1 }, { type: 'RotationClaimed', at, by: rotationId, facts: factsOf(run) });
}

function factsOf(run: Run): Readonly<Record<string, string | number>> {
  return { window: run.window, [run.kind === 'rotation' ? 'attempt' : run.kind]: run.number };
}

/** What a run changes by beginning. */
function begun(key: ManagedKey, run: Run, at: Instant): ManagedKey {
  switch (run.kind) {
    case 'rotation': {
      const window = { ...(key.window?.id === run.window ? key.window : {}), id: run.window, attempt: run.number };
      const pending = withPendingRetirements(withAbandonedVersions(key, lineageOf(key, run)), run.window, at);
      return { ...pending, window, rotationDueAt: dueAt(key.policy, nextWindow(key.policy, run.window)) };
    }
    case 'emergency':
      // The owner that it stopped had something to retire: its own run will not come again.
      return withRetirementsLeft(beginEmergency(withAbandonedVersions(key, lineageOf(key, run)), at), at);
    case 'retirement': {
      const [subject] = retirementsLeft(key);
      const lease = key.lease === null || subject === undefined ? key.lease : { ...key.lease, subject };
      return { ...key, lease, retirementRuns: run.number };
    }
  }
}

function refuseSuperseded(key: ManagedKey, { run, rotationId, holder }: ClaimRequest): void {
  const superseded = (why: string): TaskError => new TaskError('RotationSuperseded', `${key.name}: ${rotationId} has nothing to do: ${why}.`);
  const reason = { rotation: supersededWindow, emergency: supersededEmergency, retirement: supersededRetirement }[run.kind](key, run);
  if (reason !== undefined) throw superseded(reason);
  if (key.lease !== null && (holder?.rotationId !== key.lease.rotationId || holder.closedAt === null)) throw superseded(`${key.lease.rotationId} holds the lease`);
}

function supersededWindow(key: ManagedKey, { window, number }: Run): string | undefined {
  if (key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0) return `window ${key.completedWindow} is completed`;
  if (key.window === null) return undefined;
  const order = compareWindows(window, key.window.id);
  if (order < 0) return `window ${key.window.id} has begun`;
  return order === 0 && number < key.window.attempt ? `attempt ${key.window.attempt} is current` : undefined;
}

function supersededEmergency({ emergency }: ManagedKey, { number }: Run): string | undefined {
  if (emergency === null) return undefined;
  if (number < emergency.number) return `emergency ${emergency.number} is current`;
  return number === emergency.number && emergency.isDone ? `emergency ${number} is done` : undefined;
}

function supersededRetirement(key: ManagedKey, { number }: Run): string | undefined {
  if (number <= key.retirementRuns) return `retirement run ${key.retirementRuns} has begun`;
  return retirementsLeft(key).length === 0 ? 'no retirement is pending' : undefined;
}

function refuseNotAllowed(key: ManagedKey, { run, rotationId, at }: ClaimRequest): void {
  const reason = reasonNotToStart(key, run, at);
  if (reason !== undefined) throw new TaskError('RotationNotAllowed', `${key.name}: ${rotationId} may not start: ${reason}.`);
}

/** Why a run may not begin now, apart from a freeze and from who holds the lease; `undefined` when it may. */
export function reasonNotToStart(key: ManagedKey, run: Run, at: Instant): string | undefined {
  if (key.removed) return 'the key was removed from the configuration';
  if (key.quarantine !== null) return `quarantined since ${key.quarantine.at} by ${key.quarantine.by}: ${key.quarantine.reason}`;
  switch (run.kind) {
    case 'rotation':
      return emergencyFirst(key) ?? pauseOf(key, at) ?? misfitOfWindow(key, run, at);
    case 'emergency':
      return key.emergency?.number === run.number && key.emergency.window === run.window ? undefined : `emergency ${run.number} of ${run.window} was not approved`;
    case 'retirement':
      if (key.hold !== null) return `held by ${key.hold.by}: ${key.hold.reason}`;
      return emergencyFirst(key) ?? pauseOf(key, at) ?? (run.number === key.retirementRuns + 1 ? undefined : `the next retirement run is ${key.retirementRuns + 1}`);
  }
}

/** A compromised version is replaced before anything else, also between two attempts at it. */
function emergencyFirst({ emergency }: ManagedKey): string | undefined {
  return emergency === null || emergency.isDone ? undefined : `emergency ${emergency.number} comes first`;
}

function pauseOf(key: ManagedKey, at: Instant): string | undefined {
  return isPaused(key, at) ? `paused by ${key.pause?.by} until ${key.pause?.until}: ${key.pause?.reason}` : undefined;
}

function misfitOfWindow(key: ManagedKey, { window, number }: Run, at: Instant): string | undefined {
  if (!isWindowOf(key.policy, window)) return `${window} is no window of its policy; the one that holds now is ${windowAt(key.policy, at)}`;
  if (msOf(windowStart(window)) > msOf(at)) return `window ${window} has not begun`;
  const attempt = key.window?.id === window ? key.window.attempt : 1;
  return number === attempt ? undefined : `the next attempt of ${window} is ${attempt}`;
}

/** A closed execution's calls may take effect until Q has passed, and KMS shows them some minutes after. */
function refuseUnsettled(key: ManagedKey, { holder, at }: Pick<ClaimRequest, 'holder' | 'at'>): void {
  if (key.lease === null || holder?.closedAt == null) return;
  const settledAt = plusSeconds(holder.closedAt, TAKEOVER_SECONDS);
  if (!isBefore(at, settledAt)) return;
  throw new TaskError(
    'OwnerNotSettled', 
    `${key.name}: ${holder.rotationId} ended at ${holder.closedAt} without giving the lease back; it is taken over from ${settledAt} on`,
  );
}

/** Whether the owner only ends a version's life: nothing is being made or promoted, and no mutation of it is in doubt. */
export function isRetiring(key: ManagedKey): boolean {
  if (key.lease === null || key.intent !== null) return false;
  if (key.lease.work === 'retirement') return true;
  const active = activeVersion(key);
  const replaced = Object.values(key.versions).find((version) => version.supersededBy === active?.number);
  const isOwnPromotion = active !== undefined && active.window === key.window?.id && replaced?.drainFrom !== undefined;
  return isOwnPromotion && !Object.values(key.versions).some((version) => version.status === 'PENDING');
}

export function isPaused(key: ManagedKey, at: Instant): boolean {
  return key.pause !== null && msOf(at) < msOf(key.pause.until);
}

/** What an earlier window's rotation left unretired is a later run's work from now on: this rotation ends the life of one version only. */
function withPendingRetirements(key: ManagedKey, window: string, at: Instant): ManagedKey {
  if (key.window === null || key.window.id === window) return key;
  return withRetirementsLeft(key, at);
}

/** Every version that the policy wants more of than was done becomes a retirement run's work. */
export function withRetirementsLeft(key: ManagedKey, at: Instant): ManagedKey {
  const draining = withUnconfirmedDrainsBegun(key, at);
  const left = Object.values(draining.versions).filter((version) => isUnfinished(key, version));
  const retirementPending = [...new Set([...key.retirementPending, ...left.map((version) => version.number)])].sort((one, other) => one - other);
  return { ...draining, retirementPending, retirementDueAt: retirementPending.length === 0 ? null : (key.retirementDueAt ?? plusSeconds(at, RETIREMENT_RETRY_SECONDS)) };
}

/** Pending retirements that a run can go on with: a version that something else has ended since is nobody's work any more. */
export function retirementsLeft(key: ManagedKey): readonly number[] {
  return key.retirementPending.filter((number) => ['DEPRECATED', 'DISABLED'].includes(versionOf(key, number)?.status ?? ''));
}

/** Whether the policy wants more of a replaced version than was done. One without a drain deadline was replaced while versions were kept. */
function isUnfinished(key: ManagedKey, version: KeyVersion): boolean {
  if (version.retirement === 'keep' || key.policy.retirement === 'keep' || version.disableNotBefore === undefined) return false;
  return version.status === 'DEPRECATED' || (version.status === 'DISABLED' && key.policy.retirement === 'delete');
}

/** PENDING versions of other lineages are never promoted; their KMS keys stay, for `reconcile` to report. */
function withAbandonedVersions(key: ManagedKey, lineage: string): ManagedKey {
  const stale = Object.values(key.versions).filter((version) => version.status === 'PENDING' && lineageOfVersion(version) !== lineage);
  const next = stale.reduce((state, version) => withVersion(state, { ...version, status: 'ABANDONED' }), key);
  const isIntentStale = stale.some((version) => version.number === key.intent?.version);
  return isIntentStale ? { ...next, intent: null } : next;
}

/** At most one version is adopted per lineage: a window, or one emergency. */
export function lineageOf(key: ManagedKey, run: Run): string {
  return run.kind === 'emergency' ? `${run.window}-e${key.emergency?.firstNumber ?? run.number}` : run.window;
}

export function lineageOfVersion(version: Pick<KeyVersion, 'window' | 'emergency'>): string {
  return version.emergency === undefined ? version.window : `${version.window}-e${version.emergency}`;
}

/** What one run is about: the version that it makes, and the one whose life it ends. */
export interface RunSubject {
  /** Number of the version to create, or that an earlier attempt began; the ACTIVE one when the run only retires. */
  readonly version: number;
  /** The version that `version` replaces, or that is retired; `null` at bootstrap. */
  readonly previous: KeyVersion | null;
  /** How the previous version ends; `null` at bootstrap. */
  readonly retirement: KeyPolicy['retirement'] | null;
  /** No version is made: the run only ends the life of one. */
  readonly isRetirementOnly: boolean;
}

/** @throws {TaskError} `ObservedMismatch` when a key without an ACTIVE version once had one; `LedgerMismatch` for a retirement run without a subject. */
export function subjectOf(key: ManagedKey, run: Run): RunSubject {
  const active = activeVersion(key) ?? null;
  const retiring = retiringVersion(key, run);
  if (retiring !== null && active !== null) return { version: active.number, previous: retiring, retirement: retirementOf(key, retiring), isRetirementOnly: true };
  // KMS has deleted its key meanwhile, and nothing is left to do but to complete.
  if (run.kind === 'retirement' && key.lease?.subject !== undefined && active !== null) return { version: active.number, previous: null, retirement: null, isRetirementOnly: true };
  if (run.kind === 'retirement') throw new TaskError('LedgerMismatch', `${key.name}: retirement run ${run.number} has no version to retire; a retirement run makes none`);
  const lineage = lineageOf(key, run);
  const own = Object.values(key.versions).find((version) => lineageOfVersion(version) === lineage && (version.status === 'PENDING' || version.status === 'ACTIVE'));
  const previous = own?.status === 'ACTIVE' ? (Object.values(key.versions).find((version) => version.supersededBy === own.number) ?? null) : active;
  if (previous === null && own?.status !== 'ACTIVE' && Object.values(key.versions).some((version) => version.activatedAt !== undefined)) {
    throw new TaskError('ObservedMismatch', `${key.name} has no ACTIVE version but had one: the registry was changed by someone else`);
  }
  return { version: own?.number ?? key.lastVersion + 1, previous, retirement: previous === null ? null : retirementOf(key, previous), isRetirementOnly: false };
}

/** The version that a run only retires: a retirement run's, or a compromised one that was replaced before the emergency began. */
function retiringVersion(key: ManagedKey, run: Run): KeyVersion | null {
  if (run.kind === 'retirement') return key.lease?.subject === undefined ? null : (versionOf(key, key.lease.subject) ?? null);
  if (run.kind !== 'emergency' || key.emergency === null) return null;
  const compromised = versionOf(key, key.emergency.version) ?? null;
  const replacement = compromised?.supersededBy === undefined ? undefined : versionOf(key, compromised.supersededBy);
  const isReplacedElsewhere = replacement !== undefined && lineageOfVersion(replacement) !== lineageOf(key, run);
  return isReplacedElsewhere ? compromised : null;
}

function retirementOf(key: ManagedKey, version: KeyVersion): KeyPolicy['retirement'] {
  return version.retirement ?? key.lease?.policy.retirement ?? key.policy.retirement;
}

/**
 * Ends a run whose work is done; `pending` names why the previous version's retirement was left for later.
 * @throws {TaskError} `RotationNotAllowed` while a mutation may still be under way: a hold or a tightening overtook it. Abort Safely
 *   finds out, after settling, whether it has happened.
 */
export function completeRun(key: ManagedKey, owner: Owner, run: Run, at: Instant, pending: { version: number; reason: string } | null): Decision {
  if (isCompleted(key, run)) return DONE;
  requireOwner(key, owner);
  if (key.intent !== null) {
    throw new TaskError('RotationNotAllowed', `${key.name}: ${owner.rotationId} may not end: its ${key.intent.kind} of v${key.intent.version} is in doubt`);
  }
  const completed = completedBy(key, run);
  const left = retirementsLeft(completed);
  const withoutSubject = run.kind === 'retirement' ? left.filter((version) => version !== key.lease?.subject) : left;
  const retirementPending = pending === null ? withoutSubject : [...new Set([...withoutSubject, pending.version])].sort((one, other) => one - other);
  const retirementDueAt = retirementPending.length === 0 ? null : plusSeconds(at, RETIREMENT_RETRY_SECONDS);
  const next = withDueTime({ ...completed, lease: null, abortRequest: null, retirementPending, retirementDueAt });
  const facts = pending === null ? { window: run.window } : { window: run.window, retirementPending: pending.version, reason: pending.reason };
  return write(next, { type: 'RotationCompleted', at, by: owner.rotationId, facts });
}

/** A repetition of an end that was written. */
function isCompleted(key: ManagedKey, { kind, window, number }: Run): boolean {
  if (key.lease !== null) return false;
  switch (kind) {
    case 'rotation':
      return key.completedWindow !== null && compareWindows(window, key.completedWindow) <= 0;
    case 'emergency':
      return key.emergency !== null && (key.emergency.isDone || key.emergency.number > number);
    case 'retirement':
      return key.retirementRuns >= number;
  }
}

/** An emergency's new version is as good as its window's: the window is not rotated once more. */
function completedBy(key: ManagedKey, { kind, window }: Run): ManagedKey {
  if (kind === 'retirement') return key;
  const completedWindow = key.completedWindow === null || compareWindows(key.completedWindow, window) < 0 ? window : key.completedWindow;
  const rotationDueAt = dueAt(key.policy, nextWindow(key.policy, completedWindow));
  return { ...key, completedWindow, rotationDueAt, emergency: kind === 'emergency' && key.emergency !== null ? { ...key.emergency, isDone: true } : key.emergency };
}

/** Takes the lease back from the owner's own running calls: the first half of settling. */
export function settle(key: ManagedKey, rotationId: string, at: Instant): Decision {
  if (key.lease?.rotationId !== rotationId) return DONE;
  return write({ ...key, fence: key.fence + 1 }, { type: 'RotationSettled', at, by: rotationId });
}

/**
 * Takes the fencing token back from an execution that has ended and still holds the lease, so that its open intent can be resolved.
 * @throws {TaskError} `OwnerNotSettled` while a call of it may still be under way
 */
export function settleHolder(key: ManagedKey, holder: Holder, at: Instant, by: string): Decision {
  if (key.lease?.rotationId !== holder.rotationId || holder.closedAt === null) return DONE;
  refuseUnsettled(key, { holder, at });
  const fence = key.fence + 1;
  return write({ ...key, fence, takenBackFence: fence }, { type: 'RotationSettled', at, by, facts: { holder: holder.rotationId } });
}
