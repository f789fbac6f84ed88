import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { register, remove } from '../../lambdas/domain/registration';
import { policyOf } from '../support/policies';
import { AT, bootstrapped, draining, LivingKey, registered, REGISTERED_AT, error } from './living-key';

const registration = { registryId: 'registry', at: AT, by: 'deploy' };
const change = (living: LivingKey, policy: Partial<KeyPolicy>) => register(living.key, policyOf(policy), registration);

test('a new key is due at once, has no version and no completed window', () => {
  const { key, ledger } = registered();
  expect(key).toMatchObject({ schema: 1, versions: {}, lastVersion: 0, completedWindow: null, window: null, lease: null, fence: 0, approvals: [], answeredApprovals: [], dueAt: REGISTERED_AT, seq: 1 });
  expect(ledger.map(({ type }) => type)).toEqual(['KeyRegistered']);
});

test('an adopted key begins ACTIVE, kept, with the current window done', () => {
  const living = new LivingKey();
  living.apply(register(undefined, policyOf({ startSpreadSeconds: 0 }), { ...registration, adopted: { keyId: 'k0', keyArn: 'arn:k0' } }));
  expect(living.key).toMatchObject({
    lastVersion: 1,
    completedWindow: '20260401T0000Z',
    dueAt: '2026-06-30T00:00:00.000Z',
    versions: { v1: { status: 'ACTIVE', kmsKeyId: 'k0', kmsKeyArn: 'arn:k0', retirement: 'keep', createIntents: 0 } },
  });
  expect(living.ledger).toMatchObject([{ type: 'VersionAdopted', moves: [{ version: 1, from: null, to: 'ACTIVE' }] }]);
});

test('the same policy again is done, in whatever order its members stand', () => {
  const living = registered();
  const reversed = Object.fromEntries(Object.entries(policyOf()).reverse()) as unknown as KeyPolicy;
  expect(register(living.key, reversed, registration)).toEqual({ kind: 'done' });
});

test('a changed policy changes the policy and nothing else', () => {
  const living = draining();
  const { policy: _policy, ...rest } = living.key;
  const decision = change(living, { owner: 'team-payments', drainSeconds: 1 });
  expect(decision).toMatchObject({ kind: 'write', next: { ...rest, policy: { owner: 'team-payments', drainSeconds: 1 } }, note: { type: 'PolicyChanged' } });
});

test.each(['alias', 'spec', 'usage'] as const)('another %s is refused for a living key', (field) => {
  expect(() => change(bootstrapped(), { [field]: 'other' })).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringMatching(`^keys.orders.${field}: a registered key keeps its ${field}: it is .+, the configuration says other. Give the new ${field} a key of its own.$`) }));
});

test.each<[string, Partial<KeyPolicy>, string]>([
  ['a shorter period', { rotateEverySeconds: 30 * 86_400 }, '2026-05-01T00:00:00.000Z'],
  ['another anchor', { anchor: '2026-01-11T00:00:00Z' }, '2026-04-11T00:00:00.000Z'],
])('%s moves the due time of a key that has completed a window', (_, policy, dueAt) => {
  expect(change(bootstrapped({ startSpreadSeconds: 0 }), { startSpreadSeconds: 0, ...policy })).toMatchObject({ next: { dueAt } });
});

test('a new schedule leaves the due time of a key that was never rotated', () => {
  expect(change(registered(), { rotateEverySeconds: 30 * 86_400 })).toMatchObject({ next: { dueAt: REGISTERED_AT } });
});

test('a key is removed once, and comes back with its versions', () => {
  const living = bootstrapped();
  const { versions } = living.key;
  living.apply(remove(living.key, AT, 'deploy'));
  expect(living.key).toMatchObject({ removed: true, versions });
  expect(remove(living.key, AT, 'deploy')).toEqual({ kind: 'done' });
  living.apply(change(living, {}));
  expect(living.key).toMatchObject({ removed: false, versions });
});
