import { setImmediate as nextTurn } from 'node:timers/promises';

/** The only source of time in the local AWS: milliseconds since the epoch, virtual. */
export interface Clock {
  nowMs(): number;
}

/**
 * Told of something that failed inside the emulation, which is a bug of it, so that the rest goes on.
 * @param what failed, in words
 */
export type OnInternalError = (error: unknown, what: string) => void;

/** Something that is under way, and may wait for virtual time meanwhile. */
export interface Activity {
  /** It waits; as often as it is resumed. */
  rest(): void;
  resume(): void;
  /** Once, whether it rests or not. */
  end(): void;
}

/** One thing that will happen at a virtual time. */
interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly label: string;
  readonly run: () => void | Promise<void>;
}

/**
 * Virtual time and the queue of what happens next.
 *
 * Time moves only when nothing is running: `runUntil` starts what is due, waits for every started activity
 * (Lambda invocations, JSONata evaluations) to settle, and only then jumps to the next timer. Nothing here
 * reads the wall clock or sleeps, so a year of rotations costs only the work that is done in it.
 */
export class Timeline implements Clock {
  private currentMs: number;
  private order = 0;
  private timers: Timer[] = [];
  private active = 0;
  private wake: (() => void) | undefined;
  private failure: { readonly error: unknown } | undefined;
  private isDriven = false;
  private readonly listeners: (() => void)[] = [];

  /** @param onInternalError told of what fails inside, and time goes on. @default it fails whoever drives the timeline, for good */
  constructor(startMs: number, private readonly onInternalError?: OnInternalError) {
    this.currentMs = startMs;
  }

  nowMs(): number {
    return this.currentMs;
  }

  /** Runs `run` after `delayMs` of virtual time (0: as soon as the queue gets to it). Returns its cancellation. */
  after(delayMs: number, label: string, run: () => void | Promise<void>): () => void {
    const timer: Timer = { atMs: this.currentMs + Math.max(0, delayMs), order: this.order++, label, run };
    // Insertion keeps the queue sorted by time, then by order of scheduling: the tie-break is deterministic.
    let low = 0;
    let high = this.timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.timers[middle];
      if (other !== undefined && other.atMs <= timer.atMs) low = middle + 1;
      else high = middle;
    }
    this.timers.splice(low, 0, timer);
    this.tell();
    return () => {
      this.timers = this.timers.filter((candidate) => candidate !== timer);
    };
  }

  /** Virtual time of the next timer, or `undefined` when none waits. */
  nextAtMs(): number | undefined {
    return this.timers[0]?.atMs;
  }

  /** What the next timer is for, in words, or `undefined` when none waits. */
  nextLabel(): string | undefined {
    return this.timers[0]?.label;
  }

  /** Calls `listener` whenever a timer was set or an activity has settled: a driver that rests looks again. */
  onActivity(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** True while a started activity has not settled. */
  isBusy(): boolean {
    return this.active > 0;
  }

  /** Counts `work` as an activity: time stands still until it settles. */
  track<T>(work: Promise<T>): Promise<T> {
    this.active++;
    const settled = (): void => { this.settled(); };
    work.then(settled, settled);
    return work;
  }

  /** Begins an activity that may rest: while all that it does is wait for virtual time, time goes on. */
  begin(): Activity {
    let rests = 0;
    let hasEnded = false;
    this.active++;
    return {
      rest: () => {
        if (rests++ === 0 && !hasEnded) this.settled();
      },
      resume: () => {
        if (--rests === 0 && !hasEnded) this.active++;
      },
      end: () => {
        hasEnded = true;
        if (rests === 0) this.settled();
      },
    };
  }

  /** Reports that something failed inside: to whom the timeline was given, else to its driver, who goes no further. */
  fail(error: unknown, what: string): void {
    if (this.onInternalError === undefined) this.failure ??= { error };
    else this.onInternalError(error, what);
    this.tell();
  }

  /**
   * Plays everything that is due up to and including `untilMs`, then sets the clock there. One driver at a time.
   * @throws what a timer threw, unless an `onInternalError` takes it: an emulation that fails inside is a bug, never a result.
   * @throws {Error} while another call has not returned.
   */
  async runUntil(untilMs: number): Promise<void> {
    if (this.isDriven) throw new Error('Two drivers move the virtual clock at once');
    this.isDriven = true;
    try {
      await this.play(untilMs);
    } finally {
      this.isDriven = false;
    }
  }

  /** Plays what is due now, without moving the clock. */
  async settle(): Promise<void> {
    await this.runUntil(this.currentMs);
  }

  private async play(untilMs: number): Promise<void> {
    let isQuiet = false;
    for (;;) {
      if (this.failure) throw this.failure.error;
      const next = this.timers[0];
      if (next !== undefined && next.atMs <= this.currentMs) {
        this.timers.shift();
        this.start(next);
        isQuiet = false;
      } else if (this.active > 0) {
        await this.somethingSettles();
        isQuiet = false;
      } else if (!isQuiet) {
        // Whoever awaits a settled activity comes some microtasks later, and may start the next one: time waits for that too.
        await nextTurn();
        isQuiet = true;
      } else if (next !== undefined && next.atMs <= untilMs) {
        this.currentMs = next.atMs;
        isQuiet = false;
      } else {
        this.currentMs = Math.max(this.currentMs, untilMs);
        return;
      }
    }
  }

  private start(timer: Timer): void {
    try {
      const result = timer.run();
      if (result instanceof Promise) {
        this.track(result).catch((error: unknown) => { this.fail(error, timer.label); });
      }
    } catch (error) {
      this.fail(error, timer.label);
    }
  }

  private settled(): void {
    this.active--;
    this.tell();
  }

  private tell(): void {
    this.wake?.();
    for (const listener of this.listeners) listener();
  }

  private async somethingSettles(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = undefined;
  }
}
