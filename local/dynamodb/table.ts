import type { Clock } from '../kernel/clock';
import { deepFreeze, type Item } from './attribute-value';
import { PartitionedItems, sortable, type Address } from './partitioned-items';
import { SecondaryIndex, type PendingChange } from './secondary-index';
import { primaryKey, type PrimaryKey, type TableDefinition } from './table-definition';
import type { TableSettings } from './table-settings';

/** Everything of a table, as plain JSON. */
export interface SavedTable {
  readonly definition: TableDefinition;
  readonly settings: TableSettings;
  readonly createdAtMs: number;
  readonly items: readonly Item[];
  /** What each index does not show yet. */
  readonly pending: Readonly<Record<string, readonly PendingChange[]>>;
}

/** One table: its items and its indexes. Items are frozen: what is read is what is stored. */
export class Table {
  readonly key: PrimaryKey;
  readonly items = new PartitionedItems();
  private readonly indexes: ReadonlyMap<string, SecondaryIndex>;

  constructor(
    readonly definition: TableDefinition,
    /** What can change without the data: replaced as a whole. */
    public settings: TableSettings,
    readonly createdAtMs: number,
    clock: Clock,
    indexLagMs: number,
  ) {
    this.key = primaryKey(definition);
    this.indexes = new Map(
      (definition.GlobalSecondaryIndexes ?? []).map((index) => [index.IndexName, new SecondaryIndex(definition, index, clock, indexLagMs)]),
    );
  }

  get name(): string {
    return this.definition.TableName;
  }

  index(name: string): SecondaryIndex | undefined {
    return this.indexes.get(name);
  }

  /** Where an item with a valid key stands. */
  addressOf(item: Item): Address {
    return { partition: sortable(item, this.key.hash.name), position: `${sortable(item, this.key.range?.name)}/` };
  }

  /** Makes `after` the item at `address`; `undefined` removes it. */
  replace(address: Address, after: Item | undefined): void {
    const before = this.items.get(address);
    if (after === undefined) this.items.delete(address);
    else this.items.set(address, deepFreeze(after));
    for (const index of this.indexes.values()) index.follow(before, after);
  }

  /** What a change costs in each index that it concerns. */
  indexWriteUnits(before: Item | undefined, after: Item | undefined): readonly (readonly [name: string, units: number])[] {
    return [...this.indexes].map(([name, index]) => [name, index.writeUnits(before, after)] as const).filter(([, units]) => units > 0);
  }

  /** Fills an empty table. */
  restore({ items, pending }: Pick<SavedTable, 'items' | 'pending'>): void {
    for (const item of items) {
      this.items.set(this.addressOf(item), deepFreeze(item));
      for (const index of this.indexes.values()) index.follow(undefined, item, 0);
    }
    for (const [name, index] of this.indexes) index.fallBehind(deepFreeze(pending[name] ?? []));
  }

  save(): SavedTable {
    const { definition, settings, createdAtMs, items } = this;
    const pending = Object.fromEntries([...this.indexes].map(([name, index]) => [name, index.pendingChanges()]));
    return { definition, settings, createdAtMs, items: [...items.scan()], pending };
  }
}
