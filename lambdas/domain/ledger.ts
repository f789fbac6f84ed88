import { createHash } from 'node:crypto';
import type { Instant } from './instant';
import type { ManagedKey } from './managed-key';
import { canMove, type VersionStatus } from './version-status';

/** Everything that can happen to a managed key. */
export const LEDGER_EVENT_TYPES = [
  'KeyRegistered',
  'PolicyChanged',
  'KeyRemoved',
  'VersionAdopted',
  'RotationClaimed',
  'CreateIntended',
  'CreateRefused',
  'VersionCreated',
  'VersionEquipped',
  'VersionProved',
  'VersionAbandoned',
  'PromoteIntended',
  'VersionPromoted',
  'PromoteWithdrawn',
  'PromotionConfirmed',
  'DrainExtended',
  'DisableIntended',
  'DisableWithdrawn',
  'VersionDisabled',
  'BakeWatched',
  'RevokeIntended',
  'RevokeWithdrawn',
  'VersionRevoked',
  'VersionDestroyed',
  'RotationCompleted',
  'RunRaised',
  'AttemptsUsedUp',
  'FailureRecorded',
  'RotationSettled',
  'RotationAborted',
  'HoldSet',
  'HoldReleased',
  'PauseSet',
  'PauseEnded',
  'KeyQuarantined',
  'QuarantineLifted',
  'OwnerEnded',
  'AbortRequested',
  'ApprovalRequested',
  'ApprovalAnswered',
  'EmergencyApproved',
  'RescueIntended',
  'VersionRescued',
  'DeletionCancelled',
  'RepairBegun',
  'RepairMade',
  'LedgerRebaselined',
  'FreezeLifted',
] as const;
export type LedgerEventType = (typeof LEDGER_EVENT_TYPES)[number];

/** What a decision says about an event; the rest is computed from the two states around it. */
export interface LedgerNote {
  readonly type: LedgerEventType;
  readonly at: Instant;
  /** The rotation id, or the ARN of a person or function. */
  readonly by: string;
  /** A few more facts, for people: names, ids, reasons. Never a token or key material. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
}

/** A status that moved; `from: null` is a version that began. */
export interface StatusMove {
  readonly version: number;
  readonly from: VersionStatus | null;
  readonly to: VersionStatus;
}

/** One link of the chain: `KEY#<name>`/`LEDGER#<seq>`. */
export interface LedgerEvent extends LedgerNote {
  readonly key: string;
  readonly seq: number;
  readonly fence: number;
  readonly moves: readonly StatusMove[];
  readonly previousHash: string;
  readonly hash: string;
}

/** The hash before the first event. */
export const GENESIS_HASH = '0'.repeat(64);

/** JSON with sorted members, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** SHA-256 over the event without its own hash. */
export function hashOf(event: Omit<LedgerEvent, 'hash'> | LedgerEvent): string {
  const { hash: _hash, ...content } = event as LedgerEvent;
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** The statuses that differ between two states of a key, in order of version. */
export function movesBetween(before: ManagedKey | undefined, after: ManagedKey): StatusMove[] {
  return Object.values(after.versions)
    .map((version) => ({ version: version.number, from: before?.versions[`v${version.number}`]?.status ?? null, to: version.status }))
    .filter((move) => move.from !== move.to)
    .sort((left, right) => left.version - right.version);
}

/** A key's next state with its ledger event: ready for one conditional write. */
export interface SealedTransition {
  readonly before: ManagedKey | undefined;
  readonly after: ManagedKey;
  readonly event: LedgerEvent;
}

/**
 * Chains an event onto the ledger and raises the state revision where approvals must become void.
 * @param baseline the sequence number after which the event stands, where the key's own is not to be trusted
 * @throws {RangeError} when a status would move off the table: a bug in a decision, never a result of input.
 */
export function seal(before: ManagedKey | undefined, next: ManagedKey, note: LedgerNote, baseline?: number): SealedTransition {
  const moves = movesBetween(before, next);
  for (const move of moves) {
    if (!canMove(move.from, move.to)) {
      throw new RangeError(`${next.name}: version ${move.version} cannot move from ${move.from ?? 'nothing'} to ${move.to}`);
    }
  }
  const content: Omit<LedgerEvent, 'hash'> = {
    ...note,
    key: next.name,
    seq: (baseline ?? before?.seq ?? 0) + 1,
    fence: next.fence,
    moves,
    previousHash: before?.head ?? GENESIS_HASH,
  };
  const event: LedgerEvent = { ...content, hash: hashOf(content) };
  // Whoever consented while the owner lived did not consent to this.
  const isRevised =
    before === undefined || note.type === 'OwnerEnded' || (['versions', 'policy', 'hold', 'lease'] as const).some((field) => canonicalJson(before[field]) !== canonicalJson(next[field]));
  const after: ManagedKey = { ...next, seq: event.seq, head: event.hash, rev: (before?.rev ?? 0) + (isRevised ? 1 : 0) };
  return { before, after, event };
}

/**
 * The first thing that is wrong with a chain, or `undefined`. Events are given in order.
 * @param head what they continue; by default nothing: a whole ledger.
 */
export function firstBreak(events: readonly LedgerEvent[], head: { readonly seq: number; readonly hash: string } = { seq: 0, hash: GENESIS_HASH }): string | undefined {
  let previousHash = head.hash;
  let seq = head.seq;
  for (const event of events) {
    seq += 1;
    if (event.seq !== seq) return `event ${seq} is missing: found ${event.seq}`;
    if (event.previousHash !== previousHash) return `event ${seq} does not continue its predecessor`;
    if (event.hash !== hashOf(event)) return `event ${seq} does not have the hash of its content`;
    previousHash = event.hash;
  }
  return undefined;
}

/** The part of a ledger that is one chain: all of it, or what follows the repair that started it anew. Events are given in order. */
export function currentChain(events: readonly LedgerEvent[]): { readonly events: readonly LedgerEvent[]; readonly startsAnew: { readonly seq: number; readonly hash: string } | null } {
  const start = events.findLastIndex(({ type }) => type === 'LedgerRebaselined');
  const first = events[start];
  return first === undefined ? { events, startsAnew: null } : { events: events.slice(start), startsAnew: { seq: first.seq - 1, hash: first.previousHash } };
}

/**
 * What is wrong with a ledger as far as it goes, or `undefined`: a chain without a break, whose end is what the key says it is.
 * @param events in order: all, or those after `head`
 * @param head what they continue; by default nothing
 */
export function ledgerBreak(events: readonly LedgerEvent[], key: Pick<ManagedKey, 'seq' | 'head'>, head: { readonly seq: number; readonly hash: string } = { seq: 0, hash: GENESIS_HASH }): string | undefined {
  const chain = currentChain(events);
  const start = chain.startsAnew ?? head;
  const broken = firstBreak(chain.events, start);
  if (broken !== undefined) return broken;
  const end = chain.events.at(-1) ?? start;
  return end.seq === key.seq && end.hash === key.head ? undefined : `the ledger ends at event ${end.seq}, the registry is at ${key.seq}`;
}

/** What a decision comes to. */
export type Decision =
  | {
      readonly kind: 'write';
      readonly next: ManagedKey;
      readonly note: LedgerNote;
      /** Only of a repair that goes on behind a broken part of the ledger: see `seal`. */
      readonly baseline?: number;
    }
  /** The work is done already. */
  | { readonly kind: 'done' };

export const DONE: Decision = { kind: 'done' };

export function write(next: ManagedKey, note: LedgerNote): Decision {
  return { kind: 'write', next, note };
}
