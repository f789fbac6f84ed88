import { MIN_WINDOW_SECONDS } from '../../../contract/timing';
import type { KmsKeyCreated } from '../../trace';
import type { Rule } from '../rule';

/** Within so long a key that was made is adopted, written down, retired, or told of: the shortest window. */
const GRACE_MS = MIN_WINDOW_SECONDS * 1000;

/** Invariant 1, keys: a call of `CreateKey` that is made twice, or whose answer is lost, leaves no key behind that nobody knows of. */
export const madeKeysAreKnown: Rule = ({ options, findings }) => {
  const keys = findings('1 every key that is made is known', 'keyturn made no KMS key, or too late to say what became of it');
  const made = new Map<string, KmsKeyCreated & { knownAtMs?: number }>();

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
      for (const { keyId, atMs, seq, knownAtMs } of made.values()) {
        const isLate = (knownAtMs ?? options.untilMs) - atMs > GRACE_MS;
        if (knownAtMs === undefined && !isLate) continue;
        keys.examined();
        if (isLate) keys.violated(`${keyId} was made, and ${GRACE_MS / 3_600_000} hours later nothing pointed to it, knew it or told of it`, [seq]);
      }
    },
  };
};
