import { request } from 'node:http';
import { CliError } from '../cli-error';

/**
 * Asks a running local cloud something. There is no time-out: an advance takes as long as it takes.
 * @param option by which the caller gives the endpoint
 * @throws {CliError} when nothing answers there, or the answer is an error.
 */
export async function ask(endpoint: string, method: 'GET' | 'POST', name: string, input?: object, option = '--endpoint'): Promise<Record<string, unknown>> {
  const url = controlUrl(endpoint, name, option);
  const body = input === undefined ? '' : JSON.stringify(input);
  const { status, text } = await exchange(url, method, body).catch((error: unknown) => {
    throw new CliError(`no local cloud answers at ${endpoint} (${String((error as NodeJS.ErrnoException).code ?? error)}). Start one with \`keyturn local\`, or give ${option} as it printed it.`);
  });
  const answer = parsed(text);
  if (answer === undefined) throw new CliError(`what answers at ${endpoint} is no local cloud of keyturn. Give ${option} as \`keyturn local\` printed it.`);
  if (status !== 200) throw new CliError(typeof answer['error'] === 'string' ? answer['error'] : text);
  return answer;
}

function controlUrl(endpoint: string, name: string, option: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url?.protocol !== 'http:') throw new CliError(`${option} ${endpoint} is not a URL such as http://127.0.0.1:4599.`);
  return new URL(`/_local/${name}`, url);
}

function exchange(url: URL, method: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { method, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => { resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }); });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
