import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureCalls } from './calls';
import { type Part, PARTS } from './parts';
import { localRotations, worldRotations } from './rotations';
import { benchAssembly } from './workload';

async function measure(parts: readonly Part[]): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-bench-'));
  try {
    say('synthesizing the stack …');
    const assembly = await benchAssembly(folder);
    const world = parts.includes('world') ? await worldRotations(assembly) : undefined;
    const local = parts.includes('local') ? await localRotations(assembly) : undefined;
    const calls = parts.includes('calls') ? await measureCalls(assembly) : undefined;
    return {
      node: process.version,
      cpu: cpus()[0]?.model ?? 'unknown',
      pinnedTo: process.env['KEYTURN_BENCH_CORE'] ? `core ${process.env['KEYTURN_BENCH_CORE']}` : 'no core: there is no taskset here',
      ...(world !== undefined && { worldRotations: world }),
      ...(local !== undefined && { localRotations: local }),
      ...(world !== undefined && local !== undefined && { worldToLocal: ratio(world.perSecond, local.perSecond) }),
      ...(calls !== undefined && { calls, inProcessToHttp: ratio(calls.inProcess.perSecond, calls.http.perSecond) }),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ratio(left: number, right: number): number {
  return Math.round((left / right) * 100) / 100;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main(names: readonly string[]): Promise<number> {
  const known = Object.keys(PARTS) as Part[];
  const unknown = names.find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) {
    say(`There is no ${unknown} to measure. There are: ${known.join(', ')}.`);
    return 1;
  }
  process.stdout.write(`${JSON.stringify(await measure(names.length === 0 ? known : (names as readonly Part[])), null, 2)}\n`);
  return 0;
}

void main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  },
);
