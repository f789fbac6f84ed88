import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { CliError } from '../cli-error';

const ROOT = path.join(__dirname, '..', '..');

/** What the app is synthesized from, in this repository. */
const SOURCES = ['bin/app.ts', 'lib', 'lambdas', 'statemachine', 'cdk.json', 'package-lock.json'];

/** The folder that `npx cdk synth` writes when it is not told another one. */
const DEFAULT_FOLDER = path.join(ROOT, 'cdk.out');

/**
 * Refuses a cloud assembly that is not there, or older than what it is made from: it would show something else than the sources say.
 * @throws {CliError} with what to type.
 */
export function requireFreshAssembly(folder: string, env: NodeJS.ProcessEnv): void {
  const isDefault = path.resolve(folder) === DEFAULT_FOLDER;
  const command = `npx cdk synth --quiet${isDefault ? '' : ` --output ${folder}`}`;
  const synthesized = statSync(path.join(folder, 'manifest.json'), { throwIfNoEntry: false });
  if (synthesized === undefined) throw new CliError(`there is no cloud assembly in ${folder}. Make one: ${command}`);
  // The configuration of another folder is not known.
  const configuration = isDefault ? [path.resolve(ROOT, env['KEYTURN_CONFIG'] || 'keyturn.config.json')] : [];
  const newest = [...SOURCES.map((source) => path.join(ROOT, source)), ...configuration].map(newestIn).reduce((left, right) => (right.changedMs > left.changedMs ? right : left));
  if (newest.changedMs > synthesized.mtimeMs) {
    throw new CliError(`the cloud assembly in ${folder} is older than ${path.relative(process.cwd(), newest.file)}. Make it again: ${command}`);
  }
}

/** The file below a path that changed last. */
function newestIn(file: string): { readonly file: string; readonly changedMs: number } {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return { file, changedMs: 0 };
  if (!stats.isDirectory()) return { file, changedMs: stats.mtimeMs };
  return readdirSync(file)
    .map((entry) => newestIn(path.join(file, entry)))
    .reduce((left, right) => (right.changedMs > left.changedMs ? right : left), { file, changedMs: 0 });
}
