import { plusSeconds } from '../../lambdas/domain/instant';
import { claim } from '../../lambdas/domain/lease';
import { releaseRotation, releaseRotationInput } from '../../lambdas/tasks/release-rotation';
import { settle } from '../../lambdas/tasks/settle';
import { request } from '../domain/living-key';
import type { Kit } from './kit';
import { bootstrapped, draining, kitOf, note, owned, promoted, refusal, revoked, SETTLED, LATER, SECOND } from './lives';

const release = (kit: Kit, more: object = {}) => releaseRotation(kit)({ ...owned(kit), previous: 1, pendingReason: '', ...more });

describe('Release Rotation', () => {
  test('gives the lease back and sets the next due time', async () => {
    const kit = kitOf(revoked, { startSpreadSeconds: 0 });
    expect(await release(kit, { enteredAt: LATER })).toEqual({ outcome: 'completed', nextDueAt: '2026-09-28T00:00:00.000Z' });
    expect(kit.effects).toEqual(['RotationCompleted']);
    expect(kit.orders).toMatchObject({ lease: null, retirementPending: [] });
  });

  test('leaves the retirement to a later run, with the reason', async () => {
    const kit = kitOf(draining);
    expect(await release(kit, { pendingReason: 'held' })).toEqual({ outcome: 'completed-retirement-pending', nextDueAt: plusSeconds(SETTLED, 86_400) });
    expect(kit.orders).toMatchObject({ lease: null, retirementPending: [1] });
    expect(kit.living.ledger.at(-1)?.facts).toMatchObject({ retirementPending: 1, reason: 'held' });
  });

  test('refuses to end beside what somebody else has changed', async () => {
    const kit = kitOf(draining);
    kit.change('k1', { keyState: 'Disabled' });
    await expect(release(kit)).rejects.toEqual(refusal('ObservedMismatch', 'v1 (k1) is Disabled'));
    expect(kit.effects).toEqual([]);
  });

  test('does not mind what only cannot be seen', async () => {
    const kit = kitOf(promoted);
    kit.change('k2', { keyState: 'Unavailable' });
    expect(await release(kit)).toMatchObject({ outcome: 'completed' });
  });

  test('a repetition finds it given back, or given to the next run, and looks at nothing', async () => {
    const kit = kitOf(draining);
    const input = { ...owned(kit), previous: 1, pendingReason: 'held' };
    await releaseRotation(kit)(input);
    kit.aliases.clear();
    expect(await releaseRotation(kit)(input)).toMatchObject({ outcome: 'completed-retirement-pending' });
    kit.living.apply(claim(kit.orders, request('20260928T0000Z', 1, '2026-09-28T01:00:00.000Z')));
    await expect(releaseRotation(kit)(input)).rejects.toEqual(refusal('StaleOwner'));
    expect(kit.effects).toEqual(['RotationCompleted']);
  });

  test.each([
    [{}, true],
    [{ previous: 0 }, true],
    [{ previous: -1 }, false],
    [{ previous: 0.5 }, false],
    [{ fence: 0 }, false],
    [{ version: 0 }, false],
    [{ more: 1 }, false],
  ])('understands %j: %s', (change, isOne) => expect(releaseRotationInput.safeParse({ ...owned(kitOf(draining)), previous: 1, pendingReason: '', ...change }).success).toBe(isOne));
});

describe('Settle', () => {
  const input = { key: 'orders', run: { kind: 'rotation', window: '20260630T0000Z', number: 1 }, rotationId: SECOND, enteredAt: SETTLED } as const;

  test('takes the token back', async () => {
    const kit = kitOf(draining);
    expect(await settle(kit)(input)).toEqual({ fence: 3 });
    expect(kit.effects).toEqual(['RotationSettled']);
    expect(kit.orders.fence).toBe(3);
  });

  test('of an execution that does not own the key takes nothing back', async () => {
    const kit = kitOf(bootstrapped);
    expect(await settle(kit)(input)).toEqual({ fence: 0 });
    expect(await settle(kitOf(draining))({ ...input, rotationId: 'another' })).toEqual({ fence: 0 });
    kit.livings.clear();
    expect(await settle(kit)(input)).toEqual({ fence: 0 });
    expect(kit.effects).toEqual([]);
  });

  test('refuses a frozen key', async () => {
    const kit = kitOf(draining);
    kit.freezes.set('orders', note);
    await expect(settle(kit)(input)).rejects.toEqual(refusal('KeyFrozen', `orders is frozen since ${note.at} by alice: audit`));
    expect(kit.effects).toEqual([]);
  });
});
