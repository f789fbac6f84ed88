import { judge, type Explained, type Judged } from './judge';

const change = (replacement: string, more: Partial<Judged> = {}): Judged => ({
  file: 'lease.ts', line: 7, code: 'if (a < b) return;', kind: 'EqualityOperator', original: 'a < b', replacement, isNoticed: false, ...more,
});
const entry = (more: Partial<Explained> = {}): Explained => ({ file: 'lease.ts', code: 'if (a < b) return;', change: 'a < b => a <= b', verdict: 'equivalent', why: 'they are never equal', ...more });

test('the score is the share of changes that were noticed, equivalent ones left out', () => {
  const changes = [change('a > b', { isNoticed: true }), change('a <= b'), change('true')];
  expect(judge(changes, [entry()])).toMatchObject({ changes: 3, noticed: 1, equivalent: 1, accepted: 0, score: 50, unexplained: [changes[2]], outdated: [] });
  expect(judge(changes, [entry({ verdict: 'accepted' })])).toMatchObject({ equivalent: 0, accepted: 1, score: expect.closeTo(33.3, 1) });
});

test.each<[string, Judged]>([
  ['another file', change('a <= b', { file: 'ledger.ts' })],
  ['another line', change('a <= b', { code: 'if (a < b) throw new Error();' })],
  ['another replacement', change('a >= b')],
])('an entry does not explain a change of %s, and is reported itself', (_, survivor) => {
  expect(judge([survivor], [entry()])).toMatchObject({ unexplained: [survivor], outdated: [{ entry: entry(), found: 0 }] });
});

test('an entry whose change is noticed by now, or is gone, is outdated', () => {
  expect(judge([change('a <= b', { isNoticed: true })], [entry()]).outdated).toEqual([{ entry: entry(), found: 0 }]);
  expect(judge([], [entry()]).outdated).toHaveLength(1);
});

test('an entry for a group fits exactly as many changes as it says', () => {
  const wording: Explained = { file: 'lease.ts', kind: 'StringLiteral', count: 2, verdict: 'accepted', why: 'wording' };
  const texts = [change('""', { kind: 'StringLiteral' }), change('``', { kind: 'StringLiteral', code: 'x' })];
  expect(judge(texts, [wording])).toMatchObject({ accepted: 2, unexplained: [], outdated: [] });
  expect(judge([...texts, texts[0]!], [wording]).outdated).toEqual([{ entry: wording, found: 3 }]);
  expect(judge(texts.slice(1), [wording]).outdated).toEqual([{ entry: wording, found: 1 }]);
});

test('a line that stands twice is explained twice or not at all', () => {
  expect(judge([change('a <= b'), change('a <= b', { line: 9 })], [entry()]).outdated).toEqual([{ entry: entry(), found: 2 }]);
});
