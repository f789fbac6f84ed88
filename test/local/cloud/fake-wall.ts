import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Wall } from '../../../local/cloud/wall';

/** Real time that a test moves. */
export class FakeWall implements Wall {
  private currentMs = 0;
  private sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  nowMs(): number {
    return this.currentMs;
  }

  sleep(milliseconds: number): { over: Promise<void>; cancel: () => void } {
    let wake: () => void = () => undefined;
    const over = new Promise<void>((resolve) => (wake = resolve));
    this.sleepers.push({ untilMs: this.currentMs + milliseconds, wake });
    return { over, cancel: wake };
  }

  /** Real time passes, and whoever sleeps until then goes on. */
  async pass(milliseconds: number): Promise<void> {
    this.currentMs += milliseconds;
    const isOver = ({ untilMs }: { untilMs: number }): boolean => untilMs <= this.currentMs;
    for (const sleeper of this.sleepers.filter(isOver)) sleeper.wake();
    this.sleepers = this.sleepers.filter((sleeper) => !isOver(sleeper));
    await quiet();
  }
}

/** Until everything that can go on without more time has gone on. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await nextTurn();
}
