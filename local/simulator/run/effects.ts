import { createHash } from 'node:crypto';
import { type FunctionContract, type FunctionName, FUNCTIONS } from '../../../lambdas/contract/functions';
import type { TraceEvent } from '../../../lambdas/domain/trace';
import type { LambdaResult } from '../../asl/lambda-integration';
import { LostAnswer } from '../../wire/message';
import type { World } from '../world';

/** What two lives are compared by, once they are over. Equal digests: no difference was ever seen. */
export interface Digests {
  /** Of all that the world's future could depend on, but for what a function knows while it runs. */
  readonly effects: string;
  /** For each place, of all that comes from there to the end, answers to reads among it, and of what the functions know that run just then. */
  readonly fromPlace: readonly string[];
}

type Entry =
  | { readonly kind: 'effect'; readonly text: string; /** When a function ended. */ readonly endedMs: number | undefined; /** Whether it turned out to be forgotten. */ isForgotten: boolean }
  | { readonly kind: 'place'; readonly text: string }
  /** Somebody knows something until it is gone. */
  | { readonly kind: 'told'; readonly who: string; readonly text: string }
  | { readonly kind: 'gone'; readonly who: string };

/** Nobody hears how these end: no execution, no person, and nothing tries them again. */
export const UNHEARD: ReadonlySet<string> = new Set<FunctionName>(['start-due-rotations', 'reconcile']);

const CHANGES = /^(Create|Update|Put|Tag|Disable|Enable|Schedule|Cancel|Transact|Delete|Publish|Start|Stop|Send)/;

/** Whether a call changes something. */
export function isChange(operation: string): boolean {
  return CHANGES.test(operation);
}

/**
 * Writes down what happens in a world, so that its life can be compared with another one.
 *
 * *Effects* are the trace, every call that changes something, with its input, even if it comes late or is refused, and what becomes of each invocation
 * that somebody waits for. No effects are
 * - reads, which nobody remembers but the function that makes them, and calls that a function would have made had it not died;
 * - the end of a function that nobody hears of, and one after which a state is tried again: the execution forgets it when it leaves the state;
 * - a second use of a key that is like the first one, at the same time: KMS remembers the last.
 *
 * What is known for a while is part of the digests of the places in that while. Ids that are counted up, and hashes, are the same when they stand in the same places.
 */
export class Effects {
  private readonly entries: Entry[] = [];
  private readonly gone = new Set<string>();
  private readonly failures: { readonly entry: Extract<Entry, { kind: 'effect' }>; readonly state: string | undefined }[] = [];
  private readonly uses = new Set<string>();
  private effects = 0;

  /** @param isKept whether digests will be asked for; without, effects are only counted */
  constructor(
    private readonly world: World,
    private readonly isKept: boolean,
  ) {
    world.trace.onEvent((event) => { this.onEvent(event); });
    world.interceptInvocation = async (name, _event, next) => {
      const result: LambdaResult = await next();
      // Texts of errors are for people: where keyturn writes one down, it stands there.
      const entry = UNHEARD.has(name) ? undefined : this.add(() => `${name}: ${result.ok ? JSON.stringify(result.payload) : result.error}`, world.timeline.nowMs());
      const { state }: FunctionContract = FUNCTIONS[name];
      if (entry !== undefined && !result.ok) this.failures.push({ entry, state });
      return result;
    };
  }

  /** How many there have been. */
  get count(): number {
    return this.effects;
  }

  add(text: () => string, endedMs?: number): Extract<Entry, { kind: 'effect' }> | undefined {
    this.effects++;
    if (!this.isKept) return undefined;
    const entry: Entry = { kind: 'effect', text: `${this.world.timeline.nowMs()} ${text()}`, endedMs, isForgotten: false };
    this.entries.push(entry);
    return entry;
  }

  /** A place where a mishap may strike. */
  place(name: string): void {
    if (this.isKept) this.keep({ kind: 'place', text: `${this.world.timeline.nowMs()} ${name}` });
  }

  /** What a function has asked, once it is told. */
  async told(invocation: string, operation: string, input: unknown, answer: Promise<unknown>): Promise<void> {
    if (!this.isKept) return;
    const text = await answer.then((output) => JSON.stringify(output ?? null), (error: unknown) => (error instanceof LostAnswer ? 'lost' : String(error)));
    if (!this.gone.has(invocation)) this.keep({ kind: 'told', who: invocation, text: `${this.world.timeline.nowMs()} ${operation} ${JSON.stringify(input)} ${text}` });
  }

  /** Something from outside that is to come. @returns what to call when it comes; whatever it does then is an effect */
  pending(what: string): () => void {
    this.keep({ kind: 'told', who: what, text: `${this.world.timeline.nowMs()}` });
    return () => { this.keep({ kind: 'gone', who: what }); };
  }

  digests(): Digests {
    const plain = this.plainly();
    const effects = createHash('sha256');
    const known = new Map<string, string>();
    const knownAt: string[] = [];
    this.entries.forEach((entry, index) => {
      if (entry.kind === 'effect') return;
      if (entry.kind === 'told') known.set(entry.who, hashOf(known.get(entry.who) ?? plain(entry.who), plain(entry.text)));
      else if (entry.kind === 'gone') known.delete(entry.who);
      else knownAt[index] = [...known.values()].join();
    });
    for (const { text } of this.inOrder()) effects.update(`${plain(text)}\n`);
    const fromPlace: string[] = [];
    let rest = '';
    for (let index = this.entries.length - 1; index >= 0; index--) {
      const entry = this.entries[index];
      if (entry === undefined || entry.kind === 'gone') continue;
      rest = hashOf(rest, entry.kind, plain(entry.text));
      if (entry.kind === 'place') fromPlace.push(hashOf(rest, knownAt[index] ?? ''));
    }
    return { effects: effects.digest('base64'), fromPlace: fromPlace.reverse() };
  }

  /** Functions that end at the same time, with nothing in between, end in any order. */
  private inOrder(): readonly Extract<Entry, { kind: 'effect' }>[] {
    const effects = this.entries.flatMap((entry) => (entry.kind === 'effect' && !entry.isForgotten ? [entry] : []));
    for (let from = 0; from < effects.length; ) {
      let to = from + 1;
      while (effects[from]?.endedMs !== undefined && effects[to]?.endedMs === effects[from]?.endedMs) to++;
      if (to > from + 1) effects.splice(from, to - from, ...effects.slice(from, to).sort((one, other) => (one.text < other.text ? -1 : 1)));
      from = to;
    }
    return effects;
  }

  /** Ids and hashes by the order in which they first stand in an effect; those that stand in none are all one. */
  private plainly(): (text: string) => string {
    const numbers = new Map<string, number>();
    for (const { text } of this.inOrder()) for (const [id] of text.matchAll(IDS)) if (!numbers.has(id)) numbers.set(id, numbers.size);
    return (text) => text.replaceAll(IDS, (id) => `#${numbers.get(id) ?? ''}`);
  }

  private onEvent(event: TraceEvent): void {
    const { type } = event;
    if (type === 'lambda.invoked') {
      this.gone.add(event.traceId ?? '');
      this.keep({ kind: 'gone', who: event.traceId ?? '' });
    } else if (type === 'states.task-retried') {
      this.effects++;
      const index = this.failures.findLastIndex(({ state }) => state === event.state);
      for (const { entry } of index < 0 ? [] : this.failures.splice(index, 1)) entry.isForgotten = true;
      this.keep({ kind: 'told', who: `${event.execution} in ${event.state}`, text: `${event.atMs} ${event.error} ${event.delaySeconds}` });
    } else if (type === 'kms.key-used') {
      const { traceId: _traceId, ...use } = event;
      const text = textOf(use);
      if (this.uses.has(text)) this.effects++;
      else this.add(() => text);
      this.uses.add(text);
    } else if (type === 'sdk.call') {
      // Of the calls themselves only what a rule counts: a function that died in one has made it, and was not answered.
      if (event.service === 'kms' && isChange(event.operation)) this.add(() => textOf(event));
    } else if (type !== 'states.state-exited' || event.next !== event.state) {
      // From a state to itself is a try that is paid for; a state that is entered again says so.
      if (type === 'states.state-exited') this.keep({ kind: 'gone', who: `${event.execution} in ${event.state}` });
      this.add(() => textOf(event));
    }
  }

  private keep(entry: Entry): void {
    if (this.isKept) this.entries.push(entry);
  }
}

/** Of UUIDs, invocations, requests' own tokens, and SHA-256 sums. */
const IDS = /[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-[0-9a-f]{12}|Root=1-[0-9a-f]{8}|direct-\d+|\b[0-9a-f]{64}\b/g;

/** Its number in the trace is left out: reads are counted in it. */
function textOf(event: Omit<TraceEvent, 'traceId'>): string {
  return JSON.stringify({ ...event, seq: 0 });
}

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64').slice(0, 16);
}
