import { KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS } from '../contract/timing';
import { withDrainBegun } from './drain';
import { isBefore, plusSeconds, type Instant } from './instant';
import { refuseQuarantined, requireOwner, type Owner } from './lease';
import { DONE, write, type Decision } from './ledger';
import { activeVersion, versionOf, withVersion, type KeyVersion, type ManagedKey } from './managed-key';
import { TaskError } from './task-error';

/** Allows the alias to move to `number`'s key. Both sides are legal until it is committed or withdrawn. @throws {TaskError} `RotationNotAllowed` for a quarantined key. */
export function intendPromote(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = versionOf(key, number);
  if (version?.status === 'ACTIVE') return DONE;
  refuseQuarantined(key);
  if (version?.status !== 'PENDING' || version.kmsKeyId === undefined || version.provedAt === undefined || version.equippedAt === undefined) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} is not a proved PENDING version and cannot be promoted`);
  }
  if (key.intent?.kind === 'promote' && key.intent.version === number) return DONE;
  refuseOtherIntent(key);
  const fromKeyId = activeVersion(key)?.kmsKeyId ?? null;
  const next: ManagedKey = { ...key, intent: { kind: 'promote', version: number, fromKeyId, toKeyId: version.kmsKeyId, at } };
  return write(next, { type: 'PromoteIntended', at, by: owner.rotationId, facts: { version: number, toKeyId: version.kmsKeyId } });
}

/** The alias was seen on the new key: new ACTIVE, old DEPRECATED, in one write. */
export function commitPromotion(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const version = versionOf(key, number);
  if (version?.status === 'ACTIVE') return DONE;
  if (version === undefined || key.intent?.kind !== 'promote' || key.intent.version !== number) {
    throw new TaskError('LedgerMismatch', `${key.name} v${number} has no open promote intent to commit`);
  }
  const previous = activeVersion(key);
  const promoted = withVersion(key, { ...version, status: 'ACTIVE', activatedAt: at });
  const next = previous === undefined ? promoted : withVersion(promoted, { ...previous, status: 'DEPRECATED', deprecatedAt: at, supersededBy: number });
  return write({ ...next, intent: null }, { type: 'VersionPromoted', at, by: owner.rotationId, facts: { version: number } });
}

/** The alias never moved, and no call can move it any more. */
export function withdrawPromotion(key: ManagedKey, owner: Owner, at: Instant): Decision {
  requireOwner(key, owner);
  if (key.intent?.kind !== 'promote') return DONE;
  return write({ ...key, intent: null }, { type: 'PromoteWithdrawn', at, by: owner.rotationId, facts: { version: key.intent.version } });
}

/**
 * KMS, registry and a round trip agree: the previous version drains from now on.
 */
export function confirmPromotion(key: ManagedKey, owner: Owner, number: number, at: Instant): Decision {
  requireOwner(key, owner);
  const previous = Object.values(key.versions).find((version) => version.supersededBy === number);
  if (previous === undefined || previous.drainFrom !== undefined) return DONE;
  const next = withDrainBegun(key, previous, at);
  return write(next, { type: 'PromotionConfirmed', at, by: owner.rotationId, facts: { version: number, draining: previous.number } });
}

/** How what KMS shows for the alias compares with what the registry expects. */
export type AliasComparison = 'as-registered' | 'as-intended' | 'stale' | 'unexpected';

/**
 * With an open promote intent both sides are legal. Shortly after our own promotion KMS may still show the side before it
 * (`stale`: read again). Anything else was done by someone else.
 */
export function compareAlias(key: ManagedKey, observedKeyId: string | undefined, at: Instant): AliasComparison {
  const active = activeVersion(key);
  const observed = observedKeyId ?? null;
  if (observed === (active?.kmsKeyId ?? null)) return 'as-registered';
  if (key.intent?.kind === 'promote' && observed === key.intent.toKeyId) return 'as-intended';
  return active !== undefined && isRecent(active, at) && observed === keyBefore(key, active) ? 'stale' : 'unexpected';
}

function keyBefore(key: ManagedKey, active: KeyVersion): string | null {
  return Object.values(key.versions).find((version) => version.supersededBy === active.number)?.kmsKeyId ?? null;
}

/** The commit is stamped with its state's entered time, which may be that much older than the call, and the state that looks may be as old. */
function isRecent(active: KeyVersion, at: Instant): boolean {
  return active.activatedAt !== undefined && isBefore(at, plusSeconds(active.activatedAt, KMS_CONSISTENCY_SECONDS + 2 * MAX_STATE_SECONDS));
}

function refuseOtherIntent(key: ManagedKey): void {
  if (key.intent !== null) {
    throw new TaskError('LedgerMismatch', `${key.name} has an open ${key.intent.kind} intent for v${key.intent.version}; it must be closed first`);
  }
}
