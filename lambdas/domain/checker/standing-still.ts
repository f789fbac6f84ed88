import { standingStillUntilMs } from './promise';
import type { Transition } from './transitions';
import type { KeyView } from './world';

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** When people have kept which key still. Between two transitions of a key nothing begins and nothing ends but a pause. */
export class StandingStill {
  private readonly spans = new Map<string, Span[]>();
  private readonly lastTransitionMs = new Map<string, number>();

  onTransition({ key, moment }: Transition): void {
    const untilMs = standingStillUntilMs(key);
    const id = idOf(key);
    if (untilMs !== undefined) this.spans.set(id, [...(this.spans.get(id) ?? []), { fromMs: this.lastTransitionMs.get(id) ?? moment.atMs, untilMs: Math.min(untilMs, moment.atMs) }]);
    this.lastTransitionMs.set(id, moment.atMs);
  }

  /** When the key last stood still, up to a moment; `-Infinity` if it never did. */
  lastMs(key: KeyView, untilMs: number): number {
    const id = idOf(key);
    const now = { fromMs: this.lastTransitionMs.get(id) ?? -Infinity, untilMs: standingStillUntilMs(key) ?? -Infinity };
    return Math.max(-Infinity, ...[...(this.spans.get(id) ?? []), now].filter(({ fromMs }) => fromMs <= untilMs).map((span) => Math.min(span.untilMs, untilMs)));
  }
}

function idOf({ table, name }: KeyView): string {
  return `${table} ${name}`;
}
