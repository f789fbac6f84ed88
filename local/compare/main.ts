import { statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, CommanderError } from 'commander';
import { failedCalls } from './page/drawing';
import { type Compared, page } from './page/page';
import { record } from './recording';
import { readResult } from './results';
import { FROM_MS, play, POLICY, type Situation, SITUATIONS, UNTIL_MS, WINDOW_MS } from './situations';

interface Options {
  readonly out: string;
  readonly only?: string;
  readonly results: readonly string[];
  readonly json?: boolean;
}

const COMPARED = ['cron', 'keyturn'] as const;

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** Found out before the minutes of work, and not after them. @returns what is wrong with where the page is to go */
function outProblem(out: string): string | undefined {
  const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isDirectory(dirname(out))) return `--out ${out}: there is no directory ${dirname(out)}. Make it first, or name a file in one that exists.`;
  return isDirectory(out) ? `--out ${out} is a directory. Name a file in it.` : undefined;
}

/** @returns the exit code: 0 only if cron breaks its promises in every situation, and keyturn in none */
async function compare(options: Options): Promise<number> {
  const results = options.results.map(readResult);
  const situations = SITUATIONS.filter(({ name }) => options.only === undefined || name === options.only);
  const compared: Compared[] = [];
  for (const situation of situations) compared.push(await compareIn(situation));
  writeFileSync(options.out, page({ compared, results, zeroMs: WINDOW_MS }));
  const lines = compared.flatMap(({ situation: { name }, recordings }) =>
    recordings.map(({ design, recording }) => ({ situation: name, design, violated: recording.violated, failedCalls: failedCalls(recording), keys: recording.versions.length })),
  );
  if (options.json === true) process.stdout.write(`${JSON.stringify({ out: options.out, situations: lines, results }, null, 2)}\n`);
  else {
    for (const { situation, design, violated, failedCalls: failed } of lines) {
      process.stdout.write(`${situation}, ${design}: ${violated.length === 0 ? 'as promised' : `violates ${violated.map(({ invariant }) => `"${invariant}"`).join(', ')}`}; ${failed} failed calls\n`);
    }
    process.stdout.write(`Written to ${options.out}\n`);
  }
  return lines.every(({ design, violated }) => (violated.length === 0) === (design === 'keyturn')) ? 0 : 1;
}

async function compareIn(situation: Situation): Promise<Compared> {
  const scope = { alias: POLICY.alias, drainSeconds: POLICY.drainSeconds, fromMs: FROM_MS, untilMs: UNTIL_MS };
  const recordings = [];
  for (const design of COMPARED) {
    const { trace, verdicts } = await play(situation, design);
    recordings.push({ design, recording: record(trace, verdicts, scope) });
  }
  return { situation, recordings };
}

const program = new Command('compare')
  .description('Plays three classic accidents under cron and under keyturn, and draws both on one page.')
  .option('--out <file>', 'where the page goes', 'report.html')
  .option('--only <situation>', `one of ${SITUATIONS.map(({ name }) => name).join(', ')}`)
  .option('--results <files...>', 'what npm run --silent simulate -- --design <name> --json has printed, for the count at the end', [])
  .option('--json', 'prints one JSON document on stdout instead of lines')
  .exitOverride()
  .showHelpAfterError();

program
  .action(async (options: Options) => {
    if (options.only !== undefined && !SITUATIONS.some(({ name }) => name === options.only)) program.error(`error: there is no situation "${options.only}". There are: ${SITUATIONS.map(({ name }) => name).join(', ')}.`);
    const problem = outProblem(options.out);
    if (problem !== undefined) program.error(`error: ${problem}`);
    process.exitCode = await compare(options);
  })
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
  });
