import { notModelled } from '../kernel/aws-error';
import type { Service } from '../kernel/service';
import { isRecord } from '../wire/protocol';

/** A resource and its tags. */
export interface TaggedResource {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The Resource Groups Tagging API over KMS keys, in pages of at most 100. */
export class TaggingService implements Service {
  /** @param taggedKeys all KMS keys as the tag index shows them, in a stable order */
  constructor(private readonly taggedKeys: () => readonly TaggedResource[]) {}

  call(operation: string, input: unknown): unknown {
    if (operation !== 'GetResources' || !isRecord(input)) throw notModelled(`the tagging API's ${operation}`);
    const { TagFilters, ResourceTypeFilters, PaginationToken, ResourcesPerPage, ...others } = input;
    const [other] = Object.keys(others);
    if (other !== undefined) throw notModelled(`the parameter ${other} of GetResources`);
    const types = Array.isArray(ResourceTypeFilters) ? ResourceTypeFilters : [];
    if (types.length !== 1 || (types[0] !== 'kms:key' && types[0] !== 'kms')) throw notModelled(`GetResources for other types than kms:key`);

    const filters = (Array.isArray(TagFilters) ? TagFilters : []).filter(isRecord);
    // A key without tags was never tagged, and this API does not know it.
    const found = this.taggedKeys().filter(({ tags }) => Object.keys(tags).length > 0 && filters.every((filter) => matches(tags, filter)));
    const start = Number(PaginationToken === undefined || PaginationToken === '' ? 0 : PaginationToken);
    const end = start + Math.min(Number(ResourcesPerPage ?? 50), 100);
    return {
      PaginationToken: end < found.length ? String(end) : '',
      ResourceTagMappingList: found.slice(start, end).map(({ arn, tags }) => ({
        ResourceARN: arn,
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      })),
    };
  }
}

function matches(tags: Readonly<Record<string, string>>, filter: Readonly<Record<string, unknown>>): boolean {
  const value = tags[String(filter['Key'])];
  const values = Array.isArray(filter['Values']) ? filter['Values'] : [];
  return value !== undefined && (values.length === 0 || values.includes(value));
}
