import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../kernel/clock';
import { type Dispatch, LostAnswer, type WireRequest, type WireResponse } from './message';

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
}

/** Serves the dispatch, and what else belongs to the account, over HTTP on the loopback interface only. */
export async function startServer({ dispatch, clock, routes = [], port = 0 }: WireServerOptions): Promise<WireServer> {
  const server = createServer((request, response) => {
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
  try {
    const request = await wireRequest(incoming);
    const route = routes.find(({ prefix }) => request.path.startsWith(prefix));
    send(outgoing, await (route?.handle ?? dispatch)(request));
  } catch (error) {
    if (error instanceof LostAnswer) {
      incoming.socket.destroy();
      return;
    }
    // A bug of the emulation: the caller must not take it for an answer of AWS.
    send(outgoing, { statusCode: 501, headers: { 'content-type': 'text/plain' }, body: Buffer.from(`The local AWS failed: ${String(error)}`) });
  }
}

async function wireRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const [path = '/', search = ''] = (incoming.url ?? '/').split(/\?(.*)/s);
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return { method: incoming.method ?? 'GET', path, query: queryOf(search), headers, body: Buffer.concat(chunks) };
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
