import { AwsError, notModelled } from '../kernel/aws-error';
import { isRecord, type Protocol, textOf } from './protocol';

const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/**
 * `restJson1` as Lambda's Invoke uses it: everything but the payload is in path, query and headers.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const lambdaProtocol: Protocol = {
  decode(request) {
    const functionName = INVOKE_PATH.exec(request.path)?.[1];
    if (request.method !== 'POST' || functionName === undefined) throw notModelled(`Lambda ${request.method} ${request.path}`);
    const qualifier = request.query['Qualifier'];
    return {
      operation: 'Invoke',
      input: {
        FunctionName: decodeURIComponent(functionName),
        ...(typeof qualifier === 'string' && { Qualifier: qualifier }),
        InvocationType: request.headers['x-amz-invocation-type'] ?? 'RequestResponse',
        LogType: request.headers['x-amz-log-type'] ?? 'None',
        Payload: Buffer.from(request.body).toString('base64'),
      },
    };
  },

  encode(_operation, output, requestId) {
    if (!isRecord(output)) throw new AwsError('ServiceException', 'Lambda answered without an object', 500);
    const text = (member: string): string | undefined => (output[member] === undefined ? undefined : textOf(output[member]));
    const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amzn-requestid': requestId };
    for (const [header, member] of [
      ['x-amz-function-error', 'FunctionError'],
      ['x-amz-executed-version', 'ExecutedVersion'],
      ['x-amz-log-result', 'LogResult'],
    ] as const) {
      const value = text(member);
      if (value !== undefined) headers[header] = value;
    }
    return { statusCode: Number(text('StatusCode') ?? 200), headers, body: Buffer.from(text('Payload') ?? '', 'base64') };
  },

  encodeError: (error, requestId) => ({
    statusCode: error.httpStatus,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.code },
    body: Buffer.from(JSON.stringify({ ...error.members, Type: error.httpStatus < 500 ? 'User' : 'Service', message: error.message })),
  }),
};
