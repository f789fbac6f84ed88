import { write, type Decision } from '../../../lambdas/domain/ledger';
import { versionOf, withVersion, type KeyVersion, type ManagedKey } from '../../../lambdas/domain/managed-key';
import { setHold } from '../../../lambdas/domain/operations';
import { register } from '../../../lambdas/domain/registration';
import type { VersionStatus } from '../../../lambdas/domain/version-status';
import type { Registry } from '../../../lambdas/ports/registry';
import { AwsError } from '../../../local/kernel/aws-error';
import { REGISTRY_ID, TABLE } from '../../../local/simulator/deployment';
import { World } from '../../../local/simulator/world';
import { LostAnswer } from '../../../local/wire/message';
import { policyOf } from '../../support/policies';

const AT = '2026-04-01T00:00:00.000Z';
const NOTE = { by: 'a person', at: AT, reason: 'audit' };
const caller = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/test', userId: 'test' };
const META = { pk: { S: 'KEY#orders' }, sk: { S: 'META' } };

const held = (key: ManagedKey): Decision => setHold(key, NOTE);
/** The key with other fields, also with some that this release does not know. */
const changed = (key: ManagedKey, fields: object): Decision => write({ ...key, ...fields }, { type: 'PolicyChanged', at: AT, by: 'test' });

const begun = (number: number): KeyVersion => ({ number, status: 'PENDING', rotationId: `r${number}`, window: `w${number}`, createdAt: AT, createIntents: 1 });
/** The key whose versions with these numbers have this status. */
const withStatus = (key: ManagedKey, status: VersionStatus, ...numbers: readonly number[]): Decision =>
  write(numbers.reduce((next, number) => withVersion(next, { ...(versionOf(next, number) ?? begun(number)), status }), key), { type: 'VersionCreated', at: AT, by: 'test' });

const registered = (name: string, by = 'test') => (key: ManagedKey | undefined): Decision => register(key, policyOf({ name }), { registryId: REGISTRY_ID, at: AT, by });
const adopted = (name: string) => (key: ManagedKey | undefined): Decision =>
  register(key, policyOf({ name }), { registryId: REGISTRY_ID, at: AT, by: 'test', adopted: { keyId: 'k1', keyArn: 'arn:k1' } });

async function opened(): Promise<{ readonly world: World; readonly registry: Registry }> {
  const world = new World();
  const registry = world.composition('claim-rotation').registry();
  await registry.register('orders', registered('orders'));
  return { world, registry };
}

/** Decides what happens to each transaction from now on; `next` makes it. */
function atEachWrite(world: World, happening: (next: () => Promise<unknown>) => Promise<unknown>): void {
  world.interceptAll = (call, next) => (call.operation === 'TransactWriteItems' ? happening(next) : next());
}

/** Changes the item of `orders` behind the registry's back: `#name` is the field of that name, `:text` that text, and `:2` the number. */
function update(world: World, expression: string): void {
  const valueOf = (word: string) => (/^\d+$/.test(word) ? { N: word } : { S: word });
  const names = [...expression.matchAll(/#(\w+)/g)].map(([placeholder, name = '']) => [placeholder, name] as const);
  const values = [...expression.matchAll(/:(\w+)/g)].map(([placeholder, word = '']) => [placeholder, valueOf(word)] as const);
  world.dynamodb.call(
    'UpdateItem',
    {
      TableName: TABLE,
      Key: META,
      UpdateExpression: expression,
      ExpressionAttributeNames: Object.fromEntries(names),
      ...(values.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(values) }),
    },
    caller,
  );
}

describe('what is written', () => {
  test('is not read again when the write was answered', async () => {
    const { world, registry } = await opened();
    const operations: string[] = [];
    world.interceptAll = (call, next) => {
      operations.push(call.operation);
      return next();
    };
    await registry.transact('orders', held);
    expect(operations).toEqual(['GetItem', 'TransactWriteItems']);
  });

  test("is each step of a version's life, rescues included, and what comes back is what is read", async () => {
    const { registry } = await opened();
    for (const status of ['PENDING', 'ACTIVE', 'DEPRECATED', 'DISABLED', 'DEPRECATED', 'DISABLED', 'REVOKED', 'DISABLED', 'REVOKED', 'DESTROYED'] as const) {
      const key = await registry.transact('orders', (before) => withStatus(before, status, 1));
      expect([status, (await registry.read('orders'))?.key]).toEqual([status, key]);
    }
    expect((await registry.read('orders'))?.key.versions).toEqual({});
    expect(await registry.terminalVersions('orders')).toEqual([{ ...begun(1), status: 'DESTROYED' }]);
  });

  test('is found in order: terminal versions by number, events by sequence', async () => {
    const { registry } = await opened();
    for (const status of ['PENDING', 'ABANDONED'] as const) await registry.transact('orders', (key) => withStatus(key, status, 2, 10));
    for (let seq = 4; seq <= 11; seq++) await registry.transact('orders', (key) => changed(key, { addedByTheNextRelease: seq }));
    expect((await registry.terminalVersions('orders')).map(({ number }) => number)).toEqual([2, 10]);
    expect((await registry.ledger('orders')).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect((await registry.ledger('orders', 8)).map(({ seq }) => seq)).toEqual([9, 10, 11]);
  });

  test('tells a field that is null from one that is not there', async () => {
    const { registry } = await opened();
    for (const [value, isThere] of [[null, true], [undefined, false]] as const) {
      await registry.transact('orders', (key) => changed(key, { addedByTheNextRelease: value }));
      expect('addedByTheNextRelease' in (await registry.read('orders'))!.key).toBe(isThere);
    }
  });

  test('is only what differs: what somebody else writes meanwhile stays', async () => {
    const { world, registry } = await opened();
    await registry.transact('orders', (key) => withStatus(key, 'PENDING', 1));
    atEachWrite(world, async (next) => {
      update(world, 'SET #registryId = :other, #versions.#v1.#addedByTheNextRelease = :other');
      return next();
    });
    await registry.transact('orders', (key) => withStatus(key, 'ACTIVE', 1));
    expect((await registry.read('orders'))?.key).toMatchObject({ registryId: 'other', versions: { v1: { status: 'ACTIVE', addedByTheNextRelease: 'other' } } });
  });

  test.each<[string, (registry: Registry) => Promise<unknown>, string]>([
    ['with the key', (registry) => registry.register('payments', adopted('payments')), 'payments'],
    ['with a version', (registry) => registry.transact('orders', (key) => write(withVersion(key, { ...begun(1), kmsKeyId: 'k1' }), { type: 'VersionAdopted', at: AT, by: 'test' })), 'orders'],
  ])('is the owner of a KMS key that comes %s, and no other one', async (_, bring, owner) => {
    const { registry } = await opened();
    await bring(registry);
    expect(await registry.ownerOf('k1')).toBe(owner);
    await expect(registry.register('billing', adopted('billing'))).rejects.toMatchObject({
      name: 'LedgerMismatch',
      message: 'billing: VersionAdopted names a KMS key or a terminal version that the registry has elsewhere already',
    });
    expect(await registry.read('billing')).toBeUndefined();
  });
});

describe('a transition that finds the table as nobody should have left it is not written:', () => {
  test.each<[string, readonly VersionStatus[], number, VersionStatus, string]>([
    ['has begun meanwhile', ['PENDING'], 2, 'PENDING', 'SET #versions.#v2 = #versions.#v1'],
    ['has a status that the move does not begin with', ['PENDING', 'ACTIVE'], 1, 'DEPRECATED', 'SET #versions.#v1.#status = :DESTROYED'],
    ['is gone', ['PENDING'], 1, 'ABANDONED', 'REMOVE #versions.#v1'],
  ])('its version %s', async (_, path, number, status, meanwhile) => {
    const { world, registry } = await opened();
    for (const step of path) await registry.transact('orders', (key) => withStatus(key, step, 1));
    const { seq } = (await registry.read('orders'))!.key;
    atEachWrite(world, async (next) => {
      update(world, meanwhile);
      return next();
    });
    const transition = registry.transact('orders', (key) => withStatus(key, status, number));
    await expect(transition).rejects.toMatchObject({ name: 'LedgerMismatch', message: `orders: the registry changed without a ledger event after sequence ${seq}` });
    expect(await registry.ledger('orders')).toHaveLength(seq);
  });

  test('the registry was set back and the ledger was not', async () => {
    const { world, registry } = await opened();
    const { seq, head } = (await registry.read('orders'))!.key;
    await registry.transact('orders', held);
    update(world, `SET #seq = :${seq}, #head = :${head}`);
    const moved = registry.transact('orders', (key) => withStatus(key, 'PENDING', 1));
    await expect(moved).rejects.toMatchObject({ name: 'LedgerMismatch', message: 'orders: a ledger event 2 exists that the registry does not count' });
    expect((await registry.read('orders'))?.key.versions).toEqual({});
  });

  test('the key is not there any more', async () => {
    const { world, registry } = await opened();
    atEachWrite(world, async (next) => {
      world.dynamodb.call('DeleteItem', { TableName: TABLE, Key: META }, caller);
      return next();
    });
    await expect(registry.transact('orders', held)).rejects.toMatchObject({ name: 'KeyNotRegistered' });
    expect(await registry.ledger('orders')).toHaveLength(1);
  });

  test('a newer release has written the key', async () => {
    const { world, registry } = await opened();
    update(world, 'SET #schema = :2');
    await expect(registry.transact('orders', held)).rejects.toMatchObject({ name: 'LedgerMismatch', message: "the registry's item of orders has schema 2; this release reads schema 1" });
    expect(await registry.ledger('orders')).toHaveLength(1);
  });
});

test('of two registrations at once, the second decides on the key that the first has made', async () => {
  const { world, registry } = await opened();
  let isOvertaken = false;
  atEachWrite(world, async (next) => {
    if (isOvertaken) return next();
    isOvertaken = true;
    await registry.register('payments', registered('payments', 'another'));
    return next();
  });
  const seen: (number | undefined)[] = [];
  await registry.register('payments', (key) => {
    seen.push(key?.seq);
    return registered('payments')(key);
  });
  expect(seen).toEqual([undefined, 1]);
  expect(await registry.ledger('payments')).toHaveLength(1);
});

describe('a write that fails', () => {
  const cancelled = (reasons?: readonly object[]) => new AwsError('TransactionCanceledException', 'Transaction cancelled', 400, reasons === undefined ? {} : { CancellationReasons: reasons });
  const NONE = { Code: 'None' };
  const BUSY = { name: 'RegistryBusy', message: 'orders: the ledger moved 5 times while this was being decided' };
  const refused = (words: string) => ({ name: 'UnclassifiedServiceError', message: `orders: HoldSet was refused: ${words}` });

  test.each<[string, Error, object, number]>([
    ['is cancelled for a conflict with another', cancelled([NONE, NONE, NONE, { Code: 'TransactionConflict' }]), BUSY, 5],
    ['is cancelled without a reason', cancelled(), BUSY, 5],
    ['is cancelled as invalid', cancelled([{ Code: 'ValidationError', Message: 'Item size has exceeded the maximum' }, NONE, NONE]), refused('Item size has exceeded the maximum'), 1],
    ['is cancelled as invalid without a word', cancelled([NONE, { Code: 'ValidationError' }, NONE]), refused(''), 1],
    ['has no answer', new LostAnswer(), { name: 'RegistryOutcomeUnknown', message: 'orders: the answers of 5 writes were lost' }, 5],
    ['is not permitted', new AwsError('AccessDeniedException', 'as AWS says it'), { name: 'PermissionDenied', message: 'write HoldSet of orders: AccessDeniedException: as AWS says it' }, 1],
  ])('because it %s', async (_, error, expected, decisions) => {
    const { world, registry } = await opened();
    atEachWrite(world, async () => {
      throw error;
    });
    let decided = 0;
    const transition = registry.transact('orders', (key) => {
      decided += 1;
      return held(key);
    });
    await expect(transition).rejects.toMatchObject(expected);
    expect(decided).toBe(decisions);
    expect(await registry.ledger('orders')).toHaveLength(1);
  });
});

describe('an error says what stands in the way of', () => {
  test('a transition of a frozen key', async () => {
    const { registry } = await opened();
    await registry.freeze('orders', NOTE);
    await expect(registry.transact('orders', held)).rejects.toMatchObject({ name: 'KeyFrozen', message: 'orders is frozen: nothing about it is changed. A person has to repair it first.' });
  });

  test('a repair of a key that is not frozen', async () => {
    const { registry } = await opened();
    await expect(registry.transactFrozen('orders', held)).rejects.toMatchObject({ name: 'RotationNotAllowed', message: 'orders is not frozen any more: there is nothing to repair' });
  });
});
