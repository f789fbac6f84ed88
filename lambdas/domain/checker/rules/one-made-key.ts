import { KEY_TAGS } from '../../../contract/names';
import type { KmsKeyCreated } from '../../trace';
import { Losses } from '../losses';
import type { Rule } from '../rule';
import type { KeyView } from '../world';

/** Invariant 1, calls: for one version one KMS key is made, however often an answer is lost: a key that is there is looked for and taken, unless somebody has made it unusable. */
export const oneMadeKey: Rule = ({ world, options, findings, firstSeqOf }) => {
  const keys = findings('1 one KMS key is made per version', 'keyturn made no KMS key that names its version');
  /** By registry, key and version, as the tags name them. */
  const made = new Map<string, KmsKeyCreated>();
  const losses = new Losses({ options, firstSeqOf });
  /** By table: one that was emptied names its registry no more. */
  const registries = new Map<string, string>();

  function managed(registry: string | undefined, name: string): KeyView | undefined {
    return [...world.allKeys()].find((key) => key.name === name && registryOf(key) === registry);
  }

  function registryOf({ table, meta }: KeyView): string | undefined {
    return meta?.registryId ?? registries.get(table);
  }

  return {
    onTransition(transition) {
      const { key, before, after } = transition;
      const registry = after?.registryId ?? before?.registryId;
      if (registry !== undefined) registries.set(key.table, registry);
      // Who restores the table gives the numbers that it has lost again.
      for (const number of losses.onTransition(transition)?.versions.keys() ?? []) made.delete(idOf(registryOf(key), key.name, String(number)));
    },
    onEvent(event) {
      if (event.type !== 'kms.key-created' || !options.isKeyturn(event.actor)) return;
      const { [KEY_TAGS.registry]: registry, [KEY_TAGS.key]: name, [KEY_TAGS.version]: version } = event.tags;
      if (name === undefined || version === undefined) return;
      keys.examined();
      const id = idOf(registry, name, version);
      const earlier = made.get(id);
      const isUsable = earlier !== undefined && (world.kmsChange(earlier.keyId)?.to ?? 'Enabled') === 'Enabled';
      if (isUsable) keys.violated(`${name} v${version}: ${event.keyId} was made, although ${earlier.keyId} had been made for it`, [earlier.seq, event.seq]);
      // One of a function that was under way when its version was lost is not the restored registry's.
      const key = managed(registry, name);
      const isForgotten = key !== undefined && losses.behind(event, key).some(({ versions }) => versions.has(Number(version)));
      if (!isForgotten) made.set(id, event);
    },
  };
};

function idOf(registry: string | undefined, name: string, version: string): string {
  return `${registry} ${name} ${version}`;
}
