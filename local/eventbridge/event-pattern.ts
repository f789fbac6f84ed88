import { AwsError, notModelled } from '../kernel/aws-error';
import { isRecord } from '../wire/protocol';

/** Says whether an event, as JSON, matches. */
export type EventMatcher = (event: unknown) => boolean;

type ValueMatcher = (value: unknown) => boolean;

/**
 * Compiles an event pattern: every field must match one of its alternatives; an array in the event matches by any element.
 * Knows exact values, `prefix`, `suffix`, `anything-but` (values), `exists` and `numeric`.
 *
 * @throws {AwsError} `InvalidEventPatternException`; `NotModelledLocally` for other matchers, by name.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function compileEventPattern(pattern: unknown): EventMatcher {
  if (!isRecord(pattern)) throw invalid(`${JSON.stringify(pattern)} must be an object or an array`);
  const fields = Object.entries(pattern).map(([name, expected]) => {
    if (name.startsWith('$')) throw notModelled(`${name} in an event pattern`);
    const matches = Array.isArray(expected) ? compileAlternatives(expected) : compileNested(name, expected);
    return (event: unknown): boolean => matches(isRecord(event) ? event[name] : undefined);
  });
  return (event) => fields.every((matches) => matches(event));
}

function compileNested(name: string, expected: unknown): EventMatcher {
  if (!isRecord(expected)) throw invalid(`"${name}" must be an object or an array`);
  if (Object.keys(expected).length === 0) throw invalid('Empty objects are not allowed');
  return compileEventPattern(expected);
}

function compileAlternatives(alternatives: readonly unknown[]): ValueMatcher {
  if (alternatives.length === 0) throw invalid('Empty arrays are not allowed');
  const matchers = alternatives.map(compileAlternative);
  return (value) => matchers.some((matches) => (Array.isArray(value) ? value.some(matches) : matches(value)));
}

function compileAlternative(alternative: unknown): ValueMatcher {
  if (Array.isArray(alternative)) throw invalid('Match value must be String, number, true, false, or null');
  if (!isRecord(alternative)) return (value) => value === alternative;
  const [first, ...more] = Object.entries(alternative);
  if (first === undefined) throw invalid('Empty objects are not allowed');
  if (more.length > 0) throw invalid('Only one key allowed in match expression');
  const [name, argument] = first;
  switch (name) {
    case 'prefix': {
      const prefix = textOf(name, argument);
      return (value) => typeof value === 'string' && value.startsWith(prefix);
    }
    case 'suffix': {
      const suffix = textOf(name, argument);
      return (value) => typeof value === 'string' && value.endsWith(suffix);
    }
    case 'exists':
      if (typeof argument !== 'boolean') throw invalid('exists match pattern must be either true or false');
      return (value) => (value !== undefined) === argument;
    case 'anything-but':
      return compileAnythingBut(argument);
    case 'numeric':
      return compileNumeric(argument);
    default:
      throw notModelled(`the event matcher ${JSON.stringify(alternative)}`);
  }
}

/** @throws {AwsError} `NotModelledLocally` for `{"prefix": {"equals-ignore-case": …}}` and its like. */
function textOf(matcher: string, argument: unknown): string {
  if (isRecord(argument)) throw notModelled(`the event matcher ${JSON.stringify({ [matcher]: argument })}`);
  if (typeof argument !== 'string') throw invalid(`${matcher} match pattern must be a string`);
  return argument;
}

function compileAnythingBut(argument: unknown): ValueMatcher {
  if (isRecord(argument)) throw notModelled(`the event matcher ${JSON.stringify({ 'anything-but': argument })}`);
  const excluded: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  const isOf = (type: string): boolean => excluded.every((value) => typeof value === type);
  if (excluded.length === 0 || !(isOf('string') || isOf('number'))) throw invalid('anything-but match pattern must be a string, a number, or a list of one of them');
  return (value) => value !== undefined && !excluded.includes(value);
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function compileNumeric(parts: unknown): ValueMatcher {
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > 4 || parts.length % 2 !== 0) throw invalid('numeric match pattern must be an array of one or two operators, each with its value');
  const tests = Array.from({ length: parts.length / 2 }, (_, index) => {
    const [operator, bound] = [parts[index * 2] as unknown, parts[index * 2 + 1] as unknown];
    const compare = typeof operator === 'string' ? COMPARISONS[operator] : undefined;
    if (compare === undefined) throw invalid(`Unrecognized numeric range operator: ${String(operator)}`);
    if (typeof bound !== 'number') throw invalid(`Value of ${String(operator)} must be numeric`);
    return (value: number): boolean => compare(value, bound);
  });
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
