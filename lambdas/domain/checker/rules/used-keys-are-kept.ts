import type { KmsKeyUsed } from '../../trace';
import { lastStays } from '../promise';
import type { Rule } from '../rule';
import { retirementStepOf } from './retirement';

/**
 * Invariant 4, by what KMS shows: a key that somebody has just used is not disabled. Where there is a registry, its evidence and its approvals are
 * judged, and not this.
 */
export const usedKeysAreKept: Rule = (inquiry) => {
  const { options, findings } = inquiry;
  const disables = findings('4 a key that is in use is not disabled', 'no key was disabled that a managed alias without a registry had pointed to');
  const lastUses = new Map<string, KmsKeyUsed>();
  return {
    onEvent(candidate) {
      if (candidate.type === 'kms.key-used' && candidate.keyId !== null && candidate.error === null && options.isConsumer(candidate.actor)) lastUses.set(candidate.keyId, candidate);
      const retired = retirementStepOf(candidate);
      if (retired?.step !== 'disable' || !options.isKeyturn(candidate.actor)) return;
      const { event } = retired;
      const use = lastUses.get(event.keyId);
      for (const { promise, key, end } of lastStays(inquiry, event.keyId)) {
        if (key !== undefined || end === undefined) continue;
        disables.examined();
        if (use === undefined || event.atMs - use.atMs >= promise.idleSeconds * 1000) continue;
        disables.violated(`${promise.name}: ${event.keyId} was disabled ${Math.round((event.atMs - use.atMs) / 1000)} s after ${use.actor} had used it; ${promise.idleSeconds} s without a use were promised`, [use.seq, event.seq]);
      }
    },
  };
};
