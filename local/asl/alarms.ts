import type { Timeline } from '../kernel/clock';

/** When something goes on by itself. JSON, so that what waits for it can be saved. */
export type Alarm = {
  /** Virtual time, ms since the epoch. */
  readonly atMs: number;
  /** Of two alarms of the same time, the one with the smaller number goes off first. */
  readonly order: number;
};

interface HeldAlarm {
  readonly alarm: Alarm;
  readonly arm: () => void;
}

/**
 * The timers of executions. They keep their order when they are saved and set anew, so that what happens at the same
 * time happens in the same order as if it had never been saved.
 */
export class Alarms {
  private nextOrder = 0;
  /** While executions are put back, the alarms that they have set so far. */
  private held: HeldAlarm[] | undefined;

  constructor(private readonly timeline: Timeline) {}

  /** Fixes an alarm, `delayMs` from now, that is still to be set. */
  in(delayMs: number): Alarm {
    return { atMs: this.timeline.nowMs() + Math.max(0, delayMs), order: this.nextOrder++ };
  }

  /** Sets an alarm, perhaps once more. Returns its cancellation. */
  set(alarm: Alarm, label: string, run: () => void): () => void {
    this.nextOrder = Math.max(this.nextOrder, alarm.order + 1);
    let cancel: (() => void) | undefined;
    let isCancelled = false;
    const arm = (): void => {
      if (!isCancelled) cancel = this.timeline.after(alarm.atMs - this.timeline.nowMs(), label, run);
    };
    if (this.held === undefined) arm();
    else this.held.push({ alarm, arm });
    return () => {
      isCancelled = true;
      cancel?.();
    };
  }

  /** Runs `putBack`, and then sets the alarms that it has set, in their own order. */
  inOrder(putBack: () => void): void {
    const held: HeldAlarm[] = [];
    this.held = held;
    try {
      putBack();
    } finally {
      this.held = undefined;
    }
    for (const { arm } of held.sort((one, other) => one.alarm.order - other.alarm.order)) arm();
  }
}
