import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { Timeline } from '../../../local/kernel/clock';
import { LostAnswer } from '../../../local/wire/message';
import { type Route, startServer } from '../../../local/wire/server';
import { ALICE, REGION, wire } from './harness';

const CLOCK = new Timeline(Date.UTC(2031, 0, 2, 3, 4, 5));

async function served<T>(kms: () => unknown, use: (endpoint: string) => Promise<T>, routes: readonly Route[] = []): Promise<T> {
  const server = await startServer({ dispatch: wire({ kms }).dispatch, clock: CLOCK, routes });
  try {
    return await use(server.endpoint);
  } finally {
    await server.close();
  }
}

const describeKey = (endpoint: string) =>
  new KMSClient({ region: REGION, credentials: ALICE, endpoint, maxAttempts: 1 }).send(new DescribeKeyCommand({ KeyId: 'k' }));

test('answers SDK clients on loopback', async () => {
  const answer = await served(() => ({ KeyMetadata: { KeyId: 'k' } }), describeKey);
  expect(answer.KeyMetadata?.KeyId).toBe('k');
});

test('breaks the connection when the answer is lost', async () => {
  const lose = () => {
    throw new LostAnswer();
  };
  await expect(served(lose, describeKey)).rejects.toThrow('TimeoutError: socket hang up');
});

test('answers its own bug as AWS answers one, and says whose it is', async () => {
  const fail = () => {
    throw new TypeError('bug');
  };
  await expect(served(fail, describeKey)).rejects.toMatchObject({
    name: 'InternalFailure', message: 'The local AWS failed, which is a bug of it: TypeError: bug', $metadata: { httpStatusCode: 500 },
  });
});

test('gives the requests below a route to it, with method, query and body, and the virtual date to everyone', async () => {
  const seen: unknown[] = [];
  const route: Route = {
    prefix: '/_here/',
    handle: ({ method, path, query, body }) => {
      seen.push([method, path, query, Buffer.from(body).toString()]);
      return Promise.resolve({ statusCode: 202, headers: { 'x-a': 'b' }, body: Buffer.from('taken') });
    },
  };
  const response = await served(() => ({}), async (endpoint) => {
    const answer = await fetch(`${endpoint}/_here/x%2Fy?a=1&b=2&b=3`, { method: 'PUT', body: 'text' });
    return { status: answer.status, date: answer.headers.get('date'), own: answer.headers.get('x-a'), text: await answer.text() };
  }, [route]);
  expect(response).toEqual({ status: 202, date: 'Thu, 02 Jan 2031 03:04:05 GMT', own: 'b', text: 'taken' });
  expect(seen).toEqual([['PUT', '/_here/x%2Fy', { a: '1', b: ['2', '3'] }, 'text']]);
});
