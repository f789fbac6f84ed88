import type { Command } from 'commander';
import { audit, type Audit } from '../lambdas/domain/audit/audit';
import { summarize, type Verdict } from '../lambdas/domain/checker';
import type { KeyReading } from '../lambdas/ports/registry';
import { looking, CliError } from './cli-error';
import { readCloudTrail } from './cloudtrail-file';
import { withConnection, type ConnectionOptions } from './connection';
import { coloured, print, table, type OutputOptions } from './output';
import { DeployedStack } from './stack';
import { standStillOf } from './stand-still';

interface Options extends ConnectionOptions, OutputOptions {
  readonly cloudtrail?: readonly string[];
  readonly all?: boolean;
}

export function addAuditCommand(program: Command, env: NodeJS.ProcessEnv): void {
  withConnection(program.command('audit'))
    .description("Verifies a key's ledger and holds the registry and, if given, CloudTrail against the invariants. Exit code: 1 for a violation, 2 if it could not look.")
    .argument('<key>', 'name of the managed key')
    .option('--cloudtrail <files...>', "CloudTrail's events of KMS, without gaps: log files from S3, or what `aws cloudtrail lookup-events` prints")
    .option('--all', 'shows on a terminal, too, what is not checkable')
    .option('--json', 'prints JSON')
    .action((name: string, options: Options) => looking(() => auditKey(name, options, env)));
}

/** @returns what is wrong, if anything is. */
async function auditKey(name: string, options: Options, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const cloudTrail = options.cloudtrail?.flatMap(readCloudTrail);
  const stack = await DeployedStack.find(options, env);
  const registry = stack.registry();
  // The ledger first: what is written meanwhile is in the reading, and is read again.
  const reading = await registry.read(name);
  if (reading === undefined) throw new CliError(`${name} is not in the registry. keyturn status shows all keys.`);
  const [ledger, terminalVersions] = [await registry.ledger(name), await registry.terminalVersions(name)];
  if ((await registry.read(name))?.key.seq !== reading.key.seq) throw new CliError(`${name} changed while it was looked at. Try again.`);
  const role = `:role/keyturn/${options.stack}/`;
  const result = audit({ ...reading, ledger, terminalVersions, at: stack.now(), isKeyturn: (actor) => actor.includes(role), cloudTrail });
  const { violations, ...counts } = summarize(result.verdicts);
  print(options, { key: name, ...result, violations, ...counts }, () => reportOf(reading, result, options.all === true || !process.stdout.isTTY));
  return violations === 0 ? undefined : `${name}: ${violations} ${violations === 1 ? 'violation' : 'violations'}. docs/operations.md, section frozen, says what to do about a key that is not as its registry says.`;
}

/** @param isWhole whether the rows that are not checkable are shown, or only counted */
function reportOf(reading: KeyReading, { verdicts, lookedAt, cloudTrailSpan, disowned }: Audit, isWhole: boolean): string {
  const { name } = reading.key;
  const { ledgerEvents, cloudTrailEvents } = lookedAt;
  const kms =
    cloudTrailEvents === null
      ? 'KMS was not looked at (--cloudtrail)'
      : `${cloudTrailEvents} events of KMS${cloudTrailSpan === null ? '' : ` between ${cloudTrailSpan.from} and ${cloudTrailSpan.to}; outside of that KMS was not looked at`}`;
  const shown = verdicts.filter(({ status }) => isWhole || status !== 'not-checkable');
  return [
    ...standStillOf(reading).map((what) => `${name}: ${what}`),
    table(['invariant', 'verdict', 'rests on', ''], shown.map((verdict) => [verdict.invariant, wordOf(verdict), String(verdict.restsOn), detailOf(verdict)])),
    ...(isWhole ? [] : [`${verdicts.length - shown.length} not checkable (--all shows them)`]),
    `${name}: ${ledgerEvents} events of the ledger, ${kms}. Not looked at: executions, acknowledgements, alerts, earlier policies.`,
    ...(disowned.length === 0 ? [] : [coloured('yellow', `Events ${disowned.join(', ')} stand in the ledger, and an approved repair went on without them: keyturn history shows them.`)]),
  ].join('\n');
}

function wordOf({ status }: Verdict): string {
  if (status === 'violated') return coloured('red', 'VIOLATED');
  return status === 'held' ? coloured('green', 'held') : 'not checkable';
}

function detailOf({ reason, violations }: Verdict): string {
  return violations.length === 0 ? (reason ?? '') : violations.map(({ message }) => message).join('\n');
}
