import type { Approval } from './approval';
import { DONE, write, type Decision } from './ledger';
import type { ManagedKey } from './managed-key';

/**
 * Approvals have items of their own; a key only names them. Naming one changes nothing else of the key: it raises no revision, or the note
 * about a question would make the question void.
 */

/** The newest so many are named: what is older has expired or was answered long ago. */
export const MAX_NOTED_APPROVALS = 20;

/** A question about the key was asked. */
export function noteApproval(key: ManagedKey, approval: Approval): Decision {
  if (key.approvals.includes(approval.id)) return DONE;
  const facts = { approval: approval.id, purpose: approval.purpose, ...(approval.version === null ? {} : { version: approval.version }) };
  return write(
    { ...key, approvals: newest([...key.approvals, approval.id]) },
    { type: 'ApprovalRequested', at: approval.requestedAt, by: approval.requestedBy, facts },
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
