import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FUNCTIONS, functionsOf, type FunctionName, type MachineName } from '../../lambdas/contract/functions';
import { DUE_INDEX, STACK_OUTPUTS } from '../../lambdas/contract/names';
import { FUNCTION_TIMEOUT_SECONDS } from '../../lambdas/contract/timing';
import { REGIONS_WITHOUT_FUNCTION_URLS } from '../../lib/constructs/acknowledge-url';
import { policiesFileOf } from '../../lib/constructs/key-registration';
import { PROJECT_ROOT } from '../../lib/constructs/paths';
import { pascalCase } from '../../lib/constructs/keyturn-function';
import { parseConfig } from '../../lib/config/load';
import { definitionPath } from '../../lib/constructs/workflow-machine';
import { CONFIG, OTHER_ROLE, ROLE, listOf, rendered, resourcesOf, statementsOf, synthesize, type Resource } from './synthesized';

const template = synthesize();
const names = Object.keys(FUNCTIONS) as FunctionName[];

function only(type: string): Resource {
  const found = Object.values(resourcesOf(template, type));
  expect(found).toHaveLength(1);
  return found[0]!;
}

function functionOf(name: FunctionName): Resource {
  const found = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).filter(([id]) => new RegExp(`^${pascalCase(name)}[0-9A-F]{8}$`).test(id));
  expect(found).toHaveLength(1);
  return found[0]![1];
}

describe('the functions', () => {
  test('are those of the contract', () => {
    expect(Object.keys(resourcesOf(template, 'AWS::Lambda::Function'))).toHaveLength(names.length);
  });

  test.each(names)('%s has exactly the environment of the contract', (name) => {
    const variables = functionOf(name).Properties['Environment'].Variables;
    expect(Object.keys(variables).sort()).toEqual([...FUNCTIONS[name].environment].sort());
  });

  test.each(names)('%s waits for what its role may do, since one is invoked within the deployment', (name) => {
    const policies = Object.keys(resourcesOf(template, 'AWS::IAM::Policy')).filter((id) => new RegExp(`^${pascalCase(name)}RolePolicy[0-9A-F]{8}$`).test(id));
    expect(policies).toHaveLength(1);
    expect(functionOf(name)).toMatchObject({ DependsOn: expect.arrayContaining(policies) });
  });

  test.each(names)('%s runs on Node.js 24 and arm64, within its time-out, with a log group of its own', (name) => {
    expect(functionOf(name).Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: FUNCTION_TIMEOUT_SECONDS,
      Handler: 'index.handler',
      LoggingConfig: { LogGroup: { Ref: expect.stringMatching(new RegExp(`^${pascalCase(name)}Logs`)) } },
    });
    expect(functionOf(name).Properties['TracingConfig']).toBeUndefined();
  });

  test('know values that agree with the resources', () => {
    const create = functionOf('create-key-version').Properties['Environment'].Variables;
    expect(rendered(create.KEYTURN_REGISTRY_ID)).toBe('<AWS::AccountId>:<AWS::Region>:keyturn');
    expect(rendered(create.KEYTURN_ROLE_PATTERN)).toBe('arn:<AWS::Partition>:iam::<AWS::AccountId>:role/keyturn/keyturn/*');
    expect(functionOf('read-approval').Properties['Environment'].Variables.KEYTURN_VOUCHED_ROLES).toBe('AWSReservedSSO_*,okta-*');
    const start = functionOf('start-due-rotations').Properties['Environment'].Variables;
    expect(rendered(start.KEYTURN_STATE_MACHINE_ARN)).toBe('arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:keyturn-key-rotation');
  });
});

describe.each<[MachineName, string]>([
  ['key-rotation', 'KeyRotation'],
  ['key-repair', 'KeyRepair'],
])('the machine %s', (name, construct) => {
  const workflow = functionsOf(name);
  const machine = Object.values(resourcesOf(template, 'AWS::StepFunctions::StateMachine')).find(({ Properties }) => Properties['StateMachineName'] === `keyturn-${name}`)!;
  const definition: string = machine.Properties['DefinitionString'];
  const substitutions: Record<string, { Ref: string }> = machine.Properties['DefinitionSubstitutions'];

  test('is the file, in the template', () => {
    expect(JSON.parse(definition)).toEqual(JSON.parse(readFileSync(definitionPath(name), 'utf8')));
  });

  test('uses every substitution, and gets every one that it uses', () => {
    const used = new Set([...definition.matchAll(/\$\{(\w+)\}/g)].map(([, substitution]) => substitution));
    expect([...used].sort()).toEqual(Object.keys(substitutions).sort());
    expect(Object.keys(substitutions).sort()).toEqual(workflow.map(([, { substitution }]) => substitution).sort());
  });

  test.each(workflow)('pins a version of %s that outlives the next deployment', (called, { substitution }) => {
    const id = substitutions[substitution]!.Ref;
    const version = resourcesOf(template, 'AWS::Lambda::Version')[id];
    expect(version?.Properties['FunctionName'].Ref).toMatch(new RegExp(`^${pascalCase(called)}[0-9A-F]{8}$`));
    expect([version?.DeletionPolicy, version?.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  });

  test('may invoke each of its functions in all versions, and deliver its log', () => {
    const functionIds = workflow.map(([called]) => Object.keys(resourcesOf(template, 'AWS::Lambda::Function')).find((id) => new RegExp(`^${pascalCase(called)}[0-9A-F]{8}$`).test(id)));
    const [invoke, deliver, ...others] = statementsOf(template, construct);
    expect(invoke?.actions).toEqual(['lambda:InvokeFunction']);
    expect(invoke?.resources).toEqual(functionIds.flatMap((id) => [`<${id}.Arn>`, `<${id}.Arn>:*`]));
    expect(deliver?.actions.every((action) => action.startsWith('logs:'))).toBe(true);
    expect(others).toEqual([]);
  });

  test('logs errors without execution data, because that holds task tokens', () => {
    expect(machine.Properties).toMatchObject({
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: false },
    });
  });
});

test('there are no other machines', () => {
  expect(Object.keys(resourcesOf(template, 'AWS::StepFunctions::StateMachine'))).toHaveLength(2);
});

describe('what is kept when the stack goes', () => {
  test.each(['AWS::DynamoDB::Table', 'AWS::Logs::LogGroup', 'AWS::Lambda::Version'])('is every %s', (type) => {
    for (const { DeletionPolicy, UpdateReplacePolicy } of Object.values(resourcesOf(template, type))) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    }
  });

  test('is the registry, recoverable and protected, under a key that this fleet does not rotate', () => {
    expect(only('AWS::DynamoDB::Table').Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      GlobalSecondaryIndexes: [
        {
          IndexName: DUE_INDEX.name,
          KeySchema: [
            { AttributeName: DUE_INDEX.partitionAttribute, KeyType: 'HASH' },
            { AttributeName: DUE_INDEX.sortAttribute, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
    expect(only('AWS::DynamoDB::Table').Properties['SSESpecification']).toBeUndefined();
  });
});

describe('what starts it', () => {
  test.each([
    ['start-due-rotations', 'rate(1 hour)', { MaximumRetryAttempts: 5, MaximumEventAgeInSeconds: 3_600 }],
    ['reconcile', 'rate(15 minutes)', { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 900 }],
  ])('and reconciles is a schedule of %s with the scheduled time and a dead-letter queue', (name, ScheduleExpression, RetryPolicy) => {
    const schedules = Object.values(resourcesOf(template, 'AWS::Scheduler::Schedule')).filter(({ Properties }) => rendered(Properties['Target'].Arn).startsWith(`<${pascalCase(name)}`));
    expect(schedules.map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({
        ScheduleExpression,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: expect.objectContaining({ Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}', DeadLetterConfig: { Arn: expect.anything() }, RetryPolicy }),
      }),
    ]);
  });

  test.each<[FunctionName, string, object]>([
    ['record-key-deletion', 'ENABLED', { source: ['aws.kms'], 'detail-type': ['KMS CMK Deletion'] }],
    [
      'rescue-version',
      // Uses of a key are read-only events, which other rules never see.
      'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
      {
        source: ['aws.kms'],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: { eventSource: ['kms.amazonaws.com'], errorCode: ['DisabledException', 'KMSInvalidStateException', 'Disabled', 'KMSInvalidState'] },
      },
    ],
    [
      'handle-ended-execution',
      'ENABLED',
      {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [{ Ref: expect.stringMatching(/^KeyRotation[0-9A-F]{8}$/) }] },
      },
    ],
  ])('and %s follows its event, which is retried and then kept', (name, state, pattern) => {
    const rules = Object.values(resourcesOf(template, 'AWS::Events::Rule')).filter(({ Properties }) => rendered(Properties['Targets'][0].Arn).startsWith(`<${pascalCase(name)}`));
    expect(rules.map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({
        EventPattern: pattern,
        State: state,
        Targets: [expect.objectContaining({ DeadLetterConfig: { Arn: expect.anything() }, RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 10 } })],
      }),
    ]);
  });

  test('and keeps an event that such a function failed to handle at every try', () => {
    const functions = Object.entries(resourcesOf(template, 'AWS::Lambda::Function')).filter(([, { Properties }]) => Properties['DeadLetterConfig'] !== undefined);
    const [queue] = Object.keys(resourcesOf(template, 'AWS::SQS::Queue'));
    expect(functions.map(([id]) => id.slice(0, -8)).sort()).toEqual(['HandleEndedExecution', 'RecordKeyDeletion', 'RescueVersion']);
    for (const [, { Properties }] of functions) expect(Properties['DeadLetterConfig']).toEqual({ TargetArn: { 'Fn::GetAtt': [queue, 'Arn'] } });
  });

  test('follows no other event', () => {
    expect(Object.keys(resourcesOf(template, 'AWS::Events::Rule'))).toHaveLength(3);
  });

  test('and what registers keys is told the hash of the policies in its bundle', () => {
    const { text, hash } = policiesFileOf(parseConfig(CONFIG).policies);
    expect(JSON.parse(text)).toEqual(parseConfig(CONFIG).policies);
    const { configHash, registryId, ServiceTimeout, ServiceToken } = only('Custom::KeyturnKeys').Properties;
    expect({ configHash, ServiceTimeout, registryId: rendered(registryId), ServiceToken: rendered(ServiceToken) }).toEqual({
      configHash: hash,
      ServiceTimeout: '300',
      registryId: '<AWS::AccountId>:<AWS::Region>:keyturn',
      ServiceToken: expect.stringMatching(/^<RegisterKeys[0-9A-F]{8}\.Arn>$/),
    });
  });
});

test.each<FunctionName>(['acknowledge', 'request-rotation', 'operate', 'decide'])('the entrance %s knows its callers by IAM', (name) => {
  const urls = Object.values(resourcesOf(template, 'AWS::Lambda::Url')).filter(({ Properties }) => rendered(Properties['TargetFunctionArn']).startsWith(`<${pascalCase(name)}`));
  expect(urls.map(({ Properties }) => Properties['AuthType'])).toEqual(['AWS_IAM']);
});

describe('the entrances', () => {
  test('are no more than these', () => {
    expect(Object.keys(resourcesOf(template, 'AWS::Lambda::Url'))).toHaveLength(4);
  });

  test('lets each configured principal in once, through the URL only', () => {
    const permissions = Object.values(resourcesOf(template, 'AWS::Lambda::Permission')).map(({ Properties }) => Properties).filter(({ Principal }) => String(Principal).startsWith('arn:'));
    const summary = permissions.map(({ Principal, Action, FunctionUrlAuthType, InvokedViaFunctionUrl }) => [Principal, Action, FunctionUrlAuthType ?? InvokedViaFunctionUrl]);
    expect(summary.sort()).toEqual([
      [ROLE, 'lambda:InvokeFunction', true],
      [ROLE, 'lambda:InvokeFunctionUrl', 'AWS_IAM'],
      [OTHER_ROLE, 'lambda:InvokeFunction', true],
      [OTHER_ROLE, 'lambda:InvokeFunctionUrl', 'AWS_IAM'],
    ]);
  });

  test.each(REGIONS_WITHOUT_FUNCTION_URLS)('refuses Region %s, which has no Function URLs', (region) => {
    expect(() => synthesize({ env: { region } })).toThrow(`Region ${region} has no Lambda Function URLs`);
  });
});

describe('the alarms', () => {
  const alarms = Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);

  test('are these, each with its section of the runbook', () => {
    const rows = alarms.map(({ AlarmDescription, MetricName, TreatMissingData }) => [AlarmDescription.match(/Runbook: docs\/operations\.md#([a-z-]+)$/)?.[1], MetricName, TreatMissingData]);
    expect(rows.sort()).toEqual([
      ['alerts-undelivered', 'UndeliveredAlerts', 'notBreaching'],
      ['approvals-unanswered', 'OldestUnansweredApprovalSeconds', 'notBreaching'],
      ['deletion-unrecorded', 'Errors', 'notBreaching'],
      ['ended-execution-unhandled', 'Errors', 'notBreaching'],
      ['events-undelivered', 'ApproximateNumberOfMessagesVisible', 'notBreaching'],
      ['executions-aborted', 'ExecutionsAborted', 'notBreaching'],
      ['executions-failed', 'ExecutionsFailed', 'notBreaching'],
      ['executions-throttled', 'ExecutionThrottled', 'notBreaching'],
      ['executions-timed-out', 'ExecutionsTimedOut', 'notBreaching'],
      ['keys-frozen', 'FrozenKeys', 'notBreaching'],
      ['keys-overdue', 'OverdueKeys', 'notBreaching'],
      ['keys-quarantined', 'QuarantinedKeys', 'notBreaching'],
      ['reconcile-failed', 'Errors', 'notBreaching'],
      ['reconcile-incomplete', 'FailedChecks', 'notBreaching'],
      ['reconcile-silent', 'Invocations', 'breaching'],
      ['repairs-failed', 'ExecutionsFailed', 'notBreaching'],
      ['rescue-failed', 'Errors', 'notBreaching'],
      ['starter-failed', 'Errors', 'notBreaching'],
      ['starter-silent', 'Invocations', 'breaching'],
    ]);
  });

  test('have sections that exist', () => {
    const runbook = readFileSync(join(PROJECT_ROOT, 'docs', 'operations.md'), 'utf8');
    const sections = [...runbook.matchAll(/^## ([a-z-]+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(expect.arrayContaining(alarms.map(({ AlarmDescription }) => AlarmDescription.split('#')[1])));
  });

  test('page through the topic, whose policy lets them', () => {
    const topic = Object.keys(resourcesOf(template, 'AWS::SNS::Topic'))[0];
    for (const { AlarmActions } of alarms) expect(AlarmActions).toEqual([{ Ref: topic }]);
    const statements: any[] = only('AWS::SNS::TopicPolicy').Properties['PolicyDocument'].Statement;
    expect(statements.map(({ Effect, Action, Principal }) => [Effect, Action, Principal.Service])).toContainEqual(['Allow', 'sns:Publish', 'cloudwatch.amazonaws.com']);
    expect(statements.some(({ Effect, Condition }) => Effect === 'Deny' && Condition.Bool['aws:SecureTransport'] === 'false')).toBe(true);
  });

  test('find a dead-letter queue that is encrypted', () => {
    expect(only('AWS::SQS::Queue').Properties).toMatchObject({ SqsManagedSseEnabled: true });
  });
});

test('the outputs are those that the CLI looks for', () => {
  expect(Object.keys(template.findOutputs('*')).sort()).toEqual(listOf(Object.values(STACK_OUTPUTS)).flat().sort());
});
