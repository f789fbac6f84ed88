import { rotationCosts } from './costs';
import { costTable, keyTable, timeline, verdictTable } from './picture';
import { keysAndInvariants } from './scenarios/runner';
import { synthesize } from './synthesize';
import { liveAYear, START_MS, type Progress, type YearResult } from './year';

export const HAPPY = {
  name: 'happy',
  summary: 'A virtual year without trouble: four keys, two pools firing at the same moments, consumers and dependents.',
  demands: 'Every execution completes, every window has exactly one version, no consumer call fails.',
} as const;

const DAYS = 365;

/** The year, how long it took, and what did not go as it should, a line each. */
export interface Happy {
  readonly result: YearResult;
  readonly seconds: number;
  readonly complaints: readonly string[];
}

/** Lives the year of `keyturn.config.json`, or of what the environment names. */
export async function liveHappily(): Promise<Happy> {
  const startedAt = process.hrtime.bigint();
  process.stderr.write('Synthesizing the stack and starting the local cloud …\n');
  const result = await liveAYear(await synthesize(), { days: DAYS, onDay: showProgress });
  if (process.stderr.isTTY) process.stderr.write('\n');
  const seconds = Math.round(Number(process.hrtime.bigint() - startedAt) / 1e8) / 10;
  return { result, seconds, complaints: complaintsAbout(result) };
}

/** How the run went, as the one JSON document that `--json` prints. */
export function toJson({ result, seconds, complaints }: Happy): object {
  return {
    scenario: HAPPY.name,
    isAsDemanded: complaints.length === 0,
    ...keysAndInvariants(result.keys, result.verdicts),
    executions: result.executions.map(({ name, status }) => ({ name, status })),
    consumers: { calls: result.tally.calls, failed: result.tally.failures.length },
    virtualDays: result.virtualDays,
    seconds,
  };
}

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

export function print({ result, seconds }: Happy): void {
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
