import type { ErrorClass, TaskErrorName } from '../../../lambdas/contract/errors';

/** What errors at call sites mean, and why. It is written from the services' documentation, not from the adapters. */
export interface Row {
  /** Ids of call sites. */
  readonly at: readonly string[];
  /** Names of errors. */
  readonly on: readonly string[];
  /** What the adapter makes of it; `answered`: it is an answer, and no error. */
  readonly means: TaskErrorName | 'answered';
  /** `answered` has none. */
  readonly errorClass?: ErrorClass;
  readonly because: string;
}

/** Answers that every service may give and no client declares, and connections that give none. */
export const GENERIC_ANSWERS: Readonly<Record<string, number>> = {
  ThrottlingException: 400,
  AccessDeniedException: 400,
  ExpiredTokenException: 400,
  SurpriseException: 400,
  RequestTimeoutException: 408,
  InternalFailure: 500,
  ServiceUnavailable: 503,
  'HTTP 500 without a name': 500,
};
export const BROKEN_CONNECTIONS: Readonly<Record<string, Error>> = {
  'a connection that is reset': Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' }),
  'no answer in time': Object.assign(new Error('Request timed out'), { name: 'TimeoutError', code: 'ETIMEDOUT' }),
  'no connection': Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
  // The SDK gives its parser's error the status of the answer.
  'an answer that cannot be read': Object.assign(new SyntaxError('Unexpected token "secret"'), { $metadata: { httpStatusCode: 200 } }),
  'a refusal that cannot be read': Object.assign(new SyntaxError('Unexpected token "secret"'), { $metadata: { httpStatusCode: 403 } }),
};

const SERVER_FAULTS = ['InternalFailure', 'ServiceUnavailable', 'HTTP 500 without a name'];
/** No usable answer: the request may have been carried out, or may still be. */
const NO_ANSWER = ['RequestTimeoutException', 'a connection that is reset', 'no answer in time', 'an answer that cannot be read', 'a refusal that cannot be read'];
const DENIED = ['AccessDeniedException', 'ExpiredTokenException'];

const KMS_CREATE = ['KmsKeyProvider.createKey CreateKey'];
const KMS_CHANGES = [
  'KmsKeyProvider.ensureAlias CreateAlias', 'KmsKeyProvider.moveAlias UpdateAlias', 'KmsKeyProvider.putKeyPolicy PutKeyPolicy',
  'KmsKeyProvider.addTags TagResource', 'KmsKeyProvider.carryGrants CreateGrant', 'KmsKeyProvider.disable DisableKey', 'KmsKeyProvider.scheduleDeletion ScheduleKeyDeletion',
  'KmsKeyProvider.cancelDeletion CancelKeyDeletion', 'KmsKeyProvider.enable EnableKey',
];
const KMS_READS = [
  'KmsKeyProvider.describe DescribeKey', 'KmsKeyProvider.keyPolicy GetKeyPolicy', 'KmsKeyProvider.tags ListResourceTags', 'KmsKeyProvider.listGrants ListGrants',
  'KmsKeyProvider.publicKey GetPublicKey', 'KmsKeyProvider.lastUsage GetKeyLastUsage', 'KmsKeyProvider.keyStoreState DescribeCustomKeyStores', 'publicKeyFor GetPublicKey',
];
const KMS_PROOFS = [
  'encrypt Encrypt', 'encryptAndDecrypt Decrypt', 'sign Sign', 'signAndVerify Verify', 'makeMac GenerateMac', 'makeAndVerifyMac VerifyMac',
  'deriveSecret DeriveSharedSecret', 'encapsulate Encapsulate', 'encapsulateAndDecapsulate Decapsulate',
];
/** They answer about a key in any state. */
const SHOWN_IN_EVERY_STATE = ['KmsKeyProvider.describe DescribeKey', 'KmsKeyProvider.tags ListResourceTags', 'KmsKeyProvider.lastUsage GetKeyLastUsage', 'KmsKeyProvider.keyStoreState DescribeCustomKeyStores'];
const TAGGED_KEYS = ['KmsKeyProvider.taggedKeys GetResources'];
const KMS_LOOKS = [...KMS_READS, ...KMS_PROOFS];
const KMS = [...KMS_CREATE, ...KMS_CHANGES, ...KMS_LOOKS];
/** Sites that a row of their own says more about. */
const but = (sites: readonly string[], ...others: readonly string[]): string[] => sites.filter((site) => !others.includes(site));

const KMS_ROWS: readonly Row[] = [
  { at: [...KMS, ...TAGGED_KEYS], on: ['ThrottlingException', 'no connection'], means: 'Throttled', errorClass: 'retry', because: 'it was refused for load, or never sent' },
  { at: TAGGED_KEYS, on: ['ThrottledException'], means: 'Throttled', errorClass: 'retry', because: 'it was refused for load' },
  { at: [...KMS, ...TAGGED_KEYS], on: DENIED, means: 'PermissionDenied', errorClass: 'non-recoverable', because: 'a permission does not come back by itself' },
  { at: [...KMS, ...TAGGED_KEYS], on: ['SurpriseException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'a refusal that nobody knows is for a person' },

  { at: KMS_CREATE, on: ['KMSInternalException', 'DependencyTimeoutException', ...SERVER_FAULTS, ...NO_ANSWER], means: 'CreateOutcomeUnknown', errorClass: 'look-again', because: 'a key may exist; there is no idempotency token, so it is looked for by its tags' },
  { at: KMS_CHANGES, on: ['KMSInternalException', 'DependencyTimeoutException', ...SERVER_FAULTS, ...NO_ANSWER], means: 'KmsOutcomeUnknown', errorClass: 'uncertain', because: 'the change may have been made, or may still be: settle first' },
  { at: KMS_LOOKS, on: ['KMSInternalException', 'DependencyTimeoutException', 'KeyUnavailableException', ...SERVER_FAULTS, ...NO_ANSWER], means: 'Throttled', errorClass: 'retry', because: 'nothing is changed by a look or a proof: it is made again' },
  { at: TAGGED_KEYS, on: ['InternalServiceException', ...SERVER_FAULTS, ...NO_ANSWER], means: 'Throttled', errorClass: 'retry', because: 'nothing is changed by a look' },

  { at: but([...KMS_CHANGES, ...KMS_LOOKS], 'KmsKeyProvider.describe DescribeKey', 'KmsKeyProvider.keyStoreState DescribeCustomKeyStores'), on: ['NotFoundException'], means: 'KmsNotConsistentYet', errorClass: 'retry', because: 'KMS shows a fresh key or alias up to minutes late; the task looks again before it acts' },
  { at: ['KmsKeyProvider.describe DescribeKey'], on: ['NotFoundException'], means: 'answered', because: 'no key is an answer to who asks whether there is one' },
  { at: but([...KMS_CHANGES, ...KMS_LOOKS], ...SHOWN_IN_EVERY_STATE), on: ['KMSInvalidStateException', 'DisabledException'], means: 'KmsNotConsistentYet', errorClass: 'retry', because: 'KMS may still hold the state before our last change; a key that stays so is an ObservedMismatch of the task that looks again, and a repeated deletion asks what the key is' },

  { at: ['KmsKeyProvider.ensureAlias CreateAlias'], on: ['AlreadyExistsException'], means: 'KmsNotConsistentYet', errorClass: 'retry', because: 'the alias exists and KMS does not show yet where it points: here it points nowhere' },
  { at: but([...KMS_CREATE, ...KMS_CHANGES], 'KmsKeyProvider.disable DisableKey', 'KmsKeyProvider.scheduleDeletion ScheduleKeyDeletion', 'KmsKeyProvider.cancelDeletion CancelKeyDeletion'), on: ['LimitExceededException'], means: 'QuotaExceeded', errorClass: 'non-recoverable', because: 'a quota of resources is raised by a person' },
  { at: [...KMS_CREATE, 'KmsKeyProvider.putKeyPolicy PutKeyPolicy'], on: ['MalformedPolicyDocumentException'], means: 'UnusablePolicy', errorClass: 'non-recoverable', because: 'a policy does not mend itself' },
  { at: but(KMS, 'KmsKeyProvider.publicKey GetPublicKey', 'KmsKeyProvider.moveAlias UpdateAlias', 'KmsKeyProvider.keyStoreState DescribeCustomKeyStores'), on: ['UnsupportedOperationException', 'InvalidKeyUsageException', 'InvalidArnException', 'InvalidAliasNameException', 'TagException'], means: 'UnsupportedKey', errorClass: 'non-recoverable', because: 'KMS refuses what the configuration asks for' },
  { at: ['KmsKeyProvider.publicKey GetPublicKey'], on: ['InvalidKeyUsageException', 'InvalidArnException'], means: 'UnsupportedKey', errorClass: 'non-recoverable', because: 'KMS refuses what the configuration asks for' },
  { at: ['KmsKeyProvider.publicKey GetPublicKey'], on: ['UnsupportedOperationException'], means: 'answered', because: 'a key without a public half has none to tell' },
  { at: KMS_CREATE, on: ['XksKeyAlreadyInUseException', 'XksKeyInvalidConfigurationException', 'XksKeyNotFoundException'], means: 'UnsupportedKey', errorClass: 'non-recoverable', because: 'external key stores are no origin of keyturn' },
  { at: [...KMS_CREATE, 'KmsKeyProvider.keyStoreState DescribeCustomKeyStores'], on: ['CustomKeyStoreNotFoundException'], means: 'UnsupportedKey', errorClass: 'non-recoverable', because: 'a key store that is not there does not come back by waiting: the configuration names a wrong one' },
  { at: KMS_CREATE, on: ['CloudHsmClusterInvalidConfigurationException', 'CustomKeyStoreInvalidStateException'], means: 'KeyStoreNotReady', errorClass: 'recoverable', because: 'the key store is connected again, or its cluster gets its HSMs back' },
  { at: ['encryptAndDecrypt Decrypt', 'signAndVerify Verify', 'makeAndVerifyMac VerifyMac', 'encapsulateAndDecapsulate Decapsulate'], on: ['InvalidCiphertextException', 'IncorrectKeyException', 'KMSInvalidSignatureException', 'KMSInvalidMacException'], means: 'ProofFailed', errorClass: 'non-recoverable', because: 'the key did not give back what it had been given' },
  { at: ['KmsKeyProvider.carryGrants CreateGrant', ...but(KMS_LOOKS, 'KmsKeyProvider.describe DescribeKey', 'KmsKeyProvider.keyPolicy GetKeyPolicy', 'KmsKeyProvider.lastUsage GetKeyLastUsage')], on: ['DryRunOperationException', 'InvalidGrantTokenException', 'InvalidMarkerException', 'InvalidGrantIdException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'keyturn sends no dry run, no grant token and no marker of its own' },
  { at: TAGGED_KEYS, on: ['InvalidParameterException', 'PaginationTokenExpiredException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'its filters are legal, and its pages are read at once' },
];

const TABLE_READS = ['DynamoDbRegistry.get GetItem', 'DynamoDbRegistry.pages Query', 'DynamoDbApprovals.read GetItem', 'DynamoDbApprovals.waiter GetItem', 'DynamoDbAcknowledgements.read GetItem', 'DynamoDbReconciliation.get GetItem'];
const TRANSACTION = ['DynamoDbRegistry.write TransactWriteItems'];
/** Their failed condition is an answer. */
const CONDITIONAL_WRITES = ['DynamoDbRegistry.freeze PutItem', 'DynamoDbRegistry.queueAlert PutItem', 'DynamoDbApprovals.record UpdateItem', 'DynamoDbAcknowledgements.answer UpdateItem'];
const OTHER_WRITES = ['DynamoDbRegistry.forgetAlert DeleteItem', 'DynamoDbApprovals.open UpdateItem', 'DynamoDbApprovals.markCarriedOut UpdateItem', 'DynamoDbAcknowledgements.open UpdateItem', 'DynamoDbReconciliation.put PutItem'];
const TABLE_WRITES = [...TRANSACTION, ...CONDITIONAL_WRITES, ...OTHER_WRITES];
const TABLE = [...TABLE_READS, ...TABLE_WRITES];

const TABLE_ROWS: readonly Row[] = [
  { at: TABLE, on: ['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded', 'ReplicatedWriteConflictException', 'TransactionConflictException', 'TransactionInProgressException'], means: 'RegistryBusy', errorClass: 'retry', because: 'DynamoDB has written nothing: not now' },
  { at: TRANSACTION, on: ['TransactionCanceledException'], means: 'RegistryBusy', errorClass: 'retry', because: 'a race was lost five times, each time after reading again; nothing was written' },
  { at: TABLE, on: DENIED, means: 'PermissionDenied', errorClass: 'non-recoverable', because: 'a permission does not come back by itself' },
  { at: TABLE, on: ['SurpriseException', 'ResourceNotFoundException', 'InvalidEndpointException', 'ItemCollectionSizeLimitExceededException', 'IdempotentParameterMismatchException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'no table, or a refusal that nobody expects of this table: for a person' },
  { at: CONDITIONAL_WRITES, on: ['ConditionalCheckFailedException'], means: 'answered', because: 'it stands there already, or somebody else was faster: the caller looks which' },
  { at: OTHER_WRITES, on: ['ConditionalCheckFailedException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'they set no condition, or fail it only with an item that is missing here' },
  { at: TABLE_READS, on: ['InternalServerError', 'no connection', ...SERVER_FAULTS, ...NO_ANSWER], means: 'RegistryBusy', errorClass: 'retry', because: 'nothing is changed by a look' },
  { at: TABLE_WRITES, on: ['InternalServerError', 'no connection', ...SERVER_FAULTS, ...NO_ANSWER], means: 'RegistryOutcomeUnknown', errorClass: 'uncertain', because: 'it may have been written; a transaction has looked five times already' },
];

const SEND = ['StepFunctionsCallbacks.wake SendTaskSuccess'];
const START = ['StepFunctionsExecutions.start StartExecution'];
const ABOUT_EXECUTIONS = ['StepFunctionsExecutions.stop StopExecution', 'StepFunctionsExecutions.describe DescribeExecution'];
const STATES = [...SEND, ...START, ...ABOUT_EXECUTIONS];
const INVOKE = ['LambdaRescuer.invoke Invoke', 'LambdaProbes.ask Invoke'];
const PUBLISH = ['SnsAlerts.publish Publish'];
const OUTSIDE = [...STATES, ...INVOKE, ...PUBLISH, 'EventBridgeBus.publish PutEvents'];

const OUTSIDE_ROWS: readonly Row[] = [
  { at: OUTSIDE, on: ['ThrottlingException', 'no connection', ...SERVER_FAULTS, ...NO_ANSWER], means: 'Throttled', errorClass: 'retry', because: 'each of these calls may be made twice: by name, by token, by the id of alert or question, or because it asks' },
  { at: OUTSIDE, on: ['AccessDeniedException'], means: 'PermissionDenied', errorClass: 'non-recoverable', because: 'a permission does not come back by itself' },
  { at: OUTSIDE, on: ['ExpiredTokenException', 'SurpriseException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'a refusal that nobody knows is for a person' },
  { at: SEND, on: ['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'], means: 'answered', because: 'nobody waits any more; the answer stands in the registry' },
  { at: SEND, on: ['InvalidOutput'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'its output is always {}' },
  { at: START, on: ['ExecutionAlreadyExists'], means: 'answered', because: 'the name is used; who starts asks what became of it' },
  { at: START, on: ['ExecutionLimitExceeded'], means: 'Throttled', errorClass: 'retry', because: 'too many executions are open: not now' },
  { at: ABOUT_EXECUTIONS, on: ['ExecutionDoesNotExist'], means: 'answered', because: 'there is nothing to stop, and nothing known' },
  { at: STATES, on: ['InvalidArn', 'InvalidExecutionInput', 'InvalidName', 'StateMachineDeleting', 'StateMachineDoesNotExist', 'ValidationException', 'KmsInvalidStateException'], means: 'UnclassifiedServiceError', errorClass: 'non-recoverable', because: 'the deployment is wrong or gone' },
  { at: STATES, on: ['KmsThrottlingException'], means: 'Throttled', errorClass: 'retry', because: 'it was refused for load' },
  { at: STATES, on: ['KmsAccessDeniedException'], means: 'PermissionDenied', errorClass: 'non-recoverable', because: 'a permission does not come back by itself' },
  { at: ['EventBridgeBus.publish PutEvents'], on: ['InternalException'], means: 'Throttled', errorClass: 'retry', because: 'dependents take an event twice as one question' },
  { at: PUBLISH, on: ['InternalErrorException', 'KMSThrottlingException'], means: 'Throttled', errorClass: 'retry', because: 'an alert twice is one alert by its id' },
  { at: PUBLISH, on: ['AuthorizationErrorException', 'KMSAccessDeniedException'], means: 'PermissionDenied', errorClass: 'non-recoverable', because: 'a permission does not come back by itself' },
  {
    at: PUBLISH,
    on: ['EndpointDisabledException', 'InvalidParameterException', 'InvalidParameterValueException', 'InvalidSecurityException', 'KMSDisabledException', 'KMSInvalidStateException', 'KMSNotFoundException', 'KMSOptInRequired', 'NotFoundException', 'PlatformApplicationDisabledException', 'ValidationException'],
    means: 'UnclassifiedServiceError',
    errorClass: 'non-recoverable',
    because: 'the topic or its key is gone; the alert waits in the registry all the same',
  },
  { at: INVOKE, on: ['TooManyRequestsException', 'EC2ThrottledException', 'ServiceException'], means: 'Throttled', errorClass: 'retry', because: 'not now' },
  { at: INVOKE, on: ['EC2AccessDeniedException', 'KMSAccessDeniedException'], means: 'PermissionDenied', errorClass: 'non-recoverable', because: 'a permission of the function does not come back by itself' },
  {
    at: INVOKE,
    on: [
      'EC2UnexpectedException', 'EFSMountConnectivityException', 'EFSMountTimeoutException', 'ENILimitReachedException', 'ENINotReadyException', 'InvalidRuntimeException', 'InvalidSecurityGroupIDException', 'InvalidSubnetIDException',
      'InvalidZipFileException', 'KMSDisabledException', 'KMSInvalidStateException', 'KMSNotFoundException', 'ResourceNotReadyException', 'S3FilesMountConnectivityException', 'S3FilesMountTimeoutException', 'SnapStartTimeoutException', 'SubnetIPAddressLimitReachedException',
    ],
    means: 'Throttled',
    errorClass: 'retry',
    because: 'the environment of the function is not there now (408 or 502); what stays so is recoverable, and ends with a person after the last attempt',
  },
  {
    at: INVOKE,
    on: [
      'CodeArtifactUserDeletedException', 'CodeArtifactUserFailedException', 'CodeArtifactUserPendingException', 'DurableExecutionAlreadyStartedException', 'EFSIOException', 'EFSMountFailureException', 'InvalidParameterValueException', 'InvalidRequestContentException', 'ModeNotSupportedException',
      'NoPublishedVersionException', 'RecursiveInvocationException', 'RequestTooLargeException', 'ResourceConflictException', 'ResourceNotFoundException', 'S3FilesMountFailureException', 'SerializedRequestEntityTooLargeException', 'ServiceQuotaExceededException', 'SnapStartException',
      'SnapStartNotReadyException', 'SnapStartRegenerationFailureException', 'UnsupportedMediaTypeException',
    ],
    means: 'UnclassifiedServiceError',
    errorClass: 'non-recoverable',
    because: 'the function is gone or refuses to be invoked so: for a person',
  },
];

export const EXPECTATIONS: readonly Row[] = [...KMS_ROWS, ...TABLE_ROWS, ...OUTSIDE_ROWS];
