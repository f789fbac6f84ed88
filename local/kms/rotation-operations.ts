import { z } from 'zod';
import { kmsError, unsupportedOrigin } from './errors';
import type { KmsKey } from './key';
import type { MaterialRecord } from './key-materials';
import { pageOf } from './paging';
import type { Rooms } from './rooms';
import { armRotation, automaticRotation, completeOnDemandRotation, ROTATION_PERIOD_DAYS } from './rotation';
import { epochSeconds, keyIdText, limit, marker, operation, type Operations } from './wire';

const DEFAULT_PAGE = 100;
/** Per key and for its life, not adjustable. @see https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
const MAX_ON_DEMAND_ROTATIONS = 25;
/** So close to an automatic rotation KMS refuses one on demand. */
const CONFLICT_MS = 20 * 60_000;

const onlyKeyId = z.object({ KeyId: keyIdText });

/** In-place rotation: the key stays, its key material changes. @see https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html */
export function rotationOperations(rooms: Rooms): Operations {
  const { directory, keys, options, switches } = rooms;
  const { timeline } = options;
  return {
    EnableKeyRotation: operation(
      onlyKeyId.extend({ RotationPeriodInDays: z.number().int().min(ROTATION_PERIOD_DAYS.min).max(ROTATION_PERIOD_DAYS.max).optional() }),
      ({ KeyId, RotationPeriodInDays }) => {
        const key = directory.forManagement('EnableKeyRotation', KeyId);
        assertAutomatic(key);
        if (key.rotation.automatic !== undefined && RotationPeriodInDays === undefined) return;
        key.rotation = { ...key.rotation, automatic: automaticRotation(timeline.nowMs(), RotationPeriodInDays ?? ROTATION_PERIOD_DAYS.default) };
        armRotation(rooms, key);
      },
    ),

    DisableKeyRotation: operation(onlyKeyId, ({ KeyId }) => {
      const key = directory.forManagement('DisableKeyRotation', KeyId);
      assertAutomatic(key);
      key.rotation = { ...key.rotation, automatic: undefined };
      armRotation(rooms, key);
    }),

    GetKeyRotationStatus: operation(onlyKeyId, ({ KeyId }) => {
      const key = directory.forManagement('GetKeyRotationStatus', KeyId);
      const { automatic, onDemandSinceMs } = key.rotation;
      const isRotating = automatic !== undefined && keys.stateOf(key) !== 'PendingDeletion';
      return {
        KeyId: key.arn,
        KeyRotationEnabled: isRotating,
        ...(isRotating && { RotationPeriodInDays: automatic.periodDays, NextRotationDate: epochSeconds(automatic.nextAtMs) }),
        ...(onDemandSinceMs !== undefined && { OnDemandRotationStartDate: epochSeconds(onDemandSinceMs) }),
      };
    }),

    RotateKeyOnDemand: operation(onlyKeyId, ({ KeyId }) => {
      const key = directory.forManagement('RotateKeyOnDemand', KeyId);
      assertSymmetric(key);
      if (key.origin === 'AWS_CLOUDHSM') throw unsupportedOrigin(key);
      assertNoRotationNear(key, timeline.nowMs());
      if (key.origin === 'EXTERNAL' && key.materials.pending === undefined) {
        throw kmsError('KMSInvalidStateException', `No available key material pending rotation for the key: ${key.arn}.`);
      }
      if (key.rotation.onDemandCount >= MAX_ON_DEMAND_ROTATIONS) {
        throw kmsError('LimitExceededException', `On-demand rotations quota for ${key.arn} is ${String(MAX_ON_DEMAND_ROTATIONS)}.`);
      }
      const nowMs = timeline.nowMs();
      const delayMs = switches.durationMs('onDemandRotationMs');
      key.rotation = { ...key.rotation, onDemandCount: key.rotation.onDemandCount + 1, onDemandSinceMs: nowMs, onDemandDoneAtMs: nowMs + delayMs };
      if (delayMs === 0) completeOnDemandRotation(rooms, key);
      else armRotation(rooms, key);
      return { KeyId: key.arn };
    }),

    ListKeyRotations: operation(
      onlyKeyId.extend({ IncludeKeyMaterial: z.enum(['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY']).optional(), Limit: limit(1000), Marker: marker }),
      ({ KeyId, IncludeKeyMaterial, Limit, Marker }) => {
        const key = directory.forManagement('ListKeyRotations', KeyId);
        const isAll = IncludeKeyMaterial === 'ALL_KEY_MATERIAL';
        if (isAll && (key.spec !== 'SYMMETRIC_DEFAULT' || key.origin === 'AWS_CLOUDHSM')) throw kmsError('UnsupportedOperationException');
        const { pending } = key.materials;
        const listed = [...key.materials.all(), ...(pending === undefined ? [] : [pending])]
          .map((material, index) => ({ material, index }))
          .filter(({ material }) => isAll || material.rotation !== undefined);
        const { items, rest } = pageOf(listed, ({ index }) => String(index).padStart(6, '0'), { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
        return { Rotations: items.map(({ material }) => entryOf(key, material)), ...rest };
      },
    ),
  };
}

function entryOf(key: KmsKey, material: MaterialRecord): Readonly<Record<string, unknown>> {
  const { current, pending } = key.materials;
  const { id, secret, rotation, expiresAtMs, description } = material;
  return {
    KeyId: key.arn,
    KeyMaterialId: id,
    KeyMaterialState: id === pending?.id ? 'PENDING_ROTATION' : id === current?.id ? 'CURRENT' : 'NON_CURRENT',
    ...(rotation !== undefined && { RotationDate: epochSeconds(rotation.atMs), RotationType: rotation.type }),
    ...(key.origin === 'EXTERNAL' && {
      ...(description !== undefined && { KeyMaterialDescription: description }),
      ImportState: secret === undefined ? 'PENDING_IMPORT' : 'IMPORTED',
      ...(secret !== undefined && { ExpirationModel: expiresAtMs === undefined ? 'KEY_MATERIAL_DOES_NOT_EXPIRE' : 'KEY_MATERIAL_EXPIRES' }),
      ...(expiresAtMs !== undefined && { ValidTo: epochSeconds(expiresAtMs) }),
    }),
  };
}

/** @throws {UnsupportedOperationException} for a key that KMS cannot rotate by itself. */
function assertAutomatic(key: KmsKey): void {
  assertSymmetric(key);
  if (key.origin !== 'AWS_KMS') throw unsupportedOrigin(key);
}

/** AWS says nothing more of a key that is not symmetric. */
function assertSymmetric({ spec }: KmsKey): void {
  if (spec !== 'SYMMETRIC_DEFAULT') throw kmsError('UnsupportedOperationException');
}

function assertNoRotationNear({ arn, rotation: { automatic, onDemandSinceMs } }: KmsKey, nowMs: number): void {
  const isNear = automatic !== undefined && automatic.nextAtMs - nowMs <= CONFLICT_MS;
  if (isNear || onDemandSinceMs !== undefined) throw kmsError('ConflictException', `A rotation of ${arn} is in progress or about to begin.`);
}
