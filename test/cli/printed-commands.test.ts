import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from '../../cli/program';

const ROOT = path.join(__dirname, '..', '..');
const SOURCES = ['lambdas/domain', 'lambdas/tasks'].flatMap((folder) => readdirSync(path.join(ROOT, folder)).filter((file) => file.endsWith('.ts')).map((file) => path.join(folder, file)));

const COMMAND = String.raw`(?:npx )?keyturn (local (?:advance|status|messages|credentials|save|set)|[a-z-]+)([^\n\`#;']*)`;

/** Every command that a text tells people to type, with its options: what stands in quotes, and on lines of a block of code. */
function printedIn(text: string): readonly { readonly command: string; readonly options: readonly string[] }[] {
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block).join('');
  return [...text.matchAll(new RegExp(`[\`']${COMMAND}`, 'g')), ...blocks.matchAll(new RegExp(`^${COMMAND}`, 'gm'))]
    .map(([, command = '', rest = '']) => ({ command, options: [...rest.matchAll(/--[a-z-]+/g)].map(([option]) => option) }));
}

async function helpOf(command: string): Promise<string | undefined> {
  let help = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((help += String(text)), true));
  const complain = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    return (await run(['node', 'keyturn', ...command.split(' '), '--help'], {})) === 0 && help.startsWith(`Usage: keyturn ${command} `) ? help : undefined;
  } finally {
    write.mockRestore();
    complain.mockRestore();
  }
}

test.each(['docs/operations.md', 'README.md', 'statemachine/README.md', ...SOURCES])('%s tells nobody to type what the command line does not know', async (file) => {
  const unknown: string[] = [];
  for (const { command, options } of printedIn(readFileSync(path.join(ROOT, file), 'utf8'))) {
    const help = await helpOf(command);
    if (help === undefined) unknown.push(command);
    else unknown.push(...options.filter((option) => option !== '--help' && !help.includes(option)).map((option) => `${command} ${option}`));
  }
  expect(unknown).toEqual([]);
});

test('the runbook names the commands that it must', () => {
  const commands = new Set(printedIn(readFileSync(path.join(ROOT, 'docs/operations.md'), 'utf8')).map(({ command }) => command));
  expect([...commands]).toEqual(expect.arrayContaining(['status', 'history', 'plan', 'audit', 'lift', 'repair', 'approvals', 'approve', 'deny', 'release', 'resume', 'rotate', 'reconcile', 'hold', 'ack']));
});
