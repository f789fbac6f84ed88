import { releaseHold, setHold } from '../../lambdas/domain/operations';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { commitRevoke, intendRevoke, withdrawRetirement } from '../../lambdas/domain/retirement';
import { approvalFor, type Question } from '../../lambdas/tasks/question';
import { revokePreviousVersion } from '../../lambdas/tasks/revoke-previous-version';
import { DELETION_AT, type Kit } from './kit';
import { approvable, disabled, draining, kitOf, LATE, LATER, note, refusal, revoked, SECOND } from './lives';

const revoke = (kit: Kit, question: Question | null = null) => revokePreviousVersion(kit)({ ...approvable(kit, LATER), question }, 'call');
const baked = (policy?: Partial<KeyPolicy>): Kit => kitOf(disabled, policy).editVersion(1, { watchedAt: LATE });
const ALL = ['RevokeIntended', 'scheduleDeletion 30 k1', 'VersionRevoked'];
const REVOKED = { decision: 'revoked', deletionAt: DELETION_AT };
const HELD = `held by alice since ${note.at}: audit`;
const intend = (kit: Kit, call = 'call') => intendRevoke(kit.orders, kit.living.owner(), 1, LATER, call);

test('intends, schedules the deletion and commits it', async () => {
  const kit = baked();
  expect(await revoke(kit)).toEqual(REVOKED);
  expect(kit.effects).toEqual(ALL);
  expect(kit.orders).toMatchObject({ intent: null, versions: { v1: { status: 'REVOKED', revokedAt: LATER, deletionAt: DELETION_AT } } });
});

test('waits as long as the policy says before KMS deletes', async () => {
  const kit = baked({ deletionWindowDays: 7 });
  await revoke(kit);
  expect(kit.effects[1]).toBe('scheduleDeletion 7 k1');
});

test('what is REVOKED is done', async () => {
  const kit = kitOf(revoked).edit({ hold: note });
  expect(await revoke(kit)).toEqual(REVOKED);
  expect(await revoke(kitOf(revoked).editVersion(1, { deletionAt: undefined }))).toEqual({ decision: 'revoked', deletionAt: LATER });
  expect(kit.effects).toEqual([]);
});

test.each<[string, () => Kit, string]>([
  ['held', () => baked().edit({ hold: note }), HELD],
  ['not DISABLED any more', () => kitOf(draining), 'v1 is DEPRECATED'],
])('what is %s is left', async (_, make, reason) => {
  const kit = make();
  expect(await revoke(kit)).toEqual({ decision: 'pending', reason });
  expect(kit.effects).toEqual([]);
});

describe('an approval that is needed', () => {
  const question: Question = { purpose: 'revoke', askedAt: LATE, expiresAt: LATER };
  const voted = { answer: 'approve', by: 'arn:aws:iam::111122223333:user/alice', at: LATE, reason: 'fine' } as const;
  const needing = (): Kit => baked({ autoDelete: false });
  const asked = (kit: Kit) => approvalFor(question, kit.orders, SECOND, { question: '', version: 1 });
  const given = (kit: Kit, change = {}): void => void kit.asked.set(asked(kit).id, { ...asked(kit), votes: [voted], outcome: 'approve', ...change });

  test('allows it', async () => {
    const kit = needing();
    given(kit);
    expect(await revoke(kit, question)).toEqual(REVOKED);
    expect(kit.effects).toEqual(ALL);
  });

  test('also where nobody would have known of a failed use', async () => {
    const kit = kitOf(disabled);
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'v1 needs an approval that is bound to it' });
    given(kit);
    expect(await revoke(kit, question)).toEqual(REVOKED);
  });

  test.each<[string, (kit: Kit) => void, Question | null, string]>([
    ['of no question', () => undefined, null, 'v1 needs an approval that is bound to it'],
    ['of another question', () => undefined, { ...question, purpose: 'disable' }, 'v1 needs an approval that is bound to it'],
    ['that nobody gave', () => undefined, question, 'is no consent to the key as it is now'],
    ['that was refused', (kit) => given(kit, { votes: [{ ...voted, answer: 'deny' }], outcome: 'deny' }), question, 'is no consent to the key as it is now'],
    ['that has too few votes', (kit) => given(kit, { approversNeeded: 2 }), question, 'is no consent to the key as it is now'],
    ['for another version', (kit) => given(kit, { version: 2 }), question, 'is no consent to the key as it is now'],
    ['for another state of the key', (kit) => given(kit, { rev: 1 }), question, 'is no consent to the key as it is now'],
  ])('%s allows nothing', async (_, give, put, words) => {
    const kit = needing();
    give(kit);
    const reason = words.startsWith('is no') ? `v1 needs an approval that is bound to it: ${asked(kit).id} ${words}` : words;
    expect(await revoke(kit, put)).toEqual({ decision: 'pending', reason });
    expect(kit.effects).toEqual([]);
  });
});

describe('under an open intent', () => {
  const begun = (keyState: string, deletionAt?: string): Kit => {
    const kit = baked();
    kit.living.apply(intend(kit, 'another'));
    kit.change('k1', { keyState, ...(deletionAt === undefined ? {} : { deletionAt }) });
    return kit;
  };

  test('what an earlier invocation has come to is committed', async () => {
    const kit = begun('PendingDeletion', DELETION_AT);
    expect(await revoke(kit)).toEqual(REVOKED);
    expect(kit.effects).toEqual(['VersionRevoked']);
  });

  test('of another invocation nothing is called', async () => {
    for (const kit of [begun('Disabled'), begun('PendingDeletion')]) {
      await expect(revoke(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'another invocation was allowed to revoke it'));
      expect(kit.effects).toEqual([]);
    }
  });
});

describe('before its intent', () => {
  const before = (kit: Kit, change: (kit: Kit) => void): Kit =>
    kit.once('registry.transact', async (next) => {
      change(kit);
      return next();
    });

  test('a hold that came in wins', async () => {
    const kit = before(baked(), (one) => one.living.apply(setHold(one.orders, note)));
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: HELD });
    expect(kit.effects).toEqual([]);
  });

  test('a key that moved makes the approval void', async () => {
    const kit = before(baked(), (one) => one.edit({ rev: 99 }));
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'orders changed while v1 was to be revoked' });
    expect(kit.effects).toEqual([]);
  });

  test('a version that is gone is left', async () => {
    const kit = before(baked(), (one) => one.edit(({ versions: { v1: _v1, ...versions } }) => ({ versions })));
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'v1 is no longer in the registry' });
  });

  test.each([DELETION_AT, undefined])('a twin that was quicker has done it: %s', async (deletionAt) => {
    const kit = before(baked(), (one) => {
      one.living.apply(intend(one, 'twin'));
      one.living.apply(commitRevoke(one.orders, one.living.owner(), 1, LATER, DELETION_AT));
      one.editVersion(1, { deletionAt });
    });
    expect(await revoke(kit)).toEqual({ decision: 'revoked', deletionAt: deletionAt ?? LATER });
    expect(kit.effects).toEqual([]);
  });
});

describe('behind its call', () => {
  const behind = (change: (kit: Kit) => void): Kit => {
    const kit = baked();
    return kit.once('keys.scheduleDeletion', async (next) => {
      const at = await next();
      change(kit);
      return at;
    });
  };

  test('a hold that came in takes it back', async () => {
    const kit = behind((one) => one.living.apply(setHold(one.orders, note)));
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'held by alice while its deletion was being scheduled; the deletion was cancelled' });
    expect(kit.effects).toEqual([...ALL.slice(0, 2), 'cancelDeletion k1', 'RevokeWithdrawn']);
    expect(kit.key('k1').observed.keyState).toBe('Disabled');
  });

  test.each<[string, (kit: Kit) => void]>([
    ['whether a rescue has cancelled the deletion', (one) => { one.change('k1', { keyState: 'Disabled' }); }],
    ['or will', () => undefined],
  ])('so does one that has been released since, %s', async (_, rescue) => {
    const kit = behind((one) => {
      one.living.apply(setHold(one.orders, note));
      rescue(one);
      one.living.apply(releaseHold(one.orders, note));
    });
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'changed while its deletion was being scheduled; the deletion was cancelled' });
    expect(kit.effects).toEqual([...ALL.slice(0, 2), 'cancelDeletion k1', 'RevokeWithdrawn']);
    expect(kit.key('k1').observed.keyState).toBe('Disabled');
  });

  test('so does a twin that has withdrawn the intent', async () => {
    const kit = behind((one) => one.living.apply(withdrawRetirement(one.orders, one.living.owner(), LATER)));
    expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'changed while its deletion was being scheduled; the deletion was cancelled' });
    expect(kit.effects).toEqual([...ALL.slice(0, 2), 'cancelDeletion k1']);
  });

  test('a commit of a twin before the hold stands', async () => {
    const kit = behind((one) => {
      one.living.apply(commitRevoke(one.orders, one.living.owner(), 1, LATER, DELETION_AT));
      one.living.apply(setHold(one.orders, note));
    });
    expect(await revoke(kit)).toEqual(REVOKED);
    expect(kit.effects).not.toContain('cancelDeletion k1');
  });

  test('a freeze takes it back, and is what the task ends with', async () => {
    const kit = behind((one) => one.freezes.set('orders', note));
    await expect(revoke(kit)).rejects.toEqual(refusal('KeyFrozen'));
    expect(kit.effects).toEqual([...ALL.slice(0, 2), 'cancelDeletion k1']);
  });

  test('a freeze leaves what was committed before it', async () => {
    const kit = behind((one) => {
      one.living.apply(commitRevoke(one.orders, one.living.owner(), 1, LATER, DELETION_AT));
      one.freezes.set('orders', note);
    });
    await expect(revoke(kit)).rejects.toEqual(refusal('KeyFrozen'));
    expect(kit.effects).not.toContain('cancelDeletion k1');
  });

  test('a freeze of a key that nobody finds any more takes it back, too', async () => {
    const kit = behind((one) => {
      one.freezes.set('orders', note);
      one.always('registry.read', () => undefined);
    });
    await expect(revoke(kit)).rejects.toEqual(refusal('KeyFrozen'));
    expect(kit.effects).toContain('cancelDeletion k1');
  });

  test('another failure of the commit cancels nothing: the intent tells', async () => {
    const kit = behind((one) => one.fails('registry.transact', 'RegistryOutcomeUnknown'));
    await expect(revoke(kit)).rejects.toEqual(refusal('RegistryOutcomeUnknown'));
    expect(kit.effects).toEqual(ALL.slice(0, 2));
  });
});

test('a policy that only disables leaves it', async () => {
  const kit = baked({ retirement: 'disable' });
  expect(await revoke(kit)).toEqual({ decision: 'pending', reason: 'the policy\'s retirement is "disable"' });
  expect(kit.effects).toEqual([]);
});

test('a call that KMS refuses leaves no intent; one of unknown outcome does', async () => {
  const kit = baked().fails('keys.scheduleDeletion');
  await expect(revoke(kit)).rejects.toEqual(refusal('Throttled'));
  expect(kit.effects).toEqual(['RevokeIntended', 'RevokeWithdrawn']);
  const lost = baked().fails('keys.scheduleDeletion', 'KmsOutcomeUnknown');
  await expect(revoke(lost)).rejects.toEqual(refusal('KmsOutcomeUnknown'));
  expect(lost.effects).toEqual(['RevokeIntended']);
});
