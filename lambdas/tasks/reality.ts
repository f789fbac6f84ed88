import { KMS_CONSISTENCY_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from '../domain/instant';
import { requireOwner, type Owner } from '../domain/lease';
import { activeVersion, versionOf, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { compareAlias, type AliasComparison } from '../domain/promotion';
import { TaskError } from '../domain/task-error';
import type { KeyProvider, ObservedKey } from '../ports/key-provider';
import type { Registry } from '../ports/registry';

/** A strong read that refuses a key that is unknown or frozen. */
export async function readKey(registry: Registry, name: string): Promise<ManagedKey> {
  const key = await findKey(registry, name);
  if (key === undefined) throw new TaskError('KeyNotRegistered', `${name} is not in the registry. Add it to keyturn.config.json and deploy.`);
  return key;
}

/** A strong read that refuses a key that is frozen; `undefined` for one that is unknown, which has nothing to settle or give back. */
export async function findKey(registry: Registry, name: string): Promise<ManagedKey | undefined> {
  const reading = await registry.read(name);
  if (reading?.freeze != null) {
    throw new TaskError('KeyFrozen', `${name} is frozen since ${reading.freeze.at} by ${reading.freeze.by}: ${reading.freeze.reason}`);
  }
  return reading?.key;
}

/** A strong read that also refuses a caller that is not the owner: before anything is asked of KMS. */
export async function readOwnKey(registry: Registry, name: string, owner: Owner): Promise<ManagedKey> {
  const key = await readKey(registry, name);
  requireOwner(key, owner);
  return key;
}

/** A version that the rotation must find, with its KMS key. */
export function requireVersion(key: ManagedKey, number: number): KeyVersion & { readonly kmsKeyId: string; readonly kmsKeyArn: string } {
  const version = versionOf(key, number);
  if (version?.kmsKeyId === undefined || version.kmsKeyArn === undefined) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} has no KMS key in the registry`);
  }
  return { ...version, kmsKeyId: version.kmsKeyId, kmsKeyArn: version.kmsKeyArn };
}

/**
 * Compares the alias in KMS with the registry.
 * @throws {TaskError} `KmsNotConsistentYet` while KMS still shows the side before our own last change; `ObservedMismatch` for
 *   a value that keyturn did not cause.
 */
export async function compareWithAlias(keys: KeyProvider, key: ManagedKey, at: Instant): Promise<Exclude<AliasComparison, 'stale' | 'unexpected'>> {
  const { alias } = key.policy;
  const target = await keys.aliasTarget(alias);
  const comparison = compareAlias(key, target, at);
  if (comparison === 'stale') throw new TaskError('KmsNotConsistentYet', `${key.name}: KMS still shows ${alias} on ${target ?? 'no key'}`);
  if (comparison === 'unexpected') {
    const expected = activeVersion(key)?.kmsKeyId ?? 'no key';
    throw new TaskError('ObservedMismatch', `${key.name}: ${alias} points to ${target ?? 'no key'}, the registry expects ${expected}. Someone else changed it.`);
  }
  return comparison;
}

/**
 * Compares a version's KMS key with the registry's expectation that it is `Enabled`.
 * @throws {TaskError} `KeyStoreNotReady` when its key store is away; `ObservedMismatch` when someone else has disabled it or scheduled its deletion.
 */
export async function requireEnabled(keys: KeyProvider, key: ManagedKey, version: KeyVersion & { kmsKeyId: string }): Promise<ObservedKey> {
  const observed = await keys.describe(version.kmsKeyId);
  const what = `${key.name} v${version.number} (${version.kmsKeyId})`;
  if (observed === undefined) {
    // A key of ours that is not promoted yet may be too new to be seen; an ACTIVE one has been seen before.
    throw version.status === 'PENDING'
      ? new TaskError('KmsNotConsistentYet', `${what}: KMS does not show the new key yet`)
      : new TaskError('ObservedMismatch', `${what}: KMS does not know the key`);
  }
  if (observed.keyState === 'Enabled') return observed;
  if (observed.keyState === 'Creating') throw new TaskError('KmsNotConsistentYet', `${what} is still being created`);
  if (observed.keyState === 'Unavailable') {
    throw new TaskError('KeyStoreNotReady', `${what} is Unavailable: its key store ${observed.keyStoreId ?? ''} is not connected. Connect it; nothing was changed.`);
  }
  throw new TaskError('ObservedMismatch', `${what} is ${observed.keyState}, the registry expects Enabled. Someone else changed it.`);
}

/**
 * Compares a draining version's KMS key with the registry: `Enabled`, or `Disabled` under our own open disable intent.
 * @throws {TaskError} `KeyStoreNotReady`, `KmsNotConsistentYet`, `ObservedMismatch`.
 */
export async function requirePrevious(keys: KeyProvider, key: ManagedKey, version: KeyVersion & { kmsKeyId: string }): Promise<void> {
  const isDisableOpen = key.intent?.kind === 'disable' && key.intent.version === version.number;
  if (isDisableOpen && (await keys.describe(version.kmsKeyId))?.keyState === 'Disabled') return;
  await requireEnabled(keys, key, version);
}

/**
 * Permission on a new key comes from its tags, which take up to 5 minutes to reach authorization: until then a refusal is no refusal yet.
 * @throws {TaskError} `KmsNotConsistentYet` in place of `PermissionDenied` on a key that is that new.
 */
export async function whileTagsSpread<Result>(version: KeyVersion, at: Instant, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    const isNew = version.status === 'PENDING' && isBefore(at, plusSeconds(version.createdAt, KMS_CONSISTENCY_SECONDS));
    if (!isNew || !(error instanceof TaskError) || error.name !== 'PermissionDenied') throw error;
    throw new TaskError('KmsNotConsistentYet', `the tags of ${version.kmsKeyId ?? 'the new key'} may not have reached authorization yet: ${error.message}`, { cause: error });
  }
}
