import Table, { type Cell } from 'cli-table3';
import { stripVTControlCharacters, styleText } from 'node:util';

/** What most commands can print. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** Programs get one line of JSON, people get text. */
export function print({ json }: OutputOptions, value: unknown, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(value) : text()}\n`);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = fittingWidths([head, ...rows]);
  const cell = (text: string, column: number): Cell => cellOf(text, widths?.[column]);
  const made = new Table({ head: head.map((text, column) => cell(text, column)) as string[], style: { head: [], border: [] }, wordWrap: true, ...(widths !== undefined && { colWidths: widths }) });
  made.push(...rows.map((row) => row.map(cell)));
  return made.toString();
}

const PADDING = 2;
/** Below it a column shows nothing that can be read: a table of many columns is wider than a terminal that is so narrow. */
const MIN_WIDTH = 5;

/** Widths of the columns that make a table as wide as the terminal; `undefined` when it fits anyway, or nobody looks at it on a terminal. */
function fittingWidths(rows: readonly (readonly string[])[]): number[] | undefined {
  const { isTTY, columns } = process.stdout as { readonly isTTY?: boolean; readonly columns?: number };
  if (isTTY !== true || columns === undefined) return undefined;
  const numbers = [...(rows[0] ?? []).keys()];
  const widest = (separator: RegExp) => numbers.map((column) => PADDING + Math.max(0, ...rows.map((row) => longest(row[column] ?? '', separator))));
  const [lines, words] = [widest(/\n/), widest(/\s+/)];
  const available = columns - (numbers.length + 1);
  if (sumOf(lines) <= available) return undefined;
  const ofWords = shared(words, available);
  const ofLines = shared(lines.map((width, column) => width - (words[column] ?? 0)), available - sumOf(ofWords));
  return ofWords.map((width, column) => Math.max(MIN_WIDTH, width + (ofLines[column] ?? 0)));
}

/** Whoever wants least has it in full; what is left is shared by those who want more. */
function shared(wanted: readonly number[], available: number): readonly number[] {
  const given = wanted.map(() => 0);
  let left = available;
  const order = [...wanted.entries()].sort(([, one], [, other]) => one - other);
  for (const [place, [column, width]] of order.entries()) {
    const share = Math.max(0, Math.min(width, Math.floor(left / (order.length - place))));
    given[column] = share;
    left -= share;
  }
  return given;
}

/** The printer cuts off what is longer than its column: such a word goes on in the next line instead, and without colours, which it would cut in two. */
function cellOf(text: string, width: number | undefined): Cell {
  if (width === undefined || longest(text, /\s+/) <= width - PADDING) return text;
  return { content: stripVTControlCharacters(text), wrapOnWordBoundary: false };
}

function longest(text: string, separator: RegExp): number {
  return Math.max(...stripVTControlCharacters(text).split(separator).map(({ length }) => length));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** Colours only on a terminal that has them; `NO_COLOR` is heeded. */
export function coloured(colour: 'red' | 'yellow' | 'green', text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(colour, text, { validateStream: false }) : text;
}
