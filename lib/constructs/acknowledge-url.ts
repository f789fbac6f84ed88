import { ArnPrincipal } from 'aws-cdk-lib/aws-iam';
import { FunctionUrl, FunctionUrlAuthType, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { createHash } from 'node:crypto';

/**
 * Bytes of a function's resource policy.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html (PolicyLengthExceededException)
 */
const MAX_RESOURCE_POLICY_BYTES = 20_480;

/** Longest names that CloudFormation makes of a stack's name: `<stack>-<logical id>-<12 characters>`. */
const MAX_STATEMENT_ID_LENGTH = 100;
const MAX_FUNCTION_NAME_LENGTH = 64;

/**
 * How many of the principals the acknowledge function's resource policy holds, from the first on. Sizes are upper bounds: what is accepted at synth
 * must not fail at deploy.
 */
export function principalsThatFit(principals: readonly string[]): number {
  let bytes = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: [] }).length;
  const isFull = principals.map((arn) => (bytes += permissionBytes(arn)) > MAX_RESOURCE_POLICY_BYTES);
  return isFull.includes(true) ? isFull.indexOf(true) : principals.length;
}

/** Both statements of one principal, with their commas. */
function permissionBytes(arn: string): number {
  const common = {
    Sid: 'x'.repeat(MAX_STATEMENT_ID_LENGTH),
    Effect: 'Allow',
    Principal: { AWS: arn },
    Resource: `arn:aws-us-gov:lambda:ap-northeast-1:111122223333:function:${'x'.repeat(MAX_FUNCTION_NAME_LENGTH)}`,
  };
  const statements = [
    { ...common, Action: 'lambda:InvokeFunctionUrl', Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } } },
    { ...common, Action: 'lambda:InvokeFunction', Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } } },
  ];
  return JSON.stringify(statements).length;
}

/**
 * Regions where Lambda has no Function URLs, through which people and dependents act with an identity that AWS vouches for.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
 */
export const REGIONS_WITHOUT_FUNCTION_URLS: readonly string[] = [
  'ap-east-2',
  'ap-south-2',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-2',
  'il-central-1',
  'me-central-1',
];

export interface AcknowledgeUrlProps {
  readonly acknowledge: LambdaFunction;
  /** ARNs of the IAM roles and users that may answer. */
  readonly principals: readonly string[];
}

/** The entrance through which dependents answer, for the principals that the configuration names. */
export class AcknowledgeUrl extends FunctionUrl {
  constructor(scope: Construct, id: string, { acknowledge, principals }: AcknowledgeUrlProps) {
    super(scope, id, { function: acknowledge, authType: FunctionUrlAuthType.AWS_IAM });
    for (const arn of new Set(principals)) {
      const principal = new ArnPrincipal(arn);
      const suffix = createHash('sha256').update(arn).digest('hex').slice(0, 12);
      acknowledge.addPermission(`AnswerUrl${suffix}`, {
        principal,
        action: 'lambda:InvokeFunctionUrl',
        functionUrlAuthType: FunctionUrlAuthType.AWS_IAM,
      });
      // Lambda asks for both actions. This one is limited to the URL, or the caller could write its own identity into the event.
      acknowledge.addPermission(`AnswerInvoke${suffix}`, { principal, action: 'lambda:InvokeFunction', invokedViaFunctionUrl: true });
    }
  }
}
