import { adoptCreated, equip, recordProof, refuseCreate } from '../../lambdas/domain/creation';
import { intendCreate } from '../support/intend-create';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { AT, bootstrapped, claimed, prepare, type LivingKey, error } from './living-key';

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
