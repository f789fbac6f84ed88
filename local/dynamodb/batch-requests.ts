import * as batchGet from 'dynalite/validations/batchGetItem';
import * as batchWrite from 'dynalite/validations/batchWriteItem';
import type { Item } from './attribute-value';
import { CAPACITY_MEMBER, type CapacityRequest } from './consumed-capacity';
import type { ExpressionMembers, ExpressionParser } from './expressions';
import { checkItem, checkValues } from './item-validation';
import { COLLECTION_METRICS_MEMBER, type Checked } from './requests';
import { checkShape, modelledMembers, pick, refuseMessage, type Shape } from './validation';

/** Requests of a BatchWriteItem at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_WRITES = 25;

/** What a BatchGetItem reads from one table. */
export interface KeysAndAttributes extends ExpressionMembers {
  readonly Keys: readonly Item[];
  readonly ConsistentRead?: boolean;
}
interface BatchGetRequest extends CapacityRequest {
  readonly RequestItems: Readonly<Record<string, KeysAndAttributes>>;
}
/** One request of a BatchWriteItem: exactly one member is set. */
export interface BatchedWrite {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}
interface BatchWriteRequest extends CapacityRequest {
  readonly RequestItems: Readonly<Record<string, readonly BatchedWrite[]>>;
}

const BATCH_GET: Shape<BatchGetRequest> = { what: 'DynamoDB BatchGetItem', types: { ...pick(batchGet.types, ['RequestItems']), ...CAPACITY_MEMBER } };
const BATCH_WRITE: Shape<BatchWriteRequest> = {
  what: 'DynamoDB BatchWriteItem',
  types: { ...pick(batchWrite.types, ['RequestItems']), ...CAPACITY_MEMBER, ...COLLECTION_METRICS_MEMBER },
};

const TABLE_MEMBERS = { Keys: 'List', ConsistentRead: 'Boolean', ProjectionExpression: 'String', ExpressionAttributeNames: 'Map' };
const WRITE_MEMBERS = { PutRequest: 'Struct', DeleteRequest: 'Struct' };

/** The reads of a batch, per table. */
export interface CheckedBatchGet {
  readonly request: CapacityRequest;
  readonly tables: readonly (Checked<KeysAndAttributes> & { readonly tableName: string })[];
}

/** The writes of a batch, per table. */
export interface CheckedBatchWrite {
  readonly request: CapacityRequest;
  readonly tables: readonly { readonly tableName: string; readonly writes: readonly BatchedWrite[] }[];
}

/** @throws {ValidationException|SerializationException} as DynamoDB does when the request is not well-formed */
export function readBatchGet(input: unknown, parser: ExpressionParser): CheckedBatchGet {
  const shape = modelledMembers(BATCH_GET.what, input, BATCH_GET.types);
  for (const part of Object.values(shape['RequestItems'] ?? {})) modelledMembers(`a table of ${BATCH_GET.what}`, part, TABLE_MEMBERS);
  const request = checkShape(BATCH_GET, shape);
  refuseMessage(batchGet.custom({ RequestItems: structuredClone(request.RequestItems) }, {}));
  const tables = Object.entries(request.RequestItems).map(([tableName, table]) => {
    for (const key of table.Keys) checkValues(key);
    return { tableName, request: table, expressions: parser.parse(table) };
  });
  return { request, tables };
}

/** @throws {ValidationException|SerializationException} as DynamoDB does when the request is not well-formed */
export function readBatchWrite(input: unknown): CheckedBatchWrite {
  const shape = modelledMembers(BATCH_WRITE.what, input, BATCH_WRITE.types);
  for (const writes of Object.values(shape['RequestItems'] ?? {}) as readonly unknown[]) {
    if (Array.isArray(writes)) for (const write of writes) modelledMembers(`a request of ${BATCH_WRITE.what}`, write, WRITE_MEMBERS);
  }
  const request = checkShape(BATCH_WRITE, shape);
  const tables = Object.entries(request.RequestItems).map(([tableName, writes]) => ({ tableName, writes }));
  if (tables.reduce((sum, { writes }) => sum + writes.length, 0) > MAX_WRITES) refuseMessage('Too many items requested for the BatchWriteItem call');
  for (const write of tables.flatMap(({ writes }) => writes)) {
    if (Object.keys(write).length !== 1) {
      refuseMessage('Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes');
    }
    if (write.PutRequest !== undefined) checkItem(write.PutRequest.Item);
    if (write.DeleteRequest !== undefined) checkValues(write.DeleteRequest.Key);
  }
  return { request, tables };
}
