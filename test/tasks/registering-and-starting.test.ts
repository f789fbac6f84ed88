import { KEY_TAGS } from '../../lambdas/contract/names';
import { MAX_STARTS_PER_FIRING } from '../../lambdas/contract/timing';
import { plusSeconds } from '../../lambdas/domain/instant';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import type { ObservedKey } from '../../lambdas/ports/key-provider';
import { misfitOf } from '../../lambdas/tasks/misfit';
import { recordKeyDeletion, recordKeyDeletionInput } from '../../lambdas/tasks/record-key-deletion';
import { registerKeys } from '../../lambdas/tasks/register-keys';
import { startDueRotations, startDueRotationsInput } from '../../lambdas/tasks/start-due-rotations';
import { policyOf } from '../support/policies';
import { AT, LATER, NEXT_AT, registered } from '../domain/living-key';
import { Kit } from './kit';
import { bootstrapped, disabled, kitOf, note, refusal, revoked, rotating, SECOND } from './lives';

describe('Register Keys', () => {
  const register = (kit: Kit, ...policies: readonly KeyPolicy[]) => registerKeys(kit)({ policies, at: AT, by: 'deploy' });
  const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/k0';
  const adopting = policyOf({ adopt: ARN });
  const adoptable = (): Kit => {
    const kit = new Kit();
    kit.add('k0', { keyArn: ARN });
    kit.aliases.set('alias/orders', 'k0');
    return kit;
  };
  const finding = (words: string) => refusal('RotationNotAllowed', `nothing was registered:\nkeys.orders: ${words}`);

  test('writes new policies, and takes out what left the configuration, once', async () => {
    const kit = kitOf(bootstrapped);
    const payments = policyOf({ name: 'payments' });
    expect(await register(kit, payments)).toEqual({ registered: ['payments'], removed: ['orders'] });
    expect(kit.effects).toEqual(['KeyRegistered', 'KeyRemoved']);
    expect(kit.livings.get('payments')?.key).toMatchObject({ registryId: 'registry', policy: payments, dueAt: AT });
    expect(kit.livings.get('payments')?.ledger).toMatchObject([{ by: 'deploy', at: AT }]);
    expect(await register(kit, payments)).toEqual({ registered: ['payments'], removed: [] });
    expect(kit.effects).toHaveLength(2);
  });

  test('a frozen key, and one that nobody finds any more, is not taken out', async () => {
    const kit = kitOf(bootstrapped);
    kit.freezes.set('orders', note);
    expect(await register(kit)).toEqual({ registered: [], removed: [] });
    kit.once('registry.allNames', () => ['gone']);
    expect(await register(kit)).toEqual({ registered: [], removed: [] });
    expect(kit.effects).toEqual([]);
  });

  test('adopts the key that the policy names', async () => {
    const kit = adoptable();
    await register(kit, adopting);
    expect(kit.effects).toEqual(['VersionAdopted']);
    expect(kit.orders.versions['v1']).toMatchObject({ status: 'ACTIVE', kmsKeyId: 'k0', kmsKeyArn: ARN });
  });

  test.each<[string, (kit: Kit) => void, string]>([
    ['an alias on another key', (kit) => kit.aliases.set('alias/orders', 'k9'), `adopt: alias/orders points to k9, not to ${ARN}`],
    ['no alias', (kit) => kit.aliases.clear(), `adopt: alias/orders points to no key, not to ${ARN}`],
    ['a key that KMS does not know', (kit) => kit.kms.clear(), `adopt: KMS does not know ${ARN}`],
    ['a key that does not fit', (kit) => kit.change('k0', { spec: 'RSA_2048' }), `adopt: ${ARN} has spec RSA_2048, the configuration says SYMMETRIC_DEFAULT`],
    ['a key of another registry', (kit) => void (kit.key('k0').tags[KEY_TAGS.registry] = 'other'), `adopt: ${ARN} belongs to the registry other (tag keyturn:registry). A key has one registry.`],
    ['a policy that locks keyturn out', (kit) => void (kit.key('k0').policy = '{"Statement":[{"Action":"kms:*","Effect":"Deny","Principal":"*"}]}'), `adopt: the key policy of ${ARN} denies kms:CreateAlias to everybody and would lock keyturn out`],
  ])('refuses to adopt with %s', async (_, change, words) => {
    const kit = adoptable();
    change(kit);
    await expect(register(kit, adopting)).rejects.toEqual(finding(words));
    expect(kit.effects).toEqual([]);
  });

  test('refuses an alias that exists already', async () => {
    await expect(register(adoptable(), policyOf())).rejects.toEqual(finding('alias/orders exists already and points to k0. To adopt that key, name its ARN in "adopt".'));
  });

  test('reports all findings at once, and registers nothing beside them', async () => {
    const kit = adoptable();
    kit.aliases.set('alias/payments', 'k0');
    await expect(register(kit, policyOf(), policyOf({ name: 'billing' }), policyOf({ name: 'payments' }))).rejects.toMatchObject({
      message: expect.stringMatching(/^nothing was registered:\nkeys\.orders: .*\nkeys\.payments: alias\/payments exists already.*$/),
    });
    expect(kit.effects).toEqual([]);
  });

  test('a change that a living key does not take is a finding; a failure of a look-up is none', async () => {
    await expect(register(kitOf(bootstrapped), policyOf({ spec: 'RSA_2048' }))).rejects.toEqual(refusal('RotationNotAllowed', 'nothing was registered:\nkeys.orders.spec: a registered key keeps its spec'));
    await expect(register(new Kit().fails('keys.aliasTarget', 'PermissionDenied'), policyOf())).rejects.toEqual(refusal('PermissionDenied'));
    const bug = new Kit().always('keys.aliasTarget', () => {
      throw Object.assign(new Error('bug'), { name: 'KeyFrozen' });
    });
    await expect(register(bug, policyOf())).rejects.toThrow('bug');
  });

  test('a change that a living key takes is written', async () => {
    const kit = kitOf(bootstrapped);
    expect(await register(kit, policyOf({ owner: 'others' }))).toEqual({ registered: ['orders'], removed: [] });
    expect(kit.effects).toEqual(['PolicyChanged']);
  });

  test('a frozen key keeps only its own change from being deployed', async () => {
    const kit = kitOf(bootstrapped);
    kit.freezes.set('orders', note);
    await expect(register(kit, policyOf({ owner: 'others' }))).rejects.toEqual(refusal('RotationNotAllowed', 'nothing was registered:\nkeys.orders: the key is frozen: audit. Repair it before its policy is changed.'));
    expect(kit.effects).toEqual([]);
    const { policy } = kit.orders;
    kit.always('registry.register', () => undefined);
    expect(await register(kit, policy)).toEqual({ registered: ['orders'], removed: [] });
  });

  test.each<[Partial<ObservedKey>, string | undefined]>([
    [{}, undefined],
    [{ isMultiRegion: true }, 'is a multi-Region key, which keyturn does not rotate yet'],
    [{ isCustomerManaged: false }, 'is managed by AWS, and so is its rotation'],
    [{ keyState: 'Disabled' }, 'is Disabled; it must be Enabled'],
    [{ spec: 'RSA_2048' }, 'has spec RSA_2048, the configuration says SYMMETRIC_DEFAULT'],
    [{ usage: 'SIGN_VERIFY' }, 'has usage SIGN_VERIFY, the configuration says ENCRYPT_DECRYPT'],
    [{ origin: 'EXTERNAL' }, 'has origin EXTERNAL, the configuration says AWS_KMS'],
    [{ keyStoreId: 'cks-1' }, 'is in key store cks-1, the configuration says none'],
  ])('a key with %j: %s', (change, misfit) => expect(misfitOf(new Kit().add('k0', change).observed, policyOf())).toBe(misfit));

  test('a key in no key store does not fit a policy with one', () => {
    expect(misfitOf(new Kit().add('k0').observed, policyOf({ keyStoreId: 'cks-1' }))).toBe('is in key store none, the configuration says cks-1');
  });
});

describe('Start Due Rotations', () => {
  const start = (kit: Kit, at = NEXT_AT) => startDueRotations(kit)({ scheduledTime: at });
  const NOTHING = { started: [], running: [], skipped: [], failed: [] };
  const START = `start ${SECOND} {"key":"orders","window":"20260630T0000Z","attempt":1}`;
  const FURTHER = SECOND.replace(/1$/, '2');

  test('starts what is due, by its name, and nothing else', async () => {
    const kit = kitOf(bootstrapped);
    kit.enroll(registered({ name: 'payments' }));
    expect(await start(kit)).toEqual({ ...NOTHING, started: [SECOND, 'payments-20260630T0000Z-a1'] });
    expect(kit.effects).toContain(START);
    expect(await start(kitOf(bootstrapped), AT)).toEqual(NOTHING);
  });

  test('takes the time of the schedule in any zone, as the registry writes it', async () => {
    const kit = kitOf(bootstrapped);
    let asked = '';
    kit.once('registry.dueCandidates', (_next, until: string) => ((asked = until), []));
    await start(kit, '2026-06-30T03:00:00+02:00');
    expect(asked).toBe(NEXT_AT);
  });

  test('what runs already is running', async () => {
    const kit = kitOf(bootstrapped);
    kit.executionsKnown.set(SECOND, 'RUNNING');
    expect(await start(kit)).toEqual({ ...NOTHING, running: [SECOND] });
    expect(kit.effects).toEqual([START]);
  });

  test('a name that is used up is followed by the next, a bounded number of times', async () => {
    const kit = kitOf(bootstrapped);
    kit.executionsKnown.set(SECOND, 'CLOSED');
    expect(await start(kit)).toEqual({ ...NOTHING, started: [FURTHER] });
    expect(kit.effects).toEqual([START, 'RunRaised', START.replace(SECOND, FURTHER).replace('"attempt":1', '"attempt":2')]);
    expect(kit.living.ledger.at(-1)?.by).toBe('start-due-rotations');
    const twice = kitOf(bootstrapped);
    twice.executionsKnown.set(SECOND, 'CLOSED').set(FURTHER, 'CLOSED');
    expect(await start(twice)).toEqual({ ...NOTHING, skipped: [{ key: 'orders', reason: `${FURTHER} is closed, too; the next firing goes on` }] });
    const running = kitOf(bootstrapped);
    running.executionsKnown.set(SECOND, 'CLOSED').set(FURTHER, 'RUNNING');
    expect(await start(running)).toEqual({ ...NOTHING, running: [FURTHER] });
    const last = kitOf(bootstrapped, { maxAttempts: 1 });
    last.executionsKnown.set(SECOND, 'CLOSED');
    expect(await start(last)).toMatchObject({ started: [], skipped: [{ key: 'orders', reason: expect.stringContaining('quarantined') }] });
  });

  test('skips what may not start, with the reason', async () => {
    const kit = kitOf(bootstrapped);
    kit.freezes.set('orders', note);
    kit.fails('executions.closedAt');
    expect(await start(kit)).toEqual({ ...NOTHING, skipped: [{ key: 'orders', reason: 'frozen: audit' }] });
    expect(await start(kitOf(rotating).edit({ dueAt: AT }))).toEqual({ ...NOTHING, skipped: [{ key: 'orders', reason: `owned by ${SECOND}` }] });
    const gone = kitOf(bootstrapped).once('registry.dueCandidates', () => ['gone']);
    expect(await start(gone)).toEqual({ ...NOTHING, skipped: [{ key: 'gone', reason: 'not in the registry' }] });
    const frozen = kitOf(rotating);
    frozen.freezes.set('orders', note);
    frozen.edit({ dueAt: AT }).fails('executions.closedAt');
    expect(await start(frozen)).toMatchObject({ skipped: [{ reason: 'frozen: audit' }] });
  });

  test('goes on behind an owner that has ended', async () => {
    const kit = kitOf(rotating).edit({ dueAt: AT, rotationDueAt: AT });
    kit.closedAt.set(kit.orders.lease!.executionArn, plusSeconds(NEXT_AT, 60));
    kit.executionsKnown.set(SECOND, 'CLOSED');
    expect((await start(kit, plusSeconds(NEXT_AT, 7200))).started).toEqual([FURTHER]);
  });

  test("one key's trouble does not keep the others from starting", async () => {
    const kit = kitOf(bootstrapped);
    kit.enroll(registered({ name: 'payments' }));
    kit.once('executions.start', () => {
      throw new Error('away');
    });
    expect(await start(kit)).toEqual({ ...NOTHING, started: ['payments-20260630T0000Z-a1'], failed: [{ key: 'orders', error: 'Error: away' }] });
  });

  test('starts no more than one firing may', async () => {
    const kit = new Kit(...Array.from({ length: MAX_STARTS_PER_FIRING + 1 }, (_, index) => registered({ name: `key-${index}` })));
    expect((await start(kit)).started).toHaveLength(MAX_STARTS_PER_FIRING);
  });

  test.each([[{}, false], [{ scheduledTime: NEXT_AT }, true], [{ scheduledTime: '2026-06-30T03:00:00+02:00' }, true], [{ scheduledTime: 'now' }, false], [{ scheduledTime: NEXT_AT, more: 1 }, false]])('understands %j: %s', (payload, isOne) =>
    expect(startDueRotationsInput.safeParse(payload).success).toBe(isOne));
});

describe('Record Key Deletion', () => {
  const record = (kit: Kit, kmsKeyId = 'k1') => recordKeyDeletion(kit)({ kmsKeyId, at: LATER });

  test('writes down that KMS has deleted a REVOKED key, once', async () => {
    const kit = kitOf(revoked);
    expect(await record(kit)).toEqual({ key: 'orders' });
    expect(kit.effects).toEqual(['VersionDestroyed']);
    expect(kit.living.ledger.at(-1)).toMatchObject({ by: 'record-key-deletion', at: LATER, facts: { kmsKeyId: 'k1' } });
    kit.always('registry.ownerOf', () => 'orders');
    expect(await record(kit)).toEqual({ key: 'orders' });
    expect(kit.effects).toHaveLength(1);
  });

  test("a key of nobody's is not ours to judge", async () => {
    expect(await record(kitOf(revoked), 'other')).toEqual({ key: null });
  });

  test('freezes the key of a version that was not to be deleted, and rings', async () => {
    const kit = kitOf(disabled);
    const reason = 'KMS deleted k1, the key of v1, which is DISABLED: someone else scheduled that';
    await expect(record(kit)).rejects.toEqual(refusal('ObservedMismatch', `orders: ${reason}`));
    expect(kit.freezes.get('orders')).toEqual({ by: 'record-key-deletion', at: LATER, reason });
    expect(kit.effects).toEqual([`freeze orders: ${reason}`]);
  });

  test.each([[{ kmsKeyId: 'k1', at: AT }, true], [{ kmsKeyId: '', at: AT }, false], [{ kmsKeyId: 'k1', at: 'now' }, false], [{ kmsKeyId: 'k1', at: '2026-06-30T03:00:00+02:00' }, true], [{ kmsKeyId: 'k1', at: AT, more: 1 }, false]])('understands %j: %s', (payload, isOne) =>
    expect(recordKeyDeletionInput.safeParse(payload).success).toBe(isOne));
});
