import { jsonProtocol } from './json-protocol';
import { isRecord, mediaTypeOf, type Protocol } from './protocol';
import { nest, QUERY_COMMON_ERRORS, queryForm, xml, xmlAnswer, xmlError } from './query-protocol';

const VERSION = '2012-11-05';
const NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/';

/** By which clients of the query protocol know errors that have another name in JSON. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  AccessDeniedException: 'AccessDenied',
};

/** How members of the query protocol, which has its lists and maps flat, are called in JSON. */
const LISTS: Readonly<Record<string, string>> = { AttributeName: 'AttributeNames', MessageAttributeName: 'MessageAttributeNames', MessageSystemAttributeName: 'MessageSystemAttributeNames' };
const MAPS: Readonly<Record<string, string>> = { Attribute: 'Attributes', MessageAttribute: 'MessageAttributes', Tag: 'tags' };
const FLAT: Readonly<Record<string, string>> = { QueueUrls: 'QueueUrl', Messages: 'Message', Attributes: 'Attribute', MessageAttributes: 'MessageAttribute' };

const json = jsonProtocol('1.0', { errorNamespace: 'com.amazonaws.sqs#', queryCodes: QUERY_CODES });

const query: Protocol = {
  decode(request) {
    const { operation, form } = queryForm(request, VERSION);
    const input = nest(form);
    return { operation, input: isRecord(input) ? Object.fromEntries(Object.entries(input).map(([name, value]) => fromFlat(name, value))) : input };
  },
  encode: (operation, output, requestId) => {
    const content = isRecord(output) ? flat(output) : '';
    return xmlAnswer(
      200,
      `${operation}Response`,
      NAMESPACE,
      `${content === '' ? '' : `<${operation}Result>${content}</${operation}Result>`}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`,
      requestId,
    );
  },
  encodeError: (error, requestId) => xmlError(Object.assign(Object.create(error) as typeof error, { code: QUERY_CODES[error.code] ?? error.code }), NAMESPACE, requestId),
  commonErrors: QUERY_COMMON_ERRORS,
};

/** SQS speaks JSON, and to older clients the query protocol, whose calls are made those of JSON. */
export function sqsProtocol(request: Parameters<Protocol['decode']>[0]): Protocol {
  return mediaTypeOf(request) === 'application/x-www-form-urlencoded' ? query : json;
}

function fromFlat(name: string, value: unknown): readonly [string, unknown] {
  const list = LISTS[name];
  if (list !== undefined) return [list, inOrder(value)];
  const map = MAPS[name];
  if (map === undefined) return [name, value];
  const entries = inOrder(value).filter(isRecord).map((entry) => [String(entry['Name'] ?? entry['Key']), entry['Value']] as const);
  return [map, Object.fromEntries(entries)];
}

/** `{ 1: a, 2: b }` as a list. */
function inOrder(value: unknown): readonly unknown[] {
  if (!isRecord(value)) return [];
  return Object.keys(value)
    .sort((a, b) => Number(a) - Number(b))
    .map((index) => value[index]);
}

function flat(output: Readonly<Record<string, unknown>>): string {
  return Object.entries(output)
    .map(([name, value]) => {
      const element = FLAT[name];
      if (element === undefined) return xml({ [name]: value });
      const items: readonly unknown[] = Array.isArray(value) ? value : Object.entries(isRecord(value) ? value : {}).map(([Name, Value]) => ({ Name, Value }));
      return items.map((item) => `<${element}>${isRecord(item) ? flat(item) : xml(item)}</${element}>`).join('');
    })
    .join('');
}
