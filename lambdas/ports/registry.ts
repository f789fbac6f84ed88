import type { Alert } from '../domain/alert';
import type { Instant } from '../domain/instant';
import type { Decision, LedgerEvent } from '../domain/ledger';
import type { KeyVersion, ManagedKey, Note } from '../domain/managed-key';

/** A strong read of one key: the aggregate, and whether everything about it stands still. */
export interface KeyReading {
  readonly key: ManagedKey;
  readonly freeze: Note | null;
}

/** The registry: one conditional write per transition, strong reads only. */
export interface Registry {
  /** A strong read; `undefined` when the key was never registered. */
  read(name: string): Promise<KeyReading | undefined>;

  /**
   * Reads, decides and writes in one transaction: the new state on condition of the ledger's sequence, the fencing token and
   * the statuses that the table allows, its ledger event, and that no freeze exists. When only the sequence moved, it reads
   * and decides again, bounded. A write of ours whose answer was lost is recognized and not made again.
   *
   * @returns the key's state after the write, or as read when the decision was `done`.
   * @throws {TaskError} what `decide` throws; `KeyNotRegistered`, `KeyFrozen`, `StaleOwner` when the fencing token moved
   *   between the read and the write, `RegistryBusy`, `RegistryOutcomeUnknown`, `LedgerMismatch`.
   */
  transact(name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey>;

  /** Like `transact`, for a key that may not exist yet. */
  register(name: string, decide: (key: ManagedKey | undefined) => Decision): Promise<void>;

  /** Stops everything about the key until a person repairs it. Needs no sequence; a first freeze stays as it is. */
  freeze(name: string, note: Note): Promise<void>;

  /**
   * Like `transact`, for a frozen key: on condition that the freeze stands. Only a repair writes so.
   * @throws {TaskError} `KeyFrozen` never; `RotationNotAllowed` when there is no freeze any more
   */
  transactFrozen(name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey>;

  /** Ends a freeze, with its ledger event, in one write. One that has ended already is fine. */
  liftFreeze(name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey>;

  /** Writes an alert down before it is published. One that stands there already stays. */
  queueAlert(alert: Alert): Promise<void>;
  /** It was published. */
  forgetAlert(alert: Pick<Alert, 'id' | 'key'>): Promise<void>;
  /** Alerts of one key that were not published yet, as far as is known. */
  queuedAlerts(name: string): Promise<readonly Alert[]>;
  /** Names, also of keys that are not registered, with such alerts: candidates only, from an index that may lag. */
  namesWithQueuedAlerts(): Promise<readonly string[]>;

  /** Names of keys that may be due, overdue first: candidates only, from an index that may lag. */
  dueCandidates(until: Instant): Promise<readonly string[]>;

  /** Names of all registered keys: candidates only. */
  allNames(): Promise<readonly string[]>;

  /** Name of the managed key that a KMS key is, or was, a version of. */
  ownerOf(kmsKeyId: string): Promise<string | undefined>;

  /** Versions in a terminal status, which left the aggregate. */
  terminalVersions(name: string): Promise<readonly KeyVersion[]>;

  /** The ledger, in order: all of it, or what follows an event. */
  ledger(name: string, afterSeq?: number): Promise<readonly LedgerEvent[]>;
}
