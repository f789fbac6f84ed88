import type { Caller } from '../kernel/service';
import type { Item } from './attribute-value';
import { readBatchWrite, type BatchedWrite } from './batch-requests';
import { CapacityMeter } from './consumed-capacity';
import type { Database } from './database';
import type { ItemWriter } from './item-writer';
import type { Table } from './table';
import { validationError } from './validation';
import { put, remove, type Write } from './write-plans';

/** BatchWriteItem: writes without conditions, each for itself. All of them are processed. */
export class BatchWriter {
  constructor(
    private readonly database: Database,
    private readonly writer: ItemWriter,
  ) {}

  batchWriteItem(input: unknown, caller: Caller): unknown {
    const { request, tables } = readBatchWrite(input);
    const writes = tables.flatMap(({ tableName, writes: wanted }) => {
      const table = this.database.table(tableName);
      return wanted.map((write) => {
        if (write.PutRequest !== undefined) checkKeyTypes(write.PutRequest.Item, table);
        return writeOf(table, write);
      });
    });
    const items = writes.map(({ table, address }) => JSON.stringify([table.name, address]));
    if (new Set(items).size < items.length) throw validationError('Provided list of item keys contains duplicates');
    const plans = writes.map((write) => write.plan());
    const meter = new CapacityMeter(request);
    for (const { table, before, after } of plans) meter.write(table, before, after);
    this.writer.apply(plans, caller);
    return { UnprocessedItems: {}, ...meter.list() };
  }
}

/** AWS words this of a batch as it does of a key. */
function checkKeyTypes(item: Item, { key: { hash, range } }: Table): void {
  for (const attribute of range === undefined ? [hash] : [hash, range]) {
    if (item[attribute.name]?.[attribute.type] === undefined) throw validationError('The provided key element does not match the schema');
  }
}

function writeOf(table: Table, { PutRequest: wanted, DeleteRequest: unwanted }: BatchedWrite): Write {
  const plain = { TableName: table.name };
  if (wanted !== undefined) return put(table, { request: { ...plain, ...wanted }, expressions: {} });
  if (unwanted !== undefined) return remove(table, { request: { ...plain, ...unwanted }, expressions: {} });
  throw new TypeError('A request without an action passed the validation.');
}
