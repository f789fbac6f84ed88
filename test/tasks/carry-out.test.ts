import { FORGOTTEN_AFTER_SECONDS } from '../../lambdas/contract/timing';
import type { Approval } from '../../lambdas/domain/approval';
import { plusSeconds } from '../../lambdas/domain/instant';
import { carryOut } from '../../lambdas/tasks/carry-out';
import { NEXT_AT } from '../domain/living-key';
import { endangered, inEmergency } from '../domain/runs';
import type { Kit } from './kit';
import { bootstrapped, draining, kitOf, prepared, refusal, SECOND, SETTLED } from './lives';
import { ALICE, BOB, ID, vote, waiting } from './approvals';

describe('what was approved is carried out', () => {
  const carry = async (kit: Kit, change: Partial<Approval>): Promise<string> => carryOut(kit, waiting(kit, { votes: [vote()], outcome: 'approve', ...change }));
  const ANSWERED = ['ApprovalAnswered'];
  const MARKED = `carriedOut ${ID}`;

  test.each(['recover', 'disable', 'revoke'] as const)('%s: the workflow is woken', async (purpose) => {
    const kit = kitOf(draining);
    expect(await carry(kit, { purpose })).toBe('The execution goes on.');
    expect(kit.effects).toEqual([...ANSWERED, 'wake token', MARKED]);
  });

  test.each(['emergency', 'break-glass', 'repair', 'delete-orphan'] as const)('%s that was refused changes nothing', async (purpose) => {
    const kit = kitOf(draining);
    expect(await carry(kit, { purpose, votes: [vote('deny')], outcome: 'deny' })).toBe('Nothing was changed.');
    expect(kit.effects).toEqual([...ANSWERED, MARKED]);
  });

  test('delete-orphan is left to the next reconciliation, which marks it', async () => {
    const kit = kitOf(draining);
    expect(await carry(kit, { purpose: 'delete-orphan' })).toBe('The next reconciliation deletes it.');
    expect(kit.effects).toEqual(ANSWERED);
  });

  describe('an emergency', () => {
    const change = { purpose: 'emergency', requestedBy: BOB, version: 1, facts: { reason: 'a leak' } } as const;
    const NAME = 'orders-20260630T0000Z-e1';
    const START = `start ${NAME} {"key":"orders","window":"20260630T0000Z","emergency":1}`;

    test('is written down and started', async () => {
      const kit = kitOf(bootstrapped);
      expect(await carry(kit, change)).toBe(`${NAME} has started.`);
      expect(kit.effects).toEqual([...ANSWERED, 'EmergencyApproved', START, MARKED]);
      expect(kit.orders.emergency).toMatchObject({ approvalId: ID, version: 1, requestedBy: BOB, approvedBy: [ALICE], at: SETTLED, reason: 'a leak' });
    });

    test('without votes, reason or version is what it is', async () => {
      const kit = kitOf(bootstrapped);
      await carry(kit, { ...change, votes: [], facts: {}, version: null });
      expect(kit.orders.emergency).toMatchObject({ version: 0, at: NEXT_AT, reason: '' });
    });

    test('is written down once', async () => {
      const kit = kitOf(bootstrapped);
      await carry(kit, change);
      kit.effects.length = 0;
      await carry(kit, change);
      expect(kit.effects).toEqual([START, MARKED]);
      kit.edit(({ emergency }) => ({ emergency: { ...emergency!, isDone: true } }));
      kit.effects.length = 0;
      expect(await carry(kit, change)).toBe('The emergency is done.');
      expect(kit.effects).toEqual([MARKED]);
    });

    test('of another approval is another one', async () => {
      const kit = kitOf(() => endangered());
      await expect(carry(kit, { ...change, id: 'b'.repeat(20) })).rejects.toEqual(refusal('RotationNotAllowed', 'emergency 1 is under way'));
    });

    test('stops an owner that only drains', async () => {
      const kit = kitOf(draining);
      expect(await carry(kit, { ...change, version: 2 })).toBe(`${NAME} has started.`);
      expect(kit.effects).toEqual([...ANSWERED, 'EmergencyApproved', `stop ${kit.orders.lease?.executionArn}: emergency 1 of orders: a leak`, START, MARKED]);
    });

    test('waits for an owner that makes or promotes a version', async () => {
      const kit = kitOf(prepared);
      expect(await carry(kit, change)).toBe(`${SECOND} is making or promoting a version now; the emergency starts as soon as it has ended.`);
      expect(kit.effects).toEqual([...ANSWERED, 'EmergencyApproved', MARKED]);
    });

    test('does not stop its own run', async () => {
      const kit = kitOf(() => inEmergency()).edit(({ emergency }) => ({ emergency: { ...emergency!, approvalId: ID } }));
      expect(await carry(kit, change)).toBe(`${NAME} has started.`);
      expect(kit.effects).toEqual([...ANSWERED, START, MARKED]);
    });

    test('whose name is used up goes on with the next firing', async () => {
      const kit = kitOf(bootstrapped);
      kit.executionsKnown.set(NAME, 'CLOSED');
      expect(await carry(kit, change)).toBe(`${NAME} has ended without completing; the next firing of the schedule goes on with the emergency.`);
    });
  });

  describe('break-glass', () => {
    const change = { purpose: 'break-glass' } as const;
    const STOP = (kit: Kit): string => `stop ${kit.orders.lease?.executionArn}: break-glass, approval ${ID}`;

    test('stops the owner', async () => {
      const kit = kitOf(draining);
      kit.closedAt.set(kit.orders.lease!.executionArn, null);
      expect(await carry(kit, change)).toBe(`${SECOND} was stopped. The key is quarantined; keyturn lift lets the next run take over.`);
      expect(kit.effects).toEqual([...ANSWERED, STOP(kit), MARKED]);
    });

    test('quarantines the key of an owner that Step Functions does not know', async () => {
      const kit = kitOf(draining);
      const from = plusSeconds(NEXT_AT, FORGOTTEN_AFTER_SECONDS);
      expect(await carry(kit, change)).toBe(`Step Functions does not know ${SECOND}, so nothing was stopped. The key is quarantined; once keyturn lift has lifted that, the next run takes over, from ${from} on.`);
      expect(kit.effects).toEqual([...ANSWERED, STOP(kit), 'KeyQuarantined', MARKED]);
      expect(kit.orders.quarantine).toEqual({ by: ALICE, at: SETTLED, reason: `break-glass, approval ${ID}: Step Functions does not know ${SECOND}, which holds the lease` });
      const told = kitOf(draining).edit({ emergency: endangered().key.emergency });
      expect(await carry(told, change)).toBe(`Step Functions does not know ${SECOND}, so nothing was stopped. It holds the lease still; the next run takes over, from ${from} on.`);
      const unsigned = kitOf(draining);
      await carry(unsigned, { ...change, votes: [] });
      expect(unsigned.orders.quarantine).toMatchObject({ by: 'break-glass', at: NEXT_AT });
    });

    test.each<[string, Partial<Approval>, () => Kit]>([
      ['has changed', { rotationId: 'another' }, () => kitOf(draining)],
      ['is nobody', {}, () => kitOf(bootstrapped)],
      ['was nobody', { rotationId: null }, () => kitOf(bootstrapped)],
    ])('of an owner that %s stops nothing', async (_, more, make) => {
      const kit = make();
      expect(await carry(kit, { ...change, ...more })).toBe('The owner has changed meanwhile; nothing was stopped.');
      expect(kit.effects).toEqual([...ANSWERED, MARKED]);
      kit.livings.clear();
    });
  });
});
