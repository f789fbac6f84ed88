import { PARTITIONS } from '../../contract/names';
import type { Approval } from '../approval';
import type { LedgerEvent } from '../ledger';
import { versionKey, type KeyVersion, type ManagedKey } from '../managed-key';
import type { Json, RegistryItemWritten } from '../trace';
import { VERSION_STATUSES } from '../version-status';

type Item = { readonly [key: string]: Json } | null;

/** What an item of the registry's table is, by its keys. `key` is the managed key's name. */
export type ItemKind =
  | { readonly kind: 'meta' | 'ledger' | 'freeze' | 'version'; readonly key: string }
  | { readonly kind: 'acknowledgement' | 'approval' | 'alert' }
  | { readonly kind: 'other' };

export function kindOf(event: RegistryItemWritten): ItemKind {
  if (event.pk.startsWith(PARTITIONS.acknowledgement)) return { kind: 'acknowledgement' };
  if (event.pk.startsWith(PARTITIONS.approval)) return { kind: 'approval' };
  if (event.pk.startsWith(PARTITIONS.alert)) return { kind: 'alert' };
  if (!event.pk.startsWith(PARTITIONS.key)) return { kind: 'other' };
  const key = event.pk.slice(PARTITIONS.key.length);
  if (event.sk === 'META') return { kind: 'meta', key };
  if (event.sk === 'FREEZE') return { kind: 'freeze', key };
  if (event.sk.startsWith('LEDGER#')) return { kind: 'ledger', key };
  if (event.sk.startsWith('VERSION#')) return { kind: 'version', key };
  return { kind: 'other' };
}

/** `undefined` when there is no item, or none that can be read as a managed key. Unknown attributes stay. */
export function managedKeyOf(item: Item): ManagedKey | undefined {
  return isManagedKey(item) ? item : undefined;
}

export function keyVersionOf(item: Item): KeyVersion | undefined {
  return isKeyVersion(item) ? item : undefined;
}

/** The event as it was sealed: without the item's own keys, which its hash does not cover. */
export function ledgerEventOf(item: Item): LedgerEvent | undefined {
  if (item === null) return undefined;
  const { pk: _pk, sk: _sk, ...event } = item;
  return isLedgerEvent(event) ? event : undefined;
}

/** What the checker needs of an acknowledgement's item. */
export interface Answer {
  readonly key: string;
  readonly version: number;
  readonly dependent: string;
  readonly phase: string;
  readonly answer: { readonly verdict: string; readonly version: number };
}

/** `undefined` for a question that has no answer yet. */
export function answerOf(item: Item): Answer | undefined {
  return isAnswer(item) ? item : undefined;
}

/** Whether the registry has announced that a version is taken back. Items of the release before know no rescues. */
export function isBeingRescued(key: Partial<Pick<ManagedKey, 'rescues'>> | undefined, version: number): boolean {
  return key?.rescues?.[versionKey(version)] !== undefined;
}

/** Whether an item is a freeze that stands: one that was lifted stays as an item. */
export function isFreeze(item: Item): boolean {
  return item !== null && item['liftedAt'] === undefined;
}

/** `undefined` when there is no item, or none that can be read as an approval. */
export function approvalOf(item: Item): Approval | undefined {
  return isApproval(item) ? item : undefined;
}

/** What the checker needs of an alert that waits to be published. */
export interface QueuedAlert {
  readonly id: string;
  readonly key: string;
  readonly message?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export function queuedAlertOf(item: Item): QueuedAlert | undefined {
  return isQueuedAlert(item) ? item : undefined;
}

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasTexts(value: Members, ...names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'string');
}

function hasNumbers(value: Members, ...names: readonly string[]): boolean {
  return names.every((name) => typeof value[name] === 'number');
}

function isNullOr(isShape: (value: unknown) => boolean, value: unknown): boolean {
  return value === null || isShape(value);
}

function isManagedKey(value: unknown): value is ManagedKey {
  return (
    isMembers(value) &&
    hasTexts(value, 'name', 'head', 'dueAt') &&
    hasNumbers(value, 'seq', 'fence', 'lastVersion') &&
    isPolicy(value['policy']) &&
    isMembers(value['versions']) &&
    Object.values(value['versions']).every(isKeyVersion) &&
    isNullOr((intent) => isMembers(intent) && hasTexts(intent, 'kind') && hasNumbers(intent, 'version'), value['intent']) &&
    isNullOr((lease) => isMembers(lease) && hasTexts(lease, 'rotationId') && isPolicy(lease['policy']), value['lease']) &&
    isNullOr((window) => isMembers(window) && hasTexts(window, 'id') && hasNumbers(window, 'attempt'), value['window']) &&
    isNullOr((window) => typeof window === 'string', value['completedWindow']) &&
    ['hold', 'pause', 'quarantine'].every((note) => isNullOr(isMembers, value[note]))
  );
}

function isPolicy(value: unknown): boolean {
  return (
    isMembers(value) &&
    hasTexts(value, 'name', 'alias', 'retirement') &&
    hasNumbers(value, 'drainSeconds', 'backupRetentionSeconds', 'idleSeconds', 'bakeSeconds') &&
    typeof value['autoDelete'] === 'boolean' &&
    Array.isArray(value['dependents'])
  );
}

function isKeyVersion(value: unknown): value is KeyVersion {
  return isMembers(value) && hasNumbers(value, 'number') && hasTexts(value, 'status', 'rotationId', 'window') && VERSION_STATUSES.some((status) => status === value['status']);
}

function isLedgerEvent(value: unknown): value is LedgerEvent {
  return isMembers(value) && hasTexts(value, 'type', 'at', 'by', 'key', 'previousHash', 'hash') && hasNumbers(value, 'seq', 'fence') && Array.isArray(value['moves']);
}

function isAnswer(value: unknown): value is Answer {
  return isMembers(value) && hasTexts(value, 'key', 'dependent', 'phase') && hasNumbers(value, 'version') && isMembers(value['answer']) && hasTexts(value['answer'], 'verdict');
}

function isApproval(value: unknown): value is Approval {
  return (
    isMembers(value) &&
    hasTexts(value, 'id', 'key', 'purpose', 'requestedBy', 'requestedAt', 'expiresAt') &&
    hasNumbers(value, 'rev', 'approversNeeded') &&
    Array.isArray(value['votes']) &&
    value['votes'].every((vote) => isMembers(vote) && hasTexts(vote, 'answer', 'by', 'at'))
  );
}

function isQueuedAlert(value: unknown): value is QueuedAlert {
  return isMembers(value) && hasTexts(value, 'id', 'key');
}
