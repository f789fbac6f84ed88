import type { KeyPolicy } from '../../../lambdas/contract/key-policy';
import type { World } from '../world';

/** A way to rotate keys, for the simulator and the comparison: they give every design the same triggers and the same faults. */
export interface Design {
  readonly name: DesignName;
  /** Whether an actor of the trace belongs to the design: the checker blames nobody else. */
  readonly isRotator: (actor: string) => boolean;
  /** Whether it keeps keyturn's registry. Where there is none, the checker has to be told what was promised (`CheckOptions.promises`). */
  readonly hasRegistry: boolean;
  /** Sets the design up in a new world, for keys that nobody manages yet. */
  prepare(world: World, policies: readonly KeyPolicy[]): Promise<Rotator>;
}

export const DESIGN_NAMES = ['keyturn', 'cron', 'lease-lock'] as const;
export type DesignName = (typeof DESIGN_NAMES)[number];

/** A design at work in one world. Both return at once: what they start goes on as the timeline is driven. */
export interface Rotator {
  /**
   * What the schedule of one pool starts, for all keys.
   * @param scheduledMs the time for which it was to start, ms since the epoch; it may be late, early, or given twice
   */
  trigger(pool: string, scheduledMs: number): void;
  /** Somebody in a pool wants one key rotated now. What this means when it has just been rotated is for the design to say. */
  rotateByHand(pool: string, keyName: string): void;
}
