import { kmsError } from './errors';
import type { Actor } from './key-ring';
import { Lagging, type LaggingWrite } from './lagging';
import type { KmsOptions } from './options';
import { aliasArn } from './place';
import type { Switches } from './switches';

export interface Alias {
  /** With its prefix. */
  readonly name: string;
  readonly targetKeyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** An alias as it is saved. */
export interface SavedAlias {
  readonly name: string;
  readonly current: Alias | null;
  readonly shown: readonly LaggingWrite<Alias | null>[];
}

interface Entry {
  current: Alias | undefined;
  /** `null` for an alias that is gone. */
  readonly shown: Lagging<Alias | null>;
}

/** All aliases: the truth, and what readers see of it. */
export class AliasBook {
  private readonly entries = new Map<string, Entry>();
  /** True names by key id: every call on a key asks for them. */
  private readonly namesByTarget = new Map<string, Set<string>>();

  constructor(
    private readonly options: KmsOptions,
    private readonly switches: Switches,
  ) {}

  /** The true alias, which writes are decided by. */
  find(name: string): Alias | undefined {
    return this.entries.get(name)?.current;
  }

  /** The alias as readers see it. */
  shown(name: string): Alias | undefined {
    return this.entries.get(name)?.shown.read() ?? undefined;
  }

  all(): readonly Alias[] {
    return [...this.entries.values()].flatMap(({ current }) => current ?? []);
  }

  allShown(): readonly Alias[] {
    return [...this.entries.values()].flatMap(({ shown }) => shown.read() ?? []);
  }

  /** True names of the aliases of a key. */
  namesOf(keyId: string): readonly string[] {
    return [...(this.namesByTarget.get(keyId) ?? [])];
  }

  /** Makes the alias, or points it elsewhere. */
  point(name: string, targetKeyId: string, actor: Actor): void {
    const nowMs = this.options.timeline.nowMs();
    const createdAtMs = this.find(name)?.createdAtMs ?? nowMs;
    this.write(name, { name, targetKeyId, createdAtMs, updatedAtMs: nowMs }, actor);
  }

  remove(name: string, actor: Actor): void {
    this.write(name, undefined, actor);
  }

  /** @param accountId of the account that was asked; @default this one */
  notFound(name: string, accountId = this.options.accountId): Error {
    return kmsError('NotFoundException', `Alias ${aliasArn({ ...this.options, accountId }, name)} is not found.`);
  }

  saved(): readonly SavedAlias[] {
    return [...this.entries].map(([name, { current, shown }]) => ({ name, current: current ?? null, shown: shown.saved() }));
  }

  /** Puts saved aliases back, of which the trace knows already. */
  restore(saved: readonly SavedAlias[]): void {
    for (const { name, current, shown } of saved) {
      this.entries.set(name, { current: current ?? undefined, shown: new Lagging<Alias | null>(this.options.timeline, shown) });
      this.index(name, undefined, current?.targetKeyId);
    }
  }

  private write(name: string, alias: Alias | undefined, actor: Actor): void {
    const entry = this.entries.get(name) ?? { current: undefined, shown: new Lagging<Alias | null>(this.options.timeline) };
    this.entries.set(name, entry);
    const [from, to] = [entry.current?.targetKeyId, alias?.targetKeyId];
    this.options.trace.emit({ type: 'kms.alias-changed', ...actor, alias: name, from: from ?? null, to: to ?? null });
    this.index(name, from, to);
    entry.current = alias;
    entry.shown.write(alias ?? null, this.switches.visibilityDelayMs('alias', name));
    if (alias === undefined && entry.shown.read() === null) this.entries.delete(name);
  }

  private index(name: string, from: string | undefined, to: string | undefined): void {
    if (from !== undefined) this.namesByTarget.get(from)?.delete(name);
    if (to === undefined) return;
    const names = this.namesByTarget.get(to) ?? new Set();
    this.namesByTarget.set(to, names.add(name));
  }
}
