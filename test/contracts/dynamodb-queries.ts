import type { QueryCommandInput, ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { answerOf, key, refused, type Case, type Fixture, type Item } from './dynamodb-kit';

const V = 'ValidationException';

const due = (pk: string, at: number): Item => ({ ...key(pk, 'META'), dueShard: { S: '0' }, dueAt: { N: String(at) }, owner: { S: 'team' }, secret: { S: 'x' } });
const entry = (pk: string, at: number): Item => ({ ...key(pk, 'META'), dueShard: { S: '0' }, dueAt: { N: String(at) }, owner: { S: 'team' } });

/** A partition with these sort keys, and another one. */
async function fill({ put }: Fixture, ...sortKeys: readonly string[]): Promise<void> {
  await put(key('other', 'x'), ...sortKeys.map((sk, index) => ({ ...key('p', sk), n: { N: String(index % 2) } })));
}

const ofPartition = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'p' } } };
const query = (members: Partial<QueryCommandInput>) => ({ db, TableName }: Fixture) => db.query({ TableName, ...ofPartition, ...members });
const scan = (members: Partial<ScanCommandInput>) => ({ db, TableName }: Fixture) => db.scan({ TableName, ...members });

/** What all pages hold, and how many there are. */
async function pages(page: (start: Item | undefined) => Promise<{ Items?: Item[] | undefined; LastEvaluatedKey?: Item | undefined }>): Promise<{ items: Item[]; count: number }> {
  const items: Item[] = [];
  let start: Item | undefined;
  let count = 0;
  do {
    const answer = await page(start);
    items.push(...(answer.Items ?? []));
    start = answer.LastEvaluatedKey;
    count++;
  } while (start !== undefined && count < 100);
  return { items, count };
}

const RANGES: readonly (readonly [condition: string, values: Item, found: readonly string[]])[] = [
  ['', {}, ['A', 'B', 'B#1', 'B#2', 'C', 'a', 'é']],
  ['AND sk = :x', { ':x': { S: 'B' } }, ['B']],
  ['AND sk < :x', { ':x': { S: 'B#1' } }, ['A', 'B']],
  ['AND sk <= :x', { ':x': { S: 'B' } }, ['A', 'B']],
  ['AND sk > :x', { ':x': { S: 'C' } }, ['a', 'é']],
  ['AND sk >= :x', { ':x': { S: 'C' } }, ['C', 'a', 'é']],
  ['AND sk BETWEEN :x AND :y', { ':x': { S: 'B' }, ':y': { S: 'C' } }, ['B', 'B#1', 'B#2', 'C']],
  ['AND begins_with(sk, :x)', { ':x': { S: 'B#' } }, ['B#1', 'B#2']],
];

export const QUERY_CASES: readonly Case[] = [
  ...RANGES.map(([condition, values, found]): Case => [
    `finds pk = :p ${condition}, forwards and backwards`,
    async (fixture) => {
      await fill(fixture, 'é', 'a', 'C', 'B#2', 'B', 'A', 'B#1');
      const request = { KeyConditionExpression: `pk = :p ${condition}`, ExpressionAttributeValues: { ...ofPartition.ExpressionAttributeValues, ...values } };
      const forwards = await query(request)(fixture);
      const backwards = await query({ ...request, ScanIndexForward: false })(fixture);
      expect(forwards.Items?.map((item) => item['sk']?.S)).toEqual(found);
      expect(backwards.Items?.map((item) => item['sk']?.S)).toEqual([...found].reverse());
    },
  ]),
  [
    'sorts by the bytes of UTF-8',
    async (fixture) => {
      await fill(fixture, '\u{1D11E}', '\uE000', 'z');
      expect((await query({})(fixture)).Items?.map((item) => item['sk']?.S)).toEqual(['z', '\uE000', '\u{1D11E}']);
    },
  ],
  [
    'pages through a partition, with a key after a page that is just full',
    async (fixture) => {
      await fill(fixture, '1', '2', '3', '4');
      const { items, count } = await pages((start) => query({ Limit: 2, ExclusiveStartKey: start })(fixture));
      expect([items.map((item) => item['sk']?.S), count]).toEqual([['1', '2', '3', '4'], 3]);
    },
  ],
  [
    'filters after the limit, and counts both',
    async (fixture) => {
      await fill(fixture, '1', '2', '3', '4');
      const request = { FilterExpression: 'n = :n', ExpressionAttributeValues: { ...ofPartition.ExpressionAttributeValues, ':n': { N: '1' } } };
      expect(await answerOf(query({ ...request, Limit: 3, ProjectionExpression: 'sk' })(fixture))).toEqual({
        Items: [{ sk: { S: '2' } }],
        Count: 1,
        ScannedCount: 3,
        LastEvaluatedKey: key('p', '3'),
      });
      expect(await answerOf(query({ ...request, Select: 'COUNT' })(fixture))).toEqual({ Count: 2, ScannedCount: 4 });
    },
  ],
  [
    'ends a page at one megabyte',
    async (fixture) => {
      for (const sk of ['1', '2', '3', '4']) await fixture.put({ ...key('p', sk), v: { S: 'x'.repeat(390_000) } });
      const { items, count } = await pages((start) => query({ ExclusiveStartKey: start, ConsistentRead: true })(fixture));
      expect([items.length, count]).toEqual([4, 2]);
    },
  ],
  [
    'finds nothing in a partition that is not there',
    async (fixture) => {
      expect(await answerOf(query({})(fixture))).toEqual({ Items: [], Count: 0, ScannedCount: 0 });
    },
  ],
  [
    'queries an index, which holds only what it projects of items that have its keys',
    async (fixture) => {
      await fixture.put(due('b', 20), due('a', 10), due('late', 60), { ...key('undated', 'META'), dueShard: { S: '0' } }, { ...key('unsharded', 'META'), dueAt: { N: '1' } });
      const request = { IndexName: 'due', KeyConditionExpression: 'dueShard = :s AND dueAt <= :now', ExpressionAttributeValues: { ':s': { S: '0' }, ':now': { N: '50' } } };
      expect((await query(request)(fixture)).Items).toEqual([entry('a', 10), entry('b', 20)]);
      const first = await query({ ...request, Limit: 1 })(fixture);
      expect(first.LastEvaluatedKey).toEqual({ ...key('a', 'META'), dueShard: { S: '0' }, dueAt: { N: '10' } });
      expect((await query({ ...request, ExclusiveStartKey: first.LastEvaluatedKey })(fixture)).Items).toEqual([entry('b', 20)]);
    },
  ],
  [
    'follows an item through an index',
    async (fixture) => {
      const { db, TableName } = fixture;
      const request = { IndexName: 'due', KeyConditionExpression: 'dueShard = :s', ExpressionAttributeValues: { ':s': { S: '0' } } };
      const times = async () => (await query(request)(fixture)).Items?.map((item) => item['dueAt']?.N);
      await fixture.put(due('a', 10), due('b', 9));
      expect(await times()).toEqual(['9', '10']);
      await db.updateItem({ TableName, Key: key('a', 'META'), UpdateExpression: 'SET dueAt = :t', ExpressionAttributeValues: { ':t': { N: '-1.5' } } });
      expect(await times()).toEqual(['-1.5', '9']);
      await db.updateItem({ TableName, Key: key('b', 'META'), UpdateExpression: 'REMOVE dueShard' });
      await db.deleteItem({ TableName, Key: key('a', 'META') });
      expect(await times()).toEqual([]);
    },
  ],
  [
    'scans everything, by pages, filtered, counted',
    async (fixture) => {
      const names = Array.from({ length: 12 }, (_, index) => `k${String(index)}`);
      await fixture.put(...names.map((pk, index) => ({ ...key(pk, 'x'), even: { BOOL: index % 2 === 0 } })));
      const filter = { FilterExpression: 'even = :t', ExpressionAttributeValues: { ':t': { BOOL: true } } };
      const { items, count } = await pages((start) => scan({ ...filter, Limit: 5, ConsistentRead: true, ExclusiveStartKey: start })(fixture));
      expect([items.map((item) => item['pk']?.S).sort(), count]).toEqual([names.filter((_, index) => index % 2 === 0).sort(), 3]);
      expect(await answerOf(scan({ Select: 'COUNT' })(fixture))).toEqual({ Count: 12, ScannedCount: 12 });
    },
  ],
  [
    'scans every item in exactly one segment',
    async (fixture) => {
      const names = Array.from({ length: 30 }, (_, index) => `k${String(index)}`);
      await fixture.put(...names.map((pk) => key(pk, 'x')));
      const segments = await Promise.all([0, 1, 2].map((Segment) => pages((start) => scan({ Segment, TotalSegments: 3, Limit: 4, ExclusiveStartKey: start })(fixture))));
      const found = segments.map(({ items }) => items.map((item) => item['pk']?.S ?? ''));
      expect(found.flat().sort()).toEqual([...names].sort());
      expect(found.every((segment) => segment.length > 0)).toBe(true);
    },
  ],
  [
    'scans an index',
    async (fixture) => {
      await fixture.put(due('a', 1), key('b', 'x'));
      expect((await scan({ IndexName: 'due' })(fixture)).Items).toEqual([entry('a', 1)]);
    },
  ],
  ...refused([
    ['refuses a query without a condition', query({ KeyConditionExpression: undefined, ExpressionAttributeValues: undefined }), V, 'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.'],
    ['refuses a query without the partition key', query({ KeyConditionExpression: 'sk = :p' }), V, 'Query condition missed key schema element: pk'],
    ['refuses a partition key that is not equal', query({ KeyConditionExpression: 'pk > :p' }), V, 'Query key condition not supported'],
    ['refuses two conditions on a key', query({ KeyConditionExpression: 'pk = :p AND sk > :p AND sk < :p' }), V, 'KeyConditionExpressions must only contain one condition per key'],
    ['refuses a key condition on another attribute', query({ KeyConditionExpression: 'pk = :p AND n = :p' }), V, 'Query condition missed key schema element: sk'],
    ['refuses OR between key conditions', query({ KeyConditionExpression: 'pk = :p OR sk = :p' }), V, 'Invalid operator used in KeyConditionExpression: OR'],
    ['refuses an operator that has no range', query({ KeyConditionExpression: 'pk = :p AND sk <> :p' }), V, 'Invalid operator used in KeyConditionExpression: <>'],
    ['refuses a key value of the wrong type', query({ ExpressionAttributeValues: { ':p': { N: '1' } } }), V, 'One or more parameter values were invalid: Condition parameter type does not match schema type'],
    ['refuses an empty key value', query({ ExpressionAttributeValues: { ':p': { S: '' } } }), V, 'One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: pk'],
    ['refuses a filter on a key', query({ FilterExpression: 'sk = :p' }), V, 'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk'],
    ['refuses an index that does not exist', query({ IndexName: 'other' }), V, 'The table does not have the specified index: other'],
    ['refuses a strong read of an index', query({ IndexName: 'due', KeyConditionExpression: 'dueShard = :p', ConsistentRead: true }), V, 'Consistent reads are not supported on global secondary indexes'],
    ['refuses all attributes of an index that has few', query({ IndexName: 'due', KeyConditionExpression: 'dueShard = :p', Select: 'ALL_ATTRIBUTES' }), V, 'One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index due because its projection type is not ALL'],
    ['refuses an attribute that an index lacks', query({ IndexName: 'due', KeyConditionExpression: 'dueShard = :p', ProjectionExpression: 'secret' }), V, 'One or more parameter values were invalid: Global secondary index due does not project [secret]'],
    ['refuses a start in another partition', query({ ExclusiveStartKey: key('q', 'a') }), V, 'The provided starting key is outside query boundaries based on provided conditions'],
    ['refuses a start outside the range', query({ KeyConditionExpression: 'pk = :p AND sk > :p', ExclusiveStartKey: key('p', 'a') }), V, 'The provided starting key does not match the range key predicate'],
    ['refuses a start that is no key', query({ ExclusiveStartKey: { pk: { S: 'p' } } }), V, 'The provided starting key is invalid: The provided key element does not match the schema'],
    ['refuses a limit of nothing', query({ Limit: 0 }), V, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"],
    ['refuses to project what is only counted', query({ Select: 'COUNT', ProjectionExpression: 'sk' }), V, 'Cannot specify the ProjectionExpression when choosing to get only the Count'],
    ['refuses a segment that is too high', scan({ Segment: 2, TotalSegments: 2 }), V, 'The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2'],
    ['refuses a segment of nothing', scan({ Segment: 0 }), V, 'The TotalSegments parameter is required but was not present in the request when Segment parameter is present'],
    ['refuses segments without a number', scan({ TotalSegments: 2 }), V, 'The Segment parameter is required but was not present in the request when parameter TotalSegments is present'],
    ['refuses more than a million segments', scan({ Segment: 0, TotalSegments: 1_000_001 }), V, "1 validation error detected: Value '1000001' at 'totalSegments' failed to satisfy constraint: Member must have value less than or equal to 1000000"],
    ['refuses a strong scan of an index', scan({ IndexName: 'due', ConsistentRead: true }), V, 'Consistent reads are not supported on global secondary indexes'],
    ['refuses a table that does not exist', ({ db }) => db.scan({ TableName: 'nowhere' }), 'ResourceNotFoundException', 'Requested resource not found'],
  ]),
];
