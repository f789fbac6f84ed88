import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');

/** Types `npm run simulate -- …`, without npm. */
function simulate(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'local/simulate/main.ts', ...args], { cwd: ROOT, encoding: 'utf8', timeout: 120_000 });
  return { status, stdout, stderr };
}

interface Document {
  readonly design: string;
  readonly seed: number;
  readonly runs: number;
  readonly violatingRuns: number;
  readonly rotations: number;
  readonly faultsInjected: number;
  readonly violatingRunsByInvariant: Readonly<Record<string, number>>;
  readonly violations: readonly { readonly seed: number; readonly invariant: string; readonly message: string; readonly steps?: readonly string[]; readonly timeline?: readonly string[]; readonly replay?: string }[];
  readonly reach: { readonly faults: Readonly<Record<string, number>>; readonly edges: { readonly covered: number; readonly total: number; readonly missing: readonly string[] } };
  readonly rotationsPerSecond: number;
  readonly traceHash: string;
}

describe('runs of keyturn', () => {
  const play = (...args: readonly string[]) => simulate(...args, '--keys', '1', '--windows', '1', '--wire', 'direct', '--jobs', '1', '--json');
  const documentOf = ({ stdout }: ReturnType<typeof play>): Document => JSON.parse(stdout) as Document;
  let whole: ReturnType<typeof play>;

  beforeAll(() => {
    whole = play('--runs', '3');
  }, 120_000);

  test('no violation, what was reached, and how fast', () => {
    const { traceHash, reach, ...document } = documentOf(whole);
    expect(document).toMatchObject({ design: 'keyturn', seed: 0, runs: 3, violatingRunsByInvariant: {}, violations: [], rotationsPerSecond: expect.any(Number) });
    expect(whole.status).toBe(0);
    expect(document.rotations).toBeGreaterThanOrEqual(3);
    expect(document.faultsInjected).toBe(Object.values(reach.faults).reduce((sum, count) => sum + count, 0));
    expect(reach.edges.covered + reach.edges.missing.length).toBe(reach.edges.total);
    expect(traceHash).toMatch(/^[0-9a-f]{64}$/);
    expect(whole.stderr).toMatch(/3 of 3 runs, .* runs\/s, no violation/);
  });

  test('in parts add up to the whole', () => {
    const [first, second] = [documentOf(play('--runs', '2')), documentOf(play('--seed', '2', '--runs', '1'))];
    const all = documentOf(whole);
    expect([first.seed, second.seed]).toEqual([0, 2]);
    for (const count of ['runs', 'rotations', 'faultsInjected', 'violatingRuns'] as const) expect(first[count] + second[count]).toBe(all[count]);
    for (const [fault, count] of Object.entries(all.reach.faults)) expect((first.reach.faults[fault] ?? 0) + (second.reach.faults[fault] ?? 0)).toBe(count);
    expect(first.reach.edges.missing.filter((edge) => second.reach.edges.missing.includes(edge))).toEqual(all.reach.edges.missing);
  }, 120_000);
});

/** What a violation's replay command gives to the simulator. */
function argumentsOf(replay = ''): readonly string[] {
  return replay.split(' -- ')[1]?.split(' ') ?? [];
}

function expectTheSameAgain({ replay, steps = [], invariant = '', message = '' }: Partial<Document['violations'][number]> = {}): void {
  const again = simulate(...argumentsOf(replay));
  expect(again.status).toBe(1);
  expect(again.stdout).toContain(`VIOLATED       ${invariant}`);
  expect(again.stdout).toContain(message);
  const [head = ''] = again.stdout.split('\n\n');
  expect(head.split('\n').slice(1)).toEqual(steps.map((step) => `  ${step}`));
  expect(again.stdout).toMatch(/Trace hash: [0-9a-f]{64}/);
}

describe('violations of cron', () => {
  const RUN = ['--runs', '4', '--keys', '1', '--windows', '1', '--design', 'cron', '--wire', 'direct', '--jobs', '1'];
  let status: number | null;
  let stderr: string;
  let document: Document;

  beforeAll(() => {
    const run = simulate(...RUN, '--json');
    ({ status, stderr } = run);
    document = JSON.parse(run.stdout) as Document;
  }, 120_000);

  test('are said as they are found, the first of each invariant', () => {
    const said = stderr.split('\n').flatMap((line) => /^seed \d violates (\d+ .*?): /.exec(line)?.[1] ?? []);
    expect([...said].sort()).toEqual(Object.keys(document.violatingRunsByInvariant).sort());
  });

  test('are shrunk to the few faults that they need, and shown on a timeline that says what it leaves out', () => {
    expect(status).toBe(1);
    const shown = document.violations.filter(({ timeline }) => timeline !== undefined);
    expect(shown).toHaveLength(3);
    for (const { steps, timeline } of shown) {
      expect(steps?.length).toBeLessThanOrEqual(10);
      expect(timeline?.join('\n')).toContain('>>');
      expect(timeline?.join('\n')).toMatch(/ … \d+ lines? left out/);
      expect(timeline?.join('\n')).not.toMatch(/00000000-0000/);
    }
  });

  test.each<[string, (needed: number) => boolean]>([['without any fault', (needed) => needed === 0], ['with some', (needed) => needed > 0]])('shrunk, are played again by the command that is printed: %s', (_, isMeant) => {
    expectTheSameAgain(document.violations.find(({ timeline, steps = [] }) => timeline !== undefined && isMeant(steps.length)));
  }, 60_000);
});

test('a fault that a run does not have cannot be played alone', () => {
  const { status, stderr } = simulate('--replay', '2', '--only', '1,99', '--keys', '1', '--windows', '1', '--wire', 'direct');
  expect(stderr).toMatch(/^--only names fault 99; the run of seed 2 has (\d+)\. Allowed: numbers from 1 to \1 with commas between, or none; --replay without --only prints them\.$/m);
  expect(status).toBe(1);
}, 60_000);

test('crash points: what was explored, by how many lives, and that pairs that were left out were compared; what is known from singles counts in the first part', () => {
  const [first, second] = ['1/2', '2/2'].map((part) => {
    const { status, stdout } = simulate('--crash-points', '--depth', '2', '--life', 'bootstrap', '--every-pair', '2000', '--part', part, '--verify-skipped', '2', '--wire', 'direct', '--json');
    const { singles, pairs, verified } = JSON.parse(stdout) as { singles: Counts; pairs: Counts; verified: unknown };
    expect(verified).toEqual({ compared: 2, differences: [] });
    expect({ status, found: singles.violations + pairs.violations }).toEqual({ status: 0, found: 0 });
    expect(pairs.explored).toBeLessThan(pairs.total);
    return pairs;
  });
  expect(second?.total).toBe(first?.total);
  expect(second?.lived).toBeGreaterThan(0);
  expect(second?.explored).toBeLessThan(first?.explored ?? 0);
}, 240_000);

interface Counts {
  readonly total: number;
  readonly explored: number;
  readonly lived: number;
  readonly violations: number;
}

test.each([
  [['--faults', 'fire'], /There is no fault fire\. Allowed: all, none, or some of crash-before-call, /],
  [['--runs', 'many'], /Allowed: a whole number from 1/],
  [['--design', 'vault'], /Allowed choices are keyturn, cron, lease-lock/],
  [['--crash-points', '--design', 'cron'], /take --design away/],
  [['--depth', '2'], /--depth belongs to --crash-points/],
  [['--verify-skipped', '2'], /--verify-skipped belongs to --crash-points/],
  [['--crash-points', '--part', '3/2'], /There is no part 3\/2\. Allowed: i\/n with i from 1 to n, such as 2\/4/],
  [['--crash-points', '--life', 'birth'], /Allowed choices are bootstrap, rotation, rotation with a failure and an approval/],
  [['--plant', 'no-claim', '--design', 'cron'], /Take --design or --plant away/],
  [['--only', '1,2'], /--only plays some faults of one run again; say with --replay <seed> which run/],
  [['--replay', '1', '--only', '1,x'], /There is no fault number "x"\. Allowed: none, or numbers from 1/],
  [['--plant', 'tulip'], /There is no planted bug tulip\. Allowed: all, or one of /],
])('%j is refused, with what is allowed', (args, complaint) => {
  const { status, stderr } = simulate(...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(complaint);
});
