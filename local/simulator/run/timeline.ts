import { instantOf } from '../../../lambdas/domain/instant';
import type { TraceEvent } from '../../../lambdas/domain/trace';

/** One line of a timeline: when, who, what. @returns `undefined` for what only fills the page: reads, and calls whose effect has a line of its own */
export function lineOf(event: TraceEvent): string | undefined {
  const what = wordsFor(event);
  return what === undefined ? undefined : lineWith(event, what);
}

function lineWith(event: TraceEvent, what: string): string {
  return `${instantOf(event.atMs).slice(5, 19).replace('T', ' ')}  #${String(event.seq).padEnd(5)} ${who(event).padEnd(26)} ${what}`;
}

/** The timeline of a trace; with marks, those events stand out. */
export function timelineOf(trace: readonly TraceEvent[], marked: ReadonlySet<number> = new Set()): readonly string[] {
  return trace.flatMap((event) => {
    const line = lineOf(event) ?? (marked.has(event.seq) ? lineWith(event, plainWords(event)) : undefined);
    return line === undefined ? [] : [`${marked.has(event.seq) ? '>>' : '  '} ${line}`];
  });
}

/** The lines around marked events: what a person reads first. */
export function excerptOf(trace: readonly TraceEvent[], marked: ReadonlySet<number>, around = 12): readonly string[] {
  const lines = trace.flatMap((event) => (lineOf(event) === undefined && !marked.has(event.seq) ? [] : [event.seq]));
  const wanted = new Set<number>();
  lines.forEach((seq, index) => {
    if (marked.has(seq)) for (const near of lines.slice(Math.max(0, index - around), index + 4)) wanted.add(near);
  });
  return timelineOf(trace.filter(({ seq }) => wanted.has(seq)), marked);
}

function who({ actor }: TraceEvent): string {
  return actor.split(/[:/]/).at(-1) ?? actor;
}

function wordsFor(event: TraceEvent): string | undefined {
  switch (event.type) {
    case 'kms.key-created':
      return `creates the KMS key ${event.keyId}`;
    case 'kms.key-state-changed':
      return `KMS key ${event.keyId}: ${event.from} → ${event.to}`;
    case 'kms.alias-changed':
      return `${event.alias}: ${event.from ?? 'nothing'} → ${event.to ?? 'nothing'}`;
    case 'kms.key-used':
      return event.error === null ? undefined : `${event.operation} with ${event.alias ?? event.keyId ?? 'no key'} fails with ${event.error}`;
    case 'dynamodb.item-written':
      return writtenWords(event);
    case 'states.execution-started':
      return `${event.execution} starts`;
    case 'states.execution-ended':
      return `${event.execution} ends ${event.status} ${outcomeOf(event.output)}${event.error ?? ''}`;
    case 'states.execution-redriven':
      return `${event.execution} is redriven`;
    case 'states.state-entered':
      return `${event.execution} enters ${event.state}`;
    case 'states.task-retried':
      return `${event.execution} tries ${event.state} again in ${event.delaySeconds} s, after ${event.error}`;
    case 'lambda.invoked':
      return event.error === null ? undefined : `${event.function} fails with ${event.error}`;
    case 'sdk.call':
      return event.error === null ? undefined : `${event.service} ${event.operation} answers ${event.error}`;
    case 'sns.published':
      return `alert: ${event.subject ?? ''}`;
    case 'events.event-put':
      return `event ${event.detailType}`;
    case 'states.state-exited':
      return undefined;
  }
}

/** What has no line of its own, but proves something. */
function plainWords(event: TraceEvent): string {
  if (event.type === 'kms.key-used') return `${event.operation} with ${event.alias ?? event.keyId ?? 'no key'} works`;
  if (event.type !== 'dynamodb.item-written') return event.type;
  const { pk, sk, after } = event;
  if (sk !== 'META' || after === null) return `${after === null ? 'deletes' : 'writes'} ${pk} ${sk}`;
  const { lease, fence, intent, rev } = after as { readonly lease?: { readonly rotationId?: string } | null; readonly fence?: number; readonly intent?: { readonly kind?: string; readonly version?: number } | null; readonly rev?: number };
  return `writes ${pk}: revision ${rev ?? '?'}, token ${fence ?? '?'}, lease ${lease?.rotationId ?? 'free'}, intent ${intent?.kind === undefined ? 'none' : `to ${intent.kind} v${intent.version ?? '?'}`}`;
}

function writtenWords({ sk, pk, after }: Extract<TraceEvent, { type: 'dynamodb.item-written' }>): string | undefined {
  if (sk === 'FREEZE') return `${pk}: ${after === null ? 'the freeze is lifted' : `frozen: ${JSON.stringify(after['reason'])}`}`;
  if (!sk.startsWith('LEDGER#') || after === null) return undefined;
  const { type, rotationId } = after as { readonly type?: unknown; readonly rotationId?: unknown };
  return `${pk}: ledger ${String(type)}${typeof rotationId === 'string' ? ` of ${rotationId}` : ''}`;
}

function outcomeOf(output: unknown): string {
  const { outcome } = (output ?? {}) as { readonly outcome?: unknown };
  return typeof outcome === 'string' ? `(${outcome}) ` : '';
}
