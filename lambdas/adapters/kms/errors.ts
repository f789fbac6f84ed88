import { KMSServiceException } from '@aws-sdk/client-kms';
import type * as Kms from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIServiceException } from '@aws-sdk/client-resource-groups-tagging-api';
import type * as Tagging from '@aws-sdk/client-resource-groups-tagging-api';
import type { TaskErrorName } from '../../contract/errors';
import { TaskError } from '../../domain/task-error';

/**
 * What a call does, which decides what its failure means.
 * - `create`: makes a key; when its answer is lost, a key may exist that nobody knows.
 * - `change`: changes a key, an alias, a tag or a grant; when its answer is lost, the change may have been made, or may still be.
 * - `read`: changes nothing.
 * - `proof`: uses a key that may be seconds old, and changes nothing.
 */
export type CallKind = 'create' | 'change' | 'read' | 'proof';

/** Every operation that the adapter calls. */
export const CALL_KINDS = {
  CreateKey: 'create',
  CreateAlias: 'change',
  UpdateAlias: 'change',
  PutKeyPolicy: 'change',
  TagResource: 'change',
  CreateGrant: 'change',
  DisableKey: 'change',
  ScheduleKeyDeletion: 'change',
  CancelKeyDeletion: 'change',
  EnableKey: 'change',
  DescribeKey: 'read',
  GetResources: 'read',
  GetKeyPolicy: 'read',
  ListResourceTags: 'read',
  ListGrants: 'read',
  GetPublicKey: 'read',
  GetKeyLastUsage: 'read',
  DescribeCustomKeyStores: 'read',
  Encrypt: 'proof',
  Decrypt: 'proof',
  Sign: 'proof',
  Verify: 'proof',
  GenerateMac: 'proof',
  VerifyMac: 'proof',
  DeriveSharedSecret: 'proof',
  Encapsulate: 'proof',
  Decapsulate: 'proof',
} as const satisfies Record<string, CallKind>;

export type CallName = keyof typeof CALL_KINDS;

type Meaning = Readonly<Record<CallKind, TaskErrorName>>;

function always(name: TaskErrorName): Meaning {
  return { create: name, change: name, read: name, proof: name };
}

/** Nobody expects this answer to a call of ours. */
const UNEXPECTED = always('UnclassifiedServiceError');

/** Whether the call had its effect is unknown; a call without effect is just made again. */
const OUTCOME_UNKNOWN: Meaning = { create: 'CreateOutcomeUnknown', change: 'KmsOutcomeUnknown', read: 'Throttled', proof: 'Throttled' };

/**
 * The key is not there, or not in the state that we left it in. KMS shows a fresh key, alias or state up to minutes late, so
 * the task runs again; it re-reads first, and judges a state that stays as it is by its own expectations.
 * `CreateKey` names no existing key.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
 */
const NOT_YET: Meaning = { ...always('KmsNotConsistentYet'), create: 'UnclassifiedServiceError' };

/** KMS ran the operation, and the key did not give back what it had been given. */
const PROOF_FAILED: Meaning = { ...UNEXPECTED, proof: 'ProofFailed' };

const DENIED = always('PermissionDenied');
const THROTTLED = always('Throttled');
const KEY_STORE = always('KeyStoreNotReady');
/** KMS refuses what the configuration asks for. */
const UNSUPPORTED = always('UnsupportedKey');

type DeclaredException<Client> = Extract<keyof Client, `${string}Exception`>;

/**
 * Every exception that the KMS client declares; the compiler refuses a table without one of them. It is deliberate that those of
 * imported material, key store administration, grant retirement and dry runs are unexpected: keyturn makes no such call.
 */
const KMS_EXCEPTIONS: Readonly<Record<Exclude<DeclaredException<typeof Kms>, 'KMSServiceException'>, Meaning>> = {
  DependencyTimeoutException: OUTCOME_UNKNOWN,
  KMSInternalException: OUTCOME_UNKNOWN,
  // A server fault: the hardware behind the key did not answer.
  KeyUnavailableException: OUTCOME_UNKNOWN,

  NotFoundException: NOT_YET,
  KMSInvalidStateException: NOT_YET,
  DisabledException: NOT_YET,

  InvalidCiphertextException: PROOF_FAILED,
  IncorrectKeyException: PROOF_FAILED,
  KMSInvalidSignatureException: PROOF_FAILED,
  KMSInvalidMacException: PROOF_FAILED,

  LimitExceededException: always('QuotaExceeded'),
  MalformedPolicyDocumentException: always('UnusablePolicy'),

  UnsupportedOperationException: UNSUPPORTED,
  InvalidKeyUsageException: UNSUPPORTED,
  InvalidArnException: UNSUPPORTED,
  InvalidAliasNameException: UNSUPPORTED,
  TagException: UNSUPPORTED,
  // External key stores (XKS) are not an origin of keyturn's.
  XksKeyAlreadyInUseException: UNSUPPORTED,
  XksKeyInvalidConfigurationException: UNSUPPORTED,
  XksKeyNotFoundException: UNSUPPORTED,
  // A store that keeps keys cannot be deleted, so one that is not there was never theirs.
  CustomKeyStoreNotFoundException: UNSUPPORTED,

  CloudHsmClusterInvalidConfigurationException: KEY_STORE,
  CloudHsmClusterNotActiveException: KEY_STORE,
  CustomKeyStoreInvalidStateException: KEY_STORE,

  // `ensureAlias` resolves it for CreateAlias.
  AlreadyExistsException: UNEXPECTED,
  CloudHsmClusterInUseException: UNEXPECTED,
  CloudHsmClusterNotFoundException: UNEXPECTED,
  CloudHsmClusterNotRelatedException: UNEXPECTED,
  ConflictException: UNEXPECTED,
  CustomKeyStoreHasCMKsException: UNEXPECTED,
  CustomKeyStoreNameInUseException: UNEXPECTED,
  DryRunOperationException: UNEXPECTED,
  ExpiredImportTokenException: UNEXPECTED,
  IncorrectKeyMaterialException: UNEXPECTED,
  IncorrectTrustAnchorException: UNEXPECTED,
  InvalidGrantIdException: UNEXPECTED,
  InvalidGrantTokenException: UNEXPECTED,
  InvalidImportTokenException: UNEXPECTED,
  InvalidMarkerException: UNEXPECTED,
  XksProxyIncorrectAuthenticationCredentialException: UNEXPECTED,
  XksProxyInvalidConfigurationException: UNEXPECTED,
  XksProxyInvalidResponseException: UNEXPECTED,
  XksProxyUriEndpointInUseException: UNEXPECTED,
  XksProxyUriInUseException: UNEXPECTED,
  XksProxyUriUnreachableException: UNEXPECTED,
  XksProxyVpcEndpointServiceInUseException: UNEXPECTED,
  XksProxyVpcEndpointServiceInvalidConfigurationException: UNEXPECTED,
  XksProxyVpcEndpointServiceNotFoundException: UNEXPECTED,
};

/** Every exception that the tagging client declares; the only call is `GetResources`. */
const TAGGING_EXCEPTIONS: Readonly<
  Record<Exclude<DeclaredException<typeof Tagging>, 'ResourceGroupsTaggingAPIServiceException'>, Meaning>
> = {
  ThrottledException: THROTTLED,
  InternalServiceException: OUTCOME_UNKNOWN,
  ConcurrentModificationException: UNEXPECTED,
  ConstraintViolationException: UNEXPECTED,
  InvalidParameterException: UNEXPECTED,
  PaginationTokenExpiredException: UNEXPECTED,
};

/**
 * Errors that every operation may answer and that no client declares.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
 */
const COMMON_ERRORS = {
  ThrottlingException: THROTTLED,
  AccessDeniedException: DENIED,
  AccessDenied: DENIED,
  NotAuthorized: DENIED,
  OptInRequired: DENIED,
  ExpiredTokenException: DENIED,
  UnrecognizedClientException: DENIED,
  ValidationException: UNSUPPORTED,
  ValidationError: UNSUPPORTED,
  // 408: KMS stopped waiting for the request. The one 4xx whose lack of effect is not relied upon.
  RequestTimeoutException: OUTCOME_UNKNOWN,
  InternalFailure: OUTCOME_UNKNOWN,
  ServiceUnavailable: OUTCOME_UNKNOWN,
} as const satisfies Record<string, Meaning>;

const MEANINGS = new Map<string, Meaning>(Object.entries({ ...KMS_EXCEPTIONS, ...TAGGING_EXCEPTIONS, ...COMMON_ERRORS }));

/** Codes of errors before which no connection existed, so that the request was surely not sent. */
const NEVER_CONNECTED: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'];

type ServiceError = KMSServiceException | ResourceGroupsTaggingAPIServiceException;

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof KMSServiceException || error instanceof ResourceGroupsTaggingAPIServiceException;
}

function meaningOf(error: unknown): Meaning {
  // Time-outs, resets, and answers that cannot be parsed, whatever their HTTP status is.
  if (!isServiceError(error)) return NEVER_CONNECTED.includes(codeOf(error) ?? '') ? THROTTLED : OUTCOME_UNKNOWN;
  const named = MEANINGS.get(error.name);
  if (named !== undefined) return named;
  const status = error.$metadata.httpStatusCode ?? 0;
  if (status === 429) return THROTTLED;
  return status >= 400 && status < 500 ? UNEXPECTED : OUTCOME_UNKNOWN;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** An answer came without a member that it always has. */
export class IncompleteAnswer extends Error {
  constructor(member: string) {
    super(`the answer has no ${member}`);
  }
}

/** AWS's own words; of any other error the name and code only, because a parser's message quotes the answer it could not parse. */
function wordsOf(error: unknown): string {
  if (error instanceof IncompleteAnswer) return error.message;
  if (isServiceError(error)) return `${error.name}: ${error.message}`;
  const name = error instanceof Error ? error.name : 'an unknown error';
  return ['no usable answer', name, codeOf(error)].filter((word) => word !== undefined).join(', ');
}

/**
 * The one translation of SDK errors. 4xx surely had no effect; 5xx and everything without a readable answer is ambiguous.
 * @param subject - key id, alias or whatever else the call was about.
 */
export function taskErrorOf(call: CallName, subject: string, error: unknown): TaskError {
  if (error instanceof TaskError) return error;
  const name = meaningOf(error)[CALL_KINDS[call]];
  return new TaskError(name, `${call} for ${subject}: ${wordsOf(error)}`, isServiceError(error) ? { cause: error } : undefined);
}

/** KMS does not know the key or alias, or not yet. */
export function isNotFound(error: unknown): boolean {
  return isServiceError(error) && error.name === 'NotFoundException';
}

export function isAlreadyThere(error: unknown): boolean {
  return isServiceError(error) && error.name === 'AlreadyExistsException';
}

/** The key's state does not allow the call. */
export function isStateRefusal(error: unknown): boolean {
  return isServiceError(error) && error.name === 'KMSInvalidStateException';
}

/** The key is Disabled, or pending deletion. */
export function isDisabledRefusal(error: unknown): boolean {
  return isServiceError(error) && (error.name === 'DisabledException' || error.name === 'KMSInvalidStateException');
}

/** KMS does not have this operation for keys of this kind. */
export function isUnsupported(error: unknown): boolean {
  return isServiceError(error) && error.name === 'UnsupportedOperationException';
}
