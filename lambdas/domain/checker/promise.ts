import { msOf } from '../instant';
import type { KeyPromise } from './options';
import type { Inquiry } from './rule';
import type { KeyView, Stay } from './world';

/** Where no registry says how long a step may take: a job that failed has been started again long before, and is told of. */
export const STEP_GRACE_SECONDS = 3_600;

/** An alias that people were promised something about: by the registry, or by the options. */
export interface PromisedAlias {
  readonly promise: KeyPromise;
  /** The registry's view of it, if it has one. */
  readonly key: KeyView | undefined;
}

/** @returns `undefined` for an alias about which nothing was promised */
export function promisedAlias({ world, options }: Pick<Inquiry, 'world' | 'options'>, alias: string): PromisedAlias | undefined {
  const key = world.keyOfAlias(alias);
  // What an owner has pinned at Claim is what it works by.
  const promise = key === undefined ? options.promises.find((candidate) => candidate.alias === alias) : (key.meta?.lease?.policy ?? key.meta?.policy);
  return promise === undefined ? undefined : { promise, key };
}

/** For how long old data was promised to decrypt once the alias has left a key. A compromised version drains as an approved emergency says. */
export function promisedDrainSeconds({ promise, key }: PromisedAlias, kmsKeyId: string): number {
  const version = [...(key?.versions.values() ?? [])].find((candidate) => candidate.kmsKeyId === kmsKeyId);
  const drainSeconds = Math.max(promise.drainSeconds, promise.backupRetentionSeconds);
  return version?.compromisedAt === undefined ? drainSeconds : Math.min(drainSeconds, key?.meta?.policy.emergencyDrainSeconds ?? drainSeconds);
}

/** The last time that a promised alias pointed to a key, by alias. @param counts whether a stay does @default each does */
export function lastStays(inquiry: Pick<Inquiry, 'world' | 'options'>, kmsKeyId: string, counts: (stay: Stay) => boolean = () => true): readonly (Stay & PromisedAlias)[] {
  return [...inquiry.world.aliasesOf(kmsKeyId)].flatMap((alias) => {
    const stay = inquiry.world.staysOf(alias).findLast((candidate) => candidate.keyId === kmsKeyId && counts(candidate));
    const promised = stay === undefined ? undefined : promisedAlias(inquiry, alias);
    return stay === undefined || promised === undefined ? [] : [{ ...stay, ...promised }];
  });
}

/**
 * Whether there is nothing but a promise about a KMS key: a promised alias that no registry of the trace knows has pointed to it, or the trace has
 * promises only. What the trace has, its end says.
 */
export function isPromisedOnly(inquiry: Pick<Inquiry, 'world' | 'options'>, kmsKeyId: string): boolean {
  const [registered] = inquiry.world.allKeys();
  return registered === undefined ? inquiry.options.promises.length > 0 : lastStays(inquiry, kmsKeyId).some(({ key }) => key === undefined);
}

/**
 * Until when a person has kept the key still, and knows it: `Infinity` while nobody says when it ends.
 * @returns `undefined` for a key that may go on
 */
export function standingStillUntilMs({ meta, frozen }: KeyView): number | undefined {
  if (frozen !== undefined || (meta !== undefined && (meta.removed || meta.hold !== null || meta.quarantine !== null))) return Infinity;
  return meta?.pause == null ? undefined : msOf(meta.pause.until);
}

/** A person keeps the key still at a moment, and knows it. */
export function isStandingStill({ key }: PromisedAlias, atMs: number): boolean {
  return key !== undefined && (standingStillUntilMs(key) ?? -Infinity) > atMs;
}
