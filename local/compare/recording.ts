import type { Verdict } from '../../lambdas/domain/checker';
import type { KmsAliasChanged, KmsKeyUsed, TraceEvent } from '../../lambdas/domain/trace';
import { CONSUMER_ROLE } from './consumer';

/** What a KMS key is good for at a time, by what KMS shows: its state, and whether the alias points to it. */
export type Standing = 'made' | 'active' | 'draining' | 'disabled' | 'deletion';

export interface Span {
  readonly standing: Standing;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** One KMS key, numbered in the order in which they were made. */
export interface Version {
  readonly number: number;
  readonly spans: readonly Span[];
}

export interface Call {
  readonly atMs: number;
  readonly isFailed: boolean;
}

/** A broken promise, where it shows: for as long as it is broken, or at one moment. */
export interface Wrong {
  readonly fromMs: number;
  readonly untilMs: number;
  /** The version that it is about. */
  readonly version: number;
  readonly what: string;
}

/** What one design did in one situation, as it is drawn. */
export interface Recording {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly versions: readonly Version[];
  /** When the alias was pointed to which version. */
  readonly moves: readonly { readonly atMs: number; readonly version: number }[];
  readonly calls: readonly Call[];
  readonly wrongs: readonly Wrong[];
  /** Violations, by invariant. */
  readonly violated: readonly { readonly invariant: string; readonly messages: readonly string[] }[];
}

/** What is recorded of a trace, and what was promised about it. */
export interface Scope {
  readonly alias: string;
  readonly drainSeconds: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Reads a trace: all that is drawn was applied, and was judged by the checker. */
export function record(trace: readonly TraceEvent[], verdicts: readonly Verdict[], scope: Scope): Recording {
  const { alias, fromMs, untilMs } = scope;
  const numbers = new Map<string, number>();
  for (const event of trace) if (event.type === 'kms.key-created') numbers.set(event.keyId, numbers.size + 1);
  const numberOf = (keyId: string | null): number => numbers.get(keyId ?? '') ?? 0;
  const aliasEvents = trace.filter((event) => event.type === 'kms.alias-changed' && event.alias === alias && event.from !== event.to) as KmsAliasChanged[];
  const calls = trace.filter((event) => event.type === 'kms.key-used' && event.actor.includes(`/${CONSUMER_ROLE}/`)) as KmsKeyUsed[];
  const wrongs = verdicts.flatMap(({ invariant, violations }) => violations.flatMap(({ events }) => wrongsOf(invariant, events.map((seq) => trace[seq]), scope)));
  return {
    fromMs,
    untilMs,
    versions: [...numbers].map(([keyId, number]) => ({ number, spans: spansOf(trace, keyId, scope) })),
    moves: aliasEvents.map(({ atMs, to }) => ({ atMs, version: numberOf(to) })),
    calls: calls.map(({ atMs, error }) => ({ atMs, isFailed: error !== null })).filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs),
    // A key that was neither disabled nor deleted is drawn once.
    wrongs: wrongs.map(({ keyId, ...wrong }) => ({ ...wrong, version: numberOf(keyId) })).filter((wrong, index, all) => all.findIndex(({ version, what }) => version === wrong.version && what === wrong.what) === index),
    violated: verdicts.filter(({ status }) => status === 'violated').map(({ invariant, violations }) => ({ invariant, messages: violations.map(({ message }) => message) })),
  };
}

function spansOf(trace: readonly TraceEvent[], keyId: string, { alias, fromMs, untilMs }: Scope): readonly Span[] {
  const changes: { readonly atMs: number; readonly standing: Standing }[] = [];
  for (const event of trace) {
    if (event.type === 'kms.key-created' && event.keyId === keyId) changes.push({ atMs: event.atMs, standing: 'made' });
    if (event.type === 'kms.alias-changed' && event.alias === alias && event.to === keyId) changes.push({ atMs: event.atMs, standing: 'active' });
    if (event.type === 'kms.alias-changed' && event.alias === alias && event.from === keyId && event.to !== keyId) changes.push({ atMs: event.atMs, standing: 'draining' });
    if (event.type === 'kms.key-state-changed' && event.keyId === keyId && event.to === 'Disabled') changes.push({ atMs: event.atMs, standing: 'disabled' });
    if (event.type === 'kms.key-state-changed' && event.keyId === keyId && event.to === 'PendingDeletion') changes.push({ atMs: event.atMs, standing: 'deletion' });
  }
  return changes
    .map(({ atMs, standing }, index) => ({ standing, fromMs: Math.max(atMs, fromMs), untilMs: Math.min(changes[index + 1]?.atMs ?? untilMs, untilMs) }))
    .filter((span) => span.untilMs > span.fromMs);
}

type WrongOfKey = Omit<Wrong, 'version'> & { readonly keyId: string | null };

/** Where a violation shows. One of a failed call is drawn as the call itself. */
function wrongsOf(invariant: string, events: readonly (TraceEvent | undefined)[], { drainSeconds, untilMs }: Scope): readonly WrongOfKey[] {
  const [first, last] = [events[0], events.at(-1)];
  const promisedMs = (first?.atMs ?? 0) + drainSeconds * 1000;
  if (invariant.startsWith('1 the alias') && last?.type === 'kms.alias-changed') return [{ fromMs: last.atMs, untilMs: last.atMs, keyId: last.to, what: 'a second key for one window' }];
  if (invariant.startsWith('1 every key') && last?.type === 'kms.key-created') return [{ fromMs: last.atMs, untilMs, keyId: last.keyId, what: 'a key that nobody knows of' }];
  if (invariant.startsWith('3 the alias never') && last?.type === 'kms.alias-changed') return [{ fromMs: last.atMs, untilMs: last.atMs, keyId: last.to, what: 'the alias goes back' }];
  if (invariant.startsWith('4 a key drains') && last?.type === 'kms.key-state-changed') return [{ fromMs: last.atMs, untilMs: promisedMs, keyId: last.keyId, what: 'disabled too early' }];
  if (invariant.startsWith('12 old keys') && first?.type === 'kms.alias-changed') return [{ fromMs: promisedMs, untilMs, keyId: first.from, what: 'not retired, and nobody is told' }];
  return [];
}
