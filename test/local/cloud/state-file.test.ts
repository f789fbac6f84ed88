import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CloudState } from '../../../local/cloud/cloud-state';
import { readStateFile, requireWritable, StateFileError, writeStateFile } from '../../../local/cloud/state-file';

const STATE: CloudState = {
  accountId: '111122223333',
  region: 'eu-central-1',
  seed: 'keyturn',
  credentialSeed: 'secret',
  endpoint: 'http://127.0.0.1:4599',
  nowMs: Date.UTC(2030, 0, 1),
  taken: { ids: 7, randoms: 0 },
  resources: [{ logicalId: 'Topic', type: 'AWS::SNS::Topic', properties: { TopicName: 't' }, made: { ref: 'arn', attributes: { TopicName: 't' } }, isRetained: false }],
  roleArns: [['r', 'arn:aws:iam::111122223333:role/r']],
  functionsWithUrl: ['f'],
  trace: [{ type: 'states.execution-started', seq: 0, atMs: 1, actor: 'a', execution: 'e', input: { umlaut: 'ä' } }],
  services: { kms: { keys: [] } },
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'state-'));
  file = path.join(folder, 'state.json');
});
afterEach(() => { rmSync(folder, { recursive: true }); });

test('reads what it wrote, for its owner only, and leaves nothing else behind', () => {
  writeStateFile(file, STATE);
  expect(readStateFile(file)).toEqual(STATE);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['state.json']);
});

test('never writes through a link that somebody has put where a temporary file would be', () => {
  const precious = path.join(folder, 'precious');
  writeFileSync(precious, 'mine');
  symlinkSync(precious, `${file}.${process.pid}.tmp`);
  writeStateFile(file, STATE);
  expect(readFileSync(precious, 'utf8')).toBe('mine');
});

test('replaces an earlier state as a whole', () => {
  writeStateFile(file, STATE);
  writeStateFile(file, { ...STATE, nowMs: 5 });
  expect(readStateFile(file)?.nowMs).toBe(5);
});

test('keeps the earlier state when the new one cannot be written', () => {
  writeStateFile(file, STATE);
  const endless: Record<string, unknown> = {};
  endless['self'] = endless;
  expect(() => { writeStateFile(file, { ...STATE, services: endless as never }); }).toThrow(/circular/);
  expect(readStateFile(file)).toEqual(STATE);
  expect(readdirSync(folder)).toEqual(['state.json']);
});

test('knows that there is no file yet', () => {
  expect(readStateFile(file)).toBeUndefined();
});

test.each<[string, (written: string) => string, RegExp]>([
  ['another file', () => '{"name":"keyturn"}', /is not a state of `keyturn local`.*left as it is/],
  ['an empty file', () => '', /is not a state/],
  ['text', () => 'hello\nworld', /is not a state/],
  ['a later version', (written) => written.replace('"version":2', '"version":3'), /is of version 3, and this keyturn reads version 2/],
  ['a file that ends too early', (written) => written.slice(0, -20), /is damaged/],
  ['a file that was changed', (written) => written.replace('"nowMs":1', '"nowMs":2'), /is damaged: it is not what was written/],
])('refuses %s and leaves it as it is', (_case, change, message) => {
  writeStateFile(file, STATE);
  const content = change(readFileSync(file, 'utf8'));
  writeFileSync(file, content);
  expect(() => readStateFile(file)).toThrow(StateFileError);
  expect(() => readStateFile(file)).toThrow(message);
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('refuses what has the right digest and the wrong shape', () => {
  writeStateFile(file, { ...STATE, nowMs: 0.5 });
  expect(() => readStateFile(file)).toThrow(/is damaged/);
});

test('refuses early where nothing could be written later', () => {
  expect(() => { requireWritable(path.join(folder, 'missing', 'state.json')); }).toThrow(/ENOENT for the folder/);
  expect(() => { requireWritable(folder); }).toThrow(/it is not a file/);
  requireWritable(file);
});
