import { validateItem, validateKey } from 'dynalite/db';
import { validateAttributeValue } from 'dynalite/validations';
import { typeOf, type AttributeValue, type Item } from './attribute-value';
import { binarySize, itemSize, textSize } from './item-size';
import type { KeyAttribute, TableDefinition } from './table-definition';
import type { Table } from './table';
import { MAX_NESTING, NESTED_TOO_DEEP, refuse, refuseMessage, validationError } from './validation';

/** Bytes of an item at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_ITEM_BYTES = 409_600;
/** Bytes of a key value. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_PARTITION_KEY_BYTES = 2048;
const MAX_SORT_KEY_BYTES = 1024;

const INVALID = 'One or more parameter values were invalid: ';
const NOT_VALID = 'One or more parameter values are not valid. ';

/** Refuses what no table would store. Numbers are normalized in place. */
export function checkItem(item: Item): void {
  checkValues(item);
  if (itemSize(item) > MAX_ITEM_BYTES) refuseMessage('Item size has exceeded the maximum allowed size');
}

/** Refuses values that are none. Numbers are normalized in place. */
export function checkValues(item: Item, prefix = ''): void {
  for (const value of Object.values(item)) {
    const message = validateAttributeValue(value);
    if (message !== undefined) refuseMessage(prefix + message);
  }
  refuseDeepNesting(item);
}

/** Refuses an item that an update would make too large. */
export function checkUpdatedSize(item: Item): void {
  refuseDeepNesting(item);
  if (itemSize(item) > MAX_ITEM_BYTES) throw validationError('Item size to update has exceeded the maximum allowed size');
}

/** Refuses a key that is not one of the table. */
export function checkKey(key: Item, { definition, key: { hash, range } }: Table): void {
  refuseEmptyKey(key, hash);
  refuseEmptyKey(key, range);
  refuse(validateKey(key, definition));
  refuseLongKey(key, hash, true);
  refuseLongKey(key, range, false);
}

/** Refuses one attribute of a key of a table or an index. */
export function checkKeyAttribute(key: Item, attribute: KeyAttribute, isHash: boolean): void {
  refuseEmptyKey(key, attribute);
  if (key[attribute.name]?.[attribute.type] === undefined) throw validationError('The provided key element does not match the schema');
  refuseLongKey(key, attribute, isHash);
}

/** Refuses an item whose keys fit the table or one of its indexes badly. */
export function checkItemKeys(item: Item, { definition, key: { hash, range } }: Table): void {
  refuse(validateItem(item, definition));
  refuseLongKey(item, hash, true);
  refuseLongKey(item, range, false);
  checkIndexKeys(item, definition);
}

function checkIndexKeys(item: Item, definition: TableDefinition): void {
  for (const { IndexName: index, KeySchema: schema } of definition.GlobalSecondaryIndexes ?? []) {
    for (const { AttributeName: name, KeyType: keyType } of schema) {
      const value = item[name];
      if (value === undefined) continue;
      if (isEmpty(value)) {
        throw validationError(
          `${NOT_VALID}A value specified for a secondary index key is not supported. ` +
            `The AttributeValue for a key attribute cannot contain an empty ${kindOf(value)} value. IndexName: ${index}, IndexKey: ${name}`,
        );
      }
      refuseLongValue(value, keyType === 'HASH');
    }
  }
}

function refuseEmptyKey(key: Item, attribute: KeyAttribute | undefined): void {
  const value = attribute && key[attribute.name];
  if (value === undefined || !isEmpty(value)) return;
  throw validationError(`${NOT_VALID}The AttributeValue for a key attribute cannot contain an empty ${kindOf(value)} value. Key: ${attribute?.name ?? ''}`);
}

function refuseLongKey(key: Item, attribute: KeyAttribute | undefined, isHash: boolean): void {
  const value = attribute && key[attribute.name];
  if (value !== undefined) refuseLongValue(value, isHash);
}

/** The words, with their missing space, are those that dynalite recorded. */
function refuseLongValue(value: AttributeValue, isHash: boolean): void {
  const bytes = value.S === undefined ? binarySize(value.B ?? '') : textSize(value.S);
  if (isHash && bytes > MAX_PARTITION_KEY_BYTES) throw validationError(`${INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes`);
  if (!isHash && bytes > MAX_SORT_KEY_BYTES) throw validationError(`${INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes`);
}

function refuseDeepNesting(item: Item): void {
  for (const value of Object.values(item)) {
    if (depthOf(value) > MAX_NESTING) throw validationError(NESTED_TOO_DEEP);
  }
}

/** How many documents enclose the innermost value. */
function depthOf({ L, M }: AttributeValue): number {
  if (L === undefined && M === undefined) return 0;
  return 1 + Math.max(0, ...(L ?? Object.values(M ?? {})).map(depthOf));
}

function isEmpty(value: AttributeValue): boolean {
  return (value.S ?? value.B) === '';
}

function kindOf(value: AttributeValue): string {
  return typeOf(value) === 'S' ? 'string' : 'binary';
}
