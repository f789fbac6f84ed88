import type { MessagePublished, TraceEvent } from '../../lambdas/domain/trace';

/** An execution that has not ended. */
export interface RunningExecution {
  readonly name: string;
  /** The state that it entered last. */
  readonly state: string | null;
  /** When it entered that state, ms since the epoch. */
  readonly sinceMs: number;
}

/** Executions that have not ended, in the order of their starts. */
export function runningExecutionsIn(trace: readonly TraceEvent[]): readonly RunningExecution[] {
  const running = new Map<string, RunningExecution>();
  for (const event of trace) {
    if (event.type === 'states.execution-started') running.set(event.execution, { name: event.execution, state: null, sinceMs: event.atMs });
    else if (event.type === 'states.state-entered') running.set(event.execution, { name: event.execution, state: event.state, sinceMs: event.atMs });
    else if (event.type === 'states.execution-ended') running.delete(event.execution);
  }
  return [...running.values()];
}

/** A message as a person reads it. */
export interface Message {
  readonly at: string;
  readonly topic: string;
  readonly subject: string | null;
  readonly message: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What was published to topics, oldest first. */
export function messagesIn(trace: readonly TraceEvent[]): readonly Message[] {
  return trace
    .filter((event): event is MessagePublished => event.type === 'sns.published')
    .map(({ atMs, topic, subject, message, attributes }) => ({ at: new Date(atMs).toISOString(), topic, subject, message, attributes }));
}
