import { KMS_CONSISTENCY_SECONDS, MAX_STATE_SECONDS } from '../../lambdas/contract/timing';
import type { Approval } from '../../lambdas/domain/approval';
import { plusSeconds } from '../../lambdas/domain/instant';
import { currentChain, ledgerBreak } from '../../lambdas/domain/ledger';
import { intendPromote } from '../../lambdas/domain/promotion';
import type { Repair } from '../../lambdas/domain/repair';
import { acceptKey, beginRepair, drainAgain, liftFreeze, recordRepair, requireRepair, withdrawIntent } from '../../lambdas/domain/repair-steps';
import { intendDisable } from '../../lambdas/domain/retirement';
import { AT, bootstrapped, claimed, disabled, draining, error, LATE, prepare, registered, type LivingKey } from './living-key';

const COMPARE: Repair = { kind: 'compare' };
const approval = (id = 'a1'): Approval => ({
  id,
  key: 'orders',
  purpose: 'repair',
  question: 'Compare?',
  rev: 1,
  requestedBy: 'arn:alice',
  requestedAt: LATE,
  expiresAt: LATE,
  approversNeeded: 1,
  rotationId: null,
  version: null,
  errorClass: null,
  facts: { reason: 'by mistake' },
  votes: [{ answer: 'approve', by: 'arn:bob', at: LATE, reason: 'fine' }],
  outcome: 'approve',
});

function begun(living: LivingKey, id = 'a1'): LivingKey {
  living.apply(beginRepair(living.key, approval(id), COMPARE, LATE));
  return living;
}

test('a repair raises the fencing token once, so that nobody of before writes any more', () => {
  const living = draining();
  const { fence } = living.key;
  begun(living);
  expect(living.key).toMatchObject({ fence: fence + 1, repair: { approvalId: 'a1', approvedBy: ['arn:bob'] } });
  expect(living.apply(beginRepair(living.key, approval(), COMPARE, LATE))).toBe(false);
});

test('a later repair makes an earlier one stale', () => {
  const living = begun(bootstrapped());
  const { fence } = living.key;
  begun(living, 'a2');
  expect(() => requireRepair(living.key, 'a1', fence)).toThrow(error({ name: 'StaleOwner' }));
  expect(() => recordRepair(living.key, 'a1', fence, COMPARE, LATE)).toThrow(error({ name: 'StaleOwner' }));
  expect(() => liftFreeze(living.key, 'a1', fence, LATE, 'x')).toThrow(error({ name: 'StaleOwner' }));
});

test('what was made is recorded once, and lifting ends the repair', () => {
  const living = begun(bootstrapped());
  const { fence } = living.key;
  expect(living.apply(recordRepair(living.key, 'a1', fence, COMPARE, LATE))).toBe(true);
  expect(living.apply(recordRepair(living.key, 'a1', fence, COMPARE, LATE))).toBe(false);
  expect(living.apply(liftFreeze(living.key, 'a1', fence, LATE, 'x'))).toBe(true);
  expect(living.key.repair).toBeNull();
  expect(living.apply(liftFreeze(living.key, 'a1', fence, LATE, 'x'))).toBe(false);
});

describe('a version that the alias is taken from once more', () => {
  const keyIdOf = (living: LivingKey, name: string): string => living.key.versions[name]?.kmsKeyId ?? '';
  const again = (living: LivingKey, kmsKeyId: string, at = LATE) => drainAgain(living.key, 'a1', living.key.fence, kmsKeyId, at);
  const deadline = (living: LivingKey) => living.key.versions['v1']?.disableNotBefore;

  test('drains as long as at first, from when KMS shows the alias elsewhere; said again, its deadline stands', () => {
    const living = begun(draining());
    const seconds = Math.max(living.key.policy.drainSeconds, living.key.policy.backupRetentionSeconds);
    expect(living.apply(again(living, keyIdOf(living, 'v1')))).toBe(true);
    expect(deadline(living)).toBe(plusSeconds(LATE, seconds + MAX_STATE_SECONDS + KMS_CONSISTENCY_SECONDS));
    expect(living.apply(again(living, keyIdOf(living, 'v1')))).toBe(false);
    expect(again(living, keyIdOf(living, 'v1'), plusSeconds(LATE, -3600))).toEqual({ kind: 'done' });
  });

  test.each<[string, (living: LivingKey) => string]>([
    ['the ACTIVE version', (living) => keyIdOf(living, 'v2')],
    ['no version', () => 'k77'],
  ])('is not %s', (_, keyId) => {
    const living = begun(draining());
    expect(again(living, keyId(living))).toEqual({ kind: 'done' });
  });

  test('is not one that is disabled: its drain is over', () => {
    const living = begun(disabled());
    expect(again(living, keyIdOf(living, 'v1'), '2027-06-01T00:00:00.000Z')).toEqual({ kind: 'done' });
  });

  test('has no deadline when it is kept, and is not touched by an earlier repair', () => {
    const living = begun(draining());
    const v1 = living.key.versions['v1']!;
    const { disableNotBefore: _none, ...kept } = v1;
    expect(drainAgain({ ...living.key, versions: { ...living.key.versions, v1: kept } }, 'a1', living.key.fence, v1.kmsKeyId ?? '', LATE)).toEqual({ kind: 'done' });
    expect(() => drainAgain(living.key, 'a1', living.key.fence - 1, v1.kmsKeyId ?? '', LATE)).toThrow(error({ name: 'StaleOwner' }));
  });
});

test('an accepted key is the ACTIVE version; the former one drains by the policy, and its owner has nothing left to do', () => {
  const living = begun(draining());
  const { fence } = living.key;
  living.apply(acceptKey(living.key, 'a1', fence, { keyId: 'foreign', keyArn: 'arn:foreign' }, LATE));
  expect(living.key).toMatchObject({
    lease: null,
    intent: null,
    lastVersion: 3,
    versions: {
      v2: { status: 'DEPRECATED', supersededBy: 3, drainFrom: LATE, disableNotBefore: '2026-12-31T00:00:00.000Z' },
      v3: { status: 'ACTIVE', kmsKeyId: 'foreign', rotationId: 'repair-a1', retirement: 'keep' },
    },
    retirementPending: [1, 2],
    completedWindow: '20260928T0000Z',
  });
  expect(living.apply(acceptKey(living.key, 'a1', fence, { keyId: 'foreign', keyArn: 'arn:foreign' }, LATE))).toBe(false);
});

test("a version's own key is not accepted as a new version", () => {
  const living = begun(draining());
  expect(() => acceptKey(living.key, 'a1', living.key.fence, { keyId: 'k1', keyArn: 'arn:k1' }, LATE)).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringContaining('is v1 already') }));
});

test('a ledger that goes on behind a broken part is one chain from there on', () => {
  const living = bootstrapped();
  const broken = living.ledger.length + 3;
  living.apply(beginRepair(living.key, approval(), { kind: 'rebaseline-ledger' }, LATE, broken));
  living.apply(recordRepair(living.key, 'a1', living.key.fence, { kind: 'rebaseline-ledger' }, LATE));
  expect(living.key.seq).toBe(broken + 2);
  expect(currentChain(living.ledger).events.map(({ type }) => type)).toEqual(['LedgerRebaselined']);
  expect(ledgerBreak(living.ledger, living.key)).toBeUndefined();
  expect(ledgerBreak(living.ledger, { ...living.key, head: 'x' })).toContain('the ledger ends at');
  expect(ledgerBreak(living.ledger.slice(0, -1), living.key)).toBeDefined();
});

test('a repair is written down with what for and by whom, on the ledger as it stands', () => {
  const decision = beginRepair(bootstrapped().key, approval(), COMPARE, LATE);
  expect(decision).toMatchObject({ note: { type: 'RepairBegun', at: LATE, by: 'repair-a1', facts: { approval: 'a1', requestedBy: 'arn:alice', approvedBy: 'arn:bob', reason: 'by mistake' } } });
  expect(decision).not.toHaveProperty('baseline');
  expect(beginRepair(bootstrapped().key, { ...approval(), facts: {} }, COMPARE, LATE)).toMatchObject({ note: { facts: { reason: '' } } });
});

test('a key that never had an ACTIVE version has one once a key is accepted, and nothing else', () => {
  const living = begun(registered());
  living.apply(acceptKey(living.key, 'a1', living.key.fence, { keyId: 'foreign', keyArn: 'arn:foreign' }, LATE));
  expect(Object.keys(living.key.versions)).toEqual(['v1']);
  expect(living.key.versions['v1']).toMatchObject({ status: 'ACTIVE', kmsKeyId: 'foreign' });
});

test.each<[string, () => LivingKey, string]>([
  ['a promotion', () => {
    const living = prepare(claimed(), 1);
    living.apply(intendPromote(living.key, living.owner(), 1, AT));
    return living;
  }, 'PromoteWithdrawn'],
  ['a retirement', () => {
    const living = draining();
    living.apply(intendDisable(living.key, living.owner(), 1, LATE, 'call-1'));
    return living;
  }, 'DisableWithdrawn'],
])('an open intent of %s is withdrawn as such', (_, make, type) => {
  const living = make();
  living.apply(withdrawIntent(living.key, living.owner(), LATE));
  expect(living.key.intent).toBeNull();
  expect(living.ledger.at(-1)).toMatchObject({ type });
});

test('no open intent is nothing to withdraw', () => {
  const { key } = draining();
  expect(withdrawIntent(key, { rotationId: key.lease!.rotationId, fence: key.fence }, LATE)).toEqual({ kind: 'done' });
});
