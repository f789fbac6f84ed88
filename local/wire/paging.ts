import type { AwsError } from '../kernel/aws-error';

export interface Page<T> {
  readonly items: readonly T[];
  /** For the next page, if there is one. */
  readonly token?: string;
}

/**
 * One page of a list, after the item that the token names: items that come or go between two calls move no page.
 * @param idOf the item's identity
 * @param invalid makes the service's error for a token that no earlier page gave
 */
export function pageOf<T>(all: readonly T[], idOf: (item: T) => string, size: number, token: string | undefined, invalid: () => AwsError): Page<T> {
  let start = 0;
  if (token !== undefined && token !== '') {
    const last = Buffer.from(token, 'base64url').toString();
    start = all.findIndex((item) => idOf(item) === last) + 1;
    if (start === 0) throw invalid();
  }
  const items = all.slice(start, start + size);
  const last = items.at(-1);
  return last !== undefined && all.length > start + size ? { items, token: Buffer.from(idOf(last)).toString('base64url') } : { items };
}
