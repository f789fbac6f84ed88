import { createHash } from 'node:crypto';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Item } from './attribute-value';
import { itemSize } from './item-size';
import { Table, type SavedTable } from './table';
import { tableDefinition, type IndexDefinition } from './table-definition';
import { newTableSettings } from './table-settings';
import { checkShape, TABLE_NAME, validationError, type Shape } from './validation';

const LIST_TABLES: Shape<{ readonly Limit?: number; readonly ExclusiveStartTableName?: string }> = {
  what: 'DynamoDB ListTables',
  types: {
    Limit: { type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: 100 },
    ExclusiveStartTableName: { type: 'String', regex: '[a-zA-Z0-9_.-]+', lengthGreaterThanOrEqual: 3, lengthLessThanOrEqual: 255 },
  },
};
const DESCRIBE_TABLE: Shape<{ readonly TableName: string }> = { what: 'DynamoDB DescribeTable', types: TABLE_NAME };
const DELETE_TABLE: Shape<{ readonly TableName: string }> = { what: 'DynamoDB DeleteTable', types: TABLE_NAME };
const UPDATE_TABLE: Shape<{ readonly TableName: string; readonly DeletionProtectionEnabled?: boolean }> = {
  what: 'DynamoDB UpdateTable',
  types: { ...TABLE_NAME, DeletionProtectionEnabled: 'Boolean' },
};
const DESCRIBE_LIMITS: Shape<object> = { what: 'DynamoDB DescribeLimits', types: {} };

const TABLES_PER_PAGE = 100;
/** What a new account may provision. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
const DEFAULT_QUOTAS = {
  AccountMaxReadCapacityUnits: 80_000,
  AccountMaxWriteCapacityUnits: 80_000,
  TableMaxReadCapacityUnits: 40_000,
  TableMaxWriteCapacityUnits: 40_000,
};
/** What AWS answers for on-demand tables. */
const ON_DEMAND = { NumberOfDecreasesToday: 0, ReadCapacityUnits: 0, WriteCapacityUnits: 0 };

type Description = Readonly<Record<string, unknown>>;

/** The tables of one account and Region. A table is ACTIVE as soon as it is created, and gone as soon as it is deleted. */
export class Database {
  private readonly tables = new Map<string, Table>();

  /** @param indexLagMs how long indexes stay behind their tables */
  constructor(
    private readonly clock: Clock,
    private readonly arnPrefix: string,
    private readonly indexLagMs: number,
  ) {}

  /** @throws {ResourceNotFoundException} as the data plane says it */
  table(name: string): Table {
    const table = this.tables.get(name);
    if (table === undefined) throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    return table;
  }

  /** @throws {ResourceNotFoundException} as the operations on whole tables say it */
  describedTable(name: string): Table {
    const table = this.tables.get(name);
    if (table === undefined) throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
    return table;
  }

  find(name: string): Table | undefined {
    return this.tables.get(name);
  }

  all(): Iterable<Table> {
    return this.tables.values();
  }

  arnOf(tableName: string, indexName?: string): string {
    return `${this.arnPrefix}${tableName}${indexName === undefined ? '' : `/index/${indexName}`}`;
  }

  createTable(properties: unknown): unknown {
    const definition = tableDefinition(properties);
    const settings = newTableSettings(properties as object, this.clock.nowMs());
    if (this.tables.has(definition.TableName)) {
      throw new AwsError('ResourceInUseException', `Table already exists: ${definition.TableName}`);
    }
    const table = new Table(definition, settings, this.clock.nowMs(), this.clock, this.indexLagMs);
    this.tables.set(table.name, table);
    return { TableDescription: this.description(table) };
  }

  describeTable(input: unknown): unknown {
    return { Table: this.description(this.describedTable(checkShape(DESCRIBE_TABLE, input).TableName)) };
  }

  deleteTable(input: unknown): unknown {
    const table = this.describedTable(checkShape(DELETE_TABLE, input).TableName);
    if (table.settings.isDeletionProtected) {
      throw validationError('Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.');
    }
    this.tables.delete(table.name);
    return { TableDescription: { ...this.description(table), TableStatus: 'DELETING' } };
  }

  updateTable(input: unknown): unknown {
    const { TableName: name, DeletionProtectionEnabled: isDeletionProtected } = checkShape(UPDATE_TABLE, input);
    const table = this.describedTable(name);
    if (isDeletionProtected === undefined) throw notModelled('a DynamoDB UpdateTable without DeletionProtectionEnabled');
    table.settings = { ...table.settings, isDeletionProtected };
    return { TableDescription: this.description(table) };
  }

  listTables(input: unknown): unknown {
    const { Limit: limit = TABLES_PER_PAGE, ExclusiveStartTableName: after = '' } = checkShape(LIST_TABLES, input);
    const names = [...this.tables.keys()].filter((name) => name > after).sort();
    const page = names.slice(0, limit);
    return { TableNames: page, ...(names.length > limit && { LastEvaluatedTableName: page.at(-1) }) };
  }

  describeLimits(input: unknown): unknown {
    checkShape(DESCRIBE_LIMITS, input);
    return DEFAULT_QUOTAS;
  }

  save(): readonly SavedTable[] {
    return [...this.tables.values()].map((table) => table.save());
  }

  load(tables: readonly SavedTable[]): void {
    for (const saved of tables) {
      const table = new Table(saved.definition, saved.settings, saved.createdAtMs, this.clock, this.indexLagMs);
      table.restore(saved);
      this.tables.set(table.name, table);
    }
  }

  private description(table: Table): Description {
    const { definition, settings, createdAtMs, items, name } = table;
    const { GlobalSecondaryIndexes: indexes, BillingMode: mode, ...rest } = definition;
    return {
      ...rest,
      ...(indexes && { GlobalSecondaryIndexes: indexes.map((index) => this.indexDescription(table, index)) }),
      TableArn: this.arnOf(name),
      TableId: idOf(this.arnOf(name), createdAtMs),
      TableStatus: 'ACTIVE',
      CreationDateTime: createdAtMs / 1000,
      BillingModeSummary: { BillingMode: mode, LastUpdateToPayPerRequestDateTime: createdAtMs / 1000 },
      ProvisionedThroughput: ON_DEMAND,
      ItemCount: items.size,
      TableSizeBytes: sizeOf(items.scan()),
      DeletionProtectionEnabled: settings.isDeletionProtected,
    };
  }

  private indexDescription(table: Table, index: IndexDefinition): Description {
    const entries = table.index(index.IndexName)?.items();
    return {
      ...index,
      IndexArn: this.arnOf(table.name, index.IndexName),
      IndexStatus: 'ACTIVE',
      ProvisionedThroughput: ON_DEMAND,
      ItemCount: entries?.size ?? 0,
      IndexSizeBytes: sizeOf(entries?.scan() ?? []),
    };
  }
}

function sizeOf(items: Iterable<Item>): number {
  let bytes = 0;
  for (const item of items) bytes += itemSize(item);
  return bytes;
}

/** A UUID that tells a table from another one that had its name earlier. */
function idOf(arn: string, createdAtMs: number): string {
  const hex = createHash('sha256').update(`${arn} ${createdAtMs}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}
