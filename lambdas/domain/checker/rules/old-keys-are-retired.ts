import { MAX_DRAIN_EXTENSIONS, MIN_WINDOW_SECONDS, RETIREMENT_PENDING_SECONDS } from '../../../contract/timing';
import { instantOf } from '../../instant';
import type { KmsKeyStateChanged } from '../../trace';
import { isStandingStill, lastStays, promisedDrainSeconds, STEP_GRACE_SECONDS, type PromisedAlias } from '../promise';
import type { Rule } from '../rule';
import { StandingStill } from '../standing-still';
import { NOT_RETIRED, Told } from '../told';
import type { Stay } from '../world';

/** Key states of KMS in which a step of retirement is done, and the steps in words. */
const STEPS = {
  disabled: ['Disabled', 'PendingDeletion', 'Deleted'],
  'scheduled for deletion': ['PendingDeletion', 'Deleted'],
} as const;
type Step = keyof typeof STEPS;

/** Invariant 12, by what KMS shows: a key that the alias has left is retired when it was promised, or somebody is told that it is not. */
export const oldKeysAreRetired: Rule = (inquiry) => {
  const { world, options, findings } = inquiry;
  const steps = findings('12 old keys are retired or told of', 'no key that a managed alias has left is due to be retired');
  const told = new Told(options);
  const still = new StandingStill();
  const changes = new Map<string, KmsKeyStateChanged[]>();

  function checkStep(stay: Stay & PromisedAlias, left: { readonly atMs: number; readonly seq: number }, step: Step): void {
    const { promise, alias, keyId } = stay;
    const bakeSeconds = step === 'disabled' ? 0 : promise.bakeSeconds;
    const dueMs = left.atMs + (promisedDrainSeconds(stay, keyId) + bakeSeconds + graceSeconds(stay)) * 1000;
    const done = (changes.get(keyId) ?? []).find(({ to, atMs }) => atMs >= left.atMs && (STEPS[step] as readonly string[]).includes(to));
    const endMs = done?.atMs ?? options.untilMs;
    if (done === undefined && endMs <= dueMs) return;
    steps.examined();
    if (endMs <= dueMs || isTold(stay, dueMs - graceSeconds(stay) * 1000, left.atMs, endMs)) return;
    const last = done === undefined ? `was not ${step} by` : `was ${step} only at`;
    steps.violated(`${promise.name}: ${alias} left ${keyId} at ${instantOf(left.atMs)}; it ${last} ${instantOf(endMs)}, and nobody was told`, [left.seq, done?.seq]);
  }

  /**
   * A registry tells why a key is not retired once it should be; whom people kept still has all the time again. Whoever has no registry tells of a job
   * that failed, which may have been long before.
   */
  function isTold(promised: PromisedAlias, dueMs: number, leftMs: number, endMs: number): boolean {
    const { promise: { name }, key } = promised;
    if (key === undefined) return told.isTold(name, leftMs, endMs);
    return told.isToldOf(NOT_RETIRED, name, dueMs, endMs) || still.lastMs(key, endMs) + graceSeconds(promised) * 1000 > endMs;
  }

  function checkStay(stay: Stay & PromisedAlias): void {
    const { promise, keyId, end } = stay;
    // What somebody else's key has to do with the alias is for them to say.
    if (end === undefined || !options.isKeyturn(end.actor) || isKept(stay) || isStandingStill(stay, options.untilMs)) return;
    // Who else changed the key answers for it.
    if ((changes.get(keyId) ?? []).some(({ actor, atMs, to }) => atMs >= end.atMs && to !== 'Deleted' && !options.isKeyturn(actor))) return;
    checkStep(stay, end, 'disabled');
    if (promise.retirement === 'delete') checkStep(stay, end, 'scheduled for deletion');
  }

  return {
    onTransition: (transition) => { still.onTransition(transition); },
    onItem: (event) => { told.onItem(event); },
    onEvent(event) {
      told.onEvent(event);
      if (event.type === 'kms.key-state-changed') changes.set(event.keyId, [...(changes.get(event.keyId) ?? []), event]);
    },
    atEnd() {
      for (const keyId of world.aliasedKmsKeys()) for (const stay of lastStays(inquiry, keyId)) checkStay(stay);
    },
  };
};

/** A registry does not retire a key that it does not know. */
function isKept({ promise, key, keyId }: Stay & PromisedAlias): boolean {
  const version = [...(key?.versions.values() ?? [])].find(({ kmsKeyId }) => kmsKeyId === keyId);
  if (key !== undefined && version === undefined) return true;
  return promise.retirement === 'keep' || key?.meta?.policy.retirement === 'keep' || version?.retirement === 'keep';
}

/** A registry may extend a drain for a user that was seen, and leaves what cannot go on to a later run before it tells people. */
function graceSeconds({ key }: PromisedAlias): number {
  if (key?.meta === undefined) return STEP_GRACE_SECONDS;
  return MIN_WINDOW_SECONDS + MAX_DRAIN_EXTENSIONS * Math.max(key.meta.policy.idleSeconds, 86_400) + RETIREMENT_PENDING_SECONDS;
}
