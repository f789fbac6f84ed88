import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type AttributeValue,
  type DynamoDBClient,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { DUE_INDEX } from '../../contract/names';
import type { Alert } from '../../domain/alert';
import type { Instant } from '../../domain/instant';
import { seal, type Decision, type LedgerEvent, type SealedTransition } from '../../domain/ledger';
import type { KeyVersion, ManagedKey, Note } from '../../domain/managed-key';
import { TaskError } from '../../domain/task-error';
import type { KeyReading, Registry } from '../../ports/registry';
import { outcomeOf, readErrorOf, taskErrorOf } from './errors';
import {
  alertItem,
  alertKey,
  alertPartition,
  FREEZE_PART,
  freezeKey,
  freezePut,
  keyPartition,
  kmsKeyOwnerKey,
  LEDGER_PART,
  ledgerKey,
  META_PART,
  metaKey,
  toAlert,
  toFreeze,
  toKeyVersion,
  toLedgerEvent,
  toManagedKey,
  transitionItems,
  withoutTerminal,
  type FreezePart,
} from './items';

type Item = Record<string, AttributeValue>;
type Query = Omit<QueryCommandInput, 'TableName'>;

/** How often a transition is decided again because someone else's event came in between. */
const MAX_DECISIONS = 5;

/** What a transaction came to. */
type Written = 'written' | 'moved' | 'unknown';

/** The registry in one DynamoDB table. The client runs without SDK retries: the workflow's own are bounded and visible. */
export class DynamoDbRegistry implements Registry {
  constructor(
    private readonly client: DynamoDBClient,
    private readonly table: string,
  ) {}

  async read(name: string): Promise<KeyReading | undefined> {
    const [meta, freeze] = await Promise.all([this.get(metaKey(name)), this.get(freezeKey(name))]);
    if (meta === undefined) return undefined;
    return { key: toManagedKey(meta), freeze: toFreeze(freeze) };
  }

  async transact(name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey> {
    return this.decideAndWrite(name, existing(name, decide), 'none');
  }

  async transactFrozen(name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey> {
    return this.decideAndWrite(name, existing(name, decide), 'stands');
  }

  async liftFreeze(name: string, decide: (key: ManagedKey) => Decision): Promise<ManagedKey> {
    return this.decideAndWrite(name, existing(name, decide), 'lifted');
  }

  async register(name: string, decide: (key: ManagedKey | undefined) => Decision): Promise<void> {
    await this.decideAndWrite(name, decide, 'none');
  }

  async freeze(name: string, note: Note): Promise<void> {
    try {
      await this.client.send(new PutItemCommand(freezePut(this.table, name, note)));
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return;
      throw taskErrorOf(error, `freeze ${name}`);
    }
  }

  async queueAlert(alert: Alert): Promise<void> {
    try {
      await this.client.send(new PutItemCommand({ TableName: this.table, Item: alertItem(alert), ConditionExpression: 'attribute_not_exists(pk)' }));
    } catch (error) {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return;
      throw taskErrorOf(error, `queue alert ${alert.id}`);
    }
  }

  async forgetAlert(alert: Pick<Alert, 'id' | 'key'>): Promise<void> {
    try {
      await this.client.send(new DeleteItemCommand({ TableName: this.table, Key: alertKey(alert) }));
    } catch (error) {
      throw taskErrorOf(error, `forget alert ${alert.id}`);
    }
  }

  async queuedAlerts(name: string): Promise<readonly Alert[]> {
    const items = await this.pages({
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: alertPartition(name) } },
      ConsistentRead: true,
    });
    return items.map(toAlert);
  }

  async namesWithQueuedAlerts(): Promise<readonly string[]> {
    const items = await this.indexed('#pk = :pk', { '#pk': DUE_INDEX.partitionAttribute }, { ':pk': { S: DUE_INDEX.alertPartition } });
    return [...new Set(items.map((item) => (item['pk']?.S ?? '').slice(alertPartition('').length)))];
  }

  async dueCandidates(until: Instant): Promise<readonly string[]> {
    const { partitionAttribute, sortAttribute } = DUE_INDEX;
    return this.candidates('#pk = :pk AND #due <= :until', { '#pk': partitionAttribute, '#due': sortAttribute }, { ':until': { S: until } });
  }

  async allNames(): Promise<readonly string[]> {
    return this.candidates('#pk = :pk', { '#pk': DUE_INDEX.partitionAttribute }, {});
  }

  async ownerOf(kmsKeyId: string): Promise<string | undefined> {
    return (await this.get(kmsKeyOwnerKey(kmsKeyId)))?.['key']?.S;
  }

  async terminalVersions(name: string): Promise<readonly KeyVersion[]> {
    return (await this.queryAll(name, 'VERSION#')).map(toKeyVersion);
  }

  async ledger(name: string, afterSeq = 0): Promise<readonly LedgerEvent[]> {
    const items = await this.pages({
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': { S: keyPartition(name) }, ':from': ledgerKey(name, afterSeq + 1)['sk'] ?? { S: '' }, ':to': { S: 'LEDGER#~' } },
      ConsistentRead: true,
    });
    return items.map(toLedgerEvent);
  }

  private async decideAndWrite(name: string, decide: (key: ManagedKey | undefined) => Decision, freeze: FreezePart): Promise<ManagedKey> {
    let last: Written = 'moved';
    for (let decision = 1; decision <= MAX_DECISIONS; decision++) {
      const meta = await this.get(metaKey(name));
      const before = meta === undefined ? undefined : toManagedKey(meta);
      const outcome = decide(before);
      if (outcome.kind === 'done') {
        if (before === undefined) throw new TaskError('KeyNotRegistered', `${name} is not in the registry`);
        // No write checks it here, and what the caller does next may be a call of KMS.
        if (freeze === 'none' && toFreeze(await this.get(freezeKey(name))) !== null) throw frozen(name);
        return before;
      }
      const transition = seal(before, outcome.next, outcome.note, outcome.baseline);
      last = await this.write(name, transition, freeze);
      if (last === 'written' || (await this.isWritten(name, transition.event))) return withoutTerminal(transition.after);
    }
    if (last === 'unknown') throw new TaskError('RegistryOutcomeUnknown', `${name}: the answers of ${MAX_DECISIONS} writes were lost`);
    throw new TaskError('RegistryBusy', `${name}: the ledger moved ${MAX_DECISIONS} times while this was being decided`);
  }

  /** One transaction. @throws {TaskError} for what reading again would not change. */
  private async write(name: string, transition: SealedTransition, freeze: FreezePart): Promise<Written> {
    try {
      await this.client.send(new TransactWriteItemsCommand({ TransactItems: transitionItems(this.table, transition, freeze) }));
      return 'written';
    } catch (error) {
      if (error instanceof TransactionCanceledException) return this.cancelled(name, transition, error, freeze);
      if (outcomeOf(error) === 'unknown') return 'unknown';
      throw taskErrorOf(error, `write ${transition.event.type} of ${name}`);
    }
  }

  private cancelled(name: string, { before, event }: SealedTransition, error: TransactionCanceledException, freeze: FreezePart): Written {
    const reasons = error.CancellationReasons ?? [];
    const failed = (part: number): boolean => reasons[part]?.Code === 'ConditionalCheckFailed';
    if (failed(FREEZE_PART)) throw freeze === 'none' ? frozen(name) : new TaskError('RotationNotAllowed', `${name} is not frozen any more: there is nothing to repair`);
    const meta = reasons[META_PART]?.Item;
    if (failed(META_PART) && meta !== undefined && before !== undefined && toManagedKey(meta).seq === before.seq) {
      throw new TaskError('LedgerMismatch', `${name}: the registry changed without a ledger event after sequence ${before.seq}`);
    }
    if (failed(LEDGER_PART) && !failed(META_PART)) {
      throw new TaskError('LedgerMismatch', `${name}: a ledger event ${event.seq} exists that the registry does not count`);
    }
    if (!failed(META_PART) && reasons.some((reason, part) => part > FREEZE_PART && reason.Code === 'ConditionalCheckFailed')) {
      throw new TaskError('LedgerMismatch', `${name}: ${event.type} names a KMS key or a terminal version that the registry has elsewhere already`);
    }
    const invalid = reasons.find((reason) => reason.Code === 'ValidationError');
    if (invalid !== undefined) throw new TaskError('UnclassifiedServiceError', `${name}: ${event.type} was refused: ${invalid.Message ?? ''}`);
    return 'moved';
  }

  /** Recognizes a write of ours whose answer was lost: the event at its place in the ledger is the one that we meant. */
  private async isWritten(name: string, event: LedgerEvent): Promise<boolean> {
    const item = await this.get(ledgerKey(name, event.seq));
    return item !== undefined && toLedgerEvent(item).hash === event.hash;
  }

  private async get(key: Item): Promise<Item | undefined> {
    try {
      const { Item: item } = await this.client.send(new GetItemCommand({ TableName: this.table, Key: key, ConsistentRead: true }));
      return item;
    } catch (error) {
      throw readErrorOf(error, `read ${key['pk']?.S ?? ''}/${key['sk']?.S ?? ''}`);
    }
  }

  private async candidates(condition: string, names: Record<string, string>, values: Item): Promise<readonly string[]> {
    const items = await this.indexed(condition, names, { ':pk': { S: DUE_INDEX.partition }, ...values });
    const prefix = keyPartition('').length;
    return items.map((item) => (item['pk']?.S ?? '').slice(prefix));
  }

  private async indexed(condition: string, names: Record<string, string>, values: Item): Promise<readonly Item[]> {
    return this.pages({ IndexName: DUE_INDEX.name, KeyConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values });
  }

  private async queryAll(name: string, prefix: string): Promise<Item[]> {
    return this.pages({
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': { S: keyPartition(name) }, ':prefix': { S: prefix } },
      ConsistentRead: true,
    });
  }

  private async pages(query: Query): Promise<Item[]> {
    const items: Item[] = [];
    let start: Item | undefined;
    do {
      try {
        const page = await this.client.send(new QueryCommand({ ...query, TableName: this.table, ExclusiveStartKey: start }));
        items.push(...(page.Items ?? []));
        start = page.LastEvaluatedKey;
      } catch (error) {
        throw readErrorOf(error, 'query the registry');
      }
    } while (start !== undefined);
    return items;
  }
}

function existing(name: string, decide: (key: ManagedKey) => Decision): (key: ManagedKey | undefined) => Decision {
  return (key) => {
    if (key === undefined) throw new TaskError('KeyNotRegistered', `${name} is not in the registry. Add it to keyturn.config.json and deploy.`);
    return decide(key);
  };
}

function frozen(name: string): TaskError {
  return new TaskError('KeyFrozen', `${name} is frozen: nothing about it is changed. A person has to repair it first.`);
}
