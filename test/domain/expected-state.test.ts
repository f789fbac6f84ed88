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

describe('what explains a state, and only for whom', () => {
  type Row = readonly [why: string, version: Partial<KeyVersion>, key: Partial<ManagedKey>, observed: string | undefined, comparison: StateComparison];
  const NOW = '2027-02-01T00:00:00.000Z';
  const EDGE = '2027-01-31T22:55:00.000Z';
  const JUST_IN_TIME = '2027-01-31T22:55:01.000Z';
  const HELD_NOW = { hold: { ...NOTE, at: NOW } };
  const intent = (kind: 'create' | 'disable'): Partial<ManagedKey> => ({ intent: { kind, version: 1, at: NOW } });
  const { kmsKeyId: _kmsKeyId, ...bare } = bootstrapped().key.versions['v1']!;
  const BASE: KeyVersion = { number: 1, status: 'ACTIVE', rotationId: 'r', window: bare.window, createdAt: LATE, createIntents: 1, kmsKeyId: 'k1' };
  const NO_KEY: Partial<KeyVersion> = { kmsKeyId: undefined } as never;

  test.each<Row>([
    ['a version without a key has no state', NO_KEY, {}, 'Disabled', 'as-registered'],
    ['a disable is intended of a DEPRECATED version only', { status: 'ACTIVE' }, intent('disable'), 'Disabled', 'unexpected'],
    ['a revocation is its own intent', { status: 'DISABLED' }, intent('create'), 'PendingDeletion', 'unexpected'],
    ['a rescue of a DISABLED version', { status: 'DISABLED' }, { rescues: { v1: NOTE } }, 'PendingDeletion', 'in-between'],
    ['a rescue of a REVOKED version', { status: 'REVOKED' }, { rescues: { v1: NOTE } }, 'Disabled', 'in-between'],
    ['a rescue of another version', { status: 'REVOKED' }, { rescues: { v2: NOTE } }, 'Disabled', 'unexpected'],
    ['a key that KMS is making', { status: 'PENDING' }, {}, 'Creating', 'in-between'],
    ['an ACTIVE key that KMS is making', {}, {}, 'Creating', 'unexpected'],
    ['a hold of a DEPRECATED version', { status: 'DEPRECATED' }, HELD_NOW, 'Disabled', 'unexpected'],
    ['a hold that cancelled a deletion just now', { status: 'DISABLED' }, HELD_NOW, 'PendingDeletion', 'in-between'],
    ['a hold that did so long ago', { status: 'DISABLED' }, { hold: NOTE }, 'PendingDeletion', 'unexpected'],
    ['a hold just now of a DEPRECATED version', { status: 'DEPRECATED' }, HELD_NOW, 'PendingDeletion', 'unexpected'],
    ['a disable just now, of what was revoked since', { status: 'REVOKED', disabledAt: NOW }, {}, 'Enabled', 'unexpected'],
    ['a revocation just now, of what is not REVOKED any more', { status: 'DEPRECATED', revokedAt: NOW }, {}, 'Disabled', 'unexpected'],
    ['a rescue just now, read late as Disabled', { status: 'DEPRECATED', rescuedAt: NOW }, {}, 'Disabled', 'in-between'],
    ['a rescue just now, read late as PendingDeletion', { status: 'DEPRECATED', rescuedAt: NOW }, {}, 'PendingDeletion', 'in-between'],
    ['a rescue just now, of what was disabled since', { status: 'DISABLED', rescuedAt: NOW }, {}, 'PendingDeletion', 'unexpected'],
    ['a change 65 minutes ago', { status: 'DISABLED', disabledAt: EDGE }, {}, 'Enabled', 'unexpected'],
    ['a change a second later', { status: 'DISABLED', disabledAt: JUST_IN_TIME }, {}, 'Enabled', 'in-between'],
    ['an ACTIVE key that was equipped just now and is gone', { equippedAt: NOW }, {}, undefined, 'unexpected'],
    ['a key whose deletion was cancelled and that is gone', { status: 'DISABLED', deletionAt: LATE }, {}, undefined, 'unexpected'],
    ['a REVOKED key whose deletion nobody dated', { status: 'REVOKED' }, {}, undefined, 'unexpected'],
  ])('%s', (_, version, key, observed, comparison) => {
    expect(compareState({ ...bootstrapped().key, ...key }, { ...BASE, ...version }, observed, NOW)).toBe(comparison);
  });
});

test.each(['Unavailable', 'Updating'])('a key that is %s says nothing', (state) => {
  for (const make of [bootstrapped, disabled, revoked]) expect(compared(make(), 1, state, LONG_AFTER)).toBe('unreadable');
});
