import { expectRefusal, key, refusalOf, refused, type Case, type Fixture, type Item } from './dynamodb-kit';

const V = 'ValidationException';
const WRONG_TYPE = 'An operand in the update expression has an incorrect data type';
const NO_ATTRIBUTE = 'The provided expression refers to an attribute that does not exist in the item';
const WRONG_PATH = 'The document path provided in the update expression is invalid for update';

const ITEM: Item = {
  ...key('a', 'b'),
  n: { N: '7' },
  s: { S: 'payments' },
  astral: { S: 'é\u{1D11E}' },
  blank: { S: '' },
  off: { BOOL: false },
  nothing: { NULL: true },
  high: { B: Uint8Array.from([0xff, 0x01]) },
  tags: { SS: ['blue', 'green'] },
  nums: { NS: ['1', '2'] },
  bins: { BS: [Uint8Array.from([0xff])] },
  l: { L: [{ S: 'x' }, { M: { id: { S: 'v1' } } }, { N: '3' }] },
  m: { M: { fence: { N: '12' }, 'a.b': { S: 'dotted' } } },
};
const NAMES: Readonly<Record<string, string>> = { '#dotted': 'a.b', '#s': 's' };
const VALUES: Item = {
  ':seven': { N: '7.0' },
  ':one': { N: '1' },
  ':three': { N: '3' },
  ':nine': { N: '9' },
  ':pay': { S: 'pay' },
  ':empty': { S: '' },
  ':false': { BOOL: false },
  ':null': { NULL: true },
  ':green': { S: 'green' },
  ':tags': { SS: ['green', 'blue'] },
  ':map': { M: { 'a.b': { S: 'dotted' }, fence: { N: '12' } } },
  ':list': { L: [{ S: 'x' }, { M: { id: { S: 'v1' } } }, { N: '3' }] },
  ':element': { M: { id: { S: 'v1' } } },
  ':ff': { B: Uint8Array.from([0xff]) },
  ':fe': { B: Uint8Array.from([0xfe]) },
  ':typeS': { S: 'S' },
  ':typeNull': { S: 'NULL' },
  ':private': { S: '\uE000' },
  ':clef': { S: '\u{1D11E}' },
  ':two': { NS: ['2'] },
  ':blueRed': { SS: ['blue', 'red'] },
  ':new': { S: 'new' },
};

/** Only what an expression uses: the rest would be refused. */
function used<Value>(all: Readonly<Record<string, Value>>, expression: string): Record<string, Value> | undefined {
  const entries = Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(expression));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

const placeholders = (expression: string) => ({ ExpressionAttributeNames: used(NAMES, expression), ExpressionAttributeValues: used(VALUES, expression) });

/** Conditions on {@link ITEM}, and whether it meets them. */
const CONDITIONS: readonly (readonly [expression: string, isMet: boolean])[] = [
  ['attribute_exists(off)', true],
  ['attribute_exists(m.#dotted)', true],
  ['attribute_exists(l[3])', false],
  ['attribute_not_exists(absent) AND attribute_not_exists(m.absent)', true],
  ['attribute_type(s, :typeS) AND attribute_type(nothing, :typeNull)', true],
  ['n = :seven AND n IN (:one, :seven)', true],
  ['n BETWEEN :one AND :seven', true],
  ['n > :one AND NOT n >= :nine', true],
  ['n < s', false],
  ['off < nothing OR nothing <= off', false],
  ['absent = absentToo', false],
  ['absent <> :seven', true],
  ['absent < :seven', false],
  ['off = :false AND nothing = :null AND blank = :empty', true],
  ['tags = :tags AND m = :map AND l = :list', true],
  ['size(tags) = size(nums)', true],
  ['size(s) > :seven AND size(l) = :three', true],
  ['size(astral) = :three', true],
  ['size(n) < :nine', false],
  ['begins_with(s, :pay) AND begins_with(high, :ff)', true],
  ['begins_with(high, :fe)', false],
  ['begins_with(s, :empty)', true],
  ['begins_with(n, :pay)', false],
  ['contains(s, :pay) AND contains(tags, :green) AND contains(nums, :one)', true],
  ['contains(high, :fe) OR contains(bins, :fe)', false],
  ['contains(l, :element) AND contains(l, :three)', true],
  ['contains(tags, :one)', false],
  [':clef > :private', true],
  ['attribute_not_exists(pk) OR m.fence > :nine AND begins_with(l[1].id, :empty)', true],
];

/** Updates of {@link ITEM}, and what is different afterwards. */
const UPDATES: readonly (readonly [expression: string, changes: Readonly<Record<string, Item[string] | undefined>>])[] = [
  ['SET n = n + :one, s = :new', { n: { N: '8' }, s: { S: 'new' } }],
  ['SET n = :one - n', { n: { N: '-6' } }],
  ['SET fresh = if_not_exists(fresh, :one) + :one', { fresh: { N: '2' } }],
  ['SET l = list_append(l, :list)', { l: { L: [...(ITEM['l']?.L ?? []), ...(ITEM['l']?.L ?? [])] } }],
  ['SET fresh = list_append(if_not_exists(fresh, :list), :list)', { fresh: { L: [...(ITEM['l']?.L ?? []), ...(ITEM['l']?.L ?? [])] } }],
  ['SET l[9] = :new, l[7] = :one', { l: { L: [...(ITEM['l']?.L ?? []), { N: '1' }, { S: 'new' }] } }],
  ['SET l[1].id = :new REMOVE l[0]', { l: { L: [{ M: { id: { S: 'new' } } }, { N: '3' }] } }],
  ['REMOVE l[0], l[1], absent, m.absent', { l: { L: [{ N: '3' }] } }],
  ['SET m.#dotted = :new, m.added = n', { m: { M: { fence: { N: '12' }, 'a.b': { S: 'new' }, added: { N: '7' } } } }],
  ['SET s = n, n = s', { s: { N: '7' }, n: { S: 'payments' } }],
  ['ADD n :one, tags :blueRed, nums :two, fresh :tags', { n: { N: '8' }, tags: { SS: ['blue', 'green', 'red'] }, fresh: { SS: ['blue', 'green'] } }],
  ['ADD m.fence :one', { m: { M: { fence: { N: '13' }, 'a.b': { S: 'dotted' } } } }],
  ['DELETE tags :blueRed', { tags: { SS: ['green'] } }],
  ['DELETE tags :tags, absent :tags', { tags: undefined }],
];

/** Sets have no order. */
const sorted = (item: Item | undefined): unknown =>
  JSON.parse(JSON.stringify(item ?? null), (name, value: unknown) => (name === 'SS' || name === 'NS' ? [...(value as readonly string[])].sort() : value));

const write = (expression: string, condition?: string) => ({ db, TableName }: Fixture) =>
  db.updateItem({ TableName, Key: key('a', 'b'), UpdateExpression: expression, ConditionExpression: condition, ...placeholders(`${expression} ${condition ?? ''}`) });
const remove = (members: object) => ({ db, TableName }: Fixture) => db.deleteItem({ TableName, Key: key('a', 'b'), ...members });
const many = (count: number, text: (index: number) => string, separator: string): string => Array.from({ length: count }, (_, index) => text(index)).join(separator);

export const EXPRESSION_CASES: readonly Case[] = [
  ...CONDITIONS.map(([ConditionExpression, isMet]): Case => [
    `${isMet ? 'meets' : 'does not meet'} ${ConditionExpression}`,
    async ({ db, TableName, put }) => {
      await put(ITEM);
      const call = db.deleteItem({ TableName, Key: key('a', 'b'), ConditionExpression, ...placeholders(ConditionExpression) });
      expect(isMet ? Object.keys(await call) : (await refusalOf(call)).name).toEqual(isMet ? ['$metadata'] : 'ConditionalCheckFailedException');
    },
  ]),
  ...UPDATES.map(([expression, changes]): Case => [
    expression,
    async (fixture) => {
      await fixture.put(ITEM);
      await write(expression)(fixture);
      const after = Object.fromEntries(Object.entries({ ...ITEM, ...changes }).filter((entry): entry is [string, Item[string]] => entry[1] !== undefined));
      expect(sorted(await fixture.get('a', 'b'))).toEqual(sorted(after));
    },
  ]),
  ...(
    [
      ['SET n = s + :one', WRONG_TYPE],
      ['SET l = list_append(s, :list)', WRONG_TYPE],
      ['ADD s :one', WRONG_TYPE],
      ['ADD nums :tags', WRONG_TYPE],
      ['DELETE s :tags', WRONG_TYPE],
      ['SET s = absent', NO_ATTRIBUTE],
      ['SET absent.x = :one', WRONG_PATH],
      ['SET m[0] = :one', WRONG_PATH],
      ['REMOVE s[0]', WRONG_PATH],
      ['SET pk = :new', 'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key'],
      ['SET m = :map, m.fence = :one', 'Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, fence]'],
      ['SET m.fence = :one, m[0] = :one', 'Invalid UpdateExpression: Two document paths conflict with each other; must remove or rewrite one of these paths; path one: [m, fence], path two: [m, [0]]'],
      ['SET n = :one SET s = :new', 'Invalid UpdateExpression: The "SET" section can only be used once in an update expression;'],
      ['ADD n :list', 'Invalid UpdateExpression: Incorrect operand type for operator or function; operator: ADD, operand type: LIST'],
      ['DELETE n :one', 'Invalid UpdateExpression: Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER'],
      ['SET n = nope(:one)', 'Invalid UpdateExpression: Invalid function name; function: nope'],
    ] as const
  ).map(([expression, message]): Case => [
    `refuses ${expression}`,
    async (fixture) => {
      await fixture.put(ITEM);
      await expectRefusal(fixture, write(expression)(fixture), V, message);
      expect(sorted(await fixture.get('a', 'b'))).toEqual(sorted(ITEM));
    },
  ]),
  ...refused([
    ['refuses a reserved word', remove({ ConditionExpression: 'attribute_exists(owner)' }), V, 'Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: owner'],
    ['refuses an unused name', remove({ ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeNames: { '#x': 'x' } }), V, 'Value provided in ExpressionAttributeNames unused in expressions: keys: {#x}'],
    ['refuses an unused value', remove({ ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeValues: { ':x': { S: 'x' } } }), V, 'Value provided in ExpressionAttributeValues unused in expressions: keys: {:x}'],
    ['refuses an undefined name', remove({ ConditionExpression: 'attribute_exists(#x)' }), V, 'Invalid ConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #x'],
    ['refuses an undefined value', remove({ ConditionExpression: 'pk = :x' }), V, 'Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :x'],
    ['refuses an empty expression', remove({ ConditionExpression: '' }), V, 'Invalid ConditionExpression: The expression can not be empty;'],
    ['refuses an unknown function', remove({ ConditionExpression: 'exists(pk)' }), V, 'Invalid ConditionExpression: Invalid function name; function: exists'],
    ['refuses size that is compared with nothing', remove({ ConditionExpression: 'size(s)' }), V, 'Invalid ConditionExpression: The function is not allowed to be used this way in an expression; function: size'],
    ['refuses operands that are too many', remove({ ConditionExpression: 'attribute_exists(s, n)' }), V, 'Invalid ConditionExpression: Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2'],
    ['refuses an operand of the wrong type', remove({ ConditionExpression: 'begins_with(pk, :n)', ExpressionAttributeValues: { ':n': { N: '1' } } }), V, 'Invalid ConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N'],
    ['refuses to compare an attribute with itself', remove({ ConditionExpression: 'n = n' }), V, 'Invalid ConditionExpression: The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [n]'],
    ['refuses bounds in the wrong order', remove({ ConditionExpression: 'n BETWEEN :h AND :l', ExpressionAttributeValues: { ':l': { N: '1' }, ':h': { N: '2' } } }), V, 'Invalid ConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}'],
    ['refuses bounds of two types', remove({ ConditionExpression: 'n BETWEEN :l AND :h', ExpressionAttributeValues: { ':l': { N: '1' }, ':h': { S: '2' } } }), V, 'Invalid ConditionExpression: The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:2}'],
    ['refuses a type that is none', remove({ ConditionExpression: 'attribute_type(n, :t)', ExpressionAttributeValues: { ':t': { S: 'X' } } }), V, /^Invalid ConditionExpression: Invalid attribute type name found; type: X, valid types: \{/],
    ['refuses redundant parentheses', remove({ ConditionExpression: '((attribute_exists(pk)))' }), V, 'Invalid ConditionExpression: The expression has redundant parentheses;'],
    ['refuses a syntax error', remove({ ConditionExpression: 'pk = = sk' }), V, /^Invalid ConditionExpression: Syntax error; /],
    ['refuses names without an expression', remove({ ExpressionAttributeNames: { '#x': 'x' } }), V, 'ExpressionAttributeNames can only be specified when using expressions'],
    ['refuses values without an expression', remove({ ExpressionAttributeValues: { ':x': { S: 'x' } } }), V, 'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null'],
    ['refuses no names', remove({ ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeNames: {} }), V, 'ExpressionAttributeNames must not be empty'],
    ['refuses no values', remove({ ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeValues: {} }), V, 'ExpressionAttributeValues must not be empty'],
    ['refuses a name that is badly spelt', remove({ ConditionExpression: 'attribute_exists(pk)', ExpressionAttributeNames: { x: 'x' } }), V, 'ExpressionAttributeNames contains invalid key: Syntax error; key: "x"'],
    ['refuses a value that is no number', remove({ ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': { N: 'x' } } }), V, 'ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a numeric value: x for key :n'],
    ['refuses an empty set among the values', remove({ ConditionExpression: 'n = :n', ExpressionAttributeValues: { ':n': { SS: [] } } }), V, 'ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: An string set  may not be empty for key :n'],
    ['refuses an expression of more than 4 KB', remove({ ConditionExpression: many(100, (index) => `attribute_exists(${'a'.repeat(26)}${String(index).padStart(3, '0')})`, ' OR ') }), V, 'Invalid ConditionExpression: Expression size has exceeded the maximum allowed size; expression size: 5096'],
    ['refuses two overlapping paths to project', ({ db, TableName }) => db.getItem({ TableName, Key: key('a', 'b'), ProjectionExpression: 'm, m.x' }), V, 'Invalid ProjectionExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [m], path two: [m, x]'],
  ]),
];
