import { parseRotationId } from '../rotation-id';
import type { MessagePublished, RegistryItemWritten, TraceEvent } from '../trace';
import { kindOf, queuedAlertOf } from './registry-items';
import type { Inquiry } from './rule';

/**
 * What an alert of keyturn tells of, as its id says. A question has its stage, such as `approval: revoke`. `other` is what nothing follows from.
 * @see the functions that make alerts: none of their ids begins as another's does
 */
export type Topic = 'failed' | 'ended' | 'frozen' | 'overdue' | 'registry-went-back' | 'rescue' | 'retirement-pending' | 'repair' | 'unanswered' | 'starter-silent' | `approval: ${string}` | 'other';

/** States in which nothing is done about a key before a person acts, or the next attempt. */
const STANDSTILLS: readonly Topic[] = ['failed', 'ended', 'frozen', 'registry-went-back', 'rescue', 'repair', 'unanswered', 'approval: repair'];

/** Alerts that tell why no window is rotated, why no old key is retired, and what somebody else did to a key. */
export const NOT_ROTATED: ReadonlySet<Topic> = new Set([...STANDSTILLS, 'overdue', 'starter-silent']);
export const NOT_RETIRED: ReadonlySet<Topic> = new Set([...STANDSTILLS, 'retirement-pending', 'approval: disable', 'approval: revoke']);
export const CHANGED_BY_OTHERS: ReadonlySet<Topic> = new Set(['failed', 'frozen', 'repair']);

/** One alert about a key: a message, or an alert in the registry, which is published as soon as it can be. */
interface Word {
  readonly atMs: number;
  readonly seq: number;
  readonly topic: Topic;
  readonly text: string;
}

/** The alarm on a starter that nobody invokes: it is about all keys. */
const SILENCE = 'starter-silent';

/** The CloudWatch alarm of the stack that a message tells of. */
export function alarmOf({ actor, subject }: MessagePublished): string | undefined {
  return actor === 'cloudwatch.amazonaws.com' ? /^ALARM: "(?:.*-)?((?:executions|starter)-[a-z-]+)"/.exec(subject ?? '')?.[1] : undefined;
}

/** When people were told what about which key. */
export class Told {
  private readonly words = new Map<string, Word[]>();
  /** Told of one key, and said of all. */
  private readonly ofAll: Word[] = [];

  constructor(private readonly options: Inquiry['options']) {}

  onItem(event: RegistryItemWritten): void {
    const alert = kindOf(event).kind === 'alert' && this.options.isKeyturn(event.actor) ? queuedAlertOf(event.after) : undefined;
    if (alert !== undefined) this.note(alert.key, { atMs: event.atMs, seq: event.seq, topic: topicOf(alert.id, alert.attributes?.['stage']), text: alert.message ?? '' });
  }

  onEvent(event: TraceEvent): void {
    if (event.type !== 'sns.published') return;
    if (alarmOf(event) === SILENCE) this.ofAll.push({ atMs: event.atMs, seq: event.seq, topic: SILENCE, text: '' });
    const { key, alertId = '', stage } = event.attributes;
    const topic = this.options.isKeyturn(event.actor) ? topicOf(alertId, stage) : 'other';
    if (key !== undefined) this.note(key, { atMs: event.atMs, seq: event.seq, topic, text: event.message });
  }

  /** Whether somebody was told anything about a key between two moments, both included: what a design without a registry tells bears no topic. */
  isTold(key: string, fromMs: number, untilMs: number): boolean {
    return this.about(key).some(({ atMs }) => atMs >= fromMs && atMs <= untilMs);
  }

  /** Whether somebody was told about a key, and about one of these topics, between two moments, both included. */
  isToldOf(topics: ReadonlySet<Topic>, key: string, fromMs: number, untilMs: number): boolean {
    return this.about(key).some(({ atMs, topic }) => topics.has(topic) && atMs >= fromMs && atMs <= untilMs);
  }

  /** Whether somebody was told what somebody else did to a key, in words that name it, after an event. */
  isNamed(key: string, afterSeq: number, isNaming: (text: string) => boolean): boolean {
    return this.about(key).some(({ seq, topic, text }) => seq > afterSeq && CHANGED_BY_OTHERS.has(topic) && isNaming(text));
  }

  private about(key: string): readonly Word[] {
    return [...(this.words.get(key) ?? []), ...this.ofAll];
  }

  private note(key: string, word: Word): void {
    const known = this.words.get(key);
    if (word.topic === 'registry-went-back') this.ofAll.push(word);
    else if (known === undefined) this.words.set(key, [word]);
    else known.push(word);
  }
}

const PLAIN: ReadonlySet<string> = new Set<Topic>(['overdue', 'registry-went-back', 'rescue', 'retirement-pending', 'repair']);

function topicOf(id: string, stage: string | undefined): Topic {
  const [first = '', second, third] = id.split('/');
  if (parseRotationId(first) !== undefined) return second === 'ended' ? 'ended' : 'failed';
  if (first === 'reconcile' && third === 'frozen') return 'frozen';
  if (first === 'approval') return third === 'expired' ? 'unanswered' : stage?.startsWith('approval: ') === true ? (stage as Topic) : 'other';
  return PLAIN.has(first) ? (first as Topic) : 'other';
}
