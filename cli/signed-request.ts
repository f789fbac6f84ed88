import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { CliError } from './cli-error';
import type { Connection } from './connection';

/**
 * Posts JSON to a Function URL, signed with the caller's credentials.
 * @throws {CliError} when nothing answers, or no Region is known.
 */
export async function postSigned(url: URL, connection: Pick<Connection, 'credentials' | 'region'>, body: string): Promise<{ status: number; text: string }> {
  const region = connection.region ?? /\.lambda-url\.([a-z0-9-]+)\./.exec(url.hostname)?.[1];
  if (region === undefined) throw new CliError('no Region is known. Give --region, or set AWS_REGION.');
  const signer = new SignatureV4({ service: 'lambda', region, credentials: connection.credentials, sha256: Sha256 });
  const request = new HttpRequest({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    headers: { host: url.host, 'content-type': 'application/json' },
    body,
  });
  const signed = await signer.sign(request).catch((error: unknown) => {
    throw new CliError(`the request cannot be signed: ${String(error)}. Set AWS_PROFILE, or log in as the principal that the policy names.`);
  });
  try {
    const response = await fetch(url, { method: 'POST', headers: signed.headers, body });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    throw new CliError(`${url.href} does not answer: ${String((error as Error).cause ?? error)}`);
  }
}
