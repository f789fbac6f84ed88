import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITIONS } from '../../contract/names';
import { canonicalJson } from '../../domain/ledger';
import type { Approval } from '../../domain/approval';
import type { TaskToken, Waiter } from '../../ports/acknowledgements';
import type { Approvals } from '../../ports/approvals';
import { readErrorOf, taskErrorOf } from './errors';
import { fieldsOf, NOT_WAITED_FOR_SINCE } from './waiter';

type Item = Record<string, AttributeValue>;

/** Approvals in partitions of their own (`APPROVAL#…`). */
export class DynamoDbApprovals implements Approvals {
  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
  ) {}

  async open(approval: Approval, waiter?: Waiter): Promise<Approval> {
    const asked = Object.entries(approval);
    const waiting = fieldsOf(waiter);
    // A question that was asked before keeps its votes; only who waits for it changes.
    const sets = [...asked.map(([field]) => `#${field} = if_not_exists(#${field}, :${field})`), ...waiting.map(([field]) => `#${field} = :${field}`)];
    const fields = [...asked, ...waiting];
    try {
      const { Attributes: item } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: keyOf(approval.id),
          UpdateExpression: `SET ${sets.join(', ')}`,
          ...(waiter === undefined ? {} : { ConditionExpression: NOT_WAITED_FOR_SINCE }),
          ExpressionAttributeNames: Object.fromEntries(fields.map(([field]) => [`#${field}`, field])),
          ExpressionAttributeValues: marshall(Object.fromEntries(fields.map(([field, value]) => [`:${field}`, value])), { removeUndefinedValues: true }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return toApproval(item ?? {});
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) return toApproval(error.Item);
      throw taskErrorOf(error, `ask for approval ${approval.id}`);
    }
  }

  async read(id: string): Promise<Approval | undefined> {
    try {
      const { Item: item } = await this.client.send(new GetItemCommand({ TableName: this.table, Key: keyOf(id), ConsistentRead: true }));
      return item === undefined ? undefined : toApproval(item);
    } catch (error) {
      throw readErrorOf(error, `read approval ${id}`);
    }
  }

  async waiter(id: string): Promise<TaskToken | undefined> {
    try {
      const { Item: item } = await this.client.send(new GetItemCommand({ TableName: this.table, Key: keyOf(id), ConsistentRead: true }));
      return tokenOf(item);
    } catch (error) {
      throw readErrorOf(error, `read who waits for approval ${id}`);
    }
  }

  async markCarriedOut(id: string): Promise<void> {
    try {
      await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: keyOf(id),
          UpdateExpression: 'SET isCarriedOut = :yes',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':yes': { BOOL: true } },
        }),
      );
    } catch (error) {
      throw taskErrorOf(error, `mark approval ${id} as carried out`);
    }
  }

  async record(before: Approval, after: Approval): Promise<{ readonly token: TaskToken | undefined } | 'conflict'> {
    try {
      const { Attributes: item } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: keyOf(before.id),
          UpdateExpression: 'SET #votes = :votes, #outcome = :outcome',
          ConditionExpression: '#votes = :before AND #outcome = :open',
          ExpressionAttributeNames: { '#votes': 'votes', '#outcome': 'outcome' },
          ExpressionAttributeValues: marshall({ ':votes': after.votes, ':outcome': after.outcome, ':before': before.votes, ':open': null }, { removeUndefinedValues: true }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return { token: tokenOf(item) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw taskErrorOf(error, `answer approval ${before.id}`);
      // Our own write whose answer was lost comes back as a failed condition.
      const isOurs = error.Item !== undefined && canonicalJson(toApproval(error.Item)) === canonicalJson(after);
      return isOurs ? { token: tokenOf(error.Item) } : 'conflict';
    }
  }
}

const keyOf = (id: string): Item => marshall({ pk: `${PARTITIONS.approval}${id}`, sk: 'APPROVAL' });

function toApproval(item: Item): Approval {
  const { pk: _pk, sk: _sk, taskToken: _token, waitsSince: _since, ...approval } = unmarshall(item);
  return approval as unknown as Approval;
}

function tokenOf(item: Item | undefined): TaskToken | undefined {
  return item?.['taskToken']?.S as TaskToken | undefined;
}
