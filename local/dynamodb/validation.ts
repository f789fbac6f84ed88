import * as dynalite from 'dynalite/validations';
import { AwsError, notModelled } from '../kernel/aws-error';

/** Documents within documents at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
export const MAX_NESTING = 32;
export const NESTED_TOO_DEEP = 'Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit';

/** Objects and arrays within each other in a request: a document is two of them, and what surrounds an item has its own. */
const MAX_REQUEST_DEPTH = 2 * MAX_NESTING + 32;

/** An error as dynalite makes it. */
export interface DynaliteError extends Error {
  readonly body: { readonly __type: string; readonly message?: string; readonly Message?: string };
}

/** dynalite's description of a request's members: AWS's types, lengths, patterns and enumerations. */
export interface MemberTypes {
  readonly [member: string]: MemberType | string;
}
export interface MemberType {
  readonly type: string;
  readonly notNull?: boolean;
  readonly enum?: readonly string[];
  readonly regex?: string;
  readonly greaterThanOrEqual?: number;
  readonly lessThanOrEqual?: number;
  readonly lengthGreaterThanOrEqual?: number;
  readonly lengthLessThanOrEqual?: number;
  readonly children?: MemberTypes | MemberType | string;
}

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

/** Passes on what dynalite found wrong. */
export function refuse(found: DynaliteError | null | undefined): void {
  if (found) throw asAwsError(found);
}

/** As {@link refuse}, for the functions that answer with the message only. */
export function refuseMessage(message: string | undefined): void {
  if (message !== undefined) throw validationError(message);
}

/** The named members of a dynalite description. */
export function pick(types: MemberTypes, members: readonly string[]): MemberTypes {
  return Object.fromEntries(
    members.map((member) => {
      const type = types[member];
      if (type === undefined) throw new TypeError(`dynalite does not describe the member ${member}.`);
      return [member, type];
    }),
  );
}

/** The members of a request that a dynalite description names. */
export function pickPresent(members: Readonly<Record<string, unknown>>, types: MemberTypes): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => name in types));
}

/** The member of operations on a whole table. */
export const TABLE_NAME = {
  TableName: { type: 'String', notNull: true, regex: '[a-zA-Z0-9_.-]+', lengthGreaterThanOrEqual: 3, lengthLessThanOrEqual: 255 },
} as const satisfies MemberTypes;

/** What a request must look like. */
export interface Shape<Request> {
  /** As the request is named in a refusal, e.g. `DynamoDB PutItem`. */
  readonly what: string;
  readonly types: MemberTypes;
  /** Never set: it ties the description to the type that a request of this shape has. */
  readonly request?: Request;
}

/**
 * A copy of a request that has the right types, lengths and patterns.
 * @throws {SerializationException|ValidationException} as DynamoDB does
 * @throws {NotModelledLocally} for a member that the shape lacks
 */
export function checkShape<Request>({ what, types }: Shape<Request>, input: unknown): Request {
  const wanted = modelledMembers(what, input, types);
  refuseDeepRequest(wanted);
  try {
    const request = dynalite.checkTypes(wanted, types);
    dynalite.checkValidations(request, types, null, {});
    return request as Request;
  } catch (error) {
    throw isDynaliteError(error) ? asAwsError(error) : error;
  }
}

/** `input` without absent members. Members that are not modelled are refused by name, before anything else is judged. */
export function modelledMembers(what: string, input: unknown, types: MemberTypes): Record<string, unknown> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new AwsError('SerializationException', 'Start of structure or map found where not expected');
  }
  const members: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(input)) {
    if (value === undefined || value === null) continue;
    if (!(member in types)) throw notModelled(`the member ${member} of ${what}`);
    if (member === 'TableName' && typeof value === 'string' && value.startsWith('arn:')) throw notModelled(`an ARN as the TableName of ${what}`);
    members[member] = value;
  }
  return members;
}

/** Refuses what nothing that is well-formed nests as deep, before anything recursive looks at it. */
function refuseDeepRequest(request: object): void {
  let level: readonly unknown[] = [request];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_REQUEST_DEPTH) throw validationError(NESTED_TOO_DEEP);
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : []));
  }
}

function isDynaliteError(error: unknown): error is DynaliteError {
  return error instanceof Error && 'body' in error;
}

function asAwsError(error: DynaliteError): AwsError {
  const code = error.body.__type.split('#').at(-1) ?? error.body.__type;
  return new AwsError(code, error.body.message ?? error.body.Message ?? error.message);
}
