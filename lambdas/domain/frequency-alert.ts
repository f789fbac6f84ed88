import { alertOf, type Alert } from './alert';
import type { ManagedKey } from './managed-key';

/** Somebody asks for one emergency more than a key may have. One alert for each such row of emergencies. */
export function frequentEmergenciesAlert(key: ManagedKey, by: string, blocker: string): Alert {
  return alertOf({
    id: `emergencies/${key.name}/${key.emergencies.at(-1) ?? ''}`,
    key: key.name,
    owner: key.policy.owner,
    stage: 'request-rotation',
    severity: 'page',
    headline: 'emergencies are abnormally frequent',
    reason: `${by} asked for another one, and was refused: ${blocker}.`,
    isEncryptionImpacted: 'No. The ACTIVE version is as it was.',
    isDecryptionValid: 'Yes, but each emergency leaves its former version a short drain only.',
    mustCustomerAct: 'No.',
    isInterventionSafe: 'Yes: a hold keeps every version as it is.',
    next: 'Nothing: no further emergency starts before the period is over.',
    commands: [`keyturn history ${key.name}`, `keyturn hold ${key.name} --reason …`],
    runbook: 'emergencies-frequent',
  });
}
