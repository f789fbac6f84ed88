import { alertOf, type Alert } from './alert';
import type { Approval, ApprovalPurpose } from './approval';

/** Asks for an answer. One question is one alert. */
export function approvalAlert(approval: Approval, owner: string, executionArn?: string): Alert {
  const { id, key, purpose, question, expiresAt, approversNeeded, rotationId, errorClass } = approval;
  const isFrozen = purpose === 'repair' || errorClass === 'security-critical';
  return alertOf({
    id: `approval/${id}`,
    key,
    owner,
    stage: `approval: ${purpose}`,
    severity: purpose === 'emergency' || purpose === 'break-glass' ? 'page' : 'ticket',
    headline: `an approval is needed: ${purpose}`,
    reason: question,
    ...(rotationId === null ? {} : { rotationId }),
    ...(executionArn === undefined ? {} : { executionArn }),
    isEncryptionImpacted: isFrozen ? 'PERHAPS. The key is frozen; the alert about that says why.' : 'No.',
    isDecryptionValid: isFrozen ? 'As far as the alert about the freeze does not say otherwise.' : (DECRYPTION[purpose]?.(approval) ?? 'Yes.'),
    mustCustomerAct: 'No.',
    isInterventionSafe: IRREVERSIBLE.includes(purpose) ? 'A refusal is. An approval cannot be taken back once KMS has deleted the key; until then keyturn hold cancels the deletion of a version.' : 'Yes: an answer is all that is asked for.',
    next: `Nothing happens without an answer. ${approversNeeded === 2 ? 'Two different people must approve. ' : ''}The question expires at ${expiresAt}.`,
    commands: [`keyturn approvals ${key}`, `keyturn approve ${id} --reason …`, `keyturn deny ${id} --reason …`],
    runbook: 'approval-needed',
  });
}

/** What is not simply so. */
const DECRYPTION: Readonly<Partial<Record<ApprovalPurpose, (approval: Approval) => string>>> = {
  disable: ({ version }) => `Yes. Once v${version} is disabled, what only it protects cannot be decrypted until it is enabled again.`,
  revoke: ({ version }) => `Not of what only v${version} protects: it is DISABLED, and can be enabled again until KMS has deleted it.`,
  emergency: ({ version }) => `Yes. v${version} is replaced, and drains for a short time only.`,
};

const IRREVERSIBLE: readonly ApprovalPurpose[] = ['revoke', 'delete-orphan'];
