import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

test('a refused configuration ends synth with its problems on stderr, exit code 1 and no stack trace', () => {
  const directory = mkdtempSync(join(tmpdir(), 'keyturn-app-'));
  const path = join(directory, 'config.json');
  writeFileSync(path, JSON.stringify({ keys: [{ name: 'orders' }] }));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', join(ROOT, 'bin', 'app.ts')], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, KEYTURN_CONFIG: path, CDK_OUTDIR: directory },
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr.trim().split('\n').map((line) => line.split(': ')[0])).toEqual([
    `${path} has 3 problems:`,
    '  keys[0].owner',
    '  keys[0].retirement',
    '  keys[0].rotateEvery',
  ]);
});
