import { z } from 'zod';
import type { KeySpec, KeyUsage } from '../../lambdas/contract/key-specs';
import { notModelled } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import { CHINA_ONLY, isUsageOf, KEY_SPEC_NAMES, KEY_USAGES } from './algorithms';
import { kmsError } from './errors';
import { KeyMaterials, type KeyOrigin } from './key-materials';
import type { KmsKey } from './key';
import { keyMetadata } from './key-metadata';
import { assertUsablePolicy, defaultKeyPolicy, policyText } from './key-policy';
import { actorOf } from './key-ring';
import { Lagging } from './lagging';
import { keyArn } from './place';
import { NEVER_ROTATED } from './rotation';
import type { Rooms } from './rooms';
import { tagList, withTags } from './tags';
import { choice, operation, type Operation, refused } from './wire';

const DEFAULT_MAX_KEYS = 100_000;

const keySpec = choice(KEY_SPEC_NAMES, [CHINA_ONLY.keySpec]).optional();

const createKeyInput = z.object({
  Policy: policyText.optional(),
  BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  Description: z.string().max(8192).optional(),
  KeySpec: keySpec,
  CustomerMasterKeySpec: keySpec,
  KeyUsage: choice(KEY_USAGES).optional(),
  Origin: choice(['AWS_KMS', 'EXTERNAL', 'AWS_CLOUDHSM'], ['EXTERNAL_KEY_STORE']).optional(),
  CustomKeyStoreId: z.string().min(1).max(64).optional(),
  Tags: tagList.optional(),
  MultiRegion: z.boolean().optional(),
  XksKeyId: refused('external key stores'),
});

export function createKeyOperation(rooms: Rooms): Operation {
  const { options, keys, keyStores } = rooms;
  return operation(createKeyInput, (input, caller) => {
    const spec = specOf(input);
    const usage = usageOf(spec, input.KeyUsage);
    const keyStoreId = keyStoreOf(rooms, spec, input);
    const tags = withTags(new Map(), input.Tags ?? []);
    const policy = policyOf(rooms, input, caller);
    const maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS;
    if (keys.count() >= maxKeys) throw kmsError('LimitExceededException', `KMS keys quota for this account in this region is ${String(maxKeys)}.`);

    const isMultiRegion = input.MultiRegion === true;
    const origin = originOf(input, spec, isMultiRegion);
    const id = isMultiRegion ? `mrk-${options.newId().replaceAll('-', '')}` : options.newId();
    const key: KmsKey = {
      id,
      arn: keyArn(options, id),
      spec,
      usage,
      origin,
      keyStoreId,
      isMultiRegion,
      createdAtMs: options.timeline.nowMs(),
      materials: new KeyMaterials({ keyId: id, spec, origin }, rooms.cryptography),
      description: input.Description ?? '',
      policy,
      lifecycle: { phase: 'Enabled' },
      rotation: NEVER_ROTATED,
      importTokens: new Map(),
      tags,
      grants: new Map(),
      shown: new Lagging(options.timeline),
      lastUse: new Lagging(options.timeline),
    };
    keys.add(key, actorOf(caller));
    return { KeyMetadata: keyMetadata(key, keys.truthOf(key), options, keyStores) };
  });
}

function specOf({ KeySpec, CustomerMasterKeySpec }: z.output<typeof createKeyInput>): KeySpec {
  if (KeySpec !== undefined && CustomerMasterKeySpec !== undefined) {
    throw kmsError('ValidationException', 'You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.');
  }
  return KeySpec ?? CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
}

function originOf({ Origin: origin = 'AWS_KMS' }: z.output<typeof createKeyInput>, spec: KeySpec, isMultiRegion: boolean): KeyOrigin {
  if (origin === 'EXTERNAL' && spec.startsWith('ML_')) throw notModelled(`imported key material of ${spec} keys`);
  if (origin === 'AWS_CLOUDHSM' && isMultiRegion) throw kmsError('UnsupportedOperationException', 'Multi-Region keys are not supported in a custom key store.');
  return origin;
}

function usageOf(spec: KeySpec, wanted: KeyUsage | undefined): KeyUsage {
  if (wanted === undefined && spec !== 'SYMMETRIC_DEFAULT') {
    throw kmsError('ValidationException', 'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.');
  }
  const usage = wanted ?? 'ENCRYPT_DECRYPT';
  if (!isUsageOf(spec, usage)) throw kmsError('ValidationException', `KeyUsage ${usage} is not compatible with KeySpec ${spec}`);
  return usage;
}

/** The custom key store that the key is made in, if any. It must be connected, and it holds symmetric keys only. */
function keyStoreOf({ keyStores }: Rooms, spec: KeySpec, { Origin, CustomKeyStoreId: id }: z.output<typeof createKeyInput>): string | undefined {
  if ((Origin === 'AWS_CLOUDHSM') !== (id !== undefined)) {
    throw kmsError('ValidationException', 'The origin AWS_CLOUDHSM and a CustomKeyStoreId go together.');
  }
  if (id === undefined) return undefined;
  const { state } = keyStores.get(id).connection;
  if (state !== 'CONNECTED') {
    throw kmsError('CustomKeyStoreInvalidStateException', `Custom key store ${id} is ${state}; it must be CONNECTED.`);
  }
  if (spec !== 'SYMMETRIC_DEFAULT') throw kmsError('UnsupportedOperationException', `KeySpec ${spec} is not supported in a custom key store.`);
  return id;
}

function policyOf({ options }: Rooms, { Policy, BypassPolicyLockoutSafetyCheck }: z.output<typeof createKeyInput>, caller: Caller): string {
  if (Policy === undefined) return defaultKeyPolicy(options);
  assertUsablePolicy(Policy, caller, BypassPolicyLockoutSafetyCheck ?? false);
  return Policy;
}
