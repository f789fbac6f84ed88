import type { KeyMetadata } from '@aws-sdk/client-kms';
import { instantOf, type Instant } from '../../domain/instant';
import type { ObservedKey } from '../../ports/key-provider';
import { present } from './calls';

/** @throws {IncompleteAnswer} */
export function observedKey(answer: KeyMetadata | undefined): ObservedKey {
  const metadata = present(answer, 'KeyMetadata');
  return {
    keyId: present(metadata.KeyId, 'KeyId'),
    keyArn: present(metadata.Arn, 'Arn'),
    keyState: present(metadata.KeyState, 'KeyState'),
    description: metadata.Description ?? '',
    spec: present(metadata.KeySpec, 'KeySpec'),
    usage: present(metadata.KeyUsage, 'KeyUsage'),
    origin: present(metadata.Origin, 'Origin'),
    ...(metadata.CustomKeyStoreId !== undefined && { keyStoreId: metadata.CustomKeyStoreId }),
    isMultiRegion: present(metadata.MultiRegion, 'MultiRegion'),
    isCustomerManaged: present(metadata.KeyManager, 'KeyManager') === 'CUSTOMER',
    createdAt: instantAt(metadata.CreationDate, 'CreationDate'),
    ...(metadata.DeletionDate !== undefined && { deletionAt: instantAt(metadata.DeletionDate, 'DeletionDate') }),
  };
}

/** @throws {IncompleteAnswer} */
export function instantAt(date: Date | undefined, member: string): Instant {
  return instantOf(present(date, member).getTime());
}

/** The bare key id of a key ARN, or of a key id. */
export function keyIdOf(keyArn: string): string {
  return keyArn.slice(keyArn.lastIndexOf('/') + 1);
}
