import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient, GetItemCommand, PutItemCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeKeyCommand, EncryptCommand, KMSClient, NotFoundException } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { NotFoundException as TopicNotFound, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { AwsError } from '../../../local/kernel/aws-error';
import { LostAnswer, type ServiceCall } from '../../../local/wire/message';
import { ALICE, clientConfig, wire } from './harness';

describe('each installed SDK client', () => {
  test('KMS speaks JSON 1.1 with blobs as base64 and time stamps as epoch seconds', async () => {
    const { client } = wire({
      kms: (operation, input) =>
        operation === 'Encrypt' ? { CiphertextBlob: Buffer.from('sealed').toString('base64'), Input: input } : { KeyMetadata: { KeyId: 'k', CreationDate: 1.5 } },
    });
    const kms = new KMSClient(client);
    const sealed = await kms.send(new EncryptCommand({ KeyId: 'k', Plaintext: Buffer.from('open') }));
    expect(Buffer.from(sealed.CiphertextBlob ?? []).toString()).toBe('sealed');
    const described = await kms.send(new DescribeKeyCommand({ KeyId: 'k' }));
    expect(described.KeyMetadata?.CreationDate).toEqual(new Date(1500));
  });

  test('DynamoDB speaks JSON 1.0', async () => {
    const { client } = wire({ dynamodb: (operation, input) => ({ Item: { op: { S: operation }, input: { S: JSON.stringify(input) } } }) });
    const got = await new DynamoDBClient(client).send(new GetItemCommand({ TableName: 't', Key: { pk: { S: 'a' } } }));
    expect(got.Item).toEqual({ op: { S: 'GetItem' }, input: { S: '{"TableName":"t","Key":{"pk":{"S":"a"}}}' } });
  });

  test('Step Functions speaks JSON 1.0', async () => {
    const { client } = wire({ states: () => ({ executionArn: 'arn', startDate: 10 }) });
    const started = await new SFNClient(client).send(new StartExecutionCommand({ stateMachineArn: 'arn', name: 'n', input: '{}' }));
    expect(started.startDate).toEqual(new Date(10_000));
  });

  test('EventBridge and the tagging API speak JSON 1.1', async () => {
    const { client } = wire({
      events: (_operation, input) => ({ FailedEntryCount: 0, Entries: [{ EventId: JSON.stringify(input) }] }),
      tagging: () => ({ ResourceTagMappingList: [{ ResourceARN: 'arn' }] }),
    });
    const put = await new EventBridgeClient(client).send(new PutEventsCommand({ Entries: [{ Source: 's', Detail: '{}' }] }));
    expect(put.Entries?.[0]?.EventId).toBe('{"Entries":[{"Source":"s","Detail":"{}"}]}');
    const found = await new ResourceGroupsTaggingAPIClient(client).send(new GetResourcesCommand({ TagFilters: [] }));
    expect(found.ResourceTagMappingList).toEqual([{ ResourceARN: 'arn' }]);
  });

  test('Lambda sends function, qualifier and type outside the payload, and gets bytes back', async () => {
    let seen: unknown;
    const { client } = wire({
      lambda: (_operation, input) => {
        seen = input;
        return { StatusCode: 200, ExecutedVersion: '3', FunctionError: 'Unhandled', Payload: Buffer.from('{"a":1}').toString('base64') };
      },
    });
    const arn = 'arn:aws:lambda:eu-central-1:111122223333:function:f';
    const result = await new LambdaClient(client).send(new InvokeCommand({ FunctionName: arn, Qualifier: '3', Payload: Buffer.from('[1]') }));
    expect(seen).toEqual({
      FunctionName: arn, Qualifier: '3', InvocationType: 'RequestResponse', LogType: 'None', Payload: Buffer.from('[1]').toString('base64'),
    });
    expect(result).toMatchObject({ StatusCode: 200, ExecutedVersion: '3', FunctionError: 'Unhandled' });
    expect(Buffer.from(result.Payload ?? []).toString()).toBe('{"a":1}');
  });

  test('SNS sends a form with attributes as entries, and reads XML', async () => {
    let seen: unknown;
    const { client } = wire({
      sns: (_operation, input) => {
        seen = input;
        return { MessageId: 'm-1' };
      },
    });
    const attributes = { kind: { DataType: 'String', StringValue: 'a&b' }, other: { DataType: 'String', StringValue: 'c' } };
    const published = await new SNSClient(client).send(new PublishCommand({ TopicArn: 't', Message: 'é=&', MessageAttributes: attributes }));
    expect(published.MessageId).toBe('m-1');
    expect(seen).toEqual({
      TopicArn: 't',
      Message: 'é=&',
      MessageAttributes: [
        { Name: 'kind', Value: { DataType: 'String', StringValue: 'a&b' } },
        { Name: 'other', Value: { DataType: 'String', StringValue: 'c' } },
      ],
    });
  });

  test('CloudFormation reads lists of structures from XML', async () => {
    const { client } = wire({
      cloudformation: () => ({
        Stacks: [{ StackName: 's', CreationTime: '2026-01-01T00:00:00Z', StackStatus: 'CREATE_COMPLETE', Outputs: [{ OutputKey: 'a', OutputValue: '<1>' }, { OutputKey: 'b', OutputValue: '2' }] }],
      }),
    });
    const { Stacks } = await new CloudFormationClient(client).send(new DescribeStacksCommand({ StackName: 's' }));
    expect(Stacks?.[0]?.Outputs).toEqual([{ OutputKey: 'a', OutputValue: '<1>' }, { OutputKey: 'b', OutputValue: '2' }]);
  });
});

describe('errors', () => {
  test.each([
    ['JSON 1.1', new AwsError('NotFoundException', 'no key'), NotFoundException, (c: object) => new KMSClient(c).send(new DescribeKeyCommand({ KeyId: 'k' }))],
    ['JSON 1.0', new AwsError('ExecutionAlreadyExists', 'closed'), ExecutionAlreadyExists, (c: object) => new SFNClient(c).send(new StartExecutionCommand({ stateMachineArn: 'a' }))],
    ['query', new AwsError('NotFoundException', 'no <topic>', 404), undefined, (c: object) => new SNSClient(c).send(new PublishCommand({ Message: 'm' }))],
  ])('of a %s service keep name and message', async (_protocol, error, type, send) => {
    const { client } = wire({ kms: fail(error), states: fail(error), sns: fail(error) });
    const thrown: unknown = await send(client).catch((caught: unknown) => caught);
    expect(thrown).toMatchObject({ name: error.code, message: error.message, $metadata: { httpStatusCode: error.httpStatus } });
    if (type !== undefined) expect(thrown).toBeInstanceOf(type);
  });

  test('of SNS are found by their query code', async () => {
    const { client } = wire({ sns: fail(new AwsError('NotFound', 'Topic does not exist', 404)) });
    await expect(new SNSClient(client).send(new PublishCommand({ Message: 'm' }))).rejects.toBeInstanceOf(TopicNotFound);
  });

  test('carry their members', async () => {
    const reasons = [{ Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' } } }, { Code: 'None' }];
    const { client } = wire({ dynamodb: fail(new AwsError('TransactionCanceledException', 'cancelled', 400, { CancellationReasons: reasons })) });
    await expect(new DynamoDBClient(client).send(new TransactWriteItemsCommand({ TransactItems: [] }))).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: reasons,
    });
  });

  test('of a conditional write carry the item', async () => {
    const { client } = wire({ dynamodb: fail(new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, { Item: { n: { N: '1' } } })) });
    await expect(new DynamoDBClient(client).send(new PutItemCommand({ TableName: 't', Item: {} }))).rejects.toMatchObject({ Item: { n: { N: '1' } } });
  });

  test('that are no AWS errors are bugs and surface as they are', async () => {
    const { client } = wire({ kms: fail(new TypeError('bug')) });
    await expect(describeKey(client)).rejects.toThrow('bug');
  });

  test('refuse a service that was not started, by name', async () => {
    await expect(describeKey(wire({}).client)).rejects.toMatchObject({ name: 'NotModelledLocally', message: expect.stringContaining('kms') as string });
  });
});

describe('authentication', () => {
  const ok = { kms: () => ({ KeyMetadata: { KeyId: 'k' } }) };

  test.each([
    ['an unknown access key', { accessKeyId: 'AKIANOBODY' }, 'UnrecognizedClientException'],
    ['another session token', { sessionToken: 'stolen' }, 'UnrecognizedClientException'],
    ['another secret', { secretAccessKey: 'guess' }, 'InvalidSignatureException'],
  ])('refuses %s', async (_case, identity, code) => {
    await expect(describeKey(clientConfig(wire(ok).dispatch, identity))).rejects.toMatchObject({ name: code });
  });

  test('refuses a request without a signature', async () => {
    const response = await wire(ok).dispatch({ method: 'POST', path: '/', query: {}, headers: { 'x-amz-target': 'TrentService.DescribeKey' }, body: new Uint8Array() });
    expect(response.statusCode).toBe(400);
    expect(response.headers['x-amzn-errortype']).toBe('MissingAuthenticationTokenException');
  });

  test('refuses a body that was changed after signing', async () => {
    const { dispatch } = wire(ok);
    const tampered = clientConfig((request) => dispatch({ ...request, body: Buffer.from('{"KeyId":"other"}') }));
    await expect(describeKey(tampered)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  test('gives the service the caller that the credentials belong to, with the trace header of its request', async () => {
    const calls: ServiceCall[] = [];
    const { dispatch, trace } = wire(ok, { authorize: (call) => void calls.push(call) });
    const traced = clientConfig((request) => dispatch({ ...request, headers: { ...request.headers, 'x-amzn-trace-id': 'Root=1-a' } }));
    await describeKey(traced);
    expect(calls).toEqual([{ service: 'kms', operation: 'DescribeKey', input: { KeyId: 'k' }, caller: { ...ALICE.caller, traceId: 'Root=1-a' } }]);
    expect(trace.events()).toEqual([
      { type: 'sdk.call', seq: 0, atMs: 0, actor: ALICE.caller.arn, traceId: 'Root=1-a', service: 'kms', operation: 'DescribeKey', error: null },
    ]);
  });
});

describe('the interceptor', () => {
  test('can throttle a call that the service never sees', async () => {
    const service = jest.fn();
    const { client, trace } = wire({ kms: service }, { intercept: () => Promise.reject(new AwsError('ThrottlingException', 'Rate exceeded')) });
    await expect(describeKey(client)).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(service).not.toHaveBeenCalled();
    expect(trace.events()).toMatchObject([{ error: 'ThrottlingException' }]);
  });

  test('can lose the answer of a call that was applied: the client sees a reset connection', async () => {
    const service = jest.fn(() => ({}));
    const { client } = wire({ kms: service }, { intercept: async (_call, next) => next().then(() => Promise.reject(new LostAnswer())) });
    await expect(describeKey(client)).rejects.toMatchObject({ name: 'TimeoutError', code: 'ECONNRESET' });
    expect(service).toHaveBeenCalledTimes(1);
  });

  test('stands before the authorization, which comes before the service', async () => {
    const order: string[] = [];
    const { client } = wire(
      { kms: () => void order.push('service') },
      { authorize: () => void order.push('authorize'), intercept: (_call, next) => (order.push('intercept'), next()) },
    );
    await describeKey(client);
    expect(order).toEqual(['intercept', 'authorize', 'service']);
  });
});

function fail(error: Error): () => never {
  return () => {
    throw error;
  };
}

function describeKey(client: object) {
  return new KMSClient(client).send(new DescribeKeyCommand({ KeyId: 'k' }));
}
