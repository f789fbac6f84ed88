import type { Alert } from '../domain/alert';
import type { Instant } from '../domain/instant';
import type { Note } from '../domain/managed-key';
import type { TaskToken } from './acknowledgements';

/** Wakes a waiting state. */
export interface Callbacks {
  /** A token that was used or has expired is not an error: the answer is in the registry. */
  wake(token: TaskToken): Promise<void>;
}

/** Tells dependents. */
export interface EventBus {
  /** @throws {TaskError} `Throttled` when the bus did not take the event. */
  publish(detailType: string, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Asks a dependent's probe function. */
export interface Probes {
  ask(functionArn: string, question: Readonly<Record<string, unknown>>): Promise<ProbeAnswer>;
}

/** What a probe function returns. */
export interface ProbeAnswer {
  readonly verdict: 'yes' | 'no';
  readonly version: number;
  readonly reason?: string;
}

/** Pages a person. */
export interface Alerts {
  publish(alert: Alert): Promise<void>;
}

/** Starts executions. */
export interface Executions {
  /** @returns `exists` when the name belongs to a closed execution, or to one with another input. */
  start(name: string, input: Readonly<Record<string, unknown>>): Promise<'started' | 'exists'>;
  /** `undefined` when there is no such execution, or none yet: the answer is eventually consistent. */
  status(name: string): Promise<'RUNNING' | 'CLOSED' | undefined>;
  /** When it ended; `null` while it runs. `undefined` when there is no such execution, none yet, or none any more. */
  closedAt(executionArn: string): Promise<Instant | null | undefined>;
  /** Ends it from outside. One that is closed already is fine. */
  stop(executionArn: string, cause: string): Promise<'stopped' | 'not-found'>;
}

/** Starts repairs of frozen keys. */
export interface Repairs {
  /** One execution per approval: starting it twice is starting it once. */
  start(approvalId: string, key: string): Promise<void>;
}

/** Reaches the function that takes retirement steps back. */
export interface Rescuer {
  /**
   * Cancels the scheduled deletions that a hold or a freeze does not let stand, and returns when that is done.
   * @returns whether there was one
   * @throws {TaskError} `Throttled` when it has to be tried again
   */
  cancelDeletions(key: string, why: Note): Promise<boolean>;
  /** Goes on with the rescues of a key that stand open, and returns when they are done. @throws {TaskError} `Throttled` when it has to be tried again */
  finishRescues(key: string): Promise<void>;
}
