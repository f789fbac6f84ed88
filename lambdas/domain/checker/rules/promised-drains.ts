import { lastStays, promisedDrainSeconds } from '../promise';
import type { Rule } from '../rule';
import type { Stay } from '../world';
import { retirementStepOf, UNSEEN_IN_KMS_MS, WORDS } from './retirement';

/**
 * Invariant 4, by what KMS shows: a key is not retired while the alias points to it, nor before it has drained for as long as was promised since the alias left
 * it. What somebody else began and took back is theirs; where keyturn took it back, it counts.
 */
export const promisedDrains: Rule = (inquiry) => {
  const { options, findings } = inquiry;
  const steps = findings('4 a key drains as long as was promised', 'keyturn retired no key that a managed alias had pointed to');
  const isOurs = ({ begin, end }: Stay): boolean => end === undefined || options.isKeyturn(begin.actor) || options.isKeyturn(end.actor);
  return {
    onEvent(candidate) {
      const retired = retirementStepOf(candidate);
      if (retired === undefined || !options.isKeyturn(candidate.actor)) return;
      const { event, step } = retired;
      for (const stay of lastStays(inquiry, event.keyId, isOurs)) {
        const { promise, alias, begin, end } = stay;
        steps.examined();
        if (end === undefined) {
          const isUnseen = !options.isKeyturn(begin.actor) && event.atMs - begin.atMs < UNSEEN_IN_KMS_MS;
          if (!isUnseen) steps.violated(`${promise.name}: ${event.keyId} was ${WORDS[step]} while ${alias} points to it`, [begin.seq, event.seq]);
          continue;
        }
        const [drainedMs, promisedMs] = [event.atMs - end.atMs, promisedDrainSeconds(stay, event.keyId) * 1000];
        if (drainedMs >= promisedMs) continue;
        steps.violated(`${promise.name}: ${event.keyId} was ${WORDS[step]} ${exactly(drainedMs)} after ${alias} had left it; ${exactly(promisedMs)} were promised`, [end.seq, event.seq]);
      }
    },
  };
};

/** To the millisecond: a drain that is short by little must not look as long as promised. */
function exactly(ms: number): string {
  const parts = [[Math.floor(ms / 3_600_000), 'h'], [Math.floor((ms % 3_600_000) / 60_000), 'min'], [(ms % 60_000) / 1000, 's']] as const;
  return parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ') || '0 s';
}
