import { z } from 'zod';
import { CliError } from '../cli-error';
import type { CredentialsOptions, TalkOptions } from './command';
import { ask } from './control-client';

const virtualTime = z.string();
const statusAnswer = z.looseObject({
  virtualTime,
  speed: z.union([z.literal('jump'), z.number()]),
  advancingUntil: z.string().nullable(),
  running: z.array(z.object({ name: z.string(), state: z.string().nullable(), since: z.string() })),
  next: z.object({ at: z.string(), what: z.string() }).nullable(),
});
const messagesAnswer = z.looseObject({
  messages: z.array(z.object({ at: z.string(), topic: z.string(), subject: z.string().nullable(), message: z.string() })),
  deliveries: z.array(z.object({ at: z.string(), protocol: z.string(), endpoint: z.string(), kind: z.string(), subject: z.string().nullable(), message: z.string() })),
});
const credentialsAnswer = z.looseObject({ accessKeyId: z.string(), secretAccessKey: z.string(), sessionToken: z.string().optional(), region: z.string(), isNew: z.boolean() });

/** How often progress is asked for, in real milliseconds. */
const PROGRESS_EVERY_MS = 500;

/** `keyturn local advance`: shows the virtual time on its way, and prints where it arrived. */
export async function advance(milliseconds: number, options: TalkOptions): Promise<void> {
  const stopProgress = showProgress(options.endpoint);
  try {
    const answer = await ask(options.endpoint, 'POST', 'advance', { milliseconds });
    print(options, answer, () => `Virtual time is ${read(z.looseObject({ virtualTime }), answer).virtualTime}`);
  } finally {
    stopProgress();
  }
}

/** `keyturn local status`. */
export async function status(options: TalkOptions): Promise<void> {
  const answer = await ask(options.endpoint, 'GET', 'status');
  print(options, answer, () => {
    const { virtualTime: now, speed, advancingUntil, running, next } = read(statusAnswer, answer);
    return [
      `Virtual time  ${now}, ${advancingUntil === null ? speedInWords(speed) : `advancing to ${advancingUntil}`}`,
      `Next due      ${next === null ? 'nothing' : `${next.at}  ${next.what}`}`,
      `Executions    ${running.length === 0 ? 'none running' : `${running.length} running`}`,
      ...running.map(({ name, state, since }) => `  ${name}  ${state ?? 'starting'} since ${since}`),
    ].join('\n');
  });
}

/** How time passes, as people say it. */
export function speedInWords(speed: 'jump' | number): string {
  if (speed === 'jump') return 'jumping to what is due next';
  return speed === 0 ? 'standing still until it is advanced' : `${speed} virtual seconds a second`;
}

/** `keyturn local messages`. */
export async function messages(options: TalkOptions): Promise<void> {
  const answer = await ask(options.endpoint, 'GET', 'messages');
  print(options, answer, () => {
    const known = read(messagesAnswer, answer);
    const published = known.messages.map(({ at, topic, subject, message }) => `${at}  ${topic.split(':').at(-1) ?? topic}  ${subject ?? ''}\n${indented(message)}`);
    const delivered = known.deliveries.map(({ at, protocol, endpoint, kind, subject, message }) => `${at}  ${kind} to ${protocol} ${endpoint}  ${subject ?? ''}\n${indented(message)}`);
    if (published.length + delivered.length === 0) return 'No message was published.';
    return [...published, ...(delivered.length === 0 ? [] : ['What subscribers got:', ...delivered])].join('\n\n');
  });
}

/** `keyturn local credentials`. */
export async function credentials(arn: string, options: CredentialsOptions): Promise<void> {
  const answer = await ask(options.endpoint, 'POST', 'credentials', { arn, ...(options.session !== undefined && { sessionName: options.session }), ...(options.create === true && { create: true }), ...(options.allow !== undefined && { actions: options.allow }) });
  print(options, answer, () => {
    const { accessKeyId, secretAccessKey, sessionToken, region, isNew } = read(credentialsAnswer, answer);
    if (isNew) process.stderr.write(`${arn} was made: ${options.allow === undefined ? 'it has no permissions but those that resources give it' : `it may ${options.allow.join(', ')}`}.\n`);
    return exportLines({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken, AWS_REGION: region, AWS_DEFAULT_REGION: region, AWS_ENDPOINT_URL: options.endpoint });
  });
}

/** Lines for a shell; a variable without a value is unset. */
export function exportLines(variables: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(variables)
    .map(([name, value]) => (value === undefined ? `unset ${name}` : `export ${name}=${value}`))
    .join('\n');
}

/** `keyturn local save`. */
export async function save(options: TalkOptions): Promise<void> {
  const answer = await ask(options.endpoint, 'POST', 'save');
  print(options, answer, () => `Saved to ${read(z.looseObject({ file: z.string() }), answer).file}`);
}

/** `keyturn local set kms`. */
export async function kms(switches: object | undefined, options: TalkOptions): Promise<void> {
  const { endpoint } = options;
  const answer = switches === undefined ? await ask(endpoint, 'GET', 'kms') : await ask(endpoint, 'POST', 'kms', switches);
  print(options, answer, () => JSON.stringify(answer, null, 2));
}

function print({ json }: TalkOptions, answer: object, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(answer) : text()}\n`);
}

/** @throws {CliError} when the local cloud is of another keyturn. */
function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new CliError(`the local cloud answered what this keyturn does not understand: ${z.prettifyError(parsed.error)}. Are both of one version?`);
  return parsed.data;
}

function indented(text: string): string {
  return text.split('\n').map((line) => `    ${line}`).join('\n');
}

/** On a terminal one line that changes. @returns what ends it. */
function showProgress(endpoint: string): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const timer = setInterval(() => {
    ask(endpoint, 'GET', 'status').then(
      (answer) => { process.stderr.write(`\r\u001b[K${read(statusAnswer, answer).virtualTime}`); },
      // Whoever waits for the advance is told what is wrong.
      () => undefined,
    );
  }, PROGRESS_EVERY_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001b[K');
  };
}
