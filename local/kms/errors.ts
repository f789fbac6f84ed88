import { AwsError } from '../kernel/aws-error';

/** KMS's errors by name; client faults answer 400. @see https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html */
export function kmsError(name: KmsErrorName, message = ''): AwsError {
  return new AwsError(name, message);
}

/** Refuses a key whose material comes from elsewhere than the operation needs. */
export function unsupportedOrigin({ arn, origin }: { readonly arn: string; readonly origin: string }): AwsError {
  return kmsError('UnsupportedOperationException', `${arn} origin is ${origin} which is not valid for this operation.`);
}

export type KmsErrorName =
  | 'AlreadyExistsException'
  | 'CloudHsmClusterInUseException'
  | 'ConflictException'
  | 'CustomKeyStoreHasCMKsException'
  | 'CustomKeyStoreInvalidStateException'
  | 'CustomKeyStoreNameInUseException'
  | 'CustomKeyStoreNotFoundException'
  | 'DisabledException'
  | 'DryRunOperationException'
  | 'ExpiredImportTokenException'
  | 'IncorrectKeyException'
  | 'IncorrectKeyMaterialException'
  | 'InvalidAliasNameException'
  | 'InvalidArnException'
  | 'InvalidCiphertextException'
  | 'InvalidGrantIdException'
  | 'InvalidGrantTokenException'
  | 'InvalidImportTokenException'
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
