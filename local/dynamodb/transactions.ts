import { isDeepStrictEqual } from 'node:util';
import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import type { Item } from './attribute-value';
import { CapacityMeter, largerSize, readUnits, TRANSACTION_FACTOR, type CapacityRequest } from './consumed-capacity';
import type { Database } from './database';
import { itemAt } from './item-reader';
import type { ItemWriter } from './item-writer';
import type { Address } from './partitioned-items';
import type { RequestReader } from './requests';
import type { Table } from './table';
import { readTransactGet, readTransactWrite, type WritePart } from './transaction-requests';
import { validationError } from './validation';
import { check, put, remove, update, type Write } from './write-plans';

/** Of all items together. @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const TOKEN_VALID_MS = 10 * 60 * 1000;

interface CompletedRequest {
  readonly partsJson: string;
  readonly validUntilMs: number;
  /** The larger size of each item before and after: a replay is charged for reading it. */
  readonly sizes: readonly { readonly tableName: string; readonly bytes: number }[];
}

/** What is remembered of earlier transactions, as plain JSON. */
export interface SavedTransactions {
  readonly count: number;
  /** Oldest first. */
  readonly completed: readonly (readonly [token: string, request: CompletedRequest])[];
}

/** One part, or the error that it is refused with. */
type Outcome<Result> = { readonly result: Result } | { readonly error: AwsError };

/** TransactWriteItems and TransactGetItems: all parts, or none. */
export class Transactions {
  /** Completed requests by their token, oldest first. */
  private completed = new Map<string, CompletedRequest>();
  private count = 0;

  constructor(
    private readonly database: Database,
    private readonly reader: RequestReader,
    private readonly writer: ItemWriter,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws {TransactionCanceledException} with a reason for each part, in their order
   * @throws {IdempotentParameterMismatchException} when the token came with other parts within ten minutes
   */
  transactWriteItems(input: unknown, caller: Caller): unknown {
    const request = readTransactWrite(input);
    const { TransactItems: parts, ClientRequestToken: token } = request;
    // Taken before numbers are normalized: a replay comes as the first request came.
    const partsJson = token === undefined ? '' : JSON.stringify(parts);
    const completed = token === undefined ? undefined : this.completedRequest(token, partsJson);
    // Nothing is written again; what was written is read.
    if (completed !== undefined) return readCapacity(completed.sizes, request);

    const writes = parts.map((part) => this.writeOf(part));
    refuseSameItem(writes);
    const plans = all(writes.map((write) => ('error' in write ? write : attempt(() => write.result.plan()))));
    const sizes = plans.map(({ table, before, after }) => ({ tableName: table.name, bytes: largerSize(before, after) }));
    refuseTooMuch(sizes);

    const meter = new CapacityMeter(request, 'WriteCapacityUnits');
    for (const { table, before, after } of plans) meter.write(table, before, after, TRANSACTION_FACTOR);
    this.count++;
    this.writer.apply(plans, caller, `transaction-${String(this.count)}`);
    if (token !== undefined) {
      this.completed.set(token, { partsJson, validUntilMs: this.clock.nowMs() + TOKEN_VALID_MS, sizes });
    }
    return meter.list();
  }

  transactGetItems(input: unknown): unknown {
    const request = readTransactGet(input);
    const reads = request.TransactItems.map(({ Get: get }) => {
      const { request: { TableName: tableName, Key: key }, expressions } = this.reader.checkGet(get);
      const table = this.database.table(tableName);
      return attempt(() => ({ table, tableName, address: table.addressOf(key), ...itemAt(table, key, expressions) }));
    });
    refuseSameItem(reads);
    const found = all(reads);
    refuseTooMuch(found);
    return {
      Responses: found.map(({ item }): { Item?: Item } => (item === undefined ? {} : { Item: item })),
      ...readCapacity(found, request),
    };
  }

  save(): SavedTransactions {
    this.forgetExpired();
    return { count: this.count, completed: [...this.completed] };
  }

  load({ count, completed }: SavedTransactions): void {
    this.count = count;
    this.completed = new Map(completed);
  }

  private completedRequest(token: string, partsJson: string): CompletedRequest | undefined {
    this.forgetExpired();
    const completed = this.completed.get(token);
    if (completed === undefined) return undefined;
    // The order of members does not matter: other texts can be the same request.
    if (completed.partsJson === partsJson || isDeepStrictEqual(JSON.parse(completed.partsJson), JSON.parse(partsJson))) return completed;
    throw new AwsError(
      'IdempotentParameterMismatchException',
      'DynamoDB rejected the request because you retried a request with a different payload but with an idempotent token that was already used.',
    );
  }

  private forgetExpired(): void {
    for (const [token, { validUntilMs }] of this.completed) {
      if (validUntilMs > this.clock.nowMs()) break;
      this.completed.delete(token);
    }
  }

  /** Errors of the table or of an expression refuse the whole request; those of a key cancel the transaction. */
  private writeOf({ Put, Update, Delete, ConditionCheck }: WritePart): Outcome<Write> {
    if (Put !== undefined) {
      const checked = this.reader.checkPut(Put);
      const table = this.database.table(Put.TableName);
      return attempt(() => put(table, checked));
    }
    if (Update !== undefined) {
      const checked = this.reader.checkUpdate(Update);
      const table = this.database.table(Update.TableName);
      return attempt(() => update(table, checked));
    }
    const keyed = Delete ?? ConditionCheck;
    if (keyed === undefined) throw new TypeError('A part without an action passed the validation.');
    const checked = this.reader.checkDelete(keyed);
    const table = this.database.table(keyed.TableName);
    return attempt(() => (Delete === undefined ? check : remove)(table, checked));
  }
}

function readCapacity(reads: CompletedRequest['sizes'], request: CapacityRequest): object {
  const meter = new CapacityMeter(request, 'ReadCapacityUnits');
  for (const { tableName, bytes } of reads) meter.read(tableName, TRANSACTION_FACTOR * readUnits(bytes, true));
  return meter.list();
}

function refuseTooMuch(sizes: CompletedRequest['sizes']): void {
  if (sizes.reduce((sum, { bytes }) => sum + bytes, 0) <= MAX_TRANSACTION_BYTES) return;
  throw validationError('Collection size of items exceeded, which can also be caused by the aggregate size of the items in the transaction exceeding the 4MB limit');
}

function attempt<Result>(run: () => Result): Outcome<Result> {
  try {
    return { result: run() };
  } catch (error) {
    if (error instanceof AwsError) return { error };
    throw error;
  }
}

function refuseSameItem(outcomes: readonly Outcome<{ readonly table: Table; readonly address: Address }>[]): void {
  const seen = new Set<string>();
  for (const outcome of outcomes) {
    if ('error' in outcome) continue;
    const { table, address } = outcome.result;
    const item = JSON.stringify([table.name, address.partition, address.position]);
    if (seen.has(item)) throw validationError('Transaction request cannot include multiple operations on one item');
    seen.add(item);
  }
}

/** Every result; or one error that tells why each part failed, if it did. */
function all<Result>(outcomes: readonly Outcome<Result>[]): readonly Result[] {
  const results: Result[] = [];
  for (const outcome of outcomes) if ('result' in outcome) results.push(outcome.result);
  if (results.length === outcomes.length) return results;
  const reasons = outcomes.map((outcome) => ('error' in outcome ? reasonOf(outcome.error) : { Code: 'None' }));
  throw new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    400,
    { CancellationReasons: reasons },
  );
}

function reasonOf({ code, message, members }: AwsError): { readonly Code: string } & Readonly<Record<string, unknown>> {
  const reason = code === 'ValidationException' ? 'ValidationError' : code.replace(/Exception$/, '');
  return { Code: reason, Message: message, ...members };
}
