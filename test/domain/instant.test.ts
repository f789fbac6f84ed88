import fc from 'fast-check';
import { deadlineAfter, instantOf, isBefore, latest, msOf, plusSeconds } from '../../lambdas/domain/instant';

const times = fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }).map((date) => date.getTime());

test('an instant and its milliseconds are the same time', () => {
  fc.assert(fc.property(times, (ms) => expect(msOf(instantOf(ms))).toBe(ms)));
});

test.each([
  ['2026-04-01T00:00:00Z', Date.UTC(2026, 3, 1)],
  ['2026-04-01T02:00:00.250+02:00', Date.UTC(2026, 3, 1) + 250],
])('reads %s', (text, ms) => expect(msOf(text)).toBe(ms));

test.each(['', '2026-04-01', '2026-04-01T00:00:00', '2026-04-32T00:00:00Z', 'now', '1775001600000', 'Wed Apr 01 2026 00:00:00 GMT+02:00 (CEST)'])('refuses %j, which is no time with a zone', (text) => {
  expect(() => msOf(text)).toThrow(/is not an ISO 8601 time with a zone/);
});

test('a deadline is never early, less than a second late, and on a whole second', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 0, max: 400 * 86_400 }), (ms, seconds) => {
      const deadlineMs = msOf(deadlineAfter(instantOf(ms), seconds));
      expect(deadlineMs % 1000).toBe(0);
      expect(deadlineMs - (ms + seconds * 1000)).toBeGreaterThanOrEqual(0);
      expect(deadlineMs - (ms + seconds * 1000)).toBeLessThan(1000);
    }),
  );
});

test('order and arithmetic agree', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 1e6 }), (ms, seconds) => {
      const [start, end] = [instantOf(ms), plusSeconds(instantOf(ms), seconds)];
      expect([isBefore(start, end), isBefore(end, start), isBefore(start, start)]).toEqual([true, false, false]);
      expect([latest(start, end), latest(end, start)]).toEqual([end, end]);
      expect(plusSeconds(end, -seconds)).toBe(start);
    }),
  );
});
