import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Compared, page, type PageContent } from '../../../local/compare/page/page';
import { record, type Recording } from '../../../local/compare/recording';
import { perThousand, readResult, type Result } from '../../../local/compare/results';
import { FROM_MS, play, POLICY, type Situation, SITUATIONS, UNTIL_MS, WINDOW_MS } from '../../../local/compare/situations';

const HOUR = 3_600_000;
const SCOPE = { alias: POLICY.alias, drainSeconds: POLICY.drainSeconds, fromMs: FROM_MS, untilMs: UNTIL_MS };

const GOOD: Recording = {
  fromMs: FROM_MS,
  untilMs: UNTIL_MS,
  versions: [
    { number: 1, spans: [{ standing: 'active', fromMs: FROM_MS, untilMs: WINDOW_MS }, { standing: 'draining', fromMs: WINDOW_MS, untilMs: UNTIL_MS }] },
    { number: 2, spans: [{ standing: 'active', fromMs: WINDOW_MS, untilMs: UNTIL_MS }] },
  ],
  moves: [{ atMs: FROM_MS - HOUR, version: 1 }, { atMs: WINDOW_MS, version: 2 }],
  calls: [{ atMs: WINDOW_MS + HOUR, isFailed: false }],
  wrongs: [],
  violated: [],
};
const BAD: Recording = {
  ...GOOD,
  calls: [{ atMs: WINDOW_MS + HOUR, isFailed: true }, { atMs: WINDOW_MS + 2 * HOUR, isFailed: true }, { atMs: WINDOW_MS + 3 * HOUR, isFailed: false }],
  wrongs: [{ fromMs: WINDOW_MS + HOUR, untilMs: WINDOW_MS + 5 * HOUR, version: 1, what: 'disabled too early' }],
};
const SITUATION: Situation = {
  name: 'one', title: 'One <accident>', happens: 'It happens.', wrong: 'It went wrong & broke.', keyturn: 'It held.', moments: [{ atMs: WINDOW_MS, what: 'it "begins"' }], poolsApartMs: 0,
};
const COMPARED: Compared = { situation: SITUATION, recordings: [{ design: 'cron', recording: BAD }, { design: 'keyturn', recording: GOOD }] };
const RESULTS: readonly Result[] = [
  { design: 'cron', runs: 2000, rotations: 8123, faults: 7000, violatingRuns: 1801 },
  { design: 'keyturn', runs: 500, rotations: 2000, faults: 1700, violatingRuns: 0 },
];

function pageOf(content: Partial<PageContent> = {}): string {
  return page({ compared: [COMPARED], results: RESULTS, zeroMs: WINDOW_MS, ...content });
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('the page', () => {
  test('needs nothing but itself', () => {
    expect(pageOf()).not.toMatch(/https?:|\/\/[a-z]|src=|href=|@import|url\(|<script|<link/i);
  });

  test('shows each design on its own lane: versions, alias, what is broken, failed calls', () => {
    const text = pageOf();
    expect(count(text, 'class="lane bad"')).toBe(1);
    expect(count(text, 'class="lane good"')).toBe(1);
    expect(text).toContain('✕ 1 broken promise<');
    expect(text).toContain('✕ 2 failed calls<');
    expect(text).toContain('✓ as promised<');
    expect(count(text, 'class="failed" x1')).toBe(2);
    expect(count(text, 'class="bar active"')).toBe(4);
    expect(count(text, 'class="alias" d="M')).toBe(2);
    expect(text).toContain('>disabled too early</text>');
  });

  test('puts both lanes on the same time axis', () => {
    const swaps = [...pageOf().matchAll(/class="alias" d="M[\d.]+ [\d.]+ H([\d.]+) V/g)].map(([, x]) => x);
    expect(swaps).toHaveLength(2);
    expect(new Set(swaps).size).toBe(1);
  });

  test('says in words what went wrong and what keyturn did, and how to see it again', () => {
    const text = pageOf();
    for (const part of ['It happens.', 'It went wrong &amp; broke.', 'It held.', 'it &quot;begins&quot;', 'One &lt;accident&gt;', 'npm run compare -- --only one']) expect(text).toContain(part);
    expect(text).not.toContain('<accident>');
  });

  test('counts per 1,000 runs, and says how many runs that rests on', () => {
    const text = pageOf();
    expect(text).toContain('>900.5<');
    expect(text).toContain('>2,000<');
    expect(text).toContain('style="width:90.0%"');
    expect(text).toContain('npm run --silent simulate -- --design cron --runs 1000 --json');
  });

  test('says where figures come from when it was given none', () => {
    const text = pageOf({ results: [] });
    expect(text).toContain('No figures were given');
    expect(text).toContain('--results cron.json lease-lock.json keyturn.json');
    expect(text).not.toContain('<table>');
  });

  test('is readable in the dark', () => {
    expect(pageOf()).toContain('prefers-color-scheme:dark');
  });
});

describe('results of the simulator', () => {
  const directory = mkdtempSync(join(tmpdir(), 'compare-'));
  afterAll(() => { rmSync(directory, { recursive: true }); });
  const fileOf = (content: unknown): string => {
    const file = join(directory, 'result.json');
    writeFileSync(file, JSON.stringify(content));
    return file;
  };

  test('are read with the number of runs that violate', () => {
    const result = readResult(fileOf({ design: 'cron', runs: 200, rotations: 700, faultsInjected: 300, violatingRuns: 150, violations: [{ seed: 1 }], more: true }));
    expect(result).toEqual({ design: 'cron', runs: 200, rotations: 700, faults: 300, violatingRuns: 150 });
    expect(perThousand(result)).toBe(750);
  });

  test('count each seed once when they only list violations', () => {
    expect(readResult(fileOf({ design: 'lease-lock', runs: 10, violations: [{ seed: 1 }, { seed: 1 }, { seed: 2 }] })).violatingRuns).toBe(2);
  });

  test.each<[string, unknown]>([
    ['another design', { design: 'luck', runs: 1, violations: [] }],
    ['no runs', { design: 'cron', runs: 0, violations: [] }],
    ['no violations', { design: 'cron', runs: 1 }],
  ])('refuses a file with %s', (_, content) => {
    expect(() => readResult(fileOf(content))).toThrow('result.json is not what npm run --silent simulate -- --design <name> --json has printed');
  });

  test('refuses a file that is missing, cut off, or has lines of npm in it, and names it', () => {
    expect(() => readResult(join(directory, 'missing.json'))).toThrow(/--results .*missing\.json cannot be read \(.*ENOENT.*Expected: a file with what npm run --silent simulate/);
    const file = fileOf(null);
    writeFileSync(file, '{"design": "cron", ');
    expect(() => readResult(file)).toThrow(/--results .*result\.json is not JSON .*Expected: what npm run --silent simulate/);
    expect(() => readResult(file)).not.toThrow(/Without --silent/);
    writeFileSync(file, '\n> keyturn@1.0.0 simulate\n> tsx local/simulate/main.ts\n\n{}');
    expect(() => readResult(file)).toThrow(/Without --silent npm writes lines of its own/);
  });
});

describe('the command', () => {
  const compare = (...args: readonly string[]) => spawnSync(process.execPath, ['--import', 'tsx', 'local/compare/main.ts', ...args], { cwd: join(__dirname, '../../..'), encoding: 'utf8', timeout: 60_000 });

  test.each<[readonly string[], RegExp]>([
    [['--out', 'no/such/directory/report.html'], /--out no\/such\/directory\/report\.html: there is no directory no\/such\/directory\. Make it first/],
    [['--out', 'docs'], /--out docs is a directory\. Name a file in it/],
    [['--only', 'fire'], /no situation "fire"\. There are: two-pools/],
  ])('%j is refused before any work', (args, complaint) => {
    const { status, stdout, stderr } = compare(...args);
    expect(stderr).toMatch(complaint);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});

describe('the situations', () => {
  const recordingOf = async (situation: Situation, design: 'cron' | 'keyturn'): Promise<Recording & { readonly executions: number }> => {
    const { trace, verdicts } = await play(situation, design);
    const executions = trace.filter((event) => event.type === 'states.execution-started' && event.execution.includes('20260610')).length;
    return { ...record(trace, verdicts, SCOPE), executions };
  };

  test.each<[string, readonly string[], number, boolean]>([
    ['two-pools', ['a second key for one window'], 3, false],
    ['second-job-in-drain', ['a second key for one window', 'disabled too early'], 3, true],
    ['retry', ['not retired, and nobody is told'], 2, false],
  ])('%s: cron breaks promises: %j', async (name, wrongs, keys, doCallsFail) => {
    const recording = await recordingOf(SITUATIONS.find((situation) => situation.name === name)!, 'cron');
    expect(recording.wrongs.map(({ what }) => what)).toEqual(wrongs);
    expect(recording.versions).toHaveLength(keys);
    expect(recording.calls.some(({ isFailed }) => isFailed)).toBe(doCallsFail);
  });

  test.each(SITUATIONS.map((situation) => [situation.name, situation] as const))('%s: keyturn rotates once, as promised', async (_, situation) => {
    const recording = await recordingOf(situation, 'keyturn');
    expect(recording.violated).toEqual([]);
    expect(recording.wrongs).toEqual([]);
    expect(recording.calls.filter(({ isFailed }) => isFailed)).toEqual([]);
    expect(recording.calls.length).toBeGreaterThan(500);
    expect(recording.executions).toBe(1);
    expect(recording.versions.map(({ spans }) => spans.at(-1)?.standing)).toEqual(['deletion', 'active']);
    expect(recording.versions[0]?.spans.map(({ standing }) => standing)).toEqual(['active', 'draining', 'disabled', 'deletion']);
  });
});
