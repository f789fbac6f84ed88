import type { KmsKeyStateChanged } from '../../trace';
import type { Rule } from '../rule';
import { hasChanged } from '../transitions';
import type { KeyView, VersionView } from '../world';
import { RECONCILE_EVERY_SECONDS } from '../../../contract/timing';
import { retirementStepOf, UNREAD_MS, WORDS, type RetirementStep } from './retirement';

/** Time for the function itself, or else the reconciliation, to cancel what was scheduled under a freeze: four looks. */
const CANCEL_GRACE_MS = 4 * RECONCILE_EVERY_SECONDS * 1000;

/**
 * Invariant 6: no revocation by an aborted, superseded, frozen or held rotation. A hold or freeze that lands between the
 * intent's write and the call cannot be seen by that call; it cancels the deletion instead.
 */
export const revocationAuthority: Rule = ({ world, options, findings, executionOf }) => {
  const stopped = findings('6 nothing is retired while held or frozen', 'keyturn retired nothing');
  const owned = findings('6 only the owner retires, by an intent', 'keyturn disabled and revoked no version');
  const cancelled = findings('6 a hold after the call cancels the deletion', 'no key of a version that keyturn revoked was deleted');
  const frozen = findings('6 a freeze before the commit cancels the deletion', 'keyturn scheduled no deletion');
  const underFreeze = new Map<string, { readonly event: KmsKeyStateChanged; readonly frozenSeq: number; readonly what: string }>();

  function checkStopped({ key, version }: VersionView, step: RetirementStep, event: KmsKeyStateChanged): void {
    stopped.examined();
    for (const [word, since] of [['frozen', key.frozen], ['held', key.held]] as const) {
      if (since === undefined) continue;
      const isBeforeIntent = key.intended === undefined || since.seq < key.intended.seq;
      if (!isBeforeIntent && event.atMs - since.atMs < UNREAD_MS) continue;
      stopped.violated(`${key.name} v${version.number} was ${WORDS[step]} while the key was ${word}`, [since.seq, event.seq]);
    }
  }

  function checkOwned({ key, version }: VersionView, step: RetirementStep, event: KmsKeyStateChanged): void {
    owned.examined();
    const what = `${key.name} v${version.number} was ${WORDS[step]}`;
    const events = [key.metaSeq, event.seq];
    const { lease = null, intent = null } = key.meta ?? {};
    const execution = executionOf(event.traceId);
    if (lease === null) owned.violated(`${what} while nobody held the lease`, events);
    else if (execution !== undefined && execution !== lease.rotationId) owned.violated(`${what} by ${execution} while ${lease.rotationId} held the lease`, events);
    if (intent?.kind !== step || intent.version !== version.number) owned.violated(`${what} without an open ${step} intent`, events);
  }

  function checkDeletion({ key, version }: VersionView, event: KmsKeyStateChanged): void {
    const scheduled = world.kmsChange(event.keyId);
    if (scheduled?.to !== 'PendingDeletion' || !options.isKeyturn(scheduled.actor)) return;
    if (key.frozen !== undefined && version.status !== 'REVOKED' && !underFreeze.has(event.keyId)) {
      frozen.violated(`${key.name} v${version.number} was deleted while the key was frozen, and its revocation was never committed`, [scheduled.seq, key.frozen.seq, event.seq]);
    }
    cancelled.examined();
    if (key.held !== undefined) {
      cancelled.violated(`${key.name} v${version.number} was deleted although the key has been held since before`, [scheduled.seq, key.held.seq, event.seq]);
    }
  }

  /** A deletion that begins under a freeze has to end before KMS deletes the key, and soon. */
  function followUnderFreeze(event: KmsKeyStateChanged): void {
    const begun = underFreeze.get(event.keyId);
    if (begun !== undefined && (event.to === 'Deleted' || event.atMs - begun.event.atMs > CANCEL_GRACE_MS)) notCancelled(begun, event.seq);
    underFreeze.delete(event.keyId);
    if (event.to !== 'PendingDeletion' || !options.isKeyturn(event.actor)) return;
    const view = world.versionOfKmsKey(event.keyId);
    if (view === undefined) return;
    frozen.examined();
    const { key, version } = view;
    if (key.frozen !== undefined) underFreeze.set(event.keyId, { event, frozenSeq: key.frozen.seq, what: `${key.name} v${version.number}` });
  }

  function notCancelled({ event, frozenSeq, what }: { readonly event: KmsKeyStateChanged; readonly frozenSeq: number; readonly what: string }, endSeq?: number): void {
    frozen.violated(`${what}: its deletion was scheduled while the key was frozen, and was not cancelled`, [frozenSeq, event.seq, endSeq]);
  }

  return {
    atEnd() {
      for (const begun of underFreeze.values()) if (options.untilMs - begun.event.atMs > CANCEL_GRACE_MS) notCancelled(begun);
    },
    onEvent(candidate) {
      if (candidate.type === 'kms.key-state-changed' && candidate.to === 'Deleted') {
        const view = world.versionOfKmsKey(candidate.keyId);
        if (view !== undefined) checkDeletion(view, candidate);
      }
      if (candidate.type === 'kms.key-state-changed') followUnderFreeze(candidate);
      const retired = options.isKeyturn(candidate.actor) ? retirementStepOf(candidate) : undefined;
      const view = retired === undefined ? undefined : world.versionOfKmsKey(retired.event.keyId);
      if (retired === undefined || view === undefined) return;
      checkStopped(view, retired.step, retired.event);
      checkOwned(view, retired.step, retired.event);
    },
    onTransition(transition) {
      const { key, actor, after, moment } = transition;
      const intent = after?.intent;
      if (!options.isKeyturn(actor) || !hasChanged(transition, 'intent') || (intent?.kind !== 'disable' && intent?.kind !== 'revoke')) return;
      stopped.examined();
      const since = stopOf(key);
      if (since !== undefined) stopped.violated(`${key.name}: keyturn intended to ${intent.kind} v${intent.version} of a key that is held or frozen`, [since.seq, moment.seq]);
    },
  };
};

function stopOf(key: KeyView): { readonly seq: number } | undefined {
  return key.frozen ?? key.held;
}
