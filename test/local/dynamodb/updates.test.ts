import type { AttributeValue, Item } from '../../../local/dynamodb/attribute-value';
import { addDecimals } from '../../../local/dynamodb/decimal';
import { key, refusal, setUp } from './setup';

const KEY = key('KEY#orders', 'META');
const ITEM: Item = {
  ...KEY,
  n: { N: '10' },
  s: { S: 'text' },
  tags: { SS: ['a', 'b'] },
  nums: { NS: ['1'] },
  entries: { L: [{ S: 'x' }, { S: 'y' }, { S: 'z' }] },
  m: { M: { nested: { N: '1' }, deep: { M: { leaf: { S: 'old' } } } } },
  fromTheFuture: { M: { kept: { BOOL: true } } },
};
const VALUES: Readonly<Record<string, AttributeValue>> = {
  ':one': { N: '1' },
  ':ten': { N: '10' },
  ':half': { N: '0.5' },
  ':new': { S: 'new' },
  ':ab': { SS: ['a', 'b'] },
  ':bc': { SS: ['b', 'c'] },
  ':two': { NS: ['2'] },
  ':list': { L: [{ S: 'tail' }] },
  ':map': { M: { a: { N: '1' } } },
};

function used(expression: string): object {
  const entries = Object.entries(VALUES).filter(([name]) => new RegExp(`${name}\\b`).test(expression));
  return entries.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(entries) };
}

describe('an update', () => {
  test.each<[string, Readonly<Record<string, AttributeValue | undefined>>]>([
    ['SET n = n + :one', { n: { N: '11' } }],
    ['SET n = n - :half', { n: { N: '9.5' } }],
    ['SET n = :one - n', { n: { N: '-9' } }],
    ['SET n = if_not_exists(n, :one)', { n: { N: '10' } }],
    ['SET created = if_not_exists(created, :one)', { created: { N: '1' } }],
    ['SET created = if_not_exists(created, :ten) + :one', { created: { N: '11' } }],
    ['SET entries = list_append(entries, :list)', { entries: { L: [{ S: 'x' }, { S: 'y' }, { S: 'z' }, { S: 'tail' }] } }],
    ['SET entries = list_append(:list, entries)', { entries: { L: [{ S: 'tail' }, { S: 'x' }, { S: 'y' }, { S: 'z' }] } }],
    ['SET fresh = list_append(if_not_exists(fresh, :list), :list)', { fresh: { L: [{ S: 'tail' }, { S: 'tail' }] } }],
    ['SET entries[1] = :new', { entries: { L: [{ S: 'x' }, { S: 'new' }, { S: 'z' }] } }],
    ['SET entries[9] = :new, entries[7] = :one', { entries: { L: [{ S: 'x' }, { S: 'y' }, { S: 'z' }, { N: '1' }, { S: 'new' }] } }],
    ['SET m.deep.leaf = :new', { m: { M: { nested: { N: '1' }, deep: { M: { leaf: { S: 'new' } } } } } }],
    ['SET m.added = :map', { m: { M: { nested: { N: '1' }, deep: { M: { leaf: { S: 'old' } } }, added: { M: { a: { N: '1' } } } } } }],
    ['SET s = n, n = s', { s: { N: '10' }, n: { S: 'text' } }],
    ['SET m.nested = m.nested + :one, m.deep.leaf = s', { m: { M: { nested: { N: '2' }, deep: { M: { leaf: { S: 'text' } } } } } }],
    ['REMOVE s, m.deep', { s: undefined, m: { M: { nested: { N: '1' } } } }],
    ['REMOVE entries[0], entries[1]', { entries: { L: [{ S: 'z' }] } }],
    ['REMOVE entries[7], absent', {}],
    ['SET entries[1] = :new REMOVE entries[0]', { entries: { L: [{ S: 'new' }, { S: 'z' }] } }],
    ['ADD n :one, fresh :ten', { n: { N: '11' }, fresh: { N: '10' } }],
    ['ADD tags :bc, nums :two, freshSet :ab', { tags: { SS: ['a', 'b', 'c'] }, nums: { NS: ['1', '2'] }, freshSet: { SS: ['a', 'b'] } }],
    ['ADD m.nested :one', { m: { M: { nested: { N: '2' }, deep: { M: { leaf: { S: 'old' } } } } } }],
    ['DELETE tags :bc', { tags: { SS: ['a'] } }],
    ['DELETE tags :ab', { tags: undefined }],
    ['DELETE absent :ab', {}],
    ['SET s = :new ADD n :one REMOVE m DELETE tags :bc', { s: { S: 'new' }, n: { N: '11' }, m: undefined, tags: { SS: ['a'] } }],
  ])('%s', (expression, changes) => {
    const { call, get, put } = setUp();
    put(ITEM);
    const after = Object.fromEntries(Object.entries({ ...ITEM, ...changes }).filter(([, value]) => value !== undefined));
    const answer = call('UpdateItem', { Key: KEY, UpdateExpression: expression, ...used(expression), ReturnValues: 'ALL_NEW' });
    expect(answer.Attributes).toEqual(after);
    expect(get('KEY#orders', 'META')).toEqual(after);
  });

  test('makes the item when there is none', () => {
    const { call, get } = setUp();
    call('UpdateItem', { Key: KEY, UpdateExpression: 'ADD n :one', ...used(':one') });
    expect(get('KEY#orders', 'META')).toEqual({ ...KEY, n: { N: '1' } });
  });

  test('without an expression makes the item of its key alone', () => {
    const { call, get } = setUp();
    call('UpdateItem', { Key: KEY });
    expect(get('KEY#orders', 'META')).toEqual(KEY);
  });

  test('keeps the attributes that it does not know', () => {
    const { call, get, put } = setUp();
    put(ITEM);
    call('UpdateItem', { Key: KEY, UpdateExpression: 'SET s = :new', ...used(':new') });
    expect(get('KEY#orders', 'META')?.['fromTheFuture']).toEqual(ITEM['fromTheFuture']);
  });

  test.each<[string, string]>([
    ['SET n = s + :one', 'An operand in the update expression has an incorrect data type'],
    ['SET n = absent + :one', 'The provided expression refers to an attribute that does not exist in the item'],
    ['SET s = absent', 'The provided expression refers to an attribute that does not exist in the item'],
    ['SET entries = list_append(s, :list)', 'An operand in the update expression has an incorrect data type'],
    ['ADD s :one', 'An operand in the update expression has an incorrect data type'],
    ['ADD nums :ab', 'An operand in the update expression has an incorrect data type'],
    ['DELETE s :ab', 'An operand in the update expression has an incorrect data type'],
    ['SET absent.nested = :one', 'The document path provided in the update expression is invalid for update'],
    ['SET m[0] = :one', 'The document path provided in the update expression is invalid for update'],
    ['SET entries.nested = :one', 'The document path provided in the update expression is invalid for update'],
    ['REMOVE s[0]', 'The document path provided in the update expression is invalid for update'],
    ['SET pk = :new', 'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key'],
    ['SET m = :map, m.nested = :one', 'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, nested]'],
    ['ADD n :ab, n :one', 'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [n], path two: [n]'],
    ['ADD n :list', 'Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: LIST'],
    ['SET dueAt = :new', 'One or more parameter values were invalid: Type mismatch for Index Key dueAt Expected: N Actual: S IndexName: due'],
    ['SET dueAt = s', 'One or more parameter values were invalid: Type mismatch for Index Key dueAt Expected: N Actual: S IndexName: due'],
  ])('is refused: %s', (expression, message) => {
    const { call, get, put, written } = setUp();
    put(ITEM);
    const error = refusal(() => call('UpdateItem', { Key: KEY, UpdateExpression: expression, ...used(expression) }));
    expect([error.code, error.message]).toEqual(['ValidationException', message]);
    expect(get('KEY#orders', 'META')).toEqual(ITEM);
    expect(written()).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['NONE', {}],
    ['ALL_OLD', { Attributes: ITEM }],
    ['ALL_NEW', { Attributes: { ...ITEM, n: { N: '11' }, m: { M: { nested: { N: '1' }, deep: { M: { leaf: { S: 'new' } } } } } } }],
    ['UPDATED_OLD', { Attributes: { n: { N: '10' }, m: { M: { deep: { M: { leaf: { S: 'old' } } } } } } }],
    ['UPDATED_NEW', { Attributes: { n: { N: '11' }, m: { M: { deep: { M: { leaf: { S: 'new' } } } } } } }],
  ])('answers with ReturnValues %s', (wanted, expected) => {
    const { call, put } = setUp();
    put(ITEM);
    const expression = 'SET n = n + :one, m.deep.leaf = :new';
    expect(call('UpdateItem', { Key: KEY, UpdateExpression: expression, ...used(expression), ReturnValues: wanted })).toEqual(expected);
  });

  test('answers without Attributes where there are none', () => {
    const { call } = setUp();
    const first = { Key: KEY, UpdateExpression: 'SET n = :one', ...used(':one') };
    expect(call('UpdateItem', { ...first, ReturnValues: 'UPDATED_OLD' })).toEqual({});
    expect(call('UpdateItem', { Key: KEY, UpdateExpression: 'REMOVE n', ReturnValues: 'UPDATED_NEW' })).toEqual({});
  });
});

describe('sums of decimals', () => {
  test.each<[string, string, 1 | -1, string]>([
    ['0.1', '0.2', 1, '0.3'],
    ['1', '0.5', -1, '0.5'],
    ['1', '1.5', -1, '-0.5'],
    ['-0.05', '0.05', 1, '0'],
    ['99999999999999999999999999999999999999', '1', 1, '100000000000000000000000000000000000000'],
    ['-12.5', '-7.25', -1, '-5.25'],
  ])('%s and %s (%d) are exact', (left, right, sign, expected) => {
    expect(addDecimals(left, right, sign)).toBe(expected);
  });
});
