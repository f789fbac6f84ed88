import { AwsError } from '../kernel/aws-error';
import type { WireResponse } from './message';
import { isRecord, mediaTypeOf, type Protocol, textOf } from './protocol';

/** Query services name the errors of AWS's front door without `Exception`, and answer them with other statuses. */
export const QUERY_COMMON_ERRORS: NonNullable<Protocol['commonErrors']> = {
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
};

/**
 * `awsQuery`: the input as a form with dotted names, the output as XML. Lists of `{ key, value }` are maps.
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function queryProtocol(apiVersion: string, xmlNamespace: string): Protocol {
  return {
    decode: (request) => {
      const { operation, form } = queryForm(request, apiVersion);
      return { operation, input: nest(form) };
    },
    encode: (operation, output, requestId) =>
      xmlAnswer(
        200,
        `${operation}Response`,
        xmlNamespace,
        `<${operation}Result>${xml(output)}</${operation}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`,
        requestId,
      ),
    encodeError: (error, requestId) => xmlError(error, xmlNamespace, requestId),
    commonErrors: QUERY_COMMON_ERRORS,
  };
}

/** @throws {AwsError} `InvalidAction`, `MissingAction` when the form names no operation of this version. */
export function queryForm(request: Parameters<Protocol['decode']>[0], apiVersion: string): { readonly operation: string; readonly form: URLSearchParams } {
  const isForm = request.method === 'POST' && mediaTypeOf(request) === 'application/x-www-form-urlencoded';
  if (!isForm && request.body.length > 0) throw new AwsError('MalformedInput', 'Requests are POSTed as application/x-www-form-urlencoded');
  const form = new URLSearchParams(Buffer.from(request.body).toString('utf8'));
  const operation = form.get('Action');
  if (operation === null) throw new AwsError('MissingAction', 'The request has no Action parameter');
  const version = form.get('Version');
  if (version !== apiVersion || !/^\w+$/.test(operation)) {
    throw new AwsError('InvalidAction', `Could not find operation ${operation} for version ${version ?? 'NO_VERSION_SPECIFIED'}`);
  }
  form.delete('Action');
  form.delete('Version');
  return { operation, form };
}

export function xmlAnswer(statusCode: number, root: string, xmlNamespace: string, content: string, requestId: string): WireResponse {
  return {
    statusCode,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: Buffer.from(`<${root} xmlns="${xmlNamespace}">${content}</${root}>`),
  };
}

export function xmlError(error: AwsError, xmlNamespace: string, requestId: string): WireResponse {
  return xmlAnswer(
    error.httpStatus,
    'ErrorResponse',
    xmlNamespace,
    `<Error><Type>${error.httpStatus < 500 ? 'Sender' : 'Receiver'}</Type><Code>${error.code}</Code>` +
      `<Message>${escape(error.message)}</Message></Error><RequestId>${requestId}</RequestId>`,
    requestId,
  );
}

interface Nested {
  [name: string]: string | Nested;
}

/** More would only exhaust the stack. */
const MAX_DEPTH = 32;

/** `A.member.1.B=x` becomes `{A: [{B: 'x'}]}`; `A.entry.1.Name=k` becomes `{A: [{Name: 'k'}]}`. */
export function nest(form: URLSearchParams): unknown {
  const root = emptyNode();
  for (const [name, value] of form) {
    const path = name.split('.');
    if (path.length > MAX_DEPTH) throw new AwsError('MalformedInput', `Parameter ${name} is nested too deeply`);
    const last = path.pop();
    if (last === undefined) continue;
    let node = root;
    for (const part of path) {
      const next = node[part] ?? emptyNode();
      if (typeof next === 'string') throw new AwsError('MalformedInput', `Parameter ${name} is both a value and a structure`);
      node[part] = next;
      node = next;
    }
    node[last] = value;
  }
  return asLists(root);
}

/** Without a prototype: names of parameters are the client's. */
function emptyNode(): Nested {
  return Object.create(null) as Nested;
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

export function xml(value: unknown): string {
  if (Array.isArray(value)) return value.map((item: unknown) => (isMapEntry(item) ? `<entry>${xml(item)}</entry>` : `<member>${xml(item)}</member>`)).join('');
  if (isRecord(value)) {
    return Object.entries(value)
      .filter(([, member]) => member !== undefined && member !== null)
      .map(([name, member]) => `<${name}>${xml(member)}</${name}>`)
      .join('');
  }
  return value === undefined || value === null ? '' : escape(textOf(value));
}

function isMapEntry(item: unknown): boolean {
  return isRecord(item) && Object.keys(item).length === 2 && 'key' in item && 'value' in item;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#xD;' };

/** Characters that XML cannot carry are replaced, as nothing that parses would take them. */
function escape(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character).replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '\uFFFD');
}
