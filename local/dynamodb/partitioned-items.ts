import { hashPrefix, toRangeStr } from 'dynalite/db';
import type { Item } from './attribute-value';
import { SortedMap } from './sorted-map';

/** How many values dynalite's six hexadecimal digits have. */
const HASHES = 0x1000000;

/** Where an item stands. Both texts sort as DynamoDB sorts what they stand for, and hold `0-9a-f/` only. */
export interface Address {
  readonly partition: string;
  readonly position: string;
}

/** Part of a partition: positions with `from` ≤ position < `to`. */
export interface Range {
  readonly from: string;
  readonly to?: string;
}

interface Partition {
  readonly id: string;
  readonly items: SortedMap<Item>;
}

/** One of `total` parts of a table, counted from 0, that are scanned apart. */
export interface Segment {
  readonly index: number;
  readonly total: number;
}

/** Items of a table or an index: partitions scattered by a hash, items sorted within each. */
export class PartitionedItems {
  private readonly partitions = new Map<string, Partition>();
  private readonly scattered = new SortedMap<Partition>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  get({ partition, position }: Address): Item | undefined {
    return this.partitions.get(partition)?.items.get(position);
  }

  set({ partition: id, position }: Address, item: Item): void {
    let partition = this.partitions.get(id);
    if (partition === undefined) {
      partition = { id, items: new SortedMap<Item>() };
      this.partitions.set(id, partition);
      this.scattered.set(scanKey(id), partition);
    }
    const before = partition.items.size;
    partition.items.set(position, item);
    this.count += partition.items.size - before;
  }

  delete({ partition: id, position }: Address): void {
    const partition = this.partitions.get(id);
    if (partition === undefined) return;
    const before = partition.items.size;
    partition.items.delete(position);
    this.count += partition.items.size - before;
    if (partition.items.size > 0) return;
    this.partitions.delete(id);
    this.scattered.delete(scanKey(id));
  }

  /** Items of one partition in the order of their sort key. */
  query(partition: string, range: Range, isAscending: boolean): Iterable<Item> {
    return this.partitions.get(partition)?.items.between(range.from, range.to, isAscending) ?? [];
  }

  /** All items, or those of a segment, partition by partition, those up to and including `after` left out. */
  *scan(after?: Address, segment?: Segment): Generator<Item> {
    for (const partition of this.scattered.between(after === undefined ? '' : scanKey(after.partition), undefined)) {
      if (segment !== undefined && segmentOf(partition.id, segment.total) !== segment.index) continue;
      yield* partition.items.between(partition.id === after?.partition ? justAfter(after.position) : '', undefined);
    }
  }
}

/** Sortable text of a key attribute's value; a key without sort key has the empty text. */
export function sortable(item: Item, attribute: string | undefined): string {
  const value = attribute === undefined ? undefined : item[attribute];
  return value === undefined ? '' : toRangeStr(value);
}

/** The least text that is greater than a position. */
export function justAfter(position: string): string {
  return `${position}\0`;
}

/** The segment of a partition: each segment is as long a range of hashes as the others. */
export function segmentOf(partition: string, total: number): number {
  return Math.floor((parseInt(hashPrefix(partition, 'S'), 16) * total) / HASHES);
}

function scanKey(partition: string): string {
  return `${hashPrefix(partition, 'S')}/${partition}`;
}
