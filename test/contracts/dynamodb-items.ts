import { answerOf, bytesOfText, key, refusalOf, refused, type Case, type Item } from './dynamodb-kit';

const V = 'ValidationException';
const INVALID = 'One or more parameter values were invalid: ';
const NOT_VALID = 'One or more parameter values are not valid. ';

/** Documents within documents. */
function nested(depth: number): Item[string] {
  let value: Item[string] = { S: 'leaf' };
  for (let level = 0; level < depth; level++) value = { M: { inner: value } };
  return value;
}

/** PutItem, GetItem, UpdateItem, DeleteItem and the batches. */
export const ITEM_CASES: readonly Case[] = [
  [
    'stores every type of value, numbers normalized',
    async ({ put, get }) => {
      const values: Item = {
        s: { S: 'é' },
        empty: { S: '' },
        n: { N: '12345678901234567890123456789012345678' },
        small: { N: '-0.00000000001' },
        b: { B: Uint8Array.from([0, 255, 1]) },
        t: { BOOL: false },
        nothing: { NULL: true },
        ss: { SS: ['a'] },
        ns: { NS: ['1'] },
        bs: { BS: [Uint8Array.from([255])] },
        l: { L: [{ S: 'x' }, { M: { y: { N: '2' } } }, { L: [] }] },
        m: { M: {} },
      };
      await put({ ...key('a', 'b'), ...values, e: { N: '1.50e3' }, z: { N: '-0' }, lead: { N: '007.10' } });
      expect(await get('a', 'b')).toEqual({ ...key('a', 'b'), ...values, e: { N: '1500' }, z: { N: '0' }, lead: { N: '7.1' } });
    },
  ],
  [
    'answers a put with the old item, if wanted',
    async ({ db, TableName, put }) => {
      await put({ ...key('a', 'b'), n: { N: '1' } });
      expect(await answerOf(db.putItem({ TableName, Item: key('a', 'b'), ReturnValues: 'ALL_OLD' }))).toEqual({ Attributes: { ...key('a', 'b'), n: { N: '1' } } });
      expect(await answerOf(db.putItem({ TableName, Item: key('a', 'c'), ReturnValues: 'ALL_OLD' }))).toEqual({});
    },
  ],
  [
    'answers a delete with the old item, if wanted, and deletes nothing twice',
    async ({ db, TableName, put, get }) => {
      await put({ ...key('a', 'b'), n: { N: '1' } });
      const request = { TableName, Key: key('a', 'b'), ReturnValues: 'ALL_OLD' as const };
      expect(await answerOf(db.deleteItem(request))).toEqual({ Attributes: { ...key('a', 'b'), n: { N: '1' } } });
      expect(await answerOf(db.deleteItem(request))).toEqual({});
      expect(await get('a', 'b')).toBeUndefined();
    },
  ],
  ...(
    [
      ['NONE', undefined],
      ['ALL_OLD', { ...key('a', 'b'), n: { N: '1' }, m: { M: { x: { N: '1' }, y: { N: '2' } } } }],
      ['ALL_NEW', { ...key('a', 'b'), n: { N: '2' }, m: { M: { x: { N: '9' }, y: { N: '2' } } } }],
      ['UPDATED_OLD', { n: { N: '1' }, m: { M: { x: { N: '1' } } } }],
      ['UPDATED_NEW', { n: { N: '2' }, m: { M: { x: { N: '9' } } } }],
    ] as const
  ).map(
    ([ReturnValues, attributes]): Case => [
      `answers an update with ReturnValues ${ReturnValues}`,
      async ({ db, TableName, put }) => {
        await put({ ...key('a', 'b'), n: { N: '1' }, m: { M: { x: { N: '1' }, y: { N: '2' } } } });
        const answer = db.updateItem({
          TableName,
          Key: key('a', 'b'),
          UpdateExpression: 'SET n = n + :one, m.x = :nine',
          ExpressionAttributeValues: { ':one': { N: '1' }, ':nine': { N: '9' } },
          ReturnValues,
        });
        expect(await answerOf(answer)).toEqual(attributes === undefined ? {} : { Attributes: attributes });
      },
    ],
  ),
  [
    'makes the item that an update does not find',
    async ({ db, TableName, get }) => {
      await db.updateItem({ TableName, Key: key('a', 'b') });
      await db.updateItem({ TableName, Key: key('a', 'c'), UpdateExpression: 'ADD n :n', ExpressionAttributeValues: { ':n': { N: '5' } } });
      expect([await get('a', 'b'), await get('a', 'c')]).toEqual([key('a', 'b'), { ...key('a', 'c'), n: { N: '5' } }]);
    },
  ],
  [
    'projects what is asked for',
    async ({ db, TableName, put }) => {
      await put({ ...key('a', 'b'), n: { N: '1' }, m: { M: { x: { S: 'y' }, z: { S: 'z' } } }, l: { L: [{ N: '0' }, { N: '1' }, { N: '2' }] } });
      const request = { TableName, Key: key('a', 'b'), ProjectionExpression: '#n, m.x, l[2], l[0], absent', ExpressionAttributeNames: { '#n': 'n' } };
      expect(await answerOf(db.getItem(request))).toEqual({ Item: { n: { N: '1' }, m: { M: { x: { S: 'y' } } }, l: { L: [{ N: '0' }, { N: '2' }] } } });
    },
  ],
  [
    'refuses a write whose condition fails, and shows the item if wanted',
    async ({ db, TableName, put, get }) => {
      const item = { ...key('a', 'b'), n: { N: '1' } };
      await put(item);
      const request = { TableName, Item: key('a', 'b'), ConditionExpression: 'attribute_not_exists(pk)' };
      const plain = await refusalOf(db.putItem(request));
      expect([plain.name, plain.message, plain['Item']]).toEqual(['ConditionalCheckFailedException', 'The conditional request failed', undefined]);
      const showing = await refusalOf(db.putItem({ ...request, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
      expect([showing.name, showing['Item']]).toEqual(['ConditionalCheckFailedException', item]);
      const absent = await refusalOf(db.deleteItem({ TableName, Key: key('a', 'c'), ConditionExpression: 'attribute_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
      expect([absent.name, absent['Item']]).toEqual(['ConditionalCheckFailedException', undefined]);
      expect(await get('a', 'b')).toEqual(item);
    },
  ],
  [
    'reads a batch',
    async ({ db, TableName, put }) => {
      await put({ ...key('a', '1'), n: { N: '1' } }, { ...key('a', '2'), n: { N: '2' } });
      const Keys = [key('a', '1'), key('a', '2'), key('a', '3')];
      const { Responses, UnprocessedKeys } = await db.batchGetItem({ RequestItems: { [TableName]: { Keys, ProjectionExpression: 'n' } } });
      expect(UnprocessedKeys).toEqual({});
      expect(Responses?.[TableName]).toHaveLength(2);
      expect(Responses?.[TableName]).toEqual(expect.arrayContaining([{ n: { N: '1' } }, { n: { N: '2' } }]));
    },
  ],
  [
    'leaves of a batch of reads what would be more than 16 MB',
    async ({ db, TableName }) => {
      const keys = Array.from({ length: 45 }, (_, index) => key('large', String(index)));
      const v = { S: 'x'.repeat(400_000) };
      await Promise.all(keys.map((item) => db.putItem({ TableName, Item: { ...item, v } })));
      const { Responses, UnprocessedKeys } = await db.batchGetItem({ RequestItems: { [TableName]: { Keys: keys, ConsistentRead: true } } });
      const read = Responses?.[TableName]?.length ?? 0;
      // 41 items of 400,000 bytes and a bit are 16.4 million bytes; 16 MB are 16,777,216.
      expect([read, UnprocessedKeys?.[TableName]?.Keys?.length]).toEqual([41, 4]);
      expect(UnprocessedKeys?.[TableName]?.ConsistentRead).toBe(true);
    },
  ],
  [
    'writes a batch',
    async ({ db, TableName, put, get }) => {
      await put(key('a', 'old'));
      const requests = [{ PutRequest: { Item: { ...key('a', 'new'), n: { N: '1' } } } }, { DeleteRequest: { Key: key('a', 'old') } }, { DeleteRequest: { Key: key('a', 'never') } }];
      expect(await answerOf(db.batchWriteItem({ RequestItems: { [TableName]: requests } }))).toEqual({ UnprocessedItems: {} });
      expect([await get('a', 'new'), await get('a', 'old')]).toEqual([{ ...key('a', 'new'), n: { N: '1' } }, undefined]);
    },
  ],
  [
    'stores an item of 400 KB, names and values counted in UTF-8',
    async ({ put, get }) => {
      // Names and values of the key have 2 + 1 + 2 + 1 bytes, the name of the text two.
      await put({ ...key('a', 'b'), é: { S: bytesOfText(409_600 - 8) } });
      expect(await get('a', 'b')).toBeDefined();
    },
  ],
  ...refused([
    ['refuses a table that does not exist', ({ db }) => db.getItem({ TableName: 'nowhere', Key: key('a', 'b') }), 'ResourceNotFoundException', 'Requested resource not found'],
    ['refuses an item without its sort key', ({ db, TableName }) => db.putItem({ TableName, Item: { pk: { S: 'a' } } }), V, `${INVALID}Missing the key sk in the item`],
    ['refuses a key of the wrong type', ({ db, TableName }) => db.putItem({ TableName, Item: { pk: { S: 'a' }, sk: { N: '1' } } }), V, `${INVALID}Type mismatch for key sk expected: S actual: N`],
    ['refuses a read by half a key', ({ db, TableName }) => db.getItem({ TableName, Key: { pk: { S: 'a' } } }), V, 'The provided key element does not match the schema'],
    ['refuses a read by more than a key', ({ db, TableName }) => db.getItem({ TableName, Key: { ...key('a', 'b'), x: { S: 'y' } } }), V, 'The provided key element does not match the schema'],
    ['refuses to put an empty key value', ({ db, TableName }) => db.putItem({ TableName, Item: key('a', '') }), V, `${NOT_VALID}The AttributeValue for a key attribute cannot contain an empty string value. Key: sk`],
    ['refuses to read by an empty key value', ({ db, TableName }) => db.getItem({ TableName, Key: key('', 'b') }), V, `${NOT_VALID}The AttributeValue for a key attribute cannot contain an empty string value. Key: pk`],
    ['refuses an empty index key', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), dueShard: { S: '' } } }), V, `${NOT_VALID}A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: due, IndexKey: dueShard`],
    ['refuses an index key of the wrong type', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), dueAt: { S: '1' } } }), V, `${INVALID}Type mismatch for Index Key dueAt Expected: N Actual: S IndexName: due`],
    ['refuses a partition key of more than 2048 bytes', ({ db, TableName }) => db.putItem({ TableName, Item: key(bytesOfText(2050), 'b') }), V, `${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`],
    ['refuses a sort key of more than 1024 bytes', ({ db, TableName }) => db.getItem({ TableName, Key: key('a', bytesOfText(1026)) }), V, `${INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`],
    ['refuses an item of more than 400 KB in UTF-8', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { S: bytesOfText(409_600) } } }), V, 'Item size has exceeded the maximum allowed size'],
    ['refuses an update to more than 400 KB in UTF-8', ({ db, TableName }) => db.updateItem({ TableName, Key: key('a', 'b'), UpdateExpression: 'SET v = :v', ExpressionAttributeValues: { ':v': { S: bytesOfText(409_600) } } }), V, 'Item size to update has exceeded the maximum allowed size'],
    ['refuses documents nested deeper than 32 levels', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: nested(33) } }), V, 'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit'],
    ['refuses an empty set', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { SS: [] } } }), V, `${INVALID}An string set  may not be empty`],
    ['refuses a set with duplicates', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { SS: ['x', 'x'] } } }), V, `${INVALID}Input collection [x, x] contains duplicates.`],
    ['refuses a number set with duplicates that are written differently', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { NS: ['1', '1.0'] } } }), V, 'Input collection contains duplicates'],
    ['refuses NULL that is false', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { NULL: false as never } } }), V, `${INVALID}Null attribute value types must have the value of true`],
    ['refuses a number that is none', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { N: 'one' } } }), V, 'The parameter cannot be converted to a numeric value: one'],
    ['refuses a number without digits', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { N: '' } } }), V, 'The parameter cannot be converted to a numeric value'],
    ['refuses a number of 39 digits', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { N: '1'.repeat(39) } } }), V, 'Attempting to store more than 38 significant digits in a Number'],
    ['refuses a number that is too large', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { N: '1e126' } } }), V, 'Number overflow. Attempting to store a number with magnitude larger than supported range'],
    ['refuses a number that is too small', ({ db, TableName }) => db.putItem({ TableName, Item: { ...key('a', 'b'), v: { N: '1e-131' } } }), V, 'Number underflow. Attempting to store a number with magnitude smaller than supported range'],
    ['refuses ReturnValues that a put has not', ({ db, TableName }) => db.putItem({ TableName, Item: key('a', 'b'), ReturnValues: 'ALL_NEW' }), V, 'ReturnValues can only be ALL_OLD or NONE'],
    ['refuses to read an item twice in a batch', ({ db, TableName }) => db.batchGetItem({ RequestItems: { [TableName]: { Keys: [key('a', 'b'), key('a', 'b')] } } }), V, 'Provided list of item keys contains duplicates'],
    ['refuses a batch of more than 100 reads', ({ db, TableName }) => db.batchGetItem({ RequestItems: { [TableName]: { Keys: Array.from({ length: 101 }, (_, index) => key('a', String(index))) } } }), V, /^(?:Too many items requested for the BatchGetItem call|1 validation error detected: .*Member must have length less than or equal to 100)/],
    ['refuses to write an item twice in a batch', ({ db, TableName }) => db.batchWriteItem({ RequestItems: { [TableName]: [{ PutRequest: { Item: key('a', 'b') } }, { DeleteRequest: { Key: key('a', 'b') } }] } }), V, 'Provided list of item keys contains duplicates'],
    ['refuses a batch of more than 25 writes', ({ db, TableName }) => db.batchWriteItem({ RequestItems: { [TableName]: Array.from({ length: 26 }, (_, index) => ({ PutRequest: { Item: key('a', String(index)) } })) } }), V, /Member must have length less than or equal to 25/],
    ['refuses a batch without requests', ({ db }) => db.batchWriteItem({ RequestItems: {} }), V, /^1 validation error detected: .*at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1/],
    ['refuses a batch of a table that does not exist', ({ db }) => db.batchWriteItem({ RequestItems: { nowhere: [{ PutRequest: { Item: key('a', 'b') } }] } }), 'ResourceNotFoundException', 'Requested resource not found'],
    ['refuses a batch whose item lacks its key', ({ db, TableName }) => db.batchWriteItem({ RequestItems: { [TableName]: [{ PutRequest: { Item: { pk: { S: 'a' } } } }] } }), V, 'The provided key element does not match the schema'],
  ]),
];
