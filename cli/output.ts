import Table from 'cli-table3';
import { styleText } from 'node:util';

/** What most commands can print. */
export interface OutputOptions {
  readonly json?: boolean;
}

/** Programs get one line of JSON, people get text. */
export function print({ json }: OutputOptions, value: unknown, text: () => string): void {
  process.stdout.write(`${json === true ? JSON.stringify(value) : text()}\n`);
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const made = new Table({ head: [...head], style: { head: [], border: [] }, wordWrap: true });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

/** Colours only on a terminal that has them; `NO_COLOR` is heeded. */
export function coloured(colour: 'red' | 'yellow' | 'green', text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(colour, text, { validateStream: false }) : text;
}
