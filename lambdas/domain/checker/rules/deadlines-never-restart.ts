import { msOf, type Instant } from '../../instant';
import type { LedgerEventType } from '../../ledger';
import type { KeyVersion } from '../../managed-key';
import type { Rule } from '../rule';
import type { Transition } from '../transitions';

const DEADLINES = ['drainFrom', 'disableNotBefore', 'revokeNotBefore'] as const satisfies readonly (keyof KeyVersion)[];
type Deadline = (typeof DEADLINES)[number];

/**
 * Invariant 8, deadlines: they are written once and never restart. An extension of the drain moves the first one later, with
 * its event; an approved emergency brings those of the compromised version forward; a rescue drops the end of a bake that it ends.
 */
export const deadlinesNeverRestart: Rule = ({ options, findings }) => {
  const deadlines = findings('8 deadlines are written once', 'no version got a deadline');

  function checkVersion(transition: Transition, old: KeyVersion, next: KeyVersion, deadline: Deadline): void {
    const [from, to] = [old[deadline], next[deadline]];
    if (from === undefined && to === undefined) return;
    deadlines.examined();
    if (from === undefined || from === to || isPermitted(transition, next, deadline, from, to)) return;
    const { key, moment, ledger } = transition;
    deadlines.violated(`${key.name} v${next.number}: ${deadline} moved from ${from} to ${to ?? 'nothing'} by ${ledger[0]?.entry?.type ?? 'no event'}`, [key.metaSeq, moment.seq]);
  }

  return {
    onTransition(transition) {
      if (transition.meta === undefined || !options.isKeyturn(transition.actor)) return;
      for (const [number, next] of transition.versionsAfter) {
        const old = transition.versionsBefore.get(number);
        // Versions that a write left as they were say nothing new.
        if (old === undefined || old === next) continue;
        for (const deadline of DEADLINES) checkVersion(transition, old, next, deadline);
      }
    },
  };
};

function isPermitted({ ledger, after }: Transition, next: KeyVersion, deadline: Deadline, from: Instant, to: Instant | undefined): boolean {
  const isBy = (type: LedgerEventType): boolean => ledger.some(({ entry }) => entry?.type === type);
  if (to === undefined) return deadline === 'revokeNotBefore' && isBy('VersionRescued');
  if (deadline === 'drainFrom') return false;
  const isLater = msOf(to) > msOf(from);
  if (isLater) return deadline === 'disableNotBefore' && isBy('DrainExtended');
  return next.compromisedAt !== undefined && after?.emergency?.version === next.number;
}
