import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_PORT } from '../../../cli/local/default-endpoint';
import type { Audience } from './stage';

/** How often it is looked whether the answer is there, in real milliseconds. */
const LOOK_EVERY_MS = 300;

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export const isInterrupted = (error: unknown): boolean => error instanceof Interrupted;

/** Whoever sits at another terminal answers; Ctrl-C ends the waiting. Virtual time stands still meanwhile. */
export async function terminalAudience(write: (text: string) => void): Promise<{ readonly audience: Audience; readonly port: number }> {
  const audience: Audience = {
    async asked(command, voters, hasArrived) {
      write(
        [
          '',
          `    Waiting for an answer. Virtual time stands still. ${voters.join(' or ')} may give it. In another terminal, in this folder:`,
          '',
          `      npx ${command}`,
          '',
          '    (or with another --as, or `deny` for `approve`; Ctrl-C ends the demo)',
          '',
          '',
        ].join('\n'),
      );
      const interrupted = new AbortController();
      const interrupt = (): void => { interrupted.abort(); };
      process.once('SIGINT', interrupt);
      try {
        while (!(await hasArrived())) {
          await sleep(LOOK_EVERY_MS, undefined, { signal: interrupted.signal }).catch(() => undefined);
          if (interrupted.signal.aborted) throw new Interrupted();
        }
      } finally {
        process.removeListener('SIGINT', interrupt);
      }
    },
  };
  return { audience, port: (await isFree(DEFAULT_PORT)) ? DEFAULT_PORT : 0 };
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const isListening = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}
