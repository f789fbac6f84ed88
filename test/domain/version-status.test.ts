import { allowedFrom, canMove, isTerminal, VERSION_STATUSES, type VersionStatus } from '../../lambdas/domain/version-status';

/** The design's section 1, written out once more. */
const LEGAL: readonly (readonly [VersionStatus | null, VersionStatus])[] = [
  [null, 'PENDING'],
  [null, 'ACTIVE'],
  ['PENDING', 'ACTIVE'],
  ['PENDING', 'ABANDONED'],
  ['ACTIVE', 'DEPRECATED'],
  ['DEPRECATED', 'DISABLED'],
  ['DISABLED', 'REVOKED'],
  ['REVOKED', 'DESTROYED'],
  ['DISABLED', 'DEPRECATED'],
  ['REVOKED', 'DISABLED'],
];
const PAIRS = [null, ...VERSION_STATUSES].flatMap((from) => VERSION_STATUSES.map((to) => [from, to] as const));

describe('the transition table', () => {
  test.each(PAIRS)('judges %s to %s as the design does', (from, to) => {
    const isLegal = LEGAL.some(([legalFrom, legalTo]) => legalFrom === from && legalTo === to);
    expect(canMove(from, to)).toBe(isLegal);
    expect(allowedFrom(to).includes(from)).toBe(isLegal);
  });

  test.each(VERSION_STATUSES)('calls %s terminal only when nothing leads out of it', (status) => {
    expect(isTerminal(status)).toBe(status === 'DESTROYED' || status === 'ABANDONED');
  });

  test('leads every version to an end', () => {
    for (const status of VERSION_STATUSES) {
      const reached = new Set<VersionStatus>([status]);
      for (const from of reached) for (const to of VERSION_STATUSES) if (canMove(from, to)) reached.add(to);
      expect([...reached].some(isTerminal)).toBe(true);
    }
  });
});
