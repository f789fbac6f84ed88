import type { Rule } from '../rule';

/** Invariant 2, before the fact: keyturn has used a new key with success before it points the alias to it. */
export const provedBeforePromotion: Rule = ({ world, options, findings }) => {
  const promotions = findings('2 a key is proved before the alias gets it', 'keyturn pointed no alias to a new version, or its use of keys was not recorded');
  /** Keys whose beginning the trace shows. */
  const made = new Set<string>();
  const proved = new Set<string>();
  let isRecorded = false;
  return {
    onEvent(event) {
      if (!options.isKeyturn(event.actor)) return;
      if (event.type === 'kms.key-created') made.add(event.keyId);
      if (event.type === 'kms.key-used' && event.keyId !== null) {
        isRecorded = true;
        if (event.error === null) proved.add(event.keyId);
      }
      if (event.type !== 'kms.alias-changed' || event.to === null || world.keyOfAlias(event.alias) === undefined) return;
      const target = world.versionOfKmsKey(event.to);
      if (target?.version.status !== 'PENDING' || !isRecorded || !made.has(event.to)) return;
      promotions.examined();
      if (!proved.has(event.to)) promotions.violated(`${target.key.name}: ${event.alias} was pointed to ${event.to} of v${target.version.number}, which keyturn had not used with success`, [target.key.metaSeq, event.seq]);
    },
  };
};
