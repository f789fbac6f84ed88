import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { acknowledge } from './acknowledge';
import { version } from '../package.json';
import { CliError } from './cli-error';
import { addLocalCommand } from './local/command';
import { addLookCommands } from './look';
import { addPeopleCommands } from './people';

/** Runs the command line. @returns the exit code: 0 only if what was asked for was done. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const program = programFor(env);
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`keyturn: ${error instanceof CliError ? error.message : String(error)}\n`);
    return 1;
  }
}

function programFor(env: NodeJS.ProcessEnv): Command {
  const program = new Command('keyturn').description('Rotates cryptographic keys on AWS, exactly once per key and rotation window.').version(version).exitOverride().showHelpAfterError().enablePositionalOptions();
  program
    .command('ack')
    .description("Answers a dependent's acknowledgement, signed as the caller: only the principal that the policy names counts.")
    .argument('<acknowledgement-id>', 'the id from the event "Key Version Prepared" or "Key Version Promoted"')
    .requiredOption('--key-version <number>', 'the version that the answer is about, from the same event', positiveInteger)
    .addOption(new Option('--verdict <verdict>', 'yes: ready for the new version, or done with the old one').choices(['yes', 'no']).default('yes'))
    .option('--reason <text>', 'why not; people read it')
    .addOption(new Option('--url <url>', "the acknowledge URL, from the event's acknowledgeUrl").env('KEYTURN_ACKNOWLEDGE_URL'))
    .option('--stack <name>', 'finds the acknowledge URL in the outputs of this stack', 'keyturn')
    .addOption(new Option('--region <region>', 'the Region of the stack').env('AWS_REGION'))
    .option('--json', 'prints the answer as JSON')
    .action(async (acknowledgementId: string, options: AckOptions) => {
      const result = await acknowledge({ acknowledgementId, ...options }, env);
      process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${result.status}: ${result.verdict} by ${result.by}\n`);
    });
  addPeopleCommands(program, env);
  addLookCommands(program);
  addLocalCommand(program);
  return program;
}

interface AckOptions {
  readonly keyVersion: number;
  readonly verdict: 'yes' | 'no';
  readonly reason?: string;
  readonly url?: string;
  readonly stack: string;
  readonly region?: string;
  readonly json?: boolean;
}

function positiveInteger(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1, such as 3.');
  return number;
}
