import { CAPACITY_MEMBER, type CapacityRequest } from './consumed-capacity';
import { COLLECTION_METRICS_MEMBER, PART_MEMBERS, type GetRequest, type KeyedWriteRequest, type PutRequest } from './requests';
import { checkShape, modelledMembers, validationError, type MemberType, type MemberTypes, type Shape } from './validation';

/** One part of a TransactWriteItems: exactly one member is set. */
export interface WritePart {
  readonly Put?: PutRequest;
  readonly Update?: KeyedWriteRequest;
  readonly Delete?: KeyedWriteRequest;
  readonly ConditionCheck?: KeyedWriteRequest;
}
export interface TransactWriteRequest extends CapacityRequest {
  readonly TransactItems: readonly WritePart[];
  readonly ClientRequestToken?: string;
}
export interface TransactGetRequest extends CapacityRequest {
  readonly TransactItems: readonly { readonly Get: GetRequest }[];
}

/** Parts of one transaction at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const MAX_PARTS = 100;

type PartName = keyof typeof PART_MEMBERS;

const WRITES: readonly PartName[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];
const TRANSACT_WRITE: Shape<TransactWriteRequest> = {
  what: 'DynamoDB TransactWriteItems',
  types: {
    TransactItems: partsOf(WRITES),
    ClientRequestToken: { type: 'String', lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 36 },
    ...CAPACITY_MEMBER,
    ...COLLECTION_METRICS_MEMBER,
  },
};
const TRANSACT_GET: Shape<TransactGetRequest> = {
  what: 'DynamoDB TransactGetItems',
  types: { TransactItems: partsOf(['Get'], true), ...CAPACITY_MEMBER },
};

/** @throws {ValidationException|SerializationException} as DynamoDB does when the request is not well-formed */
export function readTransactWrite(input: unknown): TransactWriteRequest {
  refuseUnmodelledParts(TRANSACT_WRITE, input, WRITES);
  const request = checkShape(TRANSACT_WRITE, input);
  for (const part of request.TransactItems) {
    const count = Object.keys(part).length;
    if (count === 0) throw validationError('Invalid Request: TransactWriteRequest should contain Delete or Put or Update request');
    if (count > 1) throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  return request;
}

/** @throws {ValidationException|SerializationException} as DynamoDB does when the request is not well-formed */
export function readTransactGet(input: unknown): TransactGetRequest {
  refuseUnmodelledParts(TRANSACT_GET, input, ['Get']);
  return checkShape(TRANSACT_GET, input);
}

function partsOf(names: readonly PartName[], isRequired = false): MemberTypes[string] {
  const part = (name: PartName): MemberType => ({ type: `FieldStruct<${name}>`, children: PART_MEMBERS[name], ...(isRequired && { notNull: true }) });
  return {
    type: 'List',
    notNull: true,
    lengthGreaterThanOrEqual: 1,
    lengthLessThanOrEqual: MAX_PARTS,
    children: { type: 'ValueStruct<TransactItem>', children: Object.fromEntries(names.map((name) => [name, part(name)])) },
  };
}

function refuseUnmodelledParts({ what, types }: Shape<unknown>, input: unknown, names: readonly PartName[]): void {
  const { TransactItems: parts } = modelledMembers(what, input, types);
  if (!Array.isArray(parts)) return;
  for (const part of parts as readonly unknown[]) {
    const members = modelledMembers(`a part of ${what}`, part, Object.fromEntries(names.map((name) => [name, 'Struct'])));
    for (const name of names) {
      if (members[name] !== undefined) modelledMembers(`${name} in ${what}`, members[name], PART_MEMBERS[name]);
    }
  }
}
