import { CliError } from './cli-error';
import type { Connection } from './connection';
import { postSigned } from './signed-request';

export interface Acknowledging {
  readonly acknowledgementId: string;
  readonly keyVersion: number;
  readonly verdict: 'yes' | 'no';
  readonly reason?: string;
}

export interface AcknowledgeAnswer {
  readonly status: string;
  readonly verdict: string;
  readonly by: string;
}

/**
 * `keyturn ack`: answers as whoever the connection signs as.
 * @param url the acknowledge URL, from the event's `acknowledgeUrl` or the stack's outputs
 * @throws {CliError} with the reason when the answer was not recorded.
 */
export async function acknowledge({ acknowledgementId, keyVersion: version, verdict, reason }: Acknowledging, url: string, connection: Pick<Connection, 'credentials' | 'region'>): Promise<AcknowledgeAnswer> {
  const body = JSON.stringify({ acknowledgementId, version, verdict, ...(reason === undefined ? {} : { reason }) });
  const { status, text } = await postSigned(parseUrl(url), connection, body);
  const answer = parseAnswer(text);
  if (status !== 200) throw new CliError(`the answer was not recorded (HTTP ${status}): ${answer.reason ?? answer.message ?? text}`);
  return { status: answer.status ?? '', verdict: answer.verdict ?? '', by: answer.by ?? '' };
}

function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new CliError(`--url ${text} is not a URL. Take acknowledgeUrl from the event.`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new CliError(`--url ${text} is not an https URL. Take acknowledgeUrl from the event.`);
  return url;
}

function parseAnswer(text: string): { status?: string; verdict?: string; by?: string; reason?: string; message?: string } {
  try {
    return JSON.parse(text) as ReturnType<typeof parseAnswer>;
  } catch {
    return {};
  }
}
