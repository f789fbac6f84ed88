import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PARTS } from './parts';

/** The core that is measured on. */
const CORE = '0';

const HELP = `Usage: npm run bench -- [part…]

Measures on this machine how fast the emulation is, and prints one JSON document.
Parts, all of them by default:
  ${Object.entries(PARTS).map(([name, meaning]) => `${name.padEnd(6)} ${meaning}`).join('\n  ')}`;

/** Runs the measurement on one core where `taskset` can pin it, so that numbers of one machine can be compared. */
function main(): number {
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(`${HELP}\n`);
    return 0;
  }
  const isPinned = spawnSync('taskset', ['-c', CORE, 'true']).status === 0;
  const measurement = [...process.execArgv, join(__dirname, 'measure.ts'), ...process.argv.slice(2)];
  const [command = '', ...args] = [...(isPinned ? ['taskset', '-c', CORE] : []), process.execPath, ...measurement];
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...process.env, KEYTURN_BENCH_CORE: isPinned ? CORE : '' },
  });
  return status ?? 1;
}

process.exitCode = main();
