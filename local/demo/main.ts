import { Command, CommanderError } from 'commander';
import * as happy from './happy';
import { HAPPY } from './happy';
import { SCENARIOS } from './scenarios';
import { isInterrupted, terminalAudience } from './scenarios/audience';
import { isAsDemanded, play, toJson, withAssembly, type Performance } from './scenarios/runner';
import type { Scenario } from './scenarios/scenario';

const MAX_COMPLAINTS = 20;
const ALL = 'all';
const NAMES = [HAPPY.name, ...SCENARIOS.map(({ name }) => name)];

interface Options {
  readonly scenario: string;
  readonly list?: boolean;
  readonly interactive?: boolean;
  readonly json?: boolean;
}

// The SDK tells every run on Node 20 that it will want Node 22 from 2027 on; nobody who watches a demo can act on that.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** @returns the exit code: 0 only if everything came as the design demands */
async function demo(options: Options): Promise<number> {
  const isForPeople = options.json !== true;
  if (options.list === true) {
    const known = [HAPPY, ...SCENARIOS].map(({ name, summary, demands }) => ({ name, summary, demands }));
    process.stdout.write(isForPeople ? listOf(known) : `${JSON.stringify(known)}\n`);
    return 0;
  }
  const chosen = SCENARIOS.filter(({ name }) => options.scenario === ALL || options.scenario === name);
  const isHappy = options.scenario === HAPPY.name || options.scenario === ALL;
  const year = isHappy ? await showHappy(isForPeople) : undefined;
  const performances = chosen.length === 0 ? [] : await perform(chosen, options);
  if (!isForPeople) {
    const documents = [...(year === undefined ? [] : [year.document]), ...performances.map(toJson)];
    process.stdout.write(`${JSON.stringify(options.scenario === ALL ? { scenarios: documents } : documents[0])}\n`);
  }
  return (year?.isAsDemanded ?? true) && performances.every(isAsDemanded) ? 0 : 1;
}

/** What is left of the year: its trace is long, and the scenarios need the memory. */
async function showHappy(isForPeople: boolean): Promise<{ readonly document: object; readonly isAsDemanded: boolean }> {
  const year = await happy.liveHappily();
  if (isForPeople) happy.print(year);
  for (const complaint of year.complaints.slice(0, MAX_COMPLAINTS)) process.stderr.write(`${complaint}\n`);
  if (year.complaints.length > MAX_COMPLAINTS) process.stderr.write(`… and ${year.complaints.length - MAX_COMPLAINTS} more\n`);
  return { document: happy.toJson(year), isAsDemanded: year.complaints.length === 0 };
}

/** Plays scenarios one after the other, on one cloud assembly. */
async function perform(scenarios: readonly Scenario[], { json, interactive }: Options): Promise<readonly Performance[]> {
  const write = (text: string): void => { process.stdout.write(text); };
  const options = interactive === true ? await terminalAudience(write) : {};
  process.stderr.write('Synthesizing the stack of the scenarios …\n');
  return withAssembly(async (assembly) => {
    const performances: Performance[] = [];
    for (const scenario of scenarios) {
      const performance = await play(assembly, scenario, { write: json === true ? () => undefined : write, ...options });
      performances.push(performance);
      if (json === true && !isAsDemanded(performance)) process.stderr.write(`${scenario.name} did not end as the design demands\n`);
    }
    return performances;
  });
}

function listOf(known: readonly { readonly name: string; readonly summary: string; readonly demands: string }[]): string {
  return `${known.map(({ name, summary, demands }) => `${name}\n  ${summary}\n  Demanded: ${demands}`).join('\n')}\n${ALL}\n  All of them, one after the other.\n`;
}

const program = new Command('demo')
  .description('Runs rotations on the synthesized stack, here, on virtual time and real cryptography and without an AWS account: a year, or one thing that goes wrong.')
  .option('--scenario <name>', `what happens: ${[...NAMES, ALL].join(', ')}`, HAPPY.name)
  .option('--list', 'says what happens in each scenario, and what its end must be')
  .option('--interactive', 'waits for the answers of people, typed with keyturn in another terminal')
  .option('--json', 'prints one JSON document on stdout instead of the story')
  .exitOverride()
  .showHelpAfterError();

program
  .action(async (options: Options) => {
    if (![...NAMES, ALL].includes(options.scenario)) program.error(`error: there is no scenario "${options.scenario}". There are: ${[...NAMES, ALL].join(', ')}.`);
    if (options.interactive === true && options.json === true) program.error('error: --interactive is for people, --json is for programs. Give one of them.');
    if (options.interactive === true && [HAPPY.name, ALL].includes(options.scenario)) {
      program.error(`error: --interactive needs a scenario in which people are asked, with --scenario <name>: ${SCENARIOS.filter(({ asks }) => asks === true).map(({ name }) => name).join(', ')}.`);
    }
    process.exitCode = await demo(options);
  })
  .parseAsync()
  .catch((error: unknown) => {
    if (isInterrupted(error)) {
      process.stdout.write('\nInterrupted. Nothing is left behind.\n');
      process.exitCode = 130;
      return;
    }
    if (!(error instanceof CommanderError)) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
  });
