import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { RunningCloud } from '../../../local/cloud/running-cloud';
import { synthesize } from '../../../local/demo/synthesize';

/** One key for each story, so that stories do not meet. */
export const KEYS = ['quiet', 'held', 'paused', 'rotated', 'urgent', 'misled', 'scoped'] as const;

const CONFIG = {
  startEvery: '15m',
  defaults: { owner: 'team', retirement: 'delete', rotateEvery: '20d', startSpread: '0s', drain: '4d', bake: '2d', anchor: '2027-01-01T00:00:00Z' },
  keys: KEYS.map((name) => ({ name })),
};

const ACCOUNT = 'arn:aws:iam::111122223333';

/** What the README says that each role of people needs. */
const READS = ['cloudformation:DescribeStacks', 'dynamodb:GetItem', 'dynamodb:Query'];
const CALLS_URLS = ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'];
export const PEOPLE: Readonly<Record<string, readonly string[]>> = {
  'user/alice': [...READS, ...CALLS_URLS],
  'role/security': [...READS, ...CALLS_URLS],
  'user/auditor': [...READS, 'states:DescribeExecution', 'kms:GetKeyPolicy'],
  'user/registry-reader': READS,
  'user/stack-reader': ['cloudformation:DescribeStacks'],
  'user/nobody': [],
};

export interface PeopleCloud {
  readonly running: RunningCloud;
  readonly remove: () => Promise<void>;
}

/** keyturn's whole stack in a local cloud, with the first version of each key, and with people. */
export async function peopleCloud(): Promise<PeopleCloud> {
  const folder = mkdtempSync(path.join(tmpdir(), 'people-'));
  const configuration = path.join(folder, 'keyturn.config.json');
  writeFileSync(configuration, JSON.stringify(CONFIG));
  const running = await RunningCloud.start(await synthesize({ directory: path.join(folder, 'cdk.out'), configuration }), { speed: 0 });
  for (const [name, actions] of Object.entries(PEOPLE)) running.cloud.credentialsFor(`${ACCOUNT}:${name}`, { actions });
  await running.pace.advance(3_600_000);
  return {
    running,
    remove: async () => {
      await running.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
