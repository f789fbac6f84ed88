import { z } from 'zod';
import { completeRun } from '../domain/lease';
import type { Registry } from '../ports/registry';
import { ownedInput, ownerOf } from './input';

export const releaseRotationInput = ownedInput.extend({
  previous: z.int().nonnegative(),
  /** Why the previous version's retirement was left for a later run; empty when it was not. */
  pendingReason: z.string(),
});

export interface ReleaseRotationOutput {
  readonly outcome: 'completed' | 'completed-retirement-pending';
  readonly nextDueAt: string;
}

/** Release Rotation: the window is done, the lease is released, the next due time is set. */
export function releaseRotation(ports: { registry: Registry }) {
  return async (input: z.infer<typeof releaseRotationInput>): Promise<ReleaseRotationOutput> => {
    const pending = input.pendingReason === '' ? null : { version: input.previous, reason: input.pendingReason };
    const released = await ports.registry.transact(input.key, (key) => completeRun(key, ownerOf(input), input.run, input.enteredAt, pending));
    return { outcome: pending === null ? 'completed' : 'completed-retirement-pending', nextDueAt: released.dueAt };
  };
}
