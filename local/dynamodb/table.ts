import type { Clock } from '../kernel/clock';
import { deepFreeze, type Item } from './attribute-value';
import { PartitionedItems, sortable, type Address } from './partitioned-items';
import { SecondaryIndex } from './secondary-index';
import { primaryKey, type PrimaryKey, type TableDefinition } from './table-definition';

/** Everything that a table holds, as plain JSON. */
export interface TableSnapshot {
  readonly definition: TableDefinition;
  readonly createdAtMs: number;
  readonly items: readonly Item[];
}

/** One table: its items and its indexes. Items are frozen: what is read is what is stored. */
export class Table {
  readonly key: PrimaryKey;
  readonly items = new PartitionedItems();
  private readonly indexes: ReadonlyMap<string, SecondaryIndex>;

  constructor(
    readonly definition: TableDefinition,
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

  /** Fills an empty table; its indexes show everything at once. */
  restore(items: readonly Item[]): void {
    for (const item of items) {
      this.items.set(this.addressOf(item), deepFreeze(item));
      for (const index of this.indexes.values()) index.follow(undefined, item, 0);
    }
  }

  snapshot(): TableSnapshot {
    return { definition: this.definition, createdAtMs: this.createdAtMs, items: [...this.items.scan()] };
  }
}
