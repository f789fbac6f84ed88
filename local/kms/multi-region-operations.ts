import { z } from 'zod';
import { notModelled } from '../kernel/aws-error';
import { kmsError } from './errors';
import { policyText } from './key-policy';
import type { Rooms } from './rooms';
import { tagList } from './tags';
import { keyIdText, operation, type Operations } from './wire';

const region = z.string().min(1).max(32).regex(/^([a-z]+-){2,3}\d+$/);

const replicateKeyRequest = z.object({
  KeyId: keyIdText,
  ReplicaRegion: region,
  Policy: policyText.optional(),
  BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  Description: z.string().max(8192).optional(),
  Tags: tagList.optional(),
});
const updatePrimaryRegionRequest = z.object({ KeyId: keyIdText, PrimaryRegion: region });

/** Multi-Region keys have their primary key in the one Region that there is, and nowhere a replica. */
export function multiRegionOperations({ directory }: Rooms): Operations {
  const assertPrimary = (operationName: 'ReplicateKey' | 'UpdatePrimaryRegion', keyId: string): void => {
    const key = directory.forManagement(operationName, keyId);
    if (!key.isMultiRegion) throw kmsError('UnsupportedOperationException', `${key.arn} is not a multi-region primary key.`);
  };
  return {
    ReplicateKey: operation(
      replicateKeyRequest,
      ({ KeyId, ReplicaRegion }) => {
        assertPrimary('ReplicateKey', KeyId);
        throw notModelled(`ReplicateKey to ${ReplicaRegion}: it has one Region`);
      },
    ),

    UpdatePrimaryRegion: operation(updatePrimaryRegionRequest, ({ KeyId, PrimaryRegion }) => {
      assertPrimary('UpdatePrimaryRegion', KeyId);
      throw notModelled(`UpdatePrimaryRegion to ${PrimaryRegion}: it has one Region`);
    }),
  };
}
