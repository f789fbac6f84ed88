import { alertOf, type Alert } from './alert';
import type { ManagedKey } from './managed-key';
import { repairId } from './repair-steps';

/** A repair was made, and registry and KMS still disagree. */
export function repairDiffersAlert(key: ManagedKey, approvalId: string, differences: readonly string[]): Alert {
  return alertOf({
    id: `repair/${approvalId}/differs`,
    key: key.name,
    owner: key.policy.owner,
    stage: 'Confirm Repair',
    severity: 'page',
    headline: 'a repair was made, and the key still is not as registered',
    reason: `${repairId(approvalId)}: ${differences.join('; ')}`,
    isEncryptionImpacted: 'PERHAPS: as long as the alias or the ACTIVE version is among the differences.',
    isDecryptionValid: 'As far as the differences do not say otherwise. The repair has disabled and deleted nothing.',
    mustCustomerAct: 'Not before the cause is known.',
    isInterventionSafe: 'Only with the commands below. Everything about the key stands still.',
    next: 'Nothing. The key stays frozen until a repair ends with everything as registered.',
    commands: [`keyturn status ${key.name}`, `keyturn history ${key.name}`, `keyturn repair ${key.name} --help`],
    runbook: 'frozen',
  });
}
