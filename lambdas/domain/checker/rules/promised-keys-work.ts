import { lastStays, promisedAlias, promisedDrainSeconds } from '../promise';
import type { Rule } from '../rule';
import { causeOf, UNUSABLE } from './consumers-unharmed';

/** Invariant 5, by what KMS shows: a managed alias works, and the key that it has left works for as long as was promised. */
export const promisedKeysWork: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const throughAlias = findings('5 calls through a managed alias work', 'no consumer used a managed alias');
  const byKey = findings('5 old data is readable for as long as was promised', 'no consumer used a key by its id that a managed alias had pointed to');
  return {
    onEvent(event) {
      if (event.type !== 'kms.key-used' || event.keyId === null || !options.isConsumer(event.actor)) return;
      const { alias, keyId, operation, actor, error } = event;
      const state = world.harmTo(keyId);
      if (alias !== null) {
        const promised = promisedAlias(inquiry, alias);
        if (promised === undefined) return;
        throughAlias.examined();
        const move = world.aliasChange(alias);
        const cause = causeOf(move, state);
        const isTheirs = cause !== undefined && options.isKeyturn(cause.actor) && (move === undefined || options.isKeyturn(move.actor));
        if (error !== null && UNUSABLE.has(error) && isTheirs) throughAlias.violated(`${promised.promise.name}: ${operation} through ${alias} by ${actor} failed with ${error}`, [cause.seq, event.seq]);
        return;
      }
      for (const stay of lastStays(inquiry, keyId)) {
        const { promise, begin, end } = stay;
        if (end !== undefined && event.atMs - end.atMs >= promisedDrainSeconds(stay, keyId) * 1000) continue;
        byKey.examined();
        if (error === null || !UNUSABLE.has(error) || state === undefined || !options.isKeyturn(state.actor)) continue;
        // Somebody else has pointed the alias back to a key that was retired.
        if (begin.seq > state.seq && !options.isKeyturn(begin.actor)) continue;
        byKey.violated(`${promise.name}: ${operation} with ${keyId} by ${actor} failed with ${error}, before its promised drain was over`, [end?.seq, state.seq, event.seq]);
      }
    },
  };
};
