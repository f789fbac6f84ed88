import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { DynamoDbRegistry } from '../../lambdas/adapters/dynamodb/dynamodb-registry';
import { STACK_OUTPUTS } from '../../lambdas/contract/names';
import type { TraceEvent } from '../../lambdas/domain/trace';
import type { LocalCloud, Permissions } from '../cloud/local-cloud';
import { inProcessHandler } from '../wire/transport';
import type { KeyPicture } from './picture';

/** An execution, with what it said when it ended. */
export interface Run {
  readonly name: string;
  readonly status: string;
  readonly outcome: string;
}

/** A client of the local KMS for a role or user of the account. */
export function kmsOf(cloud: LocalCloud, roleOrUserArn: string): KMSClient {
  const credentials = cloud.credentialsFor(roleOrUserArn, { actions: ['kms:*'] });
  return new KMSClient({ region: cloud.region, credentials, requestHandler: inProcessHandler(cloud.dispatch), maxAttempts: 1 });
}

export function dynamoDbOf(cloud: LocalCloud, roleOrUserArn: string, permissions: Permissions): DynamoDBClient {
  const credentials = cloud.credentialsFor(roleOrUserArn, permissions);
  return new DynamoDBClient({ region: cloud.region, credentials, requestHandler: inProcessHandler(cloud.dispatch), maxAttempts: 1 });
}

/** The stack's registry, for reading. */
export function registryOf(cloud: LocalCloud): DynamoDbRegistry {
  const client = dynamoDbOf(cloud, `arn:aws:iam::${cloud.accountId}:role/operator`, { actions: ['dynamodb:GetItem', 'dynamodb:Query'] });
  return new DynamoDbRegistry(client, cloud.outputs[STACK_OUTPUTS.table] ?? '');
}

/** @throws {Error} when the registry does not know the key. */
export async function pictureOf(cloud: LocalCloud, registry: DynamoDbRegistry, name: string): Promise<KeyPicture> {
  const reading = await registry.read(name);
  if (reading === undefined) throw new Error(`${name} left the registry`);
  const versions = [...Object.values(reading.key.versions), ...(await registry.terminalVersions(name))].sort((left, right) => left.number - right.number);
  const aliasTarget = cloud.kms.snapshot().aliases.find((alias) => alias.name === reading.key.policy.alias)?.targetKeyId ?? null;
  return { key: reading.key, aliasTarget, versions };
}

/** Executions in the order in which they were started. */
export function runsIn(trace: readonly TraceEvent[]): readonly Run[] {
  const runs = new Map<string, Run>();
  for (const event of trace) noteRun(runs, event);
  return [...runs.values()];
}

/** What one more event tells about executions. */
export function noteRun(runs: Map<string, Run>, event: TraceEvent): void {
  if (event.type === 'states.execution-started') runs.set(event.execution, { name: event.execution, status: 'RUNNING', outcome: '' });
  if (event.type !== 'states.execution-ended') return;
  const outcome = (event.output as { outcome?: string } | null)?.outcome ?? event.error ?? '';
  runs.set(event.execution, { name: event.execution, status: event.status, outcome });
}
