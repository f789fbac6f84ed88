import { excerptOf, shortNames, timelineOf } from '../../local/simulator/run/timeline';
import type { TraceEvent } from '../../lambdas/domain/trace';

const idOf = (end: string): string => `00000000-0000-4000-8000-${end.padStart(12, '0')}`;

const traceOf = (...events: readonly object[]): readonly TraceEvent[] =>
  events.map((event, seq) => ({ seq, atMs: Date.UTC(2026, 5, 1) + seq * 1000, actor: 'arn:aws:sts::1:assumed-role/role/job', ...event }) as TraceEvent);

const created = (end: string) => ({ type: 'kms.key-created', keyId: idOf(end) });
const starts = (execution: string) => ({ type: 'states.execution-started', execution, input: null });
const failed = (operation: string) => ({ type: 'sdk.call', service: 'states', operation, error: 'TaskTimedOut' });
const meta = { type: 'dynamodb.item-written', pk: 'KEY#key-1', sk: 'META', before: null, after: { name: 'key-1', versions: { v2: { number: 2, kmsKeyId: idOf('62') }, v3: { number: 3 } } } };

const words = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(/^(..) \d.*job\s+/, '$1 '));

test('a KMS key is its version, where the registry knows it, and the end of its id', () => {
  const trace = traceOf(created('62'), created('63'), meta);
  expect(words(timelineOf(trace))).toEqual(['   creates the KMS key key-1 v2 (…62)', '   creates the KMS key …63']);
  expect(shortNames(trace)(`${idOf('62')}, ${idOf('63')} and ${idOf('64')}`)).toBe(`key-1 v2 (…62), …63 and ${idOf('64')}`);
});

test('the ends of ids are as long as it takes to tell them apart', () => {
  expect(words(timelineOf(traceOf(created('162'), created('262'))))).toEqual(['   creates the KMS key …162', '   creates the KMS key …262']);
});

test('what is said again and again is counted, with until when', () => {
  const repeated = traceOf(starts('a'), failed('x'), failed('x'), failed('x'), failed('x'), starts('b'));
  expect(words(timelineOf(repeated))).toEqual(['   a starts', '   states x answers TaskTimedOut', '   (3 more times, until 06-01 00:00:04)', '   b starts']);
  const together = traceOf(...Array.from({ length: 3 }, () => [failed('x'), failed('y')]).flat(), failed('x'));
  expect(words(timelineOf(together))).toEqual(['   states x answers TaskTimedOut', '   states y answers TaskTimedOut', '   (these 2 lines 2 more times, until 06-01 00:00:05)', '   states x answers TaskTimedOut']);
});

test('two of a kind are both written, and so is what is marked', () => {
  expect(timelineOf(traceOf(failed('x'), failed('x')))).toHaveLength(2);
  const marked = timelineOf(traceOf(...Array.from({ length: 5 }, () => failed('x'))), new Set([2]));
  expect(words(marked)).toEqual(['  ', '  ', '>>', '  ', '  '].map((mark) => `${mark} states x answers TaskTimedOut`));
});

test('an excerpt says how many lines it leaves out, and where', () => {
  const trace = traceOf(...Array.from({ length: 40 }, (_, index) => starts(`e${index}`)));
  const lines = words(excerptOf(trace, new Set([3, 30]), 2));
  expect(lines).toEqual([
    '   … 1 line left out', '   e1 starts', '   e2 starts', '>> e3 starts', '   e4 starts', '   e5 starts', '   e6 starts',
    '   … 21 lines left out', '   e28 starts', '   e29 starts', '>> e30 starts', '   e31 starts', '   e32 starts', '   e33 starts',
    '   … 6 lines left out',
  ]);
});
