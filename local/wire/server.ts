import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import { refusal } from './dispatch';
import { DEFAULT_PATIENCE, MAX_DISCARDED_BYTES, maxBodyBytesOf, type Patience } from './limits';
import { type Dispatch, LostAnswer, type WireRequest, type WireResponse } from './message';
import { assertNoWebPage } from './visitors';

/** Answers the requests below one path of the server. */
export interface Route {
  /** `/_function-url/`: everything that begins with it. */
  readonly prefix: string;
  readonly handle: Dispatch;
}

export interface WireServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly endpoint: string;
  close(): Promise<void>;
}

export interface WireServerOptions {
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  /** @default none: every request is for the dispatch */
  readonly routes?: readonly Route[];
  /** @default 0: any free port */
  readonly port?: number;
  /** @default {@link DEFAULT_PATIENCE} */
  readonly patience?: Patience;
}

/**
 * Serves the dispatch, and what else belongs to the account, over HTTP on the loopback interface only.
 * Whatever a client sends, the server stays up: it reads no more than AWS would, waits no longer than its patience, and
 * answers its own failures as AWS answers its own.
 */
export async function startServer({ dispatch, clock, routes = [], port = 0, patience = DEFAULT_PATIENCE }: WireServerOptions): Promise<WireServer> {
  const { headersMs, requestMs } = patience;
  // A connection that ends while its client sends the next request is a reset to that client: it ends later than clients keep theirs.
  const timeouts = { headersTimeout: headersMs, requestTimeout: requestMs, keepAliveTimeout: 65_000, connectionsCheckingInterval: Math.min(headersMs, 1_000) };
  const server = createServer(timeouts, (request, response) => {
    // The SDK learns its clock's skew from this header.
    response.sendDate = false;
    response.setHeader('date', new Date(clock.nowMs()).toUTCString());
    void serve(request, response, routes, dispatch);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${String(address.port)}`, close: () => closed(server) };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, routes: readonly Route[], dispatch: Dispatch): Promise<void> {
  const head = headOf(incoming);
  const abandonment = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) abandonment.abort();
  });
  try {
    assertNoWebPage(head);
    const body = await bodyOf(incoming, maxBodyBytesOf(head));
    const route = routes.find(({ prefix }) => head.path.startsWith(prefix));
    send(outgoing, await (route?.handle ?? dispatch)({ ...head, body, abandoned: abandonment.signal }));
  } catch (error) {
    if (error instanceof LostAnswer || incoming.socket.destroyed) {
      incoming.socket.destroy();
      return;
    }
    const answered = error instanceof AwsError ? error : ownFailure(error);
    await discardRest(incoming);
    if (!incoming.complete) outgoing.setHeader('connection', 'close');
    send(outgoing, refusal({ ...head, body: new Uint8Array() }, answered, randomUUID()));
  }
}

/** A bug of the emulation: AWS answers its own like this, and the caller must see whose it is. */
function ownFailure(error: unknown): AwsError {
  return new AwsError('InternalFailure', `The local AWS failed, which is a bug of it: ${String(error)}`, 500);
}

function headOf(incoming: IncomingMessage): Omit<WireRequest, 'body'> {
  const [path = '/', search = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return { method: incoming.method ?? 'GET', path, query: queryOf(search), headers };
}

/** @throws {AwsError} `RequestEntityTooLargeException` as soon as there are more bytes than the limit. */
async function bodyOf(incoming: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = Number(incoming.headers['content-length'] ?? 0);
  if (bytes <= limitBytes) {
    bytes = 0;
    await new Promise<void>((resolve, reject) => {
      incoming.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength;
        if (bytes > limitBytes) resolve();
        else chunks.push(chunk);
      });
      incoming.once('end', resolve);
      incoming.once('error', reject);
    });
  }
  if (bytes > limitBytes) throw new AwsError('RequestEntityTooLargeException', `The request is larger than ${String(limitBytes)} bytes.`, 413);
  return Buffer.concat(chunks);
}

/** What a client still sends is read and forgotten, for most read an answer only when they have sent everything; but not for ever. */
async function discardRest(incoming: IncomingMessage): Promise<void> {
  if (incoming.complete || Number(incoming.headers['content-length'] ?? 0) > MAX_DISCARDED_BYTES) return;
  let discarded = 0;
  incoming.removeAllListeners('data');
  await new Promise<void>((resolve) => {
    incoming.on('data', (chunk: Buffer) => {
      discarded += chunk.byteLength;
      if (discarded > MAX_DISCARDED_BYTES) resolve();
    });
    incoming.once('error', () => { resolve(); });
    incoming.once('close', () => { resolve(); });
    incoming.once('end', () => { resolve(); });
    incoming.resume();
  });
}

function queryOf(search: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  const parameters = new URLSearchParams(search);
  for (const name of new Set(parameters.keys())) {
    const [first = '', ...more] = parameters.getAll(name);
    query[name] = more.length === 0 ? first : [first, ...more];
  }
  return query;
}

function send(outgoing: ServerResponse, { statusCode, headers, body }: WireResponse): void {
  outgoing.writeHead(statusCode, { ...headers, 'content-length': body.byteLength });
  outgoing.end(body);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => { resolve(); });
    // Clients keep their connections open for a next request.
    server.closeAllConnections();
  });
}
