import { validateUpdates } from 'dynalite/db';
import { AwsError } from '../kernel/aws-error';
import type { Item } from './attribute-value';
import { meets } from './conditions';
import type { Expressions } from './expressions';
import { checkItemKeys, checkKey, checkUpdatedSize } from './item-validation';
import type { Address } from './partitioned-items';
import type { Checked, KeyedWriteRequest, PutRequest } from './requests';
import type { Table } from './table';
import { refuse } from './validation';
import { updated } from './update';

/** A write that has passed all its checks and changed nothing yet. `undefined` stands for no item. */
export interface WritePlan {
  readonly table: Table;
  readonly address: Address;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** A write that knows its item. Planning it checks its condition against the item as it is then. */
export interface Write {
  readonly table: Table;
  readonly address: Address;
  /** @throws {ConditionalCheckFailedException|ValidationException} */
  plan(): WritePlan;
}

type CheckedWrite = Checked<KeyedWriteRequest>;

/** @throws {ValidationException} when the item's keys do not fit the table or an index */
export function put(table: Table, { request, expressions }: Checked<PutRequest>): Write {
  checkItemKeys(request.Item, table);
  return write(table, request.Item, request, expressions, () => request.Item);
}

export function remove(table: Table, { request, expressions }: CheckedWrite): Write {
  checkKey(request.Key, table);
  return write(table, request.Key, request, expressions, () => undefined);
}

export function check(table: Table, { request, expressions }: CheckedWrite): Write {
  checkKey(request.Key, table);
  return write(table, request.Key, request, expressions, (before) => before);
}

export function update(table: Table, { request, expressions }: CheckedWrite): Write {
  checkKey(request.Key, table);
  refuse(validateUpdates(undefined, expressions.updates, table.definition));
  return write(table, request.Key, request, expressions, (before) => {
    const after = updated(before ?? request.Key, expressions.updates?.sections ?? []);
    checkItemKeys(after, table);
    checkUpdatedSize(after);
    return after;
  });
}

function write(
  table: Table,
  key: Item,
  options: Pick<KeyedWriteRequest, 'ReturnValuesOnConditionCheckFailure'>,
  { condition }: Expressions,
  apply: (before: Item | undefined) => Item | undefined,
): Write {
  const address = table.addressOf(key);
  const plan = (): WritePlan => {
    const before = table.items.get(address);
    if (condition !== undefined && !meets(condition.expression, before)) {
      const isWanted = options.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before !== undefined;
      throw new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, isWanted ? { Item: before } : {});
    }
    return { table, address, before, after: apply(before) };
  };
  return { table, address, plan };
}
