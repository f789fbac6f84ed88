import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import type { Database } from './database';
import type { Table } from './table';
import { POINT_IN_TIME_RECOVERY_TYPE, pointInTimeRecovery, type PointInTimeRecoverySpecification } from './table-settings';
import { checkShape, TABLE_NAME, type Shape } from './validation';

const DAY_MS = 24 * 60 * 60 * 1000;
/** "LatestRestorableDateTime is typically 5 minutes before the current time." */
const RESTORE_LAG_MS = 5 * 60 * 1000;

const DESCRIBE: Shape<{ readonly TableName: string }> = { what: 'DynamoDB DescribeContinuousBackups', types: TABLE_NAME };
const UPDATE: Shape<{ readonly TableName: string; readonly PointInTimeRecoverySpecification: PointInTimeRecoverySpecification }> = {
  what: 'DynamoDB UpdateContinuousBackups',
  types: { ...TABLE_NAME, PointInTimeRecoverySpecification: { ...POINT_IN_TIME_RECOVERY_TYPE, notNull: true } },
};

/**
 * Whether a table could be restored, and to which times. Restoring is not modelled.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeContinuousBackups.html
 */
export class ContinuousBackups {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  describe(input: unknown): unknown {
    return this.description(this.table(checkShape(DESCRIBE, input).TableName));
  }

  update(input: unknown): unknown {
    const { TableName: name, PointInTimeRecoverySpecification: wanted } = checkShape(UPDATE, input);
    const table = this.table(name);
    const recovery = pointInTimeRecovery(wanted, this.clock.nowMs(), table.settings.pointInTimeRecovery);
    table.settings = { ...table.settings, pointInTimeRecovery: recovery };
    return this.description(table);
  }

  private table(name: string): Table {
    const table = this.database.find(name);
    if (table === undefined) throw new AwsError('TableNotFoundException', `Table not found: ${name}`);
    return table;
  }

  private description({ settings: { pointInTimeRecovery: recovery } }: Table): unknown {
    const nowMs = this.clock.nowMs();
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription:
          recovery === null
            ? { PointInTimeRecoveryStatus: 'DISABLED' }
            : {
                PointInTimeRecoveryStatus: 'ENABLED',
                RecoveryPeriodInDays: recovery.days,
                EarliestRestorableDateTime: Math.max(recovery.sinceMs, nowMs - recovery.days * DAY_MS) / 1000,
                LatestRestorableDateTime: Math.max(recovery.sinceMs, nowMs - RESTORE_LAG_MS) / 1000,
              },
      },
    };
  }
}
