import { TaggingService } from '../../../local/tagging/tagging-service';

const KEYS = [
  { arn: 'k1', tags: { registry: 'r', version: '1' } },
  { arn: 'k2', tags: { registry: 'r', version: '2' } },
  { arn: 'k3', tags: { registry: 'other', version: '1' } },
  { arn: 'k4', tags: {} },
];

interface Answer {
  readonly PaginationToken: string;
  readonly ResourceTagMappingList: readonly { readonly ResourceARN: string; readonly Tags: readonly unknown[] }[];
}

const CALLER = { accountId: '111122223333', arn: 'a', userId: 'u' };

function find(input: object): Answer {
  return new TaggingService(() => KEYS).call('GetResources', { ResourceTypeFilters: ['kms:key'], ...input }, CALLER) as Answer;
}

test.each<[string, object[], string[]]>([
  ['all tagged keys without a filter', [], ['k1', 'k2', 'k3']],
  ['by key and value', [{ Key: 'registry', Values: ['r'] }], ['k1', 'k2']],
  ['by all filters', [{ Key: 'registry', Values: ['r'] }, { Key: 'version', Values: ['1'] }], ['k1']],
  ['by any value of a filter', [{ Key: 'version', Values: ['1', '2'] }], ['k1', 'k2', 'k3']],
  ['by a key with any value', [{ Key: 'registry' }], ['k1', 'k2', 'k3']],
  ['nothing for a tag that no key has', [{ Key: 'rotation' }], []],
])('finds %s', (_case, TagFilters, arns) => {
  expect(find({ TagFilters }).ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN)).toEqual(arns);
});

test('answers tags as key and value', () => {
  expect(find({ TagFilters: [{ Key: 'registry', Values: ['other'] }] }).ResourceTagMappingList[0]?.Tags).toEqual([{ Key: 'registry', Value: 'other' }, { Key: 'version', Value: '1' }]);
});

test('pages with a token', () => {
  const first = find({ ResourcesPerPage: 2 });
  expect(first.ResourceTagMappingList).toHaveLength(2);
  const second = find({ ResourcesPerPage: 2, PaginationToken: first.PaginationToken });
  expect(second.ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN)).toEqual(['k3']);
  expect(second.PaginationToken).toBe('');
});

test.each([
  ['other resource types', 'GetResources', { ResourceTypeFilters: ['s3:bucket'] }],
  ['all resource types', 'GetResources', { ResourceTypeFilters: undefined }],
  ['other parameters', 'GetResources', { IncludeComplianceDetails: true }],
  ['other operations', 'GetTagKeys', {}],
])('refuses %s by name', (_case, operation, input) => {
  expect(() => new TaggingService(() => KEYS).call(operation, { ResourceTypeFilters: ['kms:key'], ...input }, CALLER)).toThrow('does not model');
});

test.each<[string, object, string]>([
  ['a page of none', { ResourcesPerPage: 0 }, 'InvalidParameterException'],
  ['a page of over 100', { ResourcesPerPage: 101 }, 'InvalidParameterException'],
  ['a filter without a key', { TagFilters: [{ Values: ['1'] }] }, 'InvalidParameterException'],
  ['a filter with over 20 values', { TagFilters: [{ Key: 'version', Values: Array.from({ length: 21 }, String) }] }, 'InvalidParameterException'],
  ['a token that no page gave', { PaginationToken: 'x' }, 'PaginationTokenExpiredException'],
])('refuses %s', (_case, input, code) => {
  expect(() => find(input)).toThrow(expect.objectContaining({ code }) as Error);
});
