import type { Json } from '../../lambdas/domain/trace';
import { parseClientJson } from '../kernel/client-json';

/** `Array.isArray` does not narrow readonly arrays. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSONata's word for the type of a value. */
export function typeOf(value: Json): 'null' | 'array' | 'object' | 'string' | 'number' | 'boolean' {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return isArray(value) ? 'array' : 'object';
}

/** @throws {SyntaxError} also for what is nested too deeply */
export function parseJson(text: string): Json {
  // What JSON.parse returns is JSON.
  return parseClientJson(text) as Json;
}

/** Bytes of a value as JSON text. */
export function byteLength(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
