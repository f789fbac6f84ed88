import type { Clock } from '../kernel/clock';

/**
 * A value whose readers lag behind its writers: each write has its own moment from which it is seen. A later write that is
 * seen wins over every earlier one, so a slow write never undoes a fast one that came after it.
 */
export class Lagging<T> {
  private writes: { readonly visibleAtMs: number; readonly value: T }[] = [];

  constructor(private readonly clock: Clock) {}

  write(value: T, delayMs: number): void {
    this.forgetOutdated();
    this.writes.push({ visibleAtMs: this.clock.nowMs() + delayMs, value });
  }

  /** The latest value that is visible now; `undefined` before the first one is. */
  read(): T | undefined {
    const nowMs = this.clock.nowMs();
    return this.writes.findLast(({ visibleAtMs }) => visibleAtMs <= nowMs)?.value;
  }

  private forgetOutdated(): void {
    const nowMs = this.clock.nowMs();
    const current = this.writes.findLastIndex(({ visibleAtMs }) => visibleAtMs <= nowMs);
    if (current > 0) this.writes = this.writes.slice(current);
  }
}
