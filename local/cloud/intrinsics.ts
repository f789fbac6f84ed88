import { notModelled } from '../kernel/aws-error';
import { isRecord } from '../wire/protocol';

/** What intrinsic functions refer to. */
export interface Scope {
  /** Value of a resource, parameter or pseudo parameter. @throws {Error} when there is none (yet). */
  ref(name: string): unknown;
  getAtt(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
}

/** Stands for a property that is left out. */
const NO_VALUE = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => (name === 'AWS::NoValue' ? NO_VALUE : scope.ref(String(name))),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId = '', ...attribute] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
    return scope.getAtt(logicalId, attribute.join('.'));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(argument, 2, 'Fn::Join');
    return list(resolve(parts, scope), undefined, 'Fn::Join').map(String).join(String(separator));
  },
  'Fn::Sub': (argument, scope) => {
    const [text, variables] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
    const own = isRecord(variables) ? variables : {};
    return String(text).replace(/\$\{(!?)([^}]+)\}/g, (placeholder, escape: string, name: string) => {
      if (escape !== '') return `\${${name}}`;
      if (name in own) return String(resolve(own[name], scope));
      const [logicalId = '', ...attribute] = name.split('.');
      return String(attribute.length > 0 ? scope.getAtt(logicalId, attribute.join('.')) : scope.ref(name));
    });
  },
  'Fn::Select': (argument, scope) => {
    const [index, values] = list(argument, 2, 'Fn::Select');
    const selected = list(resolve(values, scope), undefined, 'Fn::Select')[Number(resolve(index, scope))];
    if (selected === undefined) throw new Error(`Fn::Select has no element ${String(index)}`);
    return selected;
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = list(argument, 2, 'Fn::Split');
    return String(resolve(text, scope)).split(String(separator));
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes, no] = list(argument, 3, 'Fn::If');
    return resolveOrLeaveOut(scope.condition(String(condition)) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = list(argument, 2, 'Fn::Equals');
    return resolve(left, scope) === resolve(right, scope);
  },
  'Fn::Not': (argument, scope) => !isTrue(list(argument, 1, 'Fn::Not')[0], scope),
  'Fn::And': (argument, scope) => list(argument, undefined, 'Fn::And').every((part) => isTrue(part, scope)),
  'Fn::Or': (argument, scope) => list(argument, undefined, 'Fn::Or').some((part) => isTrue(part, scope)),
  Condition: (name, scope) => scope.condition(String(name)),
};

/**
 * Resolves the intrinsic functions in a template value.
 * @throws {AwsError} `NotModelledLocally` for others, by name.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
 */
export function resolve(value: unknown, scope: Scope): unknown {
  const resolved = resolveOrLeaveOut(value, scope);
  return resolved === NO_VALUE ? undefined : resolved;
}

function resolveOrLeaveOut(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown) => resolveOrLeaveOut(entry, scope)).filter((entry) => entry !== NO_VALUE);
  if (!isRecord(value)) return value;
  const [call, ...more] = Object.entries(value);
  // `Condition` is a function only inside conditions; elsewhere it is a member of a policy statement, with an object.
  if (call !== undefined && more.length === 0 && (call[0] !== 'Condition' || typeof call[1] === 'string')) {
    const intrinsic = INTRINSICS[call[0]];
    if (intrinsic !== undefined) return intrinsic(call[1], scope);
    if (call[0].startsWith('Fn::')) throw notModelled(`the intrinsic function ${call[0]}`);
  }
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, member]) => [name, resolveOrLeaveOut(member, scope)] as const)
      .filter(([, member]) => member !== NO_VALUE),
  );
}

/** Logical ids and parameters that a value refers to. */
export function referencesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, argument]) => {
    if (name === 'Ref') return [String(argument)];
    if (name === 'Fn::GetAtt') return [Array.isArray(argument) ? String(argument[0]) : (String(argument).split('.')[0] ?? '')];
    if (name === 'Fn::Sub') {
      const [text] = Array.isArray(argument) ? (argument as unknown[]) : [argument];
      const named = [...String(text).matchAll(/\$\{([^!}.]+)(?:\.[^}]+)?\}/g)].map((match) => match[1] ?? '');
      return [...named, ...referencesIn(argument)];
    }
    return referencesIn(argument);
  });
}

function isTrue(condition: unknown, scope: Scope): boolean {
  return resolve(condition, scope) === true;
}

function list(value: unknown, length: number | undefined, name: string): readonly unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw new Error(`${name} has the wrong arguments: ${JSON.stringify(value)}`);
  return value as unknown[];
}
