import { z } from 'zod';
import { kmsError } from './errors';
import { pageOf } from './paging';
import type { Rooms } from './rooms';
import { keyIdText, limit, marker, operation, type Operations, textList } from './wire';

const MAX_TAGS = 50;
const DEFAULT_PAGE = 50;

const tag = z.object({ TagKey: z.string().min(1).max(128), TagValue: z.string().min(0).max(256) });
export const tagList = z.array(tag);

/**
 * The tags that a key has once `added` are set on it.
 * @throws {TagException} for a repeated or reserved tag key, or for more than 50 tags.
 */
export function withTags(present: ReadonlyMap<string, string>, added: z.output<typeof tagList>): Map<string, string> {
  const names = added.map(({ TagKey }) => TagKey);
  if (new Set(names).size < names.length) throw kmsError('TagException', 'Duplicate tag keys');
  if (names.some((name) => name.toLowerCase().startsWith('aws:'))) throw kmsError('TagException', 'Tags beginning with aws: are reserved');
  const tags = new Map([...present, ...added.map(({ TagKey, TagValue }) => [TagKey, TagValue] as const)]);
  if (tags.size > MAX_TAGS) throw kmsError('TagException', 'Too many tags');
  return tags;
}

const tagResourceRequest = z.object({ KeyId: keyIdText, Tags: tagList });
const untagResourceRequest = z.object({ KeyId: keyIdText, TagKeys: textList({ min: 1, max: 128 }) });
const listResourceTagsRequest = z.object({ KeyId: keyIdText, Limit: limit(50), Marker: marker });

export function tagOperations({ directory }: Rooms): Operations {
  return {
    TagResource: operation(tagResourceRequest, ({ KeyId, Tags }) => {
      const key = directory.forManagement('TagResource', KeyId);
      for (const [name, value] of withTags(key.tags, Tags)) key.tags.set(name, value);
    }),

    UntagResource: operation(untagResourceRequest, ({ KeyId, TagKeys }) => {
      const key = directory.forManagement('UntagResource', KeyId);
      for (const name of TagKeys) key.tags.delete(name);
    }),

    ListResourceTags: operation(listResourceTagsRequest, ({ KeyId, Limit, Marker }) => {
      const { tags } = directory.forManagement('ListResourceTags', KeyId);
      const { items, rest } = pageOf(tags, ([name]) => name, { limit: Limit ?? DEFAULT_PAGE, marker: Marker });
      return { Tags: items.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...rest };
    }),
  };
}
