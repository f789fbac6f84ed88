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
  readonly runs: number;
  readonly rotations: number;
  readonly faultsInjected: number;
  readonly violations: readonly { readonly seed: number; readonly invariant: string; readonly steps?: readonly string[]; readonly timeline?: readonly string[]; readonly replay?: string }[];
  readonly reach: { readonly faults: Readonly<Record<string, number>>; readonly edges: { readonly covered: number; readonly total: number; readonly missing: readonly string[] } };
  readonly rotationsPerSecond: number;
  readonly traceHash: string;
}

test('runs of keyturn: no violation, what was reached, and how fast', () => {
  const { status, stdout, stderr } = simulate('--runs', '3', '--keys', '1', '--windows', '1', '--wire', 'direct', '--jobs', '1', '--json');
  const { traceHash, reach, ...document } = JSON.parse(stdout) as Document;
  expect(document).toMatchObject({ design: 'keyturn', runs: 3, violations: [], rotationsPerSecond: expect.any(Number) });
  expect(status).toBe(0);
  expect(document.rotations).toBeGreaterThanOrEqual(3);
  expect(document.faultsInjected).toBe(Object.values(reach.faults).reduce((sum, count) => sum + count, 0));
  expect(reach.edges.covered + reach.edges.missing.length).toBe(reach.edges.total);
  expect(traceHash).toMatch(/^[0-9a-f]{64}$/);
  expect(stderr).toMatch(/3 of 3 runs, .* runs\/s, no violation/);
}, 120_000);

test('a violation is shrunk to the few faults that it needs, shown on a timeline, and can be played again', () => {
  const run = ['--runs', '4', '--keys', '1', '--windows', '1', '--design', 'cron', '--jobs', '1'];
  const { status, stdout } = simulate(...run, '--json');
  expect(status).toBe(1);
  const { violations } = JSON.parse(stdout) as Document;
  const shown = violations.find(({ timeline }) => timeline !== undefined);
  expect(shown?.steps?.length).toBeLessThanOrEqual(10);
  expect(shown?.timeline?.join('\n')).toContain('>>');
  const replayed = simulate(...(shown?.replay ?? '').split(' -- ')[1]!.split(' '));
  expect(replayed.status).toBe(1);
  expect(replayed.stdout).toContain(`VIOLATED       ${shown?.invariant ?? ''}`);
  expect(replayed.stdout).toMatch(/Trace hash: [0-9a-f]{64}/);
}, 120_000);

test.each([
  [['--faults', 'fire'], /There is no fault fire\. Allowed: all, none, or some of crash-before-call, /],
  [['--runs', 'many'], /Allowed: a whole number from 1/],
  [['--design', 'vault'], /Allowed choices are keyturn, cron, lease-lock/],
  [['--crash-points', '--design', 'cron'], /take --design away/],
  [['--depth', '2'], /--depth belongs to --crash-points/],
  [['--plant', 'no-claim', '--design', 'cron'], /Take --design or --plant away/],
  [['--plant', 'tulip'], /There is no planted bug tulip\. Allowed: all, or one of /],
])('%j is refused, with what is allowed', (args, complaint) => {
  const { status, stderr } = simulate(...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(complaint);
});
