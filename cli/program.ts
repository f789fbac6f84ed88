import { Command, CommanderError, Option } from 'commander';
import { acknowledge, type Acknowledging } from './acknowledge';
import { version } from '../package.json';
import { addAuditCommand } from './audit';
import { CliError, complaintOf } from './cli-error';
import { connect, withConnection, type ConnectionOptions } from './connection';
import { addLocalCommand } from './local/command';
import { addLookCommands } from './look';
import { print, type OutputOptions } from './output';
import { addPeopleCommands } from './people';
import { addPlanCommand } from './plan';
import { positiveInteger } from './positive-integer';
import { addReconcileCommand } from './reconcile';
import { DeployedStack } from './stack';

/** Runs the command line. @returns the exit code: 0 only if what was asked for was done. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const program = programFor(env);
  try {
    await program.parseAsync(argv);
    return 0;
  } catch (error) {
    // Commander has printed its own message already.
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`keyturn: ${complaintOf(error)}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

function programFor(env: NodeJS.ProcessEnv): Command {
  const program = new Command('keyturn').description('Rotates cryptographic keys on AWS, exactly once per key and rotation window.').version(version).exitOverride().showHelpAfterError('keyturn <command> --help tells the options of a command.').enablePositionalOptions();
  withConnection(program.command('ack'))
    .description("Answers a dependent's acknowledgement, signed as the caller: only the principal that the policy names counts.")
    .argument('<acknowledgement-id>', 'the id from the event "Key Version Prepared" or "Key Version Promoted"')
    .requiredOption('--key-version <number>', 'the version that the answer is about, from the same event', positiveInteger)
    .addOption(new Option('--verdict <verdict>', 'yes: ready for the new version, or done with the old one').choices(['yes', 'no']).default('yes'))
    .option('--reason <text>', 'why not; people read it')
    .addOption(new Option('--url <url>', "the acknowledge URL, from the event's acknowledgeUrl (default: the stack's output)").env('KEYTURN_ACKNOWLEDGE_URL'))
    .option('--json', 'prints the answer as JSON')
    .action(async (acknowledgementId: string, options: AckOptions) => {
      const connection = await connect(options, env);
      const url = options.url ?? (await DeployedStack.on(connection, options.stack)).acknowledgeUrl;
      const result = await acknowledge({ acknowledgementId, ...options }, url, connection);
      print(options, result, () => `${result.status}: ${result.verdict} by ${result.by}`);
    });
  addPeopleCommands(program, env);
  addLookCommands(program, env);
  addPlanCommand(program, env);
  addAuditCommand(program, env);
  addReconcileCommand(program, env);
  addLocalCommand(program);
  return program;
}

interface AckOptions extends Omit<Acknowledging, 'acknowledgementId'>, ConnectionOptions, OutputOptions {
  readonly url?: string;
}
