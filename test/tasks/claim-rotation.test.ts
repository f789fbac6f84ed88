import { FORGOTTEN_AFTER_SECONDS, LAST_USAGE_LAG_SECONDS, TAKEOVER_SECONDS } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import { intendPromote } from '../../lambdas/domain/promotion';
import type { Run } from '../../lambdas/domain/rotation-id';
import { claimRotation, claimRotationInput } from '../../lambdas/tasks/claim-rotation';
import { attempt, NEXT_AT, NEXT_WINDOW, prepare, registered, WINDOW, claimed, AT } from '../domain/living-key';
import { leftPending, runOf } from '../domain/runs';
import type { Kit } from './kit';
import { bootstrapped, DEPENDENT, draining, kitOf, note, promoted, refusal, rotating, SECOND, SETTLED } from './lives';

const input = (change: { run?: Run; rotationId?: string; enteredAt?: string } = {}) => ({ key: 'orders', run: attempt(1, NEXT_WINDOW), rotationId: SECOND, enteredAt: NEXT_AT, executionArn: `arn:${SECOND}`, ...change });
const claim = (kit: Kit, change: Parameters<typeof input>[0] = {}) => claimRotation(kit)(input(change));
const CLAIMED = { fence: 2, work: 'rotate', version: 2, previous: 1, retirement: 'delete', drainUntil: NEXT_AT, dependents: [DEPENDENT] };

test('takes the lease, and says what the rotation is about', async () => {
  const kit = kitOf(bootstrapped, { dependents: [DEPENDENT] });
  expect(await claim(kit)).toEqual(CLAIMED);
  expect(kit.effects).toEqual(['RotationClaimed']);
  expect(kit.orders.lease).toMatchObject({ rotationId: SECOND, executionArn: `arn:${SECOND}`, grantedAt: NEXT_AT, work: 'rotation' });
});

test('a repetition finds its lease, and Step Functions is not asked for itself', async () => {
  const kit = kitOf(rotating, { dependents: [DEPENDENT] }).fails('executions.closedAt');
  expect(await claim(kit)).toEqual(CLAIMED);
  expect(kit.effects).toEqual([]);
});

test('a repetition leaves its own open intent to the state that it belongs to, and does not wait for a drain', async () => {
  const kit = kitOf((policy) => prepare(rotating(policy), 2, NEXT_AT));
  kit.living.apply(intendPromote(kit.orders, kit.living.owner(), 2, SETTLED));
  expect(await claim(kit)).toMatchObject({ fence: 2, version: 2 });
  expect(kit.effects).toEqual([]);
  expect(await claim(kitOf(draining))).toMatchObject({ version: 2, previous: 1, drainUntil: NEXT_AT });
});

test('a retirement run whose version is gone by now has nothing left to do', async () => {
  const kit = kitOf(leftPending);
  const change = { run: runOf('retirement'), rotationId: `orders-${NEXT_WINDOW}-r1`, enteredAt: plusSeconds(NEXT_AT, 5 * 86_400) };
  await claim(kit, change);
  kit.edit(({ versions }) => ({ versions: { v2: versions['v2']! } }));
  expect(await claim(kit, change)).toMatchObject({ work: 'retire', version: 2, previous: 0, retirement: 'none', drainUntil: change.enteredAt });
});

test('at bootstrap nobody is asked, and nothing is replaced', async () => {
  const kit = kitOf(registered, { dependents: [DEPENDENT] });
  const first = { run: attempt(1, WINDOW), rotationId: `orders-${WINDOW}-a1`, enteredAt: AT };
  expect(await claim(kit, first)).toEqual({ fence: 1, work: 'rotate', version: 1, previous: 0, retirement: 'none', drainUntil: AT, dependents: [] });
});

test('a retirement run makes no version, asks nobody, and waits for the drain that is left', async () => {
  const kit = kitOf(leftPending, { dependents: [DEPENDENT] });
  const at = plusSeconds(NEXT_AT, 5 * 86_400);
  const until = plusSeconds(kit.orders.versions['v1']!.disableNotBefore!, LAST_USAGE_LAG_SECONDS);
  const run = runOf('retirement');
  expect(await claim(kit, { run, rotationId: `orders-${NEXT_WINDOW}-r1`, enteredAt: at })).toEqual({ fence: 3, work: 'retire', version: 2, previous: 1, retirement: 'delete', drainUntil: until, dependents: [] });
});

test('compares what it retires with KMS, too', async () => {
  const kit = kitOf(leftPending);
  kit.change('k1', { keyState: 'Disabled' });
  const run = { run: runOf('retirement'), rotationId: `orders-${NEXT_WINDOW}-r1`, enteredAt: plusSeconds(NEXT_AT, 5 * 86_400) };
  await expect(claim(kit, run)).rejects.toEqual(refusal('ObservedMismatch', 'v1 (k1) is Disabled'));
});

test('compares the version that an earlier attempt has begun', async () => {
  const kit = kitOf((policy) => prepare(rotating(policy), 2, NEXT_AT));
  kit.change('k2', { keyState: 'Disabled' });
  await expect(claim(kit)).rejects.toEqual(refusal('ObservedMismatch', 'v2 (k2) is Disabled'));
});

test('takes the lease before it looks at KMS: only an owner can freeze for what it sees', async () => {
  const kit = kitOf(bootstrapped);
  kit.aliases.delete('alias/orders');
  await expect(claim(kit)).rejects.toEqual(refusal('ObservedMismatch', 'alias/orders points to no key, the registry expects k1. Someone else changed it.'));
  expect(kit.effects).toEqual(['RotationClaimed']);
});

test('refuses a name that is not the function of its input', async () => {
  const kit = kitOf(bootstrapped);
  await expect(claim(kit, { rotationId: `orders-${NEXT_WINDOW}-a2` })).rejects.toEqual(refusal('ExecutionNameMismatch', `the execution is named orders-${NEXT_WINDOW}-a2, its input makes it ${SECOND}. Start it under that name.`));
  expect(kit.effects).toEqual([]);
});

test('refuses a frozen key', async () => {
  const kit = kitOf(bootstrapped);
  kit.freezes.set('orders', note);
  await expect(claim(kit)).rejects.toEqual(refusal('KeyFrozen', 'is frozen since'));
});

describe('beside the lease of another execution', () => {
  const next: Run = attempt(1, '20260928T0000Z');
  const change = { run: next, rotationId: 'orders-20260928T0000Z-a1', enteredAt: '2026-09-28T00:00:00.000Z' };
  const ARN = `arn:${NEXT_WINDOW}-a1`;
  const ended = (at: string | null): Kit => {
    const kit = kitOf(promoted);
    kit.closedAt.set(ARN, at);
    return kit;
  };

  test('that runs it is superseded', async () => {
    const kit = ended(null);
    await expect(claim(kit, change)).rejects.toEqual(refusal('RotationSuperseded', `${SECOND} holds the lease`));
    expect(kit.effects).toEqual([]);
  });

  test('that has ended it waits until nothing of it is under way, and takes over', async () => {
    const closedAt = plusSeconds(change.enteredAt, -TAKEOVER_SECONDS);
    await expect(claim(ended(plusSeconds(closedAt, 1)), change)).rejects.toEqual(refusal('OwnerNotSettled'));
    const kit = ended(closedAt);
    expect(await claim(kit, change)).toMatchObject({ fence: 3, version: 3, previous: 2 });
    expect(kit.effects).toEqual(['RotationClaimed']);
    expect(kit.living.ledger.at(-1)?.facts).toMatchObject({ takenOverFrom: SECOND });
  });

  test('that Step Functions has forgotten it takes over a day after the grant', async () => {
    const kit = kitOf(promoted);
    expect(await claim(kit, change)).toMatchObject({ fence: 3 });
    expect(Date.parse(change.enteredAt) - Date.parse(NEXT_AT)).toBeGreaterThan(FORGOTTEN_AFTER_SECONDS * 1000);
  });

  test('that left an intent it ends that first', async () => {
    const kit = kitOf((policy) => prepare(rotating(policy), 2, NEXT_AT));
    kit.living.apply(intendPromote(kit.orders, kit.living.owner(), 2, SETTLED));
    kit.closedAt.set(ARN, SETTLED);
    kit.aliases.set('alias/orders', 'k2');
    expect(await claim(kit, change)).toMatchObject({ fence: 4, version: 3, previous: 2 });
    expect(kit.effects).toEqual(['RotationSettled', 'VersionPromoted', 'RotationClaimed']);
    expect(kit.living.ledger.at(-3)).toMatchObject({ by: change.rotationId, at: change.enteredAt });
  });

  test('that runs with an open intent it touches nothing', async () => {
    const kit = kitOf((policy) => prepare(rotating(policy), 2, NEXT_AT));
    kit.living.apply(intendPromote(kit.orders, kit.living.owner(), 2, SETTLED));
    kit.closedAt.set(ARN, null);
    await expect(claim(kit, change)).rejects.toEqual(refusal('RotationSuperseded'));
    expect(kit.effects).toEqual([]);
  });

  test('that was redriven in between it looks again', async () => {
    const kit = ended(SETTLED).meanwhile('registry.transact', () => ({ fence: 7 }));
    await expect(claim(kit, change)).rejects.toEqual(refusal('OwnerNotSettled', 'the token became 7'));
    expect(kit.effects).toEqual([]);
  });
});

test('of a key that nobody owns nobody is asked for', async () => {
  const kit = kitOf(claimed).edit({ lease: null, window: null }).fails('executions.closedAt');
  await claim(kit, { run: attempt(1, WINDOW), rotationId: `orders-${WINDOW}-a1`, enteredAt: AT });
  expect(kit.effects).toEqual(['RotationClaimed']);
});

test.each([
  [{}, true],
  [{ executionArn: '' }, false],
  [{ executionArn: 'x'.repeat(2048) }, true],
  [{ executionArn: 'x'.repeat(2049) }, false],
  [{ key: 'no name' }, false],
  [{ rotationId: '' }, false],
  [{ rotationId: 'x'.repeat(80) }, true],
  [{ rotationId: 'x'.repeat(81) }, false],
  [{ enteredAt: '2026-04-01' }, false],
  [{ enteredAt: '2026-04-01T02:00:00+02:00' }, true],
  [{ run: { ...attempt(1), more: 1 } }, false],
  [{ run: { ...attempt(1), kind: 'other' } }, false],
  [{ run: { ...attempt(1), kind: 'emergency' } }, true],
  [{ run: { ...attempt(1), kind: 'retirement' } }, true],
  [{ run: { ...attempt(1), window: 'x20260401T0000Z' } }, false],
  [{ run: { ...attempt(1), window: '20260401T0000Zx' } }, false],
  [{ run: { ...attempt(1), number: 0 } }, false],
  [{ run: { ...attempt(1), number: 1.5 } }, false],
])('a payload with %j is understood: %s', (change, isOne) => expect(claimRotationInput.safeParse({ ...input(), ...change }).success).toBe(isOne));
