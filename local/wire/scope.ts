import type { WireRequest } from './message';

/** What an `Authorization` header of Signature Version 4 says. */
export interface SignedClaim {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION = /^AWS4-HMAC-SHA256 +Credential=([^/\s,]+)\/(\d{8})\/([^/\s,]+)\/([^/\s,]+)\/aws4_request *, *SignedHeaders=([^,\s]+) *, *Signature=([0-9a-f]{64})$/;

/** @returns nothing for a header that is not one of Signature Version 4. */
export function signedClaim(header: string | undefined): SignedClaim | undefined {
  const match = AUTHORIZATION.exec(header ?? '');
  if (match === null) return undefined;
  const [, accessKeyId = '', , region = '', service = '', signedHeaders = '', signature = ''] = match;
  return { accessKeyId, region, service, signedHeaders: signedHeaders.split(';'), signature };
}

/** Region and service that a request claims to be signed for, even if the rest of its header is wrong. */
export function credentialScopeOf({ headers }: Pick<WireRequest, 'headers'>): { readonly region: string; readonly service: string } | undefined {
  const [, region, service] = /Credential=[^/]*\/[^/]*\/([^/,\s]+)\/([^/,\s]+)\//.exec(headers['authorization'] ?? '') ?? [];
  return region === undefined || service === undefined ? undefined : { region, service };
}
