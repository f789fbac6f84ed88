import { KMS_CONSISTENCY_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from '../domain/instant';
import { requireOwner, type Owner } from '../domain/lease';
import { versionOf, type KeyVersion, type ManagedKey } from '../domain/managed-key';
import { refuseAbortRequested } from '../domain/operations';
import { TaskError } from '../domain/task-error';
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

/** What every step of the owner begins with, as long as it has a choice: an operator's request to abort comes before the step. */
export async function readKeyForStep(registry: Registry, name: string, owner: Owner): Promise<ManagedKey> {
  const key = await readOwnKey(registry, name, owner);
  refuseAbortRequested(key, owner.rotationId);
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
