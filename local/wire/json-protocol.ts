import { AwsError } from '../kernel/aws-error';
import type { Protocol } from './protocol';

/**
 * `awsJson1_0` and `awsJson1_1`: the operation in `X-Amz-Target`, input and output as JSON.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonProtocol(version: '1.0' | '1.1', errorNamespace = ''): Protocol {
  const contentType = `application/x-amz-json-${version}`;
  const answer = (statusCode: number, body: unknown, requestId: string, headers: Record<string, string> = {}) => ({
    statusCode,
    headers: { 'content-type': contentType, 'x-amzn-requestid': requestId, ...headers },
    body: Buffer.from(JSON.stringify(body)),
  });
  return {
    decode: (request) => ({
      operation: (request.headers['x-amz-target'] ?? '').split('.').slice(1).join('.'),
      input: parseJson(request.body),
    }),
    encode: (_operation, output, requestId) => answer(200, output ?? {}, requestId),
    encodeError: (error, requestId) =>
      answer(
        error.httpStatus,
        { ...error.members, __type: `${errorNamespace}${error.code}`, message: error.message },
        requestId,
        { 'x-amzn-errortype': error.code },
      ),
  };
}

function parseJson(body: Uint8Array): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch {
    throw new AwsError('SerializationException', 'The request body is not JSON');
  }
}
