import type { Rule } from '../rule';

/** Invariant 6, emergencies: what is marked as compromised, and so drains for a shorter time, is the version that people have said is. */
export const compromisedVersion: Rule = ({ options, findings }) => {
  const marks = findings('6 only the version of an emergency is marked as compromised', 'no version was marked as compromised');
  return {
    onTransition({ key, actor, after, moment, versionsBefore, versionsAfter }) {
      if (!options.isKeyturn(actor)) return;
      for (const { number, compromisedAt } of versionsAfter.values()) {
        if (compromisedAt === undefined || versionsBefore.get(number)?.compromisedAt !== undefined) continue;
        marks.examined();
        const wanted = after?.emergency?.version;
        if (wanted !== number) marks.violated(`${key.name}: v${number} was marked as compromised; the emergency is about ${wanted === undefined ? 'none' : `v${wanted}`}`, [key.metaSeq, moment.seq]);
      }
    },
  };
};
