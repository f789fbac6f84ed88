import { promisedAlias, type PromisedAlias } from '../promise';
import type { Rule } from '../rule';

/** Invariant 3, by what KMS shows: the alias is never pointed back to a key that it had left, unless somebody else had moved it away or a person repairs the key. */
export const aliasNeverReturns: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const moves = findings('3 the alias never goes back to an old key', 'keyturn moved no managed alias');
  return {
    onEvent(event) {
      if (event.type !== 'kms.alias-changed' || event.to === null || event.to === event.from || !options.isKeyturn(event.actor)) return;
      const { alias, to } = event;
      const promised = promisedAlias(inquiry, alias);
      if (promised === undefined) return;
      moves.examined();
      const left = world.staysOf(alias).findLast(({ keyId }) => keyId === to)?.end;
      if (left === undefined || !options.isKeyturn(left.actor) || isOpen(promised, to)) return;
      moves.violated(`${promised.promise.name}: ${alias} was pointed back to ${to}, which it had left`, [left.seq, event.seq]);
    },
  };
};

/** Both sides of an open promotion are legal, and so is what an approved repair does. */
function isOpen({ key }: PromisedAlias, kmsKeyId: string): boolean {
  const { intent, repair } = key?.meta ?? {};
  if (repair !== null && repair !== undefined) return true;
  return intent?.kind === 'promote' && (intent.fromKeyId === kmsKeyId || intent.toKeyId === kmsKeyId);
}
