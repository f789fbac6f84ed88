import { compareState, stateOf } from '../domain/expected-state';
import type { Instant } from '../domain/instant';
import { activeVersion, type ManagedKey } from '../domain/managed-key';
import { compareAlias } from '../domain/promotion';
import type { KeyProvider } from '../ports/key-provider';

/** What KMS shows of a key against what the registry says. */
export interface Comparison {
  /** What someone else has changed, one line each: the same line as long as it is the same difference. */
  readonly differences: readonly string[];
  /** What cannot be judged now: our own changes that are still spreading, and key stores that are away. */
  readonly unclear: readonly string[];
}

/** Compares the alias and the KMS key state of every version that may still change. @throws {TaskError} when a look-up failed: nothing is known then */
export async function compareWithKms(keys: KeyProvider, key: ManagedKey, at: Instant): Promise<Comparison> {
  const differences: string[] = [];
  const unclear: string[] = [];
  const target = await keys.aliasTarget(key.policy.alias);
  const alias = compareAlias(key, target, at);
  const aliasText = `${key.policy.alias} points to ${target ?? 'no key'}, the registry expects ${activeVersion(key)?.kmsKeyId ?? 'no key'}`;
  if (alias === 'unexpected') differences.push(aliasText);
  if (alias === 'stale') unclear.push(aliasText);
  for (const version of Object.values(key.versions)) {
    if (version.kmsKeyId === undefined) continue;
    const state = (await keys.describe(version.kmsKeyId))?.keyState;
    const comparison = compareState(key, version, state, at);
    const text = `v${version.number} (${version.kmsKeyId}) is ${state ?? 'unknown to KMS'}, its status ${version.status} means ${stateOf(version)}`;
    if (comparison === 'unexpected') differences.push(text);
    if (comparison === 'in-between' || comparison === 'unreadable') unclear.push(text);
  }
  return { differences, unclear };
}
