import type { MessagePublished, TraceEvent } from '../../lambdas/domain/trace';

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
