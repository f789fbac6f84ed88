import { Option, type Command } from 'commander';
import type { Answer } from '../lambdas/domain/approval';
import { plusSeconds } from '../lambdas/domain/instant';
import type { Repair } from '../lambdas/domain/repair';
import { CliError } from './cli-error';
import { confirmKey } from './confirm';
import { durationMs } from './duration';
import { withConnection, type ConnectionOptions } from './connection';
import { print, type OutputOptions } from './output';
import { positiveInteger } from './positive-integer';
import { reasonText } from './reason-text';
import { DeployedStack, type Told } from './stack';

interface Options extends ConnectionOptions, OutputOptions {
  readonly reason: string;
  readonly yesIMean?: string;
}

const REPAIRS = ['compare', 'repoint-alias', 'enable', 'cancel-deletion', 'accept-key', 'rebaseline-ledger'] as const;

/** What people ask, operate and decide: each is one signed request, and IAM says who may make it. */
export function addPeopleCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const post = async (entrance: Parameters<DeployedStack['post']>[0], body: object, options: Options): Promise<void> => {
    const stack = await DeployedStack.find(options, env);
    show(await stack.post(entrance, { ...body, reason: options.reason }), options);
  };
  const command = (name: string, description: string): Command =>
    withConnection(program.command(name).description(description).requiredOption('--reason <text>', 'why; it goes into the ledger', reasonText)).option('--json', 'prints the answer as JSON');
  const onKey = (name: string, description: string): Command => command(name, description).argument('<key>', 'name of the managed key');
  const unsafe = (made: Command): Command => made.option('--yes-i-mean <key>', "the key's name once more, instead of typing it when asked");

  unsafe(onKey('rotate', "Starts the current window's rotation now; --emergency asks for one outside of the windows, which another person approves."))
    .option('--emergency', 'the ACTIVE version is compromised, or believed to be')
    .action(async (key: string, options: Options & { readonly emergency?: boolean }) => {
      if (options.emergency === true) await confirmKey(key, `An emergency rotation of ${key} shortens the life of its ACTIVE version.`, options.yesIMean);
      await post('requestUrl', { action: options.emergency === true ? 'emergency' : 'rotate', key }, options);
    });
  onKey('hold', 'Forbids every retirement step, and that a rotation of a window starts, until it is released; cancels a deletion that is scheduled.').action((key: string, options: Options) => post('operateUrl', { action: 'hold', key }, options));
  unsafe(onKey('release', 'Ends a hold: retirements may go on.')).action(async (key: string, options: Options) => {
    await confirmKey(key, `Without its hold, old versions of ${key} may be disabled and deleted again.`, options.yesIMean);
    await post('operateUrl', { action: 'release', key }, options);
  });
  onKey('pause', 'Keeps new rotations from starting; what runs goes on.')
    .requiredOption('--for <duration>', 'how long, such as 12h or 7d', durationMs)
    .action(async (key: string, options: Options & { readonly for: number }) => {
      const stack = await DeployedStack.find(options, env);
      const until = plusSeconds(stack.now(), options.for / 1000);
      show(await stack.post('operateUrl', { action: 'pause', key, until, reason: options.reason }), options);
    });
  onKey('resume', 'Ends a pause.').action((key: string, options: Options) => post('operateUrl', { action: 'resume', key }, options));
  unsafe(onKey('abort', 'Asks the owner to abort safely at its next step; nothing is revoked.')).action(async (key: string, options: Options) => {
    await confirmKey(key, `The rotation of ${key} that is under way ends, and its window is not tried again by itself.`, options.yesIMean);
    await post('operateUrl', { action: 'abort', key }, options);
  });
  unsafe(onKey('lift', 'Ends a quarantine: you have looked, and the next run may start.')).action(async (key: string, options: Options) => {
    await confirmKey(key, `The next run of ${key} starts by itself once the quarantine is lifted.`, options.yesIMean);
    await post('decideUrl', { action: 'lift', key }, options);
  });
  unsafe(onKey('break-glass', 'Asks to stop the execution that owns the key; another person approves.')).action(async (key: string, options: Options) => {
    await confirmKey(key, `The execution that owns ${key} would be stopped.`, options.yesIMean);
    await post('decideUrl', { action: 'break-glass', key }, options);
  });
  unsafe(onKey('repair', 'Asks for one repair of a frozen key; another person approves, and the freeze ends if registry and KMS agree afterwards.'))
    .addOption(new Option('--kind <kind>', 'compare changes nothing').choices(REPAIRS).makeOptionMandatory())
    .option('--key-version <number>', 'the version, for enable and cancel-deletion', positiveInteger)
    .option('--key-arn <arn>', 'the KMS key, for accept-key')
    .action(async (key: string, options: RepairOptions) => {
      const repair = repairOf(options);
      await confirmKey(key, `The repair ${options.kind} of ${key} would be made.`, options.yesIMean);
      await post('decideUrl', { action: 'repair', key, repair }, options);
    });
  const answering = (name: string, description: string): Command => unsafe(command(name, description).argument('<approval-id>', 'as keyturn approvals shows it'));
  const answer = async (id: string, given: Answer, options: Options): Promise<void> => {
    const stack = await DeployedStack.find(options, env);
    const approval = await stack.approvals().read(id);
    if (approval === undefined) throw new CliError(`there is no approval ${id}. keyturn approvals lists them.`);
    await confirmKey(approval.key, `${approval.question}\nYour answer: ${given}.`, options.yesIMean);
    show(await stack.post('decideUrl', { action: 'answer', approvalId: id, answer: given, reason: options.reason }), options);
  };
  answering('approve', 'Answers an approval. Who requested it cannot approve it.')
    .addOption(new Option('--resume', 'a failed rotation goes on').conflicts('abort'))
    .addOption(new Option('--abort', 'a failed rotation ends safely').conflicts('resume'))
    .action(async (id: string, options: Options & { readonly resume?: boolean; readonly abort?: boolean }) => {
      await answer(id, options.resume === true ? 'resume' : options.abort === true ? 'abort' : 'approve', options);
    });
  answering('deny', 'Answers an approval with no.').action((id: string, options: Options) => answer(id, 'deny', options));
}

interface RepairOptions extends Options {
  readonly kind: (typeof REPAIRS)[number];
  readonly keyVersion?: number;
  readonly keyArn?: string;
}

/** @throws {CliError} when what the kind needs is missing. */
function repairOf({ kind, keyVersion, keyArn }: RepairOptions): Repair {
  if (kind === 'enable' || kind === 'cancel-deletion') {
    if (keyVersion === undefined) throw new CliError(`--kind ${kind} needs --key-version <number>.`);
    return { kind, version: keyVersion };
  }
  if (kind !== 'accept-key') return { kind };
  if (keyArn === undefined) throw new CliError('--kind accept-key needs --key-arn <arn>.');
  return { kind, keyArn };
}

function show(told: Told, options: Options): void {
  print(options, told, () => `${told.status}: ${told.message}`);
}
