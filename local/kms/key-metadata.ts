import type { Place } from './place';
import { algorithmMember } from './algorithms';
import type { KmsKey, ShownState } from './key';
import type { KeyStores } from './key-stores';
import { epochSeconds } from './wire';

/** `KeyMetadata` as CreateKey and DescribeKey answer it. */
export function keyMetadata(key: KmsKey, { state, deletionAtMs }: ShownState, { accountId, region }: Place, keyStores: KeyStores): Readonly<Record<string, unknown>> {
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
    ...expiration(key),
    MultiRegion: key.isMultiRegion,
    ...(key.isMultiRegion && { MultiRegionConfiguration: { MultiRegionKeyType: 'PRIMARY', PrimaryKey: { Arn: key.arn, Region: region }, ReplicaKeys: [] } }),
    ...currentMaterial(key),
  };
}

/** Of imported material that is there. */
function expiration({ origin, materials }: KmsKey): Readonly<Record<string, unknown>> {
  if (origin !== 'EXTERNAL' || !materials.isComplete()) return {};
  const expiresAtMs = materials.expiresAtMs();
  if (expiresAtMs === undefined) return { ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' };
  return { ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo: epochSeconds(expiresAtMs) };
}

/** Symmetric keys outside of key stores can have several materials, and tell the current one. */
function currentMaterial({ spec, origin, materials: { current } }: KmsKey): Readonly<Record<string, string>> {
  return spec === 'SYMMETRIC_DEFAULT' && origin !== 'AWS_CLOUDHSM' && current !== undefined ? { CurrentKeyMaterialId: current.id } : {};
}
