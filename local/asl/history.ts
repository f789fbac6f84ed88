import type { Json } from '../../lambdas/domain/trace';
import type { Clock } from '../kernel/clock';
import { StateFailure, STATES_ERRORS } from './failure';
import { MAX_HISTORY_EVENTS } from './limits';

/** An event as GetExecutionHistory answers it. */
export type HistoryEvent = {
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly type: string;
  /** From 1. */
  readonly id: number;
  /** The event that led to this one on its own thread of states; 0 at the beginning of the execution. */
  readonly previousEventId: number;
  /** `<type>EventDetails`. */
  readonly [details: string]: Json;
};

export type EventDetails = Readonly<Record<string, Json>>;

/** The events of one execution, in order. */
export class History {
  private readonly list: HistoryEvent[];

  /** @param events those of an earlier run */
  constructor(
    private readonly clock: Clock,
    events: readonly HistoryEvent[] = [],
  ) {
    this.list = [...events];
  }

  /**
   * @returns the event's id
   * @throws {StateFailure} States.Runtime when only the event that ends the execution still fits
   */
  append(type: string, previousEventId: number, details: EventDetails = {}): number {
    if (this.list.length >= MAX_HISTORY_EVENTS - 1) {
      throw new StateFailure(STATES_ERRORS.runtime, `The execution reached the maximum number of history events (${MAX_HISTORY_EVENTS}).`);
    }
    return this.close(type, previousEventId, details);
  }

  /** Appends the event that ends the execution: it always fits. */
  close(type: string, previousEventId: number, details: EventDetails): number {
    const id = this.list.length + 1;
    this.list.push({ timestamp: this.clock.nowMs() / 1000, type, id, previousEventId, ...details });
    return id;
  }

  events(): readonly HistoryEvent[] {
    return this.list;
  }

  get length(): number {
    return this.list.length;
  }
}

/** Data in an event is JSON text. */
export function payload(name: 'input' | 'output', text: string): EventDetails {
  return { [name]: text, [`${name}Details`]: { truncated: false } };
}
