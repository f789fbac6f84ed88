import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../../cli/program';
import type { Fixture } from '../local/cloud/fixture';
import { waitingStack } from '../local/cloud/waiting-stack';

const ROOT = path.join(__dirname, '..', '..');

interface Finished {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The command as it is installed. */
function keyturn(...args: string[]): { readonly process: ChildProcess; readonly finished: Promise<Finished>; readonly firstLine: Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(ROOT, 'bin', 'keyturn.ts'), ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let sayFirstLine: (line: string) => void = () => undefined;
  const firstLine = new Promise<string>((resolve) => (sayFirstLine = resolve));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.includes('\n')) sayFirstLine(output.slice(0, output.indexOf('\n')));
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const finished = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, output, errors }));
  // Who waits for a line that never comes is told why.
  void finished.then((end) => { sayFirstLine(JSON.stringify(end)); });
  return { process: child, finished, firstLine };
}

let output: string;
let errors: string;
beforeEach(() => {
  output = '';
  errors = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((output += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((errors += String(text)), true));
});
afterEach(() => { jest.restoreAllMocks(); });

/** The command in this process: quick, for what needs no process of its own. */
const quickly = async (...args: string[]): Promise<number> => run(['node', 'keyturn', 'local', ...args], process.env);

describe('before anything is served', () => {
  test('help tells every command and option', async () => {
    expect(await quickly('--help')).toBe(0);
    for (const word of ['--port', '--speed', '--state', '--app', 'advance', 'status', 'messages', 'credentials', 'save', 'set']) expect(output).toContain(word);
  });

  test.each<[string, string[], RegExp]>([
    ['a port that is none', ['--port', '4599x'], /whole number from 0 to 65535/],
    ['a port beyond the last', ['--port', '65536'], /whole number from 0 to 65535/],
    ['a negative speed', ['--speed', '-1'], /number from 0 to/],
    ['a start that is no time', ['--start', 'tomorrow'], /2027-01-01T06:00:00Z/],
    ['switches that are no JSON', ['--kms', 'slow'], /JSON object in quotes/],
    ['an unknown option', ['--fast'], /unknown option '--fast'/],
    ['a start on a day that its month does not have', ['--start', '2027-02-30'], /2027-01-01T06:00:00Z/],
    ['a start after which time would run out', ['--start', '9999-01-01'], /between 1970-01-01 and 9900-01-\d\d/],
    ['a start beyond the year 9999', ['--start', '10000-01-01'], /2027-01-01T06:00:00Z/],
    ['an unknown command', ['rewind'], /error: unknown command 'rewind'/],
    ['an unknown command with options', ['rewind', '--port', '0'], /error: unknown command 'rewind'/],
    ['the port of another one before a command', ['--port', '5000', 'status'], /--port before `status` is an option of `keyturn local` itself: .*--endpoint/],
    ['--json before a command', ['--json', 'status'], /give --json after `status`/],
    ['a duration beyond a hundred years', ['advance', '36501d'], /at most 36500d/],
    ['a duration that is none', ['advance', '7 days'], /It must be a whole number and s, m, h, d or w, such as 90s/],
    ['no duration', ['advance'], /missing required argument 'duration'/],
    ['no ARN', ['credentials'], /missing required argument 'arn'/],
  ])('fails on %s', async (_case, args, message) => {
    expect(await quickly(...args)).toBe(1);
    expect(errors).toMatch(message);
  });

  test('fails without a cloud assembly, with what to type', async () => {
    const empty = mkdtempSync(path.join(tmpdir(), 'no-assembly-'));
    expect(await quickly('--app', empty)).toBe(1);
    expect(errors).toBe(`keyturn: there is no cloud assembly in ${empty}. Make one: npx cdk synth --quiet --output ${empty}\n`);
    rmSync(empty, { recursive: true });
  });

  test.each([
    ['status'],
    ['advance', '7d'],
    ['messages'],
    ['save'],
    ['credentials', 'arn:aws:iam::111122223333:role/x'],
  ])('%s fails when nothing is served there', async (...args) => {
    expect(await quickly(...args, '--endpoint', 'http://127.0.0.1:1')).toBe(1);
    expect(errors).toBe('keyturn: no local cloud answers at http://127.0.0.1:1 (ECONNREFUSED). Start one with `keyturn local`, or give --endpoint as it printed it.\n');
  });

  test('tells the version of the package', async () => {
    expect(await run(['node', 'keyturn', '--version'], process.env)).toBe(0);
    expect(output).toBe(`${(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }).version}\n`);
  });

  test('status fails on an endpoint that is none', async () => {
    expect(await quickly('status', '--endpoint', 'here')).toBe(1);
    expect(errors).toBe('keyturn: --endpoint here is not a URL such as http://127.0.0.1:4599.\n');
  });
});

describe('with a cloud assembly', () => {
  let fixture: Fixture;
  beforeAll(() => { fixture = waitingStack(); });
  afterAll(() => { fixture.remove(); });

  test('is served until a signal, talked to by the other commands, and ends well', async () => {
    const local = keyturn('local', '--port', '0', '--speed', '0', '--app', fixture.directory, '--json');
    const ready = JSON.parse(await local.firstLine) as { endpoint: string; outputs: object; credentials: object };
    expect(ready).toMatchObject({
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      credentials: { accessKeyId: expect.stringMatching(/^AKIA/), secretAccessKey: expect.any(String) },
      outputs: { Machine: expect.any(String) },
      virtualTime: '2027-01-01T00:00:00.000Z',
    });
    const { endpoint } = ready;
    expect(await quickly('advance', '90s', '--endpoint', endpoint)).toBe(0);
    expect(await quickly('advance', '1d', '--endpoint', endpoint, '--json')).toBe(0);
    expect(await quickly('status', '--endpoint', endpoint)).toBe(0);
    expect(await quickly('messages', '--endpoint', endpoint)).toBe(0);
    expect(output).toBe(
      [
        'Virtual time is 2027-01-01T00:01:30.000Z',
        '{"virtualTime":"2027-01-02T00:01:30.000Z"}',
        'Virtual time  2027-01-02T00:01:30.000Z, standing still until it is advanced',
        'Next due      nothing',
        'Executions    none running',
        'No message was published.',
        '',
      ].join('\n'),
    );
    output = '';
    expect(await quickly('credentials', 'arn:aws:iam::111122223333:role/someone', '--endpoint', endpoint)).toBe(1);
    expect(errors).toMatch(/There is no arn:aws:iam::111122223333:role\/someone\. .*--create/);
    errors = '';
    expect(await quickly('credentials', 'arn:aws:iam::111122223333:role/someone', '--create', '--session', 'me', '--endpoint', endpoint)).toBe(0);
    expect(output).toMatch(/^export AWS_ACCESS_KEY_ID=ASIA\w+\nexport AWS_SECRET_ACCESS_KEY=\w+\nexport AWS_SESSION_TOKEN=\S+\nexport AWS_REGION=eu-central-1\nexport AWS_DEFAULT_REGION=eu-central-1\nexport AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:\d+\n$/);
    expect(errors).toContain('role/someone was made');
    output = '';
    expect(await quickly('set', 'kms', '--json', '--endpoint', endpoint)).toBe(0);
    expect(output).toMatch(/^\{"[^\n]+\}\n$/);
    expect(JSON.parse(output)).toMatchObject({ requestQuotas: 'off' });
    errors = '';
    expect(await quickly('save', '--endpoint', endpoint)).toBe(1);
    expect(errors).toContain('start with --state <file>');
    local.process.kill('SIGTERM');
    expect(await local.finished).toMatchObject({ exitCode: 0, errors: '' });
  });

  test('shows people what to paste', async () => {
    const local = keyturn('local', '--port', '0', '--app', fixture.directory);
    expect(await local.firstLine).toMatch(/^The local AWS is ready at http:\/\/127\.0\.0\.1:\d+\. Virtual time is 2027-01-01T00:00:00\.000Z, jumping to what is due next\.$/);
    local.process.kill('SIGINT');
    const { exitCode, output: said } = await local.finished;
    expect(exitCode).toBe(0);
    for (const word of ['export AWS_ENDPOINT_URL=', '--endpoint-url', 'boto3', 'JavaScript SDK', 'npx keyturn local advance 7d --endpoint']) expect(said).toContain(word);
  });

  test('refuses a port that is taken, with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    expect(await keyturn('local', '--port', String(port), '--app', fixture.directory).finished).toEqual({
      exitCode: 1,
      output: '',
      errors: `keyturn: port ${port} is taken, perhaps by another \`keyturn local\`. Stop that one, or give --port with another port, or with 0 for any free one.\n`,
    });
    other.close();
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    ['a manifest that is no JSON', (folder) => { writeFileSync(path.join(folder, 'manifest.json'), '{'); }, /manifest\.json is not JSON: .+\. Make it again: npx cdk synth --quiet --output \S+\n$/],
    ['a template that is no JSON', (folder) => { writeFileSync(path.join(folder, 'tiny.template.json'), '{"Resources":'); }, /tiny\.template\.json is not JSON: .+\. Make it again: npx cdk synth --quiet --output \S+\n$/],
    ['no template', (folder) => { rmSync(path.join(folder, 'tiny.template.json')); }, /tiny\.template\.json cannot be read \(ENOENT\)\. Make it again: npx cdk synth --quiet --output \S+\n$/],
    ['no code', (folder) => { rmSync(path.join(folder, 'asset.echo', 'index.js')); }, /asset\.echo\S+index\.js cannot be read \(ENOENT\)\. Make it again: npx cdk synth --quiet --output \S+\n$/],
  ])('refuses a damaged one: %s', async (_case, damage, message) => {
    const damaged = waitingStack();
    damage(damaged.directory);
    expect(await quickly('--port', '0', '--app', damaged.directory)).toBe(1);
    expect(errors).toMatch(message);
    damaged.remove();
  });

  test('refuses a start for a state that has its own time', async () => {
    expect(await quickly('--port', '0', '--app', fixture.directory, '--state', __filename, '--start', '2027-01-01')).toBe(1);
    expect(errors).toMatch(/local\.test\.ts goes on at the time at which it was saved, and --start is for an empty account\./);
  });

  test('refuses one that is older than its sources', async () => {
    const old = waitingStack();
    utimesSync(path.join(old.directory, 'manifest.json'), 0, 0);
    expect(await quickly('--app', old.directory)).toBe(1);
    expect(errors).toMatch(/^keyturn: the cloud assembly in .+ is older than \S+\. Make it again: npx cdk synth --quiet --output /);
    old.remove();
  });

  test('refuses a state file that is none, and a stack that cannot be made, by name', async () => {
    expect(await quickly('--port', '0', '--app', fixture.directory, '--state', __filename)).toBe(1);
    expect(errors).toMatch(/local\.test\.ts is not a state of `keyturn local`/);
    errors = '';
    const unmakeable = waitingStack();
    const file = path.join(unmakeable.directory, 'tiny.template.json');
    const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, unknown> };
    writeFileSync(file, JSON.stringify({ ...template, Resources: { ...template.Resources, Bucket: { Type: 'AWS::S3::Bucket', Properties: {} } } }));
    expect(await quickly('--port', '0', '--app', unmakeable.directory)).toBe(1);
    expect(errors).toMatch(/^keyturn: .*Bucket/);
    expect(errors).toContain('AWS::S3::Bucket');
    unmakeable.remove();
  });
});
