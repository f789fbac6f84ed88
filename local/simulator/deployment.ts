import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionName, MachineName } from '../../lambdas/contract/functions';
import { functionsOf } from '../../lambdas/contract/functions';
import { DUE_INDEX, ENV, FAILED_USES } from '../../lambdas/contract/names';
import type { Telemetry } from '../../lambdas/runtime/telemetry';
import type { DynamoDbService } from '../dynamodb/dynamodb-service';
import type { EventBridgeService } from '../eventbridge/eventbridge-service';

// What a simulated world has of the stack: names, the table, the rules and the definitions.

export const REGION = 'eu-central-1';
export const ACCOUNT = '111122223333';
export const TABLE = 'keyturn-registry';
export const REGISTRY_ID = `${ACCOUNT}:${REGION}:keyturn`;
export const STATE_MACHINE_ARN = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:key-rotation`;
export const REPAIR_MACHINE_ARN = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:key-repair`;
export const RESCUE_FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:rescue-version`;
export const TOPIC_ARN = `arn:aws:sns:${REGION}:${ACCOUNT}:keyturn-alerts`;
export const ROLE_PATH = '/keyturn/keyturn/';

/** The trace tells what happened; log lines would only cost time. */
export const SILENT: Telemetry = { info: () => undefined, warn: () => undefined, countFailure: () => undefined, gauge: () => undefined };

/** What the stack gives its functions. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  [ENV.table]: TABLE,
  [ENV.registryId]: REGISTRY_ID,
  [ENV.rolePattern]: `arn:aws:iam::${ACCOUNT}:role${ROLE_PATH}*`,
  [ENV.stateMachineArn]: STATE_MACHINE_ARN,
  [ENV.repairMachineArn]: REPAIR_MACHINE_ARN,
  [ENV.rescueFunctionArn]: RESCUE_FUNCTION_ARN,
  [ENV.topicArn]: TOPIC_ARN,
  [ENV.acknowledgeUrl]: 'https://acknowledge.invalid/',
};

export function roleArn(name: FunctionName): string {
  return `arn:aws:iam::${ACCOUNT}:role${ROLE_PATH}keyturn-${name}`;
}

export function readDefinition(machine: MachineName): string {
  return readFileSync(join(__dirname, `../../statemachine/${machine}.asl.json`), 'utf8');
}

/** A definition as it is deployed, with the functions' ARNs in place of its substitutions. */
export function withArns(machine: MachineName, text: string): string {
  return functionsOf(machine).reduce(
    (definition, [name, { substitution }]) => definition.replaceAll(`\${${substitution}}`, `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}:1`),
    text,
  );
}

/** The registry's table. */
export function createRegistryTable(dynamodb: DynamoDbService): void {
  const caller = { accountId: ACCOUNT, arn: 'cloudformation.amazonaws.com', userId: 'deploy' };
  const { partitionAttribute, sortAttribute } = DUE_INDEX;
  dynamodb.call(
    'CreateTable',
    {
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', partitionAttribute, sortAttribute].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: DUE_INDEX.name,
          KeySchema: [
            { AttributeName: partitionAttribute, KeyType: 'HASH' },
            { AttributeName: sortAttribute, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    },
    caller,
  );
}

/** The rules that invoke functions. */
export function putRules(bus: EventBridgeService): void {
  bus.putRule({
    arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/key-deletions`,
    pattern: { source: ['aws.kms'], 'detail-type': ['KMS CMK Deletion'] },
    state: 'ENABLED',
    targets: [{ id: 'record-key-deletion', arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:record-key-deletion` }],
  });
  bus.putRule({
    arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/ended-executions`,
    pattern: {
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [STATE_MACHINE_ARN] },
    },
    state: 'ENABLED',
    targets: [{ id: 'handle-ended-execution', arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:handle-ended-execution` }],
  });
  bus.putRule({
    arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/failed-uses`,
    pattern: { source: [FAILED_USES.source], 'detail-type': [FAILED_USES.detailType], detail: { eventSource: [FAILED_USES.eventSource], errorCode: FAILED_USES.errorCodes } },
    state: FAILED_USES.ruleState,
    targets: [{ id: 'rescue-version', arn: RESCUE_FUNCTION_ARN }],
  });
}
