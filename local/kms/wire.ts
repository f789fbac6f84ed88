import { z } from 'zod';
import { type AwsError, notModelled } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import { kmsError } from './errors';

/** One operation: takes the JSON of the wire, answers with it. `undefined` is an empty body. */
export type Operation = (input: unknown, caller: Caller) => unknown;
export type Operations = Readonly<Record<string, Operation>>;

/** An operation whose input is checked first, as AWS checks it before anything else. */
export function operation<Schema extends z.ZodType>(schema: Schema, run: (input: z.output<Schema>, caller: Caller) => unknown): Operation {
  return (input, caller) => run(parse(schema, input), caller);
}

/** @throws {ValidationException} naming every constraint that `input` fails, or {SerializationException} for a wrong JSON type. */
function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  throw invalidInput(result.error.issues);
}

function invalidInput(issues: readonly z.core.$ZodIssue[]): AwsError {
  const failures: string[] = [];
  for (const issue of issues) {
    const constraint = violatedConstraint(issue);
    if (constraint === undefined) return kmsError('SerializationException', `Unexpected type of ${memberPath(issue.path)}`);
    failures.push(`Value ${printed(issue.input)} at '${memberPath(issue.path)}' failed to satisfy constraint: Member must ${constraint}`);
  }
  const count = `${String(failures.length)} validation error${failures.length === 1 ? '' : 's'} detected`;
  return kmsError('ValidationException', `${count}: ${failures.join('; ')}`);
}

/** The constraint in AWS's words, or `undefined` when the JSON type is wrong. */
function violatedConstraint(issue: z.core.$ZodIssue): string | undefined {
  if (issue.input === undefined) return 'not be null';
  if (issue.code === 'too_small') return `have ${measureOf(issue.origin)} greater than or equal to ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `have ${measureOf(issue.origin)} less than or equal to ${String(issue.maximum)}`;
  if (issue.code === 'invalid_value') return `satisfy enum value set: [${issue.values.join(', ')}]`;
  if (issue.code === 'invalid_format') return `satisfy regular expression pattern: ${issue.pattern?.slice(1, -1) ?? issue.format}`;
  return undefined;
}

function measureOf(origin: string): 'value' | 'length' {
  return origin === 'number' ? 'value' : 'length';
}

function printed(value: unknown): string {
  if (value === undefined) return 'null';
  return `'${typeof value === 'string' ? value : JSON.stringify(value)}'`;
}

/** `['Tags', 0, 'TagKey']` is `tags.1.member.tagKey`. */
function memberPath(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `${String(part + 1)}.member` : String(part).replace(/^[A-Z]/, (first) => first.toLowerCase())))
    .join('.');
}

/** Bytes, base64 on the wire. */
export function blob({ min = 0, max }: { readonly min?: number; readonly max: number }) {
  return z.string().transform((text, context) => {
    const bytes = Buffer.from(text, 'base64');
    const length = String(bytes.length);
    // AWS shows a blob as its Java runtime prints it.
    const input = `java.nio.HeapByteBuffer[pos=0 lim=${length} cap=${length}]`;
    if (bytes.length > max) context.issues.push({ code: 'too_big', origin: 'string', maximum: max, input });
    if (bytes.length < min) context.issues.push({ code: 'too_small', origin: 'string', minimum: min, input });
    return bytes;
  });
}

/** A member that AWS knows and this emulation does not: any value of it is refused by name. */
export function refused(what: string) {
  return z
    .unknown()
    .optional()
    .transform((value): undefined => {
      if (value !== undefined) throw notModelled(what);
    });
}

/** One of AWS's values, of which `refusedValues` are refused by name. */
export function choice<const Value extends string>(values: readonly Value[], refusedValues: readonly string[] = []) {
  return z.enum([...values, ...refusedValues]).transform((value): Value => {
    const known = values.find((candidate) => candidate === value);
    if (known === undefined) throw notModelled(value);
    return known;
  });
}

/** Names a key: by id, ARN, alias or alias ARN, as far as the operation allows. */
export const keyIdText = z.string().min(1).max(2048);
export const dryRun = z.boolean().optional();
export const grantTokens = z.array(z.string().min(1).max(8192)).max(10).optional();
export const encryptionContext = z.record(z.string(), z.string()).optional();

export function limit(max: number) {
  return z.number().int().min(1).max(max).optional();
}
export const marker = z.string().min(1).max(1024).optional();

/** Time stamps are seconds on the wire. */
export function epochSeconds(atMs: number): number {
  return atMs / 1000;
}
