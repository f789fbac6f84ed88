import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { outcomeOf } from '../../lambdas/adapters/dynamodb/errors';
import { causeOf, statusOf, wordsOf } from '../../lambdas/adapters/sdk-error';
import { inProcessHandler } from '../../local/wire/transport';

const TOKEN = 'AQCEAAAAKgAAAAMAAAAA';

/** What the SDK's clients throw for an answer, as the adapters get it. */
async function thrownFor(statusCode: number, text: string): Promise<readonly unknown[]> {
  const requestHandler = inProcessHandler(async () => ({ statusCode, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(text) }));
  const config = { region: 'eu-central-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }, maxAttempts: 1, requestHandler };
  const calls = [
    new DynamoDBClient(config).send(new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'key' } } })),
    new SFNClient(config).send(new DescribeExecutionCommand({ executionArn: 'arn:aws:states:eu-central-1:111122223333:execution:key-rotation:name' })),
  ];
  return Promise.all(calls.map(async (call) => call.then(() => 'answered', (error: unknown) => error)));
}

test.each([200, 403, 502])('an answer with HTTP %i that cannot be read says nothing of its effect, and is not quoted', async (statusCode) => {
  for (const text of [TOKEN, `{"taskToken":"${TOKEN}`, '<html>']) {
    for (const error of await thrownFor(statusCode, text)) {
      expect(error).toMatchObject({ $metadata: { httpStatusCode: statusCode } });
      expect(statusOf(error)).toBeUndefined();
      expect(outcomeOf(error)).toBe('unknown');
      expect(wordsOf(error)).toBe('no usable answer, SyntaxError');
      expect(causeOf(error)).toBeUndefined();
    }
  }
});

test('a refusal is told in the words of the service, with its status', async () => {
  for (const error of await thrownFor(400, JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }))) {
    expect(statusOf(error)).toBe(400);
    expect(wordsOf(error)).toBe('ThrottlingException: Rate exceeded');
    expect(causeOf(error)).toEqual({ cause: error });
  }
});

test('an answer without a name and without a body has its status', async () => {
  for (const error of await thrownFor(503, '')) expect([statusOf(error), outcomeOf(error)]).toEqual([503, 'unknown']);
});

test.each([
  [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', name: 'TimeoutError' }), 'no usable answer, TimeoutError, ECONNRESET'],
  [Object.assign(new Error('socket hang up'), { code: 104 }), 'no usable answer, Error'],
  [{ code: 'ECONNRESET' }, 'no usable answer, an unknown error'],
  ['a text', 'no usable answer, an unknown error'],
  [undefined, 'no usable answer, an unknown error'],
])('a broken connection is told by name and code', (error, words) => expect(wordsOf(error)).toBe(words));
