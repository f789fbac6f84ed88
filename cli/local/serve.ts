import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { TraceEvent } from '../../lambdas/domain/trace';
import { EmulationFailure, RunningCloud } from '../../local/cloud/running-cloud';
import { AwsError } from '../../local/kernel/aws-error';
import { CliError } from '../cli-error';
import { requireFreshAssembly } from './assembly-check';
import { readinessOf, readyText } from './ready';

export interface ServeOptions {
  readonly port: number;
  readonly speed?: number;
  readonly state?: string;
  readonly app: string;
  /** Virtual time, ms since the epoch. */
  readonly start?: number;
  readonly kms?: object;
  readonly json?: boolean;
}

/** A second signal within this many real milliseconds is the first one again: wrappers pass on what the terminal sent to all. */
const SAME_SIGNAL_MS = 1000;

/**
 * `keyturn local`: serves until a signal ends it.
 * @throws {CliError} when it cannot start, or the emulation fails.
 */
export async function serve(options: ServeOptions): Promise<void> {
  requireFreshAssembly(options.app, process.env);
  if (options.start !== undefined && options.state !== undefined && existsSync(options.state)) {
    throw new CliError(`${options.state} goes on at the time at which it was saved, and --start is for an empty account. Leave --start out, or name a state file that does not exist yet.`);
  }
  // Before anybody can know that it runs.
  const ended = signal();
  const running = await start(options);
  const isForPeople = options.json !== true;
  const readiness = readinessOf(running);
  process.stdout.write(isForPeople ? readyText(readiness) : `${JSON.stringify(readiness)}\n`);
  if (isForPeople) running.cloud.trace.onEvent((event) => { tell(event); });
  // A failure of the emulation ends it as a signal does, and is what stopping fails with.
  await Promise.race([ended, running.driving.catch(() => undefined)]);
  await running.stop().catch((error: unknown) => {
    throw new CliError(complaintAbout(error));
  });
  if (isForPeople && options.state !== undefined) process.stdout.write(`Saved to ${options.state}\n`);
}

function complaintAbout(error: unknown): string {
  if (!(error instanceof EmulationFailure)) return `the state was not saved: ${String(error)}`;
  return `the local AWS failed inside, which is a bug of it; ${error.savedTo === undefined ? 'no state was saved' : `what is left was saved to ${error.savedTo}, and the state file is as it was`}.\n${stackOf(error.cause)}`;
}

/** Only what failed is lost. */
function internalError(error: unknown, what: string): string {
  if (error instanceof AwsError && error.code === 'NotModelledLocally') return `${what} has failed: ${error.message}`;
  return `the local AWS failed inside, which is a bug of it, and so has: ${what}. The rest goes on.\n${stackOf(error)}`;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function start({ app, port, speed, state, kms, start: startMs }: ServeOptions): Promise<RunningCloud> {
  try {
    return await RunningCloud.start(app, {
      port,
      speed: speed ?? 'jump',
      onFailure: (error) => { process.stderr.write(`keyturn: the local AWS failed inside while it answered a request, which is a bug of it.\n${stackOf(error)}\n`); },
      onInternalError: (error, what) => { process.stderr.write(`keyturn: ${internalError(error, what)}\n`); },
      ...(state !== undefined && { stateFile: state }),
      ...(startMs !== undefined && { startMs }),
      ...(kms !== undefined && { kms }),
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
      throw new CliError(`port ${port} is taken, perhaps by another \`keyturn local\`. Stop that one, or give --port with another port, or with 0 for any free one.`);
    }
    throw new CliError(error instanceof Error ? error.message : String(error));
  }
}

/** Ctrl-C, a polite end, a terminal that is closed. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves at the first signal; a later one ends the process at once. */
async function signal(): Promise<void> {
  await Promise.race([...SIGNALS.map((name) => once(process, name)), abandonment()]);
  const firstAt = performance.now();
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(130);
    });
  }
}

/** npm passes a SIGTERM on to its shell only, which leaves this process behind: its new parent tells. */
function abandonment(): Promise<void> {
  if (process.env['npm_command'] === undefined) return new Promise(() => undefined);
  const parent = process.ppid;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, 500);
    timer.unref();
  });
}

function tell(event: TraceEvent): void {
  const line = lineOf(event);
  if (line !== undefined) process.stdout.write(`${new Date(event.atMs).toISOString().replace('.000Z', 'Z')}  ${line}\n`);
}

/** What is worth a line to whoever watches. */
function lineOf(event: TraceEvent): string | undefined {
  if (event.type === 'states.execution-started') return `started    ${event.execution}`;
  if (event.type === 'sns.published') return `published  ${event.subject ?? event.topic}`;
  if (event.type !== 'states.execution-ended') return undefined;
  const outcome = (event.output as { readonly outcome?: unknown } | null)?.outcome;
  return [event.status.toLowerCase().padEnd(10), event.execution, ...(typeof outcome === 'string' ? [outcome] : []), ...(event.error === undefined ? [] : [event.error])].join(' ');
}
