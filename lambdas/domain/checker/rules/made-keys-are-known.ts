import { KEY_TAGS } from '../../../contract/names';
import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import type { KmsKeyCreated } from '../../trace';
import { STEP_GRACE_SECONDS } from '../promise';
import type { Rule } from '../rule';

/** Invariant 1, keys: a call of `CreateKey` that is made twice, or whose answer is lost, leaves no key behind that nobody knows of. */
export const madeKeysAreKnown: Rule = ({ options, findings }) => {
  const keys = findings('1 every key that is made is known', 'keyturn made no KMS key, or too late to say what became of it');
  const made = new Map<string, KmsKeyCreated & { knownAtMs?: number }>();

  /** Within so long a key is adopted, written down, retired, or told of. Whoever has a registry looks through it for what it does not know, the shortest window long. */
  function graceMsOf({ tags }: KmsKeyCreated): number {
    return (options.promises.length > 0 && tags[KEY_TAGS.registry] === undefined ? STEP_GRACE_SECONDS : MIN_WINDOW_SECONDS) * 1000;
  }

  function know(keyId: string | null | undefined, atMs: number): void {
    const key = keyId === null || keyId === undefined ? undefined : made.get(keyId);
    if (key !== undefined) key.knownAtMs ??= atMs;
  }

  return {
    onTransition({ versionsAfter, moment }) {
      for (const { kmsKeyId } of versionsAfter.values()) know(kmsKeyId, moment.atMs);
    },
    onEvent(event) {
      if (event.type === 'kms.key-created' && options.isKeyturn(event.actor)) made.set(event.keyId, { ...event });
      if (event.type === 'kms.alias-changed') know(event.to, event.atMs);
      if (event.type === 'kms.key-state-changed' && event.to !== 'Enabled') know(event.keyId, event.atMs);
      if (event.type === 'sns.published') for (const keyId of made.keys()) if (event.message.includes(keyId)) know(keyId, event.atMs);
    },
    atEnd() {
      for (const key of made.values()) {
        const { keyId, atMs, seq, knownAtMs } = key;
        const graceMs = graceMsOf(key);
        const isLate = (knownAtMs ?? options.untilMs) - atMs > graceMs;
        if (knownAtMs === undefined && !isLate) continue;
        keys.examined();
        if (isLate) keys.violated(`${keyId} was made, and ${graceMs / 3_600_000} h later nothing pointed to it, knew it or told of it`, [seq]);
      }
    },
  };
};
