import { itemSize } from 'dynalite/db';
import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import { Table, type TableSnapshot } from './table';
import { tableDefinition, type IndexDefinition } from './table-definition';
import { checkShape, type Shape } from './validation';

const LIST_TABLES: Shape<{ readonly Limit?: number; readonly ExclusiveStartTableName?: string }> = {
  what: 'DynamoDB ListTables',
  types: { Limit: { type: 'Integer', greaterThanOrEqual: 1 }, ExclusiveStartTableName: { type: 'String' } },
};
const DESCRIBE_TABLE: Shape<{ readonly TableName: string }> = {
  what: 'DynamoDB DescribeTable',
  types: { TableName: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1 } },
};
const TABLES_PER_PAGE = 100;

/** The tables of one account and Region. */
export class Database {
  private readonly tables = new Map<string, Table>();

  /** @param indexLagMs how long indexes stay behind their tables */
  constructor(
    private readonly clock: Clock,
    private readonly arnPrefix: string,
    private readonly indexLagMs: number,
  ) {}

  /** @throws {ResourceNotFoundException} */
  table(name: string): Table {
    const table = this.tables.get(name);
    if (table === undefined) throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    return table;
  }

  find(name: string): Table | undefined {
    return this.tables.get(name);
  }

  arnOf(tableName: string, indexName?: string): string {
    return `${this.arnPrefix}${tableName}${indexName === undefined ? '' : `/index/${indexName}`}`;
  }

  /** A table is ACTIVE as soon as it is created. */
  createTable(properties: unknown): unknown {
    const definition = tableDefinition(properties);
    if (this.tables.has(definition.TableName)) {
      throw new AwsError('ResourceInUseException', `Table already exists: ${definition.TableName}`);
    }
    const table = new Table(definition, this.clock.nowMs(), this.clock, this.indexLagMs);
    this.tables.set(table.name, table);
    return { TableDescription: this.description(table) };
  }

  describeTable(input: unknown): unknown {
    const { TableName: name } = checkShape(DESCRIBE_TABLE, input);
    const table = this.tables.get(name);
    if (table === undefined) throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
    return { Table: this.description(table) };
  }

  listTables(input: unknown): unknown {
    const { Limit: limit = TABLES_PER_PAGE, ExclusiveStartTableName: after = '' } = checkShape(LIST_TABLES, input);
    const names = [...this.tables.keys()].filter((name) => name > after).sort();
    const page = names.slice(0, limit);
    return { TableNames: page, ...(names.length > limit && { LastEvaluatedTableName: page.at(-1) }) };
  }

  /** Everything in a table. Its indexes are not part of it: they are made anew, without lag, on import. */
  exportTable(name: string): TableSnapshot {
    return this.table(name).snapshot();
  }

  /** Puts a table back as it was, or makes it. */
  importTable(name: string, { definition, createdAtMs, items }: TableSnapshot): void {
    const table = new Table({ ...definition, TableName: name }, createdAtMs, this.clock, this.indexLagMs);
    table.restore(items);
    this.tables.set(name, table);
  }

  private description({ definition, createdAtMs, items, name }: Table): Readonly<Record<string, unknown>> {
    const { GlobalSecondaryIndexes: indexes, BillingMode: mode, ...rest } = definition;
    return {
      ...rest,
      ...(indexes && { GlobalSecondaryIndexes: indexes.map((index) => this.indexDescription(name, index)) }),
      TableArn: this.arnOf(name),
      TableStatus: 'ACTIVE',
      CreationDateTime: createdAtMs / 1000,
      BillingModeSummary: { BillingMode: mode, LastUpdateToPayPerRequestDateTime: createdAtMs / 1000 },
      ItemCount: items.size,
      TableSizeBytes: [...items.scan()].reduce((sum, item) => sum + itemSize(item), 0),
    };
  }

  private indexDescription(tableName: string, index: IndexDefinition): Readonly<Record<string, unknown>> {
    return { ...index, IndexArn: this.arnOf(tableName, index.IndexName), IndexStatus: 'ACTIVE' };
  }
}
