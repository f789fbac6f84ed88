import { z } from 'zod';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';

/** A resource and its tags. */
export interface TaggedResource {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

const tagFilter = z.strictObject({ Key: z.string().min(1).max(128), Values: z.array(z.string().max(256)).max(20).default([]) });

/** Limits of GetResources. @see https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html */
const getResources = z.strictObject({
  TagFilters: z.array(tagFilter).max(50).default([]),
  ResourceTypeFilters: z.array(z.string()).max(100).default([]),
  PaginationToken: z.string().default(''),
  ResourcesPerPage: z.int().min(1).max(100).default(50),
});

/** The Resource Groups Tagging API over KMS keys. */
export class TaggingService implements Service {
  private readonly operations = new Operations('the tagging API', 'InvalidParameterException').on('GetResources', getResources, (request) => this.getResources(request));

  /** @param taggedKeys all KMS keys as the tag index shows them, in a stable order */
  constructor(private readonly taggedKeys: () => readonly TaggedResource[]) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller);
  }

  private getResources({ TagFilters, ResourceTypeFilters: types, PaginationToken, ResourcesPerPage }: z.output<typeof getResources>): unknown {
    if (types.length === 0 || types.some((type) => type !== 'kms:key' && type !== 'kms')) throw notModelled('GetResources for other types than kms:key');
    // A key without tags was never tagged, and this API does not know it.
    const found = this.taggedKeys().filter(({ tags }) => Object.keys(tags).length > 0 && TagFilters.every((filter) => matches(tags, filter)));
    const { items, token = '' } = pageOf(found, ({ arn }) => arn, ResourcesPerPage, PaginationToken, () => new AwsError('PaginationTokenExpiredException', 'A PaginationToken is valid for as long as what it names has tags.'));
    return {
      PaginationToken: token,
      ResourceTagMappingList: items.map(({ arn, tags }) => ({ ResourceARN: arn, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) })),
    };
  }
}

function matches(tags: Readonly<Record<string, string>>, { Key, Values }: z.output<typeof tagFilter>): boolean {
  const value = tags[Key];
  return value !== undefined && (Values.length === 0 || Values.includes(value));
}
