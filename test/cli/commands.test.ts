import { GetItemCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateKeyCommand, GetKeyPolicyCommand, KMSClient, PutKeyPolicyCommand, UpdateAliasCommand } from '@aws-sdk/client-kms';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from '../../cli/program';
import { STACK_OUTPUTS } from '../../lambdas/contract/names';
import type { RunningCloud } from '../../local/cloud/running-cloud';
import { KEYS, peopleCloud, type PeopleCloud } from './support/people-cloud';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const { isTTY } = process.stdout;

let people: PeopleCloud;
let running: RunningCloud;
let folder: string;
let output: string;
let errors: string;

beforeAll(async () => {
  people = await peopleCloud();
  running = people.running;
  folder = mkdtempSync(path.join(tmpdir(), 'commands-'));
}, 120_000);
afterAll(async () => {
  await people.remove();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  output = '';
  errors = '';
  process.stdout.isTTY = false;
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((output += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((errors += String(text)), true));
});
afterEach(() => {
  process.stdout.isTTY = isTTY;
  jest.restoreAllMocks();
});

/** A command as somebody; what it printed is that of this command alone. */
async function as(who: string | null, ...args: string[]): Promise<number> {
  output = '';
  errors = '';
  return run(['node', 'keyturn', ...args, '--local', running.cloud.endpoint, ...(who === null ? [] : ['--as', who])], {});
}

/** The same with `--json`. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says what it expects to be printed
async function json<T>(who: string | null, ...args: string[]): Promise<{ readonly code: number; readonly value: T }> {
  const code = await as(who, ...args, '--json');
  return { code, value: JSON.parse(output) as T };
}

const admin = () => ({ region: running.cloud.region, endpoint: running.cloud.endpoint, credentials: running.administrator() });
const WHY = ['--reason', 'a test of it'];

/** Answers of a command that asks for nothing back. */
interface Told {
  readonly status: string;
  readonly message: string;
  readonly approvalId?: string;
}

describe('looking', () => {
  test('status, history, approvals and plan, of one key and of all, for people and for programs', async () => {
    expect(await as('user/registry-reader', 'status')).toBe(0);
    for (const word of [...KEYS, 'v1', 'owner', 'stands']) expect(output).toContain(word);
    expect((await json<{ key: { name: string } }[]>('user/registry-reader', 'status')).value.map(({ key }) => key.name)).toEqual([...KEYS].sort());
    expect(await as('user/registry-reader', 'status', 'quiet')).toBe(0);
    for (const word of ['alias/quiet', 'in order', 'nobody', 'ACTIVE']) expect(output).toContain(word);
    expect((await json('user/registry-reader', 'status', 'quiet')).value).toMatchObject([{ key: { name: 'quiet', versions: { v1: { status: 'ACTIVE' } } }, freeze: null }]);

    expect(await as('user/registry-reader', 'history', 'quiet')).toBe(0);
    for (const word of ['KeyRegistered', 'VersionPromoted', 'v1 new → PENDING', 'RotationCompleted']) expect(output).toContain(word);
    expect((await json<object[]>('user/registry-reader', 'history', 'quiet')).value[0]).toMatchObject({ seq: 1, type: 'KeyRegistered' });

    expect(await as('user/registry-reader', 'approvals', 'quiet')).toBe(0);
    expect(output).toBe('Nothing was asked.\n');
    expect((await json('user/registry-reader', 'approvals', 'quiet')).value).toEqual([]);

    expect(await as('user/auditor', 'plan', 'quiet')).toBe(0);
    for (const word of ['nothing is started: not due before 2027-01-21T00:00:00.000Z', 'quiet-20270121T0000Z-a1 from 2027-01-21T00:00:00.000Z on', '- create v2 of quiet', '- let v1 drain for at least 4d, then disable it', 'once a person has approved it', 'Not looked at  policies of IAM']) {
      expect(output).toContain(word);
    }
    const { value } = await json<{ key: string; next: object; notLookedAt: string[] }[]>('user/auditor', 'plan');
    expect(value.map(({ key }) => key)).toEqual([...KEYS].sort());
    expect(value.find(({ key }) => key === 'quiet')).toMatchObject({ next: { rotationId: 'quiet-20270121T0000Z-a1' }, aliasConditions: [], notLookedAt: [expect.stringContaining('policies of IAM')] });
  });

  test('plan says what the caller may not read, instead of leaving it out silently', async () => {
    expect(await as('user/registry-reader', 'plan', 'quiet')).toBe(0);
    expect(output).toMatch(/Not looked at +whether executions of these names exist: .*states:DescribeExecution[^]*key policies: .*kms:GetKeyPolicy/);
  });

  test('plan finds key policies and policies of IAM that lose the key at a promotion', async () => {
    const kms = new KMSClient(admin());
    const { Policy: policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId: await keyIdOf('scoped') }));
    const document = JSON.parse(policy) as { Statement: object[] };
    const scoped = { Sid: 'ScopedByAlias', Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:Decrypt', Resource: '*', Condition: { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': 'alias/scoped' } } };
    await kms.send(new PutKeyPolicyCommand({ KeyId: await keyIdOf('scoped'), Policy: JSON.stringify({ ...document, Statement: [...document.Statement, scoped] }) }));
    const iam = path.join(folder, 'iam.json');
    const inline = [{ PolicyName: 'reads', PolicyDocument: { Statement: [{ ...scoped, Principal: undefined }] } }];
    writeFileSync(iam, JSON.stringify({ UserDetailList: [], GroupDetailList: [], RoleDetailList: [{ Arn: 'arn:aws:iam::111122223333:role/app', RolePolicyList: inline }], Policies: [{ Arn: 'arn:managed', PolicyVersionList: [{ IsDefaultVersion: true, Document: encodeURIComponent(JSON.stringify({ Statement: inline[0]?.PolicyDocument.Statement })) }] }] }));
    expect(await as('user/auditor', 'plan', 'scoped', '--iam', iam)).toBe(0);
    expect(output).toMatch(/Policies +key policy of v1, statement ScopedByAlias \(Allow\): .* loses the old key at a promotion/);
    expect(output).toContain('arn:aws:iam::111122223333:role/app, reads, statement ScopedByAlias');
    expect(output).toContain('arn:managed, statement ScopedByAlias');
    expect(output).not.toContain('Not looked at');
    writeFileSync(iam, '{}');
    expect(await as('user/auditor', 'plan', 'scoped', '--iam', iam)).toBe(1);
    expect(errors).toMatch(/--iam .+ is not what `aws iam get-account-authorization-details` prints/);
  });
});

describe('audit', () => {
  test('verifies the chain and tells what each verdict rests on, and what was not looked at', async () => {
    expect(await as('user/registry-reader', 'audit', 'quiet')).toBe(0);
    expect(output).toMatch(/9 the hash chain verifies, up to the registry +│ held +│ \d+/);
    expect(output).toMatch(/2 exactly one ACTIVE version +│ held +│ \d+/);
    expect(output).toMatch(/5 the alias always works +│ not checkable +│ 0/);
    expect(output).toMatch(/quiet: \d+ events of the ledger, KMS was not looked at \(--cloudtrail\)\. Not looked at: executions, acknowledgements/);
    const { code, value } = await json<{ violations: number; checked: number; notCheckable: number; lookedAt: object }>('user/registry-reader', 'audit', 'quiet');
    expect([code, value.violations, value.checked > 8, value.notCheckable > 20]).toEqual([0, 0, true, true]);
    process.stdout.isTTY = true;
    process.stdout.hasColors = () => false;
    expect(await as('user/registry-reader', 'audit', 'quiet')).toBe(0);
    expect(output).toContain(`\n${value.notCheckable} not checkable (--all shows them)\n`);
    expect(output).toMatch(/held/);
    expect(output).not.toMatch(/│ not checkable/);
    expect(await as('user/registry-reader', 'audit', 'quiet', '--all')).toBe(0);
    expect(output.match(/│ not checkable/g)).toHaveLength(value.notCheckable);
    expect(output).not.toContain('--all');
  });

  test('looks at exports of CloudTrail: a log file, a compressed one, and what lookup-events prints', async () => {
    const keyId = await keyIdOf('quiet');
    const session = { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/keyturn-Promote/x', sessionContext: { sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/keyturn/keyturn/keyturn-Promote' } } };
    const record = (eventID: string, eventName: string, more: object) => ({ eventID, eventTime: '2027-01-01T00:50:00Z', eventSource: 'kms.amazonaws.com', eventName, userIdentity: session, requestParameters: null, ...more });
    const records = [
      record('1', 'UpdateAlias', { requestParameters: { aliasName: 'alias/quiet', targetKeyId: keyId } }),
      record('2', 'Decrypt', { userIdentity: { arn: 'arn:aws:iam::111122223333:user/app' }, resources: [{ ARN: `arn:aws:kms:eu-central-1:111122223333:key/${keyId}` }] }),
      { ...record('3', 'RunInstances', {}), eventSource: 'ec2.amazonaws.com' },
    ];
    const [plain, compressed, lookedUp, bad] = ['a.json', 'a.json.gz', 'b.json', 'c.json'].map((file) => path.join(folder, file)) as [string, string, string, string];
    writeFileSync(plain, JSON.stringify({ Records: records }));
    writeFileSync(compressed, gzipSync(JSON.stringify({ Records: records })));
    const stranger = record('4', 'DisableKey', { requestParameters: { keyId } });
    writeFileSync(lookedUp, JSON.stringify({ Events: [...records, stranger].map((event) => ({ EventId: event.eventID, EventTime: 1, CloudTrailEvent: JSON.stringify(event) })) }));
    for (const file of [plain, compressed]) {
      expect(await as('user/registry-reader', 'audit', 'quiet', '--cloudtrail', file)).toBe(0);
      expect(output).toContain('2 events of KMS between 2027-01-01T00:50:00.999Z and 2027-01-01T00:50:00.999Z; outside of that KMS was not looked at');
      expect(output).toMatch(/3 the alias follows the ACTIVE version +│ held +│ 1/);
    }
    expect(await as('user/registry-reader', 'audit', 'quiet', '--cloudtrail', plain, lookedUp)).toBe(1);
    expect(output).toMatch(/2 the ACTIVE key stays usable +│ VIOLATED +│ 1/);
    expect(errors).toMatch(/^keyturn: quiet: \d+ violations\. docs\/operations\.md/);
    writeFileSync(bad, '[]');
    expect(await as('user/registry-reader', 'audit', 'quiet', '--cloudtrail', bad)).toBe(2);
    expect(errors).toMatch(/c\.json is no export of CloudTrail: .*Give a log file from S3/s);
  });

  test('finds an event of the ledger that was broken by hand, and ends with 1', async () => {
    const table = running.cloud.outputs[STACK_OUTPUTS.table];
    const dynamodb = new DynamoDBClient(admin());
    const place = { pk: { S: 'KEY#paused' }, sk: { S: 'LEDGER#0000000002' } };
    const { Item: item = {} } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: place }));
    await dynamodb.send(new PutItemCommand({ TableName: table, Item: { ...item, by: { S: 'somebody else' } } }));
    expect(await as('user/registry-reader', 'audit', 'paused')).toBe(1);
    expect(output).toMatch(/VIOLATED +│ \d+ +│ event 2 does not have/);
    expect(errors).toMatch(/^keyturn: paused: \d+ violations/);
    await dynamodb.send(new PutItemCommand({ TableName: table, Item: item }));
    expect(await as('user/registry-reader', 'audit', 'paused')).toBe(0);
  });
});

describe('operating', () => {
  test('hold and release: whoever releases types the key', async () => {
    expect(await as('user/alice', 'hold', 'held', ...WHY)).toBe(0);
    expect(output).toMatch(/^done: held is held/);
    expect(await as('user/alice', 'release', 'held', ...WHY)).toBe(1);
    expect(errors).toBe('keyturn: this needs a confirmation: give --yes-i-mean held. Nothing was done.\n');
    expect(await as('user/alice', 'release', 'held', ...WHY, '--yes-i-mean', 'quiet')).toBe(1);
    expect(errors).toBe('keyturn: "quiet" is not "held"; nothing was done.\n');
    expect(await as('user/auditor', 'plan', 'held')).toBe(0);
    expect(output).toMatch(/nothing is started: held by arn:aws:iam::111122223333:user\/alice: a test of it[^]*nothing starts by itself/);
    expect((await json<Told>('user/alice', 'release', 'held', ...WHY, '--yes-i-mean', 'held')).value).toMatchObject({ status: 'done' });
  });

  test('pause and resume, on the time of the cloud', async () => {
    expect((await json<Told>('user/alice', 'pause', 'paused', '--for', '12h', ...WHY)).value.message).toMatch(/^paused: paused until 2027-01-/);
    expect(await as('user/alice', 'resume', 'paused', ...WHY)).toBe(0);
    expect(output).toBe('done: paused: the pause has ended\n');
  });

  test('rotate tells why not, abort and lift ask for the name, break-glass too', async () => {
    expect(await as('user/alice', 'rotate', 'rotated', ...WHY)).toBe(1);
    expect(errors).toMatch(/^keyturn: nothing was done \(HTTP 403\): rotated is not rotated now: window 20270101T0000Z is completed/);
    for (const command of ['abort', 'lift', 'break-glass']) {
      expect(await as('user/alice', command, 'rotated', ...WHY)).toBe(1);
      expect(errors).toContain('give --yes-i-mean rotated. Nothing was done.');
    }
    expect(await as('user/alice', 'abort', 'rotated', ...WHY, '--yes-i-mean', 'rotated')).toBe(1);
    expect(errors).toContain('nothing to abort: no execution owns the key');
    expect((await json<Told>('user/alice', 'lift', 'rotated', ...WHY, '--yes-i-mean', 'rotated')).value.status).toBe('unchanged');
    expect(await as('user/alice', 'break-glass', 'rotated', ...WHY, '--yes-i-mean', 'rotated')).toBe(1);
    expect(errors).toMatch(/^keyturn: (nothing|it) was (not )?done/);
  });

  test('an emergency is asked for by one person, approved by another, and denied by a third question', async () => {
    expect(await as('user/alice', 'rotate', 'urgent', '--emergency', ...WHY)).toBe(1);
    expect(errors).toContain('--yes-i-mean urgent');
    const asked = await json<Told>('user/alice', 'rotate', 'urgent', '--emergency', ...WHY, '--yes-i-mean', 'urgent');
    const id = asked.value.approvalId ?? '';
    expect(asked).toMatchObject({ code: 0, value: { status: 'asked' } });
    expect(await as('user/alice', 'approvals', 'urgent')).toBe(0);
    expect(output).toContain(id);
    expect(await as('user/registry-reader', 'status', 'urgent')).toBe(0);
    expect(output).toMatch(new RegExp(`Stands +waits for a person\\nWaits for a person  ${id} \\(emergency\\) until 2027-[^ ]+Z: keyturn approve ${id} --reason …\\n`));
    expect(output).toMatch(/disable from +│ revoke from/);
    expect(await as('user/registry-reader', 'status')).toBe(0);
    expect(output).toMatch(/│ urgent +│[^│]+│[^│]+│ waits for a person +│ 1 /);
    expect(output).toMatch(/│ quiet +│[^│]+│[^│]+│ in order +│ 0 /);
    expect((await json('user/registry-reader', 'status', 'urgent')).value).toMatchObject([{ openApprovals: [{ id, purpose: 'emergency' }] }]);
    expect(await as('user/alice', 'approve', id, ...WHY, '--yes-i-mean', 'urgent')).toBe(1);
    expect(errors).toContain('requested it and cannot approve it');
    expect(await as('role/security', 'approve', id, ...WHY)).toBe(1);
    expect(errors).toContain('give --yes-i-mean urgent');
    expect(await as('user/auditor', 'plan', 'urgent')).toBe(0);
    expect(output).toMatch(new RegExp(`Needs you +approval ${id} \\(emergency\\) waits for an answer until`));
    expect(await as('role/security', 'deny', id, ...WHY, '--yes-i-mean', 'urgent')).toBe(0);
    const again = (await json<Told>('user/alice', 'rotate', 'urgent', '--emergency', ...WHY, '--yes-i-mean', 'urgent')).value.approvalId ?? '';
    expect((await json<Told>('role/security', 'approve', again, ...WHY, '--yes-i-mean', 'urgent')).value.status).toBe('done');
    await running.pace.advance(HOUR);
    expect((await json('user/alice', 'status', 'urgent')).value).toMatchObject([{ key: { versions: { v2: { status: 'ACTIVE' } } } }]);
    expect(await as('user/auditor', 'plan', 'urgent')).toBe(0);
    expect(output).toMatch(/Owner +urgent-20270101T0000Z-e1 since/);
    expect(output).toMatch(/Disable v1 +not before 2027-01-01T\d\d:/);
    expect(await as('user/registry-reader', 'audit', 'urgent')).toBe(0);
    expect(await as('user/alice', 'approve', again, ...WHY, '--yes-i-mean', 'urgent')).toBe(1);
  });

  test('reconcile prints its findings, and a frozen key is repaired', async () => {
    expect(await as(null, 'reconcile')).toBe(0);
    expect(output).toMatch(/7 of 7 keys were looked at/);
    const kms = new KMSClient(admin());
    const { KeyMetadata: foreign } = await kms.send(new CreateKeyCommand({}));
    await kms.send(new UpdateAliasCommand({ AliasName: 'alias/misled', TargetKeyId: foreign?.KeyId }));
    // One look may be a late one: nothing is frozen yet, and nothing is said to be in order.
    expect(await as(null, 'reconcile')).toBe(1);
    expect(output).toMatch(/differs, not yet confirmed │ misled │ alias\/misled points to [^│]+; look again after 2027-[\d:.T-]+Z/);
    expect(output).not.toContain('everything is as registered');
    expect(await json(null, 'reconcile')).toMatchObject({ code: 1, value: { unconfirmed: [{ key: 'misled', what: expect.stringMatching(/^alias\/misled points to/), confirmableFrom: expect.stringMatching(/^2027-/) }], needsPerson: [] } });
    await running.pace.advance(HOUR / 2);
    const found = await json<{ keysLookedAt: number; needsPerson: object[] }>(null, 'reconcile');
    expect(found).toMatchObject({ code: 1, value: { keysLookedAt: 7, keysRegistered: 7, failed: [], unconfirmed: [], needsPerson: [{ key: 'misled', what: expect.stringMatching(/^frozen since .* by reconcile: alias\/misled points to/) }] } });
    expect(errors).toBe('keyturn: 1 finding needs a person. docs/operations.md says what to do about each.\n');
    await as('user/registry-reader', 'audit', 'misled');
    expect(output).toMatch(/^misled: FROZEN since 2027-[^ ]+Z: alias\/misled points to/);
    expect(await as('user/registry-reader', 'reconcile')).toBe(2);
    expect(errors).toMatch(/You need lambda:InvokeFunction on arn:aws:lambda/);

    expect(await as('user/alice', 'repair', 'misled', '--kind', 'enable', ...WHY, '--yes-i-mean', 'misled')).toBe(1);
    expect(errors).toContain('--kind enable needs --key-version <number>.');
    expect(await as('user/alice', 'repair', 'misled', '--kind', 'repoint-alias', ...WHY)).toBe(1);
    expect(errors).toContain('--yes-i-mean misled');
    expect(await as('user/alice', 'repair', 'misled', '--kind', 'enable', '--key-version', '7', ...WHY, '--yes-i-mean', 'misled')).toBe(1);
    expect(errors).toMatch(/misled has no v7 that a repair could change; it has v1 \(ACTIVE\)\. Nothing was asked/);
    const { value } = await json<Told>('user/alice', 'repair', 'misled', '--kind', 'repoint-alias', ...WHY, '--yes-i-mean', 'misled');
    expect(await as('role/security', 'approve', value.approvalId ?? '', ...WHY, '--yes-i-mean', 'misled')).toBe(0);
    await running.pace.advance(MINUTE);
    expect(await as('user/registry-reader', 'status', 'misled')).toBe(0);
    expect(output).toMatch(/Stands +FROZEN since .*\nRepair +repoint-alias, under way since 2027-/);
    await running.pace.advance(HOUR);
    expect(await as('user/registry-reader', 'status', 'misled')).toBe(0);
    expect(output).not.toMatch(/^Repair/m);
    expect(await as(null, 'reconcile')).toBe(0);
    expect(await as('user/registry-reader', 'audit', 'misled')).toBe(0);
  });
});

describe('what cannot be done', () => {
  test.each<[string, string[]]>([
    ['status', ['status', 'nokey']],
    ['history', ['history', 'nokey']],
    ['plan', ['plan', 'nokey']],
  ])('%s of an unknown key', async (_, args) => {
    expect(await as('user/registry-reader', ...args)).toBe(1);
    expect(errors).toMatch(/^keyturn: nokey .*keyturn status shows all keys\.\n$/);
  });

  test('audit of an unknown key could not look', async () => {
    expect(await as('user/registry-reader', 'audit', 'nokey')).toBe(2);
  });

  test('an unknown approval, and an unknown key of an entrance', async () => {
    expect(await as('user/alice', 'approve', 'f'.repeat(20), ...WHY)).toBe(1);
    expect(errors).toBe(`keyturn: there is no approval ${'f'.repeat(20)}. keyturn approvals lists them.\n`);
    expect(await as('user/alice', 'hold', 'nokey', ...WHY)).toBe(1);
    expect(errors).toMatch(/nothing was done \(HTTP \d+\): .*nokey is not in the registry/);
  });

  test.each(['rotate', 'hold', 'release', 'pause', 'resume', 'abort', 'lift', 'break-glass', 'repair', 'approve', 'deny'])('%s without a reason', async (command) => {
    expect(await as('user/alice', command, 'quiet', '--for', '1h')).toBe(1);
    expect(errors).toMatch(/^error: (required option '--reason <text>' not specified|unknown option '--for')[^\n]*\nkeyturn <command> --help tells the options of a command\.\n$/);
  });

  test.each([['short', 'x'], ['short but for spaces', '   x   '], ['long', 'x'.repeat(501)]])('a reason that is too %s', async (_, reason) => {
    expect(await as('user/alice', 'hold', 'quiet', '--reason', reason)).toBe(1);
    expect(errors).toMatch(/^error: option '--reason <text>' argument '[ x]+' is invalid\. It must have 3 to 500 characters: say why, in a few words\.\n/);
    expect(output).toBe('');
  });

  test('anything without permission, with what is missing', async () => {
    expect(await as('user/nobody', 'status')).toBe(1);
    expect(errors).toMatch(/the stack keyturn cannot be read: .*You need cloudformation:DescribeStacks on it\./);
    expect(await as('user/stack-reader', 'status')).toBe(1);
    expect(errors).toMatch(/dynamodb:Query.*README, "What people may do"/s);
    expect(await as('user/registry-reader', 'hold', 'quiet', ...WHY)).toBe(1);
    expect(errors).toMatch(/nothing was done \(HTTP 403\): Forbidden.* OperateUrl is in the README, "What people may do"/);
  });

  test('a stack that is not there, a principal that is not, a cloud that is not', async () => {
    expect(await as('user/alice', 'status', '--stack', 'other')).toBe(1);
    expect(errors).toMatch(/the stack other cannot be read: .*does not exist.*Give --stack and --region\./);
    expect(await as('user/unknown', 'status')).toBe(1);
    expect(errors).toMatch(/There is no arn:aws:iam::111122223333:user\/unknown\. .*keyturn local credentials/);
    expect(await run(['node', 'keyturn', 'status', '--local', 'http://127.0.0.1:1'], {})).toBe(1);
    expect(errors).toContain('no local cloud answers at http://127.0.0.1:1 (ECONNREFUSED). Start one with `keyturn local`, or give --local as it printed it.');
    expect(await run(['node', 'keyturn', 'status', '--local', 'quiet'], {})).toBe(1);
    expect(errors).toContain('--local quiet is not an endpoint such as http://127.0.0.1:4599. Give --local last, or as --local=<endpoint>.');
    expect(await run(['node', 'keyturn', 'status', '--as', 'user/alice'], {})).toBe(1);
    expect(errors).toContain('--as chooses who acts in the local cloud, and needs --local.');
  });

  test('a function that fails is not said to have done nothing', async () => {
    jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('Internal Server Error', { status: 502 }));
    expect(await as('user/alice', 'hold', 'quiet', ...WHY)).toBe(1);
    expect(errors).toBe('keyturn: it was not done, or not all of it (HTTP 502): Internal Server Error. keyturn status and keyturn history tell how the key stands; to ask again is safe.\n');
  });

  test('an answer to a question that nobody asked', async () => {
    expect(await as('user/alice', 'ack', 'a'.repeat(40), '--key-version', '2')).toBe(1);
    expect(errors).toMatch(/^keyturn: the answer was not recorded \(HTTP \d+\): /);
  });
});

test.each(['status', 'history', 'plan', 'audit', 'reconcile', 'approvals', 'rotate', 'hold', 'release', 'pause', 'resume', 'abort', 'lift', 'break-glass', 'repair', 'approve', 'deny', 'ack'])(
  '%s tells its options, also how to reach the local cloud',
  async (command) => {
    expect(await run(['node', 'keyturn', command, '--help'], {})).toBe(0);
    for (const option of ['--local [endpoint]', '--as <principal>', '--stack <name>', '--region <region>', '--json']) expect(output).toContain(option);
  },
);

async function keyIdOf(name: string): Promise<string> {
  const { value } = await json<{ key: { versions: Record<string, { kmsKeyId: string }> } }[]>('user/registry-reader', 'status', name);
  return value[0]?.key.versions['v1']?.kmsKeyId ?? '';
}
