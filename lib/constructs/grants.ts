import { EVENTS, DUE_INDEX, KEY_TAGS, PARTITIONS } from '../../lambdas/contract/names';
import { ORPHAN_DELETION_DAYS } from '../../lambdas/contract/timing';
import type { FunctionName } from '../../lambdas/contract/functions';

/**
 * What each function's role may do: its own calls and nothing else. One row per grant, with its reason, so that a review
 * reads this file and not a template.
 */

/** One IAM statement, `Allow` unless said otherwise. */
export interface Grant {
  readonly why: string;
  readonly effect?: 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The ARNs that grants are limited to. */
export interface GrantScope {
  readonly tableArn: string;
  readonly registryId: string;
  readonly stateMachineArn: string;
  /** Every execution of the state machine. */
  readonly executionsArn: string;
  /** The machine that repairs frozen keys. */
  readonly repairMachineArn: string;
  /** `rescue-version`. */
  readonly rescueFunctionArn: string;
  readonly topicArn: string;
  readonly deadLetterQueueArn: string;
  readonly eventBusArn: string;
  /** Every KMS key of this account and Region. */
  readonly anyKeyArn: string;
  readonly anyAliasArn: string;
  /** The configured aliases, and below each its version aliases. */
  readonly aliasArns: readonly string[];
  readonly aliasNames: readonly string[];
  readonly versionAliasArns: readonly string[];
  readonly adoptedKeyArns: readonly string[];
  readonly probeArns: readonly string[];
}

const ROUND_TRIP = [
  'kms:Encrypt',
  'kms:Decrypt',
  'kms:Sign',
  'kms:Verify',
  'kms:GenerateMac',
  'kms:VerifyMac',
  'kms:DeriveSharedSecret',
  'kms:GetPublicKey',
  'kms:Encapsulate',
  'kms:Decapsulate',
] as const;

/** One call of each round trip: the disabled version must refuse it. */
const ONE_USE = ['kms:Encrypt', 'kms:Sign', 'kms:GenerateMac', 'kms:DeriveSharedSecret', 'kms:Encapsulate'] as const;

/** `dynamodb:LeadingKeys` limits a role to partitions; a transaction is authorized as its parts. */
function items(scope: GrantScope, why: string, prefix: string, actions: readonly string[]): Grant {
  return {
    why,
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [scope.tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${prefix}*`] } },
  };
}

const registry = (scope: GrantScope) =>
  items(scope, 'reads keys strongly, writes transitions with their ledger events', PARTITIONS.key, ['GetItem', 'PutItem', 'UpdateItem', 'ConditionCheckItem']);

const ownKmsKeys = (scope: GrantScope) => items(scope, 'writes down, once and for ever, whose a KMS key is', PARTITIONS.kmsKey, ['PutItem']);

const dueIndex = (scope: GrantScope): Grant => ({
  why: 'finds candidates; the index never decides',
  actions: ['dynamodb:Query'],
  resources: [`${scope.tableArn}/index/${DUE_INDEX.name}`],
});

const readLedger = (scope: GrantScope) => items(scope, 'verifies the ledger', PARTITIONS.key, ['Query']);

const readAcknowledgements = (scope: GrantScope) => items(scope, 'counts the answers', PARTITIONS.acknowledgement, ['GetItem']);

const askDependents = (scope: GrantScope) =>
  items(scope, 'opens questions and keeps answers that exist', PARTITIONS.acknowledgement, ['GetItem', 'UpdateItem']);

const readApprovals = (scope: GrantScope) => items(scope, 'reads what people answered; whoever acts on an answer cannot write one', PARTITIONS.approval, ['GetItem']);

const askPeople = (scope: GrantScope) => items(scope, 'asks, keeps answers that exist, and sees what else is asked about the key', PARTITIONS.approval, ['GetItem', 'UpdateItem']);

const countVotes = (scope: GrantScope) => items(scope, 'reads questions, counts answers and marks what was done about them', PARTITIONS.approval, ['GetItem', 'UpdateItem']);

const startRotations = (scope: GrantScope): Grant => ({ why: 'starts rotations', actions: ['states:StartExecution'], resources: [scope.stateMachineArn] });

const startRepairs = (scope: GrantScope): Grant => ({ why: 'starts approved repairs', actions: ['states:StartExecution'], resources: [scope.repairMachineArn] });

const stopOwners = (scope: GrantScope): Grant => ({ why: 'an approved emergency or break-glass stops the owner', actions: ['states:StopExecution'], resources: [scope.executionsArn] });

const askRescuer = (scope: GrantScope): Grant => ({ why: 'a hold cancels what was scheduled, through the function that can do nothing else', actions: ['lambda:InvokeFunction'], resources: [scope.rescueFunctionArn] });

const writeAlertsDown = (scope: GrantScope) => items(scope, 'writes down what could not be told of', PARTITIONS.alert, ['PutItem']);

/** The outbox holds an alert from before its publication until after it. Of all that keyturn writes, only alerts are ever deleted. */
const pagePeople = (scope: GrantScope): readonly Grant[] => [
  items(scope, 'writes an alert down, and strikes it off once it is published', PARTITIONS.alert, ['PutItem', 'DeleteItem']),
  { why: 'pages a person', actions: ['sns:Publish'], resources: [scope.topicArn] },
];

/** Lambda sends with the function's role, and refuses to make a function whose role may not. */
const keepFailedEvents = (scope: GrantScope): Grant => ({ why: 'keeps an event that no try could handle', actions: ['sqs:SendMessage'], resources: [scope.deadLetterQueueArn] });

const describeExecutions = (scope: GrantScope): Grant => ({
  why: 'tells a running execution from a closed one: by a name that is taken, or by the lease',
  actions: ['states:DescribeExecution'],
  resources: [scope.executionsArn],
});

/**
 * Reads are not limited by tag: a key that someone else put behind an alias must be seen, so that it can be reported.
 * `DescribeKey` also takes an alias, and asks for permission on the key behind it. What it asks for when there is no such alias is not
 * documented; without the alias itself as a resource, a missing alias (a bootstrap) might look like a missing permission.
 */
const readKeys = (scope: GrantScope, ...actions: readonly string[]): Grant => ({
  why: 'compares the registry with what KMS has',
  actions: ['kms:DescribeKey', ...actions],
  resources: [scope.anyKeyArn, scope.anyAliasArn],
});

/** By the tag that `CreateKey` sets, not by `kms:ResourceAliases`, which stops matching a key when its alias leaves it. */
const onOwnKeys = (scope: GrantScope, why: string, actions: readonly string[], conditions: Grant['conditions'] = {}): Grant => ({
  why,
  actions,
  resources: [scope.anyKeyArn],
  conditions: { ...conditions, StringEquals: { [`aws:ResourceTag/${KEY_TAGS.registry}`]: scope.registryId } },
});

/** An adopted key carries no tag of this registry, so the configuration names it. Nothing when no key is adopted. */
const onAdoptedKeys = (scope: GrantScope, why: string, actions: readonly string[], conditions?: Grant['conditions']): readonly Grant[] =>
  forEach(scope.adoptedKeyArns, (resources) => ({ why, actions, resources, ...(conditions === undefined ? {} : { conditions }) }));

/** Small enough that statements with the longest aliases still spread over several policies: see `role-policies.ts`. */
const MAX_RESOURCES_PER_STATEMENT = 10;

/** Alias names in a condition are shorter than ARNs: 20 of 256 characters fit into one policy. */
const MAX_NAMES_PER_STATEMENT = 20;

function forEach(resources: readonly string[], grant: (part: readonly string[]) => Grant, size = MAX_RESOURCES_PER_STATEMENT): readonly Grant[] {
  return Array.from({ length: Math.ceil(resources.length / size) }, (_, index) => grant(resources.slice(index * size, (index + 1) * size)));
}

const publishEvents = (scope: GrantScope): Grant => ({
  why: 'tells dependents',
  actions: ['events:PutEvents'],
  resources: [scope.eventBusArn],
  conditions: { StringEquals: { 'events:source': EVENTS.source } },
});

const wake = (scope: GrantScope): Grant => ({
  why: 'wakes the waiting state; the answer itself is in the registry',
  actions: ['states:SendTaskSuccess'],
  resources: [scope.stateMachineArn],
});

const supersededOnly = { 'ForAllValues:StringEquals': { 'aws:TagKeys': [KEY_TAGS.superseded] } } as const;

const askProbes = (scope: GrantScope) =>
  forEach(scope.probeArns, (resources) => ({ why: 'asks exactly the configured probes', actions: ['lambda:InvokeFunction'], resources }));

export const GRANTS: Record<FunctionName, (scope: GrantScope) => readonly Grant[]> = {
  'claim-rotation': (scope) => [registry(scope), readKeys(scope), describeExecutions(scope)],

  'create-key-version': (scope) => [
    registry(scope),
    ownKmsKeys(scope),
    readKeys(scope, 'kms:GetKeyPolicy', 'kms:ListResourceTags', 'kms:ListGrants'),
    {
      why: 'makes the version, only with the tag of this registry; a key that does not exist yet has no ARN',
      actions: ['kms:CreateKey'],
      resources: ['*'],
      conditions: { StringEquals: { [`aws:RequestTag/${KEY_TAGS.registry}`]: scope.registryId } },
    },
    {
      why: 'CreateKey with tags needs it, on a key whose resource tags do not exist yet',
      actions: ['kms:TagResource'],
      resources: [scope.anyKeyArn],
      conditions: { StringEquals: { [`aws:RequestTag/${KEY_TAGS.registry}`]: scope.registryId } },
    },
    onOwnKeys(scope, 'gives the new key its version alias, policy and the carried grants', ['kms:CreateAlias', 'kms:PutKeyPolicy', 'kms:CreateGrant']),
    ...forEach(scope.versionAliasArns, (resources) => ({ why: 'the version alias', actions: ['kms:CreateAlias'], resources })),
    { why: 'sees whether the key store is connected: KMS knows no narrower resource', actions: ['kms:DescribeCustomKeyStores'], resources: ['*'] },
    { why: 'finds a key whose CreateKey lost its answer: the API knows no narrower resource', actions: ['tag:GetResources'], resources: ['*'] },
  ],

  'prove-key-version': (scope) => [registry(scope), readKeys(scope), onOwnKeys(scope, 'the round trip on the new key', ROUND_TRIP)],

  'notify-dependent': (scope) => [
    registry(scope),
    askDependents(scope),
    readKeys(scope),
    onOwnKeys(scope, 'puts the public key into the event', ['kms:GetPublicKey']),
    publishEvents(scope),
    wake(scope),
    ...askProbes(scope),
  ],

  'promote-key-version': (scope) => [
    registry(scope),
    readAcknowledgements(scope),
    readKeys(scope, 'kms:GetKeyPolicy', 'kms:ListGrants'),
    ...forEach(scope.aliasArns, (resources) => ({ why: 'moves the alias, or makes it at bootstrap', actions: ['kms:UpdateAlias', 'kms:CreateAlias'], resources })),
    onOwnKeys(scope, 'KMS asks for it on the new target, and for UpdateAlias on the current one too', ['kms:UpdateAlias', 'kms:CreateAlias']),
    ...onAdoptedKeys(scope, 'an adopted key is the current target once', ['kms:UpdateAlias']),
    {
      why: 'a late call of a former owner must not bring the alias back to a superseded version',
      effect: 'Deny',
      actions: ['kms:UpdateAlias'],
      resources: [scope.anyKeyArn],
      conditions: { StringEquals: { [`aws:ResourceTag/${KEY_TAGS.superseded}`]: 'true' } },
    },
  ],

  'confirm-promotion': (scope) => [
    registry(scope),
    askDependents(scope),
    readKeys(scope),
    onOwnKeys(scope, 'the round trip through the alias', ROUND_TRIP),
    onOwnKeys(scope, 'marks the previous version superseded', ['kms:TagResource'], supersededOnly),
    ...onAdoptedKeys(scope, 'marks an adopted previous version superseded', ['kms:TagResource'], supersededOnly),
    publishEvents(scope),
  ],

  'check-drain': (scope) => [registry(scope), readAcknowledgements(scope), ...askProbes(scope), readKeys(scope, 'kms:GetKeyLastUsage')],

  // Retirement needs the tag: an adopted version is kept, so no ARN of one stands here or at the revocation.
  'disable-previous-version': (scope) => [
    registry(scope),
    readKeys(scope, 'kms:ListGrants'),
    onOwnKeys(scope, 'the soft revoke', ['kms:DisableKey']),
    onOwnKeys(scope, 'tries the disabled version, so that CloudTrail tells of a failed use', ONE_USE),
  ],

  'check-bake': (scope) => [registry(scope), readKeys(scope, 'kms:GetKeyLastUsage')],

  'revoke-previous-version': (scope) => [
    registry(scope),
    readApprovals(scope),
    readKeys(scope),
    onOwnKeys(scope, "the irreversible step, after KMS's own waiting period, and its end when a hold came meanwhile", ['kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion']),
  ],

  'release-rotation': (scope) => [registry(scope), readKeys(scope)],

  'classify-failure': (scope) => [registry(scope), ...pagePeople(scope)],

  'request-approval': (scope) => [
    registry(scope),
    askPeople(scope),
    ...pagePeople(scope),
    wake(scope),
  ],

  'read-approval': (scope) => [registry(scope), readApprovals(scope)],

  settle: (scope) => [registry(scope)],

  'abort-safely': (scope) => [registry(scope), readKeys(scope), writeAlertsDown(scope)],

  'start-due-rotations': (scope) => [
    registry(scope),
    dueIndex(scope),
    startRotations(scope),
    describeExecutions(scope),
  ],

  'handle-ended-execution': (scope) => [registry(scope), keepFailedEvents(scope), ...pagePeople(scope)],

  'begin-repair': (scope) => [registry(scope), readLedger(scope), readApprovals(scope)],

  // No denial of superseded keys here: KMS asks for permission on the current target, too, and that may be what an alias was moved back to.
  'apply-repair': (scope) => [
    registry(scope),
    ownKmsKeys(scope),
    readApprovals(scope),
    readKeys(scope, 'kms:ListResourceTags'),
    ...forEach(scope.aliasArns, (resources) => ({ why: 'points the alias to the ACTIVE version again', actions: ['kms:UpdateAlias', 'kms:CreateAlias'], resources })),
    onOwnKeys(scope, 'KMS asks for it on the ACTIVE version', ['kms:UpdateAlias', 'kms:CreateAlias']),
    ...onAdoptedKeys(scope, 'KMS asks for it on the ACTIVE version, which may be adopted', ['kms:UpdateAlias', 'kms:CreateAlias']),
    ...forEach(
      scope.aliasNames,
      (names) => ({
        why: 'KMS asks for it on the key that somebody pointed the alias to; that key carries no tag of ours',
        actions: ['kms:UpdateAlias'],
        resources: [scope.anyKeyArn],
        conditions: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': names } },
      }),
      MAX_NAMES_PER_STATEMENT,
    ),
    onOwnKeys(scope, 'takes back what somebody did to a version', ['kms:EnableKey', 'kms:CancelKeyDeletion']),
    ...onAdoptedKeys(scope, 'takes back what somebody did to an adopted version', ['kms:EnableKey', 'kms:CancelKeyDeletion']),
    onOwnKeys(scope, 'marks the version that an accepted key replaces', ['kms:TagResource'], supersededOnly),
    ...onAdoptedKeys(scope, 'marks an adopted version that an accepted key replaces', ['kms:TagResource'], supersededOnly),
    {
      why: "marks an accepted key as this registry's, unless it is another's",
      actions: ['kms:TagResource'],
      resources: [scope.anyKeyArn],
      conditions: {
        StringEquals: { [`aws:RequestTag/${KEY_TAGS.registry}`]: scope.registryId },
        StringEqualsIfExists: { [`aws:ResourceTag/${KEY_TAGS.registry}`]: scope.registryId },
        'ForAllValues:StringEquals': { 'aws:TagKeys': [KEY_TAGS.registry, KEY_TAGS.key, KEY_TAGS.version, KEY_TAGS.rotation] },
      },
    },
  ],

  'confirm-repair': (scope) => [registry(scope), readLedger(scope), readApprovals(scope), readKeys(scope), wake(scope), ...pagePeople(scope)],

  'request-rotation': (scope) => [registry(scope), askPeople(scope), startRotations(scope), describeExecutions(scope), ...pagePeople(scope)],

  operate: (scope) => [registry(scope), askRescuer(scope)],

  decide: (scope) => [registry(scope), countVotes(scope), wake(scope), startRotations(scope), stopOwners(scope), startRepairs(scope), ...pagePeople(scope)],

  'rescue-version': (scope) => [
    registry(scope),
    items(scope, 'finds whose key a failed use was of', PARTITIONS.kmsKey, ['GetItem']),
    readKeys(scope),
    onOwnKeys(scope, 'gives a retired version back; it can do nothing else', ['kms:EnableKey', 'kms:CancelKeyDeletion']),
    keepFailedEvents(scope),
    ...pagePeople(scope),
  ],

  reconcile: (scope) => [
    registry(scope),
    readLedger(scope),
    dueIndex(scope),
    items(scope, 'tells a version\'s key from an orphan', PARTITIONS.kmsKey, ['GetItem']),
    items(scope, 'delivers what was not delivered', PARTITIONS.alert, ['Query']),
    items(scope, 'remembers what it has seen', PARTITIONS.reconciliation, ['GetItem', 'PutItem']),
    countVotes(scope),
    readKeys(scope, 'kms:GetKeyLastUsage'),
    { why: 'finds keys that no version names: the API knows no narrower resource', actions: ['tag:GetResources'], resources: ['*'] },
    onOwnKeys(scope, 'deletes an orphan, once a person has approved it; never a superseded version, and never sooner', ['kms:ScheduleKeyDeletion'], {
      NumericEquals: { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(ORPHAN_DELETION_DAYS) },
      Null: { [`aws:ResourceTag/${KEY_TAGS.superseded}`]: 'true' },
    }),
    describeExecutions(scope),
    startRotations(scope),
    stopOwners(scope),
    startRepairs(scope),
    wake(scope),
    askRescuer(scope),
    ...pagePeople(scope),
  ],

  acknowledge: (scope) => [
    items(scope, 'records the answer; nothing of a key is within reach of a public entrance', PARTITIONS.acknowledgement, ['GetItem', 'UpdateItem']),
    wake(scope),
  ],

  'register-keys': (scope) => [registry(scope), ownKmsKeys(scope), dueIndex(scope), readKeys(scope, 'kms:GetKeyPolicy', 'kms:ListResourceTags')],

  'record-key-deletion': (scope) => [registry(scope), keepFailedEvents(scope), items(scope, 'finds whose key KMS has deleted', PARTITIONS.kmsKey, ['GetItem'])],
};
