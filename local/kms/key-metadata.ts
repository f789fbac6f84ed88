import type { Place } from './place';
import { algorithmMember } from './algorithms';
import type { KmsKey, ShownState } from './key';
import type { KeyStores } from './key-stores';
import { epochSeconds } from './wire';

/** `KeyMetadata` as CreateKey and DescribeKey answer it. */
export function keyMetadata(key: KmsKey, { state, deletionAtMs }: ShownState, { accountId }: Place, keyStores: KeyStores): Readonly<Record<string, unknown>> {
  return {
    AWSAccountId: accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: epochSeconds(key.createdAtMs),
    Enabled: state === 'Enabled',
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: state,
    ...(deletionAtMs !== undefined && { DeletionDate: epochSeconds(deletionAtMs) }),
    Origin: key.origin,
    ...(key.keyStoreId !== undefined && { CustomKeyStoreId: key.keyStoreId, CloudHsmClusterId: keyStores.get(key.keyStoreId).clusterId }),
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: key.spec,
    KeySpec: key.spec,
    ...algorithmMember(key.spec, key.usage),
    MultiRegion: false,
    ...(key.materialId !== undefined && { CurrentKeyMaterialId: key.materialId }),
  };
}
