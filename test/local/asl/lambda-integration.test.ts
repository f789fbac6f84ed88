import type { Json } from '../../../lambdas/domain/trace';
import { lambdaIntegrations, type LambdaInvoker } from '../../../local/asl/lambda-integration';
import { TaskFailure } from '../../../local/asl/integrations';
import { Timeline } from '../../../local/kernel/clock';

const ARN = 'arn:aws:lambda:eu-west-1:111111111111:function:f';
const ORIGIN = { executionName: 'run', executionArn: 'arn:aws:states:eu-west-1:111111111111:execution:m:run', roleArn: 'arn:aws:iam::111111111111:role/m' };

const echo: LambdaInvoker = { invoke: async (functionArn, payload, origin) => ({ ok: true, payload: { functionArn, payload, origin: origin.executionName } }) };
const home = { region: 'eu-west-1', accountId: '111111111111', timeline: new Timeline(Date.parse('2026-04-01T00:00:00Z')) };
const integrations = lambdaIntegrations(echo, home);

async function invoke(resource: string, parameters: Json): Promise<Json> {
  const integration = integrations(resource);
  if (integration === undefined) throw new Error(`${resource} is not integrated`);
  return integration.invoke(parameters, ORIGIN);
}

test.each<readonly [parameters: Json, functionArn: string, version: string]>([
  [{ FunctionName: ARN }, ARN, '$LATEST'],
  [{ FunctionName: `${ARN}:3` }, `${ARN}:3`, '3'],
  [{ FunctionName: 'f' }, ARN, '$LATEST'],
  [{ FunctionName: 'f:3' }, `${ARN}:3`, '3'],
  [{ FunctionName: '111111111111:function:f' }, ARN, '$LATEST'],
  [{ FunctionName: 'f', Qualifier: '3', InvocationType: 'RequestResponse' }, `${ARN}:3`, '3'],
])('lambda:invoke of %j calls %s', async (parameters, functionArn, ExecutedVersion) => {
  expect(await invoke('arn:aws:states:::lambda:invoke', parameters)).toMatchObject({ ExecutedVersion, Payload: { functionArn } });
});

test('lambda:invoke answers what the SDK tells of the call around the result', async () => {
  const { SdkResponseMetadata, ...response } = (await invoke('arn:aws:states:::lambda:invoke', { FunctionName: 'f', Payload: [1] })) as { readonly [member: string]: Json };
  const { RequestId } = SdkResponseMetadata as { readonly RequestId: string };
  expect(RequestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const Payload = { functionArn: ARN, payload: [1], origin: 'run' };
  expect(response).toEqual({
    ExecutedVersion: '$LATEST',
    Payload,
    SdkHttpMetadata: {
      AllHttpHeaders: expect.objectContaining({ 'Content-Type': ['application/json'], 'x-amzn-RequestId': [RequestId] }) as Json,
      HttpHeaders: {
        Connection: 'keep-alive',
        'Content-Length': String(JSON.stringify(Payload).length),
        'Content-Type': 'application/json',
        Date: 'Wed, 01 Apr 2026 00:00:00 GMT',
        'X-Amz-Executed-Version': '$LATEST',
        'x-amzn-Remapped-Content-Length': '0',
        'x-amzn-RequestId': RequestId,
      },
      HttpStatusCode: 200,
    },
    StatusCode: 200,
  });
});

test.each<readonly [what: string, parameters: Json, problems: readonly string[]]>([
  ['no FunctionName', { Payload: {} }, ["The field 'FunctionName' is required but was missing"]],
  ['a field that Lambda does not have', { FunctionName: 'f', Colour: 1 }, ["The field 'Colour' is not supported by Step Functions"]],
  ['arguments that are known only when they are evaluated', '{% $states.input %}', []],
])('tells at creation of %s', (_, parameters, problems) => {
  expect(integrations('arn:aws:states:::lambda:invoke')?.problemsOf?.(parameters)).toEqual(problems);
});

test('a function without Payload gets an empty object', async () => {
  expect(await invoke('arn:aws:states:::lambda:invoke', { FunctionName: 'f' })).toMatchObject({ Payload: { payload: {} } });
});

test('a function that is the resource itself gives its bare result', async () => {
  expect(await invoke(ARN, 'in')).toEqual({ functionArn: ARN, payload: 'in', origin: 'run' });
});

test('an error of the function fails the task by its name', async () => {
  const failing = lambdaIntegrations({ invoke: async () => ({ ok: false, error: 'Mine', cause: '{"errorType":"Mine"}' }) }, home);
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
