import { mapPaths, validateKeyPaths } from 'dynalite/db';
import { AwsError } from '../kernel/aws-error';
import type { Item } from './attribute-value';
import { meets } from './conditions';
import { CapacityMeter, readUnits } from './consumed-capacity';
import type { Database } from './database';
import { keyConditionsOf, type Expressions } from './expressions';
import { itemSize } from './item-size';
import { checkKey, checkKeyAttribute } from './item-validation';
import { keyRange, type KeyRange } from './key-range';
import { justAfter, segmentOf, type Address, type PartitionedItems, type Range } from './partitioned-items';
import type { Checked, RequestReader, ScanRequest } from './requests';
import type { SecondaryIndex } from './secondary-index';
import type { Table } from './table';
import type { PrimaryKey } from './table-definition';
import { refuse, validationError } from './validation';

/** What one page reads. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html */
const MAX_PAGE_BYTES = 1024 * 1024;
const BAD_START_KEY = 'The provided starting key is invalid';

/** A table or one of its indexes, as a query or scan reads it. */
interface Source {
  readonly table: Table;
  readonly index: SecondaryIndex | undefined;
  readonly key: PrimaryKey;
  readonly items: PartitionedItems;
  addressOf(item: Item): Address;
}

/** Query and Scan, on tables and indexes. */
export class PagedReader {
  constructor(
    private readonly database: Database,
    private readonly reader: RequestReader,
  ) {}

  query(input: unknown): unknown {
    const checked = this.reader.query(input);
    const { request, expressions } = checked;
    const source = this.source(checked);
    const part = queriedRange(source.key, expressions);
    refuseKeyFilter(source.key, expressions);
    const isAscending = request.ScanIndexForward !== false;
    const start = startAddress(source, request);
    const range = start === undefined ? part.range : remainder(part, start, isAscending);
    return page(source.items.query(part.partition, range, isAscending), source, checked);
  }

  scan(input: unknown): unknown {
    const checked = this.reader.scan(input);
    const source = this.source(checked);
    const { Segment: segment, TotalSegments: total } = checked.request;
    const start = startAddress(source, checked.request);
    if (segment === undefined || total === undefined) return page(source.items.scan(start), source, checked);
    if (start !== undefined && segmentOf(start.partition, total) !== segment) {
      throw validationError(
        `${BAD_START_KEY}: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${total} Segment: ${segment}`,
      );
    }
    return page(source.items.scan(start, { index: segment, total }), source, checked);
  }

  private source({ request, expressions }: Checked<ScanRequest>): Source {
    const table = this.database.table(request.TableName);
    refuse(validateKeyPaths(expressions.projection?.nestedPaths, table.definition));
    refuse(validateKeyPaths(expressions.filter?.nestedPaths, table.definition));
    if (request.IndexName === undefined) {
      return { table, index: undefined, key: table.key, items: table.items, addressOf: (item) => table.addressOf(item) };
    }
    const index = table.index(request.IndexName);
    if (index === undefined) throw validationError(`The table does not have the specified index: ${request.IndexName}`);
    if (request.ConsistentRead === true) throw validationError('Consistent reads are not supported on global secondary indexes');
    refuseUnprojected(index, request, expressions);
    return { table, index, key: index.key, items: index.items(), addressOf: (item) => index.addressOf(item) };
  }
}

/** The part of a table or index that a query's key condition names. */
export function queriedRange(key: PrimaryKey, { keyCondition }: Expressions): KeyRange {
  return keyRange(key, keyCondition === undefined ? {} : keyConditionsOf(keyCondition));
}

function page(items: Iterable<Item>, source: Source, { request, expressions }: Checked<ScanRequest>): unknown {
  const { filter, projection } = expressions;
  const { Limit: limit = Infinity } = request;
  const found: Item[] = [];
  let last: Item | undefined;
  let scanned = 0;
  let bytes = 0;
  for (const item of items) {
    last = item;
    scanned++;
    bytes += itemSize(item);
    if (filter === undefined || meets(filter.expression, item)) found.push(projection === undefined ? item : mapPaths(projection.paths, item));
    if (scanned >= limit || bytes >= MAX_PAGE_BYTES) break;
  }
  // A page that was filled exactly has a key too, even if nothing follows.
  const isFull = scanned >= limit || bytes >= MAX_PAGE_BYTES;
  const meter = new CapacityMeter(request);
  // A query of an index names its table too, without units.
  if (source.index !== undefined) meter.read(source.table.name, 0);
  meter.read(source.table.name, readUnits(bytes, request.ConsistentRead === true), request.IndexName);
  return {
    Count: found.length,
    ScannedCount: scanned,
    ...(request.Select !== 'COUNT' && { Items: found }),
    ...meter.single(),
    ...(isFull && last !== undefined && { LastEvaluatedKey: keyOf(last, source) }),
  };
}

function keyAttributesOf({ table, index }: Source): readonly string[] {
  if (index !== undefined) return index.keyAttributes();
  return table.key.range === undefined ? [table.key.hash.name] : [table.key.hash.name, table.key.range.name];
}

function keyOf(item: Item, source: Source): Item {
  const names = new Set(keyAttributesOf(source));
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

/** Where the page before this one ended. */
function startAddress(source: Source, { ExclusiveStartKey: start }: ScanRequest): Address | undefined {
  if (start === undefined) return undefined;
  const { index, key } = source;
  if (Object.keys(start).length !== keyAttributesOf(source).length) {
    throw validationError(index === undefined ? `${BAD_START_KEY}: The provided key element does not match the schema` : BAD_START_KEY);
  }
  for (const [attribute, isHash] of [[key.hash, true], [key.range, false]] as const) {
    if (attribute === undefined) continue;
    if (start[attribute.name] === undefined) throw validationError(BAD_START_KEY);
    checkKeyAttribute(start, attribute, isHash);
  }
  checkTableKey(start, { ...source, index: undefined });
  return source.addressOf(start);
}

/** The start key of an index holds the table's key as well. */
function checkTableKey(start: Item, source: Source): void {
  try {
    checkKey(keyOf(start, source), source.table);
  } catch (error) {
    throw error instanceof AwsError ? validationError(`${BAD_START_KEY}: ${error.message}`) : error;
  }
}

/** What is left of a queried range after a start key. */
function remainder({ partition, range }: KeyRange, start: Address, isAscending: boolean): Range {
  if (start.partition !== partition) {
    throw validationError('The provided starting key is outside query boundaries based on provided conditions');
  }
  if (start.position < range.from || (range.to !== undefined && start.position >= range.to)) {
    throw validationError('The provided starting key does not match the range key predicate');
  }
  return isAscending ? { ...range, from: justAfter(start.position) } : { ...range, to: start.position };
}

function refuseKeyFilter(key: PrimaryKey, { filter }: Expressions): void {
  for (const attribute of [key.hash, key.range]) {
    if (attribute !== undefined && filter?.pathHeads[attribute.name] === true) {
      throw validationError(`Filter Expression can only contain non-primary key attributes: Primary key attribute: ${attribute.name}`);
    }
  }
}

function refuseUnprojected(index: SecondaryIndex, { Select: select }: ScanRequest, { projection }: Expressions): void {
  const { IndexName: name, Projection: projects } = index.definition;
  if (select === 'ALL_ATTRIBUTES' && projects.ProjectionType !== 'ALL') {
    throw validationError(
      `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${name} because its projection type is not ALL`,
    );
  }
  const missing = [...new Set((projection?.paths ?? []).map(([head]) => String(head)))].filter((attribute) => !index.projects(attribute));
  if (missing.length > 0) {
    throw validationError(`One or more parameter values were invalid: Global secondary index ${name} does not project [${missing.join(', ')}]`);
  }
}
