import { withdrawRetirement } from '../domain/retirement';
import { TaskError } from '../domain/task-error';
import type { Registry } from '../ports/registry';
import { ownerOf, type OwnedInput } from './input';

/**
 * Makes the call that this invocation's intent allows. One that KMS throttled had no effect for sure: the intent is withdrawn, so that the next
 * invocation may have its own.
 */
export async function unlessRefused<Result>(registry: Registry, input: OwnedInput, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof TaskError && error.name === 'Throttled') await registry.transact(input.key, (key) => withdrawRetirement(key, ownerOf(input), input.enteredAt));
    throw error;
  }
}
