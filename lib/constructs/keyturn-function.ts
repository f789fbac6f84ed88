import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogLevel, NodejsFunction, OutputFormat, type ICommandHooks } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { join } from 'node:path';
import type { FunctionName } from '../../lambdas/contract/functions';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';
import type { Grant } from './grants';
import { PROJECT_ROOT } from './paths';

export interface KeyturnFunctionProps {
  readonly functionName: FunctionName;
  readonly environment: Readonly<Record<string, string>>;
  readonly grants: readonly Grant[];
  /** The path of the functions' roles, by which key policies know them. */
  readonly rolePath: string;
  /** @default none */
  readonly commandHooks?: ICommandHooks;
}

/** One function of the contract, with a role and a log group of its own. */
export class KeyturnFunction extends NodejsFunction {
  constructor(scope: Construct, { functionName, environment, grants, rolePath, commandHooks }: KeyturnFunctionProps) {
    const id = pascalCase(functionName);
    const logGroup = new LogGroup(scope, `${id}Logs`, { retention: RetentionDays.ONE_YEAR, removalPolicy: RemovalPolicy.RETAIN });
    const role = new Role(scope, `${id}Role`, {
      path: rolePath,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `keyturn ${functionName} of ${Stack.of(scope).stackName}`,
    });
    // Not grantWrite and not the managed policy: both allow more than this log group's streams.
    role.addToPolicy(new PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }));
    for (const grant of grants) role.addToPolicy(statementOf(grant));

    super(scope, id, {
      description: `keyturn: ${functionName}`,
      entry: join(PROJECT_ROOT, 'lambdas', 'handlers', `${functionName}.ts`),
      projectRoot: PROJECT_ROOT,
      depsLockFilePath: join(PROJECT_ROOT, 'package-lock.json'),
      handler: 'handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.seconds(FUNCTION_TIMEOUT_SECONDS),
      role,
      logGroup,
      environment,
      // The variable would be one more than the contract says; the bundled SDK keeps connections by itself.
      awsSdkConnectionReuse: false,
      // A running execution stays on the versions that it started with, also after the next deployment.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      bundling: {
        format: OutputFormat.CJS,
        target: 'node24',
        // ES modules first, which esbuild can shake: 2.2 MB instead of 3.0 MB, loaded in 80 ms instead of 130 ms.
        mainFields: ['module', 'main'],
        // What was tested is what runs: the SDK of the runtime changes without us.
        bundleAwsSDK: true,
        // Step Functions matches on error names, and an on-call reads stack traces: neither survives a minifier unharmed.
        minify: false,
        sourceMap: true,
        logLevel: LogLevel.ERROR,
        ...(commandHooks === undefined ? {} : { commandHooks }),
      },
    });
  }
}

function statementOf({ effect, actions, resources, conditions }: Grant): PolicyStatement {
  return new PolicyStatement({
    effect: effect === 'Deny' ? Effect.DENY : Effect.ALLOW,
    actions: [...actions],
    resources: [...resources],
    ...(conditions === undefined ? {} : { conditions }),
  });
}

/** `claim-rotation` is `ClaimRotation`. */
export function pascalCase(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
