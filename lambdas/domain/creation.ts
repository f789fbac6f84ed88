import { MAX_CREATE_INTENTS } from '../contract/timing';
import type { Instant } from './instant';
import { refuseQuarantined, requireOwner, type Owner } from './lease';
import { DONE, write, type Decision } from './ledger';
import { versionOf, withVersion, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';

/** Who is going to call `CreateKey`, and how many intents it had seen when it decided to. */
export interface CreateCall {
  readonly invocationId: string;
  readonly intentsSeen: number;
}

/**
 * Allows one call of `CreateKey` for `number`: begins the version, or counts one more intent of it. The invocation that writes the intent is the
 * one that may call: its id makes the event its own, so that a twin with the same input does not take it for its own.
 * @throws {TaskError} `CreateAttemptsUsedUp` after {@link MAX_CREATE_INTENTS}; `RotationNotAllowed` for a quarantined key.
 */
export function intendCreate(key: ManagedKey, owner: Owner, number: number, at: Instant, call: CreateCall): Decision {
  requireOwner(key, owner);
  const version = versionOf(key, number);
  if (version?.kmsKeyId !== undefined) return DONE;
  refuseQuarantined(key);
  if (key.intent !== null && (key.intent.kind !== 'create' || key.intent.version !== number)) {
    throw new TaskError('LedgerMismatch', `${key.name} has an open ${key.intent.kind} intent for v${key.intent.version}; it must be closed first`);
  }
  if (version === undefined && number <= key.lastVersion) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} was begun before and has left the aggregate; its number is not given again`);
  }
  const seen = version?.createIntents ?? 0;
  if (seen !== call.intentsSeen) {
    throw new TaskError('CreateOutcomeUnknown', `${key.name} v${number}: another invocation was allowed to call CreateKey meanwhile; looking for its key`);
  }
  const intents = seen + 1;
  if (intents > MAX_CREATE_INTENTS) {
    throw new TaskError(
      'CreateAttemptsUsedUp',
      `${key.name} v${number}: CreateKey was tried ${MAX_CREATE_INTENTS} times without a key that KMS shows. Look for keys tagged keyturn:key=${key.name}.`,
    );
  }
  const begun: KeyVersion =
    version === undefined
      ? { number, status: 'PENDING', rotationId: owner.rotationId, ...lineage(key), createdAt: at, createIntents: intents }
      : { ...version, createIntents: intents };
  const next: ManagedKey = {
    ...withVersion(key, begun),
    lastVersion: Math.max(key.lastVersion, number),
    intent: { kind: 'create', version: number, at },
  };
  return write(next, { type: 'CreateIntended', at, by: owner.rotationId, facts: { version: number, intent: intents, invocationId: call.invocationId } });
}

/** What a version that the owner begins belongs to: its window, or its emergency. */
function lineage(key: ManagedKey): Pick<KeyVersion, 'window' | 'emergency'> {
  if (key.lease?.work === 'emergency' && key.emergency !== null) return { window: key.emergency.window, emergency: key.emergency.firstNumber };
  return { window: key.window?.id ?? '' };
}

/** KMS refused the call for sure: the intent does not count. */
export function refuseCreate(key: ManagedKey, owner: Owner, number: number, at: Instant, error: string): Decision {
  requireOwner(key, owner);
  const version = versionOf(key, number);
  if (version === undefined || key.intent?.kind !== 'create' || version.kmsKeyId !== undefined) return DONE;
  const next: ManagedKey = { ...withVersion(key, { ...version, createIntents: version.createIntents - 1 }), intent: null };
  return write(next, { type: 'CreateRefused', at, by: owner.rotationId, facts: { version: number, error } });
}

/** Adopts a KMS key as the version's: the first commit decides which. The intent stays open until the key is equipped. */
export function adoptCreated(key: ManagedKey, owner: Owner, number: number, created: { keyId: string; keyArn: string }, at: Instant): Decision {
  requireOwner(key, owner);
  const version = requirePending(key, number);
  if (version.kmsKeyId !== undefined) return DONE;
  const next = withVersion(key, { ...version, kmsKeyId: created.keyId, kmsKeyArn: created.keyArn });
  return write(next, { type: 'VersionCreated', at, by: owner.rotationId, facts: { version: number, kmsKeyId: created.keyId } });
}

/** Policy, grants and version alias are in place: closes the create intent. */
export function equip(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = requirePending(key, number);
  // Another kind of intent means that an earlier call got further: it stays open.
  if (version.equippedAt !== undefined && key.intent?.kind !== 'create') return DONE;
  const next: ManagedKey = { ...withVersion(key, { ...version, equippedAt: version.equippedAt ?? at }), intent: null };
  return write(next, { type: 'VersionEquipped', at, by: owner.rotationId, facts: { version: number } });
}

/** The version passed its round trip. */
export function recordProof(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = versionOf(key, number);
  if (version === undefined || version.status !== 'PENDING' || version.provedAt !== undefined) return DONE;
  return write(withVersion(key, { ...version, provedAt: at }), { type: 'VersionProved', at, by: owner.rotationId, facts: { version: number } });
}

function requirePending(key: ManagedKey, number: number): KeyVersion {
  const version = versionOf(key, number);
  if (version?.status !== 'PENDING') {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} should be PENDING but is ${version?.status ?? 'unknown'}`);
  }
  return version;
}
