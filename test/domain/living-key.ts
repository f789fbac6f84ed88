import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { adoptCreated, equip, recordProof } from '../../lambdas/domain/creation';
import { intendCreate } from '../support/intend-create';
import type { Instant } from '../../lambdas/domain/instant';
import { claim, type ClaimRequest, type Owner } from '../../lambdas/domain/lease';
import { seal, type Decision, type LedgerEvent } from '../../lambdas/domain/ledger';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { commitPromotion, confirmPromotion, intendPromote } from '../../lambdas/domain/promotion';
import { register } from '../../lambdas/domain/registration';
import type { Run } from '../../lambdas/domain/rotation-id';
import { commitDisable, commitRevoke, intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { isTerminal } from '../../lambdas/domain/version-status';
import { policyOf } from '../support/policies';

export const REGISTERED_AT: Instant = '2026-03-01T00:00:00.000Z';
export const AT: Instant = '2026-04-01T01:00:00.000Z';
export const WINDOW = '20260401T0000Z';
export const NEXT_WINDOW = '20260630T0000Z';
export const NEXT_AT: Instant = '2026-06-30T01:00:00.000Z';

/** An error with these members, for `toThrow`. */
export function error(members: { readonly name: string; readonly message?: unknown }): Error {
  return expect.objectContaining(members) as Error;
}

/** A key with its ledger, changed by decisions as the registry changes it. */
export class LivingKey {
  state: ManagedKey | undefined;
  readonly ledger: LedgerEvent[] = [];

  get key(): ManagedKey {
    if (this.state === undefined) throw new Error('the key is not registered');
    return this.state;
  }

  /** @returns whether something was written. */
  apply(decision: Decision): boolean {
    if (decision.kind === 'done') return false;
    const { after, event } = seal(this.state, decision.next, decision.note, decision.baseline);
    this.ledger.push(event);
    const versions = Object.fromEntries(Object.entries(after.versions).filter(([, { status }]) => !isTerminal(status)));
    this.state = { ...after, versions };
    return true;
  }

  owner(): Owner {
    return { rotationId: this.key.lease?.rotationId ?? 'nobody', fence: this.key.fence };
  }
}

export function registered(policy: Partial<KeyPolicy> = {}): LivingKey {
  const living = new LivingKey();
  living.apply(register(undefined, policyOf(policy), { registryId: 'registry', at: REGISTERED_AT, by: 'deploy' }));
  return living;
}

/** An attempt of a window. */
export const attempt = (number: number, window = WINDOW): Run => ({ kind: 'rotation', window, number });

export function request(window = WINDOW, number = 1, at = AT): ClaimRequest {
  return { rotationId: `orders-${window}-a${number}`, executionArn: `arn:${window}-a${number}`, run: attempt(number, window), at };
}

export function claimed(policy?: Partial<KeyPolicy>): LivingKey {
  const living = registered(policy);
  living.apply(claim(living.key, request()));
  return living;
}

/** Makes, equips and proves version `number`. */
export function prepare(living: LivingKey, number: number, at = AT): LivingKey {
  living.apply(intendCreate(living.key, living.owner(), number, at));
  living.apply(adoptCreated(living.key, living.owner(), number, { keyId: `k${number}`, keyArn: `arn:k${number}` }, at));
  living.apply(equip(living.key, living.owner(), number, at));
  living.apply(recordProof(living.key, living.owner(), number, at));
  return living;
}

export function promote(living: LivingKey, number: number, at = AT): LivingKey {
  living.apply(intendPromote(living.key, living.owner(), number, at));
  living.apply(commitPromotion(living.key, living.owner(), number, at));
  return living;
}

/** v1 ACTIVE, nobody owns the key, the window is done. */
export function bootstrapped(policy?: Partial<KeyPolicy>): LivingKey {
  const living = promote(prepare(claimed(policy), 1), 1);
  living.state = { ...living.key, lease: null, completedWindow: WINDOW };
  return living;
}

/** v1 DEPRECATED and draining, v2 ACTIVE, the second window's rotation owns the key. */
export function draining(policy?: Partial<KeyPolicy>): LivingKey {
  const living = bootstrapped(policy);
  living.apply(claim(living.key, request(NEXT_WINDOW, 1, NEXT_AT)));
  promote(prepare(living, 2, NEXT_AT), 2, NEXT_AT);
  living.apply(confirmPromotion(living.key, living.owner(), 2, NEXT_AT));
  return living;
}

/** Long after every deadline. */
export const LATE: Instant = '2026-12-01T00:00:00.000Z';
export const LATER: Instant = '2027-02-01T00:00:00.000Z';

export function disabled(policy?: Partial<KeyPolicy>): LivingKey {
  const living = draining(policy);
  living.apply(intendDisable(living.key, living.owner(), 1, LATE, 'call-1'));
  living.apply(commitDisable(living.key, living.owner(), 1, LATE));
  return living;
}

export function revoked(policy?: Partial<KeyPolicy>): LivingKey {
  const living = disabled(policy);
  living.apply(intendRevoke(living.key, living.owner(), 1, LATER, 'call-1'));
  living.apply(commitRevoke(living.key, living.owner(), 1, LATER, '2027-03-03T00:00:00.000Z'));
  return living;
}
