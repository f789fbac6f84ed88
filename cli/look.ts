import type { Command } from 'commander';
import { standingOf, type Approval } from '../lambdas/domain/approval';
import type { LedgerEvent } from '../lambdas/domain/ledger';
import { repairSchema } from '../lambdas/domain/repair';
import type { KeyReading } from '../lambdas/ports/registry';
import { CliError } from './cli-error';
import { withConnection, type ConnectionOptions } from './connection';
import { coloured, print, table, type OutputOptions } from './output';
import { DeployedStack } from './stack';
import { standStillOf } from './stand-still';

type Options = ConnectionOptions & OutputOptions;

/** A key, and what was asked about it. */
interface View extends KeyReading {
  /** What waits for a person's answer now. */
  readonly openApprovals: readonly Approval[];
  /** What the repair under way was approved as. */
  readonly repairKind: string | null;
}

/** What people look at: nothing is changed. The caller needs to read the registry's table. */
export function addLookCommands(program: Command, env: NodeJS.ProcessEnv): void {
  const command = (name: string, description: string): Command => withConnection(program.command(name).description(description)).option('--json', 'prints JSON');

  command('status', 'Shows a key, or all of them: versions, owner, what waits for a person, what is due.')
    .argument('[key]', 'name of the managed key')
    .action(async (name: string | undefined, options: Options) => {
      const stack = await DeployedStack.find(options, env);
      const known = await Promise.all((await readingsOf(stack, name)).map((reading) => viewOf(stack, reading)));
      print(options, known, () => (name === undefined ? overview(known) : known.map(detail).join('\n')));
    });

  command('history', 'Shows the ledger of a key, oldest first.')
    .argument('<key>', 'name of the managed key')
    .action(async (name: string, options: Options) => {
      const ledger = await (await DeployedStack.find(options, env)).registry().ledger(name);
      if (ledger.length === 0) throw new CliError(`${name} has no ledger. keyturn status shows all keys.`);
      print(options, ledger, () => history(ledger));
    });

  command('approvals', 'Shows what waits for an answer, and what was answered last.')
    .argument('[key]', 'name of the managed key')
    .action(async (name: string | undefined, options: Options) => {
      const stack = await DeployedStack.find(options, env);
      const ids = (await readingsOf(stack, name)).flatMap(({ key }) => key.approvals);
      const approvals = (await Promise.all(ids.map((id) => stack.approvals().read(id)))).filter((approval) => approval !== undefined);
      const rows = approvals.map(({ id, key, purpose, outcome, expiresAt, question }) => [id, key, purpose, outcome ?? 'open', expiresAt, question]);
      print(options, approvals, () => (rows.length === 0 ? 'Nothing was asked.' : table(['id', 'key', 'purpose', 'answer', 'expires', 'question'], rows)));
    });
}

async function viewOf(stack: DeployedStack, reading: KeyReading): Promise<View> {
  const { key } = reading;
  const approvals = (await Promise.all(key.approvals.map((id) => stack.approvals().read(id)))).filter((approval) => approval !== undefined);
  const repair = approvals.find(({ id }) => id === key.repair?.approvalId)?.facts['repair'];
  return {
    ...reading,
    openApprovals: approvals.filter((approval) => standingOf(approval, key.rev, stack.now()) === 'open'),
    repairKind: repair === undefined ? null : repairSchema.parse(JSON.parse(repair)).kind,
  };
}

/** One key, or all of them by name. @throws {CliError} when there is no such key */
async function readingsOf(stack: DeployedStack, name: string | undefined): Promise<readonly KeyReading[]> {
  const registry = stack.registry();
  const names = name === undefined ? [...(await registry.allNames())].sort() : [name];
  const readings = (await Promise.all(names.map((each) => registry.read(each)))).filter((reading) => reading !== undefined);
  if (name !== undefined && readings.length === 0) throw new CliError(`${name} is not in the registry. keyturn status shows all keys.`);
  return readings;
}

function overview(views: readonly View[]): string {
  const rows = views.map((view) => {
    const { key } = view;
    const active = Object.values(key.versions).find(({ status }) => status === 'ACTIVE');
    return [key.name, key.policy.owner, active === undefined ? 'none' : `v${active.number}`, standing(view), String(view.openApprovals.length), key.lease?.rotationId ?? '', key.dueAt];
  });
  return rows.length === 0 ? 'The registry has no keys.' : table(['key', 'owner', 'active', 'stands', 'open questions', 'owned by', 'due'], rows);
}

function detail(view: View): string {
  const { key, openApprovals } = view;
  const versions = Object.values(key.versions).map((version) => [
    `v${version.number}`,
    version.status,
    version.kmsKeyId ?? '',
    version.disableNotBefore ?? '',
    version.revokeNotBefore ?? '',
  ]);
  return [
    `${key.name}  ${key.policy.alias}  owner ${key.policy.owner}`,
    `Stands        ${standing(view)}`,
    ...openApprovals.map((approval) => coloured('yellow', `Waits for a person  ${questionText(approval)}`)),
    ...repairLine(view),
    `Owned by      ${key.lease === null ? 'nobody' : `${key.lease.rotationId} since ${key.lease.grantedAt}`}`,
    `In doubt      ${key.intent === null ? 'nothing' : `${key.intent.kind} of v${key.intent.version} since ${key.intent.at}`}`,
    `Due           ${key.dueAt}, last completed window ${key.completedWindow ?? 'none'}`,
    `Unretired     ${key.retirementPending.length === 0 ? 'nothing' : key.retirementPending.map((number) => `v${number}`).join(', ')}`,
    table(['version', 'status', 'KMS key', 'disable from', 'revoke from'], versions),
  ].join('\n');
}

function questionText({ id, purpose, expiresAt }: Approval): string {
  const command = purpose === 'recover' ? `keyturn approve ${id} --resume --reason …, or with --abort` : `keyturn approve ${id} --reason …`;
  return `${id} (${purpose}) until ${expiresAt}: ${command}`;
}

/** A repair that was made and did not lift the freeze stays until another one begins. */
function repairLine({ key: { repair }, repairKind }: View): readonly string[] {
  if (repair === null) return [];
  const text = repair.madeAt === undefined ? `under way since ${repair.begunAt}` : `begun ${repair.begunAt}, made ${repair.madeAt}; the freeze ends once registry and KMS are found to agree`;
  return [`Repair        ${repairKind ?? `of approval ${repair.approvalId}`}, ${text}`];
}

function standing(view: View): string {
  const { key, openApprovals } = view;
  const words = [
    ...standStillOf(view),
    ...(key.hold === null ? [] : [coloured('yellow', `held by ${key.hold.by}: ${key.hold.reason}`)]),
    ...(key.pause === null ? [] : [coloured('yellow', `paused until ${key.pause.until} by ${key.pause.by}: ${key.pause.reason}`)]),
    ...(key.abortRequest === null ? [] : [`abort requested by ${key.abortRequest.by}`]),
    ...(key.emergency === null || key.emergency.isDone ? [] : [`emergency ${key.emergency.number}`]),
    ...(key.removed ? ['removed from the configuration'] : []),
    ...(openApprovals.length === 0 ? [] : [coloured('yellow', 'waits for a person')]),
  ];
  return words.join('; ') || coloured('green', 'in order');
}

function history(ledger: readonly LedgerEvent[]): string {
  return table(
    ['seq', 'at', 'event', 'by', 'moves', 'facts'],
    ledger.map(({ seq, at, type, by, moves, facts }) => [
      String(seq),
      at,
      type,
      by,
      moves.map(({ version, from, to }) => `v${version} ${from ?? 'new'} → ${to}`).join(', '),
      Object.entries(facts ?? {}).map(([name, value]) => `${name}=${String(value)}`).join(' '),
    ]),
  );
}
