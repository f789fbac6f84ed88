import { isOverdue, overdueAt, retirementsPendingTooLong } from '../../lambdas/domain/age';
import { added, FIRST_PASS, NO_FINDINGS, NOTHING_COUNTED, secondLook, withAlerted } from '../../lambdas/domain/findings';
import { bootstrapped, draining, registered } from './living-key';

const AT = '2026-06-01T00:00:00.000Z';

test('a difference is confirmed by a second look at the same, five minutes later or more', () => {
  const first = secondLook(null, 'alias', AT);
  expect(first).toEqual({ remembered: { what: 'alias', since: AT }, isConfirmed: false });
  expect(secondLook(first.remembered, 'alias', '2026-06-01T00:04:59.000Z').isConfirmed).toBe(false);
  expect(secondLook(first.remembered, 'alias', '2026-06-01T00:05:00.000Z')).toEqual({ remembered: first.remembered, isConfirmed: true });
  expect(secondLook(first.remembered, 'other', '2026-06-01T00:15:00.000Z')).toEqual({ remembered: { what: 'other', since: '2026-06-01T00:15:00.000Z' }, isConfirmed: false });
  expect(secondLook(first.remembered, null, '2026-06-01T00:15:00.000Z')).toEqual({ remembered: null, isConfirmed: false });
});

test('before the first look nothing is known, and a pass begins at the first key', () => {
  expect(NO_FINDINGS).toEqual({ difference: null, ledger: null, alerted: [] });
  expect(FIRST_PASS).toEqual({ afterKey: null, afterKmsKey: null, alerted: [], totals: { overdueKeys: 0, frozenKeys: 0, quarantinedKeys: 0, oldestUnansweredApprovalSeconds: 0, undeliveredAlerts: 0, failedChecks: 0 } });
});

test('totals add up, but for the oldest question', () => {
  const one = { ...NOTHING_COUNTED, frozenKeys: 1, oldestUnansweredApprovalSeconds: 10 };
  expect(added(one, { ...one, oldestUnansweredApprovalSeconds: 7 })).toMatchObject({ frozenKeys: 2, oldestUnansweredApprovalSeconds: 10 });
});

test('an alert is remembered once, and the oldest are forgotten', () => {
  const many = Array.from({ length: 50 }, (_, index) => `a${index}`);
  expect(withAlerted(many, 'a0').at(-1)).toBe('a0');
  expect(withAlerted(many, 'new')).toHaveLength(50);
  expect(withAlerted(many, 'new')).not.toContain('a0');
});

test('a key is overdue by its age, whatever keeps it from starting', () => {
  const { key } = bootstrapped();
  const since = overdueAt(key) ?? '';
  // Activated 2026-04-01T01:00, 90 days, the spread of an hour, a day of grace.
  expect(since).toBe('2026-07-01T02:00:00.000Z');
  expect(isOverdue(key, '2026-07-01T01:59:59.000Z')).toBe(false);
  expect(isOverdue({ ...key, hold: { by: 'x', at: AT, reason: 'x' } }, since)).toBe(true);
  expect(isOverdue({ ...key, removed: true }, since)).toBe(false);
});

test('a key that was never made is overdue a day after it was due', () => {
  const { key } = registered();
  expect(overdueAt(key)).toBe('2026-03-02T00:00:00.000Z');
});

test('a retirement is told of 30 days behind its deadline, as long as it is pending', () => {
  const { key } = draining();
  const deadline = Date.parse(key.versions['v1']?.disableNotBefore ?? '');
  const late = new Date(deadline + 30 * 86_400_000).toISOString();
  const pending = { ...key, retirementPending: [1] };
  expect(retirementsPendingTooLong(pending, late).map(({ number }) => number)).toEqual([1]);
  expect(retirementsPendingTooLong(pending, new Date(deadline).toISOString())).toEqual([]);
  expect(retirementsPendingTooLong(key, late)).toEqual([]);
});
