import { notModelled } from '../kernel/aws-error';
import { isRecord } from '../wire/protocol';

/** Says whether an event, as JSON, matches. */
export type EventMatcher = (event: unknown) => boolean;

type ValueMatcher = (value: unknown) => boolean;

/**
 * Compiles an event pattern: every field must match one of its alternatives; an array in the event matches by any element.
 * Knows exact values, `prefix`, `suffix`, `anything-but` (values), `exists` and `numeric`.
 *
 * @throws {AwsError} `NotModelledLocally` for other matchers, by name.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function compileEventPattern(pattern: unknown): EventMatcher {
  if (!isRecord(pattern)) throw notModelled(`an event pattern that is ${JSON.stringify(pattern)}`);
  const fields = Object.entries(pattern).map(([name, expected]) => {
    if (name.startsWith('$')) throw notModelled(`${name} in an event pattern`);
    const matches = Array.isArray(expected) ? compileAlternatives(expected) : compileEventPattern(expected);
    return (event: unknown): boolean => matches(isRecord(event) ? event[name] : undefined);
  });
  return (event) => fields.every((matches) => matches(event));
}

function compileAlternatives(alternatives: readonly unknown[]): ValueMatcher {
  const matchers = alternatives.map(compileAlternative);
  return (value) => matchers.some((matches) => (Array.isArray(value) ? value.some(matches) : matches(value)));
}

function compileAlternative(alternative: unknown): ValueMatcher {
  if (!isRecord(alternative)) return (value) => value === alternative;
  const [[name, argument] = ['nothing', undefined], ...more] = Object.entries(alternative);
  if (more.length > 0) throw notModelled(`an event matcher with several operators: ${JSON.stringify(alternative)}`);
  switch (name) {
    case 'prefix':
      if (typeof argument !== 'string') break;
      return (value) => typeof value === 'string' && value.startsWith(argument);
    case 'suffix':
      if (typeof argument !== 'string') break;
      return (value) => typeof value === 'string' && value.endsWith(argument);
    case 'exists':
      return (value) => (value !== undefined) === argument;
    case 'anything-but': {
      if (isRecord(argument)) break;
      const excluded: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
      return (value) => value !== undefined && !excluded.includes(value);
    }
    case 'numeric':
      return compileNumeric(Array.isArray(argument) ? argument : []);
  }
  throw notModelled(`the event matcher ${JSON.stringify(alternative)}`);
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function compileNumeric(parts: readonly unknown[]): ValueMatcher {
  const tests = Array.from({ length: parts.length / 2 }, (_, index) => {
    const [operator, bound] = [String(parts[index * 2]), Number(parts[index * 2 + 1])];
    const compare = COMPARISONS[operator];
    if (compare === undefined) throw notModelled(`the numeric event matcher ${operator}`);
    return (value: number): boolean => compare(value, bound);
  });
  return (value) => typeof value === 'number' && tests.every((test) => test(value));
}
