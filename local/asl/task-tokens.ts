import type { Json } from '../../lambdas/domain/trace';

/** What may be said to a task that waits for its token. */
export interface WaitingTask {
  /** Of the execution that waits. */
  readonly machineArn: string;
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
  private readonly waiting = new Map<string, WaitingTask>();
  /** State machines of the tokens whose task is over. */
  private readonly over = new Map<string, string>();

  open(token: string, task: WaitingTask): void {
    this.over.delete(token);
    this.waiting.set(token, task);
  }

  close(token: string, machineArn: string): void {
    this.waiting.delete(token);
    this.over.set(token, machineArn);
  }

  find(token: string): TokenLookup {
    return this.waiting.get(token) ?? (this.over.has(token) ? 'closed' : 'unknown');
  }

  /** The state machine whose execution was given the token; `undefined` for one that was never given out. */
  machineOf(token: string): string | undefined {
    return this.waiting.get(token)?.machineArn ?? this.over.get(token);
  }

  /** Those whose task is over, each with its state machine. */
  closed(): readonly (readonly [token: string, machineArn: string])[] {
    return [...this.over];
  }
}
