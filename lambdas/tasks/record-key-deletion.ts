import { z } from 'zod';
import { recordDestruction } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { Registry } from '../ports/registry';

export const recordKeyDeletionInput = z.strictObject({ kmsKeyId: z.string().min(1), at: z.iso.datetime({ offset: true }) });

/** Record Key Deletion: KMS says that a key is gone. The event is guaranteed and may come twice; a key of nobody's is not ours to judge. */
export function recordKeyDeletion(ports: { registry: Registry }) {
  return async (input: z.infer<typeof recordKeyDeletionInput>): Promise<{ key: string | null }> => {
    const name = await ports.registry.ownerOf(input.kmsKeyId);
    if (name === undefined) return { key: null };
    const key = await ports.registry.transact(name, (current) => recordDestruction(current, input.kmsKeyId, input.at, 'record-key-deletion'));
    const living = Object.values(key.versions).find((version) => version.kmsKeyId === input.kmsKeyId);
    if (living !== undefined) {
      const reason = `KMS deleted ${input.kmsKeyId}, the key of v${living.number}, which is ${living.status}: someone else scheduled that`;
      await ports.registry.freeze(name, { by: 'record-key-deletion', at: input.at, reason });
      // Failing is what makes the function's alarm ring.
      throw new TaskError('ObservedMismatch', `${name}: ${reason}`);
    }
    return { key: name };
  };
}
