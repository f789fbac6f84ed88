import type { KeyPolicy } from '../../../contract/key-policy';
import { KMS_CONSISTENCY_SECONDS, QUIESCENCE_SECONDS } from '../../../contract/timing';
import type { ManagedKey } from '../../managed-key';
import type { KmsKeyStateChanged, TraceEvent } from '../../trace';
import type { Moment } from '../world';

/** What the registry got this shortly before an effect, the invocation behind the effect may not have read. */
export const UNREAD_MS = QUIESCENCE_SECONDS * 1000;

/** What somebody else did in KMS this shortly before an effect, keyturn may not have seen: KMS shows it late. */
export const UNSEEN_IN_KMS_MS = UNREAD_MS + KMS_CONSISTENCY_SECONDS * 1000;

/** A step of retirement as KMS applied it: the soft revoke, or the scheduled deletion. */
export type RetirementStep = 'disable' | 'revoke';

export const WORDS = { disable: 'disabled', revoke: 'scheduled for deletion' } as const satisfies Record<RetirementStep, string>;

export interface RetirementEvent {
  readonly event: KmsKeyStateChanged;
  readonly step: RetirementStep;
}

export function retirementStepOf(event: TraceEvent): RetirementEvent | undefined {
  if (event.type !== 'kms.key-state-changed') return undefined;
  if (event.to === 'PendingDeletion') return { event, step: 'revoke' };
  // KMS leaves a key Disabled when its deletion is cancelled: that is a rescue.
  return event.to === 'Disabled' && event.from !== 'PendingDeletion' ? { event, step: 'disable' } : undefined;
}

/**
 * The policies that bind at a moment: the one pinned at Claim, and the present one, whose tightenings apply at once, that is
 * to every invocation that began after the change.
 */
export function bindingPolicies({ lease, policy }: ManagedKey, policyChanged: Moment | undefined, atMs: number): readonly KeyPolicy[] {
  if (lease === null) return [policy];
  const isFresh = policyChanged !== undefined && atMs - policyChanged.atMs < UNREAD_MS;
  return isFresh ? [lease.policy] : [lease.policy, policy];
}
