import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { approveEmergency } from '../../lambdas/domain/emergency';
import { plusSeconds, type Instant } from '../../lambdas/domain/instant';
import { claim, completeRun, type ClaimRequest, type Holder } from '../../lambdas/domain/lease';
import { rotationId, type Run, type RunKind } from '../../lambdas/domain/rotation-id';
import { attempt, bootstrapped, draining, NEXT_AT, NEXT_WINDOW, WINDOW, type LivingKey } from './living-key';

/** A day in the drain of v1. */
export const IN_DRAIN: Instant = plusSeconds(NEXT_AT, 86_400);

export const runOf = (kind: RunKind, number = 1, window = NEXT_WINDOW): Run => ({ kind, window, number });

export function requestFor(run: Run, at: Instant, holder?: Holder): ClaimRequest {
  const id = rotationId('orders', run);
  return { rotationId: id, executionArn: `arn:${id}`, run, at, ...(holder === undefined ? {} : { holder }) };
}

export const APPROVED = { approvalId: 'a'.repeat(20), requestedBy: 'bob', approvedBy: ['alice'], reason: 'a leak' };

/** v1 is retired as far as its drain; its retirement was left for a later run. */
export function leftPending(policy?: Partial<KeyPolicy>, at: Instant = IN_DRAIN): LivingKey {
  const living = draining(policy);
  living.apply(completeRun(living.key, living.owner(), attempt(1, NEXT_WINDOW), at, { version: 1, reason: 'held' }));
  return living;
}

/** An approved emergency of the ACTIVE v1, which nothing owns. */
export function endangered(at: Instant = NEXT_AT, policy?: Partial<KeyPolicy>): LivingKey {
  const living = bootstrapped({ startSpreadSeconds: 0, ...policy });
  living.apply(approveEmergency(living.key, { ...APPROVED, version: 1, at }));
  return living;
}

/** Its first run owns it. */
export function inEmergency(at: Instant = NEXT_AT, policy?: Partial<KeyPolicy>): LivingKey {
  const living = endangered(at, policy);
  living.apply(claim(living.key, requestFor({ kind: 'emergency', window: living.key.emergency?.window ?? WINDOW, number: 1 }, at)));
  return living;
}
