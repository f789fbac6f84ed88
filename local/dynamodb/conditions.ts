import { compare, mapPath } from 'dynalite/db';
import { areEqual, elementsOf, typeOf, type AttributeValue, type Item } from './attribute-value';
import { isPath, type Condition, type Operand } from './expressions';

type Resolved = AttributeValue | undefined;

/**
 * Whether an item (or the lack of one) meets a parsed condition.
 *
 * Order, prefixes and substrings are dynalite's `compare`. Its `matchesExprFilter` is not used: it takes two equal
 * lists or maps for different ones, and `false` and `''` for missing attributes.
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
    case 'in':
      return operands.some((candidate) => isEqual(value, candidate));
    case 'between':
      return holds('>=', [value, operand]) && holds('<=', [value, upper]);
    case 'contains':
      if (value?.L !== undefined) return value.L.some((element) => isEqual(element, operand));
      break;
  }
  if (value === undefined || operand === undefined) return false;
  return compare(comparator, value, [operand]) === true;
}

function isEqual(left: Resolved, right: Resolved): boolean {
  return left !== undefined && right !== undefined && areEqual(left, right);
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

/** What `size(…)` gives: characters, bytes or elements; nothing for numbers, booleans and null. */
function sizeOf(value: Resolved): number | undefined {
  if (value === undefined) return undefined;
  if (value.S !== undefined) return value.S.length;
  if (value.B !== undefined) return Buffer.byteLength(value.B, 'base64');
  if (value.M !== undefined) return Object.keys(value.M).length;
  return (elementsOf(value) ?? value.L)?.length;
}
