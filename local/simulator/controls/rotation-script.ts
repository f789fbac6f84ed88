import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  GetKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
  type KeyMetadata,
  type KeySpec,
  type KeyUsageType,
} from '@aws-sdk/client-kms';
import { paginateGetResources } from '@aws-sdk/client-resource-groups-tagging-api';
import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import { instantOf, msOf } from '../../../lambdas/domain/instant';
import { windowAt, windowStart } from '../../../lambdas/domain/windows';
import type { World } from '../world';
import type { Clients } from './sdk';

/** By this tag the script finds the keys that it has made for a managed key. */
export const KEY_TAG = 'rotation:key';

/** KMS shows a change up to minutes late: the script looks again until it sees its own. */
const LOOK_EVERY_MS = 10_000;
const LOOKS = 60;

/** Asked right before every change, and while the script waits: a design may have lost the right to go on. @throws {Error} then */
export type Guard = () => Promise<void>;

/**
 * The steps of the rotation script that both controls share. What it gets right: a key that was made in the present window is not replaced again; the new
 * key is waited for before the alias moves, the alias is read back; policy and tags are carried over; the key that the alias points to is never
 * touched; a key is disabled before it is deleted; whatever earlier runs have left behind goes with the rest, so that nothing piles up.
 */
export class RotationScript {
  constructor(
    private readonly world: World,
    private readonly clients: Clients,
    private readonly policy: KeyPolicy,
    private readonly guard: Guard = () => Promise.resolve(),
  ) {}

  /** Whether the alias still points to a key from before the present window. */
  async isDue(): Promise<boolean> {
    const { CreationDate } = await this.describe(this.policy.alias);
    const window = windowAt(this.policy, instantOf(this.world.timeline.nowMs()));
    return (CreationDate?.getTime() ?? 0) < msOf(windowStart(window));
  }

  /** Makes a new key like the present one and points the alias to it. */
  async replaceKey(): Promise<void> {
    const { alias, name, spec, usage, description, tags } = this.policy;
    const current = await this.describe(alias);
    const { Policy } = await this.clients.kms.send(new GetKeyPolicyCommand({ KeyId: current.KeyId }));
    await this.guard();
    const { KeyMetadata: created } = await this.clients.kms.send(
      new CreateKeyCommand({
        KeySpec: spec as KeySpec,
        KeyUsage: usage as KeyUsageType,
        Description: description,
        Policy,
        Tags: Object.entries({ ...tags, [KEY_TAG]: name }).map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
      }),
    );
    await this.until(`the new key of ${name} is Enabled`, created?.KeyId, ({ KeyState }) => KeyState === 'Enabled');
    await this.guard();
    await this.clients.kms.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: created?.KeyId }));
    await this.until(`${alias} points to the new key`, alias, ({ KeyId }) => KeyId === created?.KeyId);
  }

  /** The drain is over: every key of ours but the one that the alias points to is disabled. */
  async disableOldKeys(): Promise<void> {
    for (const key of await this.oldKeys()) {
      if (key.KeyState !== 'Enabled') continue;
      await this.guard();
      await this.clients.kms.send(new DisableKeyCommand({ KeyId: key.KeyId }));
    }
  }

  /** Nobody has complained: what is disabled is deleted. */
  async deleteOldKeys(): Promise<void> {
    for (const key of await this.oldKeys()) {
      if (key.KeyState !== 'Disabled') continue;
      await this.guard();
      await this.clients.kms.send(new ScheduleKeyDeletionCommand({ KeyId: key.KeyId, PendingWindowInDays: this.policy.deletionWindowDays }));
    }
  }

  private async oldKeys(): Promise<readonly KeyMetadata[]> {
    const ours: KeyMetadata[] = [];
    const filters = [{ Key: KEY_TAG, Values: [this.policy.name] }];
    for await (const page of paginateGetResources({ client: this.clients.tagging }, { ResourceTypeFilters: ['kms:key'], TagFilters: filters })) {
      for (const { ResourceARN } of page.ResourceTagMappingList ?? []) ours.push(await this.describe(ResourceARN));
    }
    const current = await this.describe(this.policy.alias);
    return ours.filter(({ KeyId }) => KeyId !== current.KeyId);
  }

  private async describe(target: string | undefined): Promise<KeyMetadata> {
    const { KeyMetadata } = await this.clients.kms.send(new DescribeKeyCommand({ KeyId: target }));
    if (KeyMetadata === undefined) throw new Error(`KMS says nothing about ${target ?? 'nothing'}`);
    return KeyMetadata;
  }

  private async until(what: string, target: string | undefined, isSo: (key: KeyMetadata) => boolean): Promise<void> {
    for (let look = 0; look < LOOKS; look++) {
      const key = await this.describe(target).catch((error: unknown) => {
        if (error instanceof Error && error.name === 'NotFoundException') return undefined;
        throw error;
      });
      if (key !== undefined && isSo(key)) return;
      await this.world.sleep(LOOK_EVERY_MS);
      await this.guard();
    }
    throw new Error(`It was never seen that ${what}`);
  }
}
