import { z } from 'zod';
import { createKeyOperation } from './create-key';
import { kmsError } from './errors';
import { armExpiry } from './import-operations';
import type { KmsKey } from './key';
import { keyMetadata } from './key-metadata';
import { actorOf, KMS_ITSELF } from './key-ring';
import { grantTokens } from './grant-token';
import { pageOf } from './paging';
import { keyArn } from './place';
import type { Rooms } from './rooms';
import { epochSeconds, keyIdText, limit, marker, operation, type Operations } from './wire';

const DAY_MS = 86_400_000;
/** What the service allows; its model allows 1 to 365. */
const DELETION_WINDOW_DAYS = { min: 7, max: 30, default: 30 } as const;
const DEFAULT_PAGE = 100;
/** The day on which KMS began to record the use of keys. */
const USAGE_TRACKING_SINCE_MS = Date.UTC(2026, 3, 23);

const onlyKeyId = z.object({ KeyId: keyIdText });

const listKeysRequest = z.object({ Limit: limit(1000), Marker: marker });

export function keyOperations(rooms: Rooms): Operations {
  const { directory, keys, keyStores, options } = rooms;
  const { timeline } = options;
  return {
    CreateKey: createKeyOperation(rooms),

    DescribeKey: operation(onlyKeyId.extend({ GrantTokens: grantTokens }), ({ KeyId }) => {
      const { key, shown } = directory.find(KeyId);
      return { KeyMetadata: keyMetadata(key, shown, options, keyStores) };
    }),

    ListKeys: operation(listKeysRequest, ({ Limit, Marker }) => {
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
      onlyKeyId.extend({ PendingWindowInDays: z.number().int().min(1).max(365).optional() }),
      ({ KeyId, PendingWindowInDays = DELETION_WINDOW_DAYS.default }, caller) => {
        const { min, max } = DELETION_WINDOW_DAYS;
        if (PendingWindowInDays < min || PendingWindowInDays > max) {
          throw kmsError('ValidationException', `PendingWindowInDays must be between ${String(min)} and ${String(max)}`);
        }
        const key = directory.forManagement('ScheduleKeyDeletion', KeyId);
        const deletionAtMs = timeline.nowMs() + PendingWindowInDays * DAY_MS;
        keys.change([key], actorOf(caller), () => {
          key.lifecycle = { phase: 'PendingDeletion', deletionAtMs };
        });
        armDeletion(rooms, key);
        return { KeyId: key.arn, DeletionDate: epochSeconds(deletionAtMs), KeyState: 'PendingDeletion', PendingWindowInDays };
      },
    ),

    CancelKeyDeletion: operation(onlyKeyId, ({ KeyId }, caller) => {
      const key = directory.forManagement('CancelKeyDeletion', KeyId);
      keys.change([key], actorOf(caller), () => {
        key.lifecycle = { phase: 'Disabled' };
      });
      armDeletion(rooms, key);
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
  };
}

/** Sets when a key that is pending deletion is deleted; of another one, nothing. */
export function armDeletion(rooms: Rooms, key: KmsKey): void {
  const { switches, timers } = rooms;
  const timer = `deletion of ${key.id}`;
  timers.clear(timer);
  if (key.lifecycle.phase !== 'PendingDeletion') return;
  timers.set(timer, key.lifecycle.deletionAtMs + switches.durationMs('deletionDelayMs'), () => {
    deleteKey(rooms, key);
  });
}

/** The end of a key: its aliases go with it, and EventBridge is told. */
function deleteKey(rooms: Rooms, key: KmsKey): void {
  const { aliases, keys, options } = rooms;
  for (const name of aliases.namesOf(key.id)) aliases.remove(name, KMS_ITSELF);
  keys.remove(key, KMS_ITSELF);
  armExpiry(rooms, key);
  options.onEvent({ source: 'aws.kms', detailType: 'KMS CMK Deletion', detail: { 'key-id': key.id }, resources: [key.arn] });
}
