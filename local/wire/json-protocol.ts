import { crc32 } from 'node:zlib';
import { AwsError } from '../kernel/aws-error';
import { parseClientJson } from '../kernel/client-json';
import type { WireRequest } from './message';
import { isRecord, mediaTypeOf, type Protocol } from './protocol';

export interface JsonProtocolOptions {
  /** What stands before the name in `__type`. @default nothing */
  readonly errorNamespace?: string;
  /** Whether answers carry the checksum of their body. @default false */
  readonly hasChecksum?: boolean;
  /** Names by which clients of the older query protocol know errors. @default the service never spoke it */
  readonly queryCodes?: Readonly<Record<string, string>>;
}

const MEDIA_TYPES = ['application/x-amz-json-1.0', 'application/x-amz-json-1.1', 'application/json'];

/** Errors that AWS's front door answers, before a service is asked. */
const FRONT_DOOR_ERRORS = [
  'SerializationException', 'UnknownOperationException', 'MissingAuthenticationTokenException', 'IncompleteSignatureException', 'InvalidSignatureException',
  'UnrecognizedClientException', 'ExpiredTokenException',
];

/**
 * `awsJson1_0` and `awsJson1_1`: the operation in `X-Amz-Target`, input and output as JSON.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonProtocol(version: '1.0' | '1.1', { errorNamespace = '', hasChecksum = false, queryCodes }: JsonProtocolOptions = {}): Protocol {
  const answer = (statusCode: number, value: unknown, requestId: string, headers: Record<string, string> = {}) => {
    const body = Buffer.from(JSON.stringify(value));
    return {
      statusCode,
      headers: {
        'content-type': `application/x-amz-json-${version}`,
        'x-amzn-requestid': requestId,
        ...headers,
        ...(hasChecksum && { 'x-amz-crc32': String(crc32(body)) }),
      },
      body,
    };
  };
  return {
    decode: (request) => {
      if (request.method !== 'POST' || !MEDIA_TYPES.includes(mediaTypeOf(request))) throw new AwsError('UnknownOperationException', `Requests are POSTed as application/x-amz-json-${version}`, 404);
      const [, ...operation] = (request.headers['x-amz-target'] ?? '').split('.');
      if (operation.length !== 1 || operation[0] === '') throw new AwsError('UnknownOperationException', `The X-Amz-Target names no operation: ${request.headers['x-amz-target'] ?? ''}`);
      return { operation: operation.join('.'), input: parseJson(request) };
    },
    encode: (_operation, output, requestId) => answer(200, output ?? {}, requestId),
    encodeError: ({ code, message, members, httpStatus }, requestId) => {
      const namespace = FRONT_DOOR_ERRORS.includes(code) ? 'com.amazon.coral.service#' : errorNamespace;
      return answer(httpStatus, { ...members, __type: `${namespace}${code}`, message }, requestId, {
        'x-amzn-errortype': code,
        ...(queryCodes !== undefined && { 'x-amzn-query-error': `${queryCodes[code] ?? code};${httpStatus < 500 ? 'Sender' : 'Receiver'}` }),
      });
    },
  };
}

/** @throws {AwsError} `SerializationException` for anything but one JSON object in UTF-8, not nested too deeply. */
function parseJson({ body }: WireRequest): unknown {
  if (body.length === 0) return {};
  let value: unknown;
  try {
    value = parseClientJson(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON');
  }
  if (!isRecord(value)) throw new AwsError('SerializationException', 'The request body is not a JSON object');
  return value;
}
