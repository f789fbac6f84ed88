import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITIONS } from '../../contract/names';
import type { Acknowledgement, AcknowledgementAnswer, Acknowledgements, TaskToken, Waiter } from '../../ports/acknowledgements';
import { readErrorOf, taskErrorOf } from './errors';
import { fieldsOf, NOT_WAITED_FOR_SINCE } from './waiter';

type Item = Record<string, AttributeValue>;

/** Acknowledgements in partitions of their own (`ACK#…`), so that IAM keeps their writers away from the keys. */
export class DynamoDbAcknowledgements implements Acknowledgements {
  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
  ) {}

  async open(question: Omit<Acknowledgement, 'answer'>, waiter?: Waiter): Promise<Acknowledgement> {
    const values = { ...question, ...Object.fromEntries(fieldsOf(waiter)) };
    const fields = Object.keys(values);
    try {
      const { Attributes: item } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: keyOf(question.id),
          UpdateExpression: `SET ${fields.map((field) => `#${field} = :${field}`).join(', ')}`,
          ExpressionAttributeNames: Object.fromEntries(fields.map((field) => [`#${field}`, field])),
          ExpressionAttributeValues: marshall(Object.fromEntries(Object.entries(values).map(([field, value]) => [`:${field}`, value]))),
          ...(waiter === undefined ? {} : { ConditionExpression: NOT_WAITED_FOR_SINCE }),
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return toAcknowledgement(item ?? {});
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException && error.Item !== undefined) return toAcknowledgement(error.Item);
      throw taskErrorOf(error, `open acknowledgement ${question.id}`);
    }
  }

  async read(id: string): Promise<Acknowledgement | undefined> {
    try {
      const { Item: item } = await this.client.send(new GetItemCommand({ TableName: this.table, Key: keyOf(id), ConsistentRead: true }));
      return item === undefined ? undefined : toAcknowledgement(item);
    } catch (error) {
      throw readErrorOf(error, `read acknowledgement ${id}`);
    }
  }

  async answer(id: string, answer: AcknowledgementAnswer): Promise<{ acknowledgement: Acknowledgement; token: TaskToken | undefined } | undefined> {
    try {
      const { Attributes: item } = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: keyOf(id),
          UpdateExpression: 'SET #answer = :answer',
          // A yes stands; a no lasts until something better is said.
          ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(#answer) OR #answer.#verdict = :no)',
          ExpressionAttributeNames: { '#answer': 'answer', '#verdict': 'verdict' },
          ExpressionAttributeValues: { ':answer': { M: marshall(answer, { removeUndefinedValues: true }) }, ':no': { S: 'no' } },
          ReturnValues: 'ALL_NEW',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return withToken(item ?? {});
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return error.Item === undefined ? undefined : withToken(error.Item);
      throw taskErrorOf(error, `answer acknowledgement ${id}`);
    }
  }
}

const keyOf = (id: string): Item => marshall({ pk: `${PARTITIONS.acknowledgement}${id}`, sk: 'ACK' });

function toAcknowledgement(item: Item): Acknowledgement {
  const { pk: _pk, sk: _sk, taskToken: _token, waitsSince: _since, answer = null, ...question } = unmarshall(item);
  return { ...(question as Omit<Acknowledgement, 'answer'>), answer: answer as AcknowledgementAnswer | null };
}

function withToken(item: Item): { acknowledgement: Acknowledgement; token: TaskToken | undefined } {
  return { acknowledgement: toAcknowledgement(item), token: item['taskToken']?.S as TaskToken | undefined };
}
