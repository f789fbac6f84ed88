import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import type { ExpressionSources } from './expressions';
import { MAX_RANGE_LENGTH } from './limits';

const HASHES = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

/** Set on every entered node, because `$toMillis` completes partial dates from here. */
const ENTRY_HOOK = Symbol.for('jsonata.__evaluate_entry');

/** `Expression.assign` also takes the symbols of JSONata's own hooks. */
interface Assignable {
  assign(name: string | symbol, value: unknown): void;
}

/**
 * Makes `expression` what Step Functions evaluates: its own functions added, `$eval` gone, and everything that JSONata
 * takes from the wall clock or `Math.random` taken from `sources`.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
export function registerFunctions(expression: jsonata.Expression, sources: ExpressionSources): void {
  const assignable: Assignable = expression;
  assignable.assign(ENTRY_HOOK, (_node: unknown, _input: unknown, environment: { timestamp: Date }) => {
    environment.timestamp = new Date(sources.timeline.nowMs());
  });
  assignable.assign('eval', undefined);
  expression.registerFunction('millis', () => sources.timeline.nowMs(), '<:n>');
  expression.registerFunction('now', (picture?: string, timezone?: string) => formatTime(sources.timeline.nowMs(), picture, timezone), '<s?s?:s>');
  expression.registerFunction('random', (seed?: number) => (seed === undefined ? sources.random() : seededRandom(seed)), '<n?:n>');
  expression.registerFunction('shuffle', (values: readonly unknown[]) => shuffle(values, sources.random), '<a:a>');
  expression.registerFunction('uuid', () => sources.newId(), '<:s>');
  expression.registerFunction('parse', (text: string): unknown => JSON.parse(text), '<s:x>');
  expression.registerFunction('partition', partition, '<an:a<a>>');
  expression.registerFunction('range', range, '<nnn:a<n>>');
  expression.registerFunction('hash', hash, '<ss:s>');
}

const timeFormatter = jsonata('$fromMillis($ms, $picture, $timezone)');

function formatTime(ms: number, picture?: string, timezone?: string): Promise<unknown> {
  return timeFormatter.evaluate(undefined, { ms, picture, timezone });
}

function partition(values: readonly unknown[], size: number): unknown[][] {
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`$partition needs a positive integer, but got ${size}`);
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) => values.slice(index * size, (index + 1) * size));
}

function range(first: number, last: number, step: number): number[] {
  if (![first, last, step].every(Number.isInteger) || step === 0) throw new RangeError('$range needs integers and a step other than 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > MAX_RANGE_LENGTH) throw new RangeError(`$range returns at most ${MAX_RANGE_LENGTH} elements, not ${length}`);
  return Array.from({ length }, (_, index) => first + index * step);
}

function hash(text: string, algorithm: string): string {
  const name = HASHES.get(algorithm);
  if (name === undefined) throw new RangeError(`$hash knows ${[...HASHES.keys()].join(', ')}, but got ${algorithm}`);
  return createHash(name).update(text, 'utf8').digest('hex');
}

/** Fisher–Yates over a copy. */
function shuffle(values: readonly unknown[], random: () => number): unknown[] {
  const shuffled = [...values];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
  }
  return shuffled;
}

/** Same seed, same number; which number AWS would draw is not known. */
function seededRandom(seed: number): number {
  const digest = createHash('sha256').update(String(seed)).digest();
  return digest.readUInt32BE(0) / 2 ** 32;
}
