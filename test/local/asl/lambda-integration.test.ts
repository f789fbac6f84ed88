import type { Json } from '../../../lambdas/domain/trace';
import { lambdaIntegrations, type LambdaInvoker } from '../../../local/asl/lambda-integration';
import { TaskFailure } from '../../../local/asl/integrations';

const ARN = 'arn:aws:lambda:eu-west-1:111111111111:function:f';
const ORIGIN = { executionName: 'run', executionArn: 'arn:aws:states:eu-west-1:111111111111:execution:m:run' };

const echo: LambdaInvoker = { invoke: async (functionArn, payload, origin) => ({ ok: true, payload: { functionArn, payload, origin: origin.executionName } }) };
const integrations = lambdaIntegrations(echo, { region: 'eu-west-1', accountId: '111111111111' });

async function invoke(resource: string, parameters: Json): Promise<Json> {
  const integration = integrations(resource);
  if (integration === undefined) throw new Error(`${resource} is not integrated`);
  return integration.invoke(parameters, ORIGIN);
}

test.each([
  [ARN, ARN, '$LATEST'],
  [`${ARN}:3`, `${ARN}:3`, '3'],
  ['f', ARN, '$LATEST'],
])('lambda:invoke of %s answers in the shape of the optimized integration', async (FunctionName, functionArn, ExecutedVersion) => {
  expect(await invoke('arn:aws:states:::lambda:invoke', { FunctionName, Payload: [1] })).toEqual({
    ExecutedVersion,
    Payload: { functionArn, payload: [1], origin: 'run' },
    SdkHttpMetadata: { HttpStatusCode: 200 },
    StatusCode: 200,
  });
});

test('a function without Payload gets an empty object', async () => {
  expect(await invoke('arn:aws:states:::lambda:invoke', { FunctionName: 'f' })).toMatchObject({ Payload: { payload: {} } });
});

test('a function that is the resource itself gives its bare result', async () => {
  expect(await invoke(ARN, 'in')).toEqual({ functionArn: ARN, payload: 'in', origin: 'run' });
});

test('an error of the function fails the task by its name', async () => {
  const failing = lambdaIntegrations({ invoke: async () => ({ ok: false, error: 'Mine', cause: '{"errorType":"Mine"}' }) }, { region: 'r', accountId: '1' });
  await expect(failing('arn:aws:states:::lambda:invoke')?.invoke({ FunctionName: 'f' }, ORIGIN)).rejects.toEqual(new TaskFailure('Mine', '{"errorType":"Mine"}'));
});

test.each<readonly [what: string, parameters: Json, message: RegExp]>([
  ['an asynchronous invocation', { FunctionName: 'f', InvocationType: 'Event' }, /InvocationType "Event"/],
  ['a parameter that is not modelled', { FunctionName: 'f', LogType: 'Tail' }, /'LogType'/],
  ['no FunctionName', { Payload: {} }, /FunctionName/],
])('refuses %s by name', async (_, parameters, message) => {
  await expect(invoke('arn:aws:states:::lambda:invoke', parameters)).rejects.toThrow(message);
});

test.each(['arn:aws:states:::dynamodb:putItem', 'arn:aws:states:::lambda:invoke.sync', 'arn:aws:states:::aws-sdk:kms:createKey'])('has nothing behind %s', (resource) => {
  expect(integrations(resource)).toBeUndefined();
});
