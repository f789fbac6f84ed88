import { createHash } from 'node:crypto';
import type { Json } from '../../lambdas/domain/trace';
import { notModelled } from '../kernel/aws-error';
import type { Clock } from '../kernel/clock';
import { isExpression } from './expressions';
import { byteLength, isObject } from './json';
import { TaskFailure, type TaskIntegration, type TaskIntegrations, type TaskOrigin } from './integrations';

export type LambdaResult =
  | { readonly ok: true; readonly payload: Json }
  /** `error`: the function's `errorType`, or `Lambda.…`; `cause`: JSON text for an error of the function. */
  | { readonly ok: false; readonly error: string; readonly cause: string };

/** Lambda, as far as a state machine uses it. */
export interface LambdaInvoker {
  invoke(functionArn: string, payload: Json, origin: TaskOrigin): Promise<LambdaResult>;
}

/** Where the state machine is, and what time it is there. */
export interface LambdaHome {
  readonly region: string;
  readonly accountId: string;
  readonly timeline: Clock;
}

const FUNCTION_ARN = /^arn:aws:lambda:[^:]+:\d{12}:function:[^:]+(?::(?<qualifier>[^:]+))?$/;

/** The optimized integration, with and without a task token, and functions named directly as the resource. */
export function lambdaIntegrations(lambda: LambdaInvoker, home: LambdaHome): TaskIntegrations {
  const serviceIntegration = (resource: string, waitsForToken: boolean): TaskIntegration => ({
    events: { kind: 'service', resourceType: 'lambda', resource },
    waitsForToken,
    problemsOf,
    async invoke(parameters, origin) {
      const { functionArn, payload } = invocationOf(parameters, home);
      const output = await payloadOf(lambda, functionArn, payload, origin);
      return responseOf(functionArn, output, origin, home);
    },
  });
  const optimized = new Map([
    ['arn:aws:states:::lambda:invoke', serviceIntegration('invoke', false)],
    ['arn:aws:states:::lambda:invoke.waitForTaskToken', serviceIntegration('invoke.waitForTaskToken', true)],
  ]);
  return (resourceArn) => {
    if (!FUNCTION_ARN.test(resourceArn)) return optimized.get(resourceArn);
    return {
      events: { kind: 'function' },
      waitsForToken: false,
      invoke: (parameters, origin) => payloadOf(lambda, resourceArn, parameters, origin),
    };
  };
}

async function payloadOf(lambda: LambdaInvoker, functionArn: string, payload: Json, origin: TaskOrigin): Promise<Json> {
  const result = await lambda.invoke(functionArn, payload, origin);
  if (!result.ok) throw new TaskFailure(result.error, result.cause);
  return result.payload;
}

/**
 * The function's result with what the SDK tells of the HTTP call.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
 */
function responseOf(functionArn: string, output: Json, origin: TaskOrigin, { timeline }: LambdaHome): Json {
  const ExecutedVersion = FUNCTION_ARN.exec(functionArn)?.groups?.['qualifier'] ?? '$LATEST';
  // Nothing else tells one call from another, and no chance may be used up for it.
  const RequestId = uuidOf(`${origin.executionArn} ${functionArn} ${timeline.nowMs()} ${JSON.stringify(output)}`);
  const HttpHeaders = {
    Connection: 'keep-alive',
    'Content-Length': String(byteLength(output)),
    'Content-Type': 'application/json',
    Date: new Date(timeline.nowMs()).toUTCString(),
    'X-Amz-Executed-Version': ExecutedVersion,
    'x-amzn-Remapped-Content-Length': '0',
    'x-amzn-RequestId': RequestId,
  };
  const AllHttpHeaders = Object.fromEntries(Object.entries(HttpHeaders).map(([name, value]) => [name, [value]]));
  return {
    ExecutedVersion,
    Payload: output,
    SdkHttpMetadata: { AllHttpHeaders, HttpHeaders, HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId },
    StatusCode: 200,
  };
}

function uuidOf(text: string): string {
  return createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Of a call; the others of Lambda's API are not modelled. */
const PARAMETERS = new Set(['FunctionName', 'InvocationType', 'Payload', 'Qualifier']);
const PARAMETERS_NOT_MODELLED = new Set(['ClientContext', 'DurableExecutionName', 'LogType', 'TenantId']);

function problemsOf(parameters: Json): readonly string[] {
  if (!isObject(parameters)) return [];
  const unknown = Object.keys(parameters).filter((name) => !PARAMETERS.has(name));
  requireModelled(parameters);
  return [
    ...('FunctionName' in parameters ? [] : [`The field 'FunctionName' is required but was missing`]),
    ...unknown.map((name) => `The field '${name}' is not supported by Step Functions`),
  ];
}

/** @throws {AwsError} NotModelledLocally */
function requireModelled(parameters: { readonly [name: string]: Json }): void {
  const notKnown = Object.keys(parameters).find((name) => PARAMETERS_NOT_MODELLED.has(name));
  if (notKnown !== undefined) throw notModelled(`the parameter '${notKnown}' of arn:aws:states:::lambda:invoke`);
  const { InvocationType } = parameters;
  if (InvocationType === undefined || InvocationType === 'RequestResponse' || isExpression(InvocationType)) return;
  throw notModelled(`the InvocationType ${JSON.stringify(InvocationType)} of arn:aws:states:::lambda:invoke`);
}

/** @throws {AwsError} NotModelledLocally for what no check at creation could see */
function invocationOf(parameters: Json, home: LambdaHome): { functionArn: string; payload: Json } {
  const given = isObject(parameters) ? parameters : {};
  requireModelled(given);
  const { FunctionName, Payload, Qualifier } = given;
  const other = Object.keys(given).find((name) => !PARAMETERS.has(name));
  if (other !== undefined) throw notModelled(`the parameter '${other}' of arn:aws:states:::lambda:invoke`);
  if (typeof FunctionName !== 'string') throw notModelled(`arn:aws:states:::lambda:invoke without a FunctionName`);
  const functionArn = functionArnOf(FunctionName, home);
  return { functionArn: typeof Qualifier === 'string' ? `${functionArn}:${Qualifier}` : functionArn, payload: Payload ?? {} };
}

/** A name may be the function's ARN, that ARN without its beginning, or the bare name; with a qualifier or without. */
function functionArnOf(name: string, { region, accountId }: LambdaHome): string {
  if (name.startsWith('arn:')) return name;
  if (/^\d{12}:function:/.test(name)) return `arn:aws:lambda:${region}:${name}`;
  return `arn:aws:lambda:${region}:${accountId}:function:${name}`;
}
