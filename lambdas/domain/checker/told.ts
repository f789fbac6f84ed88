import type { RegistryItemWritten, TraceEvent } from '../trace';
import { kindOf, queuedAlertOf } from './registry-items';
import type { Inquiry } from './rule';

/** When people were told about which key: by a message, or by an alert in the registry, which is published as soon as it can be. */
export class Told {
  private readonly atMs = new Map<string, number[]>();

  constructor(private readonly options: Inquiry['options']) {}

  onItem(event: RegistryItemWritten): void {
    const alert = kindOf(event).kind === 'alert' && this.options.isKeyturn(event.actor) ? queuedAlertOf(event.after) : undefined;
    if (alert !== undefined) this.note(alert.key, event.atMs);
  }

  onEvent(event: TraceEvent): void {
    const key = event.type === 'sns.published' ? event.attributes['key'] : undefined;
    if (key !== undefined) this.note(key, event.atMs);
  }

  /** Whether somebody was told about a key between two moments, both included. */
  isTold(key: string, fromMs: number, untilMs: number): boolean {
    return (this.atMs.get(key) ?? []).some((atMs) => atMs >= fromMs && atMs <= untilMs);
  }

  private note(key: string, atMs: number): void {
    const known = this.atMs.get(key);
    if (known === undefined) this.atMs.set(key, [atMs]);
    else known.push(atMs);
  }
}
