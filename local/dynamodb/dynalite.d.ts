/** Types of the parts of dynalite that are used here: its validations, its three grammars and its key functions. */

declare module 'dynalite/db' {
  type Item = import('./attribute-value').Item;
  type AttributeValue = import('./attribute-value').AttributeValue;
  type KeyedTable = import('./table-definition').TableDefinition;
  type Updates = import('./expressions').Updates;
  type Path = import('./expressions').Path;
  type DynaliteError = import('./validation').DynaliteError;

  /** Throws or returns errors whose `body` is AWS's answer. */
  export function validateKey(key: Item, table: KeyedTable): DynaliteError | null | undefined;
  export function validateKeyPiece(key: Item, attribute: string, type: string, isHash: boolean): DynaliteError | null | undefined;
  export function validateItem(item: Item, table: KeyedTable): DynaliteError | null | undefined;
  export function validateUpdates(legacy: undefined, updates: Updates | undefined, table: KeyedTable): DynaliteError | null | undefined;
  export function validateKeyPaths(nestedPaths: Readonly<Record<string, boolean>> | undefined, table: KeyedTable): DynaliteError | null | undefined;
  /** Bytes of an item; with the flags, the bytes that count towards the page limit of a query. */
  export function itemSize(item: Item, compress?: boolean, addMetaSize?: boolean, rangeKey?: string): number;
  /** Text that sorts as DynamoDB sorts the key value. */
  export function toRangeStr(value: AttributeValue): string;
  /** Six hexadecimal digits that scatter partitions. */
  export function hashPrefix(value: string, type: string): string;
  export function compare(comparator: string, value: AttributeValue | undefined, operands: readonly (AttributeValue | undefined)[]): boolean | undefined;
  export function mapPath(path: Path, item: Item): AttributeValue | null | undefined;
  export function mapPaths(paths: readonly Path[], item: Item): Item;
}

declare module 'dynalite/validations' {
  type MemberTypes = import('./validation').MemberTypes;

  /** A copy of `data` with the known members only. Throws a SerializationException. */
  export function checkTypes(data: object, types: MemberTypes): object;
  /** Throws a ValidationException. */
  export function checkValidations(data: object, types: MemberTypes, custom: ((data: object, store: object) => string | undefined) | null, store: object): void;
  /** These return AWS's message if something is wrong. Numbers are normalized in place. */
  export function validateAttributeValue(value: import('./attribute-value').AttributeValue): string | undefined;
  export function validateExpressionParams(data: object, expressions: readonly string[], nonExpressions: readonly string[]): string | undefined;
  export function validateExpressions(data: import('./expressions').DynaliteExpressions): string | undefined;
  export function validateConditions(conditions: import('./expressions').KeyConditions): string | undefined;
  export function convertKeyCondition(condition: import('./expressions').Condition): string | import('./expressions').KeyConditions;
}

declare module 'dynalite/validations/*' {
  export const types: import('./validation').MemberTypes;
  export const custom: (data: object, store: object) => string | undefined;
}
