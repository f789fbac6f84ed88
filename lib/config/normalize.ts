import type { DependentPolicy, KeyPolicy } from '../../lambdas/contract/key-policy';
import { KEY_SPECS, type KeySpec, type KeyUsage } from '../../lambdas/contract/key-specs';
import { LAST_USAGE_LAG_SECONDS } from '../../lambdas/contract/timing';
import { secondsOf } from './duration';
import { DEFAULTS, type DependentFields, type KeyFields } from './schema';

/** A key with everything that has no default. */
export type CompleteFields = KeyFields & Required<Pick<KeyFields, 'owner' | 'retirement' | 'rotateEvery'>>;

export function aliasOf({ alias, name }: Pick<KeyFields, 'alias' | 'name'>): string {
  return alias ?? `alias/${name}`;
}

export function specOf({ spec }: Pick<KeyFields, 'spec'>): KeySpec {
  return spec ?? DEFAULTS.spec;
}

/** The spec's only usage; `undefined` when a person must choose. */
export function onlyUsageOf(spec: KeySpec): KeyUsage | undefined {
  const usages: readonly KeyUsage[] = KEY_SPECS[spec];
  return usages.length === 1 ? usages[0] : undefined;
}

type Retirement = KeyPolicy['retirement'];

/** `keep` retires nothing, so there is nothing to drain. */
export function drainSecondsOf({ drain, retirement }: { drain?: string | undefined; retirement: Retirement }): number {
  return secondsOf(drain ?? (retirement === 'keep' ? '0s' : DEFAULTS.drain));
}

/** Half of the drain, in whole seconds: long enough to be evidence, short enough to forgive a slow start. */
export function idleSecondsOf({ idle, drainSeconds }: { idle?: string | undefined; drainSeconds: number }): number {
  return idle === undefined ? Math.floor(drainSeconds / 2) : secondsOf(idle);
}

export function acknowledgeSecondsOf({ acknowledgeWithin }: DependentFields): number {
  return secondsOf(acknowledgeWithin ?? DEFAULTS.acknowledgeWithin);
}

/** The fields that the waits of a rotation come from. */
export type WaitFields = Pick<CompleteFields, 'drain' | 'backupRetention' | 'bake' | 'retirement' | 'dependents' | 'autoDelete' | 'approvalTimeout' | 'emergencyDrain'>;

export function approvalSecondsOf({ approvalTimeout }: Pick<KeyFields, 'approvalTimeout'>): number {
  return secondsOf(approvalTimeout ?? DEFAULTS.approvalTimeout);
}

/**
 * How long one rotation waits when nothing goes wrong: the slowest dependent, then what its retirement needs. A drain outlasts the oldest backup,
 * the evidence about it is late by the last-usage lag, only `delete` bakes, and without `autoDelete` a person is asked before the deletion.
 */
export function waitSecondsOf(key: WaitFields): number {
  return acknowledgementWait(key) + retirementWait(key, normalDrain(key));
}

/**
 * How long one execution may wait in all. More than {@link waitSecondsOf}: the drain may be an emergency's, which can be the longer one; a person may be
 * asked whether to disable a version whose evidence is not good enough, and how to go on after a failure.
 */
export function longestWaitSecondsOf(key: WaitFields): number {
  const questions = key.retirement === 'keep' ? 1 : 2;
  const drain = Math.max(normalDrain(key), secondsOf(key.emergencyDrain ?? DEFAULTS.emergencyDrain));
  return acknowledgementWait(key) + retirementWait(key, drain) + questions * approvalSecondsOf(key);
}

function acknowledgementWait({ dependents = [] }: WaitFields): number {
  return Math.max(0, ...dependents.map(acknowledgeSecondsOf));
}

function normalDrain(key: WaitFields): number {
  return Math.max(drainSecondsOf(key), secondsOf(key.backupRetention ?? DEFAULTS.backupRetention));
}

function retirementWait(key: WaitFields, drainSeconds: number): number {
  const drain = drainSeconds + LAST_USAGE_LAG_SECONDS;
  switch (key.retirement) {
    case 'keep':
      return 0;
    case 'disable':
      return drain;
    case 'delete':
      return drain + secondsOf(key.bake ?? DEFAULTS.bake) + (key.autoDelete === true ? 0 : approvalSecondsOf(key));
  }
}

/** @param key a key that no rule of `rules.ts` refuses. */
export function normalize(key: CompleteFields): KeyPolicy {
  const spec = specOf(key);
  const usage = key.usage ?? onlyUsageOf(spec);
  if (usage === undefined) throw new TypeError(`the usage of ${spec} must be chosen`);
  const drainSeconds = drainSecondsOf(key);
  return {
    name: key.name,
    alias: aliasOf(key),
    owner: key.owner,
    description: key.description ?? DEFAULTS.description,
    strategy: DEFAULTS.strategy,
    spec,
    usage,
    origin: key.origin ?? DEFAULTS.origin,
    ...(key.keyStoreId === undefined ? {} : { keyStoreId: key.keyStoreId }),
    rotateEverySeconds: secondsOf(key.rotateEvery),
    anchor: key.anchor ?? DEFAULTS.anchor,
    startSpreadSeconds: secondsOf(key.startSpread ?? DEFAULTS.startSpread),
    drainSeconds,
    backupRetentionSeconds: secondsOf(key.backupRetention ?? DEFAULTS.backupRetention),
    emergencyDrainSeconds: secondsOf(key.emergencyDrain ?? DEFAULTS.emergencyDrain),
    idleSeconds: idleSecondsOf({ idle: key.idle, drainSeconds }),
    bakeSeconds: secondsOf(key.bake ?? DEFAULTS.bake),
    retirement: key.retirement,
    autoDelete: key.autoDelete ?? DEFAULTS.autoDelete,
    deletionWindowDays: key.deletionWindowDays ?? DEFAULTS.deletionWindowDays,
    approvers: key.approvers ?? DEFAULTS.approvers,
    approvalTimeoutSeconds: approvalSecondsOf(key),
    maxAttempts: key.maxAttempts ?? DEFAULTS.maxAttempts,
    dependents: (key.dependents ?? []).map(normalizeDependent),
    tags: key.tags ?? {},
    ...(key.keyPolicy === undefined ? {} : { keyPolicy: JSON.stringify(key.keyPolicy) }),
    ...(key.adopt === undefined ? {} : { adopt: key.adopt }),
  };
}

function normalizeDependent(fields: DependentFields): DependentPolicy {
  const { name, principal, probe } = fields;
  const acknowledgeWithinSeconds = acknowledgeSecondsOf(fields);
  if (principal !== undefined) return { name, kind: 'event', principal, acknowledgeWithinSeconds };
  if (probe !== undefined) return { name, kind: 'probe', functionArn: probe, acknowledgeWithinSeconds };
  throw new TypeError(`dependent ${name} has neither a principal nor a probe`);
}
