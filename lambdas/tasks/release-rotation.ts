import { z } from 'zod';
import { completeRun } from '../domain/lease';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { refuseForeignChange } from './comparison';
import { ownedInput, ownerOf } from './input';
import { readKey } from './reality';

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
export function releaseRotation(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: z.infer<typeof releaseRotationInput>): Promise<ReleaseRotationOutput> => {
    const known = await readKey(ports.registry, input.key);
    // A repetition finds that nobody owns the key any more, or that the next run does.
    if (known.lease?.rotationId === input.rotationId) await refuseForeignChange(ports, known, input.enteredAt, input.previous);
    const pending = input.pendingReason === '' ? null : { version: input.previous, reason: input.pendingReason };
    const released = await ports.registry.transact(input.key, (key) => completeRun(key, ownerOf(input), input.run, input.enteredAt, pending));
    return { outcome: pending === null ? 'completed' : 'completed-retirement-pending', nextDueAt: released.dueAt };
  };
}
