import { checkShape, pickPresent, type MemberTypes, type Shape } from './validation';

/** What can be changed of a table without touching its items. */
export interface TableSettings {
  readonly tags: Readonly<Record<string, string>>;
  readonly isDeletionProtected: boolean;
  /** `null` while it is off. */
  readonly pointInTimeRecovery: { readonly sinceMs: number; readonly days: number } | null;
  readonly timeToLive: {
    /** The attribute that holds the time of expiry; `null` while time to live is off. */
    readonly attribute: string | null;
    /** When this was last changed, ms since the epoch; `null` for never. */
    readonly changedAtMs: number | null;
  };
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Tag.html */
export const TAGS_TYPE = {
  type: 'List',
  children: {
    type: 'ValueStruct<Tag>',
    children: {
      Key: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 128 },
      Value: { type: 'String', notNull: true, lengthLessThanOrEqual: 256 },
    },
  },
} as const;

export interface TimeToLiveSpecification {
  readonly AttributeName: string;
  readonly Enabled: boolean;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TimeToLiveSpecification.html */
export const TIME_TO_LIVE_TYPE = {
  type: 'FieldStruct<TimeToLiveSpecification>',
  children: {
    AttributeName: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 255 },
    Enabled: { type: 'Boolean', notNull: true },
  },
} as const;

export interface PointInTimeRecoverySpecification {
  readonly PointInTimeRecoveryEnabled: boolean;
  /** @default 35 */
  readonly RecoveryPeriodInDays?: number;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoverySpecification.html */
export const POINT_IN_TIME_RECOVERY_TYPE = {
  type: 'FieldStruct<PointInTimeRecoverySpecification>',
  children: {
    PointInTimeRecoveryEnabled: { type: 'Boolean', notNull: true },
    RecoveryPeriodInDays: { type: 'Integer', greaterThanOrEqual: 1, lessThanOrEqual: 35 },
  },
} as const;

/** Members of `CreateTable`, and of CloudFormation's table, that are settings. */
export const SETTING_TYPES: MemberTypes = {
  Tags: TAGS_TYPE,
  DeletionProtectionEnabled: 'Boolean',
  PointInTimeRecoverySpecification: POINT_IN_TIME_RECOVERY_TYPE,
  TimeToLiveSpecification: TIME_TO_LIVE_TYPE,
};

interface SettingMembers {
  readonly Tags?: readonly Tag[];
  readonly DeletionProtectionEnabled?: boolean;
  readonly PointInTimeRecoverySpecification?: PointInTimeRecoverySpecification;
  readonly TimeToLiveSpecification?: TimeToLiveSpecification;
}

const SETTINGS: Shape<SettingMembers> = { what: 'DynamoDB CreateTable', types: SETTING_TYPES };

/** @throws {ValidationException} for settings that DynamoDB refuses */
export function newTableSettings(properties: object, nowMs: number): TableSettings {
  const members = checkShape(SETTINGS, pickPresent({ ...properties }, SETTING_TYPES));
  const { Tags: tags = [], DeletionProtectionEnabled: isDeletionProtected = false } = members;
  const { PointInTimeRecoverySpecification: recovery, TimeToLiveSpecification: timeToLive } = members;
  return {
    tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
    isDeletionProtected,
    pointInTimeRecovery: recovery === undefined ? null : pointInTimeRecovery(recovery, nowMs, null),
    timeToLive: timeToLive?.Enabled === true ? { attribute: timeToLive.AttributeName, changedAtMs: nowMs } : { attribute: null, changedAtMs: null },
  };
}

/** Recovery that stays on goes on reaching back to where it was switched on. */
export function pointInTimeRecovery(
  { PointInTimeRecoveryEnabled: isEnabled, RecoveryPeriodInDays: days = 35 }: PointInTimeRecoverySpecification,
  nowMs: number,
  before: TableSettings['pointInTimeRecovery'],
): TableSettings['pointInTimeRecovery'] {
  return isEnabled ? { sinceMs: before?.sinceMs ?? nowMs, days } : null;
}
