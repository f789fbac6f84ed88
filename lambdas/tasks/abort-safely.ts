import { z } from 'zod';
import { abortRun, classify } from '../domain/failure';
import type { Owner } from '../domain/lease';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { refuseForeignChange } from './comparison';
import { rotationInput } from './input';
import { resolutionOf } from './open-intent';
import { findKey } from './reality';

export const abortSafelyInput = rotationInput.extend({
  /** The state that failed. */
  state: z.string().min(1).max(80),
  error: z.string().max(256),
});
type Input = z.infer<typeof abortSafelyInput>;

export interface AbortSafelyOutput {
  readonly outcome: 'aborted';
  readonly reason: string;
}

/**
 * Abort Safely, after Settle: what was under way has either happened or never will. An open intent is committed forward
 * or withdrawn by what KMS shows; nothing is revoked; the lease is given back.
 */
export function abortSafely(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: Input): Promise<AbortSafelyOutput> => {
    const key = await findKey(ports.registry, input.key);
    // It failed before it owned the key: there is nothing to give back.
    if (key?.lease?.rotationId !== input.rotationId) return { outcome: 'aborted', reason: input.error };
    // Settle raised the token and Q has passed, so nobody else writes under this name any more: the registry's token is ours, also when a
    // Settle that looked failed has raised it once more.
    const owner: Owner = { rotationId: input.rotationId, fence: key.fence };
    await refuseForeignChange(ports, key, input.enteredAt, key.intent?.version ?? 0).catch(unlessDenied);
    const resolve = await resolutionOf(ports, key, owner, input.enteredAt);
    if (resolve !== undefined) await ports.registry.transact(input.key, resolve);
    const failure = { error: input.error, errorClass: classify(input.state, input.error) };
    await ports.registry.transact(input.key, (current) => abortRun(current, owner, input.run, input.enteredAt, failure));
    return { outcome: 'aborted', reason: input.error };
  };
}

/** A key that keyturn is locked out of must still be given back. What an open intent rests on is read again after this, and must be seen. */
function unlessDenied(error: unknown): void {
  if (!(error instanceof TaskError) || error.name !== 'PermissionDenied') throw error;
}
