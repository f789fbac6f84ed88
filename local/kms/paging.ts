import { kmsError } from './errors';

const MARKER_PREFIX = 'after:';

interface Page<Item> {
  readonly items: readonly Item[];
  /** The members that every list operation answers with. */
  readonly rest: { readonly Truncated: false } | { readonly Truncated: true; readonly NextMarker: string };
}

/**
 * One page of a list, ordered by key. The marker holds the last key that was given, so that a page is right even when items came or
 * went since the one before.
 * @throws {InvalidMarkerException} for a marker that no page gave.
 */
export function pageOf<Item>(
  items: Iterable<Item>,
  keyOf: (item: Item) => string,
  { limit, marker }: { readonly limit: number; readonly marker: string | undefined },
): Page<Item> {
  const after = marker === undefined ? undefined : decode(marker);
  const remaining = [...items]
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((left, right) => (left.key < right.key ? -1 : 1));
  const page = remaining.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    rest: last !== undefined && remaining.length > page.length ? { Truncated: true, NextMarker: encode(last.key) } : { Truncated: false },
  };
}

function encode(key: string): string {
  return Buffer.from(MARKER_PREFIX + key).toString('base64');
}

function decode(marker: string): string {
  const text = Buffer.from(marker, 'base64').toString();
  if (!text.startsWith(MARKER_PREFIX)) throw kmsError('InvalidMarkerException', `Could not deserialize marker '${marker}'`);
  return text.slice(MARKER_PREFIX.length);
}
