import { alertOf, type Alert } from './alert';
import type { Approval } from './approval';

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
    isDecryptionValid: isFrozen ? 'As far as the alert about the freeze does not say otherwise.' : 'Yes, until an approved step says otherwise.',
    mustCustomerAct: 'No.',
    isInterventionSafe: 'Yes: an answer is all that is asked for.',
    next: `Nothing happens without an answer. ${approversNeeded === 2 ? 'Two different people must approve. ' : ''}The question expires at ${expiresAt}.`,
    commands: [`keyturn approvals ${key}`, `keyturn approve ${id} --reason …`, `keyturn deny ${id} --reason …`],
    runbook: 'approval-needed',
  });
}
