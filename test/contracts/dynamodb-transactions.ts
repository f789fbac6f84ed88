import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { answerOf, key, refusalOf, refused, type Case, type Fixture } from './dynamodb-kit';

const V = 'ValidationException';
const ONE = { ':one': { N: '1' } };

const transact = ({ db }: Fixture, TransactItems: TransactWriteItem[], ClientRequestToken?: string) => db.transactWriteItems({ TransactItems, ClientRequestToken });

/** Raises the fence of the item `k/META` that stands at `from`. */
const bump = (TableName: string, from: string): TransactWriteItem => ({
  Update: {
    TableName,
    Key: key('k', 'META'),
    UpdateExpression: 'SET fence = fence + :one',
    ConditionExpression: 'fence = :from',
    ExpressionAttributeValues: { ...ONE, ':from': { N: from } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});
const putNew = (TableName: string, pk: string, sk = 'x'): TransactWriteItem => ({
  Put: { TableName, Item: key(pk, sk), ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
});
const noFreeze = (TableName: string): TransactWriteItem => ({
  ConditionCheck: { TableName, Key: key('k', 'FREEZE'), ConditionExpression: 'attribute_not_exists(pk)' },
});
const META = { ...key('k', 'META'), fence: { N: '1' } };

export const TRANSACTION_CASES: readonly Case[] = [
  [
    'writes all parts',
    async (fixture) => {
      const { TableName, put, get } = fixture;
      await put(META, key('gone', 'x'));
      expect(await answerOf(transact(fixture, [bump(TableName, '1'), putNew(TableName, 'new'), noFreeze(TableName), { Delete: { TableName, Key: key('gone', 'x') } }]))).toEqual({});
      expect([await get('k', 'META'), await get('new', 'x'), await get('gone', 'x')]).toEqual([{ ...META, fence: { N: '2' } }, key('new', 'x'), undefined]);
    },
  ],
  [
    'writes nothing when a condition fails, and tells which, with the old item where it is wanted',
    async (fixture) => {
      const { TableName, put, get } = fixture;
      await put(META, key('k', 'FREEZE'));
      const error = await refusalOf(transact(fixture, [bump(TableName, '7'), putNew(TableName, 'new'), noFreeze(TableName)]));
      expect([error.name, error.message]).toEqual([
        'TransactionCanceledException',
        'Transaction cancelled, please refer cancellation reasons for specific reasons [ConditionalCheckFailed, None, ConditionalCheckFailed]',
      ]);
      expect(error['CancellationReasons']).toEqual([
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: META },
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
      ]);
      expect([await get('k', 'META'), await get('new', 'x')]).toEqual([META, undefined]);
    },
  ],
  [
    'is cancelled by an operand that does not fit the item',
    async (fixture) => {
      const { TableName, put } = fixture;
      await put({ ...META, fence: { S: 'text' } });
      const part = { Update: { TableName, Key: key('k', 'META'), UpdateExpression: 'SET fence = fence + :one', ExpressionAttributeValues: ONE } };
      const error = await refusalOf(transact(fixture, [putNew(TableName, 'new'), part]));
      expect([error.name, error['CancellationReasons']]).toEqual([
        'TransactionCanceledException',
        [{ Code: 'None' }, { Code: 'ValidationError', Message: 'An operand in the update expression has an incorrect data type' }],
      ]);
    },
  ],
  [
    'is done once with one token',
    async (fixture) => {
      const { TableName, put, get } = fixture;
      await put(META);
      await transact(fixture, [bump(TableName, '1')], `token ${TableName}`);
      expect(await answerOf(transact(fixture, [bump(TableName, '1')], `token ${TableName}`))).toEqual({});
      expect((await get('k', 'META'))?.['fence']).toEqual({ N: '2' });
      const error = await refusalOf(transact(fixture, [bump(TableName, '2')], `token ${TableName}`));
      expect(error.name).toBe('IdempotentParameterMismatchException');
    },
  ],
  [
    'can use the token of a cancelled transaction',
    async (fixture) => {
      const { TableName, put, get } = fixture;
      await put(META);
      expect((await refusalOf(transact(fixture, [bump(TableName, '9')], `again ${TableName}`))).name).toBe('TransactionCanceledException');
      await transact(fixture, [bump(TableName, '1')], `again ${TableName}`);
      expect((await get('k', 'META'))?.['fence']).toEqual({ N: '2' });
    },
  ],
  [
    'has up to 100 parts',
    async (fixture) => {
      const parts = (count: number) => Array.from({ length: count }, (_, index) => putNew(fixture.TableName, 'many', String(index)));
      await transact(fixture, parts(100));
      const error = await refusalOf(transact(fixture, parts(101)));
      expect(error.name).toBe(V);
      expect(error.message).toMatch(/Member must have length less than or equal to 100/);
    },
  ],
  [
    'has up to 4 MB',
    async (fixture) => {
      const parts = (count: number, prefix: string) =>
        Array.from({ length: count }, (_, index) => ({ Put: { TableName: fixture.TableName, Item: { ...key('large', `${prefix}${String(index)}`), v: { S: 'x'.repeat(400_000) } } } }));
      await transact(fixture, parts(10, 'fits'));
      const error = await refusalOf(transact(fixture, parts(11, 'not')));
      expect(error.name).toBe(V);
      expect(await fixture.get('large', 'not0')).toBeUndefined();
    },
  ],
  [
    'reads several items at once, in the order of the request',
    async ({ db, TableName, put }) => {
      await put(META);
      const TransactItems = [{ Get: { TableName, Key: key('nobody', 'x') } }, { Get: { TableName, Key: key('k', 'META'), ProjectionExpression: 'fence' } }];
      expect(await answerOf(db.transactGetItems({ TransactItems }))).toEqual({ Responses: [{}, { Item: { fence: { N: '1' } } }] });
    },
  ],
  ...refused([
    ['refuses two parts on one item', (fixture) => transact(fixture, [bump(fixture.TableName, '1'), { Delete: { TableName: fixture.TableName, Key: key('k', 'META') } }]), V, 'Transaction request cannot include multiple operations on one item'],
    ['refuses to check an item that it writes', (fixture) => transact(fixture, [putNew(fixture.TableName, 'k', 'FREEZE'), noFreeze(fixture.TableName)]), V, 'Transaction request cannot include multiple operations on one item'],
    ['refuses to read an item twice', ({ db, TableName }) => db.transactGetItems({ TransactItems: [{ Get: { TableName, Key: key('k', 'META') } }, { Get: { TableName, Key: key('k', 'META') } }] }), V, 'Transaction request cannot include multiple operations on one item'],
    ['refuses a part without an action', (fixture) => transact(fixture, [{}]), V, 'Invalid Request: TransactWriteRequest should contain Delete or Put or Update request'],
    ['refuses a part with two actions', (fixture) => transact(fixture, [{ ...noFreeze(fixture.TableName), ...putNew(fixture.TableName, 'new') }]), V, 'TransactItems can only contain one of Check, Put, Update or Delete'],
    ['refuses an expression that does not parse', (fixture) => transact(fixture, [{ Put: { TableName: fixture.TableName, Item: key('a', 'b'), ConditionExpression: 'size(pk)' } }]), V, 'Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size'],
    ['refuses a table that does not exist', (fixture) => transact(fixture, [putNew('nowhere', 'a')]), 'ResourceNotFoundException', 'Requested resource not found'],
    ['refuses no parts', (fixture) => transact(fixture, []), V, /at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1/],
    ['refuses a token of more than 36 characters', (fixture) => transact(fixture, [putNew(fixture.TableName, 'a')], 'x'.repeat(37)), V, /at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36/],
  ]),
];
