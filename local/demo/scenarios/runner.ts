import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Verdict } from '../../../lambdas/domain/checker';
import { pictureOf, registryOf, type Run, runsIn } from '../account';
import type { KeyPicture } from '../picture';
import { synthesize } from '../synthesize';
import { checkEnd, verdictsOn } from './ending';
import { Narrator } from './narrator';
import type { Scenario } from './scenario';
import { OtherAnswer, Stage, Stuck, type Audience, type Check } from './stage';

/** How a scenario has ended. */
export interface Performance {
  readonly scenario: Scenario;
  readonly checks: readonly Check[];
  readonly verdicts: readonly Verdict[];
  readonly alerts: readonly string[];
  readonly keys: readonly KeyPicture[];
  readonly executions: readonly Run[];
  readonly consumers: { readonly calls: number; readonly failed: number };
  readonly virtualDays: number;
  readonly seconds: number;
}

export interface PlayOptions {
  /** Where the story goes. */
  readonly write: (text: string) => void;
  /** Who decides. @default the scenario's own people */
  readonly audience?: Audience;
  /** @default any free one */
  readonly port?: number;
}

/** Synthesizes the app with the scenarios' keys, hands over its folder, and removes it afterwards. */
export async function withAssembly<T>(use: (assembly: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'keyturn-demo-'));
  try {
    return await use(await synthesize({ directory, configuration: join(__dirname, 'keyturn.config.json') }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Plays one scenario in an account of its own, and checks its end. */
export async function play(assembly: string, scenario: Scenario, { write, audience, port }: PlayOptions): Promise<Performance> {
  const startedAt = process.hrtime.bigint();
  write(`\n${scenario.name}: ${scenario.summary}\nDemanded: ${scenario.demands}\n\n`);
  const stage = await Stage.set(assembly, scenario, {
    narratorOf: (key, nowMs) => new Narrator(key, nowMs, write),
    ...(audience !== undefined && { audience }),
    ...(port !== undefined && { port }),
  });
  const beganMs = stage.nowMs;
  try {
    const isOwnEnd = await scenario.play(stage).then(() => true, (error: unknown) => endOf(stage, error));
    if (isOwnEnd) await checkEnd(stage);
    const verdicts = verdictsOn(stage);
    const registry = registryOf(stage.cloud);
    const performance = {
      scenario,
      checks: stage.checks,
      verdicts,
      alerts: stage.alerts(),
      keys: [await pictureOf(stage.cloud, registry, scenario.key)],
      executions: runsIn(stage.cloud.trace.events()),
      consumers: { calls: stage.tally.calls, failed: stage.tally.failures.length },
      virtualDays: Math.round((stage.nowMs - beganMs) / 8_640_000) / 10,
      seconds: Math.round(Number(process.hrtime.bigint() - startedAt) / 1e8) / 10,
    };
    write(`\n${epilogue(performance)}\n`);
    return performance;
  } finally {
    await stage.close();
  }
}

/** Goes on after what has ended the play early. @returns whether the scenario's own end is to be checked @throws what is no matter of the play */
async function endOf(stage: Stage, error: unknown): Promise<boolean> {
  if (error instanceof OtherAnswer) {
    stage.tell('demo', error.message);
    await stage.passHours(24);
    return false;
  }
  if (!(error instanceof Stuck)) throw error;
  stage.check(error.message, false);
  return true;
}

/** Whether everything came as the design demands. */
export function isAsDemanded({ checks, verdicts }: Pick<Performance, 'checks' | 'verdicts'>): boolean {
  return checks.every(({ isMet }) => isMet) && verdicts.every(({ status }) => status !== 'violated');
}

/** What was looked at in the end, a line each. */
function epilogue(performance: Performance): string {
  const { checks, verdicts, virtualDays, seconds, scenario } = performance;
  const violations = verdicts.flatMap(({ invariant, violations: list }) => list.map(({ message }) => `FAILED:  invariant ${invariant}: ${message}`));
  const held = verdicts.filter(({ status }) => status === 'held').length;
  return [
    ...checks.map(({ what, isMet, found }) => `${isMet ? 'checked: ' : 'FAILED:  '}${what}${found === undefined ? '' : `\n         found: ${found}`}`),
    `${violations.length === 0 ? 'checked: ' : ''}${held} invariants held on everything that was applied, ${verdicts.length - held - verdicts.filter(({ status }) => status === 'violated').length} had nothing to look at here`,
    ...violations,
    `${scenario.name} ${isAsDemanded(performance) ? 'ended as the design demands' : 'did NOT end as the design demands'}: ${virtualDays} virtual days in ${seconds} s.`,
  ].join('\n');
}

/** One scenario as the JSON that `--json` prints. */
export function toJson(performance: Performance): object {
  const { scenario, checks, verdicts, alerts, keys, executions, consumers, virtualDays, seconds } = performance;
  return {
    scenario: scenario.name,
    isAsDemanded: isAsDemanded(performance),
    checks,
    alerts,
    ...keysAndInvariants(keys, verdicts),
    executions: executions.map(({ name, status, outcome }) => ({ name, status, outcome })),
    consumers,
    virtualDays,
    seconds,
  };
}

/** What every scenario's JSON has, the year's too. */
export function keysAndInvariants(keys: readonly KeyPicture[], verdicts: readonly Verdict[]): object {
  return {
    keys: keys.map(({ key, aliasTarget, versions }) => ({
      name: key.name,
      alias: key.policy.alias,
      strategy: key.policy.strategy,
      aliasTarget,
      versions: versions.map(({ number, status, kmsKeyId }) => ({ version: number, status, kmsKeyId: kmsKeyId ?? null })),
    })),
    invariants: {
      checked: verdicts.filter(({ status }) => status !== 'not-checkable').length,
      violations: verdicts.flatMap(({ invariant, violations: list }) => list.map((violation) => ({ invariant, ...violation }))),
    },
  };
}
