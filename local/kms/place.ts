import { kmsError } from './errors';

/** Account and Region of this KMS, and the names that follow from them. */
export interface Place {
  readonly accountId: string;
  readonly region: string;
}

export const ALIAS_PREFIX = 'alias/';

export function keyArn({ region, accountId }: Place, keyId: string): string {
  return `arn:aws:kms:${region}:${accountId}:key/${keyId}`;
}

/** @param name with its prefix */
export function aliasArn({ region, accountId }: Place, name: string): string {
  return `arn:aws:kms:${region}:${accountId}:${name}`;
}

/** How a request names a key. */
export type KeyReference =
  | { readonly kind: 'key'; readonly keyId: string; readonly accountId: string }
  | { readonly kind: 'alias'; readonly name: string; readonly accountId: string };

/**
 * Reads a key id, key ARN, alias or alias ARN.
 * @throws {NotFoundException} for an ARN of another Region; {InvalidArnException} for an ARN of something else.
 */
export function parseKeyReference(place: Place, text: string): KeyReference {
  if (text.startsWith(ALIAS_PREFIX)) return { kind: 'alias', name: text, accountId: place.accountId };
  if (!text.startsWith('arn:')) return { kind: 'key', keyId: text, accountId: place.accountId };
  const [, , service, region, accountId, ...rest] = text.split(':');
  const resource = rest.join(':');
  if (service !== 'kms' || region === undefined || accountId === undefined || !/^(?:key|alias)\/./.test(resource)) {
    throw kmsError('InvalidArnException', `Invalid arn ${text}`);
  }
  if (region !== place.region) throw kmsError('NotFoundException', `Invalid arn ${region}`);
  return resource.startsWith(ALIAS_PREFIX)
    ? { kind: 'alias', name: resource, accountId }
    : { kind: 'key', keyId: resource.slice('key/'.length), accountId };
}
