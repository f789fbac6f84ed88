import { mapPaths, validateKeyPaths } from 'dynalite/db';
import type { Item } from './attribute-value';
import { readBatchGet, type CheckedBatchGet, type KeysAndAttributes } from './batch-requests';
import { CapacityMeter, readUnits } from './consumed-capacity';
import type { Database } from './database';
import type { ExpressionParser, Expressions } from './expressions';
import { itemSize } from './item-size';
import { checkKey } from './item-validation';
import type { RequestReader } from './requests';
import type { Table } from './table';
import { refuse } from './validation';

/** What one BatchGetItem answers at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** An item as it was read: all of it counts, whatever was asked for. */
export interface ReadItem {
  /** As far as it is projected; `undefined` when there is none. */
  readonly item: Item | undefined;
  readonly bytes: number;
}

/** Reads by key. Table reads are always strongly consistent here; what they consume is not. */
export class ItemReader {
  constructor(
    private readonly database: Database,
    private readonly reader: RequestReader,
    private readonly parser: ExpressionParser,
  ) {}

  getItem(input: unknown): unknown {
    const { request, expressions } = this.reader.get(input);
    const { item, bytes } = itemAt(this.database.table(request.TableName), request.Key, expressions);
    const meter = new CapacityMeter(request);
    meter.read(request.TableName, readUnits(bytes, request.ConsistentRead === true));
    return { ...(item !== undefined && { Item: item }), ...meter.single() };
  }

  /** What would make the answer too large is left for another call. */
  batchGetItem(input: unknown): unknown {
    const { request, tables } = readBatchGet(input, this.parser);
    const meter = new CapacityMeter(request);
    const responses: Record<string, Item[]> = {};
    const unprocessed: Record<string, KeysAndAttributes> = {};
    let total = 0;
    for (const { tableName, keys, read, rest } of tables.map((part) => this.reads(part))) {
      const found: Item[] = [];
      const left: Item[] = [];
      for (const key of keys) {
        const { item, bytes, units } = read(key);
        total += bytes;
        if (total > MAX_BATCH_BYTES) {
          left.push(key);
          continue;
        }
        if (item !== undefined) found.push(item);
        meter.read(tableName, units);
      }
      responses[tableName] = found;
      if (left.length > 0) unprocessed[tableName] = { ...rest, Keys: left };
    }
    return { Responses: responses, UnprocessedKeys: unprocessed, ...meter.list() };
  }

  private reads({ tableName, request, expressions }: CheckedBatchGet['tables'][number]) {
    const table = this.database.table(tableName);
    const { Keys: keys, ...rest } = request;
    const isConsistent = request.ConsistentRead === true;
    const read = (key: Item): ReadItem & { readonly units: number } => {
      const found = itemAt(table, key, expressions);
      return { ...found, units: readUnits(found.bytes, isConsistent) };
    };
    return { tableName, keys, rest, read };
  }
}

/** The item with a key. @throws {ValidationException} when the key does not fit the table */
export function itemAt(table: Table, key: Item, { projection }: Expressions): ReadItem {
  checkKey(key, table);
  refuse(validateKeyPaths(projection?.nestedPaths, table.definition));
  const item = table.items.get(table.addressOf(key));
  if (item === undefined) return { item, bytes: 0 };
  return { item: projection === undefined ? item : mapPaths(projection.paths, item), bytes: itemSize(item) };
}
