import { KEY_TAGS } from '../../lambdas/contract/names';
import { CREATE_LOOKUP_SECONDS, KMS_CONSISTENCY_SECONDS } from '../../lambdas/contract/timing';
import { adoptCreated } from '../../lambdas/domain/creation';
import { plusSeconds } from '../../lambdas/domain/instant';
import { carriedPolicy } from '../../lambdas/domain/key-policy-document';
import { TaskError } from '../../lambdas/domain/task-error';
import type { NewKeyRequest } from '../../lambdas/ports/key-provider';
import { createKeyVersion } from '../../lambdas/tasks/create-key-version';
import { intendCreate } from '../support/intend-create';
import { claimed, kitOf, owned, prepared, promoted, refusal, rotating, SECOND, SETTLED } from './lives';
import { attempt, NEXT_AT, WINDOW, AT } from '../domain/living-key';
import type { Kit } from './kit';

const OWN = { [KEY_TAGS.registry]: 'registry', [KEY_TAGS.key]: 'orders', [KEY_TAGS.version]: '2' };
const ALLOW = '{"Statement":[{"Action":"kms:*","Effect":"Allow","Principal":"*","Resource":"*"}]}';
const create = (kit: Kit, at = SETTLED) => createKeyVersion(kit)(owned(kit, at), 'call');

/** What was asked of KMS. */
async function requested(kit: Kit, input = owned(kit)): Promise<NewKeyRequest> {
  let request: NewKeyRequest | undefined;
  kit.once('keys.createKey', (next, asked: NewKeyRequest) => {
    request = asked;
    return next();
  });
  await createKeyVersion(kit)(input, 'call');
  if (request === undefined) throw new Error('no key was made');
  return request;
}

/** A create intent of an earlier invocation stands open. */
function intended(): Kit {
  const kit = kitOf(rotating);
  kit.living.apply(intendCreate(kit.orders, kit.living.owner(), 2, NEXT_AT));
  return kit;
}

test('writes its intent, makes the key, equips it, and says what was made', async () => {
  const kit = kitOf(rotating);
  expect(await create(kit)).toEqual({ kmsKeyId: 'made1' });
  expect(kit.effects).toEqual(['CreateIntended', 'createKey', 'VersionCreated', 'carryGrants k1 made1', 'ensureAlias alias/orders/v2 made1', 'VersionEquipped']);
  expect(kit.orders).toMatchObject({ intent: null, versions: { v2: { status: 'PENDING', kmsKeyId: 'made1', kmsKeyArn: 'arn:made1', equippedAt: SETTLED, createIntents: 1 } } });
  expect(kit.living.ledger.at(-3)).toMatchObject({ type: 'CreateIntended', facts: { invocationId: 'call' } });
});

test("the key is the ACTIVE one's: policy with keyturn's statement, tags without reserved ones, description if the policy has none", async () => {
  const kit = kitOf(rotating, { description: '', tags: { team: 'new' } });
  Object.assign(kit.key('k1'), { policy: ALLOW, tags: { 'aws:cloudformation:stack-id': 's', 'keyturn:superseded': 'true', team: 'old', cost: '7', 'my:aws:x': 'y' } });
  expect(await requested(kit)).toEqual({
    spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS', description: 'old', policy: carriedPolicy(ALLOW, kit.rolePattern),
    tags: { team: 'new', cost: '7', 'my:aws:x': 'y', ...OWN, [KEY_TAGS.rotation]: SECOND },
  });
});

test('a description of the policy comes before that of the ACTIVE key; that of a key that KMS does not describe is none', async () => {
  expect((await requested(kitOf(rotating, { description: 'protects orders' }))).description).toBe('protects orders');
  const kit = kitOf(rotating, { description: '' });
  let looks = 0;
  kit.always('keys.describe', async (next) => ((looks += 1) === 2 ? undefined : next()));
  expect((await requested(kit)).description).toBe('');
});

test.each([
  ['the configured policy', { keyPolicy: ALLOW }, carriedPolicy(ALLOW, 'arn:aws:iam::111122223333:role/keyturn/*')],
  ['the default policy', {}, carriedPolicy('{"Statement":[]}', 'arn:aws:iam::111122223333:role/keyturn/*')],
])('the first key has %s, no tags but its own, and no grants', async (_, policy, expected) => {
  const kit = kitOf(claimed, { description: '', ...policy });
  const input = { ...owned(kit, AT, { version: 1 }), run: attempt(1, WINDOW), rotationId: `orders-${WINDOW}-a1` };
  expect(await requested(kit, input)).toMatchObject({ policy: expected, description: '', tags: { ...OWN, [KEY_TAGS.version]: '1' } });
  expect(kit.effects).toEqual(['CreateIntended', 'createKey', 'VersionCreated', 'ensureAlias alias/orders/v1 made0', 'VersionEquipped']);
});

test('the policy is the one that was pinned at Claim', async () => {
  const kit = kitOf(rotating, { tags: { cost: '7' } });
  kit.edit(({ policy }) => ({ policy: { ...policy, tags: { cost: '8' } } }));
  expect((await requested(kit)).tags['cost']).toBe('7');
  const unpinned = kitOf(rotating, { tags: { cost: '7' } });
  expect(Object.keys(await requested(unpinned))).not.toContain('keyStoreId');
});

test('a policy that would lock keyturn out is refused before anything is intended', async () => {
  const kit = kitOf(rotating);
  kit.key('k1').policy = '{"Statement":[{"Action":"kms:Decrypt","Effect":"Deny","Principal":"*"}]}';
  await expect(create(kit)).rejects.toEqual(refusal('UnusablePolicy', 'orders: the key policy denies kms:Decrypt to everybody and would lock keyturn out. Remove that statement.'));
  expect(kit.effects).toEqual([]);
});

test('a key store that is not connected is known before anything is intended', async () => {
  const kit = kitOf(rotating, { origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1' });
  kit.keyStoreState = 'DISCONNECTED';
  await expect(create(kit)).rejects.toEqual(refusal('KeyStoreNotReady', 'custom key store cks-1 is DISCONNECTED; it must be CONNECTED. Connect it; nothing was changed.'));
  expect(kit.effects).toEqual([]);
  kit.keyStoreState = 'CONNECTED';
  expect(await requested(kit)).toMatchObject({ origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1' });
});

test('a key store is asked only for what is to be made in one', async () => {
  const kit = kitOf(rotating).fails('keys.keyStoreState');
  await create(kit);
  expect(kit.effects).toContain('createKey');
});

test('a version that is ACTIVE is done', async () => {
  const kit = kitOf(promoted);
  expect(await create(kit)).toEqual({ kmsKeyId: 'k2' });
  expect(kit.effects).toEqual([]);
});

test('a version that has its key is equipped again, and no key is made', async () => {
  const kit = kitOf(prepared);
  expect(await create(kit)).toEqual({ kmsKeyId: 'k2' });
  expect(kit.effects).toEqual(['carryGrants k1 k2', 'ensureAlias alias/orders/v2 k2']);
});

test('a version that has its key needs no key store', async () => {
  const kit = kitOf(prepared, { origin: 'AWS_CLOUDHSM', keyStoreId: 'cks-1' });
  kit.keyStoreState = 'DISCONNECTED';
  expect(await create(kit)).toEqual({ kmsKeyId: 'k2' });
});

test('a key with another policy gets the one that is carried over', async () => {
  const kit = kitOf(prepared);
  kit.key('k2').policy = ALLOW;
  await create(kit);
  expect(kit.effects).toEqual(['putKeyPolicy k2', 'carryGrants k1 k2', 'ensureAlias alias/orders/v2 k2']);
  expect(kit.key('k2').policy).toBe(carriedPolicy(kit.key('k1').policy, kit.rolePattern));
});

test.each<[string, TaskError, readonly string[], number]>([
  ['surely refused leaves no intent', new TaskError('QuotaExceeded', 'no more'), ['CreateIntended', 'CreateRefused'], 0],
  ['of unknown outcome leaves its intent', new TaskError('CreateOutcomeUnknown', 'lost'), ['CreateIntended'], 1],
])('a call that is %s', async (_, error, effects, intents) => {
  const kit = kitOf(rotating).once('keys.createKey', () => {
    throw error;
  });
  await expect(create(kit)).rejects.toBe(error);
  expect(kit.effects).toEqual(effects);
  expect(kit.orders.versions['v2']?.createIntents).toBe(intents);
  expect(kit.orders.intent === null).toBe(intents === 0);
  if (intents === 0) expect(kit.living.ledger.at(-1)?.facts).toMatchObject({ error: 'QuotaExceeded' });
});

test('an error that is none of ours leaves the intent: nobody knows', async () => {
  const kit = kitOf(rotating).once('keys.createKey', () => {
    throw new Error('socket');
  });
  await expect(create(kit)).rejects.toThrow('socket');
  expect(kit.effects).toEqual(['CreateIntended']);
});

describe('the key of an open intent', () => {
  const made = (kit: Kit, keyId: string, createdAt: string, keyState = 'Enabled') => kit.add(keyId, { createdAt, keyState }, { tags: { ...OWN } });

  test.each(['abc', 'acb', 'bac', 'bca', 'cab', 'cba'])('is the oldest that is usable, by its time and then its id, found as %s', async (order) => {
    const kit = intended();
    for (const id of order) made(kit, id, id === 'c' ? '2026-06-30T01:00:02.000Z' : '2026-06-30T01:00:01.000Z', id === 'a' ? 'Creating' : 'Enabled');
    made(kit, 'x', '2026-06-30T01:00:00.000Z', 'PendingDeletion');
    made(kit, 'y', '2026-06-30T01:00:00.000Z', 'Disabled');
    expect(await create(kit)).toEqual({ kmsKeyId: 'a' });
    expect(kit.effects).toEqual(['VersionCreated', 'putKeyPolicy a', 'carryGrants k1 a', 'ensureAlias alias/orders/v2 a', 'VersionEquipped']);
  });

  test('is one that is Enabled', async () => {
    const kit = intended();
    made(kit, 'b', NEXT_AT);
    expect(await create(kit)).toEqual({ kmsKeyId: 'b' });
  });

  test('is not that of another registry, key or version', async () => {
    const kit = intended();
    for (const [name, value] of [[KEY_TAGS.registry, 'other'], [KEY_TAGS.key, 'payments'], [KEY_TAGS.version, '1']] as const) kit.add(`not-${value}`, {}, { tags: { ...OWN, [name]: value } });
    expect((await create(kit)).kmsKeyId).toMatch(/^made/);
  });

  test('is looked for as long as KMS may need to show it, and then made anew', async () => {
    const kit = intended();
    const over = plusSeconds(NEXT_AT, CREATE_LOOKUP_SECONDS);
    await expect(create(kit, plusSeconds(over, -1))).rejects.toEqual(refusal('CreateOutcomeUnknown', `orders v2: CreateKey was called after ${NEXT_AT}; looking for its key`));
    expect(kit.effects).toEqual([]);
    await create(kit, over);
    expect(kit.effects.slice(0, 2)).toEqual(['CreateIntended', 'createKey']);
    expect(kit.orders.versions['v2']?.createIntents).toBe(2);
  });

  test('of another version is not looked for', async () => {
    const kit = kitOf(rotating).edit({ intent: { kind: 'create', version: 1, at: NEXT_AT } });
    made(kit, 'b', NEXT_AT);
    await expect(create(kit)).rejects.toEqual(refusal('LedgerMismatch', 'open create intent for v1'));
    expect(kit.effects).toEqual([]);
  });
});

test('takes the key that a quicker twin has adopted', async () => {
  const kit = kitOf(rotating);
  kit.add('twin');
  kit.meanwhile('registry.transact', (key) => {
    kit.living.apply(intendCreate(key, kit.living.owner(), 2, NEXT_AT));
    return adoptCreated(kit.orders, kit.living.owner(), 2, { keyId: 'twin', keyArn: 'arn:twin' }, NEXT_AT);
  });
  expect(await create(kit)).toEqual({ kmsKeyId: 'twin' });
  expect(kit.effects).not.toContain('createKey');
});

test('a twin that has seen fewer intents makes no second key', async () => {
  const kit = kitOf(rotating);
  kit.meanwhile('registry.transact', (key) => intendCreate(key, kit.living.owner(), 2, NEXT_AT));
  await expect(create(kit)).rejects.toEqual(refusal('CreateOutcomeUnknown', 'another invocation was allowed to call CreateKey'));
  expect(kit.effects).toEqual([]);
});

describe('a refusal of a call on a key that is new', () => {
  function withOldPolicy(): Kit {
    const kit = kitOf(prepared);
    kit.key('k2').policy = ALLOW;
    return kit;
  }
  const within = plusSeconds(NEXT_AT, KMS_CONSISTENCY_SECONDS - 1);
  test.each<[string, string, 'PermissionDenied' | 'Throttled', string]>([
    ['is none while its tags spread', within, 'PermissionDenied', 'KmsNotConsistentYet'],
    ['is one after that', plusSeconds(within, 1), 'PermissionDenied', 'PermissionDenied'],
    ['of another kind is what it is', within, 'Throttled', 'Throttled'],
  ])('%s', async (_, at, error, name) => {
    const kit = withOldPolicy().fails('keys.putKeyPolicy', error);
    await expect(create(kit, at)).rejects.toEqual(refusal(name, 'keys.putKeyPolicy failed'));
  });

  test('names the key, and keeps the cause', async () => {
    const kit = withOldPolicy().fails('keys.putKeyPolicy', 'PermissionDenied');
    await expect(create(kit, within)).rejects.toMatchObject({ message: 'the tags of k2 may not have reached authorization yet: keys.putKeyPolicy failed', cause: { name: 'PermissionDenied' } });
  });
});
