import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { Timeline } from '../../../local/kernel/clock';
import type { WireRequest } from '../../../local/wire/message';
import { startServer, type WireServer } from '../../../local/wire/server';
import { signed, wire } from './harness';

const KMS: Partial<WireRequest> = { headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.Encrypt' }, body: Buffer.from('{}') };

let server: WireServer;
let impatient: WireServer;
let calls = 0;

beforeAll(async () => {
  const { dispatch } = wire({ kms: () => ({ call: ++calls }), dynamodb: () => ({}), states: () => ({}) });
  server = await startServer({ dispatch, clock: new Timeline(0) });
  impatient = await startServer({ dispatch, clock: new Timeline(0), patience: { headersMs: 100, requestMs: 200 } });
});

afterAll(async () => {
  await server.close();
  await impatient.close();
});

/** Still there, and right. */
afterEach(async () => {
  expect((await send(await signed(KMS))).status).toBe(200);
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function send({ method, path, headers, body }: WireRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`${server.endpoint}${path}`, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => { text += chunk; });
      response.once('end', () => { resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }); });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function opened(host = '127.0.0.1', to = server): Promise<Socket> {
  const socket = connect(Number(new URL(to.endpoint).port), host);
  await once(socket, 'connect');
  return socket;
}

/** What comes back until the server closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => { text += String(chunk); });
  socket.on('error', () => undefined);
  await new Promise((resolve) => { socket.once('close', resolve); });
  return text;
}

test.each(['127.0.0.2', '::1'])('listens on 127.0.0.1 and nowhere else: not on %s', async (host) => {
  await expect(opened(host)).rejects.toThrow();
});

describe('a web page may not ask', () => {
  test.each([
    ['one of another site', { origin: 'https://evil.example' }],
    ['one without a site', { origin: 'null' }],
    ['one whose name was pointed here', { host: 'evil.example' }],
    ['one whose name only looks like ours', { host: '127.0.0.1.evil.example' }],
  ])('%s', async (_case, headers: Record<string, string>) => {
    const before = calls;
    const request = await signed(KMS);
    const { status, body, headers: answered } = await send({ ...request, headers: { ...request.headers, ...headers } });
    expect([status, answered['x-amzn-errortype'], JSON.parse(body)]).toEqual([403, 'AccessDeniedException', { __type: 'AccessDeniedException', message: expect.stringContaining('The local AWS') as string }]);
    expect(calls).toBe(before);
  });

  test.each([['localhost:1'], ['[::1]:1'], ['queue.localhost']])('a client that calls us %s may', async (host) => {
    const request = await signed({ ...KMS, headers: { ...KMS.headers, host } });
    expect((await send(request)).status).toBe(200);
  });
});

describe('the body of a request', () => {
  const states: Partial<WireRequest> = { headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AWSStepFunctions.StartExecution' } };
  const dynamodb: Partial<WireRequest> = { headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' } };

  test.each<[string, string, Partial<WireRequest>, number, number]>([
    ['KMS', 'kms', KMS, 10_000_000, 413],
    ['Step Functions', 'states', states, 10_000_000, 413],
    ['DynamoDB', 'dynamodb', dynamodb, 10_000_000, 200],
    ['DynamoDB', 'dynamodb', dynamodb, 17_000_000, 413],
  ])('for %s, signed for %s, is read up to a limit, however its length is told', async (_name, service, request, bytes, status) => {
    const body = Buffer.from(JSON.stringify({ filler: 'x'.repeat(bytes) }));
    const whole = await signed({ ...request, body }, { service });
    for (const headers of [{ 'content-length': String(body.byteLength) }, { 'transfer-encoding': 'chunked' }]) {
      const answer = await send({ ...whole, headers: { ...whole.headers, ...headers } });
      expect(answer.status).toBe(status);
      if (status === 413) expect(answer.headers).toMatchObject({ 'x-amzn-errortype': 'RequestEntityTooLargeException' });
    }
  });

  test('is read to its end when it is too large, for a client that reads only when it has sent everything', async () => {
    const chunk = Buffer.alloc(1_048_576, 'x');
    const socket = await opened();
    socket.write(`POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: ${String(40 * chunk.byteLength)}\r\n\r\n`);
    for (let sent = 0; sent < 40; sent++) await new Promise<void>((resolve, reject) => socket.write(chunk, (error) => { if (error) reject(error); else resolve(); }));
    const [answered] = (await once(socket, 'data')) as [Buffer];
    expect(String(answered)).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });

  test('is not read for ever, and fills no memory', async () => {
    const chunk = Buffer.alloc(1_048_576, 'x');
    const socket = await opened();
    const closed = untilClosed(socket);
    socket.write(`POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: ${String(200 * chunk.byteLength)}\r\n\r\n`);
    const before = process.memoryUsage().rss;
    let peak = before;
    let sent = 0;
    while (!socket.destroyed && sent < 200) {
      sent++;
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed]);
      peak = Math.max(peak, process.memoryUsage().rss);
    }
    expect(await closed).toMatch(/^HTTP\/1.1 413 /);
    expect(sent).toBeLessThan(200);
    expect(peak - before).toBeLessThan(100 * 1_048_576);
  });
});

describe('a client that is too slow is left', () => {
  test('with half of its headers', async () => {
    const socket = await opened('127.0.0.1', impatient);
    socket.write('POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ');
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 408 /);
  });

  test('with half of its body', async () => {
    const before = calls;
    const { headers } = await signed(KMS);
    const socket = await opened('127.0.0.1', impatient);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`POST / HTTP/1.1\r\n${lines.join('')}content-length: 2\r\n\r\n{`);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 408 /);
    expect(calls).toBe(before);
  });
});

test('a client that goes away in the middle of its body has asked nothing', async () => {
  const before = calls;
  const { headers } = await signed(KMS);
  const socket = await opened();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST / HTTP/1.1\r\n${lines.join('')}content-length: 2\r\n\r\n{`);
  socket.destroy();
  await once(socket, 'close');
  expect(calls).toBe(before);
});

test('what is no HTTP is answered as such', async () => {
  const socket = await opened();
  socket.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 TLS, by mistake');
  expect(await untilClosed(socket)).toMatch(/^HTTP\/1.1 400 /);
});
