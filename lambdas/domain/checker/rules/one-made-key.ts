import { KEY_TAGS } from '../../../contract/names';
import type { KmsKeyCreated } from '../../trace';
import type { Rule } from '../rule';
import { isUnderWaySince } from '../under-way';
import type { Moment } from '../world';

/** Invariant 1, calls: for one version one KMS key is made, however often an answer is lost: a key that is there is looked for and taken, unless somebody has made it unusable. */
export const oneMadeKey: Rule = ({ world, options, findings, firstSeqOf }) => {
  const keys = findings('1 one KMS key is made per version', 'keyturn made no KMS key that names its version');
  /** By registry, key and version, as the tags name them. */
  const made = new Map<string, KmsKeyCreated>();
  const restored = new Map<string, Moment>();
  return {
    onTransition({ actor, key, moment }) {
      // Who restores the table gives numbers again.
      if (options.isKeyturn(actor)) return;
      restored.set(key.name, moment);
      for (const [id, { tags }] of made) if (tags[KEY_TAGS.key] === key.name) made.delete(id);
    },
    onEvent(event) {
      if (event.type !== 'kms.key-created' || !options.isKeyturn(event.actor)) return;
      const { [KEY_TAGS.registry]: registry, [KEY_TAGS.key]: name, [KEY_TAGS.version]: version } = event.tags;
      if (name === undefined || version === undefined) return;
      keys.examined();
      const id = `${registry} ${name} ${version}`;
      const earlier = made.get(id);
      const isUsable = earlier !== undefined && (world.kmsChange(earlier.keyId)?.to ?? 'Enabled') === 'Enabled';
      if (isUsable) keys.violated(`${name} v${version}: ${event.keyId} was made, although ${earlier.keyId} had been made for it`, [earlier.seq, event.seq]);
      const restore = restored.get(name);
      // The restored registry has its version made anew.
      if (restore === undefined || !isUnderWaySince(event, restore, firstSeqOf)) made.set(id, event);
    },
  };
};
