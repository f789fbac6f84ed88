import { AwsError } from '../kernel/aws-error';
import type { Database } from './database';
import type { Table } from './table';
import { TAGS_TYPE, type Tag } from './table-settings';
import { checkShape, validationError, type Shape } from './validation';

/** Tags of a table at most. @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html */
const MAX_TAGS = 50;
const TABLE_ARN = /^arn:aws:dynamodb:[^:]+:\d{12}:table\/([a-zA-Z0-9_.-]+)$/;

const RESOURCE = { ResourceArn: { type: 'String', notNull: true, lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 1283 } } as const;
const TAG: Shape<{ readonly ResourceArn: string; readonly Tags: readonly Tag[] }> = {
  what: 'DynamoDB TagResource',
  types: { ...RESOURCE, Tags: { ...TAGS_TYPE, notNull: true } },
};
const UNTAG: Shape<{ readonly ResourceArn: string; readonly TagKeys: readonly string[] }> = {
  what: 'DynamoDB UntagResource',
  types: { ...RESOURCE, TagKeys: { type: 'List', notNull: true, children: { type: 'String', lengthGreaterThanOrEqual: 1, lengthLessThanOrEqual: 128 } } },
};
const LIST: Shape<{ readonly ResourceArn: string; readonly NextToken?: string }> = {
  what: 'DynamoDB ListTagsOfResource',
  types: { ...RESOURCE, NextToken: 'String' },
};

/** The tags of tables. All of a table's tags fit one page. */
export class TableTags {
  constructor(private readonly database: Database) {}

  tagResource(input: unknown): unknown {
    const { ResourceArn: arn, Tags: tags } = checkShape(TAG, input);
    if (tags.length === 0) throw validationError('Atleast one Tag needs to be provided as Input.');
    const table = this.tableOf(arn);
    const all = { ...table.settings.tags, ...Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])) };
    if (Object.keys(all).length > MAX_TAGS) throw validationError(`One or more parameter values were invalid: Too many tags: at most ${MAX_TAGS} on a resource`);
    table.settings = { ...table.settings, tags: all };
    return {};
  }

  untagResource(input: unknown): unknown {
    const { ResourceArn: arn, TagKeys: keys } = checkShape(UNTAG, input);
    if (keys.length === 0) throw validationError('Atleast one Tag Key needs to be provided as Input.');
    const table = this.tableOf(arn);
    const kept = Object.entries(table.settings.tags).filter(([key]) => !keys.includes(key));
    table.settings = { ...table.settings, tags: Object.fromEntries(kept) };
    return {};
  }

  listTagsOfResource(input: unknown): unknown {
    const { ResourceArn: arn, NextToken: token } = checkShape(LIST, input);
    if (token !== undefined) throw validationError(`Invalid NextToken: ${token}`);
    return { Tags: Object.entries(this.tableOf(arn).settings.tags).map(([Key, Value]) => ({ Key, Value })) };
  }

  private tableOf(arn: string): Table {
    const name = TABLE_ARN.exec(arn)?.[1];
    if (name === undefined) throw validationError(`Invalid TableArn: Invalid ResourceArn provided as input ${arn}`);
    const table = this.database.find(name);
    if (table === undefined || this.database.arnOf(name) !== arn) {
      throw new AwsError('ResourceNotFoundException', `Requested resource not found: ResourcArn: ${arn} not found`);
    }
    return table;
  }
}
