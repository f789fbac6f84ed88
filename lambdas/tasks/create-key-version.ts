import { KEY_TAGS } from '../contract/names';
import type { KeyPolicy } from '../contract/key-policy';
import { CREATE_LOOKUP_SECONDS } from '../contract/timing';
import { adoptCreated, equip, intendCreate, refuseCreate } from '../domain/creation';
import { isBefore, plusSeconds, type Instant } from '../domain/instant';
import { carriedPolicy, isSamePolicy, lockedOutAction } from '../domain/key-policy-document';
import type { Owner } from '../domain/lease';
import { activeVersion, versionAlias, versionOf, type ManagedKey } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { KeyProvider, NewKeyRequest, ObservedKey } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { requireAsRegistered } from './comparison';
import { ownerOf, type OwnedInput } from './input';
import { readKeyForStep, requireVersion, whileTagsSpread } from './reality';

export interface CreateKeyVersionOutput {
  readonly kmsKeyId: string;
}

interface Ports {
  readonly registry: Registry;
  readonly keys: KeyProvider;
  readonly registryId: string;
  /** ARN pattern of keyturn's roles, for the statement that is added to the key policy. */
  readonly rolePattern: string;
  readonly defaultPolicy: string;
}

/** Create Key Version: intent, the KMS key with its tags, then policy, grants and version alias. Every part may be repeated. */
export function createKeyVersion(ports: Ports) {
  return async (input: OwnedInput, invocationId: string): Promise<CreateKeyVersionOutput> => {
    const owner = ownerOf(input);
    const known = await readKeyForStep(ports.registry, input.key, owner);
    if (versionOf(known, input.version)?.status === 'ACTIVE') {
      return { kmsKeyId: requireVersion(known, input.version).kmsKeyId };
    }
    await requireAsRegistered(ports, known, input.enteredAt, input.version);
    const wanted = await wantedKey(ports, known, input);
    const created = await findOrCreate(ports, known, owner, { ...input, invocationId }, wanted);
    const adopted = await ports.registry.transact(input.key, (key) => adoptCreated(key, owner, input.version, created, input.enteredAt));
    const version = requireVersion(adopted, input.version);

    await whileTagsSpread(version, input.enteredAt, () => equipKey(ports, adopted, version.kmsKeyId, input, wanted.policy));
    await ports.registry.transact(input.key, (key) => equip(key, owner, input.version, input.enteredAt));
    return { kmsKeyId: version.kmsKeyId };
  };
}

/** The KMS key that this version is to be: the policy of the ACTIVE one, or the configured one, with keyturn's statement. */
async function wantedKey(ports: Ports, key: ManagedKey, input: OwnedInput): Promise<NewKeyRequest> {
  const policy: KeyPolicy = key.lease?.policy ?? key.policy;
  const active = activeVersion(key);
  const source = active?.kmsKeyId === undefined ? (policy.keyPolicy ?? ports.defaultPolicy) : await ports.keys.keyPolicy(active.kmsKeyId);
  const carriedTags = active?.kmsKeyId === undefined ? {} : await ports.keys.tags(active.kmsKeyId);
  const document = carriedPolicy(source, ports.rolePattern);
  const denied = lockedOutAction(document);
  if (denied !== undefined) {
    throw new TaskError('UnusablePolicy', `${key.name}: the key policy denies ${denied} to everybody and would lock keyturn out. Remove that statement.`);
  }
  return {
    spec: policy.spec,
    usage: policy.usage,
    origin: policy.origin,
    ...(policy.keyStoreId === undefined ? {} : { keyStoreId: policy.keyStoreId }),
    description: policy.description === '' ? ((active?.kmsKeyId === undefined ? undefined : await ports.keys.describe(active.kmsKeyId))?.description ?? '') : policy.description,
    policy: document,
    tags: {
      ...withoutReserved(carriedTags),
      ...policy.tags,
      ...identityTags(ports.registryId, key.name, input.version),
      [KEY_TAGS.rotation]: input.rotationId,
    },
  };
}

/** What makes a KMS key findable as this version's, whichever attempt created it. */
function identityTags(registryId: string, key: string, version: number): Record<string, string> {
  return { [KEY_TAGS.registry]: registryId, [KEY_TAGS.key]: key, [KEY_TAGS.version]: String(version) };
}

function withoutReserved(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !name.startsWith('aws:') && !name.startsWith('keyturn:')));
}

async function findOrCreate(ports: Ports, key: ManagedKey, owner: Owner, input: OwnedInput & { readonly invocationId: string }, wanted: NewKeyRequest): Promise<{ keyId: string; keyArn: string }> {
  const version = versionOf(key, input.version);
  if (version?.kmsKeyId !== undefined && version.kmsKeyArn !== undefined) return { keyId: version.kmsKeyId, keyArn: version.kmsKeyArn };
  if (key.intent?.kind === 'create' && key.intent.version === input.version) {
    const found = await findCreated(ports, key, input, key.intent.at);
    if (found !== undefined) return found;
  }
  await requireKeyStore(ports.keys, wanted);
  const call = { invocationId: input.invocationId, intentsSeen: version?.createIntents ?? 0 };
  const intended = await ports.registry.transact(input.key, (current) => intendCreate(current, owner, input.version, input.enteredAt, call));
  const adopted = versionOf(intended, input.version);
  // A twin was quicker: nothing was intended, and there is nothing to make.
  if (adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined) return { keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn };
  try {
    return await ports.keys.createKey(wanted);
  } catch (error) {
    // KMS refused for sure, so the intent must not make the next try wait for a key that cannot exist.
    if (error instanceof TaskError && error.name !== 'CreateOutcomeUnknown') {
      await ports.registry.transact(input.key, (current) => refuseCreate(current, owner, input.version, input.enteredAt, error.name));
    }
    throw error;
  }
}

/**
 * Looks for the key of an open intent. KMS's tag index is eventually consistent, so "not found" counts only after the look-up time.
 * @throws {TaskError} `CreateOutcomeUnknown` until then.
 */
async function findCreated(ports: Ports, key: ManagedKey, input: OwnedInput, intendedAt: Instant): Promise<ObservedKey | undefined> {
  const found = await ports.keys.findByTags(identityTags(ports.registryId, input.key, input.version));
  const usable = found.filter((candidate) => candidate.keyState === 'Enabled' || candidate.keyState === 'Creating');
  const [oldest] = usable.toSorted((left, right) => (left.createdAt + left.keyId < right.createdAt + right.keyId ? -1 : 1));
  if (oldest !== undefined) return oldest;
  if (isBefore(input.enteredAt, plusSeconds(intendedAt, CREATE_LOOKUP_SECONDS))) {
    throw new TaskError('CreateOutcomeUnknown', `${key.name} v${input.version}: CreateKey was called after ${intendedAt}; looking for its key`);
  }
  return undefined;
}

/** A key store that is away is known before anything is intended. */
async function requireKeyStore(keys: KeyProvider, { keyStoreId }: NewKeyRequest): Promise<void> {
  if (keyStoreId === undefined) return;
  const state = await keys.keyStoreState(keyStoreId);
  if (state !== 'CONNECTED') {
    throw new TaskError('KeyStoreNotReady', `custom key store ${keyStoreId} is ${state}; it must be CONNECTED. Connect it; nothing was changed.`);
  }
}

/** Brings a key to what its version must be before promotion, whether it was just made or found. */
async function equipKey(ports: Ports, key: ManagedKey, kmsKeyId: string, input: OwnedInput, wantedPolicy: string): Promise<void> {
  const policy = await ports.keys.keyPolicy(kmsKeyId);
  if (!isSamePolicy(policy, wantedPolicy)) await ports.keys.putKeyPolicy(kmsKeyId, wantedPolicy);
  const active = activeVersion(key);
  if (active?.kmsKeyId !== undefined) await ports.keys.carryGrants(active.kmsKeyId, kmsKeyId);
  await ports.keys.ensureAlias(versionAlias(key.policy.alias, input.version), kmsKeyId);
}
