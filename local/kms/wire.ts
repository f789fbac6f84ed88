import { z } from 'zod';
import { notModelled } from '../kernel/aws-error';
import type { Caller } from '../kernel/service';
import { invalidInput } from './invalid-input';

/** One operation: takes the JSON of the wire, answers with it. `undefined` is an empty body. */
export type Operation = (input: unknown, caller: Caller) => unknown;
export type Operations = Readonly<Record<string, Operation>>;

/**
 * An operation whose input is checked first, as AWS checks it before anything else. Members that AWS does not know are
 * ignored, as AWS does; members that AWS knows are all in the schemas, those without a model as {@link refused}.
 */
export function operation<Schema extends z.ZodType>(schema: Schema, run: (input: z.output<Schema>, caller: Caller) => unknown): Operation {
  return (input, caller) => run(parse(schema, input), caller);
}

/** @throws {ValidationException} naming every constraint that `input` fails, or {SerializationException} for a wrong JSON type. */
function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(withoutNulls(input), { reportInput: true });
  if (result.success) return result.data;
  throw invalidInput(result.error.issues);
}

/** A member that is null is a member that is not there. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value);
  if (!members.some(([, member]) => typeof member === 'object')) return value;
  return Object.fromEntries(members.flatMap(([name, member]) => (member === null ? [] : [[name, withoutNulls(member)]])));
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes, base64 on the wire. */
export function blob({ min = 0, max }: { readonly min?: number; readonly max: number }) {
  return z.string().transform((text, context) => {
    if (!BASE64.test(text)) context.issues.push({ code: 'custom', input: text, params: { serialization: 'Invalid Base64' } });
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

/** A list of AWS's values. AWS tells what is wrong with a member of a list as what is wrong with the list. */
export function enumList<const Value extends string>(values: readonly Value[]) {
  const item = z.custom<Value>((value) => typeof value === 'string', { params: { serialization: 'Unexpected type of a list member' } });
  return z.array(item).superRefine((list, context) => {
    if (list.every((value) => values.includes(value))) return;
    context.issues.push({ code: 'custom', input: list, params: { constraint: `satisfy constraint: [Member must satisfy enum value set: [${values.join(', ')}]]` } });
  });
}

/** A list of texts of limited length. */
export function textList({ min, max }: { readonly min: number; readonly max: number }) {
  return z.array(z.string()).superRefine((list, context) => {
    if (list.every(({ length }) => length >= min && length <= max)) return;
    const constraint = `satisfy constraint: [Member must have length less than or equal to ${String(max)}, Member must have length greater than or equal to ${String(min)}]`;
    context.issues.push({ code: 'custom', input: list, params: { constraint } });
  });
}

/** Names a key: by id, ARN, alias or alias ARN, as far as the operation allows. */
export const keyIdText = z.string().min(1).max(2048);
export const dryRun = z.boolean().optional();
export const encryptionContext = z.record(z.string(), z.string()).optional();

export function limit(max: number) {
  return z.number().int().min(1).max(max).optional();
}
export const marker = z.string().min(1).max(1024).regex(/^[\u0020-\u00FF]*$/).optional();

/** Time stamps are seconds on the wire. */
export function epochSeconds(atMs: number): number {
  return atMs / 1000;
}
