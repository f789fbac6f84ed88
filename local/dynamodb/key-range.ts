import { toRangeStr } from 'dynalite/db';
import type { AttributeValue } from './attribute-value';
import type { KeyConditions } from './expressions';
import { checkKeyAttribute } from './item-validation';
import type { Range } from './partitioned-items';
import type { KeyAttribute, PrimaryKey } from './table-definition';
import { validationError } from './validation';

/** Greater than everything that a position holds. */
const END = '~';

type KeyCondition = KeyConditions[string];

/** The part of a table or index that a query reads. */
export interface KeyRange {
  readonly partition: string;
  readonly range: Range;
  /** The value of the partition key. */
  readonly hash: AttributeValue;
}

/** @throws {ValidationException} when the conditions do not name one partition, and at most one range in it */
export function keyRange(key: PrimaryKey, conditions: KeyConditions): KeyRange {
  const hashCondition = conditions[key.hash.name];
  if (hashCondition === undefined) throw validationError(`Query condition missed key schema element: ${key.hash.name}`);
  const others = Object.keys(conditions).filter((name) => name !== key.hash.name);
  if (others.length > 0 && key.range === undefined) throw validationError('Query key condition not supported');
  const rangeCondition = key.range && conditions[key.range.name];
  if (others.length > 0 && rangeCondition === undefined) {
    throw validationError(`Query condition missed key schema element: ${key.range?.name ?? ''}`);
  }

  const [hash] = operandsOf(key.hash, hashCondition);
  if (hash === undefined || hashCondition.ComparisonOperator !== 'EQ') throw validationError('Query key condition not supported');
  checkKeyAttribute({ [key.hash.name]: hash }, key.hash, true);
  const range = key.range === undefined || rangeCondition === undefined ? { from: '' } : rangeOf(key.range, rangeCondition);
  return { partition: toRangeStr(hash), range, hash };
}

function rangeOf(attribute: KeyAttribute, condition: KeyCondition): Range {
  const [low = '', high = low] = operandsOf(attribute, condition).map((operand) => toRangeStr(operand));
  switch (condition.ComparisonOperator) {
    case 'EQ':
      return { from: `${low}/`, to: `${low}/${END}` };
    case 'LT':
      return { from: '', to: `${low}/` };
    case 'LE':
      return { from: '', to: `${low}/${END}` };
    case 'GT':
      return { from: `${low}/${END}` };
    case 'GE':
      return { from: `${low}/` };
    case 'BETWEEN':
      return { from: `${low}/`, to: `${high}/${END}` };
    case 'BEGINS_WITH':
      return { from: low, to: `${low}${END}` };
    default:
      throw validationError('Attempted conditional constraint is not an indexable operation');
  }
}

function operandsOf({ type }: KeyAttribute, condition: KeyCondition): readonly AttributeValue[] {
  const { AttributeValueList: operands } = condition;
  if (operands.some((operand) => operand[type] === undefined)) {
    throw validationError('One or more parameter values were invalid: Condition parameter type does not match schema type');
  }
  return operands;
}
