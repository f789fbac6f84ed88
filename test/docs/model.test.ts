import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, 'docs/model', file), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? ''))].sort();

/** The first switch is `LEASE`; before it stand the bounds. */
const [, protections = ''] = read('switches.pml').split('/* Protections');
const switches = matches(protections, /^#define (\w+) /gm);
const checker = read('check.sh');
const readme = read('README.md');

test('every switch of the model is switched by its runner and told of in its README', () => {
  expect(switches.length).toBeGreaterThan(20);
  expect(matches(checker, /^(?: *report ')?([A-Z_]+)=[01]\b/gm)).toEqual(switches);
  expect(matches(readme, /^\| `([A-Z_]+)=[01]` \|/gm)).toEqual(switches);
});

test('the README names the properties that the runner finds broken by each switch', () => {
  const broken = [...checker.matchAll(/^(\w+=[01]) +\w+ +(\w+)$/gm)].map(([, name = '', property = '']) => ({ name, property }));
  expect(broken.length).toBeGreaterThan(20);
  const [, table = ''] = readme.split('## What each switch breaks');
  const [rows = ''] = table.split('## Limits');
  const limits = new Set(matches(protections.split('/* Limits')[1] ?? '', /^#define (\w+) /gm));
  for (const { name, property } of broken.filter(({ name: each }) => !limits.has(each.split('=')[0] ?? ''))) {
    expect(rows.split('\n').find((row) => row.startsWith(`| \`${name}\``))).toContain(`\`${property}\``);
  }
});

test('the files that the README maps the model to exist', () => {
  const files = matches(readme, /`((?:lambdas|statemachine|tasks|domain|adapters)\/[\w./-]+\.(?:ts|json))`/g);
  expect(files.length).toBeGreaterThan(10);
  const missing = files.filter((file) => !existsSync(path.join(ROOT, file)) && !existsSync(path.join(ROOT, 'lambdas', file)));
  expect(missing).toEqual([]);
});

test.each<[readonly string[], RegExp]>([
  [['--story'], /--story needs a switch\. Allowed: ABORT_LOOKS=0 .*TRUE_READINGS=0$/m],
  [['--story', 'FENCE'], /there is no story of a switch "FENCE"\. Allowed: .*\bFENCE=0\b/],
  [['--story', 'FENCE=0', 'LEASE=0'], /--story takes one switch; given: FENCE=0 LEASE=0\./],
  [['--stories'], /there is no option --stories\. Allowed: nothing \(what CI runs\), --large, --story with a switch/],
])('the runner refuses %j, and says what is allowed', (args, complaint) => {
  const { status, stdout, stderr } = spawnSync(path.join(ROOT, 'docs/model/check.sh'), args, { encoding: 'utf8' });
  expect(stderr).toMatch(complaint);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});
