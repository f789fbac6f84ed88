import type { ConsumedCapacity, ReturnConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { key, type Case, type Fixture, type Item } from './dynamodb-kit';

const INDEXES: { readonly ReturnConsumedCapacity: ReturnConsumedCapacity } = { ReturnConsumedCapacity: 'INDEXES' };
const TOTAL: { readonly ReturnConsumedCapacity: ReturnConsumedCapacity } = { ReturnConsumedCapacity: 'TOTAL' };
const due = (at: string, more: Item = {}): Item => ({ ...key('a', 'b'), dueShard: { S: '0' }, dueAt: { N: at }, ...more });
/** An item of about so many KB: the key and names take the rest of the last one. */
const large = (kilobytes: number, sk = 'b'): Item => ({ ...key('a', sk), v: { S: 'x'.repeat(kilobytes * 1024 - 20) } });

const units = async (call: Promise<{ ConsumedCapacity?: ConsumedCapacity | undefined }>): Promise<number | undefined> => (await call).ConsumedCapacity?.CapacityUnits;

/** What a put in place of `before` consumes, table and index apart. */
const putOver = (before: Item | undefined, after: Item, table: number, index?: number) => async ({ db, TableName, put }: Fixture) => {
  if (before !== undefined) await put(before);
  const { ConsumedCapacity: consumed } = await db.putItem({ TableName, Item: after, ...INDEXES });
  expect(consumed).toEqual({
    TableName,
    CapacityUnits: table + (index ?? 0),
    Table: { CapacityUnits: table },
    ...(index !== undefined && { GlobalSecondaryIndexes: { due: { CapacityUnits: index } } }),
  });
};

/** What AWS says that calls consume. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html */
export const CAPACITY_CASES: readonly Case[] = [
  ['tells nothing that was not asked for', async ({ db, TableName }) => expect((await db.putItem({ TableName, Item: key('a', 'b') })).ConsumedCapacity).toBeUndefined()],
  ['a put consumes a unit per KB begun', putOver(undefined, large(3), 3)],
  ['a put counts the larger of the old and the new item', putOver(large(5), key('a', 'b'), 5)],
  ['a put into an index consumes there too', putOver(undefined, due('1'), 1, 1)],
  ['a put that moves an index entry writes the index twice', putOver(due('1'), due('2'), 1, 2)],
  ['a put that changes a projected attribute writes the index once', putOver(due('1'), due('1', { owner: { S: 'new' } }), 1, 1)],
  ['a put that leaves an index entry as it is writes no index', putOver(due('1'), due('1', { secret: { S: 'new' } }), 1)],
  ['a put that takes an item out of an index writes it once', putOver(due('1'), key('a', 'b'), 1, 1)],
  [
    'tells the total alone, if that is wanted',
    async ({ db, TableName }) => expect((await db.putItem({ TableName, Item: due('1'), ...TOTAL })).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 2 }),
  ],
  [
    'a delete consumes the size of what it deletes, and one unit for nothing',
    async ({ db, TableName, put }) => {
      await put(large(2));
      expect(await units(db.deleteItem({ TableName, Key: key('a', 'b'), ...TOTAL }))).toBe(2);
      expect(await units(db.deleteItem({ TableName, Key: key('a', 'b'), ...TOTAL }))).toBe(1);
    },
  ],
  [
    'an update consumes the larger size of before and after',
    async ({ db, TableName, put }) => {
      await put(large(4));
      expect(await units(db.updateItem({ TableName, Key: key('a', 'b'), UpdateExpression: 'REMOVE v', ...TOTAL }))).toBe(4);
    },
  ],
  [
    'a read consumes a unit per 4 KB begun, half when eventually consistent, also of nothing',
    async ({ db, TableName, put }) => {
      await put(large(5));
      const read = (sk: string, ConsistentRead: boolean) => units(db.getItem({ TableName, Key: key('a', sk), ConsistentRead, ...TOTAL }));
      expect([await read('b', true), await read('b', false), await read('absent', true), await read('absent', false)]).toEqual([2, 1, 1, 0.5]);
    },
  ],
  [
    'a query rounds the sum of what it read',
    async ({ db, TableName, put }) => {
      await put(large(3, '1'), large(3, '2'), large(3, '3'));
      const query = { TableName, KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'a' } }, ...INDEXES };
      expect((await db.query({ ...query, ConsistentRead: true })).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 3, Table: { CapacityUnits: 3 } });
      expect(await units(db.query({ ...query, FilterExpression: 'attribute_not_exists(v)' }))).toBe(1.5);
      expect(await units(db.scan({ TableName, ...TOTAL }))).toBe(1.5);
    },
  ],
  [
    'a query of an index consumes there alone',
    async ({ db, TableName, put }) => {
      await put(due('1', large(6)));
      const query = { TableName, IndexName: 'due', KeyConditionExpression: 'dueShard = :s', ExpressionAttributeValues: { ':s': { S: '0' } }, ...INDEXES };
      expect((await db.query(query)).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 0.5, Table: { CapacityUnits: 0 }, GlobalSecondaryIndexes: { due: { CapacityUnits: 0.5 } } });
    },
  ],
  [
    'a batch of reads rounds each item for itself',
    async ({ db, TableName, put }) => {
      await put(large(2, '1'), large(6, '2'));
      const Keys = ['1', '2', 'absent'].map((sk) => key('a', sk));
      const { ConsumedCapacity: consumed } = await db.batchGetItem({ RequestItems: { [TableName]: { Keys } }, ...INDEXES });
      expect(consumed).toEqual([{ TableName, CapacityUnits: 2, Table: { CapacityUnits: 2 } }]);
    },
  ],
  [
    'a batch of writes consumes what its parts do',
    async ({ db, TableName }) => {
      const requests = [{ PutRequest: { Item: due('1') } }, { DeleteRequest: { Key: key('absent', 'x') } }];
      const { ConsumedCapacity: consumed } = await db.batchWriteItem({ RequestItems: { [TableName]: requests }, ...INDEXES });
      expect(consumed).toEqual([{ TableName, CapacityUnits: 3, Table: { CapacityUnits: 2 }, GlobalSecondaryIndexes: { due: { CapacityUnits: 1 } } }]);
    },
  ],
  [
    'a transaction writes its table twice, and a replay of it only reads',
    async ({ db, TableName, put }) => {
      await put(large(5, 'old'));
      const transaction = {
        TransactItems: [
          { Put: { TableName, Item: due('1') } },
          { ConditionCheck: { TableName, Key: key('a', 'absent'), ConditionExpression: 'attribute_not_exists(pk)' } },
          { Delete: { TableName, Key: key('a', 'old') } },
        ],
        ClientRequestToken: `capacity ${TableName}`,
        ...INDEXES,
      };
      const arm = (count: number) => ({ CapacityUnits: count, WriteCapacityUnits: count });
      expect((await db.transactWriteItems(transaction)).ConsumedCapacity).toEqual([{ TableName, ...arm(15), Table: arm(14), GlobalSecondaryIndexes: { due: arm(1) } }]);
      const read = { CapacityUnits: 8, ReadCapacityUnits: 8 };
      expect((await db.transactWriteItems(transaction)).ConsumedCapacity).toEqual([{ TableName, ...read, Table: read }]);
    },
  ],
  [
    'a transaction reads twice, also what is not there',
    async ({ db, TableName, put }) => {
      await put(large(5));
      const TransactItems = ['b', 'absent'].map((sk) => ({ Get: { TableName, Key: key('a', sk) } }));
      expect((await db.transactGetItems({ TransactItems, ...TOTAL })).ConsumedCapacity).toEqual([{ TableName, CapacityUnits: 6, ReadCapacityUnits: 6 }]);
    },
  ],
];
