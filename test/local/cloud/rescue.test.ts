import { DecryptCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbRegistry } from '../../../lambdas/adapters/dynamodb/dynamodb-registry';
import { STACK_OUTPUTS } from '../../../lambdas/contract/names';
import { check } from '../../../lambdas/domain/checker';
import { deploy, type LocalCloud } from '../../../local/cloud/local-cloud';
import { synthesize } from '../../../local/demo/synthesize';

const DAY = 86_400_000;
const START_MS = Date.UTC(2027, 0, 1);
const CONFIGURATION = {
  startEvery: '12h',
  keys: ['orders', 'invoices'].map((name) => ({ name, owner: 'team', rotateEvery: '6d', anchor: '2027-01-01T00:00:00Z', drain: '2d', bake: '1d', retirement: 'delete', autoDelete: true })),
};

let folder: string;
let cloud: LocalCloud;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rescue-'));
  const configuration = path.join(folder, 'keyturn.config.json');
  writeFileSync(configuration, JSON.stringify(CONFIGURATION));
  cloud = await deploy(await synthesize({ directory: path.join(folder, 'cdk.out'), configuration }), { startMs: START_MS });
  // Looks less often than it would: that is most of the work of a day.
  cloud.reschedule('Reconcile', 'rate(6 hours)');
}, 120_000);

afterAll(async () => {
  await cloud.close();
  rmSync(folder, { recursive: true });
});

/** The version that a key began with. */
async function first(name: string) {
  const credentials = cloud.credentialsFor(`arn:aws:iam::${cloud.accountId}:role/operator`, { actions: ['dynamodb:GetItem', 'dynamodb:Query'] });
  const registry = new DynamoDbRegistry(new DynamoDBClient({ region: cloud.region, endpoint: cloud.endpoint, credentials, maxAttempts: 1 }), cloud.outputs[STACK_OUTPUTS.table] ?? '');
  const key = (await registry.read(name))?.key;
  return { status: key?.versions['v1']?.status, hold: key?.hold, state: cloud.kms.snapshot().keys.find(({ id }) => id === key?.versions['v1']?.kmsKeyId)?.state };
}

const alerts = (): readonly { readonly subject: string | null; readonly message: string }[] =>
  cloud.trace.events().flatMap((event) => (event.type === 'sns.published' ? [{ subject: event.subject, message: event.message }] : []));

test("a consumer whose version is DISABLED, and one whose version is REVOKED, are rescued by CloudTrail's events alone", async () => {
  // Scoped by the aliases, as the README advises: the old version is known by its version alias only.
  const condition = { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['orders', 'invoices'].flatMap((name) => [`alias/${name}`, `alias/${name}/v*`]) } };
  const consumer = cloud.credentialsFor(`arn:aws:iam::${cloud.accountId}:role/apps/reports`, { actions: ['kms:Encrypt', 'kms:Decrypt'], condition }, 'nightly');
  const kms = new KMSClient({ region: cloud.region, endpoint: cloud.endpoint, credentials: consumer, maxAttempts: 1 });
  const until = async (name: string, status: string): Promise<void> => {
    for (let step = 0; step < 200 && (await first(name)).status !== status; step++) await cloud.advanceTo(cloud.timeline.nowMs() + DAY / 4);
    expect(await first(name)).toMatchObject({ status });
  };
  const kept = new Map<string, Uint8Array | undefined>();
  const encrypt = async (name: string) => kept.set(name, (await kms.send(new EncryptCommand({ KeyId: `alias/${name}`, Plaintext: Buffer.from('secret') }))).CiphertextBlob);
  const decrypt = async (name: string) => kms.send(new DecryptCommand({ CiphertextBlob: kept.get(name) })).then(({ Plaintext }) => Buffer.from(Plaintext ?? []).toString(), (error: unknown) => (error as Error).name);

  await until('orders', 'ACTIVE');
  await until('invoices', 'ACTIVE');
  await Promise.all([encrypt('orders'), encrypt('invoices')]);
  await until('orders', 'DISABLED');
  expect(await decrypt('orders')).toBe('DisabledException');
  await cloud.advanceTo(cloud.timeline.nowMs() + 6 * 60_000);
  expect(await first('orders')).toMatchObject({ status: 'DEPRECATED', state: 'Enabled', hold: { by: 'rescue-version' } });
  expect(await decrypt('orders')).toBe('secret');

  await until('invoices', 'REVOKED');
  expect(await decrypt('invoices')).toBe('KMSInvalidStateException');
  await cloud.advanceTo(cloud.timeline.nowMs() + 6 * 60_000);
  expect(await first('invoices')).toMatchObject({ status: 'DEPRECATED', state: 'Enabled', hold: { by: 'rescue-version' } });
  expect(await decrypt('invoices')).toBe('secret');

  const told = alerts().filter(({ subject }) => subject?.includes('is still in use'));
  expect(told.map(({ subject }) => subject)).toEqual(['keyturn: orders: v1 is still in use and was enabled again', 'keyturn: invoices: v1 is still in use and was enabled again']);
  for (const { message } of told) expect(message).toContain('arn:aws:sts::111122223333:assumed-role/reports/nightly called Decrypt with v1');

  // Held from now on: neither is retired again, and the reconciliation has nothing against it.
  await cloud.advanceTo(cloud.timeline.nowMs() + 2 * DAY);
  for (const name of ['orders', 'invoices']) expect(await first(name)).toMatchObject({ status: 'DEPRECATED', state: 'Enabled' });
  expect(check(cloud.trace.events(), { untilMs: cloud.timeline.nowMs() }).flatMap(({ violations }) => violations)).toEqual([]);
}, 120_000);
