import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../lib/constructs/paths';

/** Sections that alerts name: literals behind `runbook:`, and those of a choice. */
function namedSections(): readonly string[] {
  const folders = ['lambdas/domain', 'lambdas/tasks'].map((folder) => join(PROJECT_ROOT, folder));
  const files = folders.flatMap((folder) => readdirSync(folder).filter((file) => file.endsWith('.ts')).map((file) => join(folder, file)));
  return files.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/\brunbook: (.*),$/gm)].flatMap(([, value = '']) => [...value.matchAll(/[:?] '([a-z-]+)'|^'([a-z-]+)'/g)].map(([, chosen, only]) => chosen ?? only ?? '')));
}

test('every section that an alert names exists', () => {
  const runbook = readFileSync(join(PROJECT_ROOT, 'docs', 'operations.md'), 'utf8');
  const sections = new Set([...runbook.matchAll(/^## ([a-z-]+)$/gm)].map(([, name]) => name));
  const named = [...new Set(namedSections())];
  expect(named).toEqual(expect.arrayContaining(['frozen', 'quarantined', 'aborted', 'approval-needed', 'orphan', 'registry-went-back', 'late-user-rescued', 'overdue']));
  expect(named.filter((name) => !sections.has(name))).toEqual([]);
});

const PARTS = ['**Meaning.**', '**Impact.**', '**Check.**', '**Type.**', '**Do not**'];

test('every section says what it means, what it harms, what to check, what to type and what not to do', () => {
  const sections = readFileSync(join(PROJECT_ROOT, 'docs', 'operations.md'), 'utf8').split(/^## /m).slice(1);
  expect(sections.length).toBeGreaterThan(25);
  const lacks = sections.flatMap((section) => PARTS.filter((part) => !section.includes(part)).map((part) => `${section.split('\n')[0] ?? ''} ${part}`));
  expect(lacks).toEqual([]);
});
