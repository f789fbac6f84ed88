import type { ErrorClass } from '../contract/errors';
import type { KeyPolicy } from '../contract/key-policy';
import type { Instant } from './instant';
import type { RunKind } from './rotation-id';
import type { VersionStatus } from './version-status';

/** The aggregate: everything the registry knows about one managed key, as it stands in `KEY#<name>`/`META`. */
export interface ManagedKey {
  /** Layout of this item. A newer release reads its predecessor's; upgrades are written at Claim only. */
  readonly schema: 1;
  readonly name: string;
  readonly registryId: string;
  readonly policy: KeyPolicy;
  /** No longer in the configuration: it stops starting and stops retiring; nothing of it is deleted. */
  readonly removed: boolean;
  readonly hold: Note | null;
  readonly pause: (Note & { readonly until: Instant }) | null;
  readonly quarantine: Note | null;
  /** Versions that may still change, by `v<number>`. Terminal ones have items of their own. */
  readonly versions: Readonly<Record<string, KeyVersion>>;
  /** The number of the newest version ever begun, terminal ones included. */
  readonly lastVersion: number;
  /** The one KMS mutation that is allowed to be under way. While it is open, both of its sides are legal. */
  readonly intent: Intent | null;
  readonly lease: Lease | null;
  /** The end of an owner that people were told of last: told again, or seen again after they have looked, it is no news. */
  readonly endedOwner?: { readonly rotationId: string; readonly at: Instant };
  /** The fencing counter: grows with every grant and every take-back of the lease. */
  readonly fence: number;
  /** The token that somebody else has taken back from the lease's execution, to end its open intent: while it is the current one it is not for that execution. */
  readonly takenBackFence?: number;
  /** The window that is being rotated, or was last, with its current attempt (1 …) and the last one that is allowed without a person. */
  readonly window: { readonly id: string; readonly attempt: number; readonly lastAttempt?: number } | null;
  /** The newest window whose rotation completed. */
  readonly completedWindow: string | null;
  /** When the starter may look at the key again: the earliest of its next window, its next retirement run, and an emergency that is not done. */
  readonly dueAt: Instant;
  /** When its next window's rotation, or the current window's next attempt, may start. */
  readonly rotationDueAt: Instant;
  /** When the next retirement run may start; `null` when nothing waits for one. */
  readonly retirementDueAt: Instant | null;
  /** How many retirement runs have been begun: the number of the next is one more. */
  readonly retirementRuns: number;
  /** The emergency that was approved last. */
  readonly emergency: Emergency | null;
  /** When the last few emergencies were approved. */
  readonly emergencies: readonly Instant[];
  /** What an operator asked of the current owner: it takes effect at the owner's next step. */
  readonly abortRequest: (Note & { readonly rotationId: string }) | null;
  /** Repairs of KMS that `rescue-version` has begun: while one stands here, both its sides are legal. */
  readonly rescues: Readonly<Record<string, Note>>;
  /** The approved repair that is being made, or that ended without lifting the freeze. */
  readonly repair: RepairUnderWay | null;
  /** Ids of approvals about the key, newest last: where a list of them begins. Notes, which change nothing else. */
  readonly approvals: readonly string[];
  /** Those of them whose answer is in the ledger. */
  readonly answeredApprovals: readonly string[];
  /** The failure that was recorded last, so that recording it twice changes nothing. */
  readonly lastFailure: Failure | null;
  /** Versions whose retirement a later run has to finish. */
  readonly retirementPending: readonly number[];
  /** State revision: approvals are bound to it. Raised by changes of versions, policy, hold or lease. */
  readonly rev: number;
  /** Sequence number of the ledger's head, and its hash. */
  readonly seq: number;
  readonly head: string;
}

/** Who said something, when, and why. */
export interface Note {
  readonly by: string;
  readonly at: Instant;
  readonly reason: string;
}

/** A task that failed for good, as Classify Failure recorded it. */
export interface Failure {
  readonly rotationId: string;
  readonly state: string;
  readonly error: string;
  readonly errorClass: ErrorClass;
  readonly at: Instant;
}

/** A repair of a frozen key that Begin Repair has let in. */
export interface RepairUnderWay {
  readonly approvalId: string;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
  readonly begunAt: Instant;
  /** When Apply Repair had done its part. */
  readonly madeAt?: Instant;
}

/** An approved emergency rotation: a version is compromised, or believed to be. */
export interface Emergency {
  /** 1 …, per key; each attempt has its own. */
  readonly number: number;
  /** The first number that was given to it: its lineage, whichever attempt ends it. */
  readonly firstNumber: number;
  /** The last number that may run without a person. */
  readonly lastNumber: number;
  /** The version that is compromised. */
  readonly version: number;
  /** Window that its rotation id names: the one in which it was approved. */
  readonly window: string;
  /** The approval that allowed it. */
  readonly approvalId: string;
  readonly requestedBy: string;
  readonly approvedBy: readonly string[];
  readonly at: Instant;
  /** When it, or its next attempt, may start. */
  readonly dueAt: Instant;
  readonly reason: string;
  readonly isDone: boolean;
}

/** The exclusive right to change a managed key. */
export interface Lease {
  /** The execution's name, which is the rotation id. */
  readonly rotationId: string;
  readonly executionArn: string;
  readonly grantedAt: Instant;
  /** What the owner does with it. @default rotation */
  readonly work?: RunKind;
  /** The version whose retirement a retirement run finishes, or that an emergency replaces. */
  readonly subject?: number;
  /** Policy and dependents as they were at Claim. */
  readonly policy: KeyPolicy;
}

export interface KeyVersion {
  readonly number: number;
  readonly status: VersionStatus;
  /** The rotation that began it; its window is the version's lineage. `adopted` for an existing key. */
  readonly rotationId: string;
  readonly window: string;
  /** The emergency that made it; its lineage then is the emergency and not the window. */
  readonly emergency?: number;
  readonly kmsKeyId?: string;
  readonly kmsKeyArn?: string;
  readonly createdAt: Instant;
  /** How many `CreateKey` calls for it may have had an effect. */
  readonly createIntents: number;
  /** When its version alias was in place: IAM by `kms:ResourceAliases` knows it 5 minutes later. */
  readonly equippedAt?: Instant;
  readonly provedAt?: Instant;
  readonly activatedAt?: Instant;
  readonly deprecatedAt?: Instant;
  /** The version that took its place. */
  readonly supersededBy?: number;
  /** After Confirm: the start of its drain. */
  readonly drainFrom?: Instant;
  /** Deadlines are written once and never restart; only an extension moves the first. */
  readonly disableNotBefore?: Instant;
  readonly drainExtensions?: number;
  readonly disabledAt?: Instant;
  readonly revokeNotBefore?: Instant;
  /** When CloudTrail told of our own use that KMS refused while it was DISABLED: whoever else uses it is told of, too. */
  readonly watchedAt?: Instant;
  readonly revokedAt?: Instant;
  /** When KMS deletes the key. */
  readonly deletionAt?: Instant;
  readonly destroyedAt?: Instant;
  readonly compromisedAt?: Instant;
  /** When a late user was found and it was enabled again. */
  readonly rescuedAt?: Instant;
  /** Adopted versions start as `keep`, whatever the policy says. */
  readonly retirement?: 'keep';
}

/** A KMS mutation that the registry knows of before it is made. */
export type Intent =
  | { readonly kind: 'create'; readonly version: number; readonly at: Instant }
  | { readonly kind: 'promote'; readonly version: number; readonly fromKeyId: string | null; readonly toKeyId: string; readonly at: Instant }
  | { readonly kind: 'disable'; readonly version: number; readonly at: Instant; readonly caller?: IntentCaller }
  | { readonly kind: 'revoke'; readonly version: number; readonly at: Instant; readonly caller?: IntentCaller };

/** The one invocation that may make the call, and the fencing token that it had: once that was raised, Q has passed before anybody acts with the new one. */
export interface IntentCaller {
  readonly invocationId: string;
  readonly fence: number;
}

export function versionKey(number: number): string {
  return `v${number}`;
}

export function versionOf(key: ManagedKey, number: number): KeyVersion | undefined {
  return key.versions[versionKey(number)];
}

/** The ACTIVE version; there is at most one. */
export function activeVersion(key: ManagedKey): KeyVersion | undefined {
  return Object.values(key.versions).find((version) => version.status === 'ACTIVE');
}

export function withVersion(key: ManagedKey, version: KeyVersion): ManagedKey {
  return { ...key, versions: { ...key.versions, [versionKey(version.number)]: version } };
}

/** `alias/orders/v3`: the name under which one version stays reachable. */
export function versionAlias(alias: string, number: number): string {
  return `${alias}/v${number}`;
}
