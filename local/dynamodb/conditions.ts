import { mapPath } from 'dynalite/db';
import { areEqual, elementsOf, typeOf, type AttributeValue, type Item } from './attribute-value';
import { compareDecimals } from './decimal';
import { isPath, type Condition, type Operand } from './expressions';
import { binarySize } from './item-size';

type Resolved = AttributeValue | undefined;

/**
 * Whether an item (or the lack of one) meets a parsed condition.
 *
 * dynalite's `matchesExprFilter` is not used: it takes two equal lists or maps for different ones, `false` and `''` for
 * missing attributes, different bytes that are no UTF-8 for the same, and orders texts by their UTF-16 units.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function meets(condition: Condition, item: Item = {}): boolean {
  if (condition.type === 'and') return condition.args.every((part) => meets(part, item));
  if (condition.type === 'or') return condition.args.some((part) => meets(part, item));
  if (condition.type === 'not') return !condition.args.some((part) => meets(part, item));
  const comparator = condition.type === 'function' ? condition.name : condition.type;
  return holds(comparator, condition.args.map((operand) => resolve(operand, item)));
}

function holds(comparator: string, [value, ...operands]: readonly Resolved[]): boolean {
  const [operand, upper] = operands;
  switch (comparator) {
    case 'attribute_exists':
      return value !== undefined;
    case 'attribute_not_exists':
      return value === undefined;
    case 'attribute_type':
      return value !== undefined && typeOf(value) === operand?.S;
    case '=':
      return isEqual(value, operand);
    case '<>':
      return !isEqual(value, operand);
    case '<':
      return isOrdered(value, operand, (order) => order < 0);
    case '<=':
      return isOrdered(value, operand, (order) => order <= 0);
    case '>':
      return isOrdered(value, operand, (order) => order > 0);
    case '>=':
      return isOrdered(value, operand, (order) => order >= 0);
    case 'in':
      return operands.some((candidate) => isEqual(value, candidate));
    case 'between':
      return holds('>=', [value, operand]) && holds('<=', [value, upper]);
    case 'begins_with':
      return beginsWith(value, operand);
    case 'contains':
      return contains(value, operand);
    default:
      throw new TypeError(`The comparator ${comparator} passed the grammar.`);
  }
}

function isEqual(left: Resolved, right: Resolved): boolean {
  return left !== undefined && right !== undefined && areEqual(left, right);
}

/** Only numbers, texts (by their UTF-8 bytes) and binaries have an order, each among themselves. */
function isOrdered(left: Resolved, right: Resolved, accepts: (order: number) => boolean): boolean {
  if (left?.N !== undefined && right?.N !== undefined) return accepts(compareDecimals(left.N, right.N));
  const [bytes, others] = sameKindOfBytes(left, right);
  return bytes !== undefined && others !== undefined && accepts(Buffer.compare(bytes, others));
}

function beginsWith(value: Resolved, prefix: Resolved): boolean {
  const [bytes, start] = sameKindOfBytes(value, prefix);
  return bytes !== undefined && start !== undefined && bytes.subarray(0, start.length).equals(start);
}

function contains(value: Resolved, operand: Resolved): boolean {
  if (value === undefined || operand === undefined) return false;
  if (value.L !== undefined) return value.L.some((element) => areEqual(element, operand));
  if (value.SS !== undefined) return operand.S !== undefined && value.SS.includes(operand.S);
  if (value.NS !== undefined) return operand.N !== undefined && value.NS.includes(operand.N);
  if (value.BS !== undefined) return operand.B !== undefined && value.BS.includes(operand.B);
  const [bytes, part] = sameKindOfBytes(value, operand);
  return bytes !== undefined && part !== undefined && bytes.includes(part);
}

/** The bytes of two texts or of two binaries. */
function sameKindOfBytes(left: Resolved, right: Resolved): readonly [Buffer, Buffer] | readonly [] {
  if (left?.S !== undefined && right?.S !== undefined) return [Buffer.from(left.S), Buffer.from(right.S)];
  if (left?.B !== undefined && right?.B !== undefined) return [Buffer.from(left.B, 'base64'), Buffer.from(right.B, 'base64')];
  return [];
}

function resolve(operand: Operand, item: Item): Resolved {
  if (isPath(operand)) return mapPath(operand, item) ?? undefined;
  if (!isCall(operand)) return operand;
  const [sized] = operand.args;
  const size = sized === undefined ? undefined : sizeOf(resolve(sized, item));
  return size === undefined ? undefined : { N: String(size) };
}

/** `size` is the only function that can stand in an operand's place; the grammar sees to that. */
function isCall(operand: Exclude<Operand, readonly (string | number)[]>): operand is Extract<Operand, { readonly type: 'function' }> {
  return 'type' in operand;
}

/**
 * What `size(…)` gives: UTF-16 units, bytes or elements; nothing for numbers, booleans and null.
 * AWS says "length of the string"; that it counts so is reported of AWS.
 * @see https://github.com/ExtendDB/extenddb/issues/60
 */
function sizeOf(value: Resolved): number | undefined {
  if (value === undefined) return undefined;
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return binarySize(value.B);
  if (value.M !== undefined) return Object.keys(value.M).length;
  return (elementsOf(value) ?? value.L)?.length;
}
