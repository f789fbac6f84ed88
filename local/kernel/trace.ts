import type { TraceEvent } from '../../lambdas/domain/trace';
import type { Clock } from './clock';

/** What an emulator says has happened; time and order are added by the trace. */
export type Emitted = TraceEvent extends infer Event ? (Event extends TraceEvent ? Omit<Event, 'seq' | 'atMs'> : never) : never;

/** The one ordered record of every applied effect of a run. */
export class Trace {
  private readonly list: TraceEvent[] = [];
  private readonly listeners: ((event: TraceEvent) => void)[] = [];

  constructor(private readonly clock: Clock) {}

  emit(event: Emitted): void {
    const complete = { ...event, seq: this.list.length, atMs: this.clock.nowMs() } as TraceEvent;
    this.list.push(complete);
    for (const listener of this.listeners) listener(complete);
  }

  events(): readonly TraceEvent[] {
    return this.list;
  }

  /** Puts the events of an earlier run before those of this one; listeners are not told. @throws {Error} once something has happened. */
  load(events: readonly TraceEvent[]): void {
    if (this.list.length > 0) throw new Error('A trace is loaded before anything happens');
    for (const event of events) this.list.push(event);
  }

  /** Calls `listener` for every later event, in order. */
  onEvent(listener: (event: TraceEvent) => void): void {
    this.listeners.push(listener);
  }
}
