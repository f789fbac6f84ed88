import { validateExpressionParams } from 'dynalite/validations';
import * as del from 'dynalite/validations/deleteItem';
import * as get from 'dynalite/validations/getItem';
import * as put from 'dynalite/validations/putItem';
import * as query from 'dynalite/validations/query';
import * as scan from 'dynalite/validations/scan';
import * as update from 'dynalite/validations/updateItem';
import type { Item } from './attribute-value';
import { CAPACITY_MEMBER, type CapacityRequest } from './consumed-capacity';
import type { ExpressionMembers, ExpressionParser, Expressions } from './expressions';
import { checkItem, checkValues } from './item-validation';
import { checkShape, pick, refuseMessage, type MemberTypes, type Shape } from './validation';

type ReturnValues = 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW';

interface TableRequest extends ExpressionMembers, CapacityRequest {
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
  readonly Segment?: number;
  readonly TotalSegments?: number;
  readonly Select?: 'ALL_ATTRIBUTES' | 'ALL_PROJECTED_ATTRIBUTES' | 'COUNT' | 'SPECIFIC_ATTRIBUTES';
}
export interface QueryRequest extends ScanRequest {
  readonly ScanIndexForward?: boolean;
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

/** Item collections are what local secondary indexes have; of a table without them AWS tells nothing either. */
export const COLLECTION_METRICS_MEMBER: MemberTypes = { ReturnItemCollectionMetrics: { type: 'String', enum: ['SIZE', 'NONE'] } };

const CONDITION = 'ConditionExpression';

const DELETE_PART: MemberTypes = { ...pick(del.types, [...CONDITIONED, 'Key']), ...ON_FAILURE };

/** The modelled members of a transaction's parts. */
export const PART_MEMBERS = {
  Get: pick(get.types, KEY_READ.filter((member) => member !== 'ConsistentRead')),
  Put: { ...pick(put.types, [...CONDITIONED, 'Item']), ...ON_FAILURE },
  Delete: DELETE_PART,
  Update: { ...pick(update.types, [...CONDITIONED, 'Key']), ...ON_FAILURE, UpdateExpression: { type: 'String', notNull: true } },
  ConditionCheck: { ...DELETE_PART, ConditionExpression: { type: 'String', notNull: true } },
} as const satisfies Record<string, MemberTypes>;

const GET: Shape<GetRequest> = { what: 'DynamoDB GetItem', types: { ...pick(get.types, KEY_READ), ...CAPACITY_MEMBER } };
const PUT: Shape<PutRequest> = { what: 'DynamoDB PutItem', types: writeTypes(PART_MEMBERS.Put, put.types) };
const DELETE: Shape<KeyedWriteRequest> = { what: 'DynamoDB DeleteItem', types: writeTypes(DELETE_PART, del.types) };
const UPDATE: Shape<KeyedWriteRequest> = {
  what: 'DynamoDB UpdateItem',
  types: writeTypes({ ...PART_MEMBERS.Update, ...pick(update.types, ['UpdateExpression']) }, update.types),
};
const QUERY: Shape<QueryRequest> = {
  what: 'DynamoDB Query',
  types: { ...pick(query.types, [...PAGED_READ, 'ConsistentRead', 'KeyConditionExpression', 'ScanIndexForward']), ...CAPACITY_MEMBER },
};
const SCAN: Shape<ScanRequest> = {
  what: 'DynamoDB Scan',
  types: {
    ...pick(scan.types, [...PAGED_READ, 'Segment']),
    ConsistentRead: 'Boolean',
    TotalSegments: { type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: 1_000_000 },
    ...CAPACITY_MEMBER,
  },
};

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
    const request = checkShape(SCAN, input);
    const checked = this.paged(request, ['ProjectionExpression', 'FilterExpression']);
    checkSegment(request);
    return checked;
  }

  checkGet(request: GetRequest): Checked<GetRequest> {
    return this.keyed(request, ['ProjectionExpression']);
  }

  checkPut(request: PutRequest): Checked<PutRequest> {
    refuseMessage(validateExpressionParams(request, [CONDITION], []));
    checkItem(request.Item);
    checkReturnValues(request);
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

function writeTypes(part: MemberTypes, all: MemberTypes): MemberTypes {
  return { ...part, ...pick(all, ['ReturnValues']), ...CAPACITY_MEMBER, ...COLLECTION_METRICS_MEMBER };
}

function checkSegment({ Segment: segment, TotalSegments: total }: ScanRequest): void {
  const missing = 'is required but was not present in the request when';
  if (segment === undefined) {
    if (total !== undefined) refuseMessage(`The Segment parameter ${missing} parameter TotalSegments is present`);
    return;
  }
  if (total === undefined) refuseMessage(`The TotalSegments parameter ${missing} Segment parameter is present`);
  else if (segment >= total) {
    refuseMessage(`The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${total}`);
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
