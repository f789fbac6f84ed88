import type { Timeline } from '../kernel/clock';

/** What KMS does by itself at a later time, by name: setting a name again moves it. */
export class Timers {
  private readonly cancellations = new Map<string, () => void>();

  constructor(private readonly timeline: Timeline) {}

  /** @param atMs ms since the epoch; a moment that has passed is now */
  set(name: string, atMs: number, run: () => void): void {
    this.clear(name);
    const cancel = this.timeline.after(atMs - this.timeline.nowMs(), name, () => {
      this.cancellations.delete(name);
      run();
    });
    this.cancellations.set(name, cancel);
  }

  clear(name: string): void {
    this.cancellations.get(name)?.();
    this.cancellations.delete(name);
  }
}
