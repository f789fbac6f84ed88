import * as Kms from '@aws-sdk/client-kms';
import * as Tagging from '@aws-sdk/client-resource-groups-tagging-api';
import { CALL_KINDS, taskErrorOf, type CallName } from '../../../lambdas/adapters/kms/errors';
import { TASK_ERRORS, type TaskErrorName } from '../../../lambdas/contract/errors';
import { TaskError } from '../../../lambdas/domain/task-error';

const CALLS = Object.keys(CALL_KINDS) as CallName[];
const CHANGES = CALLS.filter((call) => CALL_KINDS[call] === 'change');
const READS = CALLS.filter((call) => CALL_KINDS[call] === 'read');
const PROOFS = CALLS.filter((call) => CALL_KINDS[call] === 'proof');

type ExceptionClass = new (options: { $metadata: object; message: string }) => Kms.KMSServiceException;

/** The exception classes that a client exports, its base class left out, each with one instance as the SDK would throw it. */
function declaredBy(client: object, base: string): Kms.KMSServiceException[] {
  return Object.entries(client)
    .filter((entry): entry is [string, ExceptionClass] => typeof entry[1] === 'function' && entry[0].endsWith('Exception') && entry[0] !== base)
    .map(([, Class]) => {
      const { $fault } = new Class({ $metadata: {}, message: '' });
      return new Class({ $metadata: { httpStatusCode: $fault === 'server' ? 500 : 400 }, message: 'what AWS says' });
    });
}

const KMS_EXCEPTIONS = declaredBy(Kms, 'KMSServiceException');
const TAGGING_EXCEPTIONS = declaredBy(Tagging, 'ResourceGroupsTaggingAPIServiceException');

/** What each exception should mean, written down a second time and from the operator's side; unnamed calls give the default. */
const EXPECTED: Readonly<Record<string, { default: TaskErrorName; create?: TaskErrorName; change?: TaskErrorName; proof?: TaskErrorName }>> = {
  ...rows(['DependencyTimeoutException', 'KMSInternalException', 'KeyUnavailableException', 'InternalServiceException'], {
    default: 'Throttled',
    create: 'CreateOutcomeUnknown',
    change: 'KmsOutcomeUnknown',
  }),
  ...rows(['NotFoundException', 'KMSInvalidStateException', 'DisabledException'], { default: 'KmsNotConsistentYet', create: 'UnclassifiedServiceError' }),
  ...rows(['InvalidCiphertextException', 'IncorrectKeyException', 'KMSInvalidSignatureException', 'KMSInvalidMacException'], {
    default: 'UnclassifiedServiceError',
    proof: 'ProofFailed',
  }),
  ...rows(['ThrottledException'], { default: 'Throttled' }),
  ...rows(['LimitExceededException'], { default: 'QuotaExceeded' }),
  ...rows(['MalformedPolicyDocumentException'], { default: 'UnusablePolicy' }),
  ...rows(
    [
      'CloudHsmClusterInvalidConfigurationException',
      'CloudHsmClusterNotActiveException',
      'CustomKeyStoreInvalidStateException',
    ],
    { default: 'KeyStoreNotReady' },
  ),
  ...rows(
    [
      'CustomKeyStoreNotFoundException',
      'InvalidAliasNameException',
      'InvalidArnException',
      'InvalidKeyUsageException',
      'TagException',
      'UnsupportedOperationException',
      'XksKeyAlreadyInUseException',
      'XksKeyInvalidConfigurationException',
      'XksKeyNotFoundException',
    ],
    { default: 'UnsupportedKey' },
  ),
  ...rows(
    [
      'AlreadyExistsException',
      'CloudHsmClusterInUseException',
      'CloudHsmClusterNotFoundException',
      'CloudHsmClusterNotRelatedException',
      'ConcurrentModificationException',
      'ConflictException',
      'ConstraintViolationException',
      'CustomKeyStoreHasCMKsException',
      'CustomKeyStoreNameInUseException',
      'DryRunOperationException',
      'ExpiredImportTokenException',
      'IncorrectKeyMaterialException',
      'IncorrectTrustAnchorException',
      'InvalidGrantIdException',
      'InvalidGrantTokenException',
      'InvalidImportTokenException',
      'InvalidMarkerException',
      'InvalidParameterException',
      'PaginationTokenExpiredException',
      'XksProxyIncorrectAuthenticationCredentialException',
      'XksProxyInvalidConfigurationException',
      'XksProxyInvalidResponseException',
      'XksProxyUriEndpointInUseException',
      'XksProxyUriInUseException',
      'XksProxyUriUnreachableException',
      'XksProxyVpcEndpointServiceInUseException',
      'XksProxyVpcEndpointServiceInvalidConfigurationException',
      'XksProxyVpcEndpointServiceNotFoundException',
    ],
    { default: 'UnclassifiedServiceError' },
  ),
};

function rows<Row>(names: readonly string[], row: Row): Record<string, Row> {
  return Object.fromEntries(names.map((name) => [name, row]));
}

function expectedFor(exception: string, call: CallName): TaskErrorName | undefined {
  const row = EXPECTED[exception];
  const kind = CALL_KINDS[call];
  return (kind === 'read' ? undefined : row?.[kind]) ?? row?.default;
}

function answered(name: string, httpStatusCode: number): Kms.KMSServiceException {
  return new Kms.KMSServiceException({ name, message: 'what AWS says', $fault: httpStatusCode < 500 ? 'client' : 'server', $metadata: { httpStatusCode } });
}

function broken(code: string, name = 'Error'): Error {
  return Object.assign(new Error('connect 10.0.0.1:443'), { code, name });
}

describe('every exception that the clients declare', () => {
  test('is found by this test', () => {
    expect(KMS_EXCEPTIONS.length).toBeGreaterThan(40);
    expect([...KMS_EXCEPTIONS, ...TAGGING_EXCEPTIONS].map(({ name }) => name).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  test.each([...KMS_EXCEPTIONS, ...TAGGING_EXCEPTIONS].map((exception) => [exception.name, exception] as const))(
    '%s has a deliberate meaning for every call',
    (name, exception) => {
      for (const call of CALLS) expect([call, taskErrorOf(call, 'a key', exception).name]).toEqual([call, expectedFor(name, call)]);
    },
  );

  test('leaves the outcome of a change unknown exactly when it is a server fault', () => {
    for (const exception of KMS_EXCEPTIONS) {
      const isAmbiguous = exception.$fault === 'server';
      expect([exception.name, taskErrorOf('CreateKey', 'a key', exception).name === 'CreateOutcomeUnknown']).toEqual([exception.name, isAmbiguous]);
      for (const call of CHANGES) {
        expect([exception.name, call, taskErrorOf(call, 'a key', exception).name === 'KmsOutcomeUnknown']).toEqual([exception.name, call, isAmbiguous]);
      }
    }
  });
});

describe('errors that no client declares', () => {
  test.each([
    ['ThrottlingException', 400, 'Throttled'],
    ['SomethingElse', 429, 'Throttled'],
    ['AccessDeniedException', 400, 'PermissionDenied'],
    ['ValidationException', 400, 'UnsupportedKey'],
    ['Unknown', 400, 'UnclassifiedServiceError'],
    ['SomethingNewException', 400, 'UnclassifiedServiceError'],
  ] as const)('%s with status %d is %s for every call', (name, status, expected) => {
    for (const call of CALLS) expect([call, taskErrorOf(call, 'a key', answered(name, status)).name]).toEqual([call, expected]);
  });

  test.each([
    ['a 5xx with an unknown name', answered('Unknown', 503)],
    ['a 5xx of a proxy', answered('ServiceUnavailable', 503)],
    ['a 408', answered('RequestTimeoutException', 408)],
    ['a redirect', answered('Unknown', 302)],
    ['an answer without a status', new Kms.KMSServiceException({ name: 'Unknown', message: 'what AWS says', $fault: 'client', $metadata: {} })],
    ['a reset connection', broken('ECONNRESET')],
    ['a time-out', broken('ETIMEDOUT', 'TimeoutError')],
    ['an answer that is not JSON', new SyntaxError('Unexpected token')],
    ['something that is no error', 'a string'],
  ])('%s leaves the outcome of a change unknown, and a read without effect', (_what, error) => {
    expect(taskErrorOf('CreateKey', 'a key', error).name).toBe('CreateOutcomeUnknown');
    for (const call of CHANGES) expect([call, taskErrorOf(call, 'a key', error).name]).toEqual([call, 'KmsOutcomeUnknown']);
    for (const call of [...READS, ...PROOFS]) expect([call, taskErrorOf(call, 'a key', error).name]).toEqual([call, 'Throttled']);
  });

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])('%s means that nothing was sent', (code) => {
    for (const call of CALLS) expect([call, taskErrorOf(call, 'a key', broken(code)).name]).toEqual([call, 'Throttled']);
  });
});

describe('the message', () => {
  test('says what call, on what, and what AWS said', () => {
    const error = taskErrorOf('UpdateAlias', 'alias/orders to 1111', answered('AccessDeniedException', 400));
    expect(error.message).toBe('UpdateAlias for alias/orders to 1111: AccessDeniedException: what AWS says');
    expect(error.errorClass).toBe(TASK_ERRORS.PermissionDenied);
  });

  test('keeps an answer that could not be parsed to itself, because it may hold a plaintext', () => {
    const error = taskErrorOf('Decrypt', 'a key', new SyntaxError(`Unexpected end of "{"Plaintext":"c2VjcmV0"`));
    expect(error.message).toBe('Decrypt for a key: no usable answer, SyntaxError');
    expect(error.cause).toBeUndefined();
  });

  test.each([
    [broken('ECONNRESET', 'TimeoutError'), 'TimeoutError, ECONNRESET'],
    [Object.assign(new Error('read ECONNRESET'), { code: 104 }), 'Error'],
    [{ code: 'c2VjcmV0' }, 'an unknown error'],
    ['c2VjcmV0', 'an unknown error'],
    [undefined, 'an unknown error'],
  ])('of a broken connection has its name and code, and of what is no error nothing (%#)', (error, words) => {
    expect(taskErrorOf('Decrypt', 'a key', error).message).toBe(`Decrypt for a key: no usable answer, ${words}`);
  });

  test('of an error that is already in our words stays as it is', () => {
    const mismatch = new TaskError('ObservedMismatch', 'alias/orders points elsewhere');
    expect(taskErrorOf('CreateAlias', 'alias/orders', mismatch)).toBe(mismatch);
  });
});
