import { z } from 'zod';
import type { Alert } from '../domain/alert';
import { abortRun, classify, responseTo } from '../domain/failure';
import { failureAlert } from '../domain/failure-alert';
import type { Instant } from '../domain/instant';
import type { Owner } from '../domain/lease';
import type { ManagedKey } from '../domain/managed-key';
import { TaskError } from '../domain/task-error';
import type { KeyProvider } from '../ports/key-provider';
import type { Registry } from '../ports/registry';
import { refuseForeignChange } from './comparison';
import { messageOf } from './failure-cause';
import { instant, rotationInput } from './input';
import { resolutionOf } from './open-intent';
import { findKey } from './reality';

export const abortSafelyInput = rotationInput.extend({
  /** The state that failed. */
  state: z.string().min(1).max(80),
  error: z.string().max(256),
  cause: z.string().max(32_768),
  /** When Classify Failure was entered, if it could not do its part; empty when it has told people. */
  untold: z.union([z.literal(''), instant]),
  executionArn: z.string().min(1).max(2048),
});
type Input = z.infer<typeof abortSafelyInput>;

export interface AbortSafelyOutput {
  readonly outcome: 'aborted';
  readonly reason: string;
}

/**
 * Abort Safely, after Settle: what was under way has either happened or never will. An open intent is committed forward
 * or withdrawn by what KMS shows; nothing is revoked; the lease is given back. A failure that could not be told of before is told of here.
 */
export function abortSafely(ports: { registry: Registry; keys: KeyProvider }) {
  return async (input: Input): Promise<AbortSafelyOutput> => {
    await giveBack(ports, input);
    if (input.untold !== '' && isWorthTelling(input)) await ports.registry.queueAlert(untoldFailure(input, input.untold, await findKey(ports.registry, input.key)));
    return { outcome: 'aborted', reason: input.error };
  };
}

async function giveBack(ports: { registry: Registry; keys: KeyProvider }, input: Input): Promise<void> {
  const key = await findKey(ports.registry, input.key);
  // It failed before it owned the key: there is nothing to give back.
  if (key?.lease?.rotationId !== input.rotationId) return;
  // Settle raised the token and Q has passed, so nobody else writes under this name any more: the registry's token is ours, also when a
  // Settle that looked failed has raised it once more.
  const owner: Owner = { rotationId: input.rotationId, fence: key.fence };
  await refuseForeignChange(ports, key, input.enteredAt, key.intent?.version ?? 0).catch(unlessDenied);
  const resolve = await resolutionOf(ports, key, owner, input.enteredAt);
  if (resolve !== undefined) await ports.registry.transact(input.key, resolve);
  const failure = { error: input.error, errorClass: classify(input.state, input.error) };
  await ports.registry.transact(input.key, (current) => abortRun(current, owner, input.run, input.enteredAt, failure));
}

/** Duplicates end quietly, but for a stale owner. */
function isWorthTelling({ state, error }: Input): boolean {
  return error === 'StaleOwner' || responseTo(classify(state, error), 0) !== 'superseded';
}

/** The alert that Classify Failure would have raised; by now it is known whether a person has to lift a quarantine. It waits in the registry, and `reconcile` publishes it; if it was published after all, it is the same alert. */
function untoldFailure(input: Input, at: Instant, key: ManagedKey | undefined): Alert {
  const { rotationId, executionArn, state, error, cause } = input;
  return failureAlert({
    key: input.key,
    owner: key?.policy.owner ?? 'unknown',
    rotationId,
    executionArn,
    state,
    error,
    errorClass: classify(state, error),
    reason: messageOf(cause),
    at,
    response: 'settle-and-abort',
    isLastAttempt: key !== undefined && key.quarantine !== null,
  });
}

/** A key that keyturn is locked out of must still be given back. What an open intent rests on is read again after this, and must be seen. */
function unlessDenied(error: unknown): void {
  if (!(error instanceof TaskError) || error.name !== 'PermissionDenied') throw error;
}
