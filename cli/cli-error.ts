import { TaskError } from '../lambdas/domain/task-error';

/** Something that the person at the terminal can mend: what was given, what is allowed, what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param exitCode of the process */
  constructor(
    message: string,
    readonly exitCode: number = 1,
  ) {
    super(message);
  }
}

/** What is wrong, and what to do about it. */
export function complaintOf(error: unknown): string {
  if (error instanceof CliError) return error.message;
  if (error instanceof TaskError && error.name === 'PermissionDenied') return `${error.message}. What the caller needs is in the README, "What people may do".`;
  return String(error);
}

/** What a look has found ends a command with 1, as linters do; that it could not look, with 2. */
export async function looking(look: () => Promise<string | undefined>): Promise<void> {
  const found = await look().catch((error: unknown) => {
    throw new CliError(complaintOf(error), 2);
  });
  if (found !== undefined) throw new CliError(found, 1);
}
