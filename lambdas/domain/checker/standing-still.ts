import { standingStillUntilMs } from './promise';
import type { Transition } from './transitions';
import type { KeyView } from './world';

/** When people have kept which key still: each time that it moved then, and the end of a pause. */
export class StandingStill {
  private readonly atMs = new Map<string, number[]>();

  onTransition({ key, moment }: Transition): void {
    const untilMs = standingStillUntilMs(key);
    if (untilMs !== undefined) this.atMs.set(idOf(key), [...(this.atMs.get(idOf(key)) ?? []), Math.min(untilMs, moment.atMs)]);
  }

  /** When the key last stood still, up to a moment; `-Infinity` if it never did. */
  lastMs(key: KeyView, untilMs: number): number {
    const all = [...(this.atMs.get(idOf(key)) ?? []), standingStillUntilMs(key) ?? -Infinity];
    return Math.max(-Infinity, ...all.filter((atMs) => atMs <= untilMs));
  }
}

function idOf({ table, name }: KeyView): string {
  return `${table} ${name}`;
}
