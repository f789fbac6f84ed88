import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { run } from '../../cli/program';
import { authenticate } from '../../local/wire/authentication';
import { IdentityDirectory } from '../../local/iam/identities';

const ID = 'a'.repeat(40);
const ROLE = 'arn:aws:iam::111122223333:role/orders-api';

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: Server;
let url: string;
let received: Received[];
let reply: { status: number; body: string };
let output: string;
let errors: string;

const directory = new IdentityDirectory();
directory.put(ROLE);
const { accessKeyId, secretAccessKey, sessionToken = '' } = directory.credentialsFor(ROLE, 'i-1');
const CREDENTIALS = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken };
const realEnvironment = process.env;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  received = [];
  reply = { status: 200, body: JSON.stringify({ status: 'recorded', verdict: 'yes', by: 'arn:aws:sts::111122223333:assumed-role/orders-api/i-1' }) };
  output = '';
  errors = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((output += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((errors += String(text)), true));
  process.env = { ...CREDENTIALS };
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = realEnvironment;
});

const keyturn = async (...args: string[]) => run(['node', 'keyturn', ...args], process.env);
const ack = async (...args: string[]) => keyturn('ack', ID, '--key-version', '2', '--url', url, '--region', 'eu-central-1', ...args);

test('posts the answer, signed with SigV4 as its caller, and says what was recorded', async () => {
  expect(await ack()).toBe(0);
  expect(output).toBe('recorded: yes by arn:aws:sts::111122223333:assumed-role/orders-api/i-1\n');
  expect(errors).toBe('');
  expect(received).toHaveLength(1);
  const { method, path, headers, body } = received[0]!;
  expect({ method, path, body: JSON.parse(body) as unknown }).toEqual({ method: 'POST', path: '/', body: { acknowledgementId: ID, version: 2, verdict: 'yes' } });
  expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=.*\/eu-central-1\/lambda\/aws4_request, SignedHeaders=.*host.*x-amz-date.*x-amz-security-token/);
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const { identity, signedFor } = await authenticate({ method, path, query: {}, headers: lowered, body: Buffer.from(body) }, directory);
  expect({ arn: identity.caller.arn, signedFor }).toEqual({ arn: 'arn:aws:sts::111122223333:assumed-role/orders-api/i-1', signedFor: 'lambda' });
});

test('signs the body: the signature does not hold for another answer', async () => {
  await ack();
  const { method, path, headers } = received[0]!;
  const lowered = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const forged = Buffer.from(JSON.stringify({ acknowledgementId: ID, version: 2, verdict: 'no' }));
  await expect(authenticate({ method, path, query: {}, headers: lowered, body: forged }, directory)).rejects.toThrow(/signature/i);
});

test('sends a no with its reason, and prints JSON when asked to', async () => {
  reply.body = JSON.stringify({ status: 'recorded', verdict: 'no', by: 'x' });
  expect(await ack('--verdict', 'no', '--reason', 'not deployed', '--json')).toBe(0);
  expect(JSON.parse(received[0]!.body)).toEqual({ acknowledgementId: ID, version: 2, verdict: 'no', reason: 'not deployed' });
  expect(JSON.parse(output)).toEqual({ status: 'recorded', verdict: 'no', by: 'x' });
});

test('takes URL and Region from the environment', async () => {
  process.env['KEYTURN_ACKNOWLEDGE_URL'] = url;
  process.env['AWS_DEFAULT_REGION'] = 'us-east-1';
  expect(await keyturn('ack', ID, '--key-version', '2')).toBe(0);
  expect(received[0]!.headers.authorization).toContain('/us-east-1/lambda/');
});

test.each([
  [403, { status: 'refused', reason: 'no acknowledgement is open for you' }, 'keyturn: the answer was not recorded (HTTP 403): no acknowledgement is open for you\n'],
  [400, { error: 'InvalidTaskInput', message: 'version: too small' }, 'keyturn: the answer was not recorded (HTTP 400): version: too small\n'],
  [403, { Message: 'Forbidden' }, 'keyturn: the answer was not recorded (HTTP 403): {"Message":"Forbidden"}\n'],
])('fails with the reason when the answer is refused: HTTP %i %j', async (status, body, message) => {
  reply = { status, body: JSON.stringify(body) };
  expect(await ack()).toBe(1);
  expect([output, errors]).toEqual(['', message]);
});

test('fails readably when what answers is no keyturn', async () => {
  reply = { status: 502, body: '<html>Bad Gateway</html>' };
  expect(await ack()).toBe(1);
  expect(errors).toBe('keyturn: the answer was not recorded (HTTP 502): <html>Bad Gateway</html>\n');
});

test.each<[string, string[], RegExp]>([
  ['an unknown option', ['ack', ID, '--key-version', '2', '--force'], /unknown option '--force'/],
  ['a missing version', ['ack', ID], /required option '--key-version <number>' not specified/],
  ['a missing id', ['ack', '--key-version', '2'], /missing required argument 'acknowledgement-id'/],
  ['a version that is none', ['ack', ID, '--key-version', 'v2'], /It must be a whole number from 1, such as 3/],
  ['version 0', ['ack', ID, '--key-version', '0'], /It must be a whole number from 1/],
  ['a verdict that is none', ['ack', ID, '--key-version', '2', '--verdict', 'maybe'], /Allowed choices are yes, no/],
  ['an unknown command', ['rotata'], /unknown command 'rotata'/],
])('fails before any request on %s', async (_, args, message) => {
  expect(await keyturn(...args)).toBe(1);
  expect(errors).toMatch(message);
  expect(received).toEqual([]);
});

test('fails on a URL that is none, with the place to take it from', async () => {
  expect(await keyturn('ack', ID, '--key-version', '2', '--url', 'nowhere', '--region', 'eu-central-1')).toBe(1);
  expect(errors).toBe('keyturn: --url nowhere is not a URL. Take acknowledgeUrl from the event.\n');
});

test('fails without a Region, with what to give', async () => {
  expect(await keyturn('ack', ID, '--key-version', '2', '--url', url)).toBe(1);
  expect(errors).toBe('keyturn: no Region is known. Give --region, or set AWS_REGION.\n');
  expect(received).toEqual([]);
});

test('fails when nothing answers', async () => {
  expect(await keyturn('ack', ID, '--key-version', '2', '--url', 'http://127.0.0.1:1/', '--region', 'eu-central-1')).toBe(1);
  expect(errors).toMatch(/^keyturn: http:\/\/127\.0\.0\.1:1\/ does not answer: /);
});

test('prints its help and succeeds when asked for it', async () => {
  expect(await keyturn('ack', '--help')).toBe(0);
  expect(output).toContain('--key-version <number>');
});
