import { isKeyturnRole } from '../../../lambdas/domain/checker/options';
import { rotationPrefix, parseRotationId } from '../../../lambdas/domain/rotation-id';
import type { ExecutionEnded, ExecutionStarted, Json, MessagePublished, RegistryItemWritten, TaskRetried, TraceEvent } from '../../../lambdas/domain/trace';

/** States in which nothing happens for a while. */
const WAITS: readonly string[] = ['Wait For Former Owner', 'Wait For Created Key', 'Notify Dependents', 'Quiesce', 'Wait For True Readings', 'Drain', 'Bake', 'Await Approval'];

const WHO_WIDTH = 10;
const INDENT = ' '.repeat('2027-01-02 00:00  '.length + WHO_WIDTH + 2);
const MAX_FACT_LENGTH = 120;

type RunEvent = Extract<TraceEvent, { readonly state: string }> | ExecutionStarted | ExecutionEnded;

/** Tells what happens to one key, line by line, in virtual time. */
export class Narrator {
  private held: string[] | undefined;

  constructor(
    private readonly key: string,
    private readonly nowMs: () => number,
    private readonly write: (text: string) => void,
  ) {}

  /** What somebody does, or what is to be known. */
  tell(who: string, text: string): void {
    const [first = '', ...more] = text.split('\n');
    const when = new Date(this.nowMs()).toISOString().slice(0, 16).replace('T', ' ');
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
    if ('state' in event || event.type === 'states.execution-started' || event.type === 'states.execution-ended') this.followRun(event);
    else if (event.type === 'lambda.invoked' && event.error === 'Runtime.ExitError') this.tell('AWS', `${event.function} died: Runtime.ExitError`);
    else if (event.type === 'dynamodb.item-written' && event.pk === `KEY#${this.key}` && event.before === null && isKeyturnRole(event.actor)) this.written(event);
    else if (event.type === 'sns.published') this.tell('ALERT', `${event.attributes['severity'] ?? ''}: ${alertText(event)}`);
  }

  private followRun(event: RunEvent): void {
    if (!this.isOurs(event.execution)) return;
    if (event.type === 'states.execution-started') this.tell('keyturn', `${event.execution} begins`);
    if (event.type === 'states.execution-ended') this.tell('keyturn', `${event.execution} has ended: ${outcomeOf(event.output) ?? [event.status, event.error].filter(Boolean).join(' ')}`);
    if (event.type === 'states.state-entered' && WAITS.includes(event.state)) this.tell('keyturn', `waits: ${event.state}`);
    if (event.type === 'states.task-retried') this.tell('keyturn', retried(event));
  }

  private written({ sk, after }: RegistryItemWritten): void {
    if (sk === 'FREEZE') this.tell('keyturn', `FREEZES the key: ${text(after?.['reason'])}`);
    if (!sk.startsWith('LEDGER#')) return;
    const facts = Object.entries((after?.['facts'] ?? {}) as Readonly<Record<string, Json>>).filter(([name, value]) => typeof value !== 'object' && value !== '' && name !== 'invocationId');
    const told = facts.map(([name, value]) => `${name} ${short(text(value))}`).join(', ');
    this.tell('keyturn', `writes ${text(after?.['type'])}${told === '' ? '' : ` (${told})`}`);
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
