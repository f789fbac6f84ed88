import type { Timeline } from '../kernel/clock';
import { LAST_INSTANT_MS } from './time-limits';
import type { Wall } from './wall';

/**
 * How virtual time passes while nobody advances it: `jump` goes from one due event to the next; a number is virtual seconds per
 * real second, and 0 stands still.
 */
export type Speed = 'jump' | number;

/** Real time between two jumps, so that people and clients can follow and put in a word. */
export const JUMP_PAUSE_MS = 50;

/** How often the clock moves at a speed when nothing is due. */
const TICK_MS = 50;

/** What is asked of the pace. */
interface Job {
  readonly run: () => Promise<void>;
  readonly refuse: (reason: unknown) => void;
}

/** Said to whoever waits for virtual time that will not pass any more. */
export class PaceStopped extends Error {
  override readonly name = 'PaceStopped';

  constructor() {
    super('The local cloud is stopping; virtual time does not pass any more.');
  }
}

/** Said to whoever asked for an advance that does not come to its end. */
export class AdvanceRefused extends Error {
  override readonly name = 'AdvanceRefused';
}

/**
 * The one driver of a timeline that clients use. Whatever a request starts is played at once; the clock moves only when nothing
 * runs, no tracked request is under way, and nothing is due; advances queue, and let in what waits for quiet.
 */
export class Pace {
  private readonly advances: Job[] = [];
  /** Done before the clock moves on, in an advance as well. */
  private readonly quietWork: Job[] = [];
  private isStopping = false;
  private wakeUp: () => void = () => undefined;
  /** Where the advance that is under way ends. */
  private advancingUntilMs: number | undefined;
  /** Real time of the last move of the clock. */
  private movedAtWallMs: number;

  constructor(
    private readonly timeline: Timeline,
    private readonly wall: Wall,
    readonly speed: Speed,
  ) {
    this.movedAtWallMs = wall.nowMs();
    timeline.onActivity(() => { this.wakeUp(); });
  }

  /** Virtual time at which the advance that is under way ends, ms since the epoch. */
  get advancingUntil(): number | undefined {
    return this.advancingUntilMs;
  }

  /**
   * Drives until it is told to stop.
   * @throws what the emulation failed with; waiting advances fail with the same.
   */
  async drive(): Promise<void> {
    this.movedAtWallMs = this.wall.nowMs();
    try {
      for (;;) {
        await this.doQuietWork();
        await this.advances.shift()?.run();
        await this.timeline.settle();
        if (this.isStopping) return;
        if (this.isAsked()) continue;
        await this.rest();
        if (!this.isAsked()) await this.move();
      }
    } catch (error) {
      this.refuseJobs(error);
      throw error;
    } finally {
      this.isStopping = true;
      this.refuseJobs(new PaceStopped());
    }
  }

  /**
   * Plays everything that is due within a duration, at full speed, after the advances that were asked for earlier.
   * @param cancelled ends it before the next event @default nothing does
   * @returns the virtual time then, ms since the epoch.
   * @throws {PaceStopped} when it is stopped before.
   * @throws {AdvanceRefused} when it is cancelled before, or would go beyond the last date.
   */
  advance(durationMs: number, cancelled?: AbortSignal): Promise<number> {
    return this.enqueue(this.advances, async () => {
      const untilMs = this.timeline.nowMs() + durationMs;
      if (untilMs > LAST_INSTANT_MS) throw new AdvanceRefused(`Virtual time ends with ${new Date(LAST_INSTANT_MS).toISOString()}.`);
      this.advancingUntilMs = untilMs;
      try {
        await this.playUntil(untilMs, cancelled);
      } finally {
        this.advancingUntilMs = undefined;
        this.movedAtWallMs = this.wall.nowMs();
      }
      return untilMs;
    });
  }

  /**
   * Does something at the next moment when nothing runs, no request is under way, and nothing is due; an advance goes on after it.
   * @throws {PaceStopped}
   */
  whenQuiet<T>(work: () => T): Promise<T> {
    return this.enqueue(this.quietWork, async () => {
      await this.timeline.settle();
      return work();
    });
  }

  /** From now on no time passes; an advance under way ends where it is. {@link drive} returns when what runs has settled. */
  stop(): void {
    this.isStopping = true;
    this.wakeUp();
  }

  private enqueue<T>(queue: Job[], work: () => Promise<T>): Promise<T> {
    if (this.isStopping) return Promise.reject(new PaceStopped());
    return new Promise<T>((resolve, reject) => {
      queue.push({ run: () => work().then(resolve, reject), refuse: reject });
      this.wakeUp();
    });
  }

  private refuseJobs(reason: unknown): void {
    for (const job of [...this.quietWork.splice(0), ...this.advances.splice(0)]) job.refuse(reason);
  }

  private isAsked(): boolean {
    return this.quietWork.length + this.advances.length > 0;
  }

  private async doQuietWork(): Promise<void> {
    while (!this.isStopping && this.quietWork.length > 0) await this.quietWork.shift()?.run();
  }

  private async playUntil(untilMs: number, cancelled: AbortSignal | undefined): Promise<void> {
    for (;;) {
      await this.doQuietWork();
      if (this.isStopping) throw new PaceStopped();
      if (cancelled?.aborted === true) throw new AdvanceRefused('The advance was cancelled.');
      const nextMs = this.timeline.nextAtMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      await this.timeline.runUntil(nextMs);
    }
    await this.timeline.runUntil(untilMs);
  }

  /** Until something was asked for, something happened, or the clock may move. */
  private async rest(): Promise<void> {
    const milliseconds = this.restMs();
    if (milliseconds <= 0) return;
    const alarm = milliseconds === Infinity ? undefined : this.wall.sleep(milliseconds);
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve;
      void alarm?.over.then(resolve);
    });
    this.wakeUp = () => undefined;
    alarm?.cancel();
  }

  private restMs(): number {
    const nextMs = this.timeline.nextAtMs();
    const restedMs = this.wall.nowMs() - this.movedAtWallMs;
    if (this.speed === 0) return Infinity;
    if (this.speed === 'jump') return nextMs === undefined ? Infinity : JUMP_PAUSE_MS - restedMs;
    const untilNextMs = ((nextMs ?? Infinity) - this.timeline.nowMs()) / this.speed;
    // The clock moves by whole milliseconds: at low speeds that takes longer than a tick.
    return Math.max(1 / this.speed, Math.min(TICK_MS, untilNextMs)) - restedMs;
  }

  private async move(): Promise<void> {
    if (this.isStopping || this.speed === 0) return;
    const wallMs = this.wall.nowMs();
    if (this.speed === 'jump') {
      const nextMs = this.timeline.nextAtMs();
      if (nextMs === undefined || wallMs - this.movedAtWallMs < JUMP_PAUSE_MS) return;
      await this.timeline.runUntil(nextMs);
      this.movedAtWallMs = this.wall.nowMs();
    } else {
      // Whole virtual milliseconds; what is left of one counts at the next move.
      const passedMs = Math.floor((wallMs - this.movedAtWallMs) * this.speed);
      this.movedAtWallMs += passedMs / this.speed;
      await this.timeline.runUntil(this.timeline.nowMs() + passedMs);
    }
  }
}
