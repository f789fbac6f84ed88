import type { Json } from '../../lambdas/domain/trace';
import { notModelled } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Caller, Service } from '../kernel/service';
import type { Stateful } from '../kernel/stateful';
import type { Trace } from '../kernel/trace';
import { Authorization, type AuthorizationPart } from './authorization';
import { BatchWriter } from './batch-writer';
import { ContinuousBackups } from './continuous-backups';
import { Database } from './database';
import { ExpressionParser } from './expressions';
import { ItemReader } from './item-reader';
import { ItemWriter } from './item-writer';
import { PagedReader } from './paged-reader';
import { RequestReader } from './requests';
import { savedDynamoDb } from './saved-state';
import { TableTags } from './table-tags';
import { TimeToLive } from './time-to-live';
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
export class DynamoDbService implements Service, Stateful {
  private readonly database: Database;
  private readonly transactions: Transactions;
  private readonly timeToLive: TimeToLive;
  private readonly authorization: Authorization;
  private readonly operations: ReadonlyMap<string, Operation>;

  constructor({ clock, trace, accountId, region, indexLagMs = 0 }: DynamoDbOptions) {
    const database = new Database(clock, `arn:aws:dynamodb:${region}:${accountId}:table/`, indexLagMs);
    const parser = new ExpressionParser();
    const requests = new RequestReader(parser);
    const reader = new ItemReader(database, requests, parser);
    const writer = new ItemWriter(database, requests, trace);
    const batches = new BatchWriter(database, writer);
    const pages = new PagedReader(database, requests);
    const transactions = new Transactions(database, requests, writer, clock);
    const tags = new TableTags(database);
    const timeToLive = new TimeToLive(database, writer, clock, accountId);
    const backups = new ContinuousBackups(database, clock);
    this.database = database;
    this.transactions = transactions;
    this.timeToLive = timeToLive;
    this.authorization = new Authorization(database, requests, parser);
    this.operations = new Map<string, Operation>([
      ['CreateTable', (input) => database.createTable(input)],
      ['DescribeTable', (input) => database.describeTable(input)],
      ['ListTables', (input) => database.listTables(input)],
      ['UpdateTable', (input) => database.updateTable(input)],
      ['DeleteTable', (input) => database.deleteTable(input)],
      ['DescribeLimits', (input) => database.describeLimits(input)],
      ['TagResource', (input) => tags.tagResource(input)],
      ['UntagResource', (input) => tags.untagResource(input)],
      ['ListTagsOfResource', (input) => tags.listTagsOfResource(input)],
      ['DescribeTimeToLive', (input) => timeToLive.describe(input)],
      ['UpdateTimeToLive', (input) => timeToLive.update(input)],
      ['DescribeContinuousBackups', (input) => backups.describe(input)],
      ['UpdateContinuousBackups', (input) => backups.update(input)],
      ['GetItem', (input) => reader.getItem(input)],
      ['BatchGetItem', (input) => reader.batchGetItem(input)],
      ['BatchWriteItem', (input, caller) => batches.batchWriteItem(input, caller)],
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
    const run = this.operation(operation);
    this.timeToLive.sweep();
    return run(input, caller);
  }

  /**
   * What IAM must allow for a call. Empty leading keys stand for a request that has none.
   * @throws {AwsError} as the call itself when the request is not well-formed
   */
  authorizationOf(operation: string, input: unknown): readonly AuthorizationPart[] {
    this.operation(operation);
    return this.authorization.partsOf(operation, input);
  }

  /** Everything: tables with their items, what indexes do not show yet, the tokens of transactions. */
  save(): Json {
    // The cast drops names only: items and definitions are JSON of the wire.
    return { tables: this.database.save(), transactions: this.transactions.save() } as unknown as Json;
  }

  /** This is no write of anybody: the trace does not show it. */
  load(saved: Json): void {
    const { tables, transactions } = savedDynamoDb.parse(saved);
    this.database.load(tables);
    this.transactions.load(transactions);
  }

  private operation(name: string): Operation {
    const operation = this.operations.get(name);
    if (operation === undefined) throw notModelled(`DynamoDB ${name}`);
    return operation;
  }
}
