import { EMERGENCY_PERIOD_SECONDS, MAX_EMERGENCIES_PER_PERIOD } from '../../lambdas/contract/timing';
import { approveEmergency, beginEmergency, emergencyBlocker, shortened } from '../../lambdas/domain/emergency';
import { claim } from '../../lambdas/domain/lease';
import { plusSeconds } from '../../lambdas/domain/instant';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { quarantineForDeadOwner } from '../../lambdas/domain/operations';
import { extendDrain, idleSince, retirementBlocker } from '../../lambdas/domain/retirement';
import { AT, bootstrapped, disabled, draining, error, LATE, NEXT_AT, NEXT_WINDOW, registered, WINDOW } from './living-key';
import { APPROVED, endangered, inEmergency, IN_DRAIN, requestFor, runOf } from './runs';

const note = { by: 'a person', at: AT, reason: 'audit' };
const request = { ...APPROVED, version: 1, at: NEXT_AT };

describe('an approved emergency', () => {
  test('is written with who asked, who approved, and what for; it is due at once', () => {
    const living = endangered();
    expect(living.key.emergency).toEqual({ ...request, number: 1, firstNumber: 1, lastNumber: 3, window: NEXT_WINDOW, dueAt: NEXT_AT, isDone: false });
    expect(living.key.dueAt).toBe('2026-06-30T00:00:00.000Z');
    expect(living.ledger.at(-1)).toMatchObject({ type: 'EmergencyApproved', by: 'alice', facts: { emergency: 1, version: 1, requestedBy: 'bob', reason: 'a leak' } });
  });

  test('names everybody who approved', () => {
    expect(approveEmergency(bootstrapped().key, { ...request, approvedBy: ['alice', 'carol'] })).toMatchObject({ note: { by: 'alice, carol' } });
  });

  test('makes a key due that would not be for a long time', () => {
    const living = bootstrapped({ startSpreadSeconds: 0 });
    living.apply(approveEmergency(living.key, { ...request, at: AT }));
    expect(living.key).toMatchObject({ dueAt: AT, rotationDueAt: '2026-06-30T00:00:00.000Z', emergency: { window: WINDOW } });
  });

  test('numbers on from the attempts of the one before', () => {
    const living = endangered();
    living.state = { ...living.key, emergency: { ...living.key.emergency!, number: 2, isDone: true } };
    living.apply(approveEmergency(living.key, { ...request, version: 1, at: LATE }));
    expect(living.key.emergency).toMatchObject({ number: 3, firstNumber: 3, lastNumber: 5, isDone: false });
  });

  test.each<[string, () => ManagedKey, RegExp]>([
    ['a removed key', () => ({ ...bootstrapped().key, removed: true }), /removed/],
    ['a key without an ACTIVE version', () => registered().key, /no ACTIVE version/],
    ['a quarantined key', () => ({ ...bootstrapped().key, quarantine: note }), /Lift the quarantine first/],
    ['a key with one under way', () => endangered().key, /emergency 1 is under way/],
    ['a key that has had too many', () => ({ ...bootstrapped().key, emergencies: [1, 2, 3].map((hours) => plusSeconds(NEXT_AT, -3600 * hours)) }), /3 emergencies began in the last 24 hours; at most 3 may/],
  ])('is refused for %s', (_, make, reason) => {
    const key = make();
    expect(emergencyBlocker(key, NEXT_AT)).toMatch(reason);
    expect(() => approveEmergency(key, request)).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringMatching(reason) }));
  });

  test('is not refused for a key that is held, paused or owned', () => {
    const { key } = draining();
    expect(emergencyBlocker({ ...key, hold: note, pause: { ...note, until: LATE } }, NEXT_AT)).toBeUndefined();
  });

  test('is allowed again once the first of too many is a day old', () => {
    const emergencies = Array.from({ length: MAX_EMERGENCIES_PER_PERIOD }, (_, index) => plusSeconds(NEXT_AT, index * 60));
    const key = { ...bootstrapped().key, emergencies };
    const free = plusSeconds(NEXT_AT, EMERGENCY_PERIOD_SECONDS);
    expect(emergencyBlocker(key, plusSeconds(free, -1))).toMatch(/at most/);
    expect(emergencyBlocker(key, free)).toBeUndefined();
  });

  test('remembers no more of them than count', () => {
    const emergencies = [1, 2, 3].map((days) => plusSeconds(NEXT_AT, -86_400 * days));
    expect(approveEmergency({ ...bootstrapped().key, emergencies }, request)).toMatchObject({ next: { emergencies: [...emergencies.slice(1), NEXT_AT] } });
  });
});

describe('an emergency that begins', () => {
  const compromised = (key: ManagedKey, version: number): ManagedKey => ({ ...key, emergency: { ...endangered().key.emergency!, version } });

  test('marks the compromised version once', () => {
    const begun = beginEmergency(compromised(bootstrapped().key, 1), NEXT_AT);
    expect(begun.versions['v1']).toMatchObject({ status: 'ACTIVE', compromisedAt: NEXT_AT });
    expect(beginEmergency(begun, LATE).versions['v1']?.compromisedAt).toBe(NEXT_AT);
  });

  test('brings the end of a drain forward, never back, and leaves a bake alone', () => {
    const { key } = draining({ drainSeconds: 10 * 86_400 });
    const at = plusSeconds(NEXT_AT, 3600);
    expect(beginEmergency(compromised(key, 1), at).versions['v1']?.disableNotBefore).toBe(plusSeconds(at, key.policy.emergencyDrainSeconds));
    const late = plusSeconds(NEXT_AT, 9.99 * 86_400);
    expect(beginEmergency(compromised(key, 1), late).versions['v1']?.disableNotBefore).toBe(key.versions['v1']?.disableNotBefore);
    const baking = disabled().key;
    expect(beginEmergency(compromised(baking, 1), LATE).versions['v1']?.revokeNotBefore).toBe(baking.versions['v1']?.revokeNotBefore);
  });

  test('leaves the deadlines of every other version alone', () => {
    const { key } = draining();
    const begun = beginEmergency(compromised(key, 2), NEXT_AT);
    expect(begun.versions['v1']).toEqual(key.versions['v1']);
    const version = key.versions['v1']!;
    expect(shortened(version, key, NEXT_AT)).toBe(version);
  });

  test('counts the window whose promotion it interrupts as completed', () => {
    const { key } = draining();
    expect(beginEmergency(compromised(key, 2), NEXT_AT).completedWindow).toBe(NEXT_WINDOW);
    expect(beginEmergency(compromised(bootstrapped().key, 1), NEXT_AT).completedWindow).toBe(WINDOW);
  });

  test('leaves to a retirement run what the owner that it stopped had to retire, and to itself what it replaces', () => {
    const living = draining();
    living.apply(approveEmergency(living.key, { ...request, version: 2, at: IN_DRAIN }));
    const holder = { rotationId: living.owner().rotationId, closedAt: IN_DRAIN };
    living.apply(claim(living.key, requestFor(runOf('emergency'), plusSeconds(IN_DRAIN, 3600), holder)));
    expect(living.key).toMatchObject({ retirementPending: [1], retirementDueAt: expect.anything(), lease: { work: 'emergency' } });
  });

  test('of a version that has left the registry changes nothing', () => {
    const key = compromised(bootstrapped().key, 9);
    expect(beginEmergency(key, NEXT_AT)).toBe(key);
  });
});

describe('while an emergency waits for the key', () => {
  const waiting = (): ManagedKey => ({ ...draining().key, emergency: endangered().key.emergency });
  test('the owner retires nothing any more', () => {
    const key = waiting();
    expect(retirementBlocker(key, key.versions['v1']!, 'disable')).toMatch(/emergency 1 waits for the key/);
    const own = inEmergency().key;
    expect(retirementBlocker(own, own.versions['v1']!, 'disable')).toBeUndefined();
  });

  test("an owner's death needs nobody's look", () => {
    const key = waiting();
    expect(quarantineForDeadOwner(key, key.lease!.rotationId, note)).toEqual({ kind: 'done' });
    const done = { ...key, emergency: { ...key.emergency!, isDone: true } };
    expect(quarantineForDeadOwner(done, key.lease!.rotationId, note)).toMatchObject({ next: { quarantine: note } });
  });
});

test('a compromised version has half of its drain to become idle, and an hour more each time that it is not', () => {
  const living = draining();
  const v1 = { ...living.key.versions['v1']!, compromisedAt: NEXT_AT, disableNotBefore: plusSeconds(NEXT_AT, 4 * 3600) };
  living.state = { ...living.key, versions: { ...living.key.versions, v1 } };
  expect(idleSince(living.key, v1, IN_DRAIN)).toBe(plusSeconds(IN_DRAIN, -3600 - 2 * 3600));
  living.apply(extendDrain(living.key, living.owner(), 1, IN_DRAIN, 'used'));
  expect(living.key.versions['v1']?.disableNotBefore).toBe(plusSeconds(IN_DRAIN, 2 * 3600));
});
