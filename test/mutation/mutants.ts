import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { MutantResult, PartialStrykerOptions } from '@stryker-mutator/api/core';
import type { Area, SourceAreaName } from './areas';
import type { Judged } from './judge';

const ROOT = join(__dirname, '../..');
/** Not in the repository: copies of the sources that are mutated, and reports. */
const OUT = 'coverage/mutation';

export interface RunOptions {
  /** Processes. */
  readonly concurrency: number;
  /** Instead of all files of the area. */
  readonly files: readonly string[];
  /** Takes over what the last such run found where neither the source nor its tests have changed since. */
  readonly incremental: boolean;
}

/** Changes the sources of an area one place at a time, in a copy, and runs the suites that come there. */
export async function mutantsOf(name: SourceAreaName, area: Area, { concurrency, files, incremental }: RunOptions): Promise<readonly Judged[]> {
  // What only runs while modules are loaded needs a new process for each mutant: a second run, for what the first leaves.
  const found = await run(name, area, { mutate: files.length === 0 ? [...area.mutate] : [...files], concurrency, incremental, ignoreStatic: true });
  // An incremental run also tells what an earlier one found in other files.
  const quick = found.filter(({ fileName }) => files.length === 0 || files.includes(relative(ROOT, fileName)));
  const left = quick.filter((mutant) => mutant.static === true && !isNoticed(mutant));
  if (left.length === 0) return quick.map(described);
  // Of these Stryker does not know which tests come there, and would take over what was found before a test was added.
  const slow = await run(`${name}-at-load`, area, { mutate: left.map(placeOf), concurrency, incremental: false, ignoreStatic: false });
  const outcomes = new Map(slow.map((mutant) => [identityOf(mutant), mutant]));
  return quick.map((mutant) => described((left.includes(mutant) ? outcomes.get(identityOf(mutant)) : undefined) ?? mutant));
}

async function run(name: string, { suites }: Area, chosen: PartialStrykerOptions): Promise<readonly MutantResult[]> {
  // An ES module. Releases after 9.4 start a new process for each change that is also reached while modules are loaded: most of them here.
  const { Stryker } = await import('@stryker-mutator/core');
  return new Stryker({
    ...chosen,
    incrementalFile: `${OUT}/${name}.incremental.json`,
    coverageAnalysis: 'perTest',
    plugins: ['@stryker-mutator/mocha-runner'],
    testRunner: 'mocha',
    mochaOptions: { spec: [...suites], extension: ['ts'], require: ['tsx/cjs', './test/mutation/jest-globals.ts'], 'no-config': true, 'no-package': true },
    ignorePatterns: ['/cdk.out', '/coverage', '/docs'],
    tempDirName: `${OUT}/sandbox-${name}`,
    cleanTempDir: 'always',
    reporters: ['progress-append-only', 'html'],
    htmlReporter: { fileName: `${OUT}/${name}.html` },
    allowConsoleColors: false,
    warnings: false,
    // On top of one and a half times what the tests take.
    timeoutMS: 4000,
  }).runMutationTest();
}

/** A change with which the suites cannot even be loaded is noticed by whoever runs them. */
const isNoticed = ({ status }: MutantResult): boolean => status === 'Killed' || status === 'Timeout' || status === 'RuntimeError';

/** As the option `mutate` takes it: there, columns begin with 0. */
const placeOf = ({ fileName, location: { start, end } }: MutantResult): string => `${relative(ROOT, fileName)}:${start.line}:${start.column - 1}-${end.line}:${end.column - 1}`;
const identityOf = (mutant: MutantResult): string => `${placeOf(mutant)} ${mutant.mutatorName} ${mutant.replacement}`;

function described(mutant: MutantResult): Judged {
  const { fileName, location: { start, end }, mutatorName: kind, replacement } = mutant;
  const lines = readFileSync(fileName, 'utf8').split('\n').slice(start.line - 1, end.line);
  const original = lines.map((line, index) => line.slice(index === 0 ? start.column - 1 : 0, index === lines.length - 1 ? end.column - 1 : undefined)).join('\n');
  return { file: relative(ROOT, fileName), line: start.line, code: (lines[0] ?? '').trim(), kind, original: oneLine(original), replacement: oneLine(replacement), isNoticed: isNoticed(mutant) };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
