import type { Item } from '../../../local/dynamodb/attribute-value';
import { key, refusal, setUp, START_MS } from './setup';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const seconds = (ms: number): { readonly N: string } => ({ N: String(Math.floor(ms / 1000)) });
const item = (sk: string, expires: Item[string]): Item => ({ ...key('a', sk), dueShard: { S: '0' }, dueAt: { N: '1' }, expires });

function expiring() {
  const all = setUp();
  all.call('UpdateTimeToLive', { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } });
  return { ...all, sortKeys: (operation: string, more: object = {}) => all.call(operation, more).Items?.map((found) => found['sk']?.S).sort() };
}

test('an expired item goes two days after its time, from the index too, and DynamoDB itself is the one who deletes it', async () => {
  const { clock, put, sortKeys, written } = expiring();
  put(item('soon', seconds(START_MS + HOUR_MS)));
  put(item('later', seconds(START_MS + 30 * DAY_MS)));
  await clock.runUntil(START_MS + HOUR_MS + 2 * DAY_MS - 1);
  expect(sortKeys('Scan')).toEqual(['later', 'soon']);
  await clock.runUntil(START_MS + HOUR_MS + 2 * DAY_MS);
  expect([sortKeys('Scan'), sortKeys('Scan', { IndexName: 'due' })]).toEqual([['later'], ['later']]);
  expect(written().at(-1)).toMatchObject({ actor: 'dynamodb.amazonaws.com', pk: 'a', sk: 'soon', after: null });
});

test('what is no time, or a time long ago, keeps an item', async () => {
  const { clock, put, sortKeys } = expiring();
  put(item('text', { S: seconds(START_MS).N }));
  put(item('long ago', seconds(START_MS - 6 * 365 * DAY_MS)));
  put(key('a', 'without'));
  await clock.runUntil(START_MS + 10 * DAY_MS);
  expect(sortKeys('Scan')).toEqual(['long ago', 'text', 'without']);
});

test('nothing expires while time to live is off', async () => {
  const { call, clock, put, sortKeys } = expiring();
  await clock.runUntil(START_MS + HOUR_MS);
  call('UpdateTimeToLive', { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: false } });
  put(item('past', seconds(START_MS)));
  await clock.runUntil(START_MS + 10 * DAY_MS);
  expect(sortKeys('Scan')).toEqual(['past']);
});

test('it is refused on two attributes', () => {
  const { call } = expiring();
  const error = refusal(() => call('UpdateTimeToLive', { TimeToLiveSpecification: { AttributeName: 'other', Enabled: true } }));
  expect([error.code, error.message]).toEqual(['ValidationException', 'TimeToLive is active on a different AttributeName: current AttributeName is expires']);
});
