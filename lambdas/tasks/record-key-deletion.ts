import { z } from 'zod';
import { recordDestruction } from '../domain/retirement';
import type { Registry } from '../ports/registry';

export const recordKeyDeletionInput = z.strictObject({ kmsKeyId: z.string().min(1), at: z.iso.datetime({ offset: true }) });

/** Record Key Deletion: KMS says that a key is gone. The event is guaranteed and may come twice; a key of nobody's is not ours to judge. */
export function recordKeyDeletion(ports: { registry: Registry }) {
  return async (input: z.infer<typeof recordKeyDeletionInput>): Promise<{ key: string | null }> => {
    const name = await ports.registry.ownerOf(input.kmsKeyId);
    if (name === undefined) return { key: null };
    await ports.registry.transact(name, (key) => recordDestruction(key, input.kmsKeyId, input.at, 'record-key-deletion'));
    return { key: name };
  };
}
