import { isOverdue, overdueAt, retirementsPendingTooLong } from './age';
import { standingOf, type Approval } from './approval';
import type { Instant } from './instant';
import type { ManagedKey, Note } from './managed-key';

/**
 * What does not go on before a person has looked, one line each. A hold or a pause is not among it: whoever set it knows.
 * @param approvals those that the key names
 */
export function needsPerson(key: ManagedKey, freeze: Note | null, approvals: readonly Approval[], at: Instant): readonly string[] {
  return [
    ...(freeze === null ? [] : [`frozen since ${freeze.at} by ${freeze.by}: ${freeze.reason}`]),
    ...(key.quarantine === null ? [] : [`quarantined since ${key.quarantine.at} by ${key.quarantine.by}: ${key.quarantine.reason}`]),
    ...approvals.filter((approval) => standingOf(approval, key.rev, at) === 'open').map(({ id, purpose, expiresAt }) => `approval ${id} (${purpose}) waits for an answer until ${expiresAt}`),
    ...(isOverdue(key, at) ? [`overdue since ${overdueAt(key) ?? ''}`] : []),
    ...retirementsPendingTooLong(key, at).map(({ number }) => `the retirement of v${number} has been pending for very long`),
  ];
}
