import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { KMS_CONSISTENCY_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds, type Instant } from '../../lambdas/domain/instant';
import { claim } from '../../lambdas/domain/lease';
import { attempt, bootstrapped, claimed, disabled, draining, LATE, LATER, NEXT_AT, NEXT_WINDOW, prepare, promote, request, revoked, WINDOW, type LivingKey } from '../domain/living-key';
import { Kit } from './kit';

/** An answer of one dependent may take an hour. */
export const DEPENDENT = { name: 'orders-api', kind: 'event', principal: 'arn:aws:iam::111122223333:role/orders-api', acknowledgeWithinSeconds: 3600 } as const;
export const PROBED = { name: 'reports', kind: 'probe', functionArn: 'arn:reports', acknowledgeWithinSeconds: 60 } as const;

export const FIRST = `orders-${WINDOW}-a1`;
export const SECOND = `orders-${NEXT_WINDOW}-a1`;
/** IAM has had its time to learn the version alias of v2. */
export const PROMOTABLE: Instant = plusSeconds(NEXT_AT, KMS_CONSISTENCY_SECONDS);
/** Nothing of what was done at `NEXT_AT` may be a late reading any more. */
export const SETTLED: Instant = plusSeconds(NEXT_AT, 86_400);

/** v1 ACTIVE; the second window's rotation owns the key. */
export function rotating(policy?: Partial<KeyPolicy>): LivingKey {
  const living = bootstrapped(policy);
  living.apply(claim(living.key, request(NEXT_WINDOW, 1, NEXT_AT)));
  return living;
}

/** v2 made, equipped and proved. */
export const prepared = (policy?: Partial<KeyPolicy>): LivingKey => prepare(rotating(policy), 2, NEXT_AT);
/** v2 ACTIVE, not confirmed. */
export const promoted = (policy?: Partial<KeyPolicy>): LivingKey => promote(prepared(policy), 2, NEXT_AT);

/** What a state hands to its task before it owns the key, or wherever that does not matter. */
export const ROTATION = { key: 'orders', run: attempt(1, NEXT_WINDOW), rotationId: SECOND, enteredAt: SETTLED };
/** What a state of the owner hands to its task. */
export function owned({ orders }: Kit, enteredAt: Instant = SETTLED, more: { readonly fence?: number; readonly version?: number } = {}) {
  return { ...ROTATION, fence: orders.fence, version: 2, enteredAt, ...more };
}
export const retiring = (kit: Kit, enteredAt: Instant = LATE) => ({ ...owned(kit, enteredAt), previous: 1 });
export const approvable = (kit: Kit, enteredAt: Instant = LATE) => ({ ...retiring(kit, enteredAt), question: null });

export const note = { by: 'alice', at: NEXT_AT, reason: 'audit' };
export const kitOf = (make: (policy?: Partial<KeyPolicy>) => LivingKey, policy?: Partial<KeyPolicy>): Kit => new Kit(make(policy));

/** What is changed of what a state hands to its task, and whether that is understood then. */
export type PayloadCase = [change: object, isUnderstood: boolean];

/** Of what a state that caught an error hands on. */
export const FAILURE_PAYLOADS: PayloadCase[] = [
  [{}, true],
  [{ state: '' }, false],
  [{ state: 'x'.repeat(80) }, true],
  [{ state: 'x'.repeat(81) }, false],
  [{ error: 'x'.repeat(256) }, true],
  [{ error: 'x'.repeat(257) }, false],
  [{ cause: 'x'.repeat(32_768) }, true],
  [{ cause: 'x'.repeat(32_769) }, false],
  [{ executionArn: '' }, false],
  [{ executionArn: 'x'.repeat(2048) }, true],
  [{ executionArn: 'x'.repeat(2049) }, false],
];

/** A name of an error, and words of its message. */
export const refusal = (name: string, message: string | RegExp = /./): unknown => expect.objectContaining({ name, message: expect.stringMatching(typeof message === 'string' ? escaped(message) : message) as unknown });
const escaped = (text: string): RegExp => new RegExp(text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));

/** A key whose owner runs, if it has one, and that will not be overdue for long. */
export function withOwnerRunning(kit: Kit): Kit {
  kit.edit(({ policy }) => ({ policy: { ...policy, startSpreadSeconds: 10 * 365 * 86_400 } }));
  if (kit.orders.lease !== null) kit.closedAt.set(kit.orders.lease.executionArn, null);
  return kit;
}

export { bootstrapped, claimed, disabled, draining, LATE, LATER, revoked };
