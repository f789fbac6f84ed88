import { z } from 'zod';
import { kmsError } from './errors';

/** The grant that a token stands for. */
export interface GrantReference {
  readonly keyId: string;
  readonly grantId: string;
}

const PREFIX = 'grant';

/** A token of a grant. Every answer of CreateGrant gives another one; all of them are good for the same. @param nonce makes the token another one */
export function grantTokenOf({ keyId, grantId }: GrantReference, nonce: string): string {
  return Buffer.from([PREFIX, keyId, grantId, nonce].join('/')).toString('base64');
}

/** `undefined` for a text that is no grant token. */
export function parseGrantToken(token: string): GrantReference | undefined {
  const [prefix, keyId, grantId, nonce] = Buffer.from(token, 'base64').toString().split('/');
  return prefix === PREFIX && keyId !== undefined && grantId !== undefined && nonce !== undefined ? { keyId, grantId } : undefined;
}

/** @throws {InvalidGrantTokenException} */
export function assertGrantToken(token: string): GrantReference {
  const reference = parseGrantToken(token);
  if (reference === undefined) throw kmsError('InvalidGrantTokenException', 'Invalid grant token');
  return reference;
}

/** One request's grant tokens: at most ten. */
export const grantTokens = z
  .array(z.string())
  .max(10)
  .superRefine((tokens, context) => {
    if (tokens.every(({ length }) => length >= 1 && length <= 8192)) return;
    const constraint = 'satisfy constraint: [Member must have length less than or equal to 8192, Member must have length greater than or equal to 1]';
    context.issues.push({ code: 'custom', input: tokens, params: { constraint } });
  })
  .transform((tokens) => tokens.map(assertGrantToken))
  .optional();
