import { createHash } from 'node:crypto';
import type jsonata from 'jsonata';
import { BUDGET, EvaluationBudget, type Frame } from './evaluation-budget';
import type { ExpressionSources } from './expressions';
import { parseJson } from './json';
import { compileJsonata } from './jsonata-source';
import { MAX_RANGE_LENGTH } from './limits';

const HASHES = new Map([
  ['MD5', 'md5'],
  ['SHA-1', 'sha1'],
  ['SHA-256', 'sha256'],
  ['SHA-384', 'sha384'],
  ['SHA-512', 'sha512'],
]);

const ENTRY_HOOK = Symbol.for('jsonata.__evaluate_entry');
const EXIT_HOOK = Symbol.for('jsonata.__evaluate_exit');

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
  assignable.assign(ENTRY_HOOK, (node: unknown, _input: unknown, environment: Frame & { timestamp: Date }) => {
    // On every node, because `$toMillis` completes partial dates from here.
    environment.timestamp = new Date(sources.timeline.nowMs());
    budgetOf(environment).enter(node, environment);
  });
  assignable.assign(EXIT_HOOK, (node: unknown, _input: unknown, environment: Frame, result: unknown) => budgetOf(environment).leave(node, environment, result));
  assignable.assign('eval', undefined);
  expression.registerFunction('millis', () => sources.timeline.nowMs(), '<:n>');
  expression.registerFunction('now', (picture?: string, timezone?: string) => formatTime(sources.timeline.nowMs(), picture, timezone), '<s?s?:s>');
  expression.registerFunction('random', (seed?: number) => (seed === undefined ? sources.random() : seededRandom(seed)), '<n?:n>');
  expression.registerFunction('shuffle', (values: readonly unknown[]) => shuffle(values, sources.random), '<a:a>');
  expression.registerFunction('uuid', () => sources.newId(), '<:s>');
  expression.registerFunction('parse', (text?: string): unknown => (text === undefined ? undefined : parseJson(text)), '<s:x>');
  expression.registerFunction('partition', partition, '<an:a<a>>');
  expression.registerFunction('range', range, '<nnn:a<n>>');
  expression.registerFunction('hash', hash, '<ss:s>');
}

function budgetOf(environment: Frame): EvaluationBudget {
  const budget = environment.lookup(BUDGET);
  if (budget instanceof EvaluationBudget) return budget;
  throw new Error('An expression is evaluated without a budget');
}

const timeFormatter = compileJsonata('$fromMillis($ms, $picture, $timezone)');

function formatTime(ms: number, picture?: string, timezone?: string): Promise<unknown> {
  return timeFormatter.evaluate(undefined, { ms, picture, timezone });
}

/** As for the functions of JSONata: without a value there is no result. Fractions of numbers are cut off. */
function partition(values?: readonly unknown[], size?: number): unknown[][] | undefined {
  if (values === undefined || size === undefined) return undefined;
  const length = Math.trunc(size);
  if (!(length >= 1)) throw new RangeError(`$partition needs a positive integer, but got ${size}`);
  return Array.from({ length: Math.ceil(values.length / length) }, (_, index) => values.slice(index * length, (index + 1) * length));
}

function range(from?: number, to?: number, by?: number): number[] | undefined {
  if (from === undefined || to === undefined || by === undefined) return undefined;
  const [first, last, step] = [Math.trunc(from), Math.trunc(to), Math.trunc(by)];
  if (step === 0) throw new RangeError('$range needs a step other than 0');
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > MAX_RANGE_LENGTH) throw new RangeError('Expression evaluation memory limit exceeded: Check for excessive memory usage');
  return Array.from({ length }, (_, index) => first + index * step);
}

function hash(text?: string, algorithm?: string): string | undefined {
  if (text === undefined || algorithm === undefined) return undefined;
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

/** The first draw of Java's generator: `$random(42)` was seen to give the same number on AWS. Fractions of seeds are cut off. */
function seededRandom(seed: number): number {
  let state = (BigInt(Math.trunc(seed)) ^ JAVA_MULTIPLIER) & JAVA_MASK;
  const next = (bits: bigint): bigint => {
    state = (state * JAVA_MULTIPLIER + 0xbn) & JAVA_MASK;
    return state >> (48n - bits);
  };
  const high = next(26n) << 27n;
  return Number(high + next(27n)) / 2 ** 53;
}

const JAVA_MULTIPLIER = 0x5deece66dn;
const JAVA_MASK = (1n << 48n) - 1n;
