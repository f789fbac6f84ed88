import type { Clock } from '../kernel/clock';
import type { Item } from './attribute-value';
import { PartitionedItems, sortable, type Address } from './partitioned-items';
import { primaryKey, type IndexDefinition, type PrimaryKey, type TableDefinition } from './table-definition';

interface Change {
  readonly visibleAtMs: number;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
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
  private pending: Change[] = [];

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
      if (before !== undefined && this.isIndexed(before)) this.entries.delete(this.addressOf(before));
      if (after !== undefined && this.isIndexed(after)) this.entries.set(this.addressOf(after), this.projection(after));
      due++;
    }
    if (due > 0) this.pending = this.pending.slice(due);
  }

  private isIndexed(item: Item): boolean {
    return item[this.key.hash.name] !== undefined && (this.key.range === undefined || item[this.key.range.name] !== undefined);
  }

  private projection(item: Item): Item {
    const projected = this.projected;
    if (projected === undefined) return item;
    return Object.freeze(Object.fromEntries(Object.entries(item).filter(([name]) => projected.has(name))));
  }
}
