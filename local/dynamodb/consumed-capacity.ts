import { itemSize } from './item-size';
import type { Item } from './attribute-value';
import type { Table } from './table';
import type { MemberTypes } from './validation';

/** How much of it an answer tells. */
export type CapacityDetail = 'INDEXES' | 'TOTAL' | 'NONE';

export interface CapacityRequest {
  readonly ReturnConsumedCapacity?: CapacityDetail;
}

export const CAPACITY_MEMBER: MemberTypes = { ReturnConsumedCapacity: { type: 'String', enum: ['INDEXES', 'TOTAL', 'NONE'] } };

/** What one unit reads strongly consistent, and what one unit writes. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html */
const READ_UNIT_BYTES = 4 * 1024;
const WRITE_UNIT_BYTES = 1024;

/** Of a part of a transaction, on its table: a transaction prepares and commits. Indexes follow once. */
export const TRANSACTION_FACTOR = 2;

/** A read of nothing costs one unit too. Half of it when eventually consistent. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES)) / (isConsistent ? 1 : 2);
}

/** A write that finds nothing to remove costs one unit too. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

/** A replaced item counts with its larger size. */
export function largerSize(before: Item | undefined, after: Item | undefined): number {
  return Math.max(before === undefined ? 0 : itemSize(before), after === undefined ? 0 : itemSize(after));
}

type Arm = { readonly CapacityUnits: number } & { readonly [K in 'ReadCapacityUnits' | 'WriteCapacityUnits']?: number };

export interface ConsumedCapacity extends Arm {
  readonly TableName: string;
  readonly Table?: Arm;
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, Arm>>;
}

interface Tally {
  table: number;
  readonly indexes: Map<string, number>;
}

/** Counts the units that one request consumes, per table and index. */
export class CapacityMeter {
  private readonly tallies = new Map<string, Tally>();
  private readonly detail: CapacityDetail;

  /** @param kind the member that says again what a transaction consumed. @default none: other operations have no such member */
  constructor(
    { ReturnConsumedCapacity: detail = 'NONE' }: CapacityRequest,
    private readonly kind?: 'ReadCapacityUnits' | 'WriteCapacityUnits',
  ) {
    this.detail = detail;
  }

  read(tableName: string, units: number, indexName?: string): void {
    const tally = this.tallyOf(tableName);
    if (indexName === undefined) tally.table += units;
    else tally.indexes.set(indexName, (tally.indexes.get(indexName) ?? 0) + units);
  }

  /** @param factor of the table's units */
  write(table: Table, before: Item | undefined, after: Item | undefined, factor = 1): void {
    // Sizes take time, and hardly anybody asks.
    if (this.detail === 'NONE') return;
    const tally = this.tallyOf(table.name);
    tally.table += factor * writeUnits(largerSize(before, after));
    for (const [index, units] of table.indexWriteUnits(before, after)) tally.indexes.set(index, (tally.indexes.get(index) ?? 0) + units);
  }

  /** The answer's member, of an operation on one table. */
  single(): { readonly ConsumedCapacity?: ConsumedCapacity } {
    const [consumed] = this.consumed();
    return consumed === undefined ? {} : { ConsumedCapacity: consumed };
  }

  /** The answer's member, of an operation on several tables. */
  list(): { readonly ConsumedCapacity?: readonly ConsumedCapacity[] } {
    return this.detail === 'NONE' ? {} : { ConsumedCapacity: this.consumed() };
  }

  private consumed(): readonly ConsumedCapacity[] {
    if (this.detail === 'NONE') return [];
    return [...this.tallies].map(([TableName, { table, indexes }]) => {
      const total = [...indexes.values()].reduce((sum, units) => sum + units, table);
      const perIndex = Object.fromEntries([...indexes].map(([name, units]) => [name, this.arm(units)]));
      return {
        TableName,
        ...this.arm(total),
        ...(this.detail === 'INDEXES' && { Table: this.arm(table), ...(indexes.size > 0 && { GlobalSecondaryIndexes: perIndex }) }),
      };
    });
  }

  private arm(units: number): Arm {
    return { CapacityUnits: units, ...(this.kind !== undefined && { [this.kind]: units }) };
  }

  private tallyOf(tableName: string): Tally {
    const tally = this.tallies.get(tableName) ?? { table: 0, indexes: new Map<string, number>() };
    this.tallies.set(tableName, tally);
    return tally;
  }
}
