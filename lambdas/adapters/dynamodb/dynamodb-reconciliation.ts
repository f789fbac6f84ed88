import { GetItemCommand, PutItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { PARTITIONS } from '../../contract/names';
import { FIRST_PASS, NO_FINDINGS, type KeyFindings, type PassState } from '../../domain/findings';
import type { Reconciliation } from '../../ports/reconciliation';
import { readErrorOf, taskErrorOf } from './errors';

type Item = Record<string, AttributeValue>;

/** What `reconcile` remembers, in partitions of its own (`RECONCILE#…`). The last writer wins: two firings at once see the same keys. */
export class DynamoDbReconciliation implements Reconciliation {
  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
  ) {}

  async findings(name: string): Promise<KeyFindings> {
    return { ...NO_FINDINGS, ...(await this.get(findingsKey(name))) };
  }

  async remember(name: string, findings: KeyFindings): Promise<void> {
    await this.put(findingsKey(name), findings);
  }

  async pass(): Promise<PassState> {
    return { ...FIRST_PASS, ...(await this.get(PASS_KEY)) };
  }

  async rememberPass(pass: PassState): Promise<void> {
    await this.put(PASS_KEY, pass);
  }

  private async get(key: Item): Promise<object> {
    try {
      const { Item: item = {} } = await this.client.send(new GetItemCommand({ TableName: this.table, Key: key, ConsistentRead: true }));
      const { pk: _pk, sk: _sk, ...value } = unmarshall(item);
      return value;
    } catch (error) {
      throw readErrorOf(error, 'read what was reconciled');
    }
  }

  private async put(key: Item, value: object): Promise<void> {
    try {
      await this.client.send(new PutItemCommand({ TableName: this.table, Item: { ...marshall(value, { removeUndefinedValues: true }), ...key } }));
    } catch (error) {
      throw taskErrorOf(error, 'remember what was reconciled');
    }
  }
}

const findingsKey = (name: string): Item => marshall({ pk: `${PARTITIONS.reconciliation}${name}`, sk: 'FINDINGS' });
/** No key has an empty name. */
const PASS_KEY: Item = marshall({ pk: PARTITIONS.reconciliation, sk: 'PASS' });
