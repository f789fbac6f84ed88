import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DescribeCustomKeyStoresCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GetKeyLastUsageCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  paginateListGrants,
  paginateListResourceTags,
  type GrantListEntry,
  type KMSClient,
  type Tag,
} from '@aws-sdk/client-kms';
import { paginateGetResources, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import type { Instant } from '../../domain/instant';
import { TaskError } from '../../domain/task-error';
import type { KeyProvider, KeyUsage, NewKeyRequest, ObservedGrant, ObservedKey, TaggedKey } from '../../ports/key-provider';
import { attempt, present, unless } from './calls';
import { isAlreadyThere, isDisabledRefusal, isNotFound, isStateRefusal, isUnsupported } from './errors';
import { carriedGrant, carriedGrantName, isCarriable, observedGrant } from './grants';
import { keyKindOf } from './key-kind';
import { instantAt, observedKey } from './observed-key';
import { proveKey, useKeyOnce } from './proof';

export interface KmsClients {
  /**
   * With `maxAttempts: 1`. The SDK's own retry would make two keys when the answer of a `CreateKey` is lost, and would repeat an
   * `UpdateAlias` after the owner of the lease has changed.
   */
  readonly kms: KMSClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
}

/**
 * States in which a key may still be shown after our own `ScheduleKeyDeletion`: those that it is called in, and those on the
 * way. KMS shows a change up to minutes late.
 */
const STATES_BEFORE_DELETION: readonly string[] = ['Disabled', 'Unavailable', 'Updating'];

/** The only name that a key policy can have. */
const POLICY_NAME = 'default';

/** KMS and its custom key stores, through the SDK. */
export class KmsKeyProvider implements KeyProvider {
  constructor(private readonly clients: KmsClients) {}

  async aliasTarget(alias: string): Promise<string | undefined> {
    return (await this.describe(alias))?.keyId;
  }

  async describe(keyIdOrAlias: string): Promise<ObservedKey | undefined> {
    return attempt('DescribeKey', keyIdOrAlias, async () => {
      const answer = await unless(isNotFound, this.clients.kms.send(new DescribeKeyCommand({ KeyId: keyIdOrAlias })), () => undefined);
      return answer === undefined ? undefined : observedKey(answer.KeyMetadata);
    });
  }

  async findByTags(tags: Readonly<Record<string, string>>): Promise<readonly ObservedKey[]> {
    const keys: ObservedKey[] = [];
    for (const { keyArn } of await this.taggedKeys(tags)) {
      const key = await this.describe(keyArn);
      if (key !== undefined) keys.push(key);
    }
    return keys;
  }

  async taggedKeys(tags: Readonly<Record<string, string>>): Promise<readonly TaggedKey[]> {
    const filters = Object.entries(tags).map(([Key, value]) => ({ Key, Values: [value] }));
    return attempt('GetResources', `keys with the tags ${JSON.stringify(tags)}`, async () => {
      const found: TaggedKey[] = [];
      for await (const page of paginateGetResources({ client: this.clients.tagging }, { ResourceTypeFilters: ['kms:key'], TagFilters: filters })) {
        for (const resource of page.ResourceTagMappingList ?? []) {
          const keyArn = present(resource.ResourceARN, 'ResourceARN');
          found.push({ keyArn, keyId: keyArn.split('/').at(-1) ?? '', tags: Object.fromEntries((resource.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])) });
        }
      }
      return found;
    });
  }

  async createKey(request: NewKeyRequest): Promise<ObservedKey> {
    const { spec, usage } = keyKindOf(request.spec, request.usage);
    const command = new CreateKeyCommand({
      KeySpec: spec,
      KeyUsage: usage,
      Origin: request.origin,
      CustomKeyStoreId: request.keyStoreId,
      Description: request.description,
      Policy: request.policy,
      Tags: tagList(request.tags),
    });
    return attempt('CreateKey', `a ${spec} key for ${usage}`, async () => observedKey((await this.clients.kms.send(command)).KeyMetadata));
  }

  async ensureAlias(alias: string, keyId: string): Promise<void> {
    const command = new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId });
    await attempt('CreateAlias', `${alias} to ${keyId}`, () =>
      unless(isAlreadyThere, this.clients.kms.send(command), () => this.confirmAlias(alias, keyId)),
    );
  }

  private async confirmAlias(alias: string, keyId: string): Promise<void> {
    const target = await this.aliasTarget(alias);
    if (target === keyId) return;
    if (target === undefined) throw new TaskError('KmsNotConsistentYet', `${alias} exists, but KMS does not show yet which key it points to`);
    throw new TaskError('ObservedMismatch', `${alias} should point to ${keyId}, and points to ${target}`);
  }

  async moveAlias(alias: string, keyId: string): Promise<void> {
    const command = new UpdateAliasCommand({ AliasName: alias, TargetKeyId: keyId });
    await attempt('UpdateAlias', `${alias} to ${keyId}`, () => this.clients.kms.send(command));
  }

  async keyPolicy(keyId: string): Promise<string> {
    return attempt('GetKeyPolicy', keyId, async () =>
      present((await this.clients.kms.send(new GetKeyPolicyCommand({ KeyId: keyId, PolicyName: POLICY_NAME }))).Policy, 'Policy'),
    );
  }

  async putKeyPolicy(keyId: string, policy: string): Promise<void> {
    const command = new PutKeyPolicyCommand({ KeyId: keyId, PolicyName: POLICY_NAME, Policy: policy });
    await attempt('PutKeyPolicy', keyId, () => this.clients.kms.send(command));
  }

  async tags(keyId: string): Promise<Readonly<Record<string, string>>> {
    return attempt('ListResourceTags', keyId, async () => {
      const tags: Record<string, string> = {};
      for await (const page of paginateListResourceTags({ client: this.clients.kms }, { KeyId: keyId })) {
        for (const tag of page.Tags ?? []) tags[present(tag.TagKey, 'TagKey')] = present(tag.TagValue, 'TagValue');
      }
      return tags;
    });
  }

  async addTags(keyId: string, tags: Readonly<Record<string, string>>): Promise<void> {
    const command = new TagResourceCommand({ KeyId: keyId, Tags: tagList(tags) });
    await attempt('TagResource', keyId, () => this.clients.kms.send(command));
  }

  async grants(keyId: string): Promise<readonly ObservedGrant[]> {
    return attempt('ListGrants', keyId, async () => (await this.listGrants(keyId)).map(observedGrant));
  }

  async carryGrants(fromKeyId: string, toKeyId: string): Promise<void> {
    const requests = await attempt('ListGrants', fromKeyId, async () =>
      (await this.listGrants(fromKeyId)).filter(isCarriable).map((grant) => carriedGrant(grant, toKeyId)),
    );
    for (const request of requests) {
      await attempt('CreateGrant', `${toKeyId} from a grant on ${fromKeyId}`, () => this.clients.kms.send(new CreateGrantCommand(request)));
    }
  }

  async uncarriedGrants(fromKeyId: string, toKeyId: string): Promise<readonly ObservedGrant[]> {
    const carried = new Set((await this.grants(toKeyId)).map((grant) => grant.name));
    return (await attempt('ListGrants', fromKeyId, () => this.listGrants(fromKeyId)))
      .filter(isCarriable)
      .map(observedGrant)
      .filter((grant) => !carried.has(carriedGrantName(grant.grantId)));
  }

  private async listGrants(keyId: string): Promise<GrantListEntry[]> {
    const grants: GrantListEntry[] = [];
    for await (const page of paginateListGrants({ client: this.clients.kms }, { KeyId: keyId })) grants.push(...(page.Grants ?? []));
    return grants;
  }

  async publicKey(keyId: string): Promise<string | undefined> {
    return attempt('GetPublicKey', keyId, async () => {
      const answer = await unless(isUnsupported, this.clients.kms.send(new GetPublicKeyCommand({ KeyId: keyId })), () => undefined);
      return answer === undefined ? undefined : Buffer.from(present(answer.PublicKey, 'PublicKey')).toString('base64');
    });
  }

  async prove(keyIdOrAlias: string, spec: string, usage: string, context: string): Promise<string> {
    return proveKey({ kms: this.clients.kms, key: keyIdOrAlias, ...keyKindOf(spec, usage), context });
  }

  async tryDisabled(keyId: string, spec: string, usage: string, context: string): Promise<void> {
    try {
      await useKeyOnce({ kms: this.clients.kms, key: keyId, ...keyKindOf(spec, usage), context });
    } catch (error) {
      if (error instanceof TaskError && isDisabledRefusal(error.cause)) return;
      throw error;
    }
    throw new TaskError('KmsNotConsistentYet', `KMS lets ${keyId} be used, which it shows as Disabled`);
  }

  async disable(keyId: string): Promise<void> {
    await attempt('DisableKey', keyId, () => this.clients.kms.send(new DisableKeyCommand({ KeyId: keyId })));
  }

  async scheduleDeletion(keyId: string, windowDays: number): Promise<Instant> {
    const command = new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: windowDays });
    return attempt('ScheduleKeyDeletion', keyId, () =>
      unless(
        isStateRefusal,
        this.clients.kms.send(command).then((answer) => instantAt(answer.DeletionDate, 'DeletionDate')),
        () => this.confirmDeletion(keyId),
      ),
    );
  }

  /** KMS refuses to schedule a deletion twice: a key that is pending deletion already is where it should be. */
  private async confirmDeletion(keyId: string): Promise<Instant> {
    const key = await this.describe(keyId);
    if (key?.keyState === 'PendingDeletion' && key.deletionAt !== undefined) return key.deletionAt;
    if (key === undefined || STATES_BEFORE_DELETION.includes(key.keyState)) {
      throw new TaskError('KmsNotConsistentYet', `KMS does not schedule the deletion of ${keyId}, and shows it as ${key?.keyState ?? 'unknown'}`);
    }
    throw new TaskError('ObservedMismatch', `${keyId} should be pending deletion, and is ${key.keyState}`);
  }

  async cancelDeletion(keyId: string): Promise<void> {
    await attempt('CancelKeyDeletion', keyId, () =>
      unless(
        isStateRefusal,
        this.clients.kms.send(new CancelKeyDeletionCommand({ KeyId: keyId })).then(() => undefined),
        () => this.confirmCancelled(keyId),
      ),
    );
  }

  /** KMS refuses to cancel what is not pending: a key whose deletion was cancelled before is where it should be. */
  private async confirmCancelled(keyId: string): Promise<void> {
    const state = (await this.describe(keyId))?.keyState;
    if (state === 'PendingDeletion') throw new TaskError('KmsNotConsistentYet', `KMS does not cancel the deletion of ${keyId}, and shows it as ${state}`);
    if (state === undefined) throw new TaskError('ObservedMismatch', `${keyId} is gone: its deletion cannot be cancelled any more`);
  }

  async enable(keyId: string): Promise<void> {
    await attempt('EnableKey', keyId, () => this.clients.kms.send(new EnableKeyCommand({ KeyId: keyId })));
  }

  async lastUsage(keyId: string): Promise<KeyUsage> {
    return attempt('GetKeyLastUsage', keyId, async () => {
      const answer = await this.clients.kms.send(new GetKeyLastUsageCommand({ KeyId: keyId }));
      const lastUsed = answer.KeyLastUsage?.Timestamp;
      return {
        lastUsedAt: lastUsed === undefined ? null : instantAt(lastUsed, 'Timestamp'),
        trackedSince: instantAt(answer.TrackingStartDate, 'TrackingStartDate'),
      };
    });
  }

  async keyStoreState(keyStoreId: string): Promise<string> {
    return attempt('DescribeCustomKeyStores', keyStoreId, async () => {
      const answer = await this.clients.kms.send(new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: keyStoreId }));
      return present(answer.CustomKeyStores?.[0]?.ConnectionState, 'ConnectionState');
    });
  }
}

function tagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));
}
