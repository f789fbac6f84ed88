import { compileEventPattern } from '../../../local/eventbridge/event-pattern';
import { type BusEvent, EventBridgeService } from '../../../local/eventbridge/eventbridge-service';
import { AwsError } from '../../../local/kernel/aws-error';
import { Timeline } from '../../../local/kernel/clock';
import { Trace } from '../../../local/kernel/trace';
import { SqsService } from '../../../local/sqs/sqs-service';

const CALLER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/a', userId: 'u' };
const QUEUE = 'arn:aws:sqs:eu-central-1:111122223333:q';
const entry = (more: object = {}) => ({ Source: 'keyturn', DetailType: 'T', Detail: '{"a":1}', ...more });

function bus(deliver: (target: string, event: BusEvent) => void = () => undefined) {
  const timeline = new Timeline(Date.UTC(2030, 0, 2, 3, 4, 5, 678));
  const trace = new Trace(timeline);
  const queues = new SqsService(() => 'm');
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
  service.putRule({ arn: 'r1', matches: compileEventPattern({ source: ['keyturn'] }), targets: [{ arn: 't1' }, { arn: 't2' }] });
  service.putRule({ arn: 'r2', matches: compileEventPattern({ source: ['other'] }), targets: [{ arn: 't3' }] });
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

test('an event that a target refuses goes to its dead-letter queue, or is counted', async () => {
  const { service, timeline, put, queues } = bus(() => { throw new AwsError('AccessDeniedException', 'no'); });
  service.putRule({ arn: 'r', matches: () => true, targets: [{ arn: 't1', deadLetterArn: QUEUE }, { arn: 't2' }] });
  put(entry());
  await timeline.settle();
  expect(queues.messagesOf(QUEUE)).toMatchObject([{ body: expect.stringContaining('"id":"e-1"') as string, attributes: { ERROR_CODE: 'AccessDeniedException', RULE_ARN: 'r', TARGET_ARN: 't1' } }]);
  expect(service.failedDeliveries()).toEqual([{ rule: 'r', target: 't2', error: 'AccessDeniedException: no' }]);
});

test('a rule that was deleted delivers nothing', async () => {
  const deliver = jest.fn();
  const { service, timeline, put } = bus(deliver);
  service.putRule({ arn: 'r', matches: () => true, targets: [{ arn: 't' }] });
  service.deleteRule('r');
  put(entry());
  await timeline.settle();
  expect(deliver).not.toHaveBeenCalled();
});

test.each([
  ['another bus', entry({ EventBusName: 'mine' }), 'mine'],
  ['another member', entry({ Colour: 'red' }), 'Colour'],
])('refuses %s by name', (_case, bad, name) => {
  expect(() => bus().put(bad)).toThrow(name);
});
