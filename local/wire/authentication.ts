import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import type { WireRequest } from './message';
import { type SignedClaim, signedClaim } from './scope';

/** An access key and who it belongs to. */
export interface SigningIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly caller: Caller;
}

/** Finds identities by access key id. */
export interface CredentialDirectory {
  find(accessKeyId: string): SigningIdentity | undefined;
  /** @default none ever does */
  hasExpired?(identity: SigningIdentity): boolean;
}

/** Whom the signature vouches for, and the region and service in its credential scope. */
export interface Authenticated {
  readonly identity: SigningIdentity;
  readonly signedFor: string;
  readonly region: string;
}

const AMZ_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Verifies a SigV4 signature by making it again. The age of a signature is not checked: clients outside the functions sign
 * with the wall clock, which the virtual clock leaves behind.
 *
 * @throws {AwsError} `MissingAuthenticationTokenException`, `IncompleteSignatureException`, `UnrecognizedClientException`,
 *   `ExpiredTokenException`, `InvalidSignatureException`; `NotModelledLocally` for signatures in the query, of other versions,
 *   and of bodies that are signed in chunks or not at all.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export async function authenticate(request: WireRequest, directory: CredentialDirectory): Promise<Authenticated> {
  const claim = claimOf(request);
  const signingDate = parseAmzDate(request.headers['x-amz-date']);
  if (claim === undefined || signingDate === undefined) {
    throw new AwsError('IncompleteSignatureException', 'The Authorization header and X-Amz-Date must be those of AWS Signature Version 4.');
  }
  const identity = directory.find(claim.accessKeyId);
  if (identity === undefined || identity.sessionToken !== request.headers['x-amz-security-token']) {
    throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const expected = await signatureOf(request, identity, claim, signingDate);
  if (expected !== claim.signature || !bodyMatchesItsHash(request)) {
    throw new AwsError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  if (directory.hasExpired?.(identity) === true) throw new AwsError('ExpiredTokenException', 'The security token included in the request is expired');
  return { identity, signedFor: claim.service, region: claim.region };
}

/** @throws {AwsError} for a request that has no such header, or another one. */
function claimOf({ headers, query }: WireRequest): SignedClaim | undefined {
  const header = headers['authorization'];
  if (header === undefined) {
    if ('X-Amz-Signature' in query || 'X-Amz-Algorithm' in query) throw notModelled('signatures in the query (presigned requests)');
    throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  }
  const other = /^AWS4-(?!HMAC-SHA256 )\S+/.exec(header)?.[0];
  if (other !== undefined) throw notModelled(`signatures of the form ${other}`);
  const payload = headers['x-amz-content-sha256'];
  if (payload !== undefined && !/^[0-9a-f]{64}$/.test(payload)) throw notModelled(`payloads signed as ${payload}`);
  return signedClaim(header);
}

async function signatureOf(request: WireRequest, identity: SigningIdentity, claim: SignedClaim, signingDate: Date): Promise<string | undefined> {
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  const { signedHeaders, region, service } = claim;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const headers: Record<string, string> = {};
  for (const name of [...signedHeaders, 'x-amz-content-sha256']) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  const signed = await signer.sign(
    new HttpRequest({ method: request.method, path: request.path, query: { ...request.query }, headers, body: request.body }),
    { signingDate, signableHeaders: new Set(signedHeaders), unsignableHeaders: unsigned(headers, signedHeaders) },
  );
  return signedClaim(signed.headers['authorization'])?.signature;
}

function unsigned(headers: Readonly<Record<string, string>>, signedHeaders: readonly string[]): Set<string> {
  return new Set(['x-amz-security-token', ...Object.keys(headers)].filter((name) => !signedHeaders.includes(name)));
}

/** The signature covers the body by this header, when a client sends it, and not by the body itself. */
function bodyMatchesItsHash(request: WireRequest): boolean {
  const claimed = request.headers['x-amz-content-sha256'];
  return claimed === undefined || claimed === createHash('sha256').update(request.body).digest('hex');
}

function parseAmzDate(text: string | undefined): Date | undefined {
  const [, year, month, day, hour, minute, second] = AMZ_DATE.exec(text ?? '') ?? [];
  const date = new Date(`${year ?? ''}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
