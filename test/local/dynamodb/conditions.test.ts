import type { AttributeValue, Item } from '../../../local/dynamodb/attribute-value';
import { key, refusal, setUp } from './setup';

const ITEM: Item = {
  ...key('KEY#orders', 'META'),
  count: { N: '7' },
  owner: { S: 'payments' },
  blank: { S: '' },
  off: { BOOL: false },
  nothing: { NULL: true },
  bytes: { B: 'aGVsbG8=' },
  tags: { SS: ['blue', 'green'] },
  sizes: { NS: ['1', '2'] },
  lease: { M: { fence: { N: '12' }, holder: { S: 'run-1' }, 'a.b': { S: 'dotted' } } },
  versions: { L: [{ M: { id: { S: 'v1' } } }, { M: { id: { S: 'v2' } } }, { N: '3' }] },
};

const NAMES = { '#c': 'count', '#o': 'owner', '#d': 'a.b', '#id': 'id' };
const VALUES: Readonly<Record<string, AttributeValue>> = {
  ':seven': { N: '7' },
  ':sevenish': { N: '7.0' },
  ':one': { N: '1' },
  ':nine': { N: '9' },
  ':pay': { S: 'pay' },
  ':payments': { S: 'payments' },
  ':empty': { S: '' },
  ':false': { BOOL: false },
  ':null': { NULL: true },
  ':v2': { S: 'v2' },
  ':green': { S: 'green' },
  ':tags': { SS: ['green', 'blue'] },
  ':lease': { M: { holder: { S: 'run-1' }, 'a.b': { S: 'dotted' }, fence: { N: '12' } } },
  ':otherLease': { M: { fence: { N: '13' } } },
  ':list': { L: [{ M: { id: { S: 'v1' } } }, { M: { id: { S: 'v2' } } }, { N: '3' }] },
  ':version': { M: { id: { S: 'v2' } } },
  ':hell': { B: 'aGVsbA==' },
  ':typeS': { S: 'S' },
  ':typeBool': { S: 'BOOL' },
  ':run': { S: 'run-1' },
};

/** Only what the expression uses: DynamoDB refuses the rest. */
function used<T>(all: Readonly<Record<string, T>>, expression: string): Record<string, T> | undefined {
  const entries = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(expression));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

describe('a condition', () => {
  test.each<[string, boolean]>([
    ['attribute_exists(pk)', true],
    ['attribute_exists(absent)', false],
    ['attribute_exists(lease.fence)', true],
    ['attribute_exists(lease.absent)', false],
    ['attribute_exists(off)', true],
    ['attribute_not_exists(versions[3])', true],
    ['attribute_not_exists(versions[0].#id)', false],
    ['attribute_exists(lease.#d)', true],
    ['#c = :seven', true],
    ['#c = :sevenish', true],
    ['#c <> :seven', false],
    ['absent = :seven', false],
    ['absent <> :seven', true],
    ['absent = alsoAbsent', false],
    ['absent <= alsoAbsent', false],
    ['absent < :seven', false],
    ['#c = :payments', false],
    ['#c > :one AND #c < :nine', true],
    ['#c BETWEEN :one AND :seven', true],
    ['#c BETWEEN :seven AND :nine', true],
    ['lease.fence BETWEEN :one AND :nine', false],
    ['blank BETWEEN :empty AND :pay', true],
    ['#c IN (:one, :seven)', true],
    ['#c IN (:one, :nine)', false],
    ['off IN (:false)', true],
    ['off = :false', true],
    ['nothing = :null', true],
    ['blank = :empty', true],
    ['size(#o) > :seven', true],
    ['size(blank) < :one', true],
    ['size(bytes) BETWEEN :one AND :seven', true],
    ['size(versions) >= :one', true],
    ['size(tags) > :one', true],
    ['size(#c) > :one', false],
    ['begins_with(#o, :pay)', true],
    ['begins_with(bytes, :hell)', true],
    ['begins_with(#c, :pay)', false],
    ['contains(#o, :pay)', true],
    ['contains(tags, :green)', true],
    ['contains(tags, :pay)', false],
    ['contains(sizes, :one)', true],
    ['contains(versions, :version)', true],
    ['contains(versions, :one)', false],
    ['attribute_type(#o, :typeS)', true],
    ['attribute_type(off, :typeBool)', true],
    ['attribute_type(absent, :typeS)', false],
    ['versions[1].#id = :v2', true],
    ['versions[0].#id = :v2', false],
    ['tags = :tags', true],
    ['lease = :lease', true],
    ['lease = :otherLease', false],
    ['lease <> :otherLease', true],
    ['lease IN (:otherLease, :lease)', true],
    ['versions = :list', true],
    ['NOT #c = :seven', false],
    ['NOT (#c = :one OR #o = :pay)', true],
    ['attribute_not_exists(pk) OR lease.holder = :run', true],
    ['attribute_not_exists(pk) OR lease.holder = :pay', false],
    ['#c = :seven AND #o = :payments OR absent = :one', true],
  ])('%s is %s', (expression, expected) => {
    const { call, put } = setUp();
    put(ITEM);
    const request = {
      Key: key('KEY#orders', 'META'),
      ConditionExpression: expression,
      ExpressionAttributeNames: used(NAMES, expression),
      ExpressionAttributeValues: used(VALUES, expression),
    };
    if (expected) expect(call('DeleteItem', request)).toEqual({});
    else expect(refusal(() => call('DeleteItem', request)).code).toBe('ConditionalCheckFailedException');
  });

  test('that fails changes nothing, and shows the item only to those who ask', () => {
    const { call, get, put, written } = setUp();
    put(ITEM);
    const request = {
      Item: { ...key('KEY#orders', 'META') },
      ConditionExpression: 'attribute_not_exists(pk)',
    };
    const plain = refusal(() => call('PutItem', request));
    expect([plain.message, plain.httpStatus, plain.members]).toEqual(['The conditional request failed', 400, {}]);
    const telling = refusal(() => call('PutItem', { ...request, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }));
    expect(telling.members).toEqual({ Item: ITEM });
    expect(get('KEY#orders', 'META')).toEqual(ITEM);
    expect(written()).toHaveLength(1);
  });
});

describe('an expression is refused', () => {
  test.each<[string, object, string]>([
    ['for a reserved word', { ConditionExpression: 'owner = :a', ExpressionAttributeValues: { ':a': { S: 'x' } } }, 'Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: owner'],
    ['for an unused name', { ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeNames: { '#x': 'x' } }, 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}'],
    ['for an unused value', { ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeValues: { ':x': { S: 'x' } } }, 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}'],
    ['for an undefined name', { ConditionExpression: 'attribute_exists(#x)' }, 'Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #x'],
    ['for an undefined value', { ConditionExpression: 'pk = :x' }, 'Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x'],
    ['when it is empty', { ConditionExpression: '' }, 'Invalid ConditionExpression: The expression can not be empty;'],
    ['for an unknown function', { ConditionExpression: 'exists(pk)' }, 'Invalid ConditionExpression: Invalid function name; function: exists'],
    ['for a wrong operand type', { ConditionExpression: 'begins_with(pk, :n)', ExpressionAttributeValues: { ':n': { N: '1' } } }, 'Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N'],
    ['for names without an expression', { ExpressionAttributeNames: { '#x': 'x' } }, 'ExpressionAttributeNames can only be specified when using expressions'],
    ['for a value that is no number', { ConditionExpression: 'a = :n', ExpressionAttributeValues: { ':n': { N: 'x' } } }, 'ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :n'],
  ])('%s', (_case, members, message) => {
    const { call } = setUp();
    const error = refusal(() => call('DeleteItem', { Key: key('a', 'b'), ...members }));
    expect([error.code, error.message]).toEqual(['ValidationException', message]);
  });

  test('for a syntax error', () => {
    const { call } = setUp();
    const error = refusal(() => call('DeleteItem', { Key: key('a', 'b'), ConditionExpression: 'pk = = sk' }));
    expect(error.message).toMatch(/^Invalid ConditionExpression: Syntax error; /);
  });
});

describe('a parse that is used again', () => {
  const condition = (value: AttributeValue) => ({
    Key: key('a', 'b'),
    ConditionExpression: 'n = :n',
    ExpressionAttributeValues: { ':n': value },
  });

  test('judges by the values of its own request', () => {
    const { call, put } = setUp();
    put({ ...key('a', 'b'), n: { N: '2' } });
    expect(refusal(() => call('DeleteItem', condition({ N: '1' }))).code).toBe('ConditionalCheckFailedException');
    expect(refusal(() => call('DeleteItem', condition({ S: '2' }))).code).toBe('ConditionalCheckFailedException');
    expect(refusal(() => call('DeleteItem', condition({ N: 'two' }))).code).toBe('ValidationException');
    expect(call('DeleteItem', condition({ N: '2.0' }))).toEqual({});
  });

  test('still refuses an empty map of values', () => {
    const { call } = setUp();
    const request = { Key: key('a', 'b'), ConditionExpression: 'attribute_not_exists(pk)' };
    expect(call('DeleteItem', request)).toEqual({});
    expect(refusal(() => call('DeleteItem', { ...request, ExpressionAttributeValues: {} })).message).toBe('ExpressionAttributeValues must not be empty');
  });

  test('still refuses bounds in the wrong order', () => {
    const { call } = setUp();
    const between = (low: string, high: string) => ({
      Key: key('a', 'b'),
      ConditionExpression: 'n BETWEEN :l AND :h',
      ExpressionAttributeValues: { ':l': { N: low }, ':h': { N: high } },
    });
    expect(refusal(() => call('DeleteItem', between('1', '2'))).code).toBe('ConditionalCheckFailedException');
    expect(refusal(() => call('DeleteItem', between('2', '1'))).message).toMatch(/requires upper bound to be greater than or equal to lower bound/);
  });
});
