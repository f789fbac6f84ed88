import { compareState, stateOf, type StateComparison } from '../../lambdas/domain/expected-state';
import type { KeyVersion, ManagedKey } from '../../lambdas/domain/managed-key';
import { VERSION_STATUSES } from '../../lambdas/domain/version-status';
import { bootstrapped, disabled, draining, LATE, LATER, revoked, type LivingKey } from './living-key';

const LONG_AFTER = '2027-02-10T00:00:00.000Z';
const NOTE = { by: 'x', at: '2026-01-01T00:00:00.000Z', reason: 'x' };

function compared({ key }: LivingKey, number: number, state: string | undefined, at: string, changes: Partial<ManagedKey> = {}): StateComparison {
  const changed = { ...key, ...changes };
  return compareState(changed, changed.versions[`v${number}`]!, state, at);
}

test('every status means one KMS key state', () => {
  expect(VERSION_STATUSES.map((status) => stateOf({ status } as never))).toEqual(['Enabled', 'Enabled', 'Enabled', 'Disabled', 'PendingDeletion', 'PendingDeletion', 'Enabled']);
});

test.each<[string, () => LivingKey, number, string | undefined, StateComparison]>([
  ['ACTIVE and Enabled', bootstrapped, 1, 'Enabled', 'as-registered'],
  ['ACTIVE and Disabled', bootstrapped, 1, 'Disabled', 'unexpected'],
  ['ACTIVE and PendingDeletion', bootstrapped, 1, 'PendingDeletion', 'unexpected'],
  ['ACTIVE and gone', bootstrapped, 1, undefined, 'unexpected'],
  ['ACTIVE in a key store that is away', bootstrapped, 1, 'Unavailable', 'unreadable'],
  ['DEPRECATED and Disabled', draining, 1, 'Disabled', 'unexpected'],
  ['DISABLED and Disabled', disabled, 1, 'Disabled', 'as-registered'],
  ['DISABLED and Enabled', disabled, 1, 'Enabled', 'unexpected'],
  ['DISABLED and PendingDeletion', disabled, 1, 'PendingDeletion', 'unexpected'],
  ['REVOKED and PendingDeletion', revoked, 1, 'PendingDeletion', 'as-registered'],
  ['REVOKED and Disabled', revoked, 1, 'Disabled', 'unexpected'],
  ['REVOKED and gone before its time', revoked, 1, undefined, 'unexpected'],
])('%s', (_, make, number, state, comparison) => {
  expect(compared(make(), number, state, LONG_AFTER)).toBe(comparison);
});

test('an open intent makes both of its sides legal', () => {
  expect(compared(draining(), 1, 'Disabled', LONG_AFTER, { intent: { kind: 'disable', version: 1, at: LATE } })).toBe('as-intended');
  expect(compared(draining(), 1, 'PendingDeletion', LONG_AFTER, { intent: { kind: 'disable', version: 1, at: LATE } })).toBe('unexpected');
  expect(compared(draining(), 2, 'Disabled', LONG_AFTER, { intent: { kind: 'disable', version: 1, at: LATE } })).toBe('unexpected');
  expect(compared(disabled(), 1, 'PendingDeletion', LONG_AFTER, { intent: { kind: 'revoke', version: 1, at: LATER } })).toBe('as-intended');
  expect(compared(disabled(), 1, 'Enabled', LONG_AFTER, { intent: { kind: 'revoke', version: 1, at: LATER } })).toBe('unexpected');
});

test('a version that a rescue took back before the revocation that was intended may be anywhere on the way', () => {
  for (const state of ['Disabled', 'PendingDeletion']) {
    expect(compared(draining(), 1, state, LONG_AFTER, { intent: { kind: 'revoke', version: 1, at: LATER } })).toBe('in-between');
  }
});

test('a key of ours may be too new to be seen, until some time after it was equipped', () => {
  const pending = Object.values(draining().key.versions).map((version) => ({ ...version, status: 'PENDING' as const }))[1]!;
  const { equippedAt: _equippedAt, ...unequipped } = pending;
  const at = (version: KeyVersion, when: string) => compareState(draining().key, version, undefined, when);
  expect(pending.equippedAt).toBeDefined();
  expect(at(unequipped, LONG_AFTER)).toBe('in-between');
  expect(at(pending, pending.equippedAt!)).toBe('in-between');
  expect(at(pending, LONG_AFTER)).toBe('unexpected');
});

test('a rescue and a hold explain what they are doing', () => {
  expect(compared(disabled(), 1, 'Enabled', LONG_AFTER, { rescues: { v1: NOTE } })).toBe('in-between');
  expect(compared(revoked(), 1, 'Disabled', LONG_AFTER, { hold: NOTE })).toBe('in-between');
});

test('our own last change may be read late, for an hour and some minutes', () => {
  expect(compared(disabled(), 1, 'Enabled', LATE)).toBe('in-between');
  expect(compared(revoked(), 1, 'Disabled', LATER)).toBe('in-between');
  expect(compared(disabled(), 1, 'Enabled', '2026-12-01T01:05:00.000Z')).toBe('unexpected');
});

test('a revoked key is gone when its time has come', () => {
  expect(compared(revoked(), 1, undefined, '2027-03-03T00:00:00.000Z')).toBe('in-between');
});
