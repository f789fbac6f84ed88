import { itemSize } from 'dynalite/db';
import { validateAttributeValue, validateExpressionParams } from 'dynalite/validations';
import * as batchGet from 'dynalite/validations/batchGetItem';
import * as del from 'dynalite/validations/deleteItem';
import * as get from 'dynalite/validations/getItem';
import * as put from 'dynalite/validations/putItem';
import * as query from 'dynalite/validations/query';
import * as scan from 'dynalite/validations/scan';
import * as update from 'dynalite/validations/updateItem';
import type { Item } from './attribute-value';
import type { ExpressionMembers, ExpressionParser, Expressions } from './expressions';
import { checkShape, modelledMembers, pick, refuseMessage, type MemberTypes, type Shape } from './validation';

/** Bytes of an item at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const MAX_ITEM_BYTES = 409_600;

type ReturnValues = 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW';

interface TableRequest extends ExpressionMembers {
  readonly TableName: string;
}
export interface KeyRequest extends TableRequest {
  readonly Key: Item;
}
interface WriteMembers {
  readonly ReturnValues?: ReturnValues;
  readonly ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' | 'NONE';
}
export interface GetRequest extends KeyRequest {
  readonly ConsistentRead?: boolean;
}
export interface PutRequest extends TableRequest, WriteMembers {
  readonly Item: Item;
}
export interface KeyedWriteRequest extends KeyRequest, WriteMembers {}
export interface ScanRequest extends TableRequest {
  readonly IndexName?: string;
  readonly ConsistentRead?: boolean;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
  readonly Select?: 'ALL_ATTRIBUTES' | 'ALL_PROJECTED_ATTRIBUTES' | 'COUNT' | 'SPECIFIC_ATTRIBUTES';
}
export interface QueryRequest extends ScanRequest {
  readonly ScanIndexForward?: boolean;
}
export interface BatchGetRequest {
  readonly RequestItems: Readonly<Record<string, Omit<GetRequest, 'TableName' | 'Key'> & { readonly Keys: readonly Item[] }>>;
}

/** A request that is well-formed, and its parsed expressions. */
export interface Checked<Request> {
  readonly request: Request;
  readonly expressions: Expressions;
}

const NAMES = 'ExpressionAttributeNames';
const VALUES = 'ExpressionAttributeValues';
const KEY_READ = ['TableName', 'Key', 'ConsistentRead', 'ProjectionExpression', NAMES];
const PAGED_READ = ['TableName', 'IndexName', 'Limit', 'ExclusiveStartKey', 'Select', 'FilterExpression', 'ProjectionExpression', NAMES, VALUES];
const CONDITIONED = ['TableName', 'ConditionExpression', NAMES, VALUES];
const ON_FAILURE: MemberTypes = { ReturnValuesOnConditionCheckFailure: { type: 'String', enum: ['ALL_OLD', 'NONE'] } };

const CONDITION = 'ConditionExpression';

const GET: Shape<GetRequest> = { what: 'DynamoDB GetItem', types: pick(get.types, KEY_READ) };
const BATCH_GET: Shape<BatchGetRequest> = { what: 'DynamoDB BatchGetItem', types: pick(batchGet.types, ['RequestItems']) };
const PUT: Shape<PutRequest> = {
  what: 'DynamoDB PutItem',
  types: { ...pick(put.types, [...CONDITIONED, 'Item', 'ReturnValues']), ...ON_FAILURE },
};
const DELETE: Shape<KeyedWriteRequest> = {
  what: 'DynamoDB DeleteItem',
  types: { ...pick(del.types, [...CONDITIONED, 'Key', 'ReturnValues']), ...ON_FAILURE },
};
const UPDATE: Shape<KeyedWriteRequest> = {
  what: 'DynamoDB UpdateItem',
  types: { ...pick(update.types, [...CONDITIONED, 'Key', 'ReturnValues', 'UpdateExpression']), ...ON_FAILURE },
};
const QUERY: Shape<QueryRequest> = {
  what: 'DynamoDB Query',
  types: pick(query.types, [...PAGED_READ, 'ConsistentRead', 'KeyConditionExpression', 'ScanIndexForward']),
};
const SCAN: Shape<ScanRequest> = { what: 'DynamoDB Scan', types: { ...pick(scan.types, PAGED_READ), ConsistentRead: 'Boolean' } };

/** The modelled members of a transaction's parts, which have no `ReturnValues` of a success. */
export const PART_MEMBERS = {
  Get: omit(GET.types, 'ConsistentRead'),
  Put: omit(PUT.types, 'ReturnValues'),
  Delete: omit(DELETE.types, 'ReturnValues'),
  Update: { ...omit(UPDATE.types, 'ReturnValues'), UpdateExpression: { type: 'String', notNull: true } },
  ConditionCheck: { ...omit(DELETE.types, 'ReturnValues'), ConditionExpression: { type: 'String', notNull: true } },
} as const satisfies Record<string, MemberTypes>;

/**
 * Reads the requests of the data plane. What `check…` takes already has the right shape.
 * @throws as DynamoDB does when a request is not well-formed
 */
export class RequestReader {
  constructor(private readonly parser: ExpressionParser) {}

  get(input: unknown): Checked<GetRequest> {
    return this.checkGet(checkShape(GET, input));
  }

  put(input: unknown): Checked<PutRequest> {
    return this.checkPut(checkShape(PUT, input));
  }

  delete(input: unknown): Checked<KeyedWriteRequest> {
    return this.checkDelete(checkShape(DELETE, input));
  }

  update(input: unknown): Checked<KeyedWriteRequest> {
    return this.checkUpdate(checkShape(UPDATE, input));
  }

  query(input: unknown): Checked<QueryRequest> {
    const request = checkShape(QUERY, input);
    if (request.KeyConditionExpression === undefined) {
      refuseMessage('Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.');
    }
    return this.paged(request, ['ProjectionExpression', 'FilterExpression', 'KeyConditionExpression']);
  }

  scan(input: unknown): Checked<ScanRequest> {
    return this.paged(checkShape(SCAN, input), ['ProjectionExpression', 'FilterExpression']);
  }

  /** One checked read per table, and the keys to read there. */
  batchGet(input: unknown): readonly (Checked<ExpressionMembers> & { readonly tableName: string; readonly keys: readonly Item[] })[] {
    const shape = modelledMembers(BATCH_GET.what, input, BATCH_GET.types);
    const tables = { Keys: 'List', ...pick(get.types, ['ConsistentRead', 'ProjectionExpression', NAMES]) };
    for (const part of Object.values(shape['RequestItems'] ?? {})) modelledMembers(`a table of ${BATCH_GET.what}`, part, tables);
    const { RequestItems: requests } = checkShape(BATCH_GET, shape);
    refuseMessage(batchGet.custom({ RequestItems: structuredClone(requests) }, {}));
    return Object.entries(requests).map(([tableName, request]) => {
      for (const key of request.Keys) checkValues(key);
      return { tableName, keys: request.Keys, request, expressions: this.parser.parse(request) };
    });
  }

  checkGet(request: GetRequest): Checked<GetRequest> {
    return this.keyed(request, ['ProjectionExpression']);
  }

  checkPut(request: PutRequest): Checked<PutRequest> {
    refuseMessage(validateExpressionParams(request, [CONDITION], []));
    checkValues(request.Item);
    checkReturnValues(request);
    if (itemSize(request.Item) > MAX_ITEM_BYTES) refuseMessage('Item size has exceeded the maximum allowed size');
    return { request, expressions: this.parser.parse(request) };
  }

  checkDelete(request: KeyedWriteRequest): Checked<KeyedWriteRequest> {
    checkReturnValues(request);
    return this.keyed(request, [CONDITION]);
  }

  checkUpdate(request: KeyedWriteRequest): Checked<KeyedWriteRequest> {
    return this.keyed(request, ['UpdateExpression', CONDITION]);
  }

  private keyed<Request extends KeyRequest>(request: Request, expressions: readonly string[]): Checked<Request> {
    refuseMessage(validateExpressionParams(request, expressions, []));
    checkValues(request.Key);
    return { request, expressions: this.parser.parse(request) };
  }

  private paged<Request extends ScanRequest>(request: Request, expressions: readonly string[]): Checked<Request> {
    refuseMessage(validateExpressionParams(request, expressions, []));
    checkValues(request.ExclusiveStartKey ?? {}, 'The provided starting key is invalid: ');
    checkSelect(request);
    return { request, expressions: this.parser.parse(request) };
  }
}

function omit(types: MemberTypes, member: string): MemberTypes {
  return Object.fromEntries(Object.entries(types).filter(([name]) => name !== member));
}

function checkValues(item: Item, prefix = ''): void {
  for (const value of Object.values(item)) {
    const message = validateAttributeValue(value);
    if (message !== undefined) refuseMessage(prefix + message);
  }
}

function checkReturnValues({ ReturnValues: values = 'NONE' }: WriteMembers): void {
  if (values !== 'NONE' && values !== 'ALL_OLD') refuseMessage('ReturnValues can only be ALL_OLD or NONE');
}

function checkSelect({ Select: select, ProjectionExpression: projection, IndexName: index }: ScanRequest): void {
  if (select === 'SPECIFIC_ATTRIBUTES' && projection === undefined) {
    refuseMessage('Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES');
  }
  if (select !== undefined && select !== 'SPECIFIC_ATTRIBUTES' && projection !== undefined) {
    refuseMessage(`Cannot specify the ProjectionExpression when choosing to get ${select === 'COUNT' ? 'only the Count' : select}`);
  }
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && index === undefined) {
    refuseMessage('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
  }
}
