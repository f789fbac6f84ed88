import type { Clock } from '../kernel/clock';
import type { Caller } from '../kernel/service';
import type { AttributeValue, Item } from './attribute-value';
import type { Database } from './database';
import type { ItemWriter } from './item-writer';
import type { Table } from './table';
import { TIME_TO_LIVE_TYPE, type TimeToLiveSpecification } from './table-settings';
import { checkShape, TABLE_NAME, validationError, type Shape } from './validation';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** How long an expired item stays: AWS says "typically within two days of expiration". */
const DELETION_DELAY_MS = 2 * DAY_MS;
/** What expired longer ago than this is taken for a mistake, and stays. Years of AWS's documentation, in days. */
const OLDEST_EXPIRY_MS = 5 * 365 * DAY_MS;
/** How long a change of the setting takes, and keeps others out. */
const CHANGE_MS = HOUR_MS;

const DESCRIBE: Shape<{ readonly TableName: string }> = { what: 'DynamoDB DescribeTimeToLive', types: TABLE_NAME };
const UPDATE: Shape<{ readonly TableName: string; readonly TimeToLiveSpecification: TimeToLiveSpecification }> = {
  what: 'DynamoDB UpdateTimeToLive',
  types: { ...TABLE_NAME, TimeToLiveSpecification: { ...TIME_TO_LIVE_TYPE, notNull: true } },
};

/**
 * Items that go when their time is over.
 *
 * An expired item is deleted before the first call that comes two days after its time, by DynamoDB itself; nothing
 * runs in between. Until then it is there like any other.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTimeToLive.html
 */
export class TimeToLive {
  constructor(
    private readonly database: Database,
    private readonly writer: ItemWriter,
    private readonly clock: Clock,
    private readonly accountId: string,
  ) {}

  describe(input: unknown): unknown {
    const { attribute } = this.database.describedTable(checkShape(DESCRIBE, input).TableName).settings.timeToLive;
    return { TimeToLiveDescription: attribute === null ? { TimeToLiveStatus: 'DISABLED' } : { TimeToLiveStatus: 'ENABLED', AttributeName: attribute } };
  }

  update(input: unknown): unknown {
    const { TableName: name, TimeToLiveSpecification: wanted } = checkShape(UPDATE, input);
    const table = this.database.describedTable(name);
    const { attribute, changedAtMs } = table.settings.timeToLive;
    const nowMs = this.clock.nowMs();
    if (!wanted.Enabled && attribute === null) throw validationError('TimeToLive is already disabled');
    if (attribute !== null && attribute !== wanted.AttributeName) {
      throw validationError(`TimeToLive is active on a different AttributeName: current AttributeName is ${attribute}`);
    }
    if (wanted.Enabled && attribute !== null) throw validationError('TimeToLive is already enabled');
    if (changedAtMs !== null && nowMs < changedAtMs + CHANGE_MS) {
      throw validationError('Time to live has been modified multiple times within a fixed interval');
    }
    table.settings = { ...table.settings, timeToLive: { attribute: wanted.Enabled ? wanted.AttributeName : null, changedAtMs: nowMs } };
    return { TimeToLiveSpecification: wanted };
  }

  /** Deletes what has been expired long enough. */
  sweep(): void {
    const caller: Caller = { accountId: this.accountId, arn: 'dynamodb.amazonaws.com', userId: 'dynamodb.amazonaws.com' };
    for (const table of this.database.all()) {
      const expired = [...this.expiredItems(table)];
      this.writer.apply(expired.map((before) => ({ table, address: table.addressOf(before), before, after: undefined })), caller);
    }
  }

  private *expiredItems({ items, settings }: Table): Generator<Item> {
    const { attribute } = settings.timeToLive;
    if (attribute === null) return;
    for (const item of items.scan()) if (this.isOver(item[attribute])) yield item;
  }

  /** Only numbers are times: seconds since the epoch. */
  private isOver(value: AttributeValue | undefined): boolean {
    if (value?.N === undefined) return false;
    const sinceMs = this.clock.nowMs() - Number(value.N) * 1000;
    return sinceMs >= DELETION_DELAY_MS && sinceMs <= OLDEST_EXPIRY_MS;
  }
}
