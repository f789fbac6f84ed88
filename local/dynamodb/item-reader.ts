import { itemSize, mapPaths, validateKey, validateKeyPaths } from 'dynalite/db';
import { notModelled } from '../kernel/aws-error';
import type { Item } from './attribute-value';
import type { Database } from './database';
import type { Expressions } from './expressions';
import type { RequestReader } from './requests';
import type { Table } from './table';
import { refuse } from './validation';

/** What one BatchGetItem may answer; AWS leaves the rest for another call. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Reads by key. Table reads are always strongly consistent here. */
export class ItemReader {
  constructor(
    private readonly database: Database,
    private readonly reader: RequestReader,
  ) {}

  getItem(input: unknown): { readonly Item?: Item } {
    const { request, expressions } = this.reader.get(input);
    const item = itemAt(this.database.table(request.TableName), request.Key, expressions);
    return item === undefined ? {} : { Item: item };
  }

  batchGetItem(input: unknown): unknown {
    const responses = this.reader.batchGet(input).map(({ tableName, keys, expressions }) => {
      const table = this.database.table(tableName);
      return [tableName, keys.map((key) => itemAt(table, key, expressions)).filter((item) => item !== undefined)] as const;
    });
    const bytes = responses.flatMap(([, items]) => items).reduce((sum, item) => sum + itemSize(item), 0);
    if (bytes > MAX_BATCH_BYTES) throw notModelled('a DynamoDB BatchGetItem of more than 16 MB');
    return { Responses: Object.fromEntries(responses), UnprocessedKeys: {} };
  }
}

/** The item with a key, as far as it is projected. @throws {ValidationException} when the key does not fit the table */
export function itemAt(table: Table, key: Item, { projection }: Expressions): Item | undefined {
  refuse(validateKey(key, table.definition));
  refuse(validateKeyPaths(projection?.nestedPaths, table.definition));
  const item = table.items.get(table.addressOf(key));
  return item === undefined || projection === undefined ? item : mapPaths(projection.paths, item);
}
