import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import Mocha from 'mocha';
import '../jest-globals';
import type { Judged } from '../judge';
import { changesOf, type Change } from './changes';

const ROOT = join(__dirname, '../../..');
const MACHINES = ['key-rotation', 'key-repair'] as const;
/** What the suites need. */
const COPIED = ['lambdas', 'lib', 'local', 'statemachine', 'test', 'package.json', 'tsconfig.json'];

const SUITES = ['waits-and-retries', 'questions', 'key-rotation', 'key-repair'].map((name) => `test/statemachine/${name}.test.ts`);

/** Changes the definitions one place at a time, in a copy of the sources, and runs the suites of definitions. */
export async function changesOfDefinitions(report: (done: number, total: number) => void): Promise<readonly Judged[]> {
  const copy = join(ROOT, 'coverage/mutation/asl');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  try {
    if (await isNoticed(copy, SUITES)) throw new Error('the suites fail for the definitions as they are');
    const judged: Judged[] = [];
    const all = MACHINES.flatMap((machine) => {
      const file = `statemachine/${machine}.asl.json`;
      const text = readFileSync(join(ROOT, file), 'utf8');
      return changesOf(JSON.parse(text) as Change['definition']).map((change) => ({ file, text, change }));
    });
    for (const { file, text, change } of all) {
      writeFileSync(join(copy, file), JSON.stringify(change.definition));
      judged.push({ file, line: 0, code: change.place, kind: 'definition', original: '', replacement: change.what, isNoticed: await isNoticed(copy, SUITES) });
      writeFileSync(join(copy, file), text);
      report(judged.length, all.length);
    }
    return judged;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Whether a suite fails, or cannot even be loaded. Only suites are loaded anew; what they test stays. */
async function isNoticed(copy: string, suites: readonly string[]): Promise<boolean> {
  for (const file of Object.keys(require.cache)) if (file.startsWith(join(copy, 'test') + sep)) Reflect.deleteProperty(require.cache, file);
  const mocha = new Mocha({ bail: true, timeout: 60_000, reporter: Silent });
  try {
    for (const suite of suites) mocha.addFile(join(copy, suite));
    mocha.loadFiles();
  } catch {
    return true;
  }
  const failures = await new Promise<number>((resolve) => { mocha.run(resolve); });
  mocha.dispose();
  return failures > 0;
}

/** Mocha makes one of these for each run. */
function Silent(): void {
  // Nobody reads which test failed.
}
