import type { Authorizer } from '../iam/authorizer';
import { AwsError } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import { authenticate, type CredentialDirectory, type SigningIdentity } from '../wire/authentication';
import type { WireRequest, WireResponse } from '../wire/message';
import { isRecord } from '../wire/protocol';
import { functionArn } from './function-arn';
import type { LambdaService } from './lambda-service';

/** Where Function URLs are served, before the function's name. AWS gives each a host of its own, which loopback cannot. */
export const FUNCTION_URL_PREFIX = '/_function-url/';

export function functionUrlOf(endpoint: string, functionName: string): string {
  return `${endpoint}${FUNCTION_URL_PREFIX}${functionName}/`;
}

export interface FunctionUrlOptions {
  readonly accountId: string;
  readonly region: string;
  readonly clock: Clock;
  readonly nextId: () => string;
  readonly lambda: LambdaService;
  readonly credentials: CredentialDirectory;
  readonly authorizer: Authorizer;
  /** Functions that have a URL. */
  readonly hasUrl: (functionName: string) => boolean;
}

/**
 * Function URLs with `AWS_IAM`: the signature names the caller, IAM or the function's policy lets it in.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function functionUrls(options: FunctionUrlOptions): (request: WireRequest) => Promise<WireResponse> {
  return async (request) => {
    try {
      const [functionName = '', ...rest] = request.path.slice(FUNCTION_URL_PREFIX.length).split('/');
      const { identity, signedFor } = await authenticate(request, options.credentials);
      if (signedFor !== 'lambda') throw new AwsError('InvalidSignatureException', "Credential should be scoped to correct service: 'lambda'.", 403);
      if (!options.hasUrl(functionName)) return message(404, null);
      const arn = functionArn(options, functionName);
      assertPermitted(options, identity, arn);
      const event = eventOf(options, request, `/${rest.join('/')}`, functionName, identity);
      const result = await options.lambda.invoke(arn, JSON.stringify(event), { actor: identity.caller.arn });
      return result.errorType === undefined ? responseOf(JSON.parse(result.payload)) : message(502, 'Internal Server Error');
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // What is wrong with a signature is 403 here; what is not modelled, or too large, keeps its own status.
      return message(Math.max(403, error.httpStatus), error.code === 'AccessDeniedException' ? 'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html' : error.message);
    }
  };
}

/** Lambda asks for both actions, each with its own condition key. @throws {AwsError} `AccessDeniedException`. */
function assertPermitted({ authorizer, lambda }: FunctionUrlOptions, { caller }: SigningIdentity, arn: string): void {
  const policy = lambda.resourcePolicyOf(arn);
  authorizer.assertAccess(caller, { action: 'lambda:InvokeFunctionUrl', resource: arn, conditionKeys: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } }, policy);
  authorizer.assertAccess(caller, { action: 'lambda:InvokeFunction', resource: arn, conditionKeys: { 'lambda:InvokedViaFunctionUrl': 'true' } }, policy);
}

/** Payload format 2.0. */
function eventOf({ accountId, clock, nextId }: FunctionUrlOptions, request: WireRequest, rawPath: string, functionName: string, identity: SigningIdentity): unknown {
  const { caller, accessKeyId } = identity;
  const nowMs = clock.nowMs();
  const parameters = Object.entries(request.query).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : (value ?? '')] as const);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString(),
    headers: request.headers,
    ...(parameters.length > 0 && { queryStringParameters: Object.fromEntries(parameters) }),
    requestContext: {
      accountId,
      apiId: functionName,
      authentication: null,
      authorizer: {
        iam: {
          accessKey: accessKeyId,
          accountId: caller.accountId,
          callerId: caller.userId,
          cognitoIdentity: null,
          principalOrgId: null,
          userArn: caller.arn,
          userId: caller.userId,
        },
      },
      domainName: request.headers['host'] ?? '',
      domainPrefix: functionName,
      http: { method: request.method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: request.headers['user-agent'] ?? '' },
      requestId: nextId(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowMs).toUTCString(),
      timeEpoch: nowMs,
    },
    ...(request.body.byteLength > 0 && { body: Buffer.from(request.body).toString('utf8') }),
    isBase64Encoded: false,
  };
}

/** A result with a status code is a response; any other is the body of one. */
function responseOf(result: unknown): WireResponse {
  if (!isRecord(result) || result['statusCode'] === undefined) {
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(result)) };
  }
  const headers = isRecord(result['headers']) ? result['headers'] : {};
  const body = typeof result['body'] === 'string' ? result['body'] : '';
  return {
    statusCode: Number(result['statusCode']),
    headers: { 'content-type': 'application/json', ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)])) },
    body: Buffer.from(body, result['isBase64Encoded'] === true ? 'base64' : 'utf8'),
  };
}

function message(statusCode: number, text: string | null): WireResponse {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify({ Message: text })) };
}
