import type { Clock } from '../kernel/clock';
import { areEqualItems, type Item } from './attribute-value';
import { largerSize, writeUnits } from './consumed-capacity';
import { PartitionedItems, sortable, type Address } from './partitioned-items';
import { primaryKey, type IndexDefinition, type PrimaryKey, type TableDefinition } from './table-definition';

/** A change of the table that the index shows from `visibleAtMs` on. */
export interface PendingChange {
  readonly visibleAtMs: number;
  readonly before?: Item | undefined;
  readonly after?: Item | undefined;
}

/**
 * A global secondary index: the items that have all of its key attributes, with the attributes that it projects.
 *
 * It follows its table `lagMs` late, so that a reader sees what AWS calls eventual consistency. A change takes effect
 * when the index is next touched after that time: nothing runs in between.
 */
export class SecondaryIndex {
  readonly key: PrimaryKey;
  private readonly tableKey: PrimaryKey;
  /** Names of the attributes it holds, or `undefined` for all of them. */
  private readonly projected: ReadonlySet<string> | undefined;
  private readonly entries = new PartitionedItems();
  private pending: PendingChange[] = [];

  constructor(
    table: TableDefinition,
    readonly definition: IndexDefinition,
    private readonly clock: Clock,
    private readonly lagMs: number,
  ) {
    this.key = primaryKey(table, definition.KeySchema);
    this.tableKey = primaryKey(table);
    const { ProjectionType: type, NonKeyAttributes: others = [] } = definition.Projection;
    if (type !== 'ALL') this.projected = new Set([...this.keyAttributes(), ...others]);
  }

  /** The index's own key attributes and the table's: what a start key holds. */
  keyAttributes(): readonly string[] {
    const attributes = [this.tableKey.hash, this.tableKey.range, this.key.hash, this.key.range];
    return [...new Set(attributes.flatMap((attribute) => attribute?.name ?? []))];
  }

  projects(attribute: string): boolean {
    return this.projected?.has(attribute) ?? true;
  }

  follow(before: Item | undefined, after: Item | undefined, lagMs = this.lagMs): void {
    this.pending.push({ visibleAtMs: this.clock.nowMs() + lagMs, before, after });
    this.catchUp();
  }

  /** What the index does not show yet. */
  pendingChanges(): readonly PendingChange[] {
    this.catchUp();
    return this.pending;
  }

  /** Makes an index that shows all of its table lag behind by these changes, the table's latest. */
  fallBehind(changes: readonly PendingChange[]): void {
    for (const { before, after } of [...changes].reverse()) this.show(after, before);
    this.pending = [...changes];
  }

  /**
   * What a change of the table costs here: nothing when the entry stays as it is, two writes when it moves.
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
   */
  writeUnits(before: Item | undefined, after: Item | undefined): number {
    const [old, entry] = [this.entryOf(before), this.entryOf(after)];
    if (areEqualItems(old, entry)) return 0;
    const moves = old !== undefined && entry !== undefined && !this.isSameAddress(old, entry);
    return moves ? writeUnits(largerSize(old, undefined)) + writeUnits(largerSize(undefined, entry)) : writeUnits(largerSize(old, entry));
  }

  /** The entries that are visible now. */
  items(): PartitionedItems {
    this.catchUp();
    return this.entries;
  }

  /** Where an item stands in the index; ties of the index key are in the order of the table's key. */
  addressOf(item: Item): Address {
    const { hash, range } = this.tableKey;
    return {
      partition: sortable(item, this.key.hash.name),
      position: `${sortable(item, this.key.range?.name)}/${sortable(item, hash.name)}/${sortable(item, range?.name)}`,
    };
  }

  private catchUp(): void {
    const nowMs = this.clock.nowMs();
    let due = 0;
    for (const { visibleAtMs, before, after } of this.pending) {
      if (visibleAtMs > nowMs) break;
      this.show(before, after);
      due++;
    }
    if (due > 0) this.pending = this.pending.slice(due);
  }

  private show(before: Item | undefined, after: Item | undefined): void {
    if (before !== undefined && this.isIndexed(before)) this.entries.delete(this.addressOf(before));
    const entry = this.entryOf(after);
    if (entry !== undefined) this.entries.set(this.addressOf(entry), entry);
  }

  private isSameAddress(left: Item, right: Item): boolean {
    const [one, other] = [this.addressOf(left), this.addressOf(right)];
    return one.partition === other.partition && one.position === other.position;
  }

  private isIndexed(item: Item): boolean {
    return item[this.key.hash.name] !== undefined && (this.key.range === undefined || item[this.key.range.name] !== undefined);
  }

  private entryOf(item: Item | undefined): Item | undefined {
    if (item === undefined || !this.isIndexed(item)) return undefined;
    const projected = this.projected;
    if (projected === undefined) return item;
    return Object.freeze(Object.fromEntries(Object.entries(item).filter(([name]) => projected.has(name))));
  }
}
