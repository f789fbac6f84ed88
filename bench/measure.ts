import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureCalls } from './calls';
import { type Part, PARTS } from './parts';
import { localRotations, type WorldRates, worldRotations } from './rotations';
import { benchAssembly } from './workload';

async function measure(parts: readonly Part[]): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'keyturn-bench-'));
  try {
    say('synthesizing the stack …');
    const assembly = await benchAssembly(folder);
    const world = parts.includes('world') ? { sdk: await worldRotations(assembly, 'sdk'), direct: await worldRotations(assembly, 'direct') } : undefined;
    const local = parts.includes('local') ? await localRotations(assembly) : undefined;
    const calls = parts.includes('calls') ? await measureCalls(assembly) : undefined;
    return {
      node: process.version,
      cpu: cpus()[0]?.model ?? 'unknown',
      pinnedTo: process.env['KEYTURN_BENCH_CORE'] ? `core ${process.env['KEYTURN_BENCH_CORE']}` : 'no core: there is no taskset here',
      ...(world !== undefined && { world: { ...world, directToSdk: ratiosOf(world.direct, world.sdk) } }),
      ...(local !== undefined && { localRotations: local }),
      ...(world !== undefined && local !== undefined && { worldToLocal: ratio(world.sdk.rotations.perSecond, local.perSecond) }),
      ...(calls !== undefined && { calls, inProcessToHttp: ratio(calls.inProcess.perSecond, calls.http.perSecond) }),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function ratiosOf(left: WorldRates, right: WorldRates): Readonly<Record<keyof WorldRates, number>> {
  const of = (what: keyof WorldRates): number => ratio(left[what].perSecond, right[what].perSecond);
  return { bootstraps: of('bootstraps'), rotations: of('rotations'), calls: of('calls') };
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
