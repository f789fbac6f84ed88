import { type Command, InvalidArgumentError, Option } from 'commander';
import { LAST_INSTANT_MS, MAX_ADVANCE_MS } from '../../local/cloud/time-limits';
import { durationMs } from '../duration';
import { DEFAULT_ENDPOINT, DEFAULT_PORT } from './default-endpoint';
import type { ServeOptions } from './serve';

/** `keyturn local` and what talks to one that runs. What it needs is loaded only then: other commands start fast. */
export function addLocalCommand(program: Command): void {
  const local = program
    .command('local')
    .description('Deploys the synthesized app into a local AWS on virtual time, and serves it to any AWS client until stopped.')
    .option('--port <number>', 'port on 127.0.0.1; 0: any free one', port, DEFAULT_PORT)
    .option('--speed <number>', 'virtual seconds per real second; 0: time stands still until it is advanced (default: jumps to what is due next)', speed)
    .option('--state <file>', 'goes on where this file was saved, and saves to it at the end')
    .option('--app <folder>', 'the cloud assembly that `npx cdk synth` wrote', 'cdk.out')
    .option('--start <time>', 'virtual time of an empty account, such as 2027-01-01T00:00:00Z', instant)
    .option('--kms <json>', 'switches of the local KMS, as `keyturn local set kms` takes them', jsonObject)
    .option('--json', 'prints one line of JSON when ready, and nothing else')
    .allowExcessArguments()
    .hook('preSubcommand', refuseOwnOptions)
    .action(async (options: ServeOptions, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) command.error(`error: unknown command '${unknown}'`, { code: 'commander.unknownCommand' });
      await (await import('./serve')).serve(options);
    });
  local
    .command('advance')
    .description('Plays everything that is due within a duration, at full speed.')
    .argument('<duration>', 'a whole number and s, m, h, d or w, such as 12h or 7d', durationMs)
    .addOption(endpointOption())
    .option('--json', 'prints the answer as JSON')
    .action(async (milliseconds: number, options: TalkOptions) => {
      await (await import('./talk')).advance(milliseconds, options);
    });
  local
    .command('status')
    .description('Tells the virtual time, the executions that run, and what is due next.')
    .addOption(endpointOption())
    .option('--json', 'prints the answer as JSON')
    .action(async (options: TalkOptions) => {
      await (await import('./talk')).status(options);
    });
  local
    .command('messages')
    .description('Shows what was published to topics, alerts among it, oldest first.')
    .addOption(endpointOption())
    .option('--json', 'prints the answer as JSON')
    .action(async (options: TalkOptions) => {
      await (await import('./talk')).messages(options);
    });
  local
    .command('credentials')
    .description('Prints `export` lines that make a shell a role or user of the local account.')
    .argument('<arn>', 'ARN of the role or user, or its end, such as role/security')
    .option('--create', 'makes it, without permissions, if there is none')
    .option('--allow <actions...>', 'with --create: what it may do, such as "lambda:*" "dynamodb:*"')
    .option('--session <name>', "name of the role's session")
    .addOption(endpointOption())
    .option('--json', 'prints the answer as JSON')
    .action(async (arn: string, options: CredentialsOptions) => {
      await (await import('./talk')).credentials(arn, options);
    });
  local
    .command('save')
    .description('Saves the state to the file that --state named at the start.')
    .addOption(endpointOption())
    .option('--json', 'prints the answer as JSON')
    .action(async (options: TalkOptions) => {
      await (await import('./talk')).save(options);
    });
  local
    .command('set')
    .description('Changes how an emulated service behaves.')
    .command('kms')
    .description('Changes switches of the local KMS, such as its visibility delay; without an argument shows them.')
    .argument('[json]', 'the switches to change, as a JSON object', jsonObject)
    .addOption(endpointOption())
    .option('--json', 'prints the answer as one line of JSON')
    .action(async (switches: object | undefined, options: TalkOptions) => {
      await (await import('./talk')).kms(switches, options);
    });
}

/** How a command reaches the local cloud that runs, and how it prints. */
export interface TalkOptions {
  readonly endpoint: string;
  readonly json?: boolean;
}

export interface CredentialsOptions extends TalkOptions {
  readonly session?: string;
  readonly create?: boolean;
  readonly allow?: readonly string[];
}

/** What `keyturn local` itself takes would be ignored by a command below it, which talks to one that runs already. */
function refuseOwnOptions(local: Command, command: Command): void {
  const given = local.options.find((option) => local.getOptionValueSource(option.attributeName()) === 'cli');
  if (given === undefined) return;
  const own = command.options.find(({ long }) => long === given.long);
  const advice = own === undefined ? `\`${command.name()}\` talks to the local AWS that --endpoint names` : `give ${given.long ?? ''} after \`${command.name()}\``;
  local.error(`error: ${given.long ?? ''} before \`${command.name()}\` is an option of \`keyturn local\` itself: ${advice}`, { code: 'commander.unknownOption' });
}

function endpointOption(): Option {
  return new Option('--endpoint <url>', 'the local cloud to talk to, as it printed when it was ready').env('KEYTURN_LOCAL_ENDPOINT').default(DEFAULT_ENDPOINT);
}

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(number <= 65_535)) throw new InvalidArgumentError('It must be a whole number from 0 to 65535.');
  return number;
}

/** Faster than this, a millisecond of real time would be more than a day. */
const MAX_SPEED = 100_000_000;

function speed(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(number <= MAX_SPEED)) throw new InvalidArgumentError(`It must be a number from 0 to ${MAX_SPEED}, such as 1 for real time or 3600 for an hour per second.`);
  return number;
}

/** The longest advance from it ends with a date of four digits. */
const LATEST_START_MS = LAST_INSTANT_MS - MAX_ADVANCE_MS;

function instant(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(text) ? Date.parse(text) : NaN;
  // A day that its month does not have would be one of the next month.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 10))) {
    throw new InvalidArgumentError('It must be a date or a time in UTC, such as 2027-01-01 or 2027-01-01T06:00:00Z.');
  }
  if (ms < 0 || ms > LATEST_START_MS) throw new InvalidArgumentError(`It must be between 1970-01-01 and ${new Date(LATEST_START_MS).toISOString().slice(0, 10)}.`);
  return ms;
}

function jsonObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidArgumentError('It must be a JSON object in quotes.');
  return value;
}
