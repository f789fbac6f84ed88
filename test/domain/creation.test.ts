import { adoptCreated, equip, intendCreate as decideCreate, recordProof, refuseCreate } from '../../lambdas/domain/creation';
import { intendCreate } from '../support/intend-create';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { AT, bootstrapped, claimed, NEXT_AT, prepare, WINDOW, type LivingKey, error } from './living-key';
import { inEmergency } from './runs';

const KEY = { keyId: 'k1', keyArn: 'arn:k1' };
const v1 = (living: LivingKey) => living.key.versions['v1'];

test('an intent begins the version; each further one counts', () => {
  const living = claimed();
  for (const createIntents of [1, 2, 3]) {
    living.apply(intendCreate(living.key, living.owner(), 1, AT));
    expect(living.key).toMatchObject({ lastVersion: 1, intent: { kind: 'create', version: 1, at: AT }, versions: { v1: { status: 'PENDING', createIntents } } });
  }
  expect(() => intendCreate(living.key, living.owner(), 1, AT)).toThrow(error({ name: 'CreateAttemptsUsedUp' }));
});

test('an intent that KMS refused for sure does not count', () => {
  const living = claimed();
  for (let round = 0; round < 5; round++) {
    living.apply(intendCreate(living.key, living.owner(), 1, AT));
    living.apply(refuseCreate(living.key, living.owner(), 1, AT, 'Throttled'));
  }
  expect(living.key).toMatchObject({ intent: null, versions: { v1: { createIntents: 0 } } });
  expect(refuseCreate(living.key, living.owner(), 1, AT, 'Throttled')).toEqual({ kind: 'done' });
});

test('an intent is not needed for a version that has its key', () => {
  const living = prepare(claimed(), 1);
  expect(intendCreate(living.key, living.owner(), 1, AT)).toEqual({ kind: 'done' });
});

test.each(['promote', 'disable', 'revoke'] as const)('an intent is not written over an open %s', (kind) => {
  const living = claimed();
  const intent = kind === 'promote' ? { kind, version: 1, fromKeyId: null, toKeyId: 'k', at: AT } : { kind, version: 1, at: AT };
  const busy: ManagedKey = { ...living.key, intent };
  expect(() => intendCreate(busy, living.owner(), 1, AT)).toThrow(error({ name: 'LedgerMismatch' }));
});

test('the first key that is adopted stays', () => {
  const living = claimed();
  living.apply(intendCreate(living.key, living.owner(), 1, AT));
  living.apply(adoptCreated(living.key, living.owner(), 1, KEY, AT));
  expect(adoptCreated(living.key, living.owner(), 1, { keyId: 'k2', keyArn: 'arn:k2' }, AT)).toEqual({ kind: 'done' });
  expect(v1(living)).toMatchObject({ kmsKeyId: 'k1' });
  expect(living.key.intent?.kind).toBe('create');
});

test('equipping closes the intent and keeps the first time', () => {
  const living = prepare(claimed(), 1);
  expect(living.key.intent).toBeNull();
  expect(equip(living.key, living.owner(), 1, '2026-05-01T00:00:00.000Z')).toEqual({ kind: 'done' });
  expect(v1(living)).toMatchObject({ equippedAt: AT, provedAt: AT });
});

test('a proof is recorded once, and for a PENDING version only', () => {
  const living = prepare(claimed(), 1);
  expect(recordProof(living.key, living.owner(), 1, AT)).toEqual({ kind: 'done' });
  const active = bootstrapped();
  const owned = { ...active.key, lease: claimed().key.lease };
  expect(recordProof(owned, { rotationId: 'orders-20260401T0000Z-a1', fence: 1 }, 1, AT)).toEqual({ kind: 'done' });
});

test('only a PENDING version gets a key', () => {
  const living = claimed();
  expect(() => adoptCreated(living.key, living.owner(), 1, KEY, AT)).toThrow(/v1 should be PENDING but is unknown/);
  expect(() => equip(living.key, living.owner(), 1, AT)).toThrow(/v1 should be PENDING/);
});

test.each<[string, (key: ManagedKey) => unknown]>([
  ['intends', (key) => intendCreate(key, { rotationId: 'x', fence: 1 }, 1, AT)],
  ['refuses', (key) => refuseCreate(key, { rotationId: 'x', fence: 1 }, 1, AT, 'Throttled')],
  ['adopts', (key) => adoptCreated(key, { rotationId: 'x', fence: 1 }, 1, KEY, AT)],
  ['equips', (key) => equip(key, { rotationId: 'x', fence: 1 }, 1, AT)],
  ['proves', (key) => recordProof(key, { rotationId: 'x', fence: 1 }, 1, AT)],
])('nobody but the owner %s', (_, decide) => {
  expect(() => decide(claimed().key)).toThrow(error({ name: 'StaleOwner' }));
});

describe('an intent is refused', () => {
  const call = { invocationId: 'one', intentsSeen: 0 };

  test('while another version is being created', () => {
    const { key } = claimed();
    expect(() => decideCreate({ ...key, intent: { kind: 'create', version: 9, at: AT } }, claimed().owner(), 1, AT, call)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/open create intent for v9; it must be closed first/) }));
  });

  test.each([1, 2])('for a number that was given before and has left the aggregate: %i', (number) => {
    const living = claimed();
    expect(() => decideCreate({ ...living.key, lastVersion: 2 }, living.owner(), number, AT, call)).toThrow(error({ name: 'LedgerMismatch', message: expect.stringMatching(/its number is not given again/) }));
  });

  test('to an invocation whose twin was allowed to call meanwhile', () => {
    const living = claimed();
    living.apply(decideCreate(living.key, living.owner(), 1, AT, call));
    expect(() => decideCreate(living.key, living.owner(), 1, AT, call)).toThrow(error({ name: 'CreateOutcomeUnknown', message: expect.stringMatching(/another invocation was allowed to call/) }));
  });

  test('after the last with what to look for', () => {
    const living = claimed();
    for (const intentsSeen of [0, 1, 2]) living.apply(decideCreate(living.key, living.owner(), 1, AT, { ...call, intentsSeen }));
    expect(() => decideCreate(living.key, living.owner(), 1, AT, { ...call, intentsSeen: 3 })).toThrow(/tried 3 times .* keys tagged keyturn:key=orders/);
  });
});

test('a further intent leaves the version as it was begun', () => {
  const living = claimed();
  living.apply(intendCreate(living.key, living.owner(), 1, AT));
  living.apply(intendCreate(living.key, living.owner(), 1, '2026-04-02T00:00:00.000Z'));
  expect(v1(living)).toMatchObject({ createdAt: AT, createIntents: 2 });
});

test("a version is its window's, or its emergency's while one owns the key", () => {
  const begun = (living: LivingKey, number: number) => {
    living.apply(intendCreate(living.key, living.owner(), number, NEXT_AT));
    return living.key.versions[`v${number}`];
  };
  const during = inEmergency();
  expect(begun(during, 2)).toMatchObject({ window: during.key.emergency!.window, emergency: 1 });
  const rotating = claimed();
  rotating.state = { ...rotating.key, emergency: { ...during.key.emergency!, isDone: true } };
  expect(begun(rotating, 1)).toMatchObject({ window: WINDOW });
  expect(rotating.key.versions['v1']).not.toHaveProperty('emergency');
});

test('a refusal of KMS that comes late says nothing about a version that has its key, or that is gone', () => {
  const living = claimed();
  living.apply(intendCreate(living.key, living.owner(), 1, AT));
  expect(refuseCreate({ ...living.key, versions: {} }, living.owner(), 1, AT, 'Throttled')).toEqual({ kind: 'done' });
  living.apply(adoptCreated(living.key, living.owner(), 1, KEY, AT));
  expect(refuseCreate(living.key, living.owner(), 1, AT, 'Throttled')).toEqual({ kind: 'done' });
});

test('equipping is written where it is open, and leaves the intent of a later step alone', () => {
  const living = prepare(claimed(), 1);
  const { equippedAt: _equippedAt, ...bare } = v1(living)!;
  expect(equip({ ...living.key, versions: { v1: bare } }, living.owner(), 1, AT)).toMatchObject({ next: { versions: { v1: { equippedAt: AT } } } });
  const again: ManagedKey = { ...living.key, intent: { kind: 'create', version: 1, at: AT } };
  expect(equip(again, living.owner(), 1, NEXT_AT)).toMatchObject({ next: { intent: null, versions: { v1: { equippedAt: AT } } } });
  const later: ManagedKey = { ...living.key, intent: { kind: 'promote', version: 1, fromKeyId: null, toKeyId: 'k1', at: AT } };
  expect(equip(later, living.owner(), 1, NEXT_AT)).toEqual({ kind: 'done' });
});

test('a proof of a version that is gone, or that nothing waits for any more, is not recorded', () => {
  const living = prepare(claimed(), 1);
  const { provedAt: _provedAt, ...unproved } = v1(living)!;
  expect(recordProof({ ...living.key, versions: {} }, living.owner(), 1, AT)).toEqual({ kind: 'done' });
  expect(recordProof({ ...living.key, versions: { v1: { ...unproved, status: 'ACTIVE' } } }, living.owner(), 1, AT)).toEqual({ kind: 'done' });
});

test('a key for a version that is not PENDING is a mismatch', () => {
  const living = claimed();
  expect(() => equip(living.key, living.owner(), 1, AT)).toThrow(error({ name: 'LedgerMismatch' }));
});

test('a version that nothing is known of but its owner belongs to no lineage', () => {
  const living = inEmergency();
  const { key } = living;
  const begun = (change: Partial<ManagedKey>) => {
    const decision = intendCreate({ ...key, emergency: null, ...change }, living.owner(), 2, NEXT_AT);
    return decision.kind === 'write' ? decision.next.versions['v2'] : undefined;
  };
  expect(begun({})).toMatchObject({ window: key.window!.id });
  expect(begun({ window: null })).toMatchObject({ window: '' });
});
