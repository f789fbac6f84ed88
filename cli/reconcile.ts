import type { Command } from 'commander';
import { z } from 'zod';
import { MAX_KEYS_PER_RECONCILIATION } from '../lambdas/contract/timing';
import { needsPerson } from '../lambdas/domain/needs-person';
import { CliError, looking } from './cli-error';
import { withConnection, type ConnectionOptions } from './connection';
import { print, table, type OutputOptions } from './output';
import { DeployedStack } from './stack';

type Options = ConnectionOptions & OutputOptions;

/** What the function answers. */
const answer = z.looseObject({
  keys: z.number(),
  isPassComplete: z.boolean(),
  done: z.array(z.object({ key: z.string(), what: z.string() })),
  failed: z.array(z.object({ key: z.string(), check: z.string(), error: z.string() })),
  unconfirmed: z.array(z.object({ key: z.string(), what: z.string(), confirmableFrom: z.string() })),
});
type Answer = z.infer<typeof answer>;

interface Line {
  readonly key: string;
  readonly what: string;
}

interface Report {
  readonly keysLookedAt: number;
  readonly keysRegistered: number;
  readonly done: readonly Line[];
  readonly failed: Answer['failed'];
  readonly unconfirmed: Answer['unconfirmed'];
  readonly needsPerson: readonly Line[];
}

export function addReconcileCommand(program: Command, env: NodeJS.ProcessEnv): void {
  withConnection(program.command('reconcile'))
    .description('Runs the reconciliation now and prints its findings. Exit code: 1 if something needs a person, differs or could not be checked, 2 if it could not run.')
    .option('--json', 'prints JSON')
    .action((options: Options) => looking(() => reconcile(options, env)));
}

/** @returns what needs a person, if anything does. */
async function reconcile(options: Options, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const stack = await DeployedStack.find(options, env);
  const names = [...(await stack.registry().allNames())].sort();
  const answers = await lookAtAll(stack, names.length);
  const report: Report = {
    keysLookedAt: answers.reduce((sum, { keys }) => sum + keys, 0),
    keysRegistered: names.length,
    done: answers.flatMap(({ done }) => done),
    failed: answers.flatMap(({ failed }) => failed),
    unconfirmed: answers.flatMap(({ unconfirmed }) => unconfirmed),
    needsPerson: (await Promise.all(names.map((name) => waitingOf(stack, name)))).flat(),
  };
  print(options, report, () => textOf(report));
  const findings = report.failed.length + report.unconfirmed.length + report.needsPerson.length;
  return findings === 0 ? undefined : `${findings} ${findings === 1 ? 'finding needs' : 'findings need'} a person. docs/operations.md says what to do about each.`;
}

/** One firing looks at some hundred keys and goes on behind the firing before it: so often that every key has its turn, and not for ever. */
async function lookAtAll(stack: DeployedStack, keys: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let lookedAt = 0;
  do {
    const parsed = answer.safeParse(await stack.reconcile());
    if (!parsed.success) throw new CliError(`the reconciliation answered what this keyturn does not understand: ${z.prettifyError(parsed.error)}. Are both of one version?`);
    answers.push(parsed.data);
    lookedAt += parsed.data.keys;
  } while (lookedAt < keys && answers.length < 2 + keys / MAX_KEYS_PER_RECONCILIATION);
  return answers;
}

async function waitingOf(stack: DeployedStack, name: string): Promise<readonly Line[]> {
  const reading = await stack.registry().read(name);
  if (reading === undefined) return [];
  const approvals = await Promise.all(reading.key.approvals.map((id) => stack.approvals().read(id)));
  const known = approvals.filter((approval) => approval !== undefined);
  return needsPerson(reading.key, reading.freeze, known, stack.now()).map((what) => ({ key: name, what }));
}

function textOf({ keysLookedAt, keysRegistered, done, failed, unconfirmed, needsPerson: waiting }: Report): string {
  const rows = [
    ...done.map(({ key, what }) => ['done', key, what]),
    ...failed.map(({ key, check, error }) => ['not checked', key, `${check}: ${error}`]),
    ...unconfirmed.map(({ key, what, confirmableFrom }) => ['differs, not yet confirmed', key, `${what}; look again after ${confirmableFrom}`]),
    ...waiting.map(({ key, what }) => ['needs a person', key, what]),
  ];
  const counted = `${keysLookedAt} of ${keysRegistered} keys were looked at`;
  return rows.length === 0 ? `${counted}: everything is as registered.` : `${table(['finding', 'key', ''], rows)}\n${counted}.`;
}
