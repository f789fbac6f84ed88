import { z } from 'zod';
import { createKeyOperation } from './create-key';
import type { KmsKey } from './key';
import { keyMetadata } from './key-metadata';
import { actorOf, KMS_ITSELF } from './key-ring';
import { pageOf } from './paging';
import { keyArn } from './place';
import type { Rooms } from './rooms';
import { epochSeconds, grantTokens, keyIdText, limit, marker, operation, type Operations } from './wire';

const DAY_MS = 86_400_000;
const DELETION_WINDOW_DAYS = { min: 7, max: 30, default: 30 } as const;
const DEFAULT_PAGE = 100;
/** The day on which KMS began to record the use of keys. */
const USAGE_TRACKING_SINCE_MS = Date.UTC(2026, 3, 23);

const onlyKeyId = z.object({ KeyId: keyIdText });

export function keyOperations(rooms: Rooms): Operations {
  const { directory, keys, keyStores, options } = rooms;
  const { timeline } = options;
  return {
    CreateKey: createKeyOperation(rooms),

    DescribeKey: operation(onlyKeyId.extend({ GrantTokens: grantTokens }), ({ KeyId }) => {
      const { key, shown } = directory.find(KeyId);
      return { KeyMetadata: keyMetadata(key, shown, options, keyStores) };
    }),

    ListKeys: operation(z.object({ Limit: limit(1000), Marker: marker }), ({ Limit, Marker }) => {
      const visible = keys.all().filter(({ shown }) => shown.read() !== undefined);
      const { items, rest } = pageOf(visible, ({ id }) => id, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
      return { Keys: items.map(({ id }) => ({ KeyId: id, KeyArn: keyArn(options, id) })), ...rest };
    }),

    UpdateKeyDescription: operation(onlyKeyId.extend({ Description: z.string().max(8192) }), ({ KeyId, Description }) => {
      directory.forManagement('UpdateKeyDescription', KeyId).description = Description;
    }),

    EnableKey: operation(onlyKeyId, ({ KeyId }, caller) => {
      const key = directory.forManagement('EnableKey', KeyId);
      keys.change([key], actorOf(caller), () => {
        key.lifecycle = { phase: 'Enabled' };
      });
    }),

    DisableKey: operation(onlyKeyId, ({ KeyId }, caller) => {
      const key = directory.forManagement('DisableKey', KeyId);
      keys.change([key], actorOf(caller), () => {
        key.lifecycle = { phase: 'Disabled' };
      });
    }),

    ScheduleKeyDeletion: operation(
      onlyKeyId.extend({ PendingWindowInDays: z.number().int().min(DELETION_WINDOW_DAYS.min).max(DELETION_WINDOW_DAYS.max).optional() }),
      ({ KeyId, PendingWindowInDays = DELETION_WINDOW_DAYS.default }, caller) => {
        const key = directory.forManagement('ScheduleKeyDeletion', KeyId);
        const windowMs = PendingWindowInDays * DAY_MS;
        const deletionAtMs = timeline.nowMs() + windowMs;
        keys.change([key], actorOf(caller), () => {
          const cancelTimer = timeline.after(windowMs + (options.deletionDelayMs ?? 0), `delete ${key.id}`, () => {
            deleteKey(rooms, key);
          });
          key.lifecycle = { phase: 'PendingDeletion', deletionAtMs, cancelTimer };
        });
        return { KeyId: key.arn, DeletionDate: epochSeconds(deletionAtMs), KeyState: 'PendingDeletion', PendingWindowInDays };
      },
    ),

    CancelKeyDeletion: operation(onlyKeyId, ({ KeyId }, caller) => {
      const key = directory.forManagement('CancelKeyDeletion', KeyId);
      if (key.lifecycle.phase === 'PendingDeletion') key.lifecycle.cancelTimer();
      keys.change([key], actorOf(caller), () => {
        key.lifecycle = { phase: 'Disabled' };
      });
      return { KeyId: key.arn };
    }),

    GetKeyLastUsage: operation(onlyKeyId, ({ KeyId }) => {
      const key = directory.forManagement('GetKeyLastUsage', KeyId);
      const use = key.lastUse.read();
      return {
        KeyId: key.arn,
        KeyLastUsage:
          use === undefined
            ? {}
            : {
                Operation: use.operation,
                Timestamp: epochSeconds(use.atMs),
                CloudTrailEventId: use.cloudTrailEventId,
                KmsRequestId: use.requestId,
              },
        TrackingStartDate: epochSeconds(Math.max(USAGE_TRACKING_SINCE_MS, key.createdAtMs)),
        KeyCreationDate: epochSeconds(key.createdAtMs),
      };
    }),

    GetKeyRotationStatus: operation(onlyKeyId, ({ KeyId }) => ({
      KeyId: directory.forManagement('GetKeyRotationStatus', KeyId).arn,
      KeyRotationEnabled: false,
    })),
  };
}

/** The end of a key: its aliases go with it, and EventBridge is told. */
function deleteKey({ aliases, keys, options }: Rooms, key: KmsKey): void {
  for (const name of aliases.namesOf(key.id)) aliases.remove(name, KMS_ITSELF);
  keys.remove(key, KMS_ITSELF);
  options.onEvent({ source: 'aws.kms', detailType: 'KMS CMK Deletion', detail: { 'key-id': key.id }, resources: [key.arn] });
}
