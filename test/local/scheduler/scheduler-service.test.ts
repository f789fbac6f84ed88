import type { Json } from '../../../lambdas/domain/trace';
import { AwsError } from '../../../local/kernel/aws-error';
import { Timeline } from '../../../local/kernel/clock';
import { type Schedule, SchedulerService } from '../../../local/scheduler/scheduler-service';
import { SqsService } from '../../../local/sqs/sqs-service';

const START_MS = Date.UTC(2030, 0, 1);
const QUEUE = 'arn:aws:sqs:eu-central-1:111122223333:q';
const SCHEDULE: Schedule = {
  arn: 'schedule-arn',
  expression: 'rate(15 minutes)',
  targetArn: 'target-arn',
  roleArn: 'role-arn',
  input: '{"at":"<aws.scheduler.scheduled-time>","n":"<aws.scheduler.attempt-number>","id":"<aws.scheduler.execution-id>","s":"<aws.scheduler.schedule-arn>","x":"<aws.scheduler.other>"}',
  maximumRetryAttempts: 2,
  maximumEventAgeSeconds: 3_600,
  deadLetterArn: QUEUE,
  isEnabled: true,
};

function scheduler(invoke: (schedule: Schedule, input: string) => void, startMs = START_MS) {
  const timeline = new Timeline(startMs);
  const queues = new SqsService({ accountId: '111122223333', region: 'eu-central-1', clock: timeline, nextId: () => 'm', endpoint: () => '' });
  queues.createQueue(QUEUE);
  let ids = 0;
  const service = new SchedulerService({ timeline, queues, nextId: () => `x-${String(++ids)}`, invoke });
  return { service, timeline, queues };
}

test('a schedule fires at its times with the context attributes in its input', async () => {
  const inputs: string[] = [];
  const { service, timeline } = scheduler((_schedule, input) => void inputs.push(input));
  service.put(SCHEDULE);
  await timeline.runUntil(START_MS + 30 * 60_000);
  expect(inputs.map((input) => JSON.parse(input) as unknown)).toEqual([
    { at: '2030-01-01T00:15:00Z', n: '1', id: 'x-1', s: 'schedule-arn', x: '<aws.scheduler.other>' },
    { at: '2030-01-01T00:30:00Z', n: '1', id: 'x-2', s: 'schedule-arn', x: '<aws.scheduler.other>' },
  ]);
});

test('a retryable error is tried again with the same scheduled time, then buried with its reason', async () => {
  const attempts: [number, string][] = [];
  const { service, timeline, queues } = scheduler((_schedule, input) => {
    attempts.push([timeline.nowMs() - START_MS, input.slice(0, 40)]);
    throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
  });
  service.put(SCHEDULE);
  await timeline.runUntil(START_MS + 20 * 60_000);
  expect(attempts).toEqual([
    [900_000, '{"at":"2030-01-01T00:15:00Z","n":"1","id'],
    [901_000, '{"at":"2030-01-01T00:15:00Z","n":"2","id'],
    [903_000, '{"at":"2030-01-01T00:15:00Z","n":"3","id'],
  ]);
  expect(queues.messagesOf(QUEUE)).toMatchObject([
    { attributes: { ERROR_CODE: 'TooManyRequestsException', EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts', RETRY_ATTEMPTS: '2', SCHEDULED_TIME: '2030-01-01T00:15:00Z', TARGET_ARN: 'target-arn' } },
  ]);
});

test('an old event is not tried again', async () => {
  const { service, timeline, queues } = scheduler(() => { throw new AwsError('ServiceException', 'x', 500); });
  service.put({ ...SCHEDULE, maximumRetryAttempts: 185, maximumEventAgeSeconds: 60 });
  await timeline.runUntil(START_MS + 20 * 60_000);
  expect(queues.messagesOf(QUEUE)).toMatchObject([{ attributes: { EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds', RETRY_ATTEMPTS: '5' } }]);
});

test('a permanent error is buried at once, without an exhausted condition', async () => {
  const { service, timeline, queues } = scheduler(() => { throw new AwsError('AccessDeniedException', 'no', 403); });
  service.put(SCHEDULE);
  await timeline.runUntil(START_MS + 16 * 60_000);
  expect(queues.messagesOf(QUEUE)).toHaveLength(1);
  expect(queues.messagesOf(QUEUE)[0]?.attributes).not.toHaveProperty('EXHAUSTED_RETRY_CONDITION');
});

test('a schedule that is disabled, replaced or deleted does not fire as it did', async () => {
  const fired: string[] = [];
  const { service, timeline } = scheduler(({ arn, expression }) => void fired.push(`${arn} ${expression}`));
  service.put({ ...SCHEDULE, arn: 'disabled', isEnabled: false });
  service.put({ ...SCHEDULE, arn: 'replaced' });
  service.put({ ...SCHEDULE, arn: 'replaced', expression: 'rate(1 hour)' });
  service.put({ ...SCHEDULE, arn: 'deleted' });
  await timeline.runUntil(START_MS + 15 * 60_000);
  service.delete('deleted');
  await timeline.runUntil(START_MS + 60 * 60_000);
  expect(fired).toEqual(['deleted rate(15 minutes)', 'replaced rate(1 hour)']);
  expect(service.list().map(({ arn }) => arn)).toEqual(['disabled', 'replaced']);
});

const CALLER = { accountId: '111122223333', arn: 'arn:aws:iam::111122223333:user/a', userId: 'u' };
const ARN = 'arn:aws:scheduler:eu-central-1:111122223333:schedule/default/checks';

test('schedules are looked at', () => {
  const { service } = scheduler(() => undefined);
  service.put({ ...SCHEDULE, arn: ARN });
  service.put({ ...SCHEDULE, arn: ARN.replace('checks', 'other'), isEnabled: false });
  expect(service.call('ListSchedules', {}, CALLER)).toMatchObject({ Schedules: [{ Name: 'checks', GroupName: 'default', State: 'ENABLED' }, { Name: 'other', State: 'DISABLED' }] });
  expect(service.call('ListSchedules', { NamePrefix: 'ch' }, CALLER)).toMatchObject({ Schedules: [{ Arn: ARN }] });
  expect(service.call('GetSchedule', { Name: 'checks' }, CALLER)).toMatchObject({
    Arn: ARN, ScheduleExpression: 'rate(15 minutes)', CreationDate: START_MS / 1000, Target: { RoleArn: 'role-arn', RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3_600 } },
  });
  expect(() => service.call('GetSchedule', { Name: 'none' }, CALLER)).toThrow(expect.objectContaining({ code: 'ResourceNotFoundException', httpStatus: 404 }) as Error);
  expect(() => service.call('CreateSchedule', {}, CALLER)).toThrow('does not model Scheduler CreateSchedule');
});

test('after saving and loading, a schedule fires at its next time and a retry goes on', async () => {
  const savedMs = START_MS + 15 * 60_000 + 500;
  const before = scheduler(() => { throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429); });
  before.service.put(SCHEDULE);
  await before.timeline.runUntil(savedMs);
  const saved = JSON.parse(JSON.stringify(before.service.save())) as Json;

  const fired: [number, unknown][] = [];
  const after = scheduler((_schedule, input) => void fired.push([after.timeline.nowMs() - START_MS, JSON.parse(input)]), savedMs);
  after.service.load(saved);
  await after.timeline.runUntil(START_MS + 31 * 60_000);
  expect(fired).toMatchObject([
    [901_000, { at: '2030-01-01T00:15:00Z', n: '2' }],
    [1_800_000, { at: '2030-01-01T00:30:00Z', n: '1' }],
  ]);
});
