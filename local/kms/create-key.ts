import { createHash } from 'node:crypto';
import { z } from 'zod';
import { KEY_SPECS, type KeySpec, type KeyUsage } from '../../lambdas/contract/key-specs';
import { notModelled } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import { CHINA_ONLY, isUsageOf } from './algorithms';
import { kmsError } from './errors';
import type { KeyMaterial } from './cryptography/material';
import type { KmsKey } from './key';
import { keyMetadata } from './key-metadata';
import { assertUsablePolicy, defaultKeyPolicy, policyText } from './key-policy';
import { actorOf } from './key-ring';
import { Lagging } from './lagging';
import { keyArn } from './place';
import type { Rooms } from './rooms';
import { tagList, withTags } from './tags';
import { choice, operation, type Operation, refused } from './wire';

const DEFAULT_MAX_KEYS = 100_000;

const SPECS = Object.keys(KEY_SPECS) as KeySpec[];
const USAGES = [...new Set<KeyUsage>(Object.values(KEY_SPECS).flat())];
const keySpec = choice(SPECS, [CHINA_ONLY.keySpec]).optional();

const createKeyInput = z.object({
  Policy: policyText.optional(),
  BypassPolicyLockoutSafetyCheck: z.boolean().optional(),
  Description: z.string().max(8192).optional(),
  KeySpec: keySpec,
  CustomerMasterKeySpec: keySpec,
  KeyUsage: choice(USAGES).optional(),
  Origin: choice(['AWS_KMS', 'AWS_CLOUDHSM'], ['EXTERNAL', 'EXTERNAL_KEY_STORE']).optional(),
  CustomKeyStoreId: z.string().min(1).max(64).optional(),
  Tags: tagList.optional(),
  MultiRegion: z.boolean().optional(),
  XksKeyId: refused('external key stores'),
});

export function createKeyOperation(rooms: Rooms): Operation {
  const { options, keys, keyStores } = rooms;
  return operation(createKeyInput, (input, caller) => {
    if (input.MultiRegion === true) throw notModelled('multi-Region KMS keys');
    const spec = input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT';
    const usage = usageOf(spec, input.KeyUsage);
    const keyStoreId = keyStoreOf(rooms, spec, input);
    const tags = withTags(new Map(), input.Tags ?? []);
    const policy = policyOf(rooms, input, caller);
    const maxKeys = options.maxKeys ?? DEFAULT_MAX_KEYS;
    if (keys.count() >= maxKeys) throw kmsError('LimitExceededException', `KMS keys quota for this account in this region is ${String(maxKeys)}.`);

    const id = options.newId();
    const hasMaterialId = spec === 'SYMMETRIC_DEFAULT' && keyStoreId === undefined;
    const key: KmsKey = {
      id,
      arn: keyArn(options, id),
      spec,
      usage,
      origin: keyStoreId === undefined ? 'AWS_KMS' : 'AWS_CLOUDHSM',
      ...(keyStoreId !== undefined && { keyStoreId }),
      createdAtMs: options.timeline.nowMs(),
      ...(hasMaterialId && { materialId: createHash('sha256').update(id).digest('hex') }),
      material: once(() => rooms.cryptography.generate(spec)),
      description: input.Description ?? '',
      policy,
      lifecycle: { phase: 'Enabled' },
      tags,
      grants: new Map(),
      shown: new Lagging(options.timeline),
      lastUse: new Lagging(options.timeline),
    };
    keys.add(key, actorOf(caller));
    return { KeyMetadata: keyMetadata(key, keys.truthOf(key), options, keyStores) };
  });
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
  const { connectionState } = keyStores.get(id);
  if (connectionState !== 'CONNECTED') {
    throw kmsError('CustomKeyStoreInvalidStateException', `Custom key store ${id} is ${connectionState}; it must be CONNECTED.`);
  }
  if (spec !== 'SYMMETRIC_DEFAULT') throw kmsError('UnsupportedOperationException', `KeySpec ${spec} is not supported in a custom key store.`);
  return id;
}

function policyOf({ options }: Rooms, { Policy, BypassPolicyLockoutSafetyCheck }: z.output<typeof createKeyInput>, caller: Caller): string {
  if (Policy === undefined) return defaultKeyPolicy(options);
  assertUsablePolicy(Policy, caller, BypassPolicyLockoutSafetyCheck ?? false);
  return Policy;
}

function once(make: () => KeyMaterial): () => KeyMaterial {
  let made: KeyMaterial | undefined;
  return () => (made ??= make());
}
