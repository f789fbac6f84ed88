import type { Approval } from './approval';
import type { Instant } from './instant';
import { withLongerDrain } from './drain';
import { withDueTime } from './due-time';
import { withRetirementsLeft, type Owner } from './lease';
import { DONE, write, type Decision, type LedgerNote } from './ledger';
import { activeVersion, withVersion, type KeyVersion, type ManagedKey, type RepairUnderWay } from './managed-key';
import { withNewAttempts } from './operations';
import { withdrawPromotion } from './promotion';
import { describeRepair, type Repair } from './repair';
import { withdrawRetirement } from './retirement';
import { TaskError } from './task-error';
import { dueAt, nextWindow, windowAt } from './windows';

/** A repair of a frozen key, step by step. Every step finds itself done when it is repeated; a repair that died can be asked for anew. */

/** The repair's execution: one per approval. */
export function repairId(approvalId: string): string {
  return `repair-${approvalId}`;
}

/**
 * Lets an approved repair in: raises the fencing token, so that nothing of before can write any more, not even an earlier repair.
 * @param baseline where the ledger goes on if the repair is to start it anew
 */
export function beginRepair(key: ManagedKey, approval: Approval, repair: Repair, at: Instant, baseline?: number): Decision {
  if (key.repair?.approvalId === approval.id) return DONE;
  const approvedBy = approval.votes.map(({ by }) => by);
  const begun: RepairUnderWay = { approvalId: approval.id, requestedBy: approval.requestedBy, approvedBy, begunAt: at };
  const next: ManagedKey = { ...key, fence: key.fence + 1, repair: begun };
  const note: LedgerNote = {
    type: 'RepairBegun',
    at,
    by: repairId(approval.id),
    facts: { approval: approval.id, repair: describeRepair(repair), requestedBy: approval.requestedBy, approvedBy: approvedBy.join(', '), reason: approval.facts['reason'] ?? '' },
  };
  return { kind: 'write', next, note, ...(baseline === undefined ? {} : { baseline }) };
}

/** @throws {TaskError} `StaleOwner` when another repair has begun since */
export function requireRepair(key: ManagedKey, approvalId: string, fence: number): RepairUnderWay {
  if (key.repair?.approvalId !== approvalId || key.fence !== fence) {
    throw new TaskError('StaleOwner', `${key.name}: ${repairId(approvalId)} with fencing token ${fence} is not the repair under way: that is ${key.repair?.approvalId ?? 'none'} with token ${key.fence}`);
  }
  return key.repair;
}

/** An intent of the former owner's that came to neither of its two ends: nothing of it is under way any more, and the repair takes it from here. */
export function withdrawIntent(key: ManagedKey, owner: Owner, at: Instant): Decision {
  return key.intent?.kind === 'promote' ? withdrawPromotion(key, owner, at) : withdrawRetirement(key, owner, at);
}

/** Before the alias is taken from a version that drains. */
export function drainAgain(key: ManagedKey, approvalId: string, fence: number, kmsKeyId: string, at: Instant): Decision {
  requireRepair(key, approvalId, fence);
  const version = Object.values(key.versions).find((candidate) => candidate.kmsKeyId === kmsKeyId && candidate.status === 'DEPRECATED');
  const next = version === undefined ? key : withLongerDrain(key, version, at);
  if (version === undefined || next === key) return DONE;
  return write(next, { type: 'DrainExtended', at, by: repairId(approvalId), facts: { version: version.number, reason: 'the alias pointed to it again' } });
}

/** What was approved has been done in KMS, or there was nothing to do. */
export function recordRepair(key: ManagedKey, approvalId: string, fence: number, repair: Repair, at: Instant): Decision {
  const under = requireRepair(key, approvalId, fence);
  if (under.madeAt !== undefined) return DONE;
  return write(
    { ...key, repair: { ...under, madeAt: at } },
    { type: repair.kind === 'rebaseline-ledger' ? 'LedgerRebaselined' : 'RepairMade', at, by: repairId(approvalId), facts: { approval: approvalId, repair: describeRepair(repair), approvedBy: under.approvedBy.join(', ') } },
  );
}

/**
 * Takes a KMS key that keyturn did not make as the ACTIVE version. Like an adopted key it is kept when it is replaced, and fresh until the next
 * window. Whatever run owned the key has nothing left to do: its version was for the place that is taken now.
 * @throws {TaskError} `RotationNotAllowed` for the key of another version
 */
export function acceptKey(key: ManagedKey, approvalId: string, fence: number, accepted: { readonly keyId: string; readonly keyArn: string }, at: Instant): Decision {
  const under = requireRepair(key, approvalId, fence);
  if (under.madeAt !== undefined) return DONE;
  const known = Object.values(key.versions).find(({ kmsKeyId }) => kmsKeyId === accepted.keyId);
  if (known !== undefined) {
    throw new TaskError('RotationNotAllowed', `${key.name}: ${accepted.keyArn} is v${known.number} already, which is ${known.status}; point the alias to the ACTIVE version instead`);
  }
  const number = key.lastVersion + 1;
  const version: KeyVersion = {
    number,
    status: 'ACTIVE',
    rotationId: repairId(approvalId),
    window: repairId(approvalId),
    kmsKeyId: accepted.keyId,
    kmsKeyArn: accepted.keyArn,
    createdAt: at,
    createIntents: 0,
    activatedAt: at,
    retirement: 'keep',
  };
  const former = activeVersion(key);
  const added = withVersion(former === undefined ? key : withVersion(key, { ...former, status: 'DEPRECATED', deprecatedAt: at, supersededBy: number }), version);
  const completedWindow = windowAt(key.policy, at);
  const next: ManagedKey = {
    ...added,
    lastVersion: number,
    lease: null,
    abortRequest: null,
    intent: null,
    completedWindow,
    rotationDueAt: dueAt(key.policy, nextWindow(key.policy, completedWindow)),
    repair: { ...under, madeAt: at },
  };
  const facts = { approval: approvalId, accepted: accepted.keyArn, version: number, approvedBy: under.approvedBy.join(', '), ...(key.lease === null ? {} : { released: key.lease.rotationId }) };
  return write(withDueTime(withRetirementsLeft(next, at)), { type: 'RepairMade', at, by: repairId(approvalId), facts });
}

/** Alias, key states and ledger agree with the registry: the key may move again. */
export function liftFreeze(key: ManagedKey, approvalId: string, fence: number, at: Instant, reason: string): Decision {
  if (key.repair === null) return DONE;
  const under = requireRepair(key, approvalId, fence);
  // Whoever repaired the key of a dead owner has looked at it; one that is quarantined, too, waits for that to be lifted.
  const isOwnerDead = key.lease !== null && key.endedOwner?.rotationId === key.lease.rotationId;
  const next = { ...key, repair: null };
  return write(
    isOwnerDead && key.quarantine === null ? withNewAttempts(next, at) : next,
    { type: 'FreezeLifted', at, by: repairId(approvalId), facts: { approval: approvalId, requestedBy: under.requestedBy, approvedBy: under.approvedBy.join(', '), reason } },
  );
}
