import { notModelled } from '../kernel/aws-error';
import { asList } from './documents';
import { compileArnPattern, compilePattern } from './patterns';

/** Condition keys of one request: a missing key is a key that the request does not have. Keys in lower case. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

/** Makes a context; `undefined` values are keys that the request does not have. */
export function conditionContext(keys: Readonly<Record<string, string | readonly string[] | undefined>>): ConditionContext {
  const entries = Object.entries(keys).flatMap(([key, value]) =>
    value === undefined ? [] : [[key.toLowerCase(), typeof value === 'string' ? [value] : value] as const],
  );
  return new Map(entries);
}

/** Condition keys whose values the local AWS supplies wherever AWS would; a policy with another key is refused. */
const KNOWN_KEYS = [
  'aws:PrincipalArn', 'aws:PrincipalAccount', 'aws:userid', 'aws:ResourceAccount', 'aws:SourceArn', 'aws:SourceAccount', 'aws:TagKeys',
  'dynamodb:LeadingKeys', 'events:source', 'events:detail-type', 'lambda:FunctionUrlAuthType', 'lambda:InvokedViaFunctionUrl', 'sts:ExternalId', 'sts:RoleSessionName', 'kms:CallerAccount', 'kms:BypassPolicyLockoutSafetyCheck',
  'kms:RequestAlias', 'kms:ResourceAliases', 'kms:ScheduleKeyDeletionPendingWindowInDays', 'kms:EncryptionContextKeys',
  // Only calls that AWS services make for their users have these two; the local AWS makes none.
  'kms:ViaService', 'kms:GrantIsForAWSResource',
].map((key) => key.toLowerCase());
const KNOWN_KEY_FAMILIES = ['aws:requesttag/', 'aws:resourcetag/', 'kms:encryptioncontext:'];

type Comparison = (expected: string) => (actual: string) => boolean;

const numeric = (compare: (actual: number, expected: number) => boolean): Comparison => (expected) => (actual) => compare(Number(actual), Number(expected));

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: (expected) => (actual) => actual === expected,
  StringEqualsIgnoreCase: (expected) => (actual) => actual.toLowerCase() === expected.toLowerCase(),
  StringLike: compilePattern,
  ArnLike: compileArnPattern,
  ArnEquals: compileArnPattern,
  Bool: (expected) => (actual) => actual.toLowerCase() === expected.toLowerCase(),
  NumericEquals: numeric((actual, expected) => actual === expected),
  NumericLessThan: numeric((actual, expected) => actual < expected),
  NumericLessThanEquals: numeric((actual, expected) => actual <= expected),
  NumericGreaterThan: numeric((actual, expected) => actual > expected),
  NumericGreaterThanEquals: numeric((actual, expected) => actual >= expected),
};

/** Operators that say the opposite of another: true too when the key is missing. */
const NEGATIONS: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotLike: 'ArnLike',
  ArnNotEquals: 'ArnEquals',
  NumericNotEquals: 'NumericEquals',
};

export type Condition = (context: ConditionContext) => boolean;

/**
 * Compiles a `Condition` block: every operator and key must hold.
 * @throws {AwsError} `NotModelledLocally` for an operator, key or policy variable that is not known.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function compileCondition(block: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Condition {
  const tests = Object.entries(block).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => compileTest(operator, knownKey(key), asList(values).map(String))),
  );
  return (context) => tests.every((test) => test(context));
}

function compileTest(operator: string, key: string, values: readonly string[]): Condition {
  const variable = values.find((value) => value.includes('${'));
  if (variable !== undefined) throw notModelled(`the policy variable in ${variable}`);
  if (operator === 'Null') return (context) => values.includes(String(!context.has(key)));

  const [, set, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const isNegated = base in NEGATIONS;
  const comparison = COMPARISONS[NEGATIONS[base] ?? base];
  if (comparison === undefined) throw notModelled(`the IAM condition operator ${operator}`);
  const comparisons = values.map(comparison);
  const holdsFor = (actual: string): boolean => comparisons.some((matches) => matches(actual)) !== isNegated;

  return (context) => {
    const actual = context.get(key);
    if (set === 'ForAllValues') return (actual ?? []).every(holdsFor);
    if (actual === undefined || actual.length === 0) return ifExists !== undefined || (isNegated && set === undefined);
    return set === 'ForAnyValue' ? actual.some(holdsFor) : isNegated ? actual.every(holdsFor) : actual.some(holdsFor);
  };
}

function knownKey(key: string): string {
  const lower = key.toLowerCase();
  if (!KNOWN_KEYS.includes(lower) && !KNOWN_KEY_FAMILIES.some((family) => lower.startsWith(family))) {
    throw notModelled(`the IAM condition key ${key}`);
  }
  return lower;
}
