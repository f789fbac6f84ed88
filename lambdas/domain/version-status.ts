/**
 * The life of a key version. NIST SP 800-57 names in brackets.
 * PENDING (pre-activation), ACTIVE, DEPRECATED (deactivated: decrypt and verify only), DISABLED (suspended),
 * REVOKED (deletion scheduled), DESTROYED; aside ABANDONED: never promoted.
 */
export const VERSION_STATUSES = ['PENDING', 'ACTIVE', 'DEPRECATED', 'DISABLED', 'REVOKED', 'DESTROYED', 'ABANDONED'] as const;
export type VersionStatus = (typeof VERSION_STATUSES)[number];

/**
 * The one transition table: to each status, the statuses that it may be reached from. The registry's write conditions are
 * generated from it. `null` is "does not exist yet"; ACTIVE is reached from `null` by adopting an existing KMS key.
 */
const ALLOWED_FROM: Readonly<Record<VersionStatus, readonly (VersionStatus | null)[]>> = {
  PENDING: [null],
  ACTIVE: ['PENDING', null],
  // DISABLED → DEPRECATED is a rescue edge: a late user was found.
  DEPRECATED: ['ACTIVE', 'DISABLED'],
  // REVOKED → DISABLED is the other rescue edge: the deletion was cancelled.
  DISABLED: ['DEPRECATED', 'REVOKED'],
  REVOKED: ['DISABLED'],
  DESTROYED: ['REVOKED'],
  ABANDONED: ['PENDING'],
};

/** Statuses that a version may have right before it moves to `to`; `null` stands for a version that does not exist. */
export function allowedFrom(to: VersionStatus): readonly (VersionStatus | null)[] {
  return ALLOWED_FROM[to];
}

export function canMove(from: VersionStatus | null, to: VersionStatus): boolean {
  return ALLOWED_FROM[to].includes(from);
}

/** Nothing leads out of these: such versions leave the aggregate for items of their own. */
export function isTerminal(status: VersionStatus): boolean {
  return !VERSION_STATUSES.some((to) => ALLOWED_FROM[to].includes(status));
}
