import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsError } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import type { WireRequest } from './message';

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
}

/** Whom the signature vouches for, and the service in its credential scope. */
export interface Authenticated {
  readonly identity: SigningIdentity;
  readonly signedFor: string;
}

const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const AMZ_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/**
 * Verifies a SigV4 signature by making it again. The age of a signature is not checked: clients outside the functions sign
 * with the wall clock, which the virtual clock leaves behind.
 *
 * @throws {AwsError} `MissingAuthenticationTokenException`, `IncompleteSignatureException`, `UnrecognizedClientException`,
 *   `InvalidSignatureException`.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export async function authenticate(request: WireRequest, directory: CredentialDirectory): Promise<Authenticated> {
  const header = request.headers['authorization'];
  if (header === undefined) throw new AwsError('MissingAuthenticationTokenException', 'Request is missing Authentication Token', 403);
  const match = AUTHORIZATION.exec(header);
  const [, accessKeyId = '', , region = '', signedFor = '', signedHeaders = '', signature = ''] = match ?? [];
  const signingDate = parseAmzDate(request.headers['x-amz-date']);
  if (match === null || signingDate === undefined) {
    throw new AwsError('IncompleteSignatureException', 'Authorization header and X-Amz-Date must be those of AWS Signature Version 4');
  }
  const identity = directory.find(accessKeyId);
  if (identity === undefined || identity.sessionToken !== request.headers['x-amz-security-token']) {
    throw new AwsError('UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const expected = await signatureOf(request, identity, { region, service: signedFor, signedHeaders: signedHeaders.split(';'), signingDate });
  if (expected !== signature || !bodyMatchesItsHash(request)) {
    throw new AwsError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
      403,
    );
  }
  return { identity, signedFor };
}

interface Scope {
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signingDate: Date;
}

async function signatureOf(request: WireRequest, identity: SigningIdentity, scope: Scope): Promise<string | undefined> {
  const { accessKeyId, secretAccessKey, sessionToken } = identity;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    region: scope.region,
    service: scope.service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const headers: Record<string, string> = {};
  for (const name of [...scope.signedHeaders, 'x-amz-content-sha256']) {
    const value = request.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  const signed = await signer.sign(
    new HttpRequest({ method: request.method, path: request.path, query: { ...request.query }, headers, body: request.body }),
    { signingDate: scope.signingDate, signableHeaders: new Set(scope.signedHeaders), unsignableHeaders: unsigned(headers, scope.signedHeaders) },
  );
  return AUTHORIZATION.exec(signed.headers['authorization'] ?? '')?.[6];
}

function unsigned(headers: Readonly<Record<string, string>>, signedHeaders: readonly string[]): Set<string> {
  return new Set(['x-amz-security-token', ...Object.keys(headers)].filter((name) => !signedHeaders.includes(name)));
}

/** The signature covers the body only through this header, when a client sends it. */
function bodyMatchesItsHash(request: WireRequest): boolean {
  const claimed = request.headers['x-amz-content-sha256'];
  return claimed === undefined || claimed === createHash('sha256').update(request.body).digest('hex');
}

function parseAmzDate(text: string | undefined): Date | undefined {
  const [, year, month, day, hour, minute, second] = AMZ_DATE.exec(text ?? '') ?? [];
  return year === undefined ? undefined : new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}
