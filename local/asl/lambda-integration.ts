import type { Json } from '../../lambdas/domain/trace';
import { notModelled } from '../kernel/aws-error';
import { isObject } from './json';
import { TaskFailure, type TaskIntegration, type TaskIntegrations, type TaskOrigin } from './integrations';

export type LambdaResult =
  | { readonly ok: true; readonly payload: Json }
  /** `error`: the function's `errorType`, or `Lambda.…`; `cause`: JSON text for an error of the function. */
  | { readonly ok: false; readonly error: string; readonly cause: string };

/** Lambda, as far as a state machine uses it. */
export interface LambdaInvoker {
  invoke(functionArn: string, payload: Json, origin: TaskOrigin): Promise<LambdaResult>;
}

const FUNCTION_ARN = /^arn:aws:lambda:[^:]+:\d{12}:function:[^:]+(?::(?<qualifier>[^:]+))?$/;

/** The optimized integration, with and without a task token, and functions named directly as the resource. */
export function lambdaIntegrations(lambda: LambdaInvoker, home: { readonly region: string; readonly accountId: string }): TaskIntegrations {
  const serviceIntegration = (resource: string, waitsForToken: boolean): TaskIntegration => ({
    events: { kind: 'service', resourceType: 'lambda', resource },
    waitsForToken,
    async invoke(parameters, origin) {
      const { functionArn, payload } = invocationOf(parameters, home);
      const output = await payloadOf(lambda, functionArn, payload, origin);
      return {
        ExecutedVersion: FUNCTION_ARN.exec(functionArn)?.groups?.['qualifier'] ?? '$LATEST',
        Payload: output,
        SdkHttpMetadata: { HttpStatusCode: 200 },
        StatusCode: 200,
      };
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

/** @throws {AwsError} NotModelledLocally for any parameter but FunctionName, Payload and a synchronous InvocationType */
function invocationOf(parameters: Json, home: { readonly region: string; readonly accountId: string }): { functionArn: string; payload: Json } {
  const { FunctionName, Payload, InvocationType, ...others } = isObject(parameters) ? parameters : {};
  const [other] = Object.keys(others);
  if (other !== undefined) throw notModelled(`the parameter '${other}' of arn:aws:states:::lambda:invoke`);
  if (InvocationType !== undefined && InvocationType !== 'RequestResponse') {
    throw notModelled(`the InvocationType ${JSON.stringify(InvocationType)} of arn:aws:states:::lambda:invoke`);
  }
  if (typeof FunctionName !== 'string') throw notModelled(`arn:aws:states:::lambda:invoke without a FunctionName`);
  const isArn = FunctionName.startsWith('arn:');
  return {
    functionArn: isArn ? FunctionName : `arn:aws:lambda:${home.region}:${home.accountId}:function:${FunctionName}`,
    payload: Payload ?? {},
  };
}
