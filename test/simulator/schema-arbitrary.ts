import { NormalizedSchema } from '@smithy/core/schema';
import * as fc from 'fast-check';
import type { Schema } from '../../local/simulator/schema-json';

/** Structures that hold themselves, as DynamoDB's values do, are followed this deep. */
const MAX_DEPTH = 4;

/** How a side writes what is not the same on both. */
export interface Side {
  readonly blob: fc.Arbitrary<unknown>;
  readonly timestamp: fc.Arbitrary<unknown>;
}

const bytes = fc.uint8Array({ maxLength: 8 });
const instants = fc.date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true });

/** What a client takes. */
export const CLIENT_SIDE: Side = { blob: bytes, timestamp: instants };
/** What a service answers. */
export const WIRE_SIDE: Side = { blob: bytes.map((value) => Buffer.from(value).toString('base64')), timestamp: instants.map((value) => value.getTime() / 1000) };

/** Every value that a schema allows, and members that are missing, `undefined` or `null`. */
export function valueOf(schema: Schema, side: Side, depth = 0): fc.Arbitrary<unknown> {
  const known = NormalizedSchema.of(schema);
  if (known.isUnitSchema()) return fc.constant({});
  if (known.isUnionSchema()) {
    const members = [...known.structIterator()].filter(([, member]) => depth < MAX_DEPTH || !(member.isStructSchema() || member.isListSchema() || member.isMapSchema()));
    return fc.oneof(...members.map(([name, member]) => fc.record({ [name]: valueOf(member, side, depth + 1) })));
  }
  if (known.isStructSchema()) {
    const members = [...known.structIterator()].map(([name, member]) => {
      const absent = fc.constantFrom(undefined, null);
      const isToken = member.isIdempotencyToken();
      return [name, isToken || depth >= MAX_DEPTH ? (isToken ? fc.string() : absent) : fc.oneof({ weight: 3, arbitrary: valueOf(member, side, depth + 1) }, absent)] as const;
    });
    const tokens = [...known.structIterator()].flatMap(([name, member]) => (member.isIdempotencyToken() ? [name] : []));
    return fc.record(Object.fromEntries(members), { requiredKeys: tokens });
  }
  if (known.isListSchema()) return fc.array(valueOf(known.getValueSchema(), side, depth + 1), { maxLength: 3 });
  if (known.isMapSchema()) return fc.dictionary(fc.string({ maxLength: 5 }).filter((name) => name !== '__proto__'), valueOf(known.getValueSchema(), side, depth + 1), { maxKeys: 3, noNullPrototype: true });
  if (known.isBlobSchema()) return side.blob;
  if (known.isTimestampSchema()) return side.timestamp;
  if (known.isBooleanSchema()) return fc.boolean();
  if (known.isNumericSchema()) return fc.oneof(fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }).filter((value) => !Object.is(value, -0)));
  if (known.isStringSchema()) return fc.string({ maxLength: 8, unit: 'binary' });
  throw new Error(`${known.getName() ?? 'A schema'} is of a kind that has no values here`);
}
