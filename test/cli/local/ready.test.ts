import { STACK_OUTPUTS } from '../../../lambdas/contract/names';
import { type Readiness, readyText } from '../../../cli/local/ready';

const READY: Readiness = {
  endpoint: 'http://127.0.0.1:5000',
  region: 'eu-central-1',
  accountId: '111122223333',
  credentials: { accessKeyId: 'AKIA1', secretAccessKey: 's' },
  outputs: { [STACK_OUTPUTS.stateMachineArn]: 'arn:machine', [STACK_OUTPUTS.table]: 'registry', [STACK_OUTPUTS.acknowledgeUrl]: 'http://127.0.0.1:5000/url/' },
  keys: [
    { name: 'alone', alias: 'alias/alone', rotation: { name: 'alone-w-a1', input: '{}' }, principals: [] },
    { name: 'orders', alias: 'alias/orders', rotation: { name: 'orders-w-a1', input: '{}' }, principals: ['arn:aws:iam::111122223333:role/orders-api'] },
  ],
  virtualTime: '2027-01-01T00:00:00.000Z',
  speed: 0,
};

test('says how to start a rotation while its window lasts', () => {
  expect(readyText(READY)).toContain("aws stepfunctions start-execution --state-machine-arn arn:machine --name alone-w-a1 --input '{}'");
});

test('while time jumps, gives no command that is stale before it is pasted, and says what happens instead', () => {
  const text = readyText({ ...READY, speed: 'jump' });
  expect(text).not.toContain('start-execution');
  expect(text).toContain('the schedule starts what is due');
  expect(text).toContain('--speed 0');
});

test('says how to answer for a dependent, as its principal', () => {
  const text = readyText(READY);
  expect(text).toContain("aws dynamodb scan --table-name registry --filter-expression 'sk = :ack'");
  expect(text).toContain(
    '(eval "$(npx keyturn local credentials arn:aws:iam::111122223333:role/orders-api --create --endpoint http://127.0.0.1:5000)"; npx keyturn ack <id> --key-version <version> --url http://127.0.0.1:5000/url/)',
  );
});

test('says how to reach it with the other commands', () => {
  expect(readyText(READY)).toContain('npx keyturn status --local http://127.0.0.1:5000 ');
});

test('says nothing of answers where nobody is asked', () => {
  expect(readyText({ ...READY, keys: READY.keys.slice(0, 1) })).not.toContain('keyturn ack');
});
