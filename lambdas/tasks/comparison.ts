import { compareState, stateOf } from '../domain/expected-state';
import type { Instant } from '../domain/instant';
import { activeVersion, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { compareAlias, type AliasComparison } from '../domain/promotion';
import { TaskError } from '../domain/task-error';
import type { KeyProvider, ObservedKey } from '../ports/key-provider';
import type { Registry } from '../ports/registry';

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
}

/** What KMS shows of a key against what the registry says. */
export interface Comparison {
  readonly alias: AliasComparison;
  /** What KMS shows of each compared version, by its number. */
  readonly observed: ReadonlyMap<number, ObservedKey>;
  /** What someone else has changed, one line each: the same line as long as it is the same difference. */
  readonly differences: readonly string[];
  /** The repairs that take them back, as `keyturn repair` takes them. Whether that is wanted, people know. */
  readonly repairs: readonly string[];
  /** What cannot be judged now: our own changes that are still spreading, and key stores that are away. */
  readonly unclear: readonly string[];
  /** Those of them that are so because a key store is away. */
  readonly away: readonly string[];
}

/**
 * Compares the alias and the KMS key states of versions. The answer about the alias tells of the key behind it, too.
 * @param versions those to compare; by default every one that may still change
 * @throws {TaskError} when a look-up failed: nothing is known then
 */
export async function compareWithKms(keys: KeyProvider, key: ManagedKey, at: Instant, versions: readonly KeyVersion[] = Object.values(key.versions)): Promise<Comparison> {
  const observed = new Map<number, ObservedKey>();
  const differences: string[] = [];
  const repairs: string[] = [];
  const unclear: string[] = [];
  const away: string[] = [];
  const behindAlias = await keys.describe(key.policy.alias);
  const alias = compareAlias(key, behindAlias?.keyId, at);
  const aliasText = `${key.policy.alias} points to ${behindAlias?.keyId ?? 'no key'}, the registry expects ${activeVersion(key)?.kmsKeyId ?? 'no key'}`;
  if (alias === 'unexpected') {
    differences.push(aliasText);
    repairs.push('--kind repoint-alias');
  }
  if (alias === 'stale') unclear.push(aliasText);
  for (const version of versions) {
    if (version.kmsKeyId === undefined) continue;
    const seen = version.kmsKeyId === behindAlias?.keyId ? behindAlias : await keys.describe(version.kmsKeyId);
    if (seen !== undefined) observed.set(version.number, seen);
    const comparison = compareState(key, version, seen?.keyState, at);
    const text = `v${version.number} (${version.kmsKeyId}) is ${seen?.keyState ?? 'unknown to KMS'}, its status ${version.status} means ${stateOf(version)}`;
    if (comparison === 'unexpected') {
      differences.push(text);
      repairs.push(...repairOf(version, seen?.keyState));
    }
    if (comparison === 'in-between' || comparison === 'unreadable') unclear.push(text);
    if (comparison === 'unreadable') away.push(`${text}; its key store ${seen?.keyStoreId ?? ''} is away`);
  }
  return { alias, observed, differences, repairs, unclear, away };
}

/** No repair disables or deletes: for a key that was enabled or deleted there is none. */
function repairOf(version: KeyVersion, observed: string | undefined): readonly string[] {
  if (observed === 'PendingDeletion') return [`--kind cancel-deletion --key-version ${version.number}`];
  return observed === 'Disabled' && stateOf(version) === 'Enabled' ? [`--kind enable --key-version ${version.number}`] : [];
}

/** What KMS shows once everything that was compared is as the registry and its open intent allow. */
export interface Reality {
  /** Where the alias is: with an open promote intent both sides are legal. */
  readonly alias: 'as-registered' | 'as-intended';
  /** @throws {TaskError} `LedgerMismatch` for a version that was not compared */
  readonly seen: (number: number) => ObservedKey;
}

/**
 * Check before act: nothing is changed in KMS, and no dependent is told anything, unless the alias, the ACTIVE version and the versions in hand are
 * as the registry and its open intent allow.
 * @param key as it was read in this invocation
 * @param inHand numbers of the versions that the task is about
 * @throws {TaskError} `ObservedMismatch` for what someone else has changed; `KeyStoreNotReady` when a key store is away, which is no change;
 *   `KmsNotConsistentYet` while KMS may still show the side before our own last change, while a version is being rescued, or when the key moved
 *   while it was compared.
 */
export async function requireAsRegistered(ports: Ports, key: ManagedKey, at: Instant, ...inHand: readonly number[]): Promise<Reality> {
  return realityOf(ports, key, await compareWithKms(ports.keys, key, at, versionsInHand(key, inHand)));
}

/** The same of the alias alone: how an open promote intent ends rests on nothing else. @throws {TaskError} `ObservedMismatch`, `KmsNotConsistentYet` */
export async function requireAlias(ports: Ports, key: ManagedKey, at: Instant): Promise<Reality['alias']> {
  return (await realityOf(ports, key, await compareWithKms(ports.keys, key, at, []))).alias;
}

/**
 * For a task that changes nothing in KMS and tells nobody: only what someone else has changed stands in its way.
 * @throws {TaskError} `ObservedMismatch`; `KmsNotConsistentYet` when the key moved while it was compared
 */
export async function refuseForeignChange(ports: Ports, key: ManagedKey, at: Instant, ...inHand: readonly number[]): Promise<void> {
  await requireNoDifference(ports, key, await compareWithKms(ports.keys, key, at, versionsInHand(key, inHand)));
}

/**
 * What KMS shows is not what the registry said when `key` was read. keyturn writes to the registry before it changes anything in KMS: if the ledger
 * has not moved since, someone else did it. If it has, it may be the work of this task's own twin, of a rescue or of a hold, and the next look tells.
 * @throws {TaskError} `ObservedMismatch`, `KmsNotConsistentYet`
 */
export async function refuseAsForeign(registry: Registry, key: ManagedKey, what: string): Promise<never> {
  const seq = (await registry.read(key.name))?.key.seq;
  if (seq !== key.seq) throw new TaskError('KmsNotConsistentYet', `${key.name}: ${what}. That was compared with event ${key.seq}, and the registry is at ${seq ?? 'none'} by now.`);
  throw new TaskError('ObservedMismatch', `${key.name}: ${what}. Someone else changed it.`);
}

function versionsInHand(key: ManagedKey, numbers: readonly number[]): readonly KeyVersion[] {
  return Object.values(key.versions).filter(({ number, status }) => status === 'ACTIVE' || numbers.includes(number));
}

async function realityOf(ports: Ports, key: ManagedKey, comparison: Comparison): Promise<Reality> {
  const { alias, observed, unclear, away } = comparison;
  await requireNoDifference(ports, key, comparison);
  if (away.length > 0) throw new TaskError('KeyStoreNotReady', `${key.name}: ${away.join('; ')}. Connect it; nothing was changed.`);
  if (unclear.length > 0 || alias === 'stale' || alias === 'unexpected') {
    throw new TaskError('KmsNotConsistentYet', `${key.name}: ${unclear.join('; ')}. KMS may not show our own last change yet, or a version is being rescued.`);
  }
  return {
    alias,
    seen(number) {
      const seen = observed.get(number);
      if (seen === undefined) throw new TaskError('LedgerMismatch', `${key.name} v${number} was not compared with KMS, or has no key there`);
      return seen;
    },
  };
}

async function requireNoDifference({ registry }: Ports, key: ManagedKey, { differences }: Comparison): Promise<void> {
  if (differences.length > 0) await refuseAsForeign(registry, key, differences.join('; '));
}
