import { Command, CommanderError } from 'commander';
import { costTable, keyTable, timeline, verdictTable } from './picture';
import { rotationCosts } from './costs';
import { synthesize } from './synthesize';
import { liveAYear, START_MS, type Progress, type YearResult } from './year';

const DAYS = 365;
const MAX_COMPLAINTS = 20;

// The SDK tells every run on Node 20 that it will want Node 22 from 2027 on; nobody who watches a demo can act on that.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** How the run went, as the one JSON document that `--json` prints. */
function toJson(result: YearResult, seconds: number): object {
  const checked = result.verdicts.filter((verdict) => verdict.status !== 'not-checkable').length;
  const violations = result.verdicts.flatMap(({ invariant, violations: list }) => list.map((violation) => ({ invariant, ...violation })));
  return {
    keys: result.keys.map(({ key, aliasTarget, versions }) => ({
      name: key.name,
      alias: key.policy.alias,
      strategy: key.policy.strategy,
      aliasTarget,
      versions: versions.map(({ number, status, kmsKeyId }) => ({ version: number, status, kmsKeyId: kmsKeyId ?? null })),
    })),
    executions: result.executions.map(({ name, status }) => ({ name, status })),
    invariants: { checked, violations },
    consumers: { calls: result.tally.calls, failed: result.tally.failures.length },
    virtualDays: result.virtualDays,
    seconds,
  };
}

/** What did not go as it should, a line each. */
function complaintsAbout(result: YearResult): string[] {
  return [
    ...result.executions.flatMap(({ name, status, outcome }) => (outcome === 'completed' ? [] : [`${name} ended ${status} ${outcome}`])),
    ...result.verdicts.flatMap(({ invariant, violations }) => violations.map(({ message }) => `invariant violated: ${invariant}: ${message}`)),
    ...result.tally.failures.map((failure) => `consumer: ${failure}`),
    ...result.keys.flatMap(({ key, versions }) => {
      const windows = Math.floor((DAYS * 86_400) / key.policy.rotateEverySeconds);
      return versions.length < 1 + windows ? [`${key.name} has ${versions.length} versions after ${windows} windows and its bootstrap`] : [];
    }),
    ...(result.keys.length === 0 ? ['the configuration has no keys'] : []),
  ];
}

function print(result: YearResult, seconds: number): void {
  const bootstraps = new Set(result.keys.map(({ versions }) => versions[0]?.rotationId ?? ''));
  const costs = rotationCosts(result.trace, result.keys.map(({ key }) => key.name), bootstraps);
  const sections = [
    ['Keys and versions', keyTable(result.keys)],
    ['Timeline', timeline(result.keys, START_MS, result.endMs)],
    ['What one rotation is billed for', costTable(costs)],
    ['Invariants', verdictTable(result.verdicts)],
  ] as const;
  for (const [title, body] of sections) process.stdout.write(`\n${title}\n${body}\n`);
  process.stdout.write(
    `\n${result.executions.length} executions in ${DAYS} virtual days and ${result.virtualDays - DAYS} until the last rotation ended, two schedules firing at every window; ` +
      `${result.tally.calls} consumer calls, ${result.tally.failures.length} failed; ${seconds} s.\n`,
  );
}

/** Progress on a terminal is one line that changes; elsewhere it is a line a month. */
function showProgress({ day, nowMs, ended, running, calls, failed }: Progress): void {
  const phase = day > DAYS ? 'the last rotations end' : `day ${day}/${DAYS}`;
  const line = `${new Date(nowMs).toISOString().slice(0, 10)}  ${phase}  rotations: ${ended} done, ${running} under way  consumer calls: ${calls}, ${failed} failed`;
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (day % 30 === 0) process.stderr.write(`${line}\n`);
}

async function demo(options: { readonly json?: boolean }): Promise<number> {
  const startedAt = process.hrtime.bigint();
  process.stderr.write('Synthesizing the stack and starting the local cloud …\n');
  const result = await liveAYear(await synthesize(), { days: DAYS, onDay: showProgress });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const seconds = Math.round(Number(process.hrtime.bigint() - startedAt) / 1e8) / 10;
  if (options.json === true) process.stdout.write(`${JSON.stringify(toJson(result, seconds))}\n`);
  else print(result, seconds);
  const complaints = complaintsAbout(result);
  for (const complaint of complaints.slice(0, MAX_COMPLAINTS)) process.stderr.write(`${complaint}\n`);
  if (complaints.length > MAX_COMPLAINTS) process.stderr.write(`… and ${complaints.length - MAX_COMPLAINTS} more\n`);
  return complaints.length === 0 ? 0 : 1;
}

const program = new Command('demo')
  .description('Runs a virtual year of rotations on the synthesized stack, here, on real cryptography and without an AWS account.')
  .option('--json', 'prints one JSON document on stdout instead of tables')
  .exitOverride()
  .showHelpAfterError();

program
  .action(async (options: { readonly json?: boolean }) => {
    process.exitCode = await demo(options);
  })
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
  });
