import { KEY_TAGS } from '../../../contract/names';
import { QUIESCENCE_SECONDS } from '../../../contract/timing';
import type { KmsKeyCreated } from '../../trace';
import type { Rule } from '../rule';
import type { Moment } from '../world';

/** A function that ran when somebody restored the table makes its key for the registry as it was: that one makes its version anew. */
const UNDER_WAY_MS = QUIESCENCE_SECONDS * 1000;

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
      const { seq, atMs } = restored.get(name) ?? { seq: -1, atMs: 0 };
      const wasUnderWay = (firstSeqOf(event.traceId) ?? event.seq) < seq && event.atMs - atMs <= UNDER_WAY_MS;
      if (!wasUnderWay) made.set(id, event);
    },
  };
};
