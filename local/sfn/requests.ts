import { z, type ZodError } from 'zod';
import { AwsError, notModelled } from '../kernel/aws-error';
import { characterCount, firstCharacters } from '../asl/characters';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH, MAX_PAYLOAD_BYTES } from '../asl/limits';

/**
 * The requests of the modelled operations. A member that is not listed is refused by name.
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html
 */

const arn = z.string().min(1).max(256);
const name = z.string().min(1).max(80);
const definition = z.string().min(1).check(atMost(1_048_576, characterCount));
/** AWS bounds only payloads by their UTF-8 bytes, all else by characters. */
const data = z.string().check(atMost(MAX_PAYLOAD_BYTES, (text) => Buffer.byteLength(text)));
const error = z.string().check(atMost(MAX_ERROR_LENGTH, characterCount));
const cause = z.string().check(atMost(MAX_CAUSE_LENGTH, characterCount));
const taskToken = z.string().min(1).max(2_048);
const page = { maxResults: z.number().int().min(0).max(1_000).optional(), nextToken: z.string().min(1).max(1_024).optional() };
const tags = z.array(z.strictObject({ key: z.string().min(1).max(128), value: z.string().max(256) }));

/** Members that AWS's model marks as sensitive: an error never repeats their value. */
const SENSITIVE: readonly PropertyKey[] = ['definition', 'input', 'output', 'error', 'cause', 'taskToken'];

/** Of any other value an error repeats so many characters at most. AWS repeats all. */
const MAX_REPEATED_LENGTH = 1_024;

/** Members that other AWS tools always send. Of these values only the one that changes nothing is modelled. */
const defaults = {
  type: z.literal('STANDARD').optional(),
  publish: z.literal(false).optional(),
  encryptionConfiguration: z.strictObject({ type: z.literal('AWS_OWNED_KEY') }).optional(),
  includedData: z.literal('ALL_DATA').optional(),
};
const { type, publish, encryptionConfiguration, includedData } = defaults;
const configuration = { loggingConfiguration: z.json().optional(), tracingConfiguration: z.json().optional(), publish, encryptionConfiguration };

export const EXECUTION_STATUSES = ['SUCCEEDED', 'TIMED_OUT', 'PENDING_REDRIVE', 'ABORTED', 'FAILED', 'RUNNING'] as const;

export const REQUESTS = {
  CreateStateMachine: z.strictObject({ name, definition, roleArn: arn, type, tags: tags.optional(), ...configuration }),
  UpdateStateMachine: z.strictObject({ stateMachineArn: arn, definition: definition.optional(), roleArn: arn.optional(), ...configuration }),
  DeleteStateMachine: z.strictObject({ stateMachineArn: arn }),
  DescribeStateMachine: z.strictObject({ stateMachineArn: arn, includedData }),
  DescribeStateMachineForExecution: z.strictObject({ executionArn: arn, includedData }),
  ListStateMachines: z.strictObject(page),
  ValidateStateMachineDefinition: z.strictObject({
    definition,
    type,
    severity: z.enum(['ERROR', 'WARNING']).optional(),
    maxResults: z.number().int().min(0).max(100).optional(),
  }),
  ListTagsForResource: z.strictObject({ resourceArn: arn }),
  TagResource: z.strictObject({ resourceArn: arn, tags }),
  UntagResource: z.strictObject({ resourceArn: arn, tagKeys: z.array(z.string().min(1).max(128)) }),
  StartExecution: z.strictObject({ stateMachineArn: arn, name: name.optional(), input: data.optional() }),
  RedriveExecution: z.strictObject({ executionArn: arn, clientToken: z.string().min(1).max(64).optional() }),
  DescribeExecution: z.strictObject({ executionArn: arn, includedData }),
  ListExecutions: z.strictObject({
    stateMachineArn: arn,
    statusFilter: z.enum(EXECUTION_STATUSES).optional(),
    redriveFilter: z.enum(['REDRIVEN', 'NOT_REDRIVEN']).optional(),
    ...page,
  }),
  GetExecutionHistory: z.strictObject({
    executionArn: arn,
    reverseOrder: z.boolean().optional(),
    includeExecutionData: z.boolean().optional(),
    ...page,
  }),
  StopExecution: z.strictObject({ executionArn: arn, error: error.optional(), cause: cause.optional() }),
  SendTaskSuccess: z.strictObject({ taskToken, output: data }),
  SendTaskFailure: z.strictObject({ taskToken, error: error.optional(), cause: cause.optional() }),
  SendTaskHeartbeat: z.strictObject({ taskToken }),
} as const;

export type OperationName = keyof typeof REQUESTS;
export type Request<Operation extends OperationName> = z.infer<(typeof REQUESTS)[Operation]>;

/** @throws {AwsError} ValidationException in AWS's wording; NotModelledLocally for a member that is not modelled */
export function requestOf<Operation extends OperationName>(operation: Operation, input: unknown): Request<Operation> {
  const result = REQUESTS[operation].safeParse(input ?? {}, { reportInput: true });
  // TypeScript cannot relate the parsed union to the one operation.
  if (result.success) return result.data as Request<Operation>;
  throw validationError(operation, result.error);
}

function validationError(operation: string, { issues: [issue] }: ZodError): AwsError {
  if (issue?.code === 'unrecognized_keys') return notModelled(`the member '${issue.keys.join(', ')}' of ${operation}`);
  const member = issue?.path.join('.') ?? '';
  const [top] = issue?.path ?? [];
  if (top === 'type') return notModelled(`state machines of type ${textOf(issue?.input)}`);
  if (typeof top === 'string' && top in defaults) return notModelled(`${textOf(issue?.input)} as the '${member}' of ${operation}`);
  const value = top !== undefined && SENSITIVE.includes(top) ? '' : ` ${repeated(issue?.input)}`;
  return new AwsError('ValidationException', `1 validation error detected: Value${value} at '${member}' failed to satisfy constraint: ${constraintOf(issue)}`);
}

function repeated(value: unknown): string {
  if (value === undefined) return 'null';
  const text = textOf(value);
  const beginning = firstCharacters(text, MAX_REPEATED_LENGTH);
  return beginning === text ? `'${text}'` : `'${beginning}…'`;
}

function constraintOf(issue: ZodError['issues'][number] | undefined): string {
  if (issue === undefined) return 'Member must be valid';
  if (issue.input === undefined) return 'Member must not be null';
  if (issue.code === 'too_big') return `Member must have ${measureOf(issue.origin)} less than or equal to ${String(issue.maximum)}`;
  if (issue.code === 'too_small') return `Member must have ${measureOf(issue.origin)} greater than or equal to ${String(issue.minimum)}`;
  if (issue.code === 'invalid_value') return `Member must satisfy enum value set: [${issue.values.join(', ')}]`;
  return issue.message;
}

/** Refuses a text that is longer than `maximum`, as `measure` counts. */
function atMost(maximum: number, measure: (text: string) => number): (payload: z.core.ParsePayload<string>) => void {
  return ({ value, issues }) => {
    if (measure(value) > maximum) issues.push({ code: 'too_big', origin: 'string', maximum, inclusive: true, input: value });
  };
}

function measureOf(origin: string): string {
  return origin === 'string' ? 'length' : 'value';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
