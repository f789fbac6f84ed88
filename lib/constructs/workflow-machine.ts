import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { functionsOf, type FunctionName, type MachineName } from '../../lambdas/contract/functions';
import { PROJECT_ROOT } from './paths';

export const definitionPath = (machine: MachineName): string => join(PROJECT_ROOT, 'statemachine', `${machine}.asl.json`);

export interface WorkflowMachineProps {
  readonly machine: MachineName;
  readonly stateMachineName: string;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
}

/** One workflow. Its time-out, comment and query language are in the definition: with a string body CDK ignores the props. */
export class WorkflowMachine extends StateMachine {
  constructor(scope: Construct, id: string, { machine, stateMachineName, functions }: WorkflowMachineProps) {
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      description: `keyturn ${machine} of ${Stack.of(scope).stackName}`,
    });
    // All versions, because executions that began before a deployment still invoke theirs.
    const resources = functionsOf(machine).flatMap(([name]) => [functions[name].functionArn, `${functions[name].functionArn}:*`]);
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources }));

    super(scope, id, {
      stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      // From a string, so that the definition stands in the template, where tests and reviews see it.
      definitionBody: DefinitionBody.fromString(readFileSync(definitionPath(machine), 'utf8')),
      definitionSubstitutions: Object.fromEntries(
        functionsOf(machine).map(([name, { substitution }]) => [substitution, functions[name].currentVersion.functionArn]),
      ),
      role,
      tracingEnabled: false,
      logs: {
        destination: new LogGroup(scope, `${id}Logs`, {
          // The prefix keeps CloudWatch's resource policy, which is limited to 5,120 characters, from growing with each machine.
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: RetentionDays.ONE_YEAR,
          removalPolicy: RemovalPolicy.RETAIN,
        }),
        level: LogLevel.ERROR,
        // Execution data holds task tokens.
        includeExecutionData: false,
      },
    });
  }
}
