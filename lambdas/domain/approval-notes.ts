import { isWaitedFor, standingOf, type Approval } from './approval';
import type { Instant } from './instant';
import { DONE, write, type Decision } from './ledger';
import type { ManagedKey } from './managed-key';
import { TaskError } from './task-error';

/**
 * Approvals have items of their own; a key only names them. Naming one changes nothing else of the key: it raises no revision, or the note
 * about a question would make the question void.
 */

/** So many are named. Those that nobody waits for any more make room first. */
export const MAX_NOTED_APPROVALS = 20;

/** So many that people asked for may be pending at once: the rest is room for what the workflow itself asks. */
export const MAX_PENDING_REQUESTS = 15;

/**
 * A question about the key was asked.
 * @param noted the approvals that the key names; one that is not among them counts as pending
 * @throws {TaskError} `RotationNotAllowed` when too much that people asked for is pending. What an execution asks is always noted.
 */
export function noteApproval(key: ManagedKey, approval: Approval, noted: readonly Approval[], at: Instant): Decision {
  if (key.approvals.includes(approval.id)) return DONE;
  const byId = new Map(noted.map((each) => [each.id, each]));
  const past = key.approvals.filter((id) => {
    const each = byId.get(id);
    return each !== undefined && !isPending(key, each, noted, at);
  });
  if (!isWaitedFor(approval)) refuseTooMany(key, key.approvals.filter((id) => !past.includes(id)), byId);
  const leaving = past.slice(0, Math.max(0, key.approvals.length + 1 - MAX_NOTED_APPROVALS));
  const facts = { approval: approval.id, purpose: approval.purpose, ...(approval.version === null ? {} : { version: approval.version }) };
  return write(
    { ...key, approvals: newest([...key.approvals.filter((id) => !leaving.includes(id)), approval.id]) },
    { type: 'ApprovalRequested', at: approval.requestedAt, by: approval.requestedBy, facts },
  );
}

/** Whether somebody may still answer it, or has to do what was answered, or the owner may wait for it. */
function isPending(key: ManagedKey, approval: Approval, noted: readonly Approval[], at: Instant): boolean {
  if (approval.outcome !== null) return approval.isCarriedOut !== true;
  if (standingOf(approval, key.rev, at) === 'open') return true;
  const ofOwner = noted.filter((each) => isWaitedFor(each) && each.rotationId === key.lease?.rotationId);
  return ofOwner.at(-1)?.id === approval.id;
}

function refuseTooMany({ name }: ManagedKey, pending: readonly string[], byId: ReadonlyMap<string, Approval>): void {
  const requests = pending.map((id) => ({ id, approval: byId.get(id) })).filter(({ approval }) => approval === undefined || !isWaitedFor(approval));
  if (requests.length < MAX_PENDING_REQUESTS) return;
  const list = requests.map(({ id, approval }) => (approval === undefined ? id : `${id} (${approval.purpose}, by ${approval.requestedBy})`)).join(', ');
  throw new TaskError(
    'RotationNotAllowed',
    `${name}: ${requests.length} requests are pending, and at most ${MAX_PENDING_REQUESTS} may be: ${list}. Have them approved, or deny them (keyturn deny <id>), then ask again`,
  );
}

/** A question about the key has its outcome. One without is not noted. */
export function noteAnswer(key: ManagedKey, approval: Approval): Decision {
  const last = approval.votes.at(-1);
  if (approval.outcome === null || last === undefined || key.answeredApprovals.includes(approval.id)) return DONE;
  const voters = approval.votes.map(({ by }) => by).join(', ');
  return write(
    { ...key, answeredApprovals: newest([...key.answeredApprovals, approval.id]) },
    {
      type: 'ApprovalAnswered',
      at: last.at,
      by: last.by,
      facts: { approval: approval.id, purpose: approval.purpose, answer: approval.outcome, answeredBy: voters, requestedBy: approval.requestedBy, reason: last.reason },
    },
  );
}

function newest(ids: readonly string[]): readonly string[] {
  return ids.slice(-MAX_NOTED_APPROVALS);
}
