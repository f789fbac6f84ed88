import { createInterface } from 'node:readline/promises';
import { CliError } from './cli-error';

/**
 * No single keystroke does what is hard to take back: the key's name is typed, or given as `--yes-i-mean`.
 * @throws {CliError} when it was not, or another name was.
 */
export async function confirmKey(key: string, what: string, yesIMean: string | undefined): Promise<void> {
  const typed = yesIMean ?? (await ask(`${what}\nType the key's name to go on: `, key));
  if (typed !== key) throw new CliError(`"${typed}" is not "${key}"; nothing was done.`);
}

async function ask(question: string, key: string): Promise<string> {
  if (!process.stdin.isTTY) throw new CliError(`this needs a confirmation: give --yes-i-mean ${key}. Nothing was done.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}
