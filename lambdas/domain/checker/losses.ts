import { QUIESCENCE_SECONDS } from '../../contract/timing';
import { activeVersion } from '../managed-key';
import type { TraceEvent } from '../trace';
import type { Inquiry } from './rule';
import type { Transition } from './transitions';
import type { KeyView, Moment } from './world';

const UNDER_WAY_MS = QUIESCENCE_SECONDS * 1000;

/** What somebody's write took out of the registry, as who restores the table does: keyturn knew it, and cannot know it any more. */
export interface Loss {
  readonly moment: Moment;
  /** Where the alias might point until then. */
  readonly targets: ReadonlySet<string | null>;
  /** KMS keys of versions that are gone or have another key now, by number; `undefined` for a version that had none yet. */
  readonly versions: ReadonlyMap<number, string | undefined>;
}

/** What of which key was lost, and when. */
export class Losses {
  private readonly known = new Map<string, Loss[]>();

  constructor(private readonly inquiry: Pick<Inquiry, 'options' | 'firstSeqOf'>) {}

  /** @returns what this transition has taken away */
  onTransition({ key, actor, after, versionsAfter, moment }: Transition): Loss | undefined {
    if (this.inquiry.options.isKeyturn(actor)) return undefined;
    const stillLegal = legalTargets({ meta: after });
    const targets = new Set([...legalTargets(key)].filter((target) => !stillLegal.has(target)));
    const lost = [...key.versions.values()].filter(({ number, kmsKeyId }) => !versionsAfter.has(number) || versionsAfter.get(number)?.kmsKeyId !== kmsKeyId);
    if (targets.size === 0 && lost.length === 0) return undefined;
    const loss = { moment, targets, versions: new Map(lost.map(({ number, kmsKeyId }) => [number, kmsKeyId])) };
    this.known.set(idOf(key), [...this.of(key), loss]);
    return loss;
  }

  /** What was lost behind the back of the function that an event is of: it had begun before, and works for the registry as it was. */
  behind(event: TraceEvent, key: KeyView): readonly Loss[] {
    const begunSeq = this.inquiry.firstSeqOf(event.traceId) ?? event.seq;
    return this.of(key).filter(({ moment }) => begunSeq < moment.seq && event.atMs - moment.atMs <= UNDER_WAY_MS);
  }

  private of(key: KeyView): readonly Loss[] {
    return this.known.get(idOf(key)) ?? [];
  }
}

/** Where keyturn may point the alias: to the ACTIVE version; between a promote intent and its commit to the old or the new one. */
export function legalTargets({ meta }: Pick<KeyView, 'meta'>): ReadonlySet<string | null> {
  const active = meta === undefined ? undefined : activeVersion(meta);
  const targets = new Set<string | null>(active?.kmsKeyId === undefined ? [] : [active.kmsKeyId]);
  if (meta?.intent?.kind === 'promote') targets.add(meta.intent.fromKeyId).add(meta.intent.toKeyId);
  return targets;
}

function idOf({ table, name }: KeyView): string {
  return `${table} ${name}`;
}
