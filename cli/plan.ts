import type { Command } from 'commander';
import { aliasConditions, type AliasCondition } from '../lambdas/domain/alias-conditions';
import type { Instant } from '../lambdas/domain/instant';
import { planOf, type DependentAnswer, type Firing, type KeyPlan, type PlanMaterial } from '../lambdas/domain/plan';
import type { KeyReading } from '../lambdas/ports/registry';
import { acknowledgementId, requiredDependents, verdictOn } from '../lambdas/tasks/acknowledgement-questions';
import { holderOf } from '../lambdas/tasks/holder';
import { CliError, complaintOf } from './cli-error';
import { withConnection, type ConnectionOptions } from './connection';
import { readIamDetails, type IamPolicy } from './iam-file';
import { coloured, print, type OutputOptions } from './output';
import { DeployedStack } from './stack';

interface Options extends ConnectionOptions, OutputOptions {
  readonly iam?: string;
}

/** A policy that takes permissions away at a promotion, and where it is. */
interface FoundCondition extends AliasCondition {
  readonly where: string;
}

interface Report extends KeyPlan {
  readonly aliasConditions: readonly FoundCondition[];
  readonly notLookedAt: readonly string[];
}

export function addPlanCommand(program: Command, env: NodeJS.ProcessEnv): void {
  withConnection(program.command('plan'))
    .description('Shows what happens to a key next, or to all of them: what the schedule would start and when, why not, what is waited for. Changes nothing.')
    .argument('[key]', 'name of the managed key')
    .option('--iam <file>', 'what `aws iam get-account-authorization-details` prints: its policies are searched, too, for conditions that lose the key at a promotion')
    .option('--json', 'prints JSON')
    .action(async (name: string | undefined, options: Options) => {
      const iam = options.iam === undefined ? undefined : readIamDetails(options.iam);
      const stack = await DeployedStack.find(options, env);
      const registry = stack.registry();
      const names = name === undefined ? [...(await registry.allNames())].sort() : [name];
      const reports: Report[] = [];
      for (const each of names) {
        const reading = await registry.read(each);
        if (reading !== undefined) reports.push(await reportOn(stack, reading, iam));
      }
      if (name !== undefined && reports.length === 0) throw new CliError(`${name} is not in the registry. keyturn status shows all keys.`);
      print(options, reports, () => (reports.length === 0 ? 'The registry has no keys.' : reports.map(textOf).join('\n\n')));
    });
}

async function reportOn(stack: DeployedStack, reading: KeyReading, iam: readonly IamPolicy[] | undefined): Promise<Report> {
  const notLookedAt: string[] = [];
  /** What the caller may not read is told, and left out. */
  const ifAllowed = async <T>(what: string, otherwise: T, read: () => Promise<T>): Promise<T> =>
    read().catch((error: unknown) => {
      notLookedAt.push(`${what}: ${complaintOf(error)}`);
      return otherwise;
    });
  const { key, freeze } = reading;
  const at = stack.now();
  const holder = await ifAllowed('whether the owner has ended', undefined, () => holderOf(stack.executions(), key, at));
  const approvals = await ifAllowed('approvals', [], async () => (await Promise.all(key.approvals.map((id) => stack.approvals().read(id)))).filter((approval) => approval !== undefined));
  const answers = await ifAllowed("dependents' answers", [], () => answersOf(stack, reading));
  const material: PlanMaterial = { key, freeze, at, holder, approvals, answers, executions: new Map() };
  const plan = await ifAllowed('whether executions of these names exist', planOf(material), () => planWithNames(stack, material));
  const conditions = await ifAllowed('key policies', [], () => keyPolicyConditions(stack, reading));
  if (iam === undefined) notLookedAt.push('policies of IAM: give what `aws iam get-account-authorization-details` prints with --iam');
  const ofIam = (iam ?? []).flatMap(({ where, document }) => aliasConditions(document, key.policy.alias).map((found) => ({ where, ...found })));
  return { ...plan, aliasConditions: [...conditions, ...ofIam], notLookedAt };
}

/** The starter meets names that are used up, and so does whoever foresees the next start. */
async function planWithNames(stack: DeployedStack, material: PlanMaterial): Promise<KeyPlan> {
  const executions = new Map(material.executions);
  for (;;) {
    const plan = planOf({ ...material, executions });
    const ids = [plan.now.kind === 'start' ? plan.now.rotationId : undefined, plan.next?.rotationId].filter((id) => id !== undefined);
    const before = executions.size;
    for (const id of new Set(ids)) {
      const status = await stack.executions().status(id);
      if (status !== undefined) executions.set(id, status);
    }
    if (executions.size === before) return plan;
  }
}

async function answersOf(stack: DeployedStack, { key }: KeyReading): Promise<readonly DependentAnswer[]> {
  const questions = Object.values(key.versions).flatMap(({ number: version, status }) => {
    const phase = status === 'PENDING' ? ('ready' as const) : ('released' as const);
    if (status !== 'PENDING' && status !== 'DEPRECATED') return [];
    // A probe is asked when it is needed; its answers are not kept.
    const dependents = requiredDependents(key.lease?.policy, key.policy).filter(({ kind }) => kind === 'event' || phase === 'ready');
    return dependents.map(({ name: dependent }) => ({ version, dependent, phase }));
  });
  return Promise.all(
    questions.map(async (question) => {
      const acknowledgement = await stack.acknowledgements().read(acknowledgementId(key.name, question.version, question.dependent, question.phase));
      return { ...question, verdict: verdictOn(acknowledgement, question.version) };
    }),
  );
}

async function keyPolicyConditions(stack: DeployedStack, { key }: KeyReading): Promise<readonly FoundCondition[]> {
  const living = Object.values(key.versions).filter(({ status, kmsKeyId }) => kmsKeyId !== undefined && (status === 'ACTIVE' || status === 'DEPRECATED'));
  const found = await Promise.all(
    living.map(async ({ number, kmsKeyId = '' }) => {
      const document: unknown = JSON.parse(await stack.keys().keyPolicy(kmsKeyId));
      return aliasConditions(document, key.policy.alias).map((condition) => ({ where: `key policy of v${number}`, ...condition }));
    }),
  );
  return found.flat();
}

function textOf({ key, now, next, owner, retirements, needsPerson, aliasConditions: conditions, notLookedAt }: Report): string {
  const isSame = now.kind === 'start' && next?.rotationId === now.rotationId;
  return [
    key,
    ...row('Now', firingText(now)),
    ...(isSame ? [] : row('Next', next === null ? ['nothing starts by itself'] : [`${next.rotationId} from ${next.at} on`, ...next.steps.map((step) => `- ${step}`)])),
    ...(owner === null ? [] : row('Owner', [`${owner.rotationId} since ${owner.since}`, ...owner.waitsFor.map((what) => `- waits for ${what}`)])),
    ...retirements.flatMap(({ version, step, notBefore, waitsFor }) => row(`${step === 'disable' ? 'Disable' : 'Delete'} v${version}`, [`not before ${deadlineText(notBefore)}`, ...waitsFor.map((what) => `- waits for ${what}`)])),
    ...row('Needs you', needsPerson.map((what) => coloured('red', what))),
    ...row('Policies', conditions.map((condition) => coloured('yellow', conditionText(condition)))),
    ...row('Not looked at', notLookedAt),
  ].join('\n');
}

function firingText(now: Firing): readonly string[] {
  switch (now.kind) {
    case 'start':
      return [`the schedule starts ${now.rotationId} at its next firing`, ...now.steps.map((step) => `- ${step}`)];
    case 'running':
      return [`${now.rotationId} is under way`];
    case 'wait':
      return [`nothing is started: ${now.reason}`];
  }
}

function deadlineText(notBefore: Instant | null): string {
  return notBefore ?? 'a deadline that it does not have yet';
}

function conditionText({ where, statement, effect, operator, values, finding }: FoundCondition): string {
  const what = `${where}, statement ${statement} (${effect}): ${operator} kms:ResourceAliases ${values.join(', ')}`;
  return finding === 'unclear' ? `${what}: look yourself whether it also matches the version aliases` : `${what}: matches the alias and not its version aliases, so it loses the old key at a promotion and finds the new one up to 5 minutes later. Add <alias>/v*`;
}

const LABEL_WIDTH = 15;

/** The label once, and the lines below each other. */
function row(label: string, lines: readonly string[]): readonly string[] {
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`);
}
