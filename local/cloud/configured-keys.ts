import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDbRegistry } from '../../lambdas/adapters/dynamodb/dynamodb-registry';
import type { KeyPolicy } from '../../lambdas/contract/key-policy';
import { STACK_OUTPUTS } from '../../lambdas/contract/names';
import { isRecord } from '../wire/protocol';
import { inProcessHandler } from '../wire/transport';
import type { LocalCloud } from './local-cloud';

/** What keyturn's own stack has registered; another stack has registered nothing. */
export async function registeredPolicies(cloud: LocalCloud): Promise<readonly KeyPolicy[]> {
  const table = cloud.outputs[STACK_OUTPUTS.table];
  if (table === undefined) return [];
  const credentials = cloud.credentialsFor(`arn:aws:iam::${cloud.accountId}:role/operator`, { actions: ['dynamodb:GetItem', 'dynamodb:Query'] });
  const client = new DynamoDBClient({ region: cloud.region, credentials, requestHandler: inProcessHandler(cloud.dispatch), maxAttempts: 1 });
  const registry = new DynamoDbRegistry(client, table);
  const keys = await Promise.all((await registry.allNames()).map((name) => registry.read(name)));
  return keys.flatMap((reading) => (reading === undefined || reading.key.removed ? [] : [reading.key.policy]));
}

/** Connects the CloudHSM key stores that policies name, as an administrator has before keys are made in them. Those that exist stay as they are. */
export function addKeyStores(cloud: LocalCloud, policies: readonly KeyPolicy[]): void {
  const answer = cloud.kms.call('DescribeCustomKeyStores', {}, { accountId: cloud.accountId, arn: `arn:aws:iam::${cloud.accountId}:root`, userId: cloud.accountId });
  const stores: unknown = isRecord(answer) ? answer['CustomKeyStores'] : [];
  const existing = Array.isArray(stores) ? stores.filter(isRecord).map((store) => store['CustomKeyStoreId']) : [];
  const named = new Set(policies.flatMap(({ keyStoreId }) => keyStoreId ?? []));
  for (const id of named) if (!existing.includes(id)) cloud.kms.addKeyStore(id);
}
