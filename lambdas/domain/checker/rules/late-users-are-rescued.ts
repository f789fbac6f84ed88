import { CLOUDTRAIL_SECONDS } from '../../../contract/timing';
import type { DeadLetterSent, KmsKeyUsed } from '../../trace';
import { isBeingRescued } from '../registry-items';
import type { Rule } from '../rule';

/** Until CloudTrail has told of a failed use, and as long again for the tries of who hears of it. */
const GRACE_MS = 2 * CLOUDTRAIL_SECONDS * 1000;

/** Functions of rescues, and their roles: by their own name, or by the one that a stack gives them. */
const RESCUE = /rescue-?version/i;

/** What a rescue ends with whose process dies, and when a service refuses what it asks for. */
const DEATHS: ReadonlySet<string> = new Set(['Lambda.Unknown', 'Runtime.ExitError', 'Sandbox.Timedout']);
const REFUSED: ReadonlySet<string> = new Set(['RegistryBusy', 'RegistryOutcomeUnknown', 'Throttled']);

const REFUSALS: ReadonlySet<string> = new Set(['DisabledException', 'KMSInvalidStateException']);

/** Invariant 6, late users: when a use fails because keyturn has disabled or revoked the version, the version is taken back, or at least people are told who it was. */
export const lateUsersAreRescued: Rule = ({ world, options, findings }) => {
  const rescued = findings('6 a late user is rescued', "no consumer's use failed because keyturn had retired the version, or too late to say what came of it");
  /** By KMS key: the first use that failed and was not followed yet. */
  const failed = new Map<string, KmsKeyUsed>();
  /** `seq` of the last call of a rescue that a service refused. */
  let refusedSeq = -1;

  function follow(kmsKeyId: string, atMs: number): void {
    const use = failed.get(kmsKeyId);
    if (use === undefined) return;
    failed.delete(kmsKeyId);
    judge(use, atMs);
  }

  /** The alarm `rescue-failed` has rung, and the letter names the key and the user. A rescue that fails by itself is no excuse. */
  function followLetter({ function: name, error, payload, atMs }: DeadLetterSent): void {
    if (!RESCUE.test(name)) return;
    for (const [keyId, { actor, seq }] of [...failed]) {
      const isOutside = DEATHS.has(error) || (REFUSED.has(error) && refusedSeq > seq);
      if (isOutside && payload.includes(actor) && payload.includes(keyId)) follow(keyId, atMs);
    }
  }

  function judge(use: KmsKeyUsed, atMs: number): void {
    rescued.examined();
    if (atMs - use.atMs <= GRACE_MS) return;
    const view = world.versionOfKmsKey(use.keyId ?? '');
    rescued.violated(`${view?.key.name ?? 'a key'} v${view?.version.number ?? 0}: ${use.actor} could not ${use.operation}, and ${GRACE_MS / 3_600_000} hours later it was neither rescued nor told of`, [use.seq]);
  }

  return {
    onTransition({ actor, after, moment, versionsAfter }) {
      for (const { number, kmsKeyId, status } of versionsAfter.values()) {
        if (kmsKeyId === undefined || !failed.has(kmsKeyId)) continue;
        // Who restores the table answers for what keyturn cannot know any more.
        if (!options.isKeyturn(actor)) failed.delete(kmsKeyId);
        else if (status === 'DEPRECATED' || isBeingRescued(after, number)) follow(kmsKeyId, moment.atMs);
      }
    },
    onEvent(event) {
      if (event.type === 'sns.published') {
        // An alert about something else says nothing of the user, who has to be named.
        for (const [keyId, { actor }] of [...failed]) if (event.message.includes(actor)) follow(keyId, event.atMs);
      }
      if (event.type === 'sdk.call' && event.error !== null && RESCUE.test(event.actor)) refusedSeq = event.seq;
      if (event.type === 'lambda.dead-letter-sent') followLetter(event);
      if (event.type !== 'kms.key-used' || event.keyId === null || event.error === null || !REFUSALS.has(event.error) || !options.isConsumer(event.actor)) return;
      const [view, change] = [world.versionOfKmsKey(event.keyId), world.kmsChange(event.keyId)];
      if (change === undefined || change.to === 'Enabled' || !options.isKeyturn(change.actor) || failed.has(event.keyId)) return;
      if (view?.version.status === 'DISABLED' || view?.version.status === 'REVOKED') failed.set(event.keyId, event);
    },
    atEnd() {
      for (const use of failed.values()) if (options.untilMs - use.atMs > GRACE_MS) judge(use, options.untilMs);
    },
  };
};
