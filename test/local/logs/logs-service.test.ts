import { LogsService } from '../../../local/logs/logs-service';

const CALLER = { accountId: '111122223333', arn: 'a', userId: 'u' };
const GROUP = '/aws/lambda/f';
const LINES = [
  { atMs: 1_000, version: '1', text: 'START one\n' },
  { atMs: 2_000, version: '$LATEST', text: '{"level":"ERROR","message":"no key"}\n' },
  { atMs: 3_000, version: '1', text: 'END one\n' },
];

const service = new LogsService({ accountId: '111122223333', region: 'eu-central-1', groups: () => new Map([[GROUP, LINES], ['other', []]]) });
const call = (operation: string, input: object = {}) => service.call(operation, input, CALLER) as Record<string, Record<string, unknown>[]> & Record<string, string>;
const messages = (input: object) => call('FilterLogEvents', { logGroupName: GROUP, ...input })['events']!.map(({ message }) => message);

test('groups and streams are described', () => {
  expect(call('DescribeLogGroups', { logGroupNamePrefix: '/aws' })).toMatchObject({ logGroups: [{ logGroupName: GROUP, arn: `arn:aws:logs:eu-central-1:111122223333:log-group:${GROUP}:*`, creationTime: 1_000, storedBytes: 55 }] });
  expect(call('DescribeLogStreams', { logGroupName: GROUP, orderBy: 'LastEventTime', descending: true })['logStreams']).toMatchObject([
    { logStreamName: 'local/[1]', firstEventTimestamp: 1_000, lastEventTimestamp: 3_000 }, { logStreamName: 'local/[$LATEST]', lastEventTimestamp: 2_000 },
  ]);
});

test.each<[string, object, unknown[]]>([
  ['all', {}, ['START one', '{"level":"ERROR","message":"no key"}', 'END one']],
  ['by terms that must all occur', { filterPattern: 'one END' }, ['END one']],
  ['by a term in quotes', { filterPattern: '"no key"' }, ['{"level":"ERROR","message":"no key"}']],
  ['from a time until before another', { startTime: 2_000, endTime: 3_000 }, ['{"level":"ERROR","message":"no key"}']],
  ['of a stream', { logStreamNames: ['local/[1]'] }, ['START one', 'END one']],
])('events are found: %s', (_case, input, found) => {
  expect(messages(input)).toEqual(found);
});

test('events come in pages', () => {
  const first = call('FilterLogEvents', { logGroupName: GROUP, limit: 2 });
  expect(first['events']).toHaveLength(2);
  expect(messages({ limit: 2, nextToken: first['nextToken'] })).toEqual(['END one']);
});

test('a stream is read forward and backward, and the token stays the same at its end', () => {
  const stream = { logGroupName: GROUP, logStreamName: 'local/[1]', limit: 1 };
  const last = call('GetLogEvents', stream);
  expect(last['events']).toMatchObject([{ timestamp: 3_000, message: 'END one' }]);
  expect(call('GetLogEvents', { ...stream, nextToken: last['nextBackwardToken'] })['events']).toMatchObject([{ message: 'START one' }]);
  const end = call('GetLogEvents', { ...stream, nextToken: last['nextForwardToken'] });
  expect([end['events'], end['nextForwardToken']]).toEqual([[], last['nextForwardToken']]);
  expect(call('GetLogEvents', { ...stream, startFromHead: true })['events']).toMatchObject([{ message: 'START one' }]);
});

test.each<[string, string, object, string]>([
  ['an unknown group', 'FilterLogEvents', { logGroupName: 'none' }, 'ResourceNotFoundException'],
  ['an unknown stream', 'GetLogEvents', { logGroupName: GROUP, logStreamName: 'none' }, 'ResourceNotFoundException'],
  ['a token of nobody', 'FilterLogEvents', { logGroupName: GROUP, nextToken: 'x' }, 'InvalidParameterException'],
  ['a pattern over JSON', 'FilterLogEvents', { logGroupName: GROUP, filterPattern: '{ $.level = "ERROR" }' }, 'NotModelledLocally'],
  ['a term that must not occur', 'FilterLogEvents', { logGroupName: GROUP, filterPattern: '-one' }, 'NotModelledLocally'],
  ['writing', 'PutLogEvents', {}, 'NotModelledLocally'],
])('refuses %s', (_case, operation, input, code) => {
  expect(() => call(operation, input)).toThrow(expect.objectContaining({ code }) as Error);
});
