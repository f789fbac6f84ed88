import fc from 'fast-check';
import { instantOf, isBefore, msOf } from '../../lambdas/domain/instant';
import { compareWindows, dueAt, firstWindowAfter, isWindowOf, nextWindow, startOffsetSeconds, windowAt, windowStart } from '../../lambdas/domain/windows';

const DAY = 86_400;
const quarterly = { anchor: '2026-01-01T00:00:00Z', rotateEverySeconds: 90 * DAY };

/** Years 0100 to 9900: room for one period of years on either side. */
const instants = fc.integer({ min: msOf('0100-01-01T00:00:00Z'), max: msOf('9900-01-01T00:00:00Z') }).map(instantOf);
const grids = fc.record({
  anchor: fc.integer({ min: msOf('1970-01-01T00:00:00Z') / 60_000, max: msOf('2200-01-01T00:00:00Z') / 60_000 }).map((minutes) => instantOf(minutes * 60_000)),
  rotateEverySeconds: fc.oneof(fc.integer({ min: 1, max: 3650 }).map((days) => days * DAY), fc.integer({ min: 1440, max: 2_000_000 }).map((minutes) => minutes * 60)),
});

describe('windowAt', () => {
  test.each([
    ['the anchor itself', '2026-01-01T00:00:00Z', '20260101T0000Z'],
    ['the last millisecond of a window', '2026-03-31T23:59:59.999Z', '20260101T0000Z'],
    ['the first millisecond of the next', '2026-04-01T00:00:00.000Z', '20260401T0000Z'],
    ['a time before the anchor', '2025-12-31T23:59:59Z', '20251003T0000Z'],
    ['long after, missed windows collapsed into the latest', '2030-06-01T12:00:00Z', '20300311T0000Z'],
    ['a time in another zone', '2026-04-01T01:00:00+02:00', '20260101T0000Z'],
  ])('finds the window of %s', (_, at, id) => {
    expect(windowAt(quarterly, at)).toBe(id);
  });

  test.each([
    ['across a leap day', { anchor: '2024-02-28T12:30:00Z', rotateEverySeconds: DAY }, '2024-03-01T12:29:59Z', '20240229T1230Z'],
    ['across a February without one', { anchor: '2026-02-28T12:30:00Z', rotateEverySeconds: DAY }, '2026-03-01T12:30:00Z', '20260301T1230Z'],
    ['across 2100, which is no leap year', { anchor: '2100-02-28T00:00:00Z', rotateEverySeconds: DAY }, '2100-03-01T00:00:00Z', '21000301T0000Z'],
    ['across the end of a year', { anchor: '2026-12-31T23:59:00Z', rotateEverySeconds: DAY }, '2027-01-01T23:58:59Z', '20261231T2359Z'],
    ['with a period of years', { anchor: '2020-02-29T00:00:00Z', rotateEverySeconds: 4 * 365 * DAY }, '2026-01-01T00:00:00Z', '20240228T0000Z'],
  ])('counts seconds, not calendar fields, %s', (_, grid, at, id) => {
    expect(windowAt(grid, at)).toBe(id);
  });

  test('puts every instant into exactly one window', () => {
    fc.assert(
      fc.property(grids, instants, (grid, at) => {
        const id = windowAt(grid, at);
        expect(isBefore(at, windowStart(id))).toBe(false);
        expect(isBefore(at, windowStart(nextWindow(grid, id)))).toBe(true);
        expect((msOf(windowStart(nextWindow(grid, id))) - msOf(windowStart(id))) / 1000).toBe(grid.rotateEverySeconds);
      }),
    );
  });

  test.each([
    ['a period with odd seconds', { rotateEverySeconds: DAY + 1 }, 'A window lasts a whole number of minutes, not 86401 seconds'],
    ['no period', { rotateEverySeconds: 0 }, 'A window lasts a whole number of minutes, not 0 seconds'],
    ['a negative period', { rotateEverySeconds: -DAY }, 'A window lasts a whole number of minutes, not -86400 seconds'],
    ['an endless period', { rotateEverySeconds: Number.POSITIVE_INFINITY }, 'A window lasts a whole number of minutes, not Infinity seconds'],
    ['an anchor with odd seconds', { anchor: '2026-01-01T00:00:01Z' }, 'The anchor 2026-01-01T00:00:01Z is not a whole minute'],
    ['an anchor without a zone', { anchor: '2026-01-01T00:00:00' }, 'is not an ISO 8601 time with a zone'],
  ])('refuses %s', (_, change, message) => {
    expect(() => windowAt({ ...quarterly, ...change }, '2026-05-01T00:00:00Z')).toThrow(message);
  });

  test('refuses a window that no id can name', () => {
    expect(() => nextWindow(quarterly, '99991231T0000Z')).toThrow(/years go from 0000 to 9999/);
    expect(() => windowAt({ ...quarterly, rotateEverySeconds: 5000 * 365 * DAY }, '0001-01-01T00:00:00Z')).toThrow(RangeError);
  });
});

describe('window ids', () => {
  test('round-trip, and belong to their policy', () => {
    fc.assert(
      fc.property(grids, instants, (grid, at) => {
        const id = windowAt(grid, at);
        expect(windowAt(grid, windowStart(id))).toBe(id);
        expect(isWindowOf(grid, id)).toBe(true);
      }),
    );
  });

  test('are ordered as their starts', () => {
    fc.assert(
      fc.property(grids, instants, instants, (grid, left, right) => {
        const [a, b] = [windowAt(grid, left), windowAt(grid, right)];
        expect(compareWindows(a, b)).toBe(Math.sign(msOf(windowStart(a)) - msOf(windowStart(b))));
      }),
    );
  });

  test.each(['', '20260401', '2026-04-01T0000Z', '20260401T000000Z', '20260401T0000', ' 20260401T0000Z', '20260401T0000Z\n', '120260401T0000Z'])('refuses the malformed %j', (id) => {
    expect(() => windowStart(id)).toThrow(new RangeError(`"${id}" is not a window id: the start in UTC, such as 20260401T0000Z`));
  });

  test.each(['20260230T0000Z', '20260229T0000Z', '21000229T0000Z', '20260431T0000Z', '20260100T0000Z', '20260132T0000Z', '20260001T0000Z', '20261301T0000Z', '20260401T2400Z', '20260401T0060Z'])(
    'refuses the impossible time %s',
    (id) => {
      expect(() => windowStart(id)).toThrow(`"${id}" is not a window id`);
    },
  );

  test.each([
    ['20240229T0000Z', '2024-02-29T00:00:00.000Z'],
    ['20000229T2359Z', '2000-02-29T23:59:00.000Z'],
    ['00000101T0000Z', '0000-01-01T00:00:00.000Z'],
    ['99991231T2359Z', '9999-12-31T23:59:00.000Z'],
  ])('reads %s', (id, start) => {
    expect(windowStart(id)).toBe(start);
  });
});

describe('nextWindow', () => {
  test('walks every window of a policy once, in order', () => {
    fc.assert(
      fc.property(grids, instants, fc.integer({ min: 1, max: 20 }), (grid, at, steps) => {
        // The walk must end before the year 10000, which no id can name.
        fc.pre(msOf(at) + (steps + 1) * grid.rotateEverySeconds * 1000 < msOf('9999-01-01T00:00:00Z'));
        let id = windowAt(grid, at);
        for (let step = 0; step < steps; step++) id = nextWindow(grid, id);
        expect(id).toBe(windowAt(grid, instantOf(msOf(windowStart(windowAt(grid, at))) + steps * grid.rotateEverySeconds * 1000)));
      }),
    );
  });

  test('finds the next start of the present policy after a window of an earlier one', () => {
    expect(isWindowOf(quarterly, '20260210T0000Z')).toBe(false);
    expect(nextWindow(quarterly, '20260210T0000Z')).toBe('20260401T0000Z');
  });

  test('is strictly later than the instant, also at a start', () => {
    expect(firstWindowAfter(quarterly, '2025-12-31T23:59:59.999Z')).toBe('20260101T0000Z');
    expect(firstWindowAfter(quarterly, '2026-01-01T00:00:00Z')).toBe('20260401T0000Z');
  });
});

describe('the spread of starts', () => {
  test('is a whole second within the spread, the same for the same name', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 10 * DAY }), (name, spreadSeconds) => {
        const offset = startOffsetSeconds(name, spreadSeconds);
        expect(Number.isInteger(offset) && offset >= 0 && offset < spreadSeconds).toBe(true);
        expect(startOffsetSeconds(name, spreadSeconds)).toBe(offset);
      }),
    );
  });

  test('is even over many keys', () => {
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let key = 0; key < 10_000; key++) tenths[Math.floor(startOffsetSeconds(`key-${key}`, 3600) / 360)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  test('is nothing without a spread', () => {
    expect(startOffsetSeconds('orders', 0)).toBe(0);
    expect(dueAt({ name: 'orders', startSpreadSeconds: 0 }, '20260401T0000Z')).toBe('2026-04-01T00:00:00.000Z');
  });

  test('moves the due time from the start of the window', () => {
    const due = dueAt({ name: 'orders', startSpreadSeconds: 7200 }, '20260401T0000Z');
    expect(msOf(due) - msOf('2026-04-01T00:00:00Z')).toBe(startOffsetSeconds('orders', 7200) * 1000);
    expect(due).not.toBe('2026-04-01T00:00:00.000Z');
  });
});
