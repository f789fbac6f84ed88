import { FAILED_USES } from '../../lambdas/contract/names';
import { intendDisable, intendRevoke } from '../../lambdas/domain/retirement';
import { rescueInput, rescueVersion } from '../../lambdas/tasks/rescue-version';
import type { Kit } from './kit';
import { bootstrapped, disabled, draining, kitOf, LATE, LATER, note, refusal, revoked } from './lives';

const ARN = (id: string): string => `arn:aws:kms:eu-central-1:111122223333:key/${id}`;
const CONSUMER = 'arn:aws:sts::111122223333:assumed-role/reports/i-0';
const OWN = { arn: 'arn:aws:sts::111122223333:assumed-role/disable/x', sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/keyturn/disable' } } };

const event = (change = {}) => ({
  'detail-type': FAILED_USES.detailType, source: FAILED_USES.source,
  detail: { eventTime: LATER, eventName: 'Decrypt', errorCode: 'DisabledException', userIdentity: { arn: CONSUMER }, resources: [{ ARN: ARN('k1') }], errorMessage: `${ARN('k1')} is disabled.`, ...change },
}) as const;
const used = (kit: Kit, change = {}) => rescueVersion(kit)(event(change) as unknown as Parameters<ReturnType<typeof rescueVersion>>[0]);
const REASON = `${CONSUMER} called Decrypt with v1, which was DISABLED`;
const ID = `rescue/orders/v1/${LATER}`;
const TOLD = [`queue ${ID}`, `tell ${ID}`, `forget ${ID}`];
const ALL = [`queue ${ID}`, 'RescueIntended', 'enable k1', ...TOLD, 'VersionRescued'];
const RESCUED = { outcome: 'rescued', versions: [1] };
const NOTHING = { outcome: 'nothing-to-rescue', versions: [] };

test('a version that somebody still uses is held, enabled again, and told of by who used it', async () => {
  const kit = kitOf(disabled);
  expect(await used(kit)).toEqual(RESCUED);
  expect(kit.effects).toEqual(ALL);
  expect(kit.orders).toMatchObject({ hold: { by: 'rescue-version', at: LATER, reason: REASON }, rescues: {}, versions: { v1: { status: 'DEPRECATED', rescuedAt: LATER } } });
  const [alert] = kit.told;
  expect(alert).toEqual({
    id: ID, key: 'orders', subject: 'keyturn: orders: v1 is still in use and was enabled again',
    attributes: { alertId: ID, key: 'orders', owner: 'team-orders', stage: 'rescue-version', severity: 'page' },
    message: [
      'v1 is still in use and was enabled again', '', 'Key:        orders, owner team-orders', 'Stage:      rescue-version', `Reason:     ${REASON}, at ${LATER}.`, '',
      'Is encryption impacted?           No: the ACTIVE version is another one.',
      `Is decryption still valid?        Yes, again. ${CONSUMER} failed at least once while v1 was DISABLED.`,
      `Must a customer act?              Yes: whoever runs ${CONSUMER} re-encrypts or re-signs what v1 protects, or asks for it to be kept.`,
      'Is manual intervention safe?      Yes. The key is held: nothing is disabled or revoked until the hold is released.',
      'What happens next?                Nothing, until the hold is released. Then the version drains until it is idle again.', '', 'Type:',
      '  keyturn status orders', '  keyturn history orders', '  keyturn release orders --reason …     # once nobody needs v1', 'Runbook: docs/operations.md#late-user-rescued',
    ].join('\n'),
  });
});

test('a deletion is cancelled first', async () => {
  const kit = kitOf(revoked);
  expect(await used(kit)).toEqual(RESCUED);
  expect(kit.effects).toEqual([`queue ${ID}`, 'RescueIntended', 'cancelDeletion k1', 'DeletionCancelled', 'enable k1', ...TOLD, 'VersionRescued']);
  const unseen = kitOf(revoked);
  unseen.change('k1', { keyState: 'Disabled' });
  await used(unseen);
  expect(unseen.effects).toContain('cancelDeletion k1');
  const uncommitted = kitOf(disabled);
  uncommitted.change('k1', { keyState: 'PendingDeletion' });
  await used(uncommitted);
  expect(uncommitted.effects).toContain('cancelDeletion k1');
});

test('a frozen key is rescued, too', async () => {
  const kit = kitOf(disabled);
  kit.freezes.set('orders', note);
  expect(await used(kit)).toEqual(RESCUED);
  expect(kit.effects).toEqual(ALL);
});

test.each<[string, object, string]>([
  ['its ARN', { userIdentity: { arn: CONSUMER, invokedBy: 'x' } }, CONSUMER],
  ['the service that called for it', { userIdentity: { invokedBy: 'rds.amazonaws.com' } }, 'rds.amazonaws.com'],
  ['nothing', { userIdentity: {} }, 'an unknown principal'],
])('whoever used it is named by %s', async (_, change, principal) => {
  const kit = kitOf(disabled);
  await used(kit, change);
  expect(kit.orders.hold?.reason).toBe(`${principal} called Decrypt with v1, which was DISABLED`);
});

test.each([
  'Encrypt', 'Decrypt', 'ReEncrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'GenerateDataKeyPair', 'GenerateDataKeyPairWithoutPlaintext', 'Sign', 'Verify', 'GenerateMac', 'VerifyMac', 'DeriveSharedSecret', 'Encapsulate', 'Decapsulate',
])('%s is a use', async (eventName) => expect(await used(kitOf(disabled), { eventName })).toEqual(RESCUED));

test.each<[string, object]>([
  ['a call that only administers a key', { eventName: 'GetPublicKey' }],
  ['a key of nobody', { resources: [{ ARN: ARN('other') }], errorMessage: null }],
  ['no key', { resources: null, errorMessage: null }],
  ['no key at all', { resources: undefined, errorMessage: undefined }],
  ['an alias', { resources: [{ ARN: 'arn:aws:kms:eu-central-1:111122223333:alias/k1' }], errorMessage: 'k1 is disabled.' }],
])('%s is not ours', async (_, change) => {
  const kit = kitOf(disabled);
  expect(await used(kit, change)).toEqual({ outcome: 'not-ours', versions: [] });
  expect(kit.effects).toEqual([]);
});

test('the key is found in the message alone, in the resources alone, and once in both', async () => {
  for (const change of [{ resources: [] }, { errorMessage: null }]) expect(await used(kitOf(disabled), change)).toEqual(RESCUED);
});

test('a key whose registry item is gone, or which has no such version any more, is not ours', async () => {
  for (const kit of [kitOf(disabled).once('registry.read', () => undefined), kitOf(disabled).always('registry.ownerOf', () => 'orders').edit(({ versions }) => ({ versions: { v2: versions['v2']! } }))]) {
    expect(await used(kit)).toEqual({ outcome: 'not-ours', versions: [] });
  }
});

test('of two keys that a call names, each that can be is rescued', async () => {
  const both = { resources: [{ ARN: ARN('k2') }, { ARN: ARN('k1') }] };
  expect(await used(kitOf(disabled), both)).toEqual(RESCUED);
  expect(await used(kitOf(draining), both)).toEqual(NOTHING);
});

describe('our own use', () => {
  test('shows that failed uses are told of, and rescues nothing', async () => {
    const kit = kitOf(disabled);
    expect(await used(kit, { userIdentity: OWN })).toEqual({ outcome: 'watched', versions: [1] });
    expect(kit.effects).toEqual(['BakeWatched']);
    expect(kit.orders.versions['v1']?.watchedAt).toBe(LATER);
    expect(kit.living.ledger.at(-1)?.by).toBe('rescue-version');
  });

  test('shows it of a frozen key, too', async () => {
    const kit = kitOf(disabled);
    kit.freezes.set('orders', note);
    expect(await used(kit, { userIdentity: OWN })).toMatchObject({ outcome: 'watched' });
  });

  test.each<[string, object]>([
    ['another role', { sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/reports' } } }],
    ['a role that only looks like one', { sessionContext: { sessionIssuer: { arn: 'x-arn:aws:iam::111122223333:role/keyturn/disable' } } }],
    ['a session without an issuer', { sessionContext: { sessionIssuer: null } }],
    ['no session', { sessionContext: null }],
  ])('is not that of %s', async (_, change) => expect(await used(kitOf(disabled), { userIdentity: { arn: CONSUMER, ...change } })).toEqual(RESCUED));
});

describe('a repetition', () => {
  test('finds the rescue of the first use: it is finished, and told of once', async () => {
    const kit = kitOf(disabled).edit({ rescues: { v1: { ...note, reason: 'first' } } });
    expect(await used(kit)).toEqual(RESCUED);
    expect(kit.effects).toEqual([`forget ${ID}`, 'enable k1', 'VersionRescued']);
    expect(kit.told).toEqual([]);
  });

  test('of the same use leaves its alert where it is', async () => {
    const kit = kitOf(disabled).edit({ rescues: { v1: { by: 'rescue-version', at: LATER, reason: REASON } } });
    await used(kit);
    expect(kit.effects).toEqual(['enable k1', 'VersionRescued']);
  });

  test('behind a rescue that is done has nothing to enable, and tells nobody', async () => {
    const kit = kitOf(disabled).meanwhile('registry.transact', ({ versions }) => ({ versions: { ...versions, v1: { ...versions['v1']!, status: 'DEPRECATED' } } }));
    expect(await used(kit)).toEqual(RESCUED);
    expect(kit.effects).toEqual([`queue ${ID}`, `forget ${ID}`]);
  });
});

test('people are told also when KMS refuses', async () => {
  const kit = kitOf(disabled).fails('keys.enable', 'PermissionDenied');
  await expect(used(kit)).rejects.toEqual(refusal('PermissionDenied'));
  expect(kit.effects).toEqual([`queue ${ID}`, 'RescueIntended', ...TOLD]);
  expect(kit.orders.rescues['v1']).toBeDefined();
});

test.each([['Disabled', 'Disabled'], [undefined, 'nothing']])('waits until KMS shows it Enabled: %s', async (keyState, words) => {
  const kit = kitOf(disabled).once('keys.enable', () => {
    if (keyState === undefined) kit.kms.delete('k1');
  });
  await expect(used(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', `orders v1: KMS does not show it Enabled yet but ${words}`));
  expect(kit.effects).not.toContain('VersionRescued');
});

test('a key that KMS does not show is not taken for enabled', async () => {
  const kit = kitOf(disabled).always('keys.describe', () => undefined);
  await expect(used(kit)).rejects.toEqual(refusal('KmsNotConsistentYet', 'orders v1: KMS does not show it Enabled yet but nothing'));
  expect(kit.effects).toContain('enable k1');
});

test('a version that is only draining needs no rescue; one that its owner is disabling does, and is finished behind that', async () => {
  const kit = kitOf(draining);
  expect(await used(kit)).toEqual(NOTHING);
  kit.living.apply(intendDisable(kit.orders, kit.living.owner(), 1, LATE, 'call'));
  await expect(used(kit)).rejects.toEqual(refusal('OwnerNotSettled'));
  expect(kit.effects.slice(0, 3)).toEqual([`queue ${ID}`, 'RescueIntended', 'enable k1']);
});

describe('finish-rescues', () => {
  const finish = (kit: Kit) => rescueVersion(kit)({ action: 'finish-rescues', key: 'orders' });

  test('goes on with what stands open', async () => {
    const kit = kitOf(disabled).edit({ rescues: { v1: note } });
    expect(await finish(kit)).toEqual(RESCUED);
    expect(kit.effects).toEqual(['enable k1', 'VersionRescued']);
    expect(await finish(kit)).toEqual(NOTHING);
    kit.livings.clear();
    expect(await finish(kit)).toEqual({ outcome: 'not-ours', versions: [] });
  });

  test('cancels the deletion of one that was being revoked', async () => {
    const kit = kitOf(revoked).edit({ rescues: { v1: note } });
    expect(await finish(kit)).toEqual(RESCUED);
    expect(kit.effects).toEqual(['cancelDeletion k1', 'DeletionCancelled', 'enable k1', 'VersionRescued']);
  });
});

describe('cancel-deletions', () => {
  const cancel = (kit: Kit) => rescueVersion(kit)({ action: 'cancel-deletions', key: 'orders', by: 'alice', at: LATER, reason: 'legal' });
  const CANCELLED = { outcome: 'deletions-cancelled', versions: [1] };

  test('of a held key', async () => {
    const kit = kitOf(revoked).edit({ hold: note });
    expect(await cancel(kit)).toEqual(CANCELLED);
    expect(kit.effects).toEqual(['cancelDeletion k1', 'DeletionCancelled']);
    expect(kit.living.ledger.at(-1)).toMatchObject({ by: 'alice', at: LATER });
  });

  test('of a frozen key takes back only what was not committed', async () => {
    const kit = kitOf(revoked);
    kit.freezes.set('orders', note);
    expect(await cancel(kit)).toEqual(NOTHING);
    const begun = kitOf(disabled);
    begun.living.apply(intendRevoke(begun.orders, begun.living.owner(), 1, LATER, 'call'));
    begun.change('k1', { keyState: 'PendingDeletion' });
    expect(await cancel(begun)).toEqual(NOTHING);
    begun.freezes.set('orders', note);
    expect(await cancel(begun)).toEqual(CANCELLED);
  });

  test('finishes what somebody has died over, and leaves what is not scheduled', async () => {
    const died = kitOf(revoked).edit({ hold: note });
    died.change('k1', { keyState: 'Disabled' });
    expect(await cancel(died)).toEqual(CANCELLED);
    const begun = kitOf(disabled).edit({ hold: note, intent: { kind: 'revoke', version: 1, at: LATER } });
    expect(await cancel(begun)).toEqual(NOTHING);
    const enabled = kitOf(revoked).edit({ hold: note });
    enabled.change('k1', { keyState: 'Enabled' });
    expect(await cancel(enabled)).toEqual(NOTHING);
    expect([...begun.effects, ...enabled.effects]).toEqual([]);
    const gone = kitOf(revoked).edit({ hold: note });
    gone.kms.delete('k1');
    expect(await cancel(gone)).toEqual(NOTHING);
    gone.livings.clear();
    expect(await cancel(gone)).toEqual({ outcome: 'not-ours', versions: [] });
  });
});

const stopped = { action: 'cancel-deletions', key: 'orders', by: 'alice', at: LATER, reason: 'legal' };
test.each<[unknown, boolean]>([
  [event(), true], [event({ errorCode: 'KMSInvalidStateException' }), true], [event({ errorCode: 'AccessDenied' }), false], [{ ...event(), source: 'aws.s3' }, false], [{ ...event(), 'detail-type': 'other' }, false], [event({ eventTime: 7 }), false], [event({ eventName: 7 }), false],
  [event({ userIdentity: undefined }), false], [event({ userIdentity: { arn: 7 } }), false], [event({ userIdentity: { invokedBy: 7 } }), false], [event({ userIdentity: { sessionContext: { sessionIssuer: {} } } }), false], [event({ resources: [{}] }), false], [event({ errorMessage: 7 }), false], [event({ more: 1 }), true],
  [stopped, true], [{ ...stopped, key: '' }, false], [{ ...stopped, at: 'now' }, false], [{ ...stopped, at: '2026-06-30T03:00:00+02:00' }, true], [{ ...stopped, by: 7 }, false], [{ ...stopped, reason: 7 }, false], [{ ...stopped, more: 1 }, false],
  [{ action: 'finish-rescues', key: 'orders' }, true], [{ action: 'finish-rescues', key: '' }, false], [{ action: 'finish-rescues', key: 'orders', more: 1 }, false], [{ action: 'other', key: 'orders' }, false],
])('%j is understood: %s', (payload, isOne) => expect(rescueInput.safeParse(payload).success).toBe(isOne));

test('of an event only what is needed is read', () => expect(rescueInput.parse({ ...event({ userIdentity: OWN }), more: 1 })).toEqual(event({ userIdentity: OWN })));
test('an ACTIVE version is nobody\'s to rescue', async () => expect(await used(kitOf(bootstrapped))).toEqual(NOTHING));
