import type { TaskErrorName } from '../contract/errors';
import { withdrawRetirement } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { Registry } from '../ports/registry';
import { ownerOf, type OwnedInput } from './input';

const REFUSALS: ReadonlySet<string> = new Set<TaskErrorName>(['Throttled', 'KmsNotConsistentYet']);

/**
 * Makes the call that this invocation's intent allows. One that KMS refused, because of its rate or of the key's state, had no effect for sure: the intent is withdrawn, so that the next
 * invocation may have its own.
 */
export async function unlessRefused<Result>(registry: Registry, input: OwnedInput, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TaskError && REFUSALS.has(error.name)) await registry.transact(input.key, (key) => withdrawRetirement(key, ownerOf(input), input.enteredAt));
    throw error;
  }
}
