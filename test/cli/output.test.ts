import { coloured } from '../../cli/output';

const { isTTY } = process.stdout;
afterEach(() => {
  process.stdout.isTTY = isTTY;
  jest.restoreAllMocks();
});

test.each([
  [true, true, '\u001b[31mFROZEN\u001b[39m'],
  [true, false, 'FROZEN'],
  [false, true, 'FROZEN'],
])('colours only on a terminal (%p) that has them (%p)', (isTerminal, hasColours, text) => {
  process.stdout.isTTY = isTerminal;
  process.stdout.hasColors = () => hasColours;
  expect(coloured('red', 'FROZEN')).toBe(text);
});
