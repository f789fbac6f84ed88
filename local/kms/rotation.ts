import type { KmsKey } from './key';
import type { RotationType } from './key-materials';
import type { Rooms } from './rooms';

const DAY_MS = 86_400_000;
/** @see https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html#KMS-EnableKeyRotation-request-RotationPeriodInDays */
export const ROTATION_PERIOD_DAYS = { min: 90, max: 2560, default: 365 } as const;

/** When the material of a key changes by itself, and how often it was changed on demand. */
export interface RotationSchedule {
  readonly automatic?: { readonly periodDays: number; readonly nextAtMs: number } | undefined;
  readonly onDemandCount: number;
  /** When a rotation on demand that still goes on was asked for, ms since the epoch. */
  readonly onDemandSinceMs?: number | undefined;
  /** When it will be done. */
  readonly onDemandDoneAtMs?: number | undefined;
}

export const NEVER_ROTATED: RotationSchedule = { onDemandCount: 0 };

/** The schedule that begins now. */
export function automaticRotation(nowMs: number, periodDays: number): NonNullable<RotationSchedule['automatic']> {
  return { periodDays, nextAtMs: nowMs + periodDays * DAY_MS };
}

/**
 * Sets the next rotations of a key, as its schedule has them. A key that is not Enabled is not rotated: it is when it is enabled
 * again, at once if the moment has passed.
 */
export function armRotation(rooms: Rooms, key: KmsKey): void {
  const { timers, keys } = rooms;
  const { automatic, onDemandDoneAtMs } = key.rotation;
  const [automaticTimer, onDemandTimer] = [`automatic rotation of ${key.id}`, `rotation on demand of ${key.id}`];
  timers.clear(automaticTimer);
  timers.clear(onDemandTimer);
  if (keys.find(key.id) === undefined || keys.stateOf(key) !== 'Enabled') return;
  if (automatic !== undefined) timers.set(automaticTimer, automatic.nextAtMs, () => { rotateAutomatically(rooms, key); });
  if (onDemandDoneAtMs !== undefined) timers.set(onDemandTimer, onDemandDoneAtMs, () => { completeOnDemandRotation(rooms, key); });
}

function rotateAutomatically(rooms: Rooms, key: KmsKey): void {
  const { automatic } = key.rotation;
  if (automatic === undefined) return;
  rotate(rooms, key, 'AUTOMATIC');
  // A rotation that was put off while the key was disabled begins a new schedule.
  const nowMs = rooms.options.timeline.nowMs();
  const periodMs = automatic.periodDays * DAY_MS;
  const nextAtMs = automatic.nextAtMs + periodMs > nowMs ? automatic.nextAtMs + periodMs : nowMs + periodMs;
  key.rotation = { ...key.rotation, automatic: { ...automatic, nextAtMs } };
  armRotation(rooms, key);
}

export function completeOnDemandRotation(rooms: Rooms, key: KmsKey): void {
  key.rotation = { ...key.rotation, onDemandSinceMs: undefined, onDemandDoneAtMs: undefined };
  rotate(rooms, key, 'ON_DEMAND');
}

function rotate({ options }: Rooms, key: KmsKey, type: RotationType): void {
  const previous = key.materials.current?.id ?? '';
  key.materials.rotate(type, options.timeline.nowMs());
  options.onEvent({
    source: 'aws.kms',
    detailType: 'KMS CMK Rotation',
    detail: {
      'key-id': key.id,
      'key-origin': key.origin,
      'rotation-type': type,
      'previous-key-material-id': previous,
      'current-key-material-id': key.materials.current?.id ?? '',
    },
    resources: [key.arn],
  });
}

