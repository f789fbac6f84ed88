import { alertOf, type Alert, type AlertFacts } from './alert';
import type { Approval } from './approval';
import type { Instant } from './instant';
import type { KeyVersion, ManagedKey } from './managed-key';

/** What `reconcile` tells people. Each state is one alert, however often it is seen. */

/** The managed key that an alert is about, as far as it needs it. */
type Subject = Pick<ManagedKey, 'name'> & { readonly policy: Pick<ManagedKey['policy'], 'owner'> };

const UNHARMED: Pick<AlertFacts, 'isEncryptionImpacted' | 'isDecryptionValid' | 'mustCustomerAct' | 'isInterventionSafe'> = {
  isEncryptionImpacted: 'No. The ACTIVE version is as it was.',
  isDecryptionValid: 'Yes.',
  mustCustomerAct: 'No.',
  isInterventionSafe: 'Yes, with the commands below.',
};

function about(key: Subject, facts: Pick<AlertFacts, 'id' | 'severity' | 'headline' | 'reason' | 'next' | 'runbook'> & Partial<AlertFacts>): Alert {
  const commands = [`keyturn status ${key.name}`, `keyturn history ${key.name}`];
  return alertOf({ key: key.name, owner: key.policy.owner, stage: 'reconcile', commands, ...UNHARMED, ...facts });
}

/**
 * Registry and KMS disagree, or the ledger is broken: the key was frozen.
 * @param repairs flags of the repairs that would take it back, one set each
 */
export function frozenAlert(key: ManagedKey, reason: string, repairs: readonly string[], at: Instant): Alert {
  return about(key, {
    id: `reconcile/${key.name}/frozen/${at}`,
    severity: 'page',
    errorClass: 'security-critical',
    headline: 'frozen: it is not as registered, and keyturn did not cause that',
    reason,
    isEncryptionImpacted: 'PERHAPS: as long as the alias or the ACTIVE version is among the differences.',
    isDecryptionValid: 'As far as the differences do not say otherwise. keyturn has disabled and revoked nothing because of them.',
    mustCustomerAct: 'Not before the cause is known.',
    isInterventionSafe: 'Only with the commands below, once the cause is known. Everything about the key stands still.',
    next: 'Nothing. The key stays frozen until it is repaired.',
    commands: [
      `keyturn status ${key.name}`,
      `keyturn audit ${key.name}`,
      ...repairs.map((flags) => `keyturn repair ${key.name} ${flags} --reason …     # once the cause is known, if the change was not wanted`),
      `keyturn repair ${key.name} --help`,
    ],
    runbook: 'frozen',
  });
}

export function overdueAlert(key: ManagedKey, window: string, since: Instant): Alert {
  const why = [
    key.hold === null ? [] : [`held by ${key.hold.by}: ${key.hold.reason}`],
    key.pause === null ? [] : [`paused by ${key.pause.by} until ${key.pause.until}: ${key.pause.reason}`],
    key.quarantine === null ? [] : [`quarantined: ${key.quarantine.reason}`],
    key.lease === null ? [] : [`owned by ${key.lease.rotationId}`],
  ].flat();
  return about(key, {
    id: `overdue/${key.name}/${window}`,
    severity: 'ticket',
    headline: 'overdue: its ACTIVE version is older than its policy allows',
    reason: `Overdue since ${since}. ${why.length === 0 ? 'Nothing keeps it from starting: look at the starter.' : why.join('; ')}`,
    next: 'The next firing of the schedule starts it, unless something above keeps it from starting.',
    runbook: 'overdue',
  });
}

export function retirementPendingAlert(key: ManagedKey, { number, status }: KeyVersion): Alert {
  return about(key, {
    id: `retirement-pending/${key.name}/v${number}`,
    severity: 'ticket',
    headline: `the retirement of v${number} has been pending for very long`,
    reason: `v${number} is still ${status}; the history says why its retirement was left for later.`,
    next: 'A retirement run tries it again every day.',
    runbook: 'retirement-pending',
  });
}

/** Nobody answered in time what a failed execution asked. */
export function unansweredAlert(key: ManagedKey, { id, question, expiresAt, rotationId }: Approval): Alert {
  return about(key, {
    id: `approval/${id}/expired`,
    severity: 'page',
    ...(rotationId === null ? {} : { rotationId }),
    headline: 'nobody answered what a failed execution asked',
    reason: `${question} It expired at ${expiresAt}.`,
    next: 'The execution ends. The key stays quarantined, or frozen, until somebody acts.',
    commands: [`keyturn status ${key.name}`, `keyturn approvals ${key.name}`, `keyturn lift ${key.name} --reason …`],
    runbook: 'approval-needed',
  });
}

export function orphanAlert(key: ManagedKey, kmsKeyId: string, reason: string): Alert {
  return about(key, {
    id: `orphan/${kmsKeyId}`,
    severity: 'ticket',
    headline: 'a KMS key of keyturn that no version names',
    reason: `${kmsKeyId}: ${reason}`,
    next: 'Nothing: nothing is deleted without an approval.',
    commands: [`keyturn approvals ${key.name}`, `keyturn history ${key.name}`],
    runbook: 'orphan',
  });
}

/**
 * Keys exist whose making the registry does not know: the registry is older than KMS.
 * @param quarantined how many keys; `undefined` when the registry knows none
 */
export function registryWentBackAlert(key: Subject, kmsKeyIds: readonly string[], quarantined: number | undefined): Alert {
  return about(key, {
    id: `registry-went-back/${kmsKeyIds[0] ?? ''}`,
    severity: 'page',
    headline: `THE REGISTRY WENT BACK: ${quarantined === undefined ? 'it knows no key' : 'every key is quarantined'}`,
    reason: `KMS has keys with this registry's tag whose rotations the registry does not know: ${kmsKeyIds.join(', ')}. Was the table restored from a backup? ${quarantined === undefined ? 'Nothing can be quarantined in it' : `${quarantined} keys were quarantined`}.`,
    isEncryptionImpacted: 'No, as long as nobody moves an alias.',
    isDecryptionValid: 'Yes. keyturn deletes and disables nothing of this.',
    isInterventionSafe: 'Not before it is known what the registry has lost.',
    next: quarantined === undefined ? 'Nothing starts, and nothing is retired, before keys are registered again.' : 'Nothing starts, and nothing is retired, until each quarantine is lifted.',
    commands: ['keyturn status', `keyturn audit ${key.name}`],
    runbook: 'registry-went-back',
  });
}
