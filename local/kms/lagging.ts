import type { Clock } from '../kernel/clock';

/** A value and the moment from which it is seen, ms since the epoch. */
export interface LaggingWrite<T> {
  readonly visibleAtMs: number;
  readonly value: T;
}

/**
 * A value whose readers lag behind its writers: each write has its own moment from which it is seen. A later write that is
 * seen wins over every earlier one, so a slow write never undoes a fast one that came after it.
 */
export class Lagging<T> {
  /** Those that are seen or will be, by their moment: no write is kept that a later one is seen before, or together with. */
  private writes: LaggingWrite<T>[];

  constructor(
    private readonly clock: Clock,
    saved: readonly LaggingWrite<T>[] = [],
  ) {
    this.writes = [...saved];
  }

  write(value: T, delayMs: number): void {
    const visibleAtMs = this.clock.nowMs() + delayMs;
    while (this.isNeverSeen(this.writes.at(-1), visibleAtMs)) this.writes.pop();
    this.writes.push({ visibleAtMs, value });
    this.forgetOutdated();
  }

  /** The latest value that is visible now; `undefined` before the first one is. */
  read(): T | undefined {
    this.forgetOutdated();
    const [first] = this.writes;
    return first !== undefined && first.visibleAtMs <= this.clock.nowMs() ? first.value : undefined;
  }

  saved(): readonly LaggingWrite<T>[] {
    this.forgetOutdated();
    return this.writes;
  }

  private isNeverSeen(write: LaggingWrite<T> | undefined, laterVisibleAtMs: number): boolean {
    return write !== undefined && write.visibleAtMs >= laterVisibleAtMs;
  }

  private forgetOutdated(): void {
    const nowMs = this.clock.nowMs();
    let outdated = 0;
    while ((this.writes[outdated + 1]?.visibleAtMs ?? Infinity) <= nowMs) outdated++;
    if (outdated > 0) this.writes = this.writes.slice(outdated);
  }
}
