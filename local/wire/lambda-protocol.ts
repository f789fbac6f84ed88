import { AwsError } from '../kernel/aws-error';
import { isRecord, type Protocol, textOf } from './protocol';
import { restJsonProtocol, unescaped } from './rest-json-protocol';

const FUNCTIONS = '/2015-03-31/functions';
const QUALIFIER = { Qualifier: 'Qualifier' };
const PAGE = { Marker: 'Marker', MaxItems: 'MaxItems' };
const INVOKE_PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

const looks = restJsonProtocol('Lambda', [
  { operation: 'ListFunctions', method: 'GET', path: FUNCTIONS, query: { ...PAGE, FunctionVersion: 'FunctionVersion', MasterRegion: 'MasterRegion' } },
  { operation: 'GetFunction', method: 'GET', path: `${FUNCTIONS}/{FunctionName}`, query: QUALIFIER },
  { operation: 'GetFunctionConfiguration', method: 'GET', path: `${FUNCTIONS}/{FunctionName}/configuration`, query: QUALIFIER },
  { operation: 'ListVersionsByFunction', method: 'GET', path: `${FUNCTIONS}/{FunctionName}/versions`, query: PAGE },
  { operation: 'GetPolicy', method: 'GET', path: `${FUNCTIONS}/{FunctionName}/policy`, query: QUALIFIER },
  { operation: 'GetFunctionUrlConfig', method: 'GET', path: '/2021-10-31/functions/{FunctionName}/url', query: QUALIFIER },
]);

/** Headers of Invoke's request, and of its answer, with the members that they carry. */
const REQUEST_HEADERS: readonly (readonly [header: string, member: string])[] = [
  ['x-amz-invocation-type', 'InvocationType'],
  ['x-amz-log-type', 'LogType'],
  ['x-amz-client-context', 'ClientContext'],
  ['x-amz-durable-execution-name', 'DurableExecutionName'],
  ['x-amz-tenant-id', 'TenantId'],
];
const ANSWER_HEADERS: readonly (readonly [header: string, member: string])[] = [
  ['x-amz-function-error', 'FunctionError'],
  ['x-amz-executed-version', 'ExecutedVersion'],
  ['x-amz-log-result', 'LogResult'],
];

/**
 * `restJson1` as Lambda uses it: of Invoke everything but the payload is in path, query and headers.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const lambdaProtocol: Protocol = {
  ...looks,
  decode(request) {
    const functionName = request.method === 'POST' ? INVOKE_PATH.exec(request.path)?.[1] : undefined;
    if (functionName === undefined) return looks.decode(request);
    const qualifier = request.query['Qualifier'];
    const inHeaders = REQUEST_HEADERS.flatMap(([header, member]) => {
      const value = request.headers[header];
      return value === undefined ? [] : [[member, value] as const];
    });
    return {
      operation: 'Invoke',
      input: {
        FunctionName: unescaped(functionName),
        ...(typeof qualifier === 'string' && { Qualifier: qualifier }),
        InvocationType: 'RequestResponse',
        LogType: 'None',
        ...Object.fromEntries(inHeaders),
        Payload: Buffer.from(request.body).toString('base64'),
      },
    };
  },

  encode(operation, output, requestId) {
    if (operation !== 'Invoke') return looks.encode(operation, output, requestId);
    if (!isRecord(output)) throw new AwsError('ServiceException', 'Lambda answered without an object', 500);
    const text = (member: string): string | undefined => (output[member] === undefined ? undefined : textOf(output[member]));
    const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amzn-requestid': requestId };
    for (const [header, member] of ANSWER_HEADERS) {
      const value = text(member);
      if (value !== undefined) headers[header] = value;
    }
    return { statusCode: Number(text('StatusCode') ?? 200), headers, body: Buffer.from(text('Payload') ?? '', 'base64') };
  },
};
