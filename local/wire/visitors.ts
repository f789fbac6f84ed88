import { AwsError } from '../kernel/aws-error';
import type { WireRequest } from './message';

/** This machine, as its clients call it; names below `localhost` never leave it. */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|\[::1\]|(?:[a-z0-9-]+\.)*localhost)(?::\d+)?$/i;

/**
 * Keeps web pages out, which a browser on this machine may show: those of another site name it as their `Origin`, and those
 * whose name was made to point at this machine name it as the `Host`.
 * @throws {AwsError} `AccessDeniedException`.
 */
export function assertNoWebPage({ headers }: Pick<WireRequest, 'headers'>): void {
  const { host = '', origin } = headers;
  if (!LOOPBACK_HOST.test(host)) throw denied(`The local AWS answers as 127.0.0.1 or localhost, not as ${host}.`);
  if (origin !== undefined && origin !== `http://${host}`) throw denied(`The local AWS does not answer web pages, such as those of ${origin}.`);
}

function denied(message: string): AwsError {
  return new AwsError('AccessDeniedException', message, 403);
}
