import { CfnOutput, Duration, Stack, Token, type StackProps } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { FUNCTIONS, type FunctionName, hasDeadLetterQueue } from '../lambdas/contract/functions';
import type { KeyPolicy } from '../lambdas/contract/key-policy';
import { ENV, STACK_OUTPUTS, type EnvName } from '../lambdas/contract/names';
import type { Configuration } from './config/load';
import { ConfigError } from './config/problem';
import { AcknowledgeUrl, REGIONS_WITHOUT_FUNCTION_URLS } from './constructs/acknowledge-url';
import { Alarms } from './constructs/alarms';
import { Alerts } from './constructs/alerts';
import { bundleHandlers } from './constructs/bundles';
import { capacityProblems, principalsOf } from './constructs/capacity';
import { EndedExecutions } from './constructs/ended-executions';
import { FailedUses } from './constructs/failed-uses';
import { GRANTS, type GrantScope } from './constructs/grants';
import { KeyRegistration, POLICIES_FILE, policiesFileOf } from './constructs/key-registration';
import { KeyturnFunction } from './constructs/keyturn-function';
import { PeopleUrl } from './constructs/people-url';
import { ReconcileSchedule } from './constructs/reconcile-schedule';
import { RegistryTable } from './constructs/registry-table';
import { rolePoliciesOf } from './constructs/role-policies';
import { StarterSchedule } from './constructs/starter-schedule';
import { WorkflowMachine } from './constructs/workflow-machine';

export interface KeyturnStackProps extends StackProps {
  /** From `loadConfig`. */
  readonly configuration: Configuration;
}

/** keyturn in one account and Region. */
export class KeyturnStack extends Stack {
  /**
   * @throws {Error} when the Region is known and has no Function URLs.
   * @throws {ConfigError} when there is more than one stack can hold.
   */
  constructor(scope: Construct, id: string, { configuration, ...props }: KeyturnStackProps) {
    super(scope, id, { description: 'keyturn rotates KMS keys, exactly once per key and rotation window', ...props });
    requireFunctionUrls(this.region);
    const { policies } = configuration;
    const startEvery = Duration.seconds(configuration.startEverySeconds);

    const table = new RegistryTable(this, 'Registry');
    const { topic, deadLetterQueue } = new Alerts(this, 'Alerts');
    const scopeOf = (some: readonly KeyPolicy[]) => this.grantScope(some, { tableArn: table.tableArn, topicArn: topic.topicArn, deadLetterQueueArn: deadLetterQueue.queueArn });
    const problems = capacityProblems(this, policies, scopeOf);
    if (problems.length > 0) throw new ConfigError('configuration', problems);
    const grantScope = scopeOf(policies);
    const rolePath = `/keyturn/${this.stackName}/`;
    const environment: Record<Exclude<EnvName, typeof ENV.acknowledgeUrl | typeof ENV.rescueFunctionArn>, string> = {
      [ENV.table]: table.tableName,
      [ENV.registryId]: grantScope.registryId,
      [ENV.rolePattern]: `arn:${this.partition}:iam::${this.account}:role${rolePath}*`,
      [ENV.stateMachineArn]: grantScope.stateMachineArn,
      [ENV.topicArn]: topic.topicArn,
      [ENV.repairMachineArn]: grantScope.repairMachineArn,
      [ENV.vouchedRoles]: configuration.vouchedRoles.join(','),
    };
    const policiesFile = policiesFileOf(policies);
    const code = bundleHandlers(this, { 'register-keys': { [POLICIES_FILE]: policiesFile.text } });
    const createFunction = (name: FunctionName, values: Partial<Record<EnvName, string>>, reach: GrantScope = grantScope) =>
      new KeyturnFunction(this, {
        functionName: name,
        code: code[name],
        environment: pick(values, FUNCTIONS[name].environment),
        policies: rolePoliciesOf(this, GRANTS[name](reach)),
        rolePath,
        ...(hasDeadLetterQueue(name) ? { failedEvents: deadLetterQueue } : {}),
      });

    // First, because others are told its URL.
    const acknowledge = createFunction('acknowledge', environment);
    const { url } = new AcknowledgeUrl(this, 'AcknowledgeEntrance', { acknowledge, principals: principalsOf(policies) });
    // And this one, because others invoke it.
    const rescue = createFunction('rescue-version', environment);
    const known = { ...environment, [ENV.acknowledgeUrl]: url, [ENV.rescueFunctionArn]: rescue.functionArn };
    const others = (Object.keys(FUNCTIONS) as FunctionName[])
      .filter((name) => name !== 'acknowledge' && name !== 'rescue-version')
      .map((name) => [name, createFunction(name, known, { ...grantScope, rescueFunctionArn: rescue.functionArn })] as const);
    const functions = { acknowledge, 'rescue-version': rescue, ...Object.fromEntries(others) } as Record<FunctionName, KeyturnFunction>;

    const machine = new WorkflowMachine(this, 'KeyRotation', { machine: 'key-rotation', stateMachineName: this.stateMachineName, functions });
    const repairs = new WorkflowMachine(this, 'KeyRepair', { machine: 'key-repair', stateMachineName: this.repairMachineName, functions });
    const starter = functions['start-due-rotations'];
    new StarterSchedule(this, 'StarterSchedule', { starter, deadLetterQueue, startEvery });
    new Rule(this, 'KeyDeleted', {
      description: 'KMS has deleted a key at the end of its waiting period',
      eventPattern: { source: ['aws.kms'], detailType: ['KMS CMK Deletion'] },
      targets: [new LambdaTarget(functions['record-key-deletion'], { deadLetterQueue, maxEventAge: Duration.hours(24), retryAttempts: 10 })],
    });
    const ended = functions['handle-ended-execution'];
    new EndedExecutions(this, 'ExecutionEnded', { machine, handler: ended, deadLetterQueue });
    new FailedUses(this, 'KeyUseFailed', { rescue, deadLetterQueue });
    const { reconcile } = functions;
    new ReconcileSchedule(this, 'ReconcileSchedule', { reconcile, deadLetterQueue });
    new KeyRegistration(this, 'KeyRegistration', {
      registerKeys: functions['register-keys'],
      policies: policiesFile,
      registryId: grantScope.registryId,
    });
    new Alarms(this, 'Alarms', { machine, repairs, reconcile, rescue, starter, ended, recorder: functions['record-key-deletion'], startEvery, deadLetterQueue, topic });

    new CfnOutput(this, STACK_OUTPUTS.table, { value: table.tableName });
    new CfnOutput(this, STACK_OUTPUTS.stateMachineArn, { value: machine.stateMachineArn });
    new CfnOutput(this, STACK_OUTPUTS.topicArn, { value: topic.topicArn });
    new CfnOutput(this, STACK_OUTPUTS.repairMachineArn, { value: repairs.stateMachineArn });
    new CfnOutput(this, STACK_OUTPUTS.acknowledgeUrl, { value: url });
    new CfnOutput(this, STACK_OUTPUTS.reconcileFunctionArn, { value: reconcile.functionArn });
    new CfnOutput(this, STACK_OUTPUTS.requestUrl, { value: new PeopleUrl(this, 'RequestEntrance', functions['request-rotation']).url });
    new CfnOutput(this, STACK_OUTPUTS.operateUrl, { value: new PeopleUrl(this, 'OperateEntrance', functions.operate).url });
    new CfnOutput(this, STACK_OUTPUTS.decideUrl, { value: new PeopleUrl(this, 'DecideEntrance', functions.decide).url });
  }

  /** Fixed, because the functions' roles name the machine while the machine names the functions. */
  private get stateMachineName(): string {
    return `${this.stackName}-key-rotation`;
  }

  private get repairMachineName(): string {
    return `${this.stackName}-key-repair`;
  }

  private grantScope(policies: readonly KeyPolicy[], resources: Pick<GrantScope, 'tableArn' | 'topicArn' | 'deadLetterQueueArn'>): GrantScope {
    const arn = (service: string, resource: string) => `arn:${this.partition}:${service}:${this.region}:${this.account}:${resource}`;
    return {
      ...resources,
      registryId: `${this.account}:${this.region}:${this.stackName}`,
      stateMachineArn: arn('states', `stateMachine:${this.stateMachineName}`),
      executionsArn: arn('states', `execution:${this.stateMachineName}:*`),
      repairMachineArn: arn('states', `stateMachine:${this.repairMachineName}`),
      // Known once the function is there; no other grant rests on it.
      rescueFunctionArn: arn('lambda', 'function:rescue-version'),
      eventBusArn: arn('events', 'event-bus/default'),
      anyKeyArn: arn('kms', 'key/*'),
      anyAliasArn: arn('kms', 'alias/*'),
      aliasArns: policies.map(({ alias }) => arn('kms', alias)),
      aliasNames: policies.map(({ alias }) => alias),
      versionAliasArns: policies.map(({ alias }) => arn('kms', `${alias}/v*`)),
      adoptedKeyArns: policies.flatMap(({ adopt }) => adopt ?? []),
      probeArns: [...new Set(policies.flatMap(({ dependents }) => dependents).flatMap((one) => (one.kind === 'probe' ? one.functionArn : [])))],
    };
  }
}

/** People and dependents act through Function URLs, so that AWS vouches for who they are. */
function requireFunctionUrls(region: string): void {
  if (Token.isUnresolved(region) || !REGIONS_WITHOUT_FUNCTION_URLS.includes(region)) return;
  throw new Error(`Region ${region} has no Lambda Function URLs, through which dependents answer. Deploy to another Region, which then rotates that Region's keys.`);
}


/** @throws {Error} when the contract names a variable that nobody provides. */
function pick(values: Partial<Record<EnvName, string>>, names: readonly EnvName[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name];
      if (value === undefined) throw new Error(`no value for the environment variable ${name}`);
      return [name, value];
    }),
  );
}
