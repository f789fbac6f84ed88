import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue, PutItemCommandInput, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { KeyPolicy } from '../../contract/key-policy';
import { DUE_INDEX, PARTITIONS } from '../../contract/names';
import type { Alert } from '../../domain/alert';
import { canonicalJson, type LedgerEvent, type SealedTransition } from '../../domain/ledger';
import { versionKey, type KeyVersion, type ManagedKey, type Note } from '../../domain/managed-key';
import { TaskError } from '../../domain/task-error';
import { allowedFrom, isTerminal } from '../../domain/version-status';

type Item = Record<string, AttributeValue>;

const OPTIONS = { removeUndefinedValues: true } as const;

export const toItem = (value: object): Item => marshall(value, OPTIONS);

export const keyPartition = (name: string): string => `${PARTITIONS.key}${name}`;
export const metaKey = (name: string): Item => toItem({ pk: keyPartition(name), sk: 'META' });
export const freezeKey = (name: string): Item => toItem({ pk: keyPartition(name), sk: 'FREEZE' });
export const ledgerKey = (name: string, seq: number): Item => toItem({ pk: keyPartition(name), sk: `LEDGER#${String(seq).padStart(10, '0')}` });
export const alertPartition = (name: string): string => `${PARTITIONS.alert}${name}`;
export const alertKey = ({ key, id }: Pick<Alert, 'key' | 'id'>): Item => toItem({ pk: alertPartition(key), sk: id });
export const kmsKeyOwnerKey = (kmsKeyId: string): Item => toItem({ pk: `${PARTITIONS.kmsKey}${kmsKeyId}`, sk: 'OWNER' });
const versionItemKey = (name: string, number: number): Item => toItem({ pk: keyPartition(name), sk: `VERSION#${String(number).padStart(6, '0')}` });

/** @throws {TaskError} `LedgerMismatch` for an item that a newer release has written. */
export function toManagedKey(item: Item): ManagedKey {
  const { pk: _pk, sk: _sk, [DUE_INDEX.partitionAttribute]: _due, ...key } = unmarshall(item);
  if (key['schema'] !== 1) {
    throw new TaskError('LedgerMismatch', `the registry's item of ${String(key['name'])} has schema ${String(key['schema'])}; this release reads schema 1`);
  }
  const { policy, lease } = key as unknown as ManagedKey;
  return {
    ...laterFields(key),
    ...key,
    policy: { ...POLICY_BEFORE, ...policy },
    lease: lease === null ? null : { ...lease, policy: { ...POLICY_BEFORE, ...lease.policy } },
  } as unknown as ManagedKey;
}

/** What policies of the release before mean. */
const POLICY_BEFORE: Pick<KeyPolicy, 'approvers' | 'approvalTimeoutSeconds' | 'emergencyDrainSeconds'> = {
  approvers: 1,
  approvalTimeoutSeconds: 7 * 86_400,
  emergencyDrainSeconds: 4 * 3_600,
};

/** What items of the release before lack, and mean. */
function laterFields(key: Readonly<Record<string, unknown>>): Partial<ManagedKey> {
  return {
    rotationDueAt: key['dueAt'] as string,
    retirementDueAt: null,
    retirementRuns: 0,
    emergency: null,
    emergencies: [],
    abortRequest: null,
    rescues: {},
    repair: null,
    approvals: [],
    answeredApprovals: [],
  };
}

export function toLedgerEvent(item: Item): LedgerEvent {
  const { pk: _pk, sk: _sk, ...event } = unmarshall(item);
  return event as unknown as LedgerEvent;
}

/** Found in the index, too: the key that it is about may not be registered. */
export function alertItem(alert: Alert): Item {
  return { ...toItem(alert), ...alertKey(alert), ...toItem({ [DUE_INDEX.partitionAttribute]: DUE_INDEX.alertPartition, [DUE_INDEX.sortAttribute]: alert.id }) };
}

export function toAlert(item: Item): Alert {
  const { pk: _pk, sk: _sk, [DUE_INDEX.partitionAttribute]: _partition, [DUE_INDEX.sortAttribute]: _id, ...alert } = unmarshall(item);
  return alert as unknown as Alert;
}

export function toKeyVersion(item: Item): KeyVersion {
  const { pk: _pk, sk: _sk, ...version } = unmarshall(item);
  return version as unknown as KeyVersion;
}

/** A freeze that was lifted stays as an item: nothing of a key is ever deleted. */
const NOT_FROZEN = 'attribute_not_exists(pk) OR attribute_exists(liftedAt)';
const FROZEN = 'attribute_exists(pk) AND attribute_not_exists(liftedAt)';

export function freezePut(table: string, name: string, note: Note): PutItemCommandInput {
  return { TableName: table, Item: { ...toItem(note), ...freezeKey(name) }, ConditionExpression: NOT_FROZEN };
}

/** @returns the freeze that stands, if one does */
export function toFreeze(item: Item | undefined): Note | null {
  if (item === undefined || item['liftedAt'] !== undefined) return null;
  const { pk: _pk, sk: _sk, ...note } = unmarshall(item);
  return note as unknown as Note;
}

/** What a transition expects of the freeze, and does to it. */
export type FreezePart = 'none' | 'stands' | 'lifted';

function freezePart(table: string, name: string, part: FreezePart, event: LedgerEvent): TransactWriteItem {
  const at = { TableName: table, Key: freezeKey(name) };
  if (part !== 'lifted') return { ConditionCheck: { ...at, ConditionExpression: part === 'none' ? NOT_FROZEN : FROZEN } };
  return {
    Update: { ...at, UpdateExpression: 'SET liftedAt = :at, liftedBy = :by', ConditionExpression: FROZEN, ExpressionAttributeValues: toItem({ ':at': event.at, ':by': event.by }) },
  };
}

/** Positions of the parts of {@link transitionItems}, by which a cancelled transaction says which condition failed. */
export const META_PART = 0;
export const LEDGER_PART = 1;
export const FREEZE_PART = 2;

/**
 * One transition as one transaction: META on condition of sequence, head, fence and allowed statuses; the ledger event on
 * condition that none stands there; what is expected of the freeze; terminal versions in items of their own; and the owner of each new KMS key.
 */
export function transitionItems(table: string, { before, after, event }: SealedTransition, freeze: FreezePart = 'none'): TransactWriteItem[] {
  const name = after.name;
  const parts: TransactWriteItem[] = [
    before === undefined ? firstPut(table, after) : metaUpdate(table, before, after),
    { Put: { TableName: table, Item: { ...toItem(event), ...ledgerKey(name, event.seq) }, ConditionExpression: 'attribute_not_exists(pk)' } },
    freezePart(table, name, freeze, event),
  ];
  for (const version of leaving(after)) {
    parts.push({ Put: { TableName: table, Item: { ...toItem(version), ...versionItemKey(name, version.number) }, ConditionExpression: 'attribute_not_exists(pk)' } });
  }
  for (const version of gainingKey(before, after)) {
    // A KMS key belongs to one version of one managed key, for ever.
    const item = { ...toItem({ key: name, version: version.number }), ...kmsKeyOwnerKey(version.kmsKeyId ?? '') };
    parts.push({ Put: { TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(pk)' } });
  }
  return parts;
}

const gainingKey = (before: ManagedKey | undefined, after: ManagedKey): KeyVersion[] =>
  Object.entries(after.versions).flatMap(([id, version]) => (version.kmsKeyId !== undefined && before?.versions[id]?.kmsKeyId === undefined ? [version] : []));

const leaving = (key: ManagedKey): KeyVersion[] => Object.values(key.versions).filter((version) => isTerminal(version.status));

/** The state as the aggregate holds it: without the versions that left it. */
export function withoutTerminal(key: ManagedKey): ManagedKey {
  return { ...key, versions: Object.fromEntries(Object.entries(key.versions).filter(([, version]) => !isTerminal(version.status))) };
}

function firstPut(table: string, after: ManagedKey): TransactWriteItem {
  const item = { ...toItem(withoutTerminal(after)), ...metaKey(after.name), ...toItem({ [DUE_INDEX.partitionAttribute]: DUE_INDEX.partition }) };
  return { Put: { TableName: table, Item: item, ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } };
}

/** Sets and removes exactly what differs, so that attributes which this release does not know stay as they are. */
function metaUpdate(table: string, before: ManagedKey, after: ManagedKey): TransactWriteItem {
  const expression = new UpdateExpression();
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof ManagedKey>;
  for (const field of fields) {
    // An item of the release before has none, and is read with another field in its place: it is written before that one changes.
    if (field === 'rotationDueAt') expression.set([field], after[field]);
    else if (field !== 'versions') expression.change([field], before[field], after[field]);
  }
  for (const [id, version] of Object.entries(after.versions)) {
    const old = before.versions[id];
    if (isTerminal(version.status)) expression.change(['versions', id], old, undefined);
    else if (old === undefined) expression.change(['versions', id], undefined, version);
    else {
      for (const field of new Set([...Object.keys(old), ...Object.keys(version)]) as Set<keyof KeyVersion>) {
        expression.change(['versions', id, field], old[field], version[field]);
      }
    }
  }
  const conditions = [
    `${expression.path(['seq'])} = ${expression.value(before.seq)}`,
    `${expression.path(['head'])} = ${expression.value(before.head)}`,
    `${expression.path(['fence'])} = ${expression.value(before.fence)}`,
    ...statusConditions(expression, before, after),
  ];
  return {
    Update: {
      TableName: table,
      Key: metaKey(after.name),
      UpdateExpression: expression.update(),
      ConditionExpression: conditions.join(' AND '),
      ExpressionAttributeNames: expression.names,
      ExpressionAttributeValues: marshall(expression.values, OPTIONS),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** For each status that moves: the condition that the transition table allows it, generated from the table. */
function statusConditions(expression: UpdateExpression, before: ManagedKey, after: ManagedKey): string[] {
  return Object.values(after.versions).flatMap((version) => {
    const id = versionKey(version.number);
    if (before.versions[id]?.status === version.status) return [];
    const from = allowedFrom(version.status);
    const statuses = from.filter((status) => status !== null);
    const alternatives: string[] = [];
    if (from.includes(null)) alternatives.push(`attribute_not_exists(${expression.path(['versions', id])})`);
    if (statuses.length > 0) {
      alternatives.push(`${expression.path(['versions', id, 'status'])} IN (${statuses.map((status) => expression.value(status)).join(', ')})`);
    }
    return [`(${alternatives.join(' OR ')})`];
  });
}

/** Collects `SET` and `REMOVE` clauses with their placeholders. */
class UpdateExpression {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, unknown> = {};
  private readonly sets: string[] = [];
  private readonly removes: string[] = [];

  change(path: readonly string[], before: unknown, after: unknown): void {
    if (canonicalJson(before ?? null) === canonicalJson(after ?? null) && (before === undefined) === (after === undefined)) return;
    if (after === undefined) this.removes.push(this.path(path));
    else this.set(path, after);
  }

  set(path: readonly string[], value: unknown): void {
    this.sets.push(`${this.path(path)} = ${this.value(value)}`);
  }

  path(segments: readonly string[]): string {
    return segments
      .map((segment) => {
        this.names[`#${segment}`] = segment;
        return `#${segment}`;
      })
      .join('.');
  }

  value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  update(): string {
    return [this.sets.length > 0 ? `SET ${this.sets.join(', ')}` : '', this.removes.length > 0 ? `REMOVE ${this.removes.join(', ')}` : ''].filter(Boolean).join(' ');
  }
}
