import { isKeyturnRole } from '../../../lambdas/domain/checker/options';
import { rotationPrefix, parseRotationId } from '../../../lambdas/domain/rotation-id';
import type { Json, MessagePublished, RegistryItemWritten, TaskRetried, TraceEvent } from '../../../lambdas/domain/trace';

/** States in which nothing happens for a while. */
const WAITS: readonly string[] = ['Wait For Former Owner', 'Wait For Created Key', 'Notify Dependents', 'Quiesce', 'Wait For True Readings', 'Drain', 'Bake', 'Await Approval'];

const WHO_WIDTH = 9;
const INDENT = ' '.repeat('2027-01-02 00:00  '.length + WHO_WIDTH + 2);
const MAX_FACT_LENGTH = 120;

/** Tells what happens to one key, line by line, in virtual time. */
export class Narrator {
  private held: string[] | undefined;

  constructor(
    private readonly key: string,
    private readonly nowMs: () => number,
    private readonly write: (text: string) => void,
  ) {}

  /** What somebody does, or what is to be known. */
  tell(who: string, text: string, atMs = this.nowMs()): void {
    const [first = '', ...more] = text.split('\n');
    const when = new Date(atMs).toISOString().slice(0, 16).replace('T', ' ');
    this.print(`${when}  ${who.padEnd(WHO_WIDTH)}  ${first}\n${more.map((line) => (line === '' ? '\n' : `${INDENT}${line}\n`)).join('')}`);
  }

  /** From now on nothing is printed. @returns what tells one more thing first, then prints all of it */
  hold(): (who: string, text: string) => void {
    const held: string[] = [];
    this.held = held;
    return (who, text) => {
      this.held = undefined;
      this.tell(who, text);
      held.forEach((line) => { this.write(line); });
    };
  }

  follow(event: TraceEvent): void {
    switch (event.type) {
      case 'states.execution-started':
        if (this.isOurs(event.execution)) this.tell('keyturn', `${event.execution} begins`, event.atMs);
        return;
      case 'states.execution-ended':
        if (this.isOurs(event.execution)) this.tell('keyturn', `${event.execution} has ended: ${outcomeOf(event.output) ?? [event.status, event.error].filter(Boolean).join(' ')}`, event.atMs);
        return;
      case 'states.state-entered':
        if (this.isOurs(event.execution) && WAITS.includes(event.state)) this.tell('keyturn', `waits: ${event.state}`, event.atMs);
        return;
      case 'states.task-retried':
        if (this.isOurs(event.execution)) this.tell('keyturn', retried(event), event.atMs);
        return;
      case 'lambda.invoked':
        if (event.error === 'Runtime.ExitError') this.tell('AWS', `${event.function} died: Runtime.ExitError`, event.atMs);
        return;
      case 'dynamodb.item-written':
        if (event.pk === `KEY#${this.key}` && event.before === null && isKeyturnRole(event.actor)) this.written(event);
        return;
      case 'sns.published':
        this.tell('ALERT', `${event.attributes['severity'] ?? ''}: ${alertText(event)}`, event.atMs);
        return;
      default:
    }
  }

  private written({ sk, after, atMs }: RegistryItemWritten): void {
    if (sk === 'FREEZE') this.tell('keyturn', `FREEZES the key: ${text(after?.['reason'])}`, atMs);
    if (!sk.startsWith('LEDGER#')) return;
    const facts = Object.entries((after?.['facts'] ?? {}) as Readonly<Record<string, Json>>).filter(([name, value]) => typeof value !== 'object' && value !== '' && name !== 'invocationId');
    const told = facts.map(([name, value]) => `${name} ${short(text(value))}`).join(', ');
    this.tell('keyturn', `writes ${text(after?.['type'])}${told === '' ? '' : ` (${told})`}`, atMs);
  }

  private isOurs(execution: string): boolean {
    return execution.startsWith('repair-') || parseRotationId(execution)?.prefix === rotationPrefix(this.key);
  }

  private print(text: string): void {
    if (this.held === undefined) this.write(text);
    else this.held.push(text);
  }
}

function retried({ state, error, delaySeconds }: TaskRetried): string {
  return `${state}: ${error}; tries again in ${Math.round(delaySeconds)} s`;
}

function outcomeOf(output: Json): string | undefined {
  const outcome = (output as { readonly outcome?: unknown } | null)?.outcome;
  return typeof outcome === 'string' ? outcome : undefined;
}

/** The message as whoever is on call reads it. */
function alertText({ subject, message }: MessagePublished): string {
  return [subject ?? '', ...message.split('\n').map((line) => `| ${line}`.trimEnd())].join('\n');
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** A person is told by name. */
function short(fact: string): string {
  const named = fact.replaceAll(/arn:aws:iam::\d{12}:(user|role)\//g, '');
  return named.length <= MAX_FACT_LENGTH ? named : `${named.slice(0, MAX_FACT_LENGTH)}…`;
}
