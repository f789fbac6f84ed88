import type { Json } from '../../../lambdas/domain/trace';
import { type BusEvent, EventBridgeService } from '../../../local/eventbridge/eventbridge-service';
import type { Rule } from '../../../local/eventbridge/rule';
import { AwsError } from '../../../local/kernel/aws-error';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { SqsService } from '../../../local/sqs/sqs-service';

const CALLER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/a', userId: 'u' };
const QUEUE = 'arn:aws:sqs:eu-central-1:111122223333:q';
const entry = (more: object = {}) => ({ Source: 'keyturn', DetailType: 'T', Detail: '{"a":1}', ...more });

/** A rule that matches every event, unless it is told otherwise. */
function rule(arn: string, targets: readonly string[], pattern: object = {}): Rule {
  return { arn, pattern, state: 'ENABLED', targets: targets.map((target) => ({ id: target, arn: target })) };
}

function bus(deliver: (target: string, event: BusEvent) => void = () => undefined) {
  const timeline = new Timeline(Date.UTC(2030, 0, 2, 3, 4, 5, 678));
  const trace = new Trace(timeline);
  const queues = new SqsService({ accountId: '111122223333', region: 'eu-central-1', clock: timeline, nextId: () => 'm', endpoint: () => '' });
  queues.createQueue(QUEUE);
  let ids = 0;
  const service = new EventBridgeService({ region: 'eu-central-1', accountId: '111122223333', timeline, trace, nextId: () => `e-${String(++ids)}`, queues, deliver });
  const put = (...Entries: object[]) => service.call('PutEvents', { Entries }, CALLER);
  return { service, timeline, trace, queues, put };
}

test('an event reaches the targets of the rules that it matches, and every observer', async () => {
  const delivered: [string, BusEvent][] = [];
  const observed: BusEvent[] = [];
  const { service, timeline, put, trace } = bus((target, event) => void delivered.push([target, event]));
  service.onEvent((event) => void observed.push(event));
  service.putRule(rule('r1', ['t1', 't2'], { source: ['keyturn'] }));
  service.putRule(rule('r2', ['t3'], { source: ['other'] }));
  expect(put(entry())).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: 'e-1' }] });
  expect(delivered).toEqual([]);
  await timeline.settle();
  const event = {
    version: '0', id: 'e-1', 'detail-type': 'T', source: 'keyturn', account: '111122223333', time: '2030-01-02T03:04:05Z', region: 'eu-central-1', resources: [], detail: { a: 1 },
  };
  expect(delivered).toEqual([['t1', event], ['t2', event]]);
  expect(observed).toEqual([event]);
  expect(trace.events()).toMatchObject([{ type: 'events.event-put', actor: CALLER.arn, source: 'keyturn', detailType: 'T', detail: { a: 1 } }]);
});

test.each([
  ['without a source', { Source: undefined }, 'InvalidArgument'],
  ['without a detail', { Detail: '' }, 'InvalidArgument'],
  ['with a detail that is no JSON', { Detail: '{' }, 'MalformedDetail'],
  ['with a detail that is no object', { Detail: '[1]' }, 'MalformedDetail'],
  ['for another bus', { EventBusName: 'mine' }, 'NotModelledLocally'],
  ['with a source of 257 characters', { Source: 'x'.repeat(257) }, 'InvalidArgument'],
  ['with a detail type of 129 characters', { DetailType: 'x'.repeat(129) }, 'InvalidArgument'],
  ['in the name of AWS', { Source: 'aws.kms' }, 'NotAuthorizedForSourceException'],
])('an entry %s fails alone', (_case, more, code) => {
  const { put, trace } = bus();
  expect(put(entry(more), entry())).toEqual({ FailedEntryCount: 1, Entries: [{ ErrorCode: code, ErrorMessage: expect.any(String) as string }, { EventId: 'e-1' }] });
  expect(trace.events()).toHaveLength(1);
});

test('refuses no entries, and more than ten', () => {
  expect(() => bus().put()).toThrow(expect.objectContaining({ code: 'ValidationException' }) as Error);
  expect(() => bus().put(...Array.from({ length: 11 }, () => entry()))).toThrow(expect.objectContaining({ code: 'ValidationException' }) as Error);
});

test('takes 1 MiB of entries, and refuses more as a whole', () => {
  const { put, trace } = bus();
  const overhead = 'keyturn'.length + 'T'.length + '{"a":""}'.length;
  const half = entry({ Detail: JSON.stringify({ a: 'é'.repeat((524_288 - overhead) / 2) }) });
  expect(put(half, half)).toMatchObject({ FailedEntryCount: 0 });
  expect(() => put(half, half, entry({ Resources: ['x'] }))).toThrow(expect.objectContaining({ code: 'ValidationException' }) as Error);
  expect(() => put({ ...half, Time: 1 }, half)).toThrow('over the limit');
  expect(trace.events()).toHaveLength(2);
});

test('a request that is refused has put nothing', () => {
  const { put, trace } = bus();
  expect(() => put(entry(), entry({ Colour: 'red' }))).toThrow('Colour');
  expect(trace.events()).toEqual([]);
});

test('an event that a target refuses goes to its dead-letter queue, or is counted', async () => {
  const { service, timeline, put, queues } = bus(() => { throw new AwsError('AccessDeniedException', 'no'); });
  service.putRule({ ...rule('r', []), targets: [{ id: '1', arn: 't1', deadLetterArn: QUEUE }, { id: '2', arn: 't2' }] });
  put(entry());
  await timeline.settle();
  expect(queues.messagesOf(QUEUE)).toMatchObject([{ body: expect.stringContaining('"id":"e-1"') as string, attributes: { ERROR_CODE: 'AccessDeniedException', RULE_ARN: 'r', TARGET_ARN: 't1' } }]);
  expect(service.failedDeliveries()).toEqual([{ rule: 'r', target: 't2', error: 'AccessDeniedException: no' }]);
});

test('a rule that was deleted delivers nothing', async () => {
  const deliver = jest.fn();
  const { service, timeline, put } = bus(deliver);
  service.putRule(rule('r', ['t']));
  service.deleteRule('r');
  put(entry());
  await timeline.settle();
  expect(deliver).not.toHaveBeenCalled();
});

describe('by its API', () => {
  const ARN = 'arn:aws:events:eu-central-1:111122223333:rule/mine';

  test('rules and targets are made, described, listed, switched off and removed', async () => {
    const deliver = jest.fn();
    const { service, timeline, put } = bus(deliver);
    const call = (operation: string, input: object) => service.call(operation, input, CALLER);
    expect(call('PutRule', { Name: 'mine', EventPattern: '{"source":["keyturn"]}', Description: 'd' })).toEqual({ RuleArn: ARN });
    expect(call('PutTargets', { Rule: 'mine', Targets: [{ Id: 'a', Arn: 't1' }, { Id: 'b', Arn: 't2', DeadLetterConfig: { Arn: QUEUE } }] })).toEqual({ FailedEntryCount: 0, FailedEntries: [] });
    expect(call('DescribeRule', { Name: 'mine' })).toMatchObject({ Name: 'mine', Arn: ARN, EventPattern: '{"source":["keyturn"]}', State: 'ENABLED', Description: 'd' });
    expect(call('ListRules', { NamePrefix: 'm' })).toMatchObject({ Rules: [{ Name: 'mine' }] });
    expect(call('ListRules', { NamePrefix: 'x' })).toEqual({ Rules: [] });
    put(entry());
    await timeline.settle();
    expect(deliver).toHaveBeenCalledTimes(2);

    call('DisableRule', { Name: 'mine' });
    put(entry());
    await timeline.settle();
    expect(deliver).toHaveBeenCalledTimes(2);
    expect(() => call('DeleteRule', { Name: 'mine' })).toThrow('has targets');
    call('RemoveTargets', { Rule: 'mine', Ids: ['a', 'b'] });
    expect(call('ListTargetsByRule', { Rule: 'mine' })).toEqual({ Targets: [] });
    call('DeleteRule', { Name: 'mine' });
    expect(() => call('DescribeRule', { Name: 'mine' })).toThrow(expect.objectContaining({ code: 'ResourceNotFoundException' }) as Error);
  });

  test.each<[string, string, object, string]>([
    ['a pattern that is no JSON', 'PutRule', { Name: 'x', EventPattern: '{' }, 'InvalidEventPatternException'],
    ['a pattern that is none', 'PutRule', { Name: 'x', EventPattern: '{"source":[]}' }, 'InvalidEventPatternException'],
    ['targets of a rule that is not there', 'PutTargets', { Rule: 'x', Targets: [{ Id: 'a', Arn: 't' }] }, 'ResourceNotFoundException'],
    ['a name with a space', 'PutRule', { Name: 'a b', EventPattern: '{}' }, 'ValidationException'],
    ['a scheduled rule', 'PutRule', { Name: 'x', ScheduleExpression: 'rate(1 day)', EventPattern: '{}' }, 'NotModelledLocally'],
    ['an input transformation', 'PutTargets', { Rule: 'x', Targets: [{ Id: 'a', Arn: 't', InputPath: '$' }] }, 'NotModelledLocally'],
    ['another operation', 'CreateEventBus', { Name: 'x' }, 'NotModelledLocally'],
  ])('refuses %s', (_case, operation, input, code) => {
    expect(() => bus().service.call(operation, input, CALLER)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('rules and failed deliveries are there after saving and loading', async () => {
  const before = bus(() => { throw new AwsError('AccessDeniedException', 'no'); });
  before.service.putRule(rule('r', ['t'], { source: [{ prefix: 'key' }] }));
  before.service.putRule({ ...rule('off', ['t']), state: 'DISABLED' });
  before.put(entry());
  await before.timeline.settle();

  const deliver = jest.fn();
  const after = bus(deliver);
  after.service.load(JSON.parse(JSON.stringify(before.service.save())) as Json);
  expect(after.service.list()).toEqual(before.service.list());
  expect(after.service.failedDeliveries()).toEqual(before.service.failedDeliveries());
  after.put(entry(), entry({ Source: 'other' }));
  await after.timeline.settle();
  expect(deliver).toHaveBeenCalledTimes(1);
});
