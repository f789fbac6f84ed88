import { IncompleteAnswer, taskErrorOf, type CallName } from './errors';

/**
 * Makes one SDK call and reads its answer; both fail in the words of the domain.
 * @param subject - key id, alias or whatever else the call is about, for the error's message.
 * @throws {TaskError}
 */
export async function attempt<T>(call: CallName, subject: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw taskErrorOf(call, subject, error);
  }
}

/** The answer, or `recover`'s instead of a failure that is expected. */
export async function unless<T, U>(isExpected: (error: unknown) => boolean, answer: Promise<T>, recover: () => U | Promise<U>): Promise<T | U> {
  try {
    return await answer;
  } catch (error) {
    if (isExpected(error)) return recover();
    throw error;
  }
}

/** A member that every answer of its operation has; one without it says nothing about what happened. */
export function present<T>(value: T | undefined, member: string): T {
  if (value === undefined) throw new IncompleteAnswer(member);
  return value;
}
