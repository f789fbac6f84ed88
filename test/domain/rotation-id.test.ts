import fc from 'fast-check';
import { KEY_NAME_PATTERN } from '../../lambdas/contract/key-policy';
import { parseRotationId, rotationId, rotationPrefix, type RunKind } from '../../lambdas/domain/rotation-id';
import { windowAt } from '../../lambdas/domain/windows';
import { instantOf, msOf } from '../../lambdas/domain/instant';

const WINDOW = '20260401T0000Z';
const LEGAL_EXECUTION_NAME = /^[0-9A-Za-z_-]{1,80}$/;

/** Parts that make one name look like another: windows, attempts, hashes, case, characters that a slug folds. */
const parts = fc.oneof(
  fc.constantFrom('orders', 'Orders', 'o', '-', '--', '.', '/', '_', '-a1', '-e1', `-${WINDOW}`, `-${WINDOW}-a1`, 'x'.repeat(40)),
  fc.stringMatching(/^--[0-9a-f]{32}$/),
  fc.stringMatching(/^[A-Za-z0-9._/-]{1,12}$/),
);
const names = fc.array(parts, { minLength: 1, maxLength: 8 }).map((list) => list.join('')).filter((name) => KEY_NAME_PATTERN.test(name));
/** Pairs that are near to each other: a name and its own encoding, its slug, its other case, its name with an id's end. */
const neighbours = fc.tuple(
  names,
  fc.constantFrom<(name: string) => string>(
    (name) => rotationPrefix(name),
    (name) => rotationPrefix(rotationPrefix(name)),
    (name) => name.replaceAll(/[./]/g, '-'),
    (name) => name.toUpperCase(),
    (name) => `${name}-${WINDOW}-a1`,
    (name) => name.slice(0, 60),
    (name) => name.slice(0, 26),
  ),
).map(([name, near]) => [name, near(name)] as const).filter(([, other]) => KEY_NAME_PATTERN.test(other));
const namePairs = fc.oneof(neighbours, fc.tuple(names, names));
const windows = fc.integer({ min: msOf('2020-01-01T00:00:00Z'), max: msOf('2040-01-01T00:00:00Z') })
  .map((ms) => windowAt({ anchor: '2026-01-01T00:00:00Z', rotateEverySeconds: 86_400 }, instantOf(ms)));
const numbers = fc.integer({ min: 1, max: 999 });
const kinds = fc.constantFrom<RunKind>('rotation', 'emergency', 'retirement');
const runs = fc.record({ kind: kinds, window: windows, number: numbers });
const attempt = (number: number, window = WINDOW) => ({ kind: 'rotation', window, number }) as const;

describe('rotationId', () => {
  test.each([
    ['orders', 1, 'orders-20260401T0000Z-a1'],
    ['Orders_EU-1', 12, 'Orders_EU-1-20260401T0000Z-a12'],
    ['a', 999, 'a-20260401T0000Z-a999'],
    ['x'.repeat(60), 999, `${'x'.repeat(60)}-20260401T0000Z-a999`],
    ['orders-20260401T0000Z-a1', 2, 'orders-20260401T0000Z-a1-20260401T0000Z-a2'],
  ])('shows the name of %s literally', (key, number, id) => {
    expect(rotationId(key, attempt(number))).toBe(id);
  });

  test.each([
    ['a name with a dot and a slash', 'payments/eu.cards', /^payments-eu-cards--[0-9a-f]{32}-20260401T0000Z-a1$/],
    ['a name that is too long', 'x'.repeat(61), /^x{26}--[0-9a-f]{32}-20260401T0000Z-a1$/],
    ['a name of 128 characters', `${'ab/'.repeat(42)}zz`, /^(?:ab-){8}ab--[0-9a-f]{32}-20260401T0000Z-a1$/],
    ['a name that looks like an encoded one', `orders--${'0'.repeat(32)}`, /^orders--0{18}--[0-9a-f]{32}-20260401T0000Z-a1$/],
  ])('encodes %s', (_, key, expected) => {
    expect(rotationId(key, attempt(1))).toMatch(expected);
    expect(rotationId(key, attempt(1))).not.toContain(key);
  });

  test('names emergencies and retirement runs apart', () => {
    expect(rotationId('orders', { kind: 'emergency', window: WINDOW, number: 1 })).toBe('orders-20260401T0000Z-e1');
    expect(rotationId('orders', { kind: 'retirement', window: WINDOW, number: 7 })).toBe('orders-20260401T0000Z-r7');
  });

  test('is legal for every key and run', () => {
    fc.assert(fc.property(names, runs, (key, run) => expect(rotationId(key, run)).toMatch(LEGAL_EXECUTION_NAME)));
  });

  test('never gives one name to two runs', () => {
    fc.assert(
      fc.property(namePairs, runs, runs, ([left, right], first, second) => {
        const isSame = left === right && first.kind === second.kind && first.window === second.window && first.number === second.number;
        expect(rotationId(left, first) === rotationId(right, second)).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
  });

  test('never gives one prefix to two keys', () => {
    fc.assert(fc.property(namePairs, ([left, right]) => (rotationPrefix(left) === rotationPrefix(right)) === (left === right)), { numRuns: 5000 });
  });

  test.each([0, 1000, -1, 1.5, Number.NaN])('refuses number %p', (number) => {
    expect(() => rotationId('orders', attempt(number))).toThrow(RangeError);
  });

  test.each(['', '-orders', 'orders-', 'or ders', 'örders', 'x'.repeat(129), 'a:b'])('refuses the key name %j', (key) => {
    expect(() => rotationId(key, attempt(1))).toThrow(RangeError);
  });

  test('refuses a window that does not exist', () => {
    expect(() => rotationId('orders', attempt(1, '20260230T0000Z'))).toThrow(RangeError);
  });
});

describe('parseRotationId', () => {
  test('takes every rotation id apart', () => {
    fc.assert(
      fc.property(names, runs, (key, run) => {
        expect(parseRotationId(rotationId(key, run))).toEqual({ prefix: rotationPrefix(key), ...run });
      }),
    );
  });

  test.each([
    '', 'orders', 'orders-20260401T0000Z', 'orders-20260401T0000Z-a', 'orders-20260401T0000Z-a0', 'orders-20260401T0000Z-a01', 'orders-20260401T0000Z-a1000',
    'orders-20260401T0000Z-b1', '-20260401T0000Z-a1', 'orders-20260230T0000Z-a1', 'or/ders-20260401T0000Z-a1', 'orders-20260401T0000Z-a1\n', `${'x'.repeat(61)}-20260401T0000Z-a1`,
  ])('knows that %j is not one', (text) => {
    expect(parseRotationId(text)).toBeUndefined();
  });
});
