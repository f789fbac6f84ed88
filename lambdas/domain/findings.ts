import { SECOND_LOOK_SECONDS } from '../contract/timing';
import { isBefore, plusSeconds, type Instant } from './instant';

/** What a reconciliation remembers about one key. */
export interface KeyFindings {
  /** A difference between registry and KMS that was seen once: the second look decides. */
  readonly difference: { readonly what: string; readonly since: Instant } | null;
  /** How far the ledger was verified, and when all of it was. */
  readonly ledger: { readonly seq: number; readonly hash: string; readonly wholeAt: Instant } | null;
  /** Ids of alerts that were raised about a state that may last, newest last. */
  readonly alerted: readonly string[];
}

export const NO_FINDINGS: KeyFindings = { difference: null, ledger: null, alerted: [] };

/** How all keys stand, added up over one pass through them. */
export interface Totals {
  readonly overdueKeys: number;
  readonly frozenKeys: number;
  readonly quarantinedKeys: number;
  readonly oldestUnansweredApprovalSeconds: number;
  readonly undeliveredAlerts: number;
  readonly failedChecks: number;
}

export const NOTHING_COUNTED: Totals = { overdueKeys: 0, frozenKeys: 0, quarantinedKeys: 0, oldestUnansweredApprovalSeconds: 0, undeliveredAlerts: 0, failedChecks: 0 };

/** Where a pass through all keys stands: one firing does not reach the end of a large registry. */
export interface PassState {
  /** The last key that was looked at; `null` between two passes. */
  readonly afterKey: string | null;
  /** The last KMS key that was looked up as a possible orphan. */
  readonly afterKmsKey: string | null;
  readonly totals: Totals;
  /** Ids of alerts about the registry as a whole. */
  readonly alerted: readonly string[];
}

export const FIRST_PASS: PassState = { afterKey: null, afterKmsKey: null, totals: NOTHING_COUNTED, alerted: [] };

export function added(left: Totals, right: Totals): Totals {
  return {
    overdueKeys: left.overdueKeys + right.overdueKeys,
    frozenKeys: left.frozenKeys + right.frozenKeys,
    quarantinedKeys: left.quarantinedKeys + right.quarantinedKeys,
    oldestUnansweredApprovalSeconds: Math.max(left.oldestUnansweredApprovalSeconds, right.oldestUnansweredApprovalSeconds),
    undeliveredAlerts: left.undeliveredAlerts + right.undeliveredAlerts,
    failedChecks: left.failedChecks + right.failedChecks,
  };
}

/** Alerts that are remembered; an older one would be raised again. */
const MAX_ALERTED = 50;

export function withAlerted(alerted: readonly string[], id: string): readonly string[] {
  return [...alerted.filter((other) => other !== id), id].slice(-MAX_ALERTED);
}

/** From when on a look that sees a remembered difference again confirms it. */
export function confirmableFrom({ since }: NonNullable<KeyFindings['difference']>): Instant {
  return plusSeconds(since, SECOND_LOOK_SECONDS);
}

/** What a difference comes to: the first look remembers it, one that is late enough confirms it, and a different one begins anew. */
export function secondLook(known: KeyFindings['difference'], what: string | null, at: Instant): { readonly remembered: KeyFindings['difference']; readonly isConfirmed: boolean } {
  if (what === null) return { remembered: null, isConfirmed: false };
  if (known?.what !== what) return { remembered: { what, since: at }, isConfirmed: false };
  return { remembered: known, isConfirmed: !isBefore(at, confirmableFrom(known)) };
}
