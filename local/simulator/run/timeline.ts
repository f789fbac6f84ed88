import { instantOf } from '../../../lambdas/domain/instant';
import type { TraceEvent } from '../../../lambdas/domain/trace';

/** What a timeline says of one event, or of several that repeat themselves. */
interface Line {
  readonly atMs: number;
  readonly rows: readonly string[];
  /** What makes two lines the same: who, and what. */
  readonly says: string;
  readonly isMarked: boolean;
}

/** The timeline of a trace; with marks, those events stand out. What repeats itself is counted, and KMS keys have short names. */
export function timelineOf(trace: readonly TraceEvent[], marked: ReadonlySet<number> = new Set()): readonly string[] {
  return linesOf(trace, marked).flatMap(({ rows }) => rows);
}

/** The lines around marked events, and how many are left out between them: what a person reads first. */
export function excerptOf(trace: readonly TraceEvent[], marked: ReadonlySet<number>, around = 12): readonly string[] {
  const lines = linesOf(trace, marked);
  const isWanted = lines.map((_, index) => lines.slice(Math.max(0, index - 3), index + around + 1).some(({ isMarked }) => isMarked));
  const excerpt: string[] = [];
  let leftOut = 0;
  const tellGap = (): void => {
    if (leftOut > 0) excerpt.push(`   … ${leftOut} ${leftOut === 1 ? 'line' : 'lines'} left out`);
    leftOut = 0;
  };
  lines.forEach(({ rows }, index) => {
    if (isWanted[index] !== true) {
      leftOut += rows.length;
      return;
    }
    tellGap();
    excerpt.push(...rows);
  });
  tellGap();
  return excerpt;
}

function linesOf(trace: readonly TraceEvent[], marked: ReadonlySet<number>): readonly Line[] {
  const short = shortNames(trace);
  const lines = trace.flatMap((event): Line[] => {
    const isMarked = marked.has(event.seq);
    const what = wordsFor(event) ?? (isMarked ? plainWords(event) : undefined);
    if (what === undefined) return [];
    const says = short(`${who(event).padEnd(26)} ${what}`);
    return [{ atMs: event.atMs, rows: [`${isMarked ? '>>' : '  '} ${timeWords(event.atMs)}  #${String(event.seq).padEnd(5)} ${says}`], says, isMarked }];
  });
  return withoutRepetitions(lines);
}

/** Month, day and time of day: a run takes days. */
export function timeWords(atMs: number): string {
  return instantOf(atMs).slice(5, 19).replace('T', ' ');
}

/** As many lines as this may repeat themselves together, as a failed call and its event do. */
const LONGEST_REFRAIN = 3;
/** So often at least must lines be repeated until their number says more than they do. */
const LEAST_REPEATS = 2;

/** Lines that say the same again and again are written once, with how often and until when. Marked ones are all kept. */
function withoutRepetitions(lines: readonly Line[]): readonly Line[] {
  const kept: Line[] = [];
  for (let at = 0; at < lines.length; ) {
    const [length, repeats] = refrainAt(lines, at);
    const refrain = lines.slice(at, at + length);
    const [first] = refrain;
    at += length * (1 + repeats);
    if (first === undefined || repeats === 0) kept.push(...refrain);
    else kept.push({ ...first, rows: [...refrain.flatMap(({ rows }) => rows), `   (${length === 1 ? '' : `these ${length} lines `}${repeats} more times, until ${timeWords(lines[at - 1]?.atMs ?? 0)})`] });
  }
  return kept;
}

/** @returns how many lines from here on repeat themselves together, and how often; one line and 0 when none does */
function refrainAt(lines: readonly Line[], at: number): readonly [length: number, repeats: number] {
  for (let length = 1; length <= LONGEST_REFRAIN; length++) {
    const isRepeated = (index: number): boolean => {
      const [line, before] = [lines[index], lines[index - length]];
      return line !== undefined && before !== undefined && line.says === before.says && !line.isMarked && !before.isMarked;
    };
    let end = at + length;
    while (isRepeated(end)) end++;
    const repeats = Math.floor((end - at) / length) - 1;
    if (repeats >= LEAST_REPEATS) return [length, repeats];
  }
  return [1, 0];
}

const KMS_KEY_ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** @returns what writes a text with a short name for each KMS key: its version, where the registry of the trace knows it, and the end of its id */
export function shortNames(trace: readonly TraceEvent[]): (text: string) => string {
  const ids = new Set(trace.flatMap((event) => (event.type === 'kms.key-created' ? [event.keyId] : [])));
  const versions = new Map(trace.flatMap((event) => (event.type === 'dynamodb.item-written' && event.sk === 'META' && event.after !== null ? versionsIn(event.after) : [])));
  let length = 2;
  while (new Set([...ids].map((id) => id.slice(-length))).size < ids.size) length++;
  return (text) => text.replace(KMS_KEY_ID, (id) => {
    const end = `…${id.slice(-length)}`;
    const version = versions.get(id);
    return !ids.has(id) ? id : version === undefined ? end : `${version} (${end})`;
  });
}

function versionsIn(meta: unknown): readonly (readonly [keyId: string, name: string])[] {
  const { name, versions = {} } = meta as { readonly name: string; readonly versions?: Readonly<Record<string, { readonly number: number; readonly kmsKeyId?: string }>> };
  return Object.values(versions).flatMap(({ number, kmsKeyId }) => (kmsKeyId === undefined ? [] : [[kmsKeyId, `${name} v${number}`] as const]));
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
    case 'lambda.dead-letter-sent':
      return `${event.function} gives the event up: dead-letter queue`;
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
