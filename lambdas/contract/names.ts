/** Names that more than one side must agree on: tags, event shapes, environment variables, index and key prefixes. */

/** Tags on every KMS key that keyturn creates, set inside `CreateKey`. */
export const KEY_TAGS = {
  registry: 'keyturn:registry',
  key: 'keyturn:key',
  version: 'keyturn:version',
  rotation: 'keyturn:rotation',
  /** `true` from Confirm Promotion on: `kms:UpdateAlias` to such a key is denied to every role of keyturn. */
  superseded: 'keyturn:superseded',
} as const;

/** What dependents listen for on the default event bus. */
export const EVENTS = {
  source: 'keyturn',
  /** A new version is about to become active: answer `ready`. */
  versionPrepared: 'Key Version Prepared',
  /** A version became active; the one before it is draining: answer `released` once it is not needed. */
  versionPromoted: 'Key Version Promoted',
} as const;

/** What CloudTrail tells on the default event bus when a key could not be used because of its state. */
export const FAILED_USES = {
  source: 'aws.kms',
  detailType: 'AWS API Call via CloudTrail',
  eventSource: 'kms.amazonaws.com',
  errorCodes: ['DisabledException', 'KMSInvalidStateException', 'Disabled', 'KMSInvalidState'],
  /** What a rule must say so that it gets read-only calls, too: most uses of a key are. */
  ruleState: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS',
} as const;

export const METRICS_NAMESPACE = 'keyturn';

/** How all keys together stand, by `reconcile`. */
export const GAUGES = {
  overdueKeys: 'OverdueKeys',
  frozenKeys: 'FrozenKeys',
  quarantinedKeys: 'QuarantinedKeys',
  /** 0 when nothing is unanswered. */
  oldestUnansweredApprovalSeconds: 'OldestUnansweredApprovalSeconds',
  undeliveredAlerts: 'UndeliveredAlerts',
  /** Checks that failed and will be made again: nothing is known about what they look at. */
  failedChecks: 'FailedChecks',
} as const;
export type GaugeName = (typeof GAUGES)[keyof typeof GAUGES];

/** Partition key prefixes of the one table. Acknowledgements, approvals and alerts have their own, so that IAM tells writers apart; `RECONCILE#<name>` is what `reconcile` remembers; `KMS#<key id>` names the managed key that owns a KMS key. */
export const PARTITIONS = { key: 'KEY#', kmsKey: 'KMS#', acknowledgement: 'ACK#', approval: 'APPROVAL#', alert: 'ALERT#', reconciliation: 'RECONCILE#' } as const;

/** The sparse index that finds candidates: partition `dueIndex`, sort `dueAt`. */
export const DUE_INDEX = { name: 'due', partitionAttribute: 'dueIndex', sortAttribute: 'dueAt', partition: 'DUE', alertPartition: 'ALERT' } as const;

/** Environment variables of the functions; each function gets only those that it needs. */
export const ENV = {
  /** The registry's table. */
  table: 'KEYTURN_TABLE',
  /** `<account>:<region>:<stack>`: the identity of this registry, on every key as a tag. */
  registryId: 'KEYTURN_REGISTRY_ID',
  /** ARN pattern of keyturn's own roles, for the statements it adds to key policies. */
  rolePattern: 'KEYTURN_ROLE_PATTERN',
  stateMachineArn: 'KEYTURN_STATE_MACHINE_ARN',
  /** Role names whose session names an identity provider sets, separated by commas: see `IdentityRules`. */
  vouchedRoles: 'KEYTURN_VOUCHED_ROLES',
  topicArn: 'KEYTURN_TOPIC_ARN',
  /** The machine that repairs frozen keys. */
  repairMachineArn: 'KEYTURN_REPAIR_MACHINE_ARN',
  /** ARN of `rescue-version`, for a hold that has to cancel a deletion. */
  rescueFunctionArn: 'KEYTURN_RESCUE_FUNCTION_ARN',
  /** The acknowledge function's URL, which goes into the dependents' events. */
  acknowledgeUrl: 'KEYTURN_ACKNOWLEDGE_URL',
} as const;

export type EnvName = (typeof ENV)[keyof typeof ENV];

/** Outputs of the stack, by which the CLI finds what it needs. */
export const STACK_OUTPUTS = {
  table: 'RegistryTableName',
  stateMachineArn: 'StateMachineArn',
  topicArn: 'AlertTopicArn',
  acknowledgeUrl: 'AcknowledgeUrl',
  requestUrl: 'RequestUrl',
  operateUrl: 'OperateUrl',
  decideUrl: 'DecideUrl',
  repairMachineArn: 'RepairMachineArn',
  /** What `keyturn reconcile` invokes. */
  reconcileFunctionArn: 'ReconcileFunctionArn',
} as const;
