/**
 * Every error name that crosses from a task to the workflow, with its class. The definition's `ErrorEquals`,
 * the adapters and the classification all take the names from here; a test holds them together.
 */

/**
 * What the workflow does about an error.
 * - `retry`: it surely had no effect; the same state tries again, jittered and bounded.
 * - `look-again`: what someone else or we ourselves did may still take effect; wait, then look again.
 * - `superseded`: this execution has nothing to do; it ends quietly.
 * - `uncertain`: something may still be under way; settle, then claim again.
 * - `recoverable`: settle, abort safely, a later attempt continues.
 * - `non-recoverable`: settle, abort safely, quarantine: a person decides.
 * - `security-critical`: freeze the key; nothing else is changed.
 */
export type ErrorClass =
  | 'retry'
  | 'look-again'
  | 'superseded'
  | 'uncertain'
  | 'recoverable'
  | 'non-recoverable'
  | 'security-critical';

export const TASK_ERRORS = {
  /** A service throttled the call, or refused it for load: no effect. */
  Throttled: 'retry',
  /** KMS does not show our own last change yet, or the registry moved while it was compared with KMS. */
  KmsNotConsistentYet: 'retry',
  /** The registry lost a race for its sequence too often, or was throttled. */
  RegistryBusy: 'retry',

  /** `CreateKey` was called and its outcome is unknown; the tagged key is not visible yet. */
  CreateOutcomeUnknown: 'look-again',
  /** The lease is that of an execution that has just ended: its last calls may still take effect. */
  OwnerNotSettled: 'look-again',

  /** The window is done, or a newer attempt or another execution owns it. */
  RotationSuperseded: 'superseded',
  /** The lease or the fencing token of this execution is no longer the registry's. */
  StaleOwner: 'superseded',

  /** A KMS mutation was sent and its answer was lost. */
  KmsOutcomeUnknown: 'uncertain',
  /** A registry write was sent and its answer was lost, also on re-reading. */
  RegistryOutcomeUnknown: 'uncertain',

  /** A dependent has not acknowledged in time. */
  DependentsNotReady: 'recoverable',
  /** A dependent said no, or acknowledged another version. */
  DependentRefused: 'recoverable',
  /** The custom key store is not connected, or its cluster lacks HSMs. */
  KeyStoreNotReady: 'recoverable',
  /** The old key's policy or grants changed during the rotation; the next attempt carries them over again. */
  CarriedPolicyChanged: 'recoverable',
  /** Held, paused or removed from the configuration: nothing is started. */
  RotationNotAllowed: 'recoverable',
  /** An operator asked for an abort. No further attempt of the window is started by itself. */
  AbortRequested: 'recoverable',

  /** The task's input is not what this version of the code understands. */
  InvalidTaskInput: 'non-recoverable',
  /** The execution's name is not the function of its input. */
  ExecutionNameMismatch: 'non-recoverable',
  /** The key is not in the registry. */
  KeyNotRegistered: 'non-recoverable',
  /** IAM or the key policy refused a call. */
  PermissionDenied: 'non-recoverable',
  /** KMS refuses this spec, usage, origin or operation. */
  UnsupportedKey: 'non-recoverable',
  /** The key policy would lock keyturn out, or KMS calls it malformed. */
  UnusablePolicy: 'non-recoverable',
  /** A KMS resource quota is used up. */
  QuotaExceeded: 'non-recoverable',
  /** `CreateKey` was tried as often as allowed without a key. */
  CreateAttemptsUsedUp: 'non-recoverable',
  /** The new version did not pass its round trip. */
  ProofFailed: 'non-recoverable',
  /** An SDK error that nobody has classified. */
  UnclassifiedServiceError: 'non-recoverable',

  /** Registry and KMS disagree in a way that keyturn did not cause. */
  ObservedMismatch: 'security-critical',
  /** The key is frozen. */
  KeyFrozen: 'security-critical',
  /** The ledger's chain is broken, or an event stands where ours should. */
  LedgerMismatch: 'security-critical',
} as const satisfies Record<string, ErrorClass>;

export type TaskErrorName = keyof typeof TASK_ERRORS;

/**
 * What an error means in one state and nowhere else. Otherwise the state changes nothing: an error's name says what may have happened by then, and
 * every response but a freeze settles first.
 */
export const STATE_ERRORS: Readonly<Record<string, Partial<Record<TaskErrorName, ErrorClass>>>> = {
  'Confirm Promotion': {
    // Consumers use the version by now, and it was proved before: its key is not as keyturn left it, and what it protects may be lost.
    ProofFailed: 'security-critical',
    // It has waited for KMS's consistency time, and read again for as long: what looks like the side before the promotion was brought back by someone else.
    KmsNotConsistentYet: 'security-critical',
  },
};

/**
 * Every error name that Step Functions has, and those of Lambda that mean something else than what nobody has named.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const SERVICE_ERRORS = {
  // The function may still be running, or may have run.
  'Lambda.Unknown': 'uncertain',
  'Lambda.ServiceException': 'uncertain',
  'Lambda.AWSLambdaException': 'uncertain',
  'Lambda.SdkClientException': 'uncertain',
  'Lambda.ClientExecutionTimeoutException': 'uncertain',
  'Sandbox.Timedout': 'uncertain',
  'Runtime.ExitError': 'uncertain',
  'Runtime.OutOfMemory': 'uncertain',
  'States.Timeout': 'uncertain',
  'States.HeartbeatTimeout': 'uncertain',
  'States.TaskFailed': 'uncertain',

  // Lambda refused the invocation: the function did not run.
  'Lambda.TooManyRequestsException': 'retry',
  // Nor did it here: a function that was idle for weeks is being made ready. The next attempt finds it so.
  'Lambda.ResourceNotReadyException': 'recoverable',
  'Lambda.ResourceConflictException': 'recoverable',

  // The deployment is wrong, or the definition is: a person must look. Some of these end an execution at once; `handle-ended-execution` quarantines the key then.
  'States.Permissions': 'non-recoverable',
  'States.Runtime': 'non-recoverable',
  'States.DataLimitExceeded': 'non-recoverable',
  'States.QueryEvaluationError': 'non-recoverable',
  'States.NoChoiceMatched': 'non-recoverable',
  // A Map's iteration fails with its own error, which says more.
  'States.BranchFailed': 'non-recoverable',
  'States.ExceedToleratedFailureThreshold': 'non-recoverable',
  // Of features that no definition of keyturn's uses: JSONPath, distributed Maps, HTTP tasks.
  'States.ResultPathMatchFailure': 'non-recoverable',
  'States.ParameterPathFailure': 'non-recoverable',
  'States.IntrinsicFailure': 'non-recoverable',
  'States.ItemReaderFailed': 'non-recoverable',
  'States.ResultWriterFailed': 'non-recoverable',
  'States.Http.Socket': 'non-recoverable',
  // A wildcard of definitions, which no execution reports.
  'States.ALL': 'non-recoverable',
} as const satisfies Record<string, ErrorClass>;

type ServiceErrorName = keyof typeof SERVICE_ERRORS;

function serviceErrorsOf(errorClass: ErrorClass): readonly ServiceErrorName[] {
  return (Object.keys(SERVICE_ERRORS) as ServiceErrorName[]).filter((name) => SERVICE_ERRORS[name] === errorClass);
}

/** After these the function may still be running, or may have run. */
export const UNCERTAIN_SERVICE_ERRORS = serviceErrorsOf('uncertain');

/** Lambda refused the invocation: the function did not run. */
export const NO_EFFECT_SERVICE_ERRORS = serviceErrorsOf('retry');
