import { notModelled } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Trace } from '../kernel/trace';
import { Authorization, type AuthorizationPart } from './authorization';
import { Database } from './database';
import { ExpressionParser } from './expressions';
import { ItemReader } from './item-reader';
import { ItemWriter } from './item-writer';
import { PagedReader } from './paged-reader';
import { RequestReader } from './requests';
import type { TableSnapshot } from './table';
import { Transactions } from './transactions';

export interface DynamoDbOptions {
  readonly clock: Clock;
  readonly trace: Trace;
  readonly accountId: string;
  readonly region: string;
  /** How long global secondary indexes stay behind their tables. @default 0 */
  readonly indexLagMs?: number;
}

type Operation = (input: unknown, caller: Caller) => unknown;

/**
 * DynamoDB of one account and Region, in memory.
 *
 * Expressions are dynalite's: its grammars and its validation. Every changed item is one `dynamodb.item-written` in the
 * trace, in the order of the request. Answers share frozen items with the store. What is not modelled is refused by name.
 */
export class DynamoDbService implements Service {
  private readonly database: Database;
  private readonly authorization: Authorization;
  private readonly operations: ReadonlyMap<string, Operation>;

  constructor({ clock, trace, accountId, region, indexLagMs = 0 }: DynamoDbOptions) {
    const database = new Database(clock, `arn:aws:dynamodb:${region}:${accountId}:table/`, indexLagMs);
    const requests = new RequestReader(new ExpressionParser());
    const reader = new ItemReader(database, requests);
    const writer = new ItemWriter(database, requests, trace);
    const pages = new PagedReader(database, requests);
    const transactions = new Transactions(database, requests, writer, clock);
    this.database = database;
    this.authorization = new Authorization(database, requests);
    this.operations = new Map<string, Operation>([
      ['CreateTable', (input) => database.createTable(input)],
      ['DescribeTable', (input) => database.describeTable(input)],
      ['ListTables', (input) => database.listTables(input)],
      ['GetItem', (input) => reader.getItem(input)],
      ['BatchGetItem', (input) => reader.batchGetItem(input)],
      ['PutItem', (input, caller) => writer.putItem(input, caller)],
      ['UpdateItem', (input, caller) => writer.updateItem(input, caller)],
      ['DeleteItem', (input, caller) => writer.deleteItem(input, caller)],
      ['Query', (input) => pages.query(input)],
      ['Scan', (input) => pages.scan(input)],
      ['TransactWriteItems', (input, caller) => transactions.transactWriteItems(input, caller)],
      ['TransactGetItems', (input) => transactions.transactGetItems(input)],
    ]);
  }

  /** @throws {AwsError} as DynamoDB would answer; `NotModelledLocally` for other operations */
  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operation(operation)(input, caller);
  }

  /**
   * What IAM must allow for a call. Empty leading keys stand for a request that has none.
   * @throws {AwsError} as the call itself when the request is not well-formed
   */
  authorizationOf(operation: string, input: unknown): readonly AuthorizationPart[] {
    this.operation(operation);
    return this.authorization.partsOf(operation, input);
  }

  /**
   * Everything in a table as plain JSON: what a restore brings back, and what is saved between runs.
   * @throws {ResourceNotFoundException}
   */
  exportTable(name: string): TableSnapshot {
    return this.database.exportTable(name);
  }

  /** Puts a table back as it was, or makes it. This is no write of anybody: the trace does not show it. */
  importTable(name: string, snapshot: TableSnapshot): void {
    this.database.importTable(name, snapshot);
  }

  private operation(name: string): Operation {
    const operation = this.operations.get(name);
    if (operation === undefined) throw notModelled(`DynamoDB ${name}`);
    return operation;
  }
}
