import { AwsError } from '../kernel/aws-error';
import type { WireResponse } from './message';
import { isRecord, type Protocol, textOf } from './protocol';

/**
 * `awsQuery`: the input as a form with dotted names, the output as XML.
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function queryProtocol(apiVersion: string, xmlNamespace: string): Protocol {
  const answer = (statusCode: number, root: string, content: string, requestId: string): WireResponse => ({
    statusCode,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: Buffer.from(`<${root} xmlns="${xmlNamespace}">${content}</${root}>`),
  });
  return {
    decode: (request) => {
      const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'));
      const operation = form.get('Action');
      if (operation === null) throw new AwsError('MissingAction', 'The request has no Action parameter');
      const version = form.get('Version');
      if (version !== apiVersion) {
        throw new AwsError('InvalidAction', `Could not find operation ${operation} for version ${version ?? 'NO_VERSION_SPECIFIED'}`);
      }
      form.delete('Action');
      form.delete('Version');
      return { operation, input: nest(form) };
    },
    encode: (operation, output, requestId) =>
      answer(
        200,
        `${operation}Response`,
        `<${operation}Result>${xml(output)}</${operation}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`,
        requestId,
      ),
    encodeError: (error, requestId) =>
      answer(
        error.httpStatus,
        'ErrorResponse',
        `<Error><Type>${error.httpStatus < 500 ? 'Sender' : 'Receiver'}</Type><Code>${error.code}</Code>` +
          `<Message>${escape(error.message)}</Message></Error><RequestId>${requestId}</RequestId>`,
        requestId,
      ),
  };
}

interface Nested {
  [name: string]: string | Nested;
}

/** `A.member.1.B=x` becomes `{A: [{B: 'x'}]}`; `A.entry.1.Name=k` becomes `{A: [{Name: 'k'}]}`. */
function nest(form: URLSearchParams): unknown {
  const root: Nested = {};
  for (const [name, value] of form) {
    const path = name.split('.');
    const last = path.pop();
    if (last === undefined) continue;
    let node = root;
    for (const part of path) {
      const next = node[part] ?? {};
      if (typeof next === 'string') throw new AwsError('MalformedInput', `Parameter ${name} is both a value and a structure`);
      node[part] = next;
      node = next;
    }
    node[last] = value;
  }
  return asLists(root);
}

function asLists(node: string | Nested): unknown {
  if (typeof node === 'string') return node;
  const list = node['member'] ?? node['entry'];
  if (list !== undefined && typeof list !== 'string' && Object.keys(node).length === 1) {
    return Object.keys(list)
      .sort((a, b) => Number(a) - Number(b))
      .map((index) => asLists(list[index] ?? {}));
  }
  return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, asLists(value)]));
}

function xml(value: unknown): string {
  if (Array.isArray(value)) return value.map((entry) => `<member>${xml(entry)}</member>`).join('');
  if (isRecord(value)) {
    return Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => `<${name}>${xml(member)}</${name}>`)
      .join('');
  }
  return value === undefined || value === null ? '' : escape(textOf(value));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
