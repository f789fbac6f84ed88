import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue as SdkAttributeValue } from '@aws-sdk/client-dynamodb';
import type { Json } from '../../lambdas/domain/trace';

/** One attribute value as the wire carries it: exactly one member is set; numbers are text, binaries base64. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string;
  readonly BOOL?: boolean;
  readonly NULL?: boolean;
  readonly SS?: readonly string[];
  readonly NS?: readonly string[];
  readonly BS?: readonly string[];
  readonly L?: readonly AttributeValue[];
  readonly M?: Item;
}

export type AttributeType = keyof AttributeValue;
export type Item = Readonly<Record<string, AttributeValue>>;
/** An item as plain JSON. */
export type PlainItem = { readonly [name: string]: Json };

/** The data type of a validated value. */
export function typeOf(value: AttributeValue): AttributeType {
  for (const type in value) return type as AttributeType;
  throw new TypeError('An attribute value without a type passed the validation.');
}

/** The elements of a set, or `undefined` if the value is none. */
export function elementsOf(value: AttributeValue): readonly string[] | undefined {
  return value.SS ?? value.NS ?? value.BS;
}

/** Equality as DynamoDB compares: by type, sets without order, documents deeply. Numbers are normalized when they enter. */
export function areEqual(left: AttributeValue, right: AttributeValue): boolean {
  if (left === right) return true;
  const type = typeOf(left);
  if (type !== typeOf(right)) return false;
  if (left.L !== undefined && right.L !== undefined) {
    const others = right.L;
    return left.L.length === others.length && left.L.every((value, index) => areEqualOrMissing(value, others[index]));
  }
  if (left.M !== undefined && right.M !== undefined) return areEqualItems(left.M, right.M);
  const elements = elementsOf(left);
  const others = elementsOf(right);
  if (elements !== undefined && others !== undefined) {
    return elements.length === others.length && elements.every((element) => others.includes(element));
  }
  return left[type] === right[type];
}

/** True when both hold the same attributes with equal values, or neither exists. */
export function areEqualItems(left: Item | undefined, right: Item | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => areEqualOrMissing(left[name], right[name]));
}

function areEqualOrMissing(left: AttributeValue | undefined, right: AttributeValue | undefined): boolean {
  return left !== undefined && right !== undefined && areEqual(left, right);
}

/** The text by which IAM and the trace name a key value: strings as they are, numbers in decimal, binaries in base64. */
export function keyText(value: AttributeValue | undefined): string {
  return value?.S ?? value?.N ?? value?.B ?? '';
}

/** Plain JSON: numbers as numbers, sets as sorted arrays, binaries in base64. */
export function toPlain(item: Item): PlainItem {
  // The cast is about binaries only: on the wire they are base64 text, which unmarshall passes on untouched.
  const native: Readonly<Record<string, unknown>> = unmarshall(item as Record<string, SdkAttributeValue>, { wrapNumbers: Number });
  return Object.fromEntries(Object.entries(native).map(([name, value]) => [name, toJson(value)]));
}

function toJson(native: unknown): Json {
  if (native instanceof Set) return [...(native as ReadonlySet<string | number>)].sort((left, right) => (left < right ? -1 : 1));
  if (Array.isArray(native)) return native.map(toJson);
  if (typeof native === 'object' && native !== null) {
    return Object.fromEntries(Object.entries(native).map(([name, value]) => [name, toJson(value)]));
  }
  return native as Json;
}

/** Freezes a value with all that it holds. Items are shared between store, answers and snapshots: nobody may change one. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}
