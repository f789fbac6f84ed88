import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { DEFAULT_MAX_ATTEMPTS, StandardRetryStrategy } from '@smithy/core/retry';
import type { RetryErrorInfo, StandardRetryToken } from '@smithy/types';
import type { JobName } from '../invocations';
import type { World } from '../world';

export interface Clients {
  readonly kms: KMSClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
  readonly dynamodb: DynamoDBClient;
}

/** The SDK's clients as everybody makes them: with its own retries. */
export function clientsOf(world: World, name: JobName): Clients {
  const config = { ...world.jobClientConfig(name), retryStrategy: new VirtualStandardRetries(world) };
  return { kms: new KMSClient(config), tagging: new ResourceGroupsTaggingAPIClient(config), dynamodb: new DynamoDBClient(config) };
}

/** Base of the SDK's back-off; its jitter comes from the world. */
const BACKOFF_MS = 100;

/** The SDK's default retries: what is tried again, and how often, is its own; the waits between are virtual. */
class VirtualStandardRetries extends StandardRetryStrategy {
  constructor(private readonly world: World) {
    super({ maxAttempts: DEFAULT_MAX_ATTEMPTS, baseDelay: 0, backoff: { computeNextBackoffDelay: () => 0, setDelayBase: () => undefined } });
  }

  override async refreshRetryTokenForRetry(token: StandardRetryToken, error: RetryErrorInfo): Promise<StandardRetryToken> {
    const next = await super.refreshRetryTokenForRetry(token, error);
    await this.world.sleep(Math.ceil(this.world.random() * BACKOFF_MS * 2 ** token.getRetryCount()));
    return next;
  }
}
