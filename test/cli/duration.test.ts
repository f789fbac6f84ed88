import { durationMs } from '../../cli/duration';

test.each([
  ['0s', 0],
  ['90s', 90_000],
  ['30m', 1_800_000],
  ['12h', 43_200_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['36500d', 3_153_600_000_000],
])('%s is %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(['', '7', 'd', '7x', '7 d', '-7d', '1.5h', '7D', '1d12h', 'P7D', '36501d', '99999999999w'])('refuses "%s" with what to write', (text) => {
  expect(() => durationMs(text)).toThrow(/^It must be /);
});
