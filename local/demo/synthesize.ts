import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..', '..');

/**
 * Synthesizes the app as a deployment would, with the repository's own CDK.
 * @returns the folder of the cloud assembly.
 * @throws {Error} with what the app said, for example about the configuration.
 */
export async function synthesize(): Promise<string> {
  const directory = join(ROOT, 'cdk.out');
  const modules = join(ROOT, 'node_modules');
  // As npx does: cdk.json names the app's runner without a path.
  const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env['PATH'] ?? ''}` };
  try {
    await promisify(execFile)(process.execPath, [join(modules, 'aws-cdk', 'bin', 'cdk'), 'synth', '--quiet', '--output', directory], { cwd: ROOT, env });
  } catch (error) {
    throw new Error(`cdk synth failed:\n${(error as { stderr?: string }).stderr ?? String(error)}`, { cause: error });
  }
  return directory;
}
