import fc from 'fast-check';
import type { AttributeValue, Item } from '../../../local/dynamodb/attribute-value';
import { CALLER, key, refusal, setUp, type Answer } from './setup';

type Call = (operation: string, input: object) => Answer;

const PARTITION = { ':p': { S: 'p' } };

function filled(...sortKeys: readonly string[]) {
  const all = setUp();
  for (const sk of sortKeys) all.put(key('p', sk));
  all.put(key('other', 'x'));
  return all;
}

function sortKeys({ Items = [] }: Answer): readonly (string | undefined)[] {
  return Items.map((item) => item['sk']?.S);
}

/** Every page of a query or scan. */
function pages(call: Call, operation: string, request: object): readonly Answer[] {
  const answers: Answer[] = [];
  let start: Item | undefined;
  do {
    const answer = call(operation, { ...request, ExclusiveStartKey: start });
    answers.push(answer);
    if (answers.length > 100) throw new Error('The pages do not end.');
    start = answer.LastEvaluatedKey;
  } while (start !== undefined);
  return answers;
}

describe('a query', () => {
  test.each<[string, string, Readonly<Record<string, AttributeValue>>, readonly string[]]>([
    ['the whole partition', '', {}, ['', 'A', 'B', 'B#1', 'B#2', 'C', 'a', 'é']],
    ['one key', 'AND sk = :x', { ':x': { S: 'B' } }, ['B']],
    ['what is less', 'AND sk < :x', { ':x': { S: 'B' } }, ['A']],
    ['what is not greater', 'AND sk <= :x', { ':x': { S: 'B' } }, ['A', 'B']],
    ['what is greater', 'AND sk > :x', { ':x': { S: 'B' } }, ['B#1', 'B#2', 'C', 'a', 'é']],
    ['what is not less', 'AND sk >= :x', { ':x': { S: 'C' } }, ['C', 'a', 'é']],
    ['what lies between', 'AND sk BETWEEN :x AND :y', { ':x': { S: 'B' }, ':y': { S: 'C' } }, ['B', 'B#1', 'B#2', 'C']],
    ['a prefix', 'AND begins_with(sk, :x)', { ':x': { S: 'B' } }, ['B', 'B#1', 'B#2']],
    ['operands the other way round', 'AND :x > sk', { ':x': { S: 'B' } }, ['A']],
  ])('finds %s', (_case, condition, values, expected) => {
    const { call } = filled('é', 'a', 'C', 'B#2', 'B', 'A', 'B#1');
    const request = { KeyConditionExpression: `pk = :p ${condition}`, ExpressionAttributeValues: { ...PARTITION, ...values } };
    const found = expected.filter((sortKey) => sortKey !== '');
    expect(sortKeys(call('Query', request))).toEqual(found);
    expect(sortKeys(call('Query', { ...request, ScanIndexForward: false }))).toEqual([...found].reverse());
  });

  test.each([true, false])('pages through everything once (forward: %s)', (isForward) => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }), { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (names, limit) => {
        const { call } = filled(...names);
        const request = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: PARTITION, ScanIndexForward: isForward };
        const sorted = [...names].sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
        const expected = isForward ? sorted : sorted.reverse();
        const answers = pages(call, 'Query', { ...request, Limit: limit });
        expect(answers.flatMap(sortKeys)).toEqual(expected);
        expect(answers).toHaveLength(Math.floor(names.length / limit) + 1);
        expect(sortKeys(call('Query', request))).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  test('filters after the limit, counts, projects', () => {
    const { call, put } = setUp();
    for (const [index, sk] of ['1', '2', '3', '4'].entries()) put({ ...key('p', sk), n: { N: String(index % 2) } });
    const request = {
      KeyConditionExpression: 'pk = :p',
      FilterExpression: 'n = :n',
      ExpressionAttributeValues: { ...PARTITION, ':n': { N: '1' } },
    };
    expect(call('Query', { ...request, Limit: 3, ProjectionExpression: 'sk' })).toEqual({
      Items: [{ sk: { S: '2' } }],
      Count: 1,
      ScannedCount: 3,
      LastEvaluatedKey: key('p', '3'),
    });
    expect(call('Query', { ...request, Select: 'COUNT' })).toEqual({ Count: 2, ScannedCount: 4 });
  });

  test('ends a page at one megabyte', () => {
    const { call, put } = setUp();
    for (const sk of ['1', '2', '3', '4']) put({ ...key('p', sk), v: { S: 'x'.repeat(390_000) } });
    const answers = pages(call, 'Query', { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: PARTITION });
    expect(answers.map(sortKeys)).toEqual([['1', '2', '3'], ['4']]);
  });

  test.each<[string, object, string]>([
    ['without a condition', { ExpressionAttributeValues: undefined, KeyConditionExpression: undefined }, 'Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.'],
    ['without the partition key', { KeyConditionExpression: 'sk = :p' }, 'Query condition missed key schema element: pk'],
    ['for a partition key that is not equal', { KeyConditionExpression: 'pk > :p' }, 'Query key condition not supported'],
    ['for two conditions on a key', { KeyConditionExpression: 'pk = :p AND sk > :p AND sk < :p' }, 'KeyConditionExpressions must only contain one condition per key'],
    ['for another attribute', { KeyConditionExpression: 'pk = :p AND n = :p' }, 'Query condition missed key schema element: sk'],
    ['for an operator that has no range', { KeyConditionExpression: 'pk = :p AND sk <> :p' }, 'Invalid operator used in KeyConditionExpression: <>'],
    ['for a value of the wrong type', { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { N: '1' } } }, 'One or more parameter values were invalid: Condition parameter type does not match schema type'],
    ['for a filter on a key', { FilterExpression: 'sk = :p' }, 'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk'],
    ['for an index that does not exist', { IndexName: 'other' }, 'The table does not have the specified index: other'],
    ['for a strong read of an index', { IndexName: 'due', KeyConditionExpression: 'dueShard = :p', ConsistentRead: true }, 'Consistent reads are not supported on global secondary indexes'],
    ['for all attributes of an index that has few', { IndexName: 'due', KeyConditionExpression: 'dueShard = :p', Select: 'ALL_ATTRIBUTES' }, 'One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index due because its projection type is not ALL'],
    ['for an attribute that an index lacks', { IndexName: 'due', KeyConditionExpression: 'dueShard = :p', ProjectionExpression: 'n' }, 'One or more parameter values were invalid: Global secondary index due does not project [n]'],
    ['for a start in another partition', { ExclusiveStartKey: key('q', 'a') }, 'The provided starting key is outside query boundaries based on provided conditions'],
    ['for a start outside its range', { KeyConditionExpression: 'pk = :p AND sk > :p', ExclusiveStartKey: key('p', 'a') }, 'The provided starting key does not match the range key predicate'],
    ['for a start that is no key', { ExclusiveStartKey: { pk: { S: 'p' } } }, 'The provided starting key is invalid: The provided key element does not match the schema'],
    ['for a limit of nothing', { Limit: 0 }, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"],
    ['for a count that is projected', { Select: 'COUNT', ProjectionExpression: 'sk' }, 'Cannot specify the ProjectionExpression when choosing to get only the Count'],
  ])('is refused %s', (_case, members, message) => {
    const { call } = filled('a');
    const request = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: PARTITION, ...members };
    const error = refusal(() => call('Query', request));
    expect([error.code, error.message]).toEqual(['ValidationException', message]);
  });
});

describe('numeric sort keys', () => {
  test('are in the order of the numbers', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }).filter((n) => n === 0 || Math.abs(n) > 1e-20), { selector: (n) => n + 0, maxLength: 12 }), (numbers) => {
        const { call, put } = setUp();
        for (const [index, n] of numbers.entries()) put({ ...key('p', String(index)), dueShard: { S: '0' }, dueAt: { N: String(n + 0) } });
        const found = call('Query', { IndexName: 'due', KeyConditionExpression: 'dueShard = :s', ExpressionAttributeValues: { ':s': { S: '0' } } });
        expect(found.Items?.map((item) => Number(item['dueAt']?.N))).toEqual(numbers.map((n) => n + 0).sort((left, right) => left - right));
      }),
      { numRuns: 60 },
    );
  });
});

describe('an index', () => {
  const query = { IndexName: 'due', KeyConditionExpression: 'dueShard = :s AND dueAt <= :now', ExpressionAttributeValues: { ':s': { S: '0' }, ':now': { N: '50' } } };
  const due = (pk: string, at: number): Item => ({ ...key(pk, 'META'), dueShard: { S: '0' }, dueAt: { N: String(at) }, owner: { S: 'team' }, secret: { S: 'x' } });

  test('holds only items that have its key, with the attributes it projects', () => {
    const { call, put } = setUp();
    put(due('b', 20));
    put(due('a', 10));
    put(due('late', 60));
    put({ ...key('undated', 'META'), dueShard: { S: '0' } });
    put({ ...key('unsharded', 'META'), dueAt: { N: '15' } });
    expect(call('Scan', { IndexName: 'due', Select: 'COUNT' }).Count).toBe(3);
    const entry = (pk: string, at: number): Item => ({ ...key(pk, 'META'), dueShard: { S: '0' }, dueAt: { N: String(at) }, owner: { S: 'team' } });
    expect(call('Query', query).Items).toEqual([entry('a', 10), entry('b', 20)]);
    expect(call('Query', { ...query, Limit: 1 }).LastEvaluatedKey).toEqual({ ...key('a', 'META'), dueShard: { S: '0' }, dueAt: { N: '10' } });
    expect(pages(call, 'Query', { ...query, Limit: 1 }).flatMap(({ Items = [] }) => Items)).toHaveLength(2);
  });

  test('loses an item that moves away or loses its key', () => {
    const { call, put } = setUp();
    put(due('a', 10));
    put(due('b', 20));
    call('UpdateItem', { Key: key('a', 'META'), UpdateExpression: 'REMOVE dueAt' });
    call('UpdateItem', { Key: key('b', 'META'), UpdateExpression: 'SET dueAt = :t', ExpressionAttributeValues: { ':t': { N: '30' } } });
    expect(call('Query', query).Items?.map((item) => item['dueAt'])).toEqual([{ N: '30' }]);
    call('DeleteItem', { Key: key('b', 'META') });
    expect(call('Query', query)).toEqual({ Items: [], Count: 0, ScannedCount: 0 });
  });

  test('keeps apart items with the same key', () => {
    const { call, put } = setUp();
    put(due('b', 10));
    put(due('a', 10));
    expect(pages(call, 'Query', { ...query, Limit: 1 }).flatMap(({ Items = [] }) => Items.map((item) => item['pk']?.S))).toEqual(['a', 'b']);
  });

  test('that lags shows the past, while the table does not', async () => {
    const { call, clock, get, put } = setUp({ indexLagMs: 1000 });
    const found = (): unknown => call('Query', query).Items?.map((item) => item['dueAt']?.N);
    put(due('a', 10));
    expect([found(), get('a', 'META')]).toEqual([[], due('a', 10)]);
    await clock.runUntil(clock.nowMs() + 600);
    put(due('a', 20));
    await clock.runUntil(clock.nowMs() + 400);
    expect(found()).toEqual(['10']);
    await clock.runUntil(clock.nowMs() + 600);
    expect(found()).toEqual(['20']);
  });
});

describe('a scan', () => {
  test('pages through every item once, filtered', () => {
    const { call, put } = setUp();
    const names = Array.from({ length: 20 }, (_, index) => `k${String(index)}`);
    for (const [index, pk] of names.entries()) for (const sk of ['a', 'b']) put({ ...key(pk, sk), even: { BOOL: index % 2 === 0 } });
    const request = { FilterExpression: 'even = :t', ExpressionAttributeValues: { ':t': { BOOL: true } }, Limit: 3 };
    const found = pages(call, 'Scan', request).flatMap(({ Items = [] }) => Items.map((item) => `${String(item['pk']?.S)}/${String(item['sk']?.S)}`));
    expect([...found].sort()).toEqual(names.filter((_, index) => index % 2 === 0).flatMap((pk) => [`${pk}/a`, `${pk}/b`]).sort());
    expect(call('Scan', { Select: 'COUNT' })).toEqual({ Count: 40, ScannedCount: 40 });
  });

  test('does not read partitions in the order of their keys', () => {
    const { call, put } = setUp();
    const names = Array.from({ length: 20 }, (_, index) => String.fromCharCode(97 + index));
    for (const pk of names) put(key(pk, 'x'));
    expect(call('Scan', {}).Items?.map((item) => item['pk']?.S)).not.toEqual(names);
  });

  test('reads an index', () => {
    const { call, put } = setUp();
    put({ ...key('a', 'b'), dueShard: { S: '0' }, dueAt: { N: '1' } });
    put(key('c', 'd'));
    const answers = pages(call, 'Scan', { IndexName: 'due', Limit: 1 });
    expect(answers.flatMap(({ Items = [] }) => Items)).toEqual([{ ...key('a', 'b'), dueShard: { S: '0' }, dueAt: { N: '1' } }]);
    expect(refusal(() => call('Scan', { IndexName: 'due', ConsistentRead: true })).message).toBe('Consistent reads are not supported on global secondary indexes');
  });
});

describe('a table without a sort key', () => {
  test('is read and queried by its partition key', () => {
    const { service } = setUp();
    const table = { TableName: 'simple', BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }], KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] };
    service.call('CreateTable', table, CALLER);
    const call: Call = (operation, input) => service.call(operation, { TableName: 'simple', ...input }, CALLER) as Answer;
    call('PutItem', { Item: { id: { N: '1.0' } } });
    const request = { KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': { N: '1' } } };
    expect(call('Query', { ...request, Limit: 1 })).toEqual({ Items: [{ id: { N: '1' } }], Count: 1, ScannedCount: 1, LastEvaluatedKey: { id: { N: '1' } } });
    expect(pages(call, 'Query', { ...request, Limit: 1 })).toHaveLength(2);
    const error = refusal(() => call('Query', { KeyConditionExpression: 'id = :id AND x = :id', ExpressionAttributeValues: request.ExpressionAttributeValues }));
    expect(error.message).toBe('Query key condition not supported');
  });
});
