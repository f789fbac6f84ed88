import { execFile } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..', '..');

export interface SynthesisOptions {
  /** Where the cloud assembly goes. @default cdk.out in the repository */
  readonly directory?: string;
  /** The configuration file. @default what the environment says, else keyturn.config.json */
  readonly configuration?: string;
}

/**
 * Synthesizes the app as a deployment would, with the repository's own CDK.
 * @returns the folder of the cloud assembly.
 * @throws {Error} with what the app said, for example about the configuration.
 */
export async function synthesize({ directory = join(ROOT, 'cdk.out'), configuration }: SynthesisOptions = {}): Promise<string> {
  const modules = join(ROOT, 'node_modules');
  // As npx does: cdk.json names the app's runner without a path.
  const env = { ...process.env, PATH: `${join(modules, '.bin')}${delimiter}${process.env['PATH'] ?? ''}`, ...(configuration !== undefined && { KEYTURN_CONFIG: configuration }) };
  try {
    await promisify(execFile)(process.execPath, [join(modules, 'aws-cdk', 'bin', 'cdk'), 'synth', '--quiet', '--output', directory], { cwd: ROOT, env });
  } catch (error) {
    // What the app says is for people; that its process ended is not.
    const said = ((error as { stderr?: string }).stderr ?? String(error)).split('\n').filter((line) => !line.includes('Subprocess exited'));
    throw new Error(said.join('\n').trimEnd(), { cause: error });
  }
  return directory;
}
