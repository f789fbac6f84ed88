import { instantOf } from '../../instant';
import { lineageOfVersion } from '../../lease';
import { windowAt } from '../../windows';
import { promisedAlias } from '../promise';
import type { Rule } from '../rule';

/** Invariant 1, by what KMS shows: in one window the alias is pointed to one new key. A registry may say that a key is of an earlier window, or of an emergency. */
export const oneKeyPerWindow: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const adoptions = findings('1 the alias gets one new key per window', 'keyturn pointed no managed alias to a new key');
  const adopted = new Map<string, { readonly keyId: string; readonly seq: number }>();
  return {
    onEvent(event) {
      if (event.type !== 'kms.alias-changed' || event.to === null || !options.isKeyturn(event.actor)) return;
      const { alias, to } = event;
      const promised = promisedAlias(inquiry, alias);
      if (promised === undefined || world.staysOf(alias).some(({ keyId }) => keyId === to)) return;
      adoptions.examined();
      const version = world.versionOfKmsKey(to)?.version;
      const lineage = version === undefined ? windowAt(promised.promise, instantOf(event.atMs)) : lineageOfVersion(version);
      const first = adopted.get(`${alias} ${lineage}`);
      if (first === undefined) adopted.set(`${alias} ${lineage}`, { keyId: to, seq: event.seq });
      else if (first.keyId !== to) adoptions.violated(`${promised.promise.name}: ${alias} was pointed to ${to} for ${lineage}, which had got ${first.keyId}`, [first.seq, event.seq]);
    },
  };
};
