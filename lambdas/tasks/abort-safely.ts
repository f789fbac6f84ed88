import { z } from 'zod';
import { classify, abortRotation } from '../domain/failure';
import type { ManagedKey } from '../domain/managed-key';
import { commitPromotion, withdrawPromotion } from '../domain/promotion';
import { commitDisable, commitRevoke, withdrawRetirement } from '../domain/retirement';
import type { Decision } from '../domain/ledger';
import type { Owner } from '../domain/lease';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { rotationInput } from './input';
import { compareWithAlias, findKey, requireVersion } from './reality';

export const abortSafelyInput = rotationInput.extend({
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
    const resolve = await resolutionOf(ports.keys, key, owner, input.enteredAt);
    if (resolve !== undefined) await ports.registry.transact(input.key, resolve);
    const failure = { error: input.error, errorClass: classify(input.error) };
    await ports.registry.transact(input.key, (current) => abortRotation(current, owner, input.enteredAt, failure));
    return { outcome: 'aborted', reason: input.error };
  };
}

/** How the open intent ends. A create intent stays: the next attempt looks for its key. */
async function resolutionOf(keys: KeyProvider, key: ManagedKey, owner: Owner, at: string): Promise<((key: ManagedKey) => Decision) | undefined> {
  const { intent } = key;
  if (intent === null || intent.kind === 'create') return undefined;
  if (intent.kind === 'promote') {
    const side = await compareWithAlias(keys, key, at);
    return side === 'as-intended' ? (current) => commitPromotion(current, owner, intent.version, at) : (current) => withdrawPromotion(current, owner, at);
  }
  const version = requireVersion(key, intent.version);
  const observed = await keys.describe(version.kmsKeyId);
  if (observed === undefined) throw new TaskError('KmsNotConsistentYet', `${key.name} v${version.number}: KMS does not show ${version.kmsKeyId}`);
  if (intent.kind === 'disable' && observed.keyState === 'Disabled') return (current) => commitDisable(current, owner, intent.version, at);
  if (intent.kind === 'revoke' && observed.keyState === 'PendingDeletion') {
    return (current) => commitRevoke(current, owner, intent.version, at, observed.deletionAt ?? at);
  }
  const before = intent.kind === 'disable' ? 'Enabled' : 'Disabled';
  if (observed.keyState === before) return (current) => withdrawRetirement(current, owner, at);
  if (observed.keyState === 'Unavailable') throw new TaskError('KeyStoreNotReady', `${key.name} v${version.number} is Unavailable: what our call did cannot be seen`);
  throw new TaskError('ObservedMismatch', `${key.name} v${version.number} is ${observed.keyState} with an open ${intent.kind} intent. Someone else changed it.`);
}
