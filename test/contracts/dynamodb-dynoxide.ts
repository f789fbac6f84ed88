import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { clientFor, type DynamoDbSubject } from './dynamodb-kit';

const PACKAGE = '@dynoxide/linux-x64';

/** Where the program is, or why it is not: it was built for one platform only. @throws {Error} when it should be there */
export function dynoxidePath(): { readonly program: string } | { readonly absent: string } {
  const platform = `${process.platform}-${process.arch}`;
  if (platform !== 'linux-x64') return { absent: `${PACKAGE} does not run on ${platform}: the local DynamoDB is held to the contract alone` };
  return { program: join(dirname(require.resolve(`${PACKAGE}/package.json`)), 'dynoxide') };
}

/** Runs dynoxide in memory, on a free port of the loopback interface. */
export async function startDynoxide(program: string): Promise<DynamoDbSubject & { readonly endpoint: string }> {
  const port = await freePort();
  const child = spawn(program, ['serve', '--host', '127.0.0.1', '--port', String(port)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  const output: string[] = [];
  const listens = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output.push(chunk.toString());
        if (output.join('').includes('listening on')) resolve();
      });
    }
  });
  const ended = exited.then(() => {
    throw new Error(`dynoxide ended before it listened: ${output.join('')}`);
  });
  await Promise.race([listens, ended]);
  ended.catch(() => undefined);
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const db = clientFor(endpoint, { accessKeyId: 'AKIACONTRACT', secretAccessKey: 'contract' });
  return {
    db,
    endpoint,
    stop: async () => {
      db.destroy();
      child.kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
