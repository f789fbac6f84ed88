import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StateFileError } from '../../../local/cloud/state-file';
import { StateLock } from '../../../local/cloud/state-lock';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lock-'));
  file = path.join(folder, 'state.json');
});
afterEach(() => { rmSync(folder, { recursive: true }); });

test('is held by one, says who has it, and can be taken again when released', () => {
  const lock = StateLock.take(file);
  lock.requireHeld();
  expect(statSync(`${file}.lock`).mode & 0o777).toBe(0o600);
  expect(() => StateLock.take(file)).toThrow(StateFileError);
  expect(() => StateLock.take(file)).toThrow(`in use by process ${process.pid}`);
  lock.release();
  expect(existsSync(`${file}.lock`)).toBe(false);
  StateLock.take(file).release();
});

test.each<[string, () => string]>([
  ['a process that has ended', () => `${spawnSync('true').pid} 0b1e\n`],
  ['an earlier process of this number', () => `${process.pid} 0b1e\n`],
  ['somebody who wrote nothing into it', () => ''],
])('one that was left behind by %s is taken over', (_case, content) => {
  writeFileSync(`${file}.lock`, content());
  StateLock.take(file).requireHeld();
});

test('one of another process that lives is respected', () => {
  writeFileSync(`${file}.lock`, `${process.ppid} 0b1e\n`);
  expect(() => StateLock.take(file)).toThrow(`in use by process ${process.ppid}`);
});

test("another's is neither taken for its own nor removed", () => {
  const lock = StateLock.take(file);
  writeFileSync(`${file}.lock`, `${process.ppid} 0b1e\n`);
  expect(() => { lock.requireHeld(); }).toThrow(/was taken away/);
  lock.release();
  expect(readFileSync(`${file}.lock`, 'utf8')).toBe(`${process.ppid} 0b1e\n`);
});
