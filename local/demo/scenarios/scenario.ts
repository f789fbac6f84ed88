import type { Stage } from './stage';

/** The keys of `keyturn.config.json` in this folder. Each has a window of its own, in which it alone is rotated; most scenarios begin 12 hours before it. */
export const KEYS = {
  /** Symmetric, one dependent, deletes by itself. */
  'orders-data': { windowAt: '2027-01-02T00:00:00Z' },
  /** In a CloudHSM key store, nobody to ask, deletes by itself. */
  'payments-hsm': { windowAt: '2027-01-22T00:00:00Z' },
  /** Two people must approve what is asked about it, the deletion of old versions for one. */
  'ledger-data': { windowAt: '2027-02-11T00:00:00Z' },
} as const;
export type KeyName = keyof typeof KEYS;

/** How a key has to stand in the end. */
export type Standing = 'free' | 'frozen' | 'quarantined' | 'held' | 'owned';

/** What the design demands of the end. */
export interface End {
  /** Status and KMS key state of every version: `v1 REVOKED PendingDeletion, v2 ACTIVE Enabled`. */
  readonly versions: string;
  /** The version whose KMS key the alias points to. */
  readonly alias: string;
  readonly stands: Standing;
  /** Runs of the key after its bootstrap, in order: `a1 completed`. */
  readonly runs: readonly string[];
  /** Headlines of the alerts that were published, in order and no others. */
  readonly alerts: readonly string[];
  /** Whether calls of consumers may have failed, by what somebody else has done. @default false */
  readonly mayFailConsumers?: boolean;
}

/** One thing that goes wrong, or that people do, and the end that it must come to. */
export interface Scenario {
  readonly name: string;
  /** What happens, in one line. */
  readonly summary: string;
  /** What the design demands, in one or two sentences. */
  readonly demands: string;
  readonly key: KeyName;
  /** How long before the window it begins. @default 12 */
  readonly leadHours?: number;
  /** How often `reconcile` looks. Most of what it sees is uneventful, and every look costs time. @default every 3 hours */
  readonly reconcileEvery?: '15 minutes';
  /** Dependents that do not answer until they are told to. @default false */
  readonly areDependentsSilent?: boolean;
  /** Whether people are asked in it: whoever watches may answer for them. @default false */
  readonly asks?: boolean;
  /** What happens after the bootstrap. */
  readonly play: (stage: Stage) => Promise<void>;
  readonly end: End;
}
