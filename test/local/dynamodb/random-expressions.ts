import fc from 'fast-check';
import type { AttributeValue, Item } from '../../../local/dynamodb/attribute-value';

/** What random expressions leave out, because the other implementation is known to be wrong there. */
export interface Peculiarities {
  /** Values of items and of updates. */
  readonly value: fc.Arbitrary<AttributeValue>;
  /** Values that conditions compare with. */
  readonly compared: fc.Arbitrary<AttributeValue>;
  /** Whether updates lead through list positions. */
  readonly hasPositionsInUpdates: boolean;
  /** Whether conditions compare attributes with attributes. */
  readonly comparesPathsWithPaths: boolean;
}

/** One request on the item `p/s`, which may be there. */
export interface RandomCall {
  readonly operation: 'UpdateItem' | 'DeleteItem' | 'PutItem' | 'GetItem' | 'Query' | 'Scan';
  readonly input: object;
}
export interface RandomCase {
  readonly item: Item | undefined;
  readonly calls: readonly RandomCall[];
}

const KEY = { pk: { S: 'p' }, sk: { S: 's' } };
const NAMES = ['a', 'b', 'c', 'd'] as const;
/** Placeholders of names; `#dotted` holds a point, `#word` is reserved. */
const PLACEHOLDERS: Readonly<Record<string, string>> = { '#a': 'a', '#b': 'b', '#dotted': 'd.d', '#word': 'size' };

const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[1-9][0-9]{0,${length - 1}}$`)).filter((text) => text.length <= length);

/** Numbers of up to so many digits. */
export const numbers = (length: number): fc.Arbitrary<AttributeValue> =>
  fc.oneof(
    fc.constantFrom('0', '1', '-1', '2', '10', '0.5', '-0.25', '1e3').map((N) => ({ N })),
    digits(length).map((N) => ({ N })),
    fc.tuple(digits(Math.floor(length / 2)), digits(Math.floor(length / 2)), fc.boolean()).map(([whole, fraction, isNegative]) => ({ N: `${isNegative ? '-' : ''}${whole}.${fraction}` })),
  );
export const texts = (...choices: readonly string[]): fc.Arbitrary<AttributeValue> => fc.constantFrom(...choices).map((S) => ({ S }));
export const binaries = (...choices: readonly (readonly number[])[]): fc.Arbitrary<AttributeValue> => fc.constantFrom(...choices).map((bytes) => ({ B: Buffer.from(bytes).toString('base64') }));
export const sets: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.subarray(['x', 'xy', 'y'], { minLength: 1 }).map((SS) => ({ SS })),
  fc.subarray(['1', '2', '10'], { minLength: 1 }).map((NS) => ({ NS })),
);

/** Lists and maps of other values. */
export const documents = (leaf: fc.Arbitrary<AttributeValue>): fc.Arbitrary<AttributeValue> => {
  const { document } = fc.letrec<{ document: AttributeValue; any: AttributeValue }>((tie) => ({
    any: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('document')),
    document: fc.oneof(
      fc.array(tie('any'), { maxLength: 3 }).map((L) => ({ L })),
      fc.dictionary(fc.constantFrom(...NAMES), tie('any'), { maxKeys: 3 }).map((M) => ({ M: { ...M } })),
    ),
  }));
  return document;
};

/** A document path, as it is written. */
const path = (hasPositions: boolean): fc.Arbitrary<string> => {
  const head = fc.constantFrom(...NAMES, ...Object.keys(PLACEHOLDERS));
  const steps = fc.oneof({ weight: 2, arbitrary: head.map((name) => `.${name}`) }, { weight: hasPositions ? 2 : 0, arbitrary: fc.nat(3).map((position) => `[${position}]`) });
  return fc.tuple(head, fc.oneof({ weight: 3, arbitrary: fc.constant<string[]>([]) }, { weight: 2, arbitrary: fc.array(steps, { maxLength: 2 }) })).map(([first, rest]) => first + rest.join(''));
};

const VALUE_COUNT = 6;
const value = fc.nat(VALUE_COUNT - 1).map((index) => `:v${index}`);
const compared = fc.nat(VALUE_COUNT - 1).map((index) => `:c${index}`);

function condition({ comparesPathsWithPaths }: Peculiarities): fc.Arbitrary<string> {
  const anyPath = path(true);
  const size = anyPath.map((sized) => `size(${sized})`);
  const operand = fc.oneof({ weight: comparesPathsWithPaths ? 2 : 0, arbitrary: anyPath }, { weight: 5, arbitrary: compared });
  const { tree } = fc.letrec<{ tree: string; leaf: string }>((tie) => ({
    leaf: fc.oneof(
      fc.tuple(fc.oneof({ weight: 4, arbitrary: anyPath }, { weight: 1, arbitrary: size }), fc.constantFrom('=', '<>', '<', '<=', '>', '>='), operand).map((parts) => parts.join(' ')),
      fc.tuple(anyPath, operand, operand).map(([tested, low, high]) => `${tested} BETWEEN ${low} AND ${high}`),
      fc.tuple(anyPath, fc.array(operand, { minLength: 1, maxLength: 3 })).map(([tested, list]) => `${tested} IN (${list.join(', ')})`),
      fc.tuple(fc.constantFrom('attribute_exists', 'attribute_not_exists'), anyPath).map(([name, tested]) => `${name}(${tested})`),
      fc.tuple(fc.constantFrom('begins_with', 'contains'), anyPath, compared).map(([name, tested, sought]) => `${name}(${tested}, ${sought})`),
      fc.tuple(anyPath, fc.constantFrom(':typeS', ':typeN', ':typeM')).map(([tested, type]) => `attribute_type(${tested}, ${type})`),
    ),
    tree: fc.oneof(
      { depthSize: 'small' },
      tie('leaf'),
      fc.tuple(tie('tree'), fc.constantFrom('AND', 'OR'), tie('leaf')).map((parts) => parts.join(' ')),
      fc.tuple(tie('leaf'), fc.constantFrom('AND', 'OR'), tie('leaf'), fc.constantFrom('AND', 'OR'), tie('leaf')).map(([one, first, two, second, three]) => `(${one} ${first} ${two}) ${second} ${three}`),
      tie('leaf').map((leaf) => `NOT ${leaf}`),
    ),
  }));
  return tree;
}

function update({ hasPositionsInUpdates }: Peculiarities): fc.Arbitrary<string> {
  const target = path(hasPositionsInUpdates);
  const operand = fc.oneof(target, value, fc.tuple(target, value).map(([tested, otherwise]) => `if_not_exists(${tested}, ${otherwise})`));
  const set = fc.oneof(
    fc.tuple(target, operand).map(([to, from]) => `${to} = ${from}`),
    fc.tuple(target, value).map(([to, from]) => `${to} = ${from}`),
    fc.tuple(target, operand, fc.constantFrom('+', '-'), operand).map(([to, left, sign, right]) => `${to} = ${left} ${sign} ${right}`),
    fc.tuple(target, operand, operand).map(([to, front, back]) => `${to} = list_append(${front}, ${back})`),
  );
  const pairs = fc.array(fc.tuple(target, value).map((parts) => parts.join(' ')), { minLength: 1, maxLength: 2 });
  const clause = fc.oneof(
    { weight: 4, arbitrary: fc.array(set, { minLength: 1, maxLength: 2 }).map((parts) => ['SET', parts] as const) },
    { weight: 1, arbitrary: fc.array(target, { minLength: 1, maxLength: 2 }).map((parts) => ['REMOVE', parts] as const) },
    { weight: 1, arbitrary: pairs.map((parts) => ['ADD', parts] as const) },
    { weight: 1, arbitrary: pairs.map((parts) => ['DELETE', parts] as const) },
  );
  return fc.array(clause, { minLength: 1, maxLength: 2 }).map((clauses) => clauses.map(([name, parts]) => `${name} ${parts.join(', ')}`).join(' '));
}

const projection = fc.array(path(true), { minLength: 1, maxLength: 3 }).map((paths) => paths.join(', '));

/** Only what the expressions use of all names and values: the rest would be refused. */
function withPlaceholders(values: Readonly<Record<string, AttributeValue>>, expressions: Readonly<Record<string, string | undefined>>): object {
  const text = Object.values(expressions).join(' ');
  const used = <Value>(all: Readonly<Record<string, Value>>) => Object.fromEntries(Object.entries(all).filter(([name]) => new RegExp(`${name}\\b`).test(text)));
  const [names, bound] = [used(PLACEHOLDERS), used(values)];
  return {
    ...Object.fromEntries(Object.entries(expressions).filter(([, expression]) => expression !== undefined)),
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(bound).length > 0 && { ExpressionAttributeValues: bound }),
  };
}

/** Random items, and calls with random expressions. */
export function randomCases(peculiarities: Peculiarities): fc.Arbitrary<RandomCase> {
  const attributes = fc.dictionary(fc.constantFrom(...NAMES, 'd.d', 'size'), peculiarities.value, { maxKeys: 5 });
  const item = fc.option(attributes.map((all): Item => ({ ...all, ...KEY })), { nil: undefined, freq: 8 });
  const optional = fc.option(condition(peculiarities), { nil: undefined, freq: 2 });
  const parts = fc.record({
    values: fc.array(peculiarities.value, { minLength: VALUE_COUNT, maxLength: VALUE_COUNT }),
    comparedValues: fc.array(peculiarities.compared, { minLength: VALUE_COUNT, maxLength: VALUE_COUNT }),
    attributes,
    update: update(peculiarities),
    condition: optional,
    projection: fc.option(projection, { nil: undefined }),
    ReturnValues: fc.constantFrom('NONE', 'ALL_OLD', 'ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW'),
    operation: fc.constantFrom<RandomCall['operation']>('UpdateItem', 'UpdateItem', 'UpdateItem', 'DeleteItem', 'PutItem', 'GetItem', 'Query', 'Query', 'Scan'),
    range: fc.constantFrom('', ' AND sk = :s', ' AND sk <= :s', ' AND begins_with(sk, :s)', ' AND sk BETWEEN :s AND :t'),
  });
  const call = parts.map(({ operation, values, comparedValues, attributes: replacement, ReturnValues, range, ...expressions }): RandomCall => {
    const bound = {
      ...Object.fromEntries(values.map((each, index) => [`:v${index}`, each])),
      ...Object.fromEntries(comparedValues.map((each, index) => [`:c${index}`, each])),
      ':typeS': { S: 'S' },
      ':typeN': { S: 'N' },
      ':typeM': { S: 'M' },
      ':p': { S: 'p' },
      ':s': { S: 's' },
      ':t': { S: 't' },
    };
    const { update: UpdateExpression, condition: ConditionExpression, projection: ProjectionExpression } = expressions;
    switch (operation) {
      case 'UpdateItem':
        return { operation, input: { Key: KEY, ReturnValues, ...withPlaceholders(bound, { UpdateExpression, ConditionExpression }) } };
      case 'DeleteItem':
        return { operation, input: { Key: KEY, ReturnValues: 'ALL_OLD', ...withPlaceholders(bound, { ConditionExpression }) } };
      case 'PutItem':
        return { operation, input: { Item: { ...replacement, ...KEY }, ReturnValues: 'ALL_OLD', ...withPlaceholders(bound, { ConditionExpression }) } };
      case 'GetItem':
        return { operation, input: { Key: KEY, ...withPlaceholders(bound, { ProjectionExpression }) } };
      case 'Query':
        return { operation, input: withPlaceholders(bound, { KeyConditionExpression: `pk = :p${range}`, FilterExpression: ConditionExpression, ProjectionExpression }) };
      case 'Scan':
        return { operation, input: withPlaceholders(bound, { FilterExpression: ConditionExpression, ProjectionExpression }) };
    }
  });
  return fc.record({ item, calls: fc.array(call, { minLength: 1, maxLength: 3 }) });
}
