import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type CfnFunction, Function as LambdaFunction, Runtime, type Code } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { FunctionName } from '../../lambdas/contract/functions';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';
import type { RolePolicies } from './role-policies';

export interface KeyturnFunctionProps {
  readonly functionName: FunctionName;
  readonly code: Code;
  readonly environment: Readonly<Record<string, string>>;
  readonly policies: RolePolicies;
  /** The path of the functions' roles, by which key policies know them. */
  readonly rolePath: string;
  /** Where an event goes that failed at every try. @default it is dropped */
  readonly failedEvents?: IQueue;
}

/** One function of the contract, with a role and a log group of its own. */
export class KeyturnFunction extends LambdaFunction {
  constructor(scope: Construct, { functionName, code, environment, policies, rolePath, failedEvents }: KeyturnFunctionProps) {
    const id = pascalCase(functionName);
    const logGroup = new LogGroup(scope, `${id}Logs`, { retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
    const role = new Role(scope, `${id}Role`, {
      path: rolePath,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `keyturn ${functionName} of ${Stack.of(scope).stackName}`,
    });
    // Not grantWrite and not the managed policy: both allow more than this log group's streams.
    const writeLogs = new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] });
    const attached = [
      new Policy(role, 'Policy', { roles: [role], statements: [writeLogs, ...policies.inline] }),
      ...policies.managed.map((statements, index) => new ManagedPolicy(role, `Policy${index + 2}`, { roles: [role], statements: [...statements] })),
    ];

    super(scope, id, {
      description: `keyturn: ${functionName}`,
      code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
      role,
      logGroup,
      environment,
      // A running execution stays on the versions that it started with, also after the next deployment.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    // Not the construct's own property, which would grant what grants.ts grants.
    if (failedEvents !== undefined) (this.node.defaultChild as CfnFunction).deadLetterConfig = { targetArn: failedEvents.queueArn };
    // No function is invoked before its role may do what it does: the first one is invoked within this deployment.
    this.node.addDependency(...attached);
  }
}

/** `claim-rotation` is `ClaimRotation`. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
