import type { Caller } from '../kernel/service';
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
      return wanted.map((write) => writeOf(table, write));
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

function writeOf(table: Table, { PutRequest: wanted, DeleteRequest: unwanted }: BatchedWrite): Write {
  const plain = { TableName: table.name };
  if (wanted !== undefined) return put(table, { request: { ...plain, ...wanted }, expressions: {} });
  if (unwanted !== undefined) return remove(table, { request: { ...plain, ...unwanted }, expressions: {} });
  throw new TypeError('A request without an action passed the validation.');
}
