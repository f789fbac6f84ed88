import { keyText, type Item } from './attribute-value';
import { readBatchGet, readBatchWrite } from './batch-requests';
import type { Database } from './database';
import type { ExpressionParser } from './expressions';
import { queriedRange } from './paged-reader';
import type { RequestReader } from './requests';
import { readTransactGet, readTransactWrite } from './transaction-requests';

/** One thing that IAM must allow before a call is answered. A call is allowed when every part of it is. */
export interface AuthorizationPart {
  /** IAM's action, e.g. `dynamodb:ConditionCheckItem`. */
  readonly action: string;
  readonly resourceArns: readonly string[];
  /**
   * For the condition key `dynamodb:LeadingKeys`: the partition key values that are touched, as text. Empty where the
   * request has no such key (a scan); of an index, the index's own partition key.
   */
  readonly leadingKeys: readonly string[];
}

/**
 * Tells IAM what a call touches.
 * A transaction has no action of its own: each part is authorized as the single-item operation it stands for.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export class Authorization {
  constructor(
    private readonly database: Database,
    private readonly reader: RequestReader,
    private readonly parser: ExpressionParser,
  ) {}

  /** @throws {ValidationException|SerializationException} as the call itself when the request is not well-formed */
  partsOf(operation: string, input: unknown): readonly AuthorizationPart[] {
    switch (operation) {
      case 'GetItem': {
        const { request } = this.reader.get(input);
        return [this.part('GetItem', request.TableName, request.Key)];
      }
      case 'PutItem': {
        const { request } = this.reader.put(input);
        return [this.part('PutItem', request.TableName, request.Item)];
      }
      case 'UpdateItem': {
        const { request } = this.reader.update(input);
        return [this.part('UpdateItem', request.TableName, request.Key)];
      }
      case 'DeleteItem': {
        const { request } = this.reader.delete(input);
        return [this.part('DeleteItem', request.TableName, request.Key)];
      }
      case 'BatchGetItem':
        return readBatchGet(input, this.parser).tables.map(({ tableName, request }) => this.part('BatchGetItem', tableName, ...request.Keys));
      case 'BatchWriteItem':
        return readBatchWrite(input).tables.map(({ tableName, writes }) =>
          this.part('BatchWriteItem', tableName, ...writes.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {})),
        );
      case 'Query':
        return [this.query(input)];
      case 'Scan': {
        const { request } = this.reader.scan(input);
        return [{ action: 'dynamodb:Scan', resourceArns: [this.database.arnOf(request.TableName, request.IndexName)], leadingKeys: [] }];
      }
      case 'TransactGetItems':
        return readTransactGet(input).TransactItems.map(({ Get }) => {
          const { request } = this.reader.checkGet(Get);
          return this.part('GetItem', request.TableName, request.Key);
        });
      case 'TransactWriteItems':
        return this.transactWrite(input);
      case 'ListTables':
      case 'DescribeLimits':
        return [{ action: `dynamodb:${operation}`, resourceArns: ['*'], leadingKeys: [] }];
      case 'TagResource':
      case 'UntagResource':
      case 'ListTagsOfResource':
        return [{ action: `dynamodb:${operation}`, resourceArns: [textIn(input, 'ResourceArn')], leadingKeys: [] }];
      default:
        return [{ action: `dynamodb:${operation}`, resourceArns: [this.database.arnOf(textIn(input, 'TableName'))], leadingKeys: [] }];
    }
  }

  private transactWrite(input: unknown): readonly AuthorizationPart[] {
    return readTransactWrite(input).TransactItems.map(({ Put, Update, Delete, ConditionCheck }) => {
      if (Put !== undefined) return this.part('PutItem', Put.TableName, this.reader.checkPut(Put).request.Item);
      if (Update !== undefined) return this.part('UpdateItem', Update.TableName, this.reader.checkUpdate(Update).request.Key);
      const keyed = Delete ?? ConditionCheck;
      if (keyed === undefined) throw new TypeError('A part without an action passed the validation.');
      return this.part(Delete ? 'DeleteItem' : 'ConditionCheckItem', keyed.TableName, this.reader.checkDelete(keyed).request.Key);
    });
  }

  private query(input: unknown): AuthorizationPart {
    const { request, expressions } = this.reader.query(input);
    const table = this.database.find(request.TableName);
    const key = request.IndexName === undefined ? table?.key : table?.index(request.IndexName)?.key;
    return {
      action: 'dynamodb:Query',
      resourceArns: [this.database.arnOf(request.TableName, request.IndexName)],
      leadingKeys: key === undefined ? [] : [keyText(queriedRange(key, expressions).hash)],
    };
  }

  private part(operation: string, tableName: string, ...keys: readonly Item[]): AuthorizationPart {
    const hash = this.database.find(tableName)?.key.hash.name;
    const leadingKeys = hash === undefined ? [] : keys.map((key) => keyText(key[hash]));
    return { action: `dynamodb:${operation}`, resourceArns: [this.database.arnOf(tableName)], leadingKeys: [...new Set(leadingKeys)] };
  }
}

function textIn(input: unknown, member: string): string {
  const text: unknown = typeof input === 'object' && input !== null ? Object.entries(input).find(([name]) => name === member)?.[1] : undefined;
  return typeof text === 'string' ? text : '*';
}
