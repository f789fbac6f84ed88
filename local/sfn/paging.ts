import { AwsError } from '../kernel/aws-error';

export interface Page {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

const DEFAULT_PAGE_SIZE = 100;

/**
 * One page of the items that `matches` keeps, after the item that the token names. Items that appear or stop matching
 * between two calls move no page.
 * @param idOf the item's identity
 * @throws {AwsError} InvalidToken for a token that no earlier page gave
 */
export function pageOf<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { maxResults, nextToken }: Page,
  matches: (item: T) => boolean = () => true,
): { readonly page: readonly T[]; readonly nextToken?: string } {
  const size = maxResults === undefined || maxResults === 0 ? DEFAULT_PAGE_SIZE : maxResults;
  const rest = items.slice(nextToken === undefined ? 0 : startAfter(items, idOf, nextToken)).filter(matches);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return last !== undefined && rest.length > size ? { page, nextToken: Buffer.from(idOf(last)).toString('base64url') } : { page };
}

function startAfter<T>(items: readonly T[], idOf: (item: T) => string, nextToken: string): number {
  const id = Buffer.from(nextToken, 'base64url').toString();
  const index = items.findIndex((item) => idOf(item) === id);
  if (index < 0) throw new AwsError('InvalidToken', `Invalid Token: 'Invalid token'`);
  return index + 1;
}
