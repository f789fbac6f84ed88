import { AwsError } from '../kernel/aws-error';

/** White space, brackets, wildcards, special characters and control characters, as the API reference lists them. */
const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ufffe\uffff\ud800-\udfff]/;

/**
 * @throws {AwsError} InvalidName
 * @see https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
export function requireName(name: string): void {
  if (FORBIDDEN.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
}

/** Of a state machine, its version or its alias. @throws {AwsError} InvalidArn */
export function requireStateMachineArn(arn: string): void {
  requireArn(arn, ['stateMachine']);
}

/** @throws {AwsError} InvalidArn */
export function requireExecutionArn(arn: string): void {
  requireArn(arn, ['execution']);
}

/** Of what can have tags. @throws {AwsError} InvalidArn */
export function requireTaggableArn(arn: string): void {
  requireArn(arn, ['stateMachine', 'activity']);
}

const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/;

/** Whether the role exists is not looked at. @throws {AwsError} InvalidArn, worded as AWS was seen to (github.com/aws/amazon-sagemaker-examples issue 2432) */
export function requireRoleArn(arn: string): void {
  if (!ROLE.test(arn)) throw new AwsError('InvalidArn', `Invalid Role Arn: '${arn}'`);
}

/** Partition, region, account, type of the resource and its name, which may have parts of its own. */
const STATES = /^arn:aws[a-z-]*:states:[a-z\d-]+:\d{12}:(?<type>[A-Za-z]+):.+$/;

/** An execution is named by its state machine and by itself. */
const EXECUTION = /:execution:[^:]+:[^:]+$/;

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html */
function requireArn(arn: string, types: readonly string[]): void {
  if (!arn.startsWith('arn:')) throw invalidArn(`Invalid ARN prefix: ${arn}`);
  const type = STATES.exec(arn)?.groups?.['type'];
  // AWS's words for it are not documented.
  if (type === undefined) throw invalidArn(`Not an ARN of Step Functions: ${arn}`);
  // Seen on AWS: github.com/cirrus-geo/cirrus-geo issue 316.
  if (!types.includes(type)) throw invalidArn(`Resource type not valid in this context: ${type}`);
  if (type === 'execution' && !EXECUTION.test(arn)) throw invalidArn(`Not an ARN of an execution: ${arn}`);
}

function invalidArn(reason: string): AwsError {
  return new AwsError('InvalidArn', `Invalid Arn: '${reason}'`);
}
