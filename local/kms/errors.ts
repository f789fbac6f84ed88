import { AwsError } from '../kernel/aws-error';

/** KMS's errors by name; client faults answer 400. @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html */
export function kmsError(name: KmsErrorName, message = ''): AwsError {
  return new AwsError(name, message);
}

export type KmsErrorName =
  | 'AlreadyExistsException'
  | 'CloudHsmClusterInUseException'
  | 'CustomKeyStoreInvalidStateException'
  | 'CustomKeyStoreNameInUseException'
  | 'CustomKeyStoreNotFoundException'
  | 'DisabledException'
  | 'DryRunOperationException'
  | 'IncorrectKeyException'
  | 'InvalidAliasNameException'
  | 'InvalidArnException'
  | 'InvalidCiphertextException'
  | 'InvalidGrantIdException'
  | 'InvalidGrantTokenException'
  | 'InvalidKeyUsageException'
  | 'InvalidMarkerException'
  | 'KMSInvalidMacException'
  | 'KMSInvalidSignatureException'
  | 'KMSInvalidStateException'
  | 'LimitExceededException'
  | 'MalformedPolicyDocumentException'
  | 'NotFoundException'
  | 'SerializationException'
  | 'TagException'
  | 'ThrottlingException'
  | 'UnsupportedOperationException'
  | 'ValidationException';
