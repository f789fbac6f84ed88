import { NormalizedSchema } from '@smithy/core/schema';
import { isRecord } from '../wire/protocol';

/** The schema of an input, an output or a part of one, as the clients' commands have it. */
export type Schema = Parameters<typeof NormalizedSchema.of>[0];

/** Always makes a copy of what it converts. */
type Convert = (value: unknown) => unknown;

/** How one direction treats what is not the same on both sides. */
interface Direction {
  readonly blob: Convert;
  readonly timestamp: Convert;
  readonly number: Convert;
  /** Whether a list or map that is not sparse loses its nulls. */
  readonly dropsNulls: boolean;
  /** What is set for an idempotency token that is not given. */
  readonly token?: () => unknown;
  readonly compiled: WeakMap<object, Convert>;
}

/** The epoch in seconds: what the JSON services take for a time stamp unless a schema says otherwise, which none in use does. */
const EPOCH_FORMATS: readonly unknown[] = [4, 7];
const NOT_FINITE = ['Infinity', '-Infinity', 'NaN'];

/**
 * Converts between what clients take and give and the JSON of the wire, by the schemas of the clients themselves, without writing
 * and parsing text: what the SDK's own JSON codec and a parser of JSON make of a value together.
 * @param newToken for members that are idempotency tokens, when the caller gives none
 */
export function schemaJson(newToken: () => string): { readonly toWire: (schema: Schema, value: unknown) => unknown; readonly fromWire: (schema: Schema, value: unknown) => unknown } {
  const outgoing: Direction = { blob: toBase64, timestamp: toEpoch, number: toJsonNumber, dropsNulls: true, token: newToken, compiled: new WeakMap() };
  return {
    toWire: (schema, value) => compiled(NormalizedSchema.of(schema), outgoing)(value),
    fromWire: (schema, value) => compiled(NormalizedSchema.of(schema), INCOMING)(value),
  };
}

const INCOMING: Direction = { blob: fromBase64, timestamp: fromEpoch, number: fromJsonNumber, dropsNulls: false, compiled: new WeakMap() };

/** Structures may hold themselves: theirs is known before it is made. */
function compiled(schema: NormalizedSchema, direction: Direction): Convert {
  const key = schema.getSchema();
  if (typeof key !== 'object' || !schema.isStructSchema()) return compile(schema, direction);
  const known = direction.compiled.get(key);
  if (known !== undefined) return known;
  let made: Convert | undefined;
  const convert: Convert = (value) => (made ??= structure(schema, direction))(value);
  direction.compiled.set(key, convert);
  return convert;
}

/** @throws {Error} for a kind of value that no operation in use has */
function compile(schema: NormalizedSchema, direction: Direction): Convert {
  if (schema.isUnitSchema()) return (value) => (isRecord(value) ? { ...value } : {});
  if (schema.isListSchema()) return list(schema, direction);
  if (schema.isMapSchema()) return map(schema, direction);
  if (schema.isStreaming() || schema.getMergedTraits().mediaType !== undefined) throw unsupported(schema);
  if (schema.isBlobSchema()) return direction.blob;
  if (schema.isTimestampSchema() && EPOCH_FORMATS.includes(schema.getSchema())) return direction.timestamp;
  if (schema.isNumericSchema()) return direction.number;
  if (schema.isStringSchema() || schema.isBooleanSchema()) return same;
  throw unsupported(schema);
}

function structure(schema: NormalizedSchema, direction: Direction): Convert {
  const members = [...schema.structIterator()].map(([name, member]) => ({ name, convert: compiled(member, direction), absent: member.isIdempotencyToken() ? direction.token : undefined }));
  if (schema.isUnionSchema()) return union(schema, new Map(members.map(({ name, convert }) => [name, convert])));
  return (value) => {
    if (!isRecord(value)) return value;
    const converted: Record<string, unknown> = {};
    for (const { name, convert, absent } of members) {
      const member = value[name];
      if (member !== null && member !== undefined) converted[name] = convert(member);
      else if (absent !== undefined) converted[name] = absent();
    }
    return converted;
  };
}

/** A union has one of many members: looks for what is there, not for all that might be. */
function union(schema: NormalizedSchema, converts: ReadonlyMap<string, Convert>): Convert {
  return (value) => {
    if (!isRecord(value)) return value;
    const converted: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const convert = converts.get(name);
      if (convert === undefined) throw new Error(`${schema.getName() ?? 'A union'} has no member ${name}`);
      const member = value[name];
      if (member !== null && member !== undefined) converted[name] = convert(member);
    }
    return converted;
  };
}

function list(schema: NormalizedSchema, direction: Direction): Convert {
  const convert = compiled(schema.getValueSchema(), direction);
  const dropsNulls = direction.dropsNulls && schema.getMergedTraits().sparse === undefined;
  return (value) => {
    if (!Array.isArray(value)) return value;
    const items: readonly unknown[] = dropsNulls ? value.filter((item) => item !== null && item !== undefined) : value;
    return items.map((item) => (item === null ? null : convert(item)));
  };
}

function map(schema: NormalizedSchema, direction: Direction): Convert {
  const convert = compiled(schema.getValueSchema(), direction);
  const dropsNulls = direction.dropsNulls && schema.getMergedTraits().sparse === undefined;
  return (value) => {
    if (!isRecord(value)) return value;
    const converted: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const item = value[name];
      if (item === undefined || (item === null && dropsNulls)) continue;
      converted[name] = item === null ? null : convert(item);
    }
    return converted;
  };
}

function same(value: unknown): unknown {
  return value;
}

/** @throws {TypeError} for text, of which clients differ in what they make */
function toBase64(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) throw new TypeError('A blob has to be given as bytes');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
}

function fromBase64(value: unknown): unknown {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'base64')) : value;
}

function toEpoch(value: unknown): unknown {
  return value instanceof Date ? value.getTime() / 1000 : value;
}

function fromEpoch(value: unknown): unknown {
  return typeof value === 'number' ? new Date(Math.round(value * 1000)) : value;
}

function toJsonNumber(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

function fromJsonNumber(value: unknown): unknown {
  return typeof value === 'string' && NOT_FINITE.includes(value) ? Number(value) : value;
}

function unsupported(schema: NormalizedSchema): Error {
  return new Error(`The schema of ${schema.getName(true) ?? 'a value'} has a kind of value that is not converted yet`);
}
