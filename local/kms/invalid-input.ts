import type { z } from 'zod';
import type { AwsError } from '../kernel/aws-error';
import { kmsError } from './errors';

type Issue = z.core.$ZodIssue;

/** What AWS answers to an input that fails these constraints, all of them at once; a wrong JSON type is told alone. */
export function invalidInput(issues: readonly Issue[]): AwsError {
  const failures: string[] = [];
  for (const issue of issues) {
    const wrongType = typeMismatch(issue);
    if (wrongType !== undefined) return kmsError('SerializationException', wrongType);
    failures.push(`Value ${printed(issue.input)} at '${memberPath(issue.path)}' failed to satisfy constraint: Member must ${violatedConstraint(issue)}`);
  }
  const count = `${String(failures.length)} validation error${failures.length === 1 ? '' : 's'} detected`;
  return kmsError('ValidationException', `${count}: ${failures.join('; ')}`);
}

/** The constraint in AWS's words. */
function violatedConstraint(issue: Issue): string {
  if (issue.input === undefined) return 'not be null';
  if (issue.code === 'too_small') return `have ${measureOf(issue.origin)} greater than or equal to ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `have ${measureOf(issue.origin)} less than or equal to ${String(issue.maximum)}`;
  if (issue.code === 'invalid_value') return `satisfy enum value set: [${issue.values.join(', ')}]`;
  if (issue.code === 'invalid_format') return `satisfy regular expression pattern: ${issue.pattern?.slice(1, -1) ?? issue.format}`;
  return issue.code === 'custom' ? String(issue.params?.['constraint'] ?? issue.message) : issue.message;
}

/** What the deserializer says of a value of the wrong JSON type; `undefined` for every other failure. */
function typeMismatch({ code, input, ...issue }: Issue): string | undefined {
  if (code === 'custom') return (issue as { readonly params?: Readonly<Record<string, string>> }).params?.['serialization'];
  const isText = code === 'invalid_value' && input !== undefined && typeof input !== 'string';
  if ((code !== 'invalid_type' && !isText) || input === undefined) return undefined;
  if (Array.isArray(input)) return 'Start of list found where not expected';
  if (typeof input === 'object') return 'Start of structure or map found where not expected.';
  const expected = isText ? 'string' : (issue as { readonly expected?: string }).expected;
  if (expected === 'array') return 'Expected list or null';
  if (expected === 'object' || expected === 'record') return 'Expected null';
  return `${tokenOf(input)} can not be converted to ${EXPECTED[expected ?? ''] ?? 'the expected type'}`;
}

const EXPECTED: Readonly<Record<string, string>> = { string: 'a String', number: 'an Integer', int: 'an Integer', boolean: 'a Boolean' };

function tokenOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
  if (typeof value === 'number') return Number.isInteger(value) ? 'NUMBER_VALUE' : 'DECIMAL_VALUE';
  return 'STRING_VALUE';
}

function measureOf(origin: string): 'value' | 'length' {
  return origin === 'number' || origin === 'int' ? 'value' : 'length';
}

function printed(value: unknown): string {
  return value === undefined ? 'null' : `'${inJava(value)}'`;
}

/** A value as AWS's Java runtime prints it. */
function inJava(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inJava).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, member]) => `${name}=${inJava(member)}`)
      .join(', ')}}`;
  }
  return String(value);
}

/** `['Tags', 0, 'TagKey']` is `tags.1.member.tagKey`. */
function memberPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `${String(part + 1)}.member` : String(part).replace(/^[A-Z]/, (first) => first.toLowerCase())))
    .join('.');
}
