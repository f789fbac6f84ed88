import { CloudTrail } from '../../../local/cloudtrail/cloudtrail';
import { type BusEvent, EventBridgeService } from '../../../local/eventbridge/eventbridge-service';
import type { RuleState } from '../../../local/eventbridge/rule';
import type { Caller } from '../../../local/kernel/service';
import { SqsService } from '../../../local/sqs/sqs-service';
import { ACCOUNT_ID, ALICE, base64, keyArn, Kit, outcome, REGION, START_MS } from '../kms/kit';

const DELAY_MS = 90_000;

/** A KMS whose calls CloudTrail tells a bus about, on which one rule takes what its state and pattern allow. */
function trail(state: RuleState = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS', pattern: object = { source: ['aws.kms'] }) {
  const events: BusEvent[] = [];
  let ids = 0;
  const kit = new Kit({ onCall: (call) => { cloudTrail.tell(call); } });
  const { timeline, trace } = kit;
  const place = { accountId: ACCOUNT_ID, region: REGION, timeline, trace, nextId: () => `id-${String(++ids)}` };
  const bus = new EventBridgeService({ ...place, queues: new SqsService({ ...place, clock: timeline, endpoint: () => '' }), deliver: (_target, event) => void events.push(event) });
  bus.putRule({ arn: 'arn:aws:events:eu-central-1:111111111111:rule/r', pattern, state, targets: [{ id: 't', arn: 't' }] });
  const cloudTrail = new CloudTrail({ ...place, bus, issuerOf: () => undefined, delayMs: () => DELAY_MS });
  return { kit, bus, cloudTrail, events, place };
}

test('a use that fails is told of, as CloudTrail writes it, after the delay', async () => {
  const { kit, events } = trail(undefined, { detail: { errorCode: ['DisabledException'] } });
  const key = kit.createKey();
  kit.call('CreateAlias', { AliasName: 'alias/orders', TargetKeyId: key });
  kit.call('DisableKey', { KeyId: key });
  expect(outcome(() => kit.call('Encrypt', { KeyId: 'alias/orders', Plaintext: base64('secret'), EncryptionContext: { tenant: 'one' } }))).toBe('DisabledException');
  await kit.pass(DELAY_MS - 1);
  expect(events).toEqual([]);
  await kit.pass(1);
  expect(events).toEqual([
    {
      version: '0', id: 'id-3', 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.kms', account: ACCOUNT_ID, time: '2026-06-01T00:00:00Z', region: REGION, resources: [],
      detail: {
        eventVersion: '1.08',
        userIdentity: { type: 'IAMUser', principalId: 'AIDAALICE', arn: ALICE.arn, accountId: ACCOUNT_ID, userName: 'alice' },
        eventTime: '2026-06-01T00:00:00Z',
        eventSource: 'kms.amazonaws.com',
        eventName: 'Encrypt',
        awsRegion: REGION,
        errorCode: 'DisabledException',
        errorMessage: `${keyArn(key)} is disabled.`,
        requestParameters: { keyId: 'alias/orders', encryptionContext: { tenant: 'one' } },
        responseElements: null,
        requestID: 'id-1',
        eventID: 'id-2',
        readOnly: true,
        resources: [{ accountId: ACCOUNT_ID, type: 'AWS::KMS::Key', ARN: keyArn(key) }],
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: ACCOUNT_ID,
        eventCategory: 'Management',
      },
    },
  ]);
});

test.each<[RuleState, readonly string[]]>([
  ['ENABLED', ['CreateKey', 'DisableKey', 'EnableKey']],
  ['ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS', ['CreateKey', 'DescribeKey', 'Encrypt', 'Decrypt', 'DisableKey', 'Decrypt', 'EnableKey']],
  ['DISABLED', []],
])('a rule that is %s takes %j', async (state, expected) => {
  const { kit, events } = trail(state);
  const key = kit.createKey();
  kit.call('DescribeKey', { KeyId: key });
  const { CiphertextBlob } = kit.call('Encrypt', { KeyId: key, Plaintext: base64('secret') });
  kit.call('Decrypt', { CiphertextBlob });
  kit.call('DisableKey', { KeyId: key });
  expect(outcome(() => kit.call('Decrypt', { CiphertextBlob }))).toBe('DisabledException');
  kit.call('EnableKey', { KeyId: key });
  await kit.pass(DELAY_MS);
  expect(events.map(({ detail }) => (detail as { eventName: string }).eventName)).toEqual(expected);
  expect(JSON.stringify(events)).not.toContain(base64('secret'));
  expect(JSON.stringify(events)).not.toContain(CiphertextBlob);
});

test('a change names its key, also a new one; a re-encryption names both', async () => {
  const { kit, events } = trail();
  const [from, to] = [kit.createKey(), kit.createKey()];
  const { CiphertextBlob } = kit.call('Encrypt', { KeyId: from, Plaintext: base64('secret') });
  kit.call('ReEncrypt', { CiphertextBlob, DestinationKeyId: to });
  await kit.pass(DELAY_MS);
  const details = events.map(({ detail }) => detail as { eventName: string; responseElements: unknown; resources: { ARN: string }[] });
  expect(details.map(({ eventName, responseElements, resources }) => [eventName, responseElements, resources.map(({ ARN }) => ARN)])).toEqual([
    ['CreateKey', { keyId: keyArn(from) }, [keyArn(from)]],
    ['CreateKey', { keyId: keyArn(to) }, [keyArn(to)]],
    ['Encrypt', null, [keyArn(from)]],
    ['ReEncrypt', null, [keyArn(from), keyArn(to)]],
  ]);
});

test.each<[string, Caller, object]>([
  ['a session', { accountId: ACCOUNT_ID, arn: `arn:aws:sts::${ACCOUNT_ID}:assumed-role/reports/nightly`, userId: 'AROA:nightly' }, { type: 'AssumedRole', principalId: 'AROA:nightly' }],
  ['the root user', { accountId: ACCOUNT_ID, arn: `arn:aws:iam::${ACCOUNT_ID}:root`, userId: ACCOUNT_ID }, { type: 'Root', arn: `arn:aws:iam::${ACCOUNT_ID}:root` }],
  ['a service', { accountId: ACCOUNT_ID, arn: 'dynamodb.amazonaws.com', userId: 's' }, { type: 'AWSService', invokedBy: 'dynamodb.amazonaws.com' }],
])('%s is told as the caller', async (_, caller, identity) => {
  const { kit, events } = trail();
  kit.call('ListKeys', {}, caller);
  await kit.pass(DELAY_MS);
  expect(events).toMatchObject([{ detail: { eventName: 'ListKeys', userIdentity: identity, requestParameters: null, resources: [] } }]);
});

test('what no rule would take, and what is not modelled, is not told', async () => {
  const { kit, events, place } = trail(undefined, { detail: { errorCode: ['NotModelledLocally'] } });
  expect(outcome(() => kit.call('CreateKey', { KeySpec: 'SM2', KeyUsage: 'SIGN_VERIFY' }))).toBe('NotModelledLocally');
  kit.createKey();
  await kit.pass(DELAY_MS);
  expect(events).toEqual([]);
  expect(kit.timeline.nextAtMs()).toBeUndefined();
  expect(place.nextId()).toBe('id-1');
});

test('an event on its way is saved, and comes when it would have come', async () => {
  const before = trail();
  before.kit.createKey();
  await before.kit.pass(1000);
  const saved = JSON.parse(JSON.stringify(before.cloudTrail.save())) as ReturnType<CloudTrail['save']>;
  const after = trail();
  await after.kit.pass(1000);
  after.cloudTrail.load(saved);
  await after.kit.pass(DELAY_MS - 1001);
  expect(after.events).toEqual([]);
  await after.kit.pass(1);
  expect(after.events).toMatchObject([{ time: new Date(START_MS).toISOString().replace('.000Z', 'Z'), detail: { eventName: 'CreateKey' } }]);
  expect(after.cloudTrail.save()).toEqual({ pending: [] });
});
