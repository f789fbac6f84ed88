import { stripVTControlCharacters } from 'node:util';
import { coloured, table } from '../../cli/output';

const { isTTY, columns } = process.stdout;
afterEach(() => {
  process.stdout.isTTY = isTTY;
  process.stdout.columns = columns;
  jest.restoreAllMocks();
});

test.each([
  [true, true, '\u001b[31mFROZEN\u001b[39m'],
  [true, false, 'FROZEN'],
  [false, true, 'FROZEN'],
])('colours only on a terminal (%p) that has them (%p)', (isTerminal, hasColours, text) => {
  process.stdout.isTTY = isTerminal;
  process.stdout.hasColors = () => hasColours;
  expect(coloured('red', 'FROZEN')).toBe(text);
});

describe('a table', () => {
  const ARN = 'arn:aws:iam::111122223333:role/somebody-with-a-very-long-name-indeed-that-no-column-takes';
  const HEAD = ['seq', 'at', 'by', 'facts'];
  const row = [ '7', '2027-01-01T00:00:00.000Z', ARN, `the alias was moved by mistake, as far as anybody knows, by ${ARN}`];
  /** What stands in one column, put together again. */
  const column = (text: string, number: number): string => text.split('\n').filter((line) => line.startsWith('│')).slice(1).map((line) => line.split('│')[number + 1]?.trim() ?? '').join('');

  test.each([60, 80, 100, 160])('is as wide as a terminal of %d columns, and nothing of it is cut off', (wide) => {
    process.stdout.isTTY = true;
    process.stdout.hasColors = () => true;
    process.stdout.columns = wide;
    const text = table(HEAD, [[...row.slice(0, 3), coloured('red', row[3] ?? '')]]);
    expect(Math.max(...text.split('\n').map((line) => stripVTControlCharacters(line).length))).toBeLessThanOrEqual(wide);
    expect(text).not.toContain('…');
    for (const [number, cell] of row.entries()) expect(column(stripVTControlCharacters(text), number).replaceAll(' ', '')).toBe(cell.replaceAll(' ', ''));
  });

  test('keeps its words whole as long as they fit', () => {
    process.stdout.isTTY = true;
    process.stdout.columns = 40;
    const text = table(['key', 'reason'], [['orders', 'someone else moved the alias to another key']]);
    expect(text.split('\n').map((line) => line.length)).toContain(40);
    for (const word of ['orders', 'someone', 'another', 'alias']) expect(text).toContain(word);
  });

  test.each([[true, 400], [false, 40]])('is as wide as its cells where it fits, and where it is read by a program (%p)', (isTerminal, wide) => {
    process.stdout.isTTY = isTerminal;
    process.stdout.columns = wide;
    expect(table(HEAD, [row])).toContain(`│ ${ARN} │ ${row[3] ?? ''} │`);
  });
});
