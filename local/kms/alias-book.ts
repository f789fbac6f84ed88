import { kmsError } from './errors';
import type { Actor } from './key-ring';
import { Lagging } from './lagging';
import type { KmsOptions } from './options';
import { aliasArn } from './place';

export interface Alias {
  /** With its prefix. */
  readonly name: string;
  readonly targetKeyId: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

interface Entry {
  current: Alias | undefined;
  /** `null` for an alias that is gone. */
  readonly shown: Lagging<Alias | null>;
}

/** All aliases: the truth, and what readers see of it. */
export class AliasBook {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly options: KmsOptions) {}

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
    return this.all().flatMap(({ name, targetKeyId }) => (targetKeyId === keyId ? [name] : []));
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

  notFound(name: string): Error {
    return kmsError('NotFoundException', `Alias ${aliasArn(this.options, name)} is not found.`);
  }

  private write(name: string, alias: Alias | undefined, actor: Actor): void {
    const entry = this.entries.get(name) ?? { current: undefined, shown: new Lagging<Alias | null>(this.options.timeline) };
    this.entries.set(name, entry);
    this.options.trace.emit({
      type: 'kms.alias-changed',
      ...actor,
      alias: name,
      from: entry.current?.targetKeyId ?? null,
      to: alias?.targetKeyId ?? null,
    });
    entry.current = alias;
    entry.shown.write(alias ?? null, this.options.visibilityDelayMs?.('alias', name) ?? 0);
  }
}
