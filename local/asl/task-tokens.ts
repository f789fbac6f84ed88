import type { Json } from '../../lambdas/domain/trace';

/** What may be said to a task that waits for its token. */
export interface WaitingTask {
  succeed(output: Json): void;
  fail(error: string | undefined, cause: string | undefined): void;
  heartbeat(): void;
}

/**
 * - `unknown`: never given out.
 * - `closed`: its task is over: answered, timed out, retried with a new token, or stopped.
 */
export type TokenLookup = WaitingTask | 'closed' | 'unknown';

/** Every task token that was given out. A token is worth one answer. */
export class TaskTokens {
  private readonly tokens = new Map<string, WaitingTask | 'closed'>();

  open(token: string, task: WaitingTask): void {
    this.tokens.set(token, task);
  }

  close(token: string): void {
    this.tokens.set(token, 'closed');
  }

  find(token: string): TokenLookup {
    return this.tokens.get(token) ?? 'unknown';
  }

  /** Those whose task is over. */
  closed(): readonly string[] {
    return [...this.tokens].flatMap(([token, task]) => (task === 'closed' ? [token] : []));
  }
}
