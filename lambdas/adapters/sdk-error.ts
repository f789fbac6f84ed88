/** What an SDK error says, and what it must not say. */

interface ServiceError extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode?: number };
}

/** Whether a service answered with an error of its own. The SDK puts the status of an answer that it could not read onto its parser's error, too. */
function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && '$fault' in error;
}

/** The HTTP status that a service refused or failed with. `undefined` without an answer, and for one that cannot be read: its status says nothing either. */
export function statusOf(error: unknown): number | undefined {
  return isServiceError(error) ? error.$metadata.httpStatusCode : undefined;
}

/** AWS's own words; of any other error the name and code only, because a parser's message quotes the answer that it could not parse. */
export function wordsOf(error: unknown): string {
  if (isServiceError(error)) return `${error.name}: ${error.message}`;
  const name = error instanceof Error ? error.name : 'an unknown error';
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return ['no usable answer', name, code].filter((word) => word !== undefined).join(', ');
}

/** The error as a cause, unless it hides the whole answer that could not be read. */
export function causeOf(error: unknown): { readonly cause: unknown } | undefined {
  return isServiceError(error) ? { cause: error } : undefined;
}
