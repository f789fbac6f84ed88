import fc from 'fast-check';
import { compileScheduleExpression } from '../../../local/scheduler/schedule-expression';

const START = '2028-02-27T10:07:30Z';

test.each<[string, string[]]>([
  ['rate(15 minutes)', ['2028-02-27T10:22:30Z', '2028-02-27T10:37:30Z']],
  ['rate(1 hour)', ['2028-02-27T11:07:30Z', '2028-02-27T12:07:30Z']],
  ['rate(2 days)', ['2028-02-29T10:07:30Z', '2028-03-02T10:07:30Z']],
  ['cron(0 12 * * ? *)', ['2028-02-27T12:00:00Z', '2028-02-28T12:00:00Z']],
  ['cron(*/20 * * * ? *)', ['2028-02-27T10:20:00Z', '2028-02-27T10:40:00Z']],
  ['cron(5,35 9-10 * * ? *)', ['2028-02-27T10:35:00Z', '2028-02-28T09:05:00Z']],
  ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']],
  ['cron(0 8 ? * MON-FRI *)', ['2028-02-28T08:00:00Z', '2028-02-29T08:00:00Z']],
  ['cron(0 8 ? * SUN *)', ['2028-03-05T08:00:00Z', '2028-03-12T08:00:00Z']],
  ['cron(0 0 1 JAN,JUL ? 2028-2029)', ['2028-07-01T00:00:00Z', '2029-01-01T00:00:00Z']],
  ['cron(30/10 23 * * ? *)', ['2028-02-27T23:30:00Z', '2028-02-27T23:40:00Z']],
])('%s fires at %j', (expression, expected) => {
  const recurrence = compileScheduleExpression(expression, Date.parse(START));
  const firings: string[] = [];
  for (let atMs = Date.parse(START); firings.length < expected.length; ) {
    atMs = recurrence.nextAfterMs(atMs);
    firings.push(new Date(atMs).toISOString().replace('.000Z', 'Z'));
  }
  expect(firings).toEqual(expected);
});

test('the next firing is always later, and none is left out', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 1e10 }), (minutes, afterMs) => {
      const recurrence = compileScheduleExpression(`rate(${String(minutes)} minutes)`, 0);
      const next = recurrence.nextAfterMs(afterMs);
      expect(next).toBeGreaterThan(afterMs);
      expect(next - afterMs).toBeLessThanOrEqual(minutes * 60_000);
      expect(next % (minutes * 60_000)).toBe(0);
    }),
  );
});

test.each(['at(2028-01-01T00:00:00)', 'rate(1 week)', 'rate(0 minutes)', 'cron(0 12 * * ?)', 'cron(0 12 L * ? *)', 'cron(0 12 ? * 2#1 *)', 'cron(60 12 * * ? *)'])(
  'refuses by name: %s',
  (expression) => {
    expect(() => compileScheduleExpression(expression, 0)).toThrow('does not model');
  },
);

test('refuses a cron that never fires', () => {
  expect(() => compileScheduleExpression('cron(0 0 31 2 ? *)', 0).nextAfterMs(0)).toThrow('never fires');
});
