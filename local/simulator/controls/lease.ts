import { ConditionalCheckFailedException, DeleteItemCommand, PutItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ACCOUNT } from '../deployment';
import type { World } from '../world';

const TABLE = 'rotation-leases';

/** A dead owner's lease expires after so long; every change takes seconds, and the lease is renewed before each. */
const LEASE_MS = 60_000;

/** Who finds it taken looks again so often, until its owner must have renewed it or be dead, and once more. */
const LOOK_EVERY_MS = 15_000;
const LOOKS = (2 * LEASE_MS) / LOOK_EVERY_MS;

export function makeLeaseTable(world: World): void {
  const founder = { accountId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/founder`, userId: 'AIDAFOUNDER' };
  const keyOnly = { AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }], KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] };
  world.dynamodb.call('CreateTable', { TableName: TABLE, BillingMode: 'PAY_PER_REQUEST', ...keyOnly }, founder);
}

/** The lease of one key, as one job sees it: an item with its owner and the time on the clock at which it expires. */
export class Lease {
  /** @param owner nobody else's name */
  constructor(
    private readonly dynamodb: DynamoDBClient,
    private readonly keyName: string,
    private readonly owner: string,
    private readonly nowMs: () => number,
  ) {}

  /** Waits for it a while. @returns whether it is ours now */
  async takeWhenFree(sleep: (ms: number) => Promise<void>): Promise<boolean> {
    for (let look = 0; look < LOOKS; look++) {
      if (await this.take()) return true;
      await sleep(LOOK_EVERY_MS);
    }
    return false;
  }

  /** @returns whether it is ours now: nobody had it, or whoever had it has let it expire */
  private async take(): Promise<boolean> {
    const nowMs = this.nowMs();
    return this.isOurs(
      this.dynamodb.send(
        new PutItemCommand({
          TableName: TABLE,
          Item: { pk: { S: this.keyName }, holder: { S: this.owner }, expiresAtMs: { N: String(nowMs + LEASE_MS) } },
          // Our own name: a first try, whose answer was lost.
          ConditionExpression: 'attribute_not_exists(pk) OR expiresAtMs <= :now OR holder = :us',
          ExpressionAttributeValues: { ':now': { N: String(nowMs) }, ':us': { S: this.owner } },
        }),
      ),
    );
  }

  /** @throws {Error} when it is not ours any more */
  async renew(): Promise<void> {
    const renewal = this.dynamodb.send(
      new UpdateItemCommand({
        TableName: TABLE,
        Key: { pk: { S: this.keyName } },
        UpdateExpression: 'SET expiresAtMs = :until',
        ConditionExpression: 'holder = :us',
        ExpressionAttributeValues: { ':until': { N: String(this.nowMs() + LEASE_MS) }, ':us': { S: this.owner } },
      }),
    );
    if (!(await this.isOurs(renewal))) throw new Error(`Another job has taken ${this.keyName} over`);
  }

  /** One that is not ours any more stays with its owner. */
  async giveBack(): Promise<void> {
    await this.isOurs(
      this.dynamodb.send(
        new DeleteItemCommand({ TableName: TABLE, Key: { pk: { S: this.keyName } }, ConditionExpression: 'holder = :us', ExpressionAttributeValues: { ':us': { S: this.owner } } }),
      ),
    );
  }

  private async isOurs(write: Promise<unknown>): Promise<boolean> {
    try {
      await write;
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }
}
