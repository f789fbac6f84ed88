import type { Approval, ApprovalPurpose } from '../approval';
import { identityOf, type IdentityRules } from '../identity';
import { isBefore } from '../instant';

/** What a consent has to be about. */
export interface Wanted {
  readonly purpose: ApprovalPurpose;
  readonly version?: number;
  /** The key's state revision that it must be bound to. */
  readonly rev?: number;
  /** How many the key's policy wants. */
  readonly approvers: number;
}

/**
 * What an approval lacks to be the consent that is wanted, or `undefined`. Judged by its votes alone, whatever its outcome says: enough identities,
 * none of them the requester, each in time, and nobody against.
 */
export function lackOf(approval: Approval, wanted: Wanted, rules: IdentityRules): string | undefined {
  if (approval.purpose !== wanted.purpose) return `is about ${approval.purpose}`;
  if (wanted.version !== undefined && approval.version !== wanted.version) return `is about v${approval.version ?? 'no version'}`;
  if (wanted.rev !== undefined && approval.rev !== wanted.rev) return `is bound to revision ${approval.rev}, the key is at ${wanted.rev}`;
  if (approval.votes.some(({ answer }) => answer === 'deny' || answer === 'abort')) return 'was refused';
  const late = approval.votes.find(({ at }) => !isBefore(at, approval.expiresAt) || isBefore(at, approval.requestedAt));
  if (late !== undefined) return `was answered at ${late.at}; it stood from ${approval.requestedAt} to ${approval.expiresAt}`;
  const requester = identityOf(approval.requestedBy, rules);
  const approvers = new Set(approval.votes.map(({ by }) => identityOf(by, rules)));
  if (approvers.has(requester)) return `was approved by ${requester}, who requested it`;
  const needed = Math.max(approval.approversNeeded, wanted.approvers);
  return approvers.size < needed ? `has ${approvers.size} of ${needed} approvers` : undefined;
}
